"""Functions that bring their inputs to another dtype while autocast is on, and cost nothing while it is off.

A function that autocast concerns gets other code when autocast is switched on for the first time, and its own code
back when it is switched off for the last time; so every module that has imported the function by its name sees the
change. The other code asks whether *this thread* wants it: threads do not disturb each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from tinygrad_lite.graph import TensorCore
from tinygrad_lite.op import cast
from tinygrad_lite.recorders import compile_now

_HALF, _SINGLE, _DOUBLE = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")

LOWER = {
    "functions.einsum": "einsum tensordot",
    "functions.linalg": "addbmm addmm baddbmm inner multi_dot vecdot",
    "functions.solving": "matrix_power",
    "nn.functional.attention": "scaled_dot_product_attention",
    "ops.conv": "conv conv_transpose",
    "ops.linalg": "linear matmul",
}
"""What computes in float16, by module: products of matrices."""

HIGHER = {
    "functions.matrix_norms": "cdist",
    "functions.reduction": "prod trace",
    "functions.solving": "det inv inverse logdet slogdet solve",
    "functions.statistics": "nanquantile quantile",
    "nn.functional.ctc": "ctc_loss",
    "nn.functional.loss": "huber_loss l1_loss mse_loss poisson_nll_loss smooth_l1_loss",
    "nn.functional.loss_classes": (
        "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy kl_div nll_loss"
    ),
    "nn.functional.margins": (
        "cosine_embedding_loss hinge_embedding_loss margin_ranking_loss multi_margin_loss multilabel_margin_loss "
        "soft_margin_loss triplet_margin_loss"
    ),
    "nn.functional.pool": "avg_pool3d",
    "nn.functional.sampling": "grid_sample",
}
"""What computes in float32 at least: losses, and what overflows or loses digits."""

AS_IT_IS = {"functions.linalg": "addmv addr dot mv outer vdot", "nn.functional.affine": "bilinear"}
"""What computes in the dtype it is given although it calls something of the above."""


class State(threading.local):
    """Whether this thread casts."""

    on = False


state = State()


def _lowered(x: Any) -> Any:
    if isinstance(x, TensorCore) and x.array.dtype == _SINGLE:
        return cast(x, _HALF)
    return type(x)(map(_lowered, x)) if type(x) in (list, tuple) else x


def _raised(x: Any) -> Any:
    if isinstance(x, TensorCore) and x.array.dtype == _HALF:
        return cast(x, _SINGLE)
    return type(x)(map(_raised, x)) if type(x) in (list, tuple) else x


def _hook(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    """`function` with changed arguments where this thread casts; inside it nothing casts."""

    def run(*args: Any, **kwargs: Any) -> Any:
        if not state.on:
            return function(*args, **kwargs)
        state.on = False
        try:
            return function(*map(change, args), **{name: change(x) for name, x in kwargs.items()})
        finally:
            state.on = True

    return run


def _code_that_calls(target: Callable[..., Any]) -> CodeType:
    """Code for a function of any signature that hands its arguments on to `target`, which is a constant in it."""

    def stub(*args: Any, **kwargs: Any) -> Any:
        callee: Any = "what to call"
        return callee(*args, **kwargs)

    code = stub.__code__
    return code.replace(co_consts=tuple(target if c == "what to call" else c for c in code.co_consts))


class _Interception:
    """The functions that have other code at the moment, with their own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.own: list[tuple[FunctionType, CodeType]] = []

    def begin(self) -> None:
        with self.lock:
            self.users += 1
            if self.users == 1:
                for table, change in ((LOWER, _lowered), (HIGHER, _raised), (AS_IT_IS, lambda x: x)):
                    for module, names in table.items():
                        home = import_module(f"tinygrad_lite.{module}")
                        for name in names.split():
                            self._intercept(getattr(home, name), change)

    def _intercept(self, function: FunctionType, change: Callable[[Any], Any]) -> None:
        if hasattr(function, "op"):
            compile_now(function)
        code = function.__code__
        copy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__)
        copy.__kwdefaults__ = function.__kwdefaults__
        self.own.append((function, code))
        function.__code__ = _code_that_calls(_hook(copy, change))

    def end(self) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                for function, code in self.own:
                    function.__code__ = code
                self.own.clear()


interception = _Interception()
