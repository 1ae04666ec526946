"""`gradcheck` and `gradgradcheck`: is what the backward pass computes really the derivative?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lite import differentiate
from tinygrad_lite.gradcheck import methods
from tinygrad_lite.gradcheck.blame import blame, blame_second, wrong_together
from tinygrad_lite.gradcheck.probe import check
from tinygrad_lite.gradcheck.problem import EvaluationError
from tinygrad_lite.gradcheck.progress import progress_bar
from tinygrad_lite.gradcheck.report import INCONCLUSIVE, KINK, PASS, GradcheckError, Report
from tinygrad_lite.gradcheck.structure import problems
from tinygrad_lite.gradcheck.tensors import Call
from tinygrad_lite.graph import TensorCore, enable_grad
from tinygrad_lite.tensors import make


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
    method: str = "ladder",
    report: bool = False,
    seed: int = 0,
    progress: bool | None = None,
) -> Any:
    """Compare the gradients of `func` with its derivatives by finite differences.

    There is no step and no tolerance to choose: differences are extrapolated over a ladder of steps, which
    says how far it can be trusted. Directions have random signs and magnitudes, and a wrong one is followed
    to the element that is wrong. Functions in float32 are evaluated in float64, by playing their recorded
    operations again.

    Args:
        func: takes tensors, returns a tensor or several. Of a module the parameters are checked too.
        inputs: the arguments, a tensor or a tuple; those that require grad are differentiated by.
        eps: with it, or `atol` or `rtol`, the check is PyTorch's own: the whole Jacobian by differences of this
            step (1e-6), compared by `atol` (1e-5) and `rtol` (1e-3).
        atol: see `eps`.
        rtol: see `eps`.
        raise_exception: raise instead of returning False.
        nondet_tol: how far two backward passes may differ.
        check_undefined_grad: whether an output without a gradient counts as one with zeros.
        check_grad_dtypes: accepted as in PyTorch; dtypes are always checked.
        check_batched_grad: whether `vmap` over backward passes gives what they give one by one.
        check_batched_forward_grad: the same for forward mode.
        check_forward_ad: check forward mode against reverse mode too.
        check_backward_ad: check the backward pass.
        fast_mode: with `eps`: along one random direction only, as in PyTorch.
        masked: accepted as in PyTorch.
        method: "ladder"; "jacobian", element by element; "complex" (step), where the function is analytic;
            "forward", forward against reverse mode, without any differences; "taylor", the order of the
            remainder.
        report: return the `Report` instead of True or False, and do not raise.
        seed: of the random directions.
        progress: whether to show a progress bar; by default where a check takes long.

    Returns:
        True, or False with `raise_exception=False`; with `report` the report.

    Raises:
        GradcheckError: if a gradient is wrong, or nothing can be said of it.
        ValueError: if no input requires grad, or no output holds fractions.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.gradcheck import gradcheck
        >>> x = tg.tensor([0.5, 1e8], dtype=tg.float64, requires_grad=True)
        >>> gradcheck(tg.sin, x)
        True
    """
    try:
        call = Call(func, inputs)
    except GradcheckError as error:
        if raise_exception and not report:
            raise
        refused = Report(getattr(func, "__name__", type(func).__name__), problems=[str(error)])
        return refused if report else False
    found = Report(call.title)
    if check_backward_ad:
        arrays, outs = [leaf.array for leaf in call.leaves], [out.array for out in call.outputs]
        found.problems += problems(call.names, arrays, outs, call.pull, check_undefined_grad, nondet_tol)
        classic = eps is not None or atol is not None or rtol is not None
        try:
            with progress_bar(progress, call.title) as tick:
                if found.problems and any("shape" in problem for problem in found.problems):
                    pass
                elif classic:
                    methods.classic(call, found, eps or 1e-6, atol, rtol, fast_mode, seed)
                elif method == "ladder":
                    found.findings, found.evaluations = check(call.problem(), seed, tick=tick)
                else:
                    methods.named(method)(call, found, seed, tick)
        except EvaluationError as error:
            found.problems.append(str(error))
    if check_forward_ad:
        methods.forward(call, found, seed)
    if check_batched_grad or check_batched_forward_grad:
        methods.batched(call, found)
    if any(f.verdict != PASS for f in found.findings) and (
        difference := call.unsteady([x.array.copy() for x in call.leaves])
    ):
        found.problems.append(difference)
    if found.ok and any(f.verdict == KINK for f in found.findings):
        found.findings += wrong_together(call.tape, seed)
    if not found.ok and (report or raise_exception):
        found.origin = _origin(call, found, seed)
    if report:
        return found
    if not found.ok and raise_exception:
        raise GradcheckError(found.summary(), found)
    return found.ok


def _origin(call: Call, found: Report, seed: int) -> str:
    """Which operation of the function it comes from that a gradient is wrong."""
    if not found.problems and not any(f.verdict != INCONCLUSIVE and not f.ok for f in found.findings):
        return ""
    if not call.connected:
        return f"No output of {call.title} requires grad: the path from its inputs is broken, as by detach() or .data."
    if found.problems:  # the backward pass may have spoiled what was saved
        call = Call(call.function, call.arguments)
    return blame(call.tape, call.outputs, seed) if len(call.tape.steps) > 1 else ""


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
    method: str = "ladder",
    report: bool = False,
    seed: int = 0,
    progress: bool | None = None,
) -> Any:
    """Compare the second derivatives of `func` with differences of its gradients.

    Arguments as for `gradcheck`; and

    Args:
        func: see `gradcheck`.
        inputs: see `gradcheck`.
        grad_outputs: the gradients of the outputs; random ones if None. They are differentiated by too.
        gen_non_contig_grad_outputs: let the random ones be strided in memory.
        check_fwd_over_rev: check forward mode over the backward pass too.
        check_rev_over_rev: check the backward pass of the backward pass.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.gradcheck import gradgradcheck
        >>> gradgradcheck(tg.tanh, tg.tensor([0.5, -1.0], dtype=tg.float64, requires_grad=True))
        True
    """
    call = Call(func, inputs)
    given = list(grad_outputs) if isinstance(grad_outputs, tuple | list) else grad_outputs
    if given is None:
        random = np.random.default_rng(seed)
        given = [_random_like(out.array, random, gen_non_contig_grad_outputs) for out in call.outputs]
    elif isinstance(given, TensorCore):
        given = [given]
    count = len(call.arguments)

    def gradient(*args: Any) -> Any:
        with enable_grad():
            xs = list(args[:count])
            for k in call.where:
                xs[k] = xs[k] if xs[k].needs_grad else xs[k].detach().requires_grad_()
            out = func(*xs)
            outs = [o for o in _flat(out) if o.needs_grad]
            wanted = [*(xs[k] for k in call.where), *call.parameters.values()]
            found = differentiate.grad(outs, wanted, args[count:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    gradient.__name__ = f"the gradient of {call.title}"
    gradient.every_output = True  # type: ignore[attr-defined] # one without a graph may have lost it
    arguments = [*call.arguments, *(g.requires_grad_() for g in given)]
    found = gradcheck(
        gradient, arguments, eps=eps, atol=atol, rtol=rtol, raise_exception=False, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev, fast_mode=fast_mode, method=method,
        report=True, seed=seed, progress=progress,
    )  # fmt: skip
    if found.origin and (second := blame_second(call.tape, seed)):
        found.origin = second
    if not report and not found.ok and raise_exception:
        raise GradcheckError(found.summary(), found)
    return found if report else found.ok


def _flat(out: Any) -> Sequence[Any]:
    return [out] if isinstance(out, TensorCore) else [t for item in out for t in _flat(item)]


def _random_like(out: np.ndarray, random: np.random.Generator, strided: bool) -> Any:
    values: Any = random.normal(size=(*out.shape, 2))
    if out.dtype.kind == "c":
        values = values + 1j * random.normal(size=values.shape)
    values = np.asarray(values).astype(out.dtype)[..., 0]
    return make(values if strided and math.prod(out.shape) else np.ascontiguousarray(values).reshape(out.shape))
