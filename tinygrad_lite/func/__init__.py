"""Functions of functions, as in `torch.func`: derivatives, batches, modules as functions."""

from tinygrad_lite.func.calling import functional_call, stack_module_state
from tinygrad_lite.func.transforms import (
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    vjp,
)
from tinygrad_lite.func.vmapping import vmap

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "stack_module_state", "value_and_grad", "vjp", "vmap",
]  # fmt: skip
