"""Bugs written out one by one: missing terms, wrong axes, transposed operands, wrong edges of masks.

Each is a derivative rule as somebody might have written it. `mutations.py` puts them into programs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from mutations import Bug, Program, plant

from tinygrad_lite.op import TABLE

_A, _B = (3, 3), (2, 3)


def _t(x: Any) -> Any:
    return x.swapaxes(-1, -2)


def _row(name: str) -> Callable[..., Any]:
    return TABLE[name].record


# fmt: off
MISSING_TERM: list[tuple[Any, ...]] = [
    ("tanh", "x", [_B], {}, lambda g, out: g * (1 - out)),
    ("tanh", "x", [_B], {}, lambda g, out: g),
    ("sigmoid", "x", [_B], {}, lambda g, out: g * out),
    ("sigmoid", "x", [_B], {}, lambda g, out: g * (1 - out)),
    ("silu", "x", [_B], {}, lambda g, x: g / (1 + np.exp(-x))),
    ("gelu", "x", [_B], {}, lambda g, x: g * _row("ndtr")(x)),
    ("softplus", "x", [_B], {}, lambda g, x: g * np.exp(x)),
    ("softmax", "x", [_B], {"axis": 1}, lambda g, out: g * out),
    ("softmax", "x", [_B], {"axis": 1}, lambda g, out: g * out - out),
    ("log_softmax", "x", [_B], {"axis": 1}, lambda g: +g),
    ("logsumexp", "x", [_B], {}, lambda g, x: g * np.exp(x)),
    ("var", "x", [_B], {}, lambda g, x: g * (2 / (x.size - 1)) * x),
    ("var", "x", [_B], {}, lambda g, x: g * (2 / x.size) * (x - x.mean())),
    ("std", "x", [_B], {}, lambda g, x: g * (x - x.mean())),
    ("norm", "x", [_B], {}, lambda g, x: g * x),
    ("prod", "x", [_B], {}, lambda g, x: g * np.ones_like(x)),
    ("prod", "x", [_B], {}, lambda g, x, out: g * out * np.ones_like(x)),
    ("cumprod", "x", [(5,)], {"axis": 0}, lambda g, out: g * out),
    ("cumsum", "x", [(5,)], {"axis": 0}, lambda g: +g),
    ("logcumsumexp", "x", [(5,)], {"axis": 0}, lambda g, x, out: g * np.exp(x - out)),
    ("mean", "x", [_B], {}, lambda g, x_shape: np.broadcast_to(g, x_shape)),
    ("div", "x", [_B, _B], {}, lambda g: +g),
    ("div", "y", [_B, _B], {}, lambda g, x, y: -g * x / y),
    ("div", "y", [_B, _B], {}, lambda g, x, y: -g / (y * y)),
    ("mul", "x", [_B, _B], {}, lambda g: +g),
    ("pow", "x", [_B, _B], {}, lambda g, x, y: g * x ** (y - 1)),
    ("pow", "x", [_B, _B], {}, lambda g, x, y: g * y * x ** y),
    ("pow", "y", [_B, _B], {}, lambda g, out: g * out),
    ("square", "x", [_B], {}, lambda g, x: g * x),
    ("sqrt", "x", [_B], {}, lambda g, out: g / out),
    ("rsqrt", "x", [_B], {}, lambda g, out: g * -0.5 * out),
    ("reciprocal", "x", [_B], {}, lambda g, out: -g * out),
    ("exp2", "x", [_B], {}, lambda g, out: g * out),
    ("expm1", "x", [_B], {}, lambda g, out: g * out),
    ("log2", "x", [_B], {}, lambda g, x: g / x),
    ("log10", "x", [_B], {}, lambda g, x: g / (x * math.log(2))),
    ("log1p", "x", [_B], {}, lambda g, x: g / x),
    ("tan", "x", [_B], {}, lambda g, out: g * out * out),
    ("asin", "x", [_B], {}, lambda g, x: g / (1 - x * x)),
    ("acos", "x", [_B], {}, lambda g, x: -g / np.sqrt(1 + x * x)),
    ("atan", "x", [_B], {}, lambda g, x: g / (1 - x * x)),
    ("cos", "x", [_B], {}, lambda g, x: g * np.sin(x)),
    ("sinh", "x", [_B], {}, lambda g, x: g * np.sinh(x)),
    ("asinh", "x", [_B], {}, lambda g, x: g / np.sqrt(x * x)),
    ("acosh", "x", [_B], {}, lambda g, x: g / np.sqrt(x - 1)),
    ("atanh", "x", [_B], {}, lambda g, x: g / (1 + x * x)),
    ("erf", "x", [_B], {}, lambda g, x: g * np.exp(-x * x)),
    ("erfc", "x", [_B], {}, lambda g, x: g * (2 / math.sqrt(math.pi)) * np.exp(-x * x)),
    ("logit", "x", [_B], {}, lambda g, x: g / x),
    ("entr", "x", [_B], {}, lambda g, x: -g * np.log(x)),
    ("xlogy", "x", [_B, _B], {}, lambda g, y: g / y),
    ("logaddexp", "x", [_B, _B], {}, lambda g: g * 0.5),
    ("atan2", "x", [_B, _B], {}, lambda g, y: g / y),
    ("hypot", "x", [_B, _B], {}, lambda g, x: g * x),
    ("lerp", "start", [_B, _B, _B], {}, lambda g, weight: -g * weight),
    ("lerp", "weight", [_B, _B, _B], {}, lambda g, end: g * end),
    ("fmod", "y", [_B, _B], {}, lambda g: np.zeros_like(g)),
    ("remainder", "y", [_B, _B], {}, lambda g, x, y: -g * (x / y)),
    ("mse_loss", "x", [(3, 4), (3, 4)], {}, lambda g, x, y: g * (x - y) / x.size),
    ("binary_cross_entropy", "p", [_B, _B], {}, lambda g, p, y: -g * y / p),
    ("det", "x", [_A], {}, lambda g, x: g * _t(np.linalg.inv(x))),
    ("matrix_exp", "x", [_A], {}, lambda g, x: g),
    ("floor", "x", [_B], {}, lambda g: +g),
    ("round", "x", [_B], {}, lambda g: +g),
    ("sign", "x", [_B], {}, lambda g: +g),
    ("copysign", "x", [_B, _B], {}, lambda g: +g),
]

WRONG_AXIS: list[tuple[Any, ...]] = [
    ("sum", "x", [_A], {"axis": 0}, lambda g, x_shape: np.broadcast_to(g[:, None], x_shape)),
    ("sum", "x", [_A], {"axis": 1}, lambda g, x_shape: np.broadcast_to(g, x_shape)),
    ("mean", "x", [_A], {"axis": 0}, lambda g, x_shape: np.broadcast_to(g[:, None] / 3, x_shape)),
    ("mean", "x", [(2, 3, 3)], {"axis": 2}, lambda g, x_shape: np.broadcast_to(g[:, None] / 3, x_shape)),
    ("cumsum", "x", [_A], {"axis": 0}, lambda g: np.flip(np.cumsum(np.flip(g, 1), 1), 1)),
    ("cumsum", "x", [_A], {"axis": 0}, lambda g: np.cumsum(g, 0)),
    ("flip", "x", [_A], {"axis": 0}, lambda g: np.flip(g, 1).copy()),
    ("roll", "x", [_A], {"shift": 1, "axis": 0}, lambda g: np.roll(g, 1, 0)),
    ("roll", "x", [_A], {"shift": 1, "axis": 0}, lambda g: np.roll(g, -1, 1)),
    ("softmax", "x", [_A], {"axis": 0}, lambda g, out: out * (g - (g * out).sum(1, keepdims=True))),
    ("log_softmax", "x", [_A], {"axis": 0}, lambda g, out: g - np.exp(out) * g.sum(1, keepdims=True)),
    ("logsumexp", "x", [_A], {"axis": 0}, lambda g, x, out: g[:, None] * np.exp(x - out[:, None])),
    ("var", "x", [_A], {"axis": 0}, lambda g, x: g * (x - x.mean(1, keepdims=True))),
    ("amax", "x", [_A], {"axis": 0}, lambda g, x: g[:, None] * (x == x.max(0))),
    ("permute", "x", [(3, 3, 3)], {"axes": (1, 2, 0)}, lambda g: g.transpose(1, 2, 0)),
    ("transpose", "x", [(3, 3, 3)], {"axis1": 0, "axis2": 1}, lambda g: g.swapaxes(1, 2)),
    ("reshape", "x", [(2, 3)], {"shape": (3, 2)}, lambda g: _t(g)),
    ("diagonal", "x", [_A], {}, lambda g: np.diag(g)[::-1].copy()),
    ("tril", "x", [_A], {"k": 0}, lambda g: np.triu(g)),
    ("triu", "x", [_A], {"k": 0}, lambda g: np.triu(g, 1)),
    ("cross", "x", [_A, _A], {"axis": 0}, lambda g, y: np.cross(y, g, axis=1)),
    ("norm", "x", [_A], {"axis": 0}, lambda g, x, out: g[:, None] * x / out[:, None]),
    ("stack", "xs", [_A, _A, _A], {"axis": 0}, lambda g, k: g[:, k]),
    ("arrange", "x", [(4,)], {"axis": 0, "order": np.array([1, 2, 3, 0])}, lambda g: g[np.array([1, 2, 3, 0])]),
]

TRANSPOSED: list[tuple[Any, ...]] = [
    ("matmul", "x", [_A, _A], {}, lambda g, y: g @ y),
    ("matmul", "y", [_A, _A], {}, lambda g, x: x @ g),
    ("matmul", "x", [_A, _A], {}, lambda g, y: _t(g @ _t(y))),
    ("matmul", "y", [_A, _A], {}, lambda g, x: g @ _t(x)),
    ("matmul", "x", [(2, 3, 3), (3, 3)], {}, lambda g, y: g @ y),
    ("linear", "x", [_A, _A, (3,)], {}, lambda g, weight: g @ _t(weight)),
    ("linear", "weight", [_A, _A, (3,)], {}, lambda g, x: _t(x) @ g),
    ("linear", "bias", [_A, _A, (3,)], {}, lambda g: g.sum(1)),
    ("outer", "x", [(3,), (3,)], {}, lambda g, y: _t(g) @ y),
    ("outer", "y", [(3,), (3,)], {}, lambda g, x: g @ x),
    ("inv", "x", [_A], {}, lambda g, out: -(out @ g @ out)),
    ("inv", "x", [_A], {}, lambda g, out: -(_t(out) @ _t(g) @ _t(out))),
    ("solve", "y", [_A, (3, 2)], {}, lambda g, x: np.linalg.solve(x, g)),
    ("det", "x", [_A], {}, lambda g, x, out: g * out * np.linalg.inv(x)),
    ("matrix_exp", "x", [_A], {}, lambda g, x: _row("matrix_exp")(x) @ g),
    ("pinv", "x", [_A], {}, lambda g, out: -(out @ g @ out)),
]

WRONG_MASK: list[tuple[Any, ...]] = [
    ("relu", "x", [_B], {}, lambda g, out: np.where(out > 1, g, 0.0)),
    ("relu", "x", [_B], {}, lambda g, out: np.where(out >= 0, g, 0.0)),
    ("relu", "x", [_B], {}, lambda g, out: np.where(out > 0, 0.0, g)),
    ("leaky_relu", "x", [(4, 4)], {}, lambda g, x: np.where(x > 1, g, 0.01 * g)),
    ("leaky_relu", "x", [(4, 4)], {}, lambda g, x: np.where(x > 0, 0.01 * g, g)),
    ("elu", "x", [(4, 4)], {}, lambda g, x: np.where(x > -1, g, g * np.exp(x))),
    ("hardtanh", "x", [(4, 4)], {"low": -1.0, "high": 1.0}, lambda g, x: np.where(np.abs(x) < 2, g, 0.0)),
    ("hardtanh", "x", [(4, 4)], {"low": -1.0, "high": 1.0}, lambda g, x: np.where(x < 1, g, 0.0)),
    ("hardsigmoid", "x", [(4, 4)], {}, lambda g, x: np.where(np.abs(x) < 2, g / 6, 0.0)),
    ("hardswish", "x", [(4, 4)], {}, lambda g, x: np.where(x > -2, g * (2 * x + 3) / 6, 0.0)),
    ("hardshrink", "x", [(4, 4)], {}, lambda g, x: np.where(np.abs(x) > 1.5, g, 0.0)),
    ("softshrink", "x", [(4, 4)], {}, lambda g, x: np.where(x > 0.5, g, 0.0)),
    ("threshold", "x", [(4, 4)], {"bound": 0.5, "value": 7.0}, lambda g, x: np.where(x > 0, g, 0.0)),
    ("clamp", "x", [(4, 4), (), (4, 4)], {}, lambda g, x, low: np.where(x > low, g, 0.0)),
    ("maximum", "x", [(4, 4), (4, 4)], {}, lambda g, x, y: np.where(x > y - 1, g, 0.0)),
    ("maximum", "x", [(4, 4), (4, 4)], {}, lambda g, x, y: np.where(x < y, g, 0.0)),
    ("minimum", "y", [(4, 4), (4, 4)], {}, lambda g, x, y: np.where(x > y + 1, g, 0.0)),
    ("fmax", "x", [(4, 4), (4, 4)], {}, lambda g, x, y: np.where(x > 0, g, 0.0)),
    ("amax", "x", [(4, 4)], {}, lambda g, x, out: np.where(x > out - 1, g, 0.0)),
    ("amin", "x", [(4, 4)], {}, lambda g, x, out: np.where(x == x.reshape(-1)[0], g, 0.0)),
    ("abs", "x", [(4, 4)], {}, lambda g, x: np.where(x > 0.5, g, -g)),
    ("where", "x", [(4, 4), (4, 4), (4, 4)], {}, lambda g, condition: np.where(condition, 0.0, g)),
    ("prelu", "x", [(4, 4), (4, 4)], {}, lambda g, x, weight: np.where(x > -1, g, weight * g)),
    ("prelu", "weight", [(4, 4), (4, 4)], {}, lambda g, x: g * x),
    ("nan_to_num", "x", [(4, 4)], {}, lambda g, x: np.where(x > 0, g, 0.0)),
]
# fmt: on


def by_hand(dtype: str) -> Iterator[Bug]:
    """All of them, each in a program of its own."""
    lists = (MISSING_TERM, WRONG_AXIS, TRANSPOSED, WRONG_MASK)
    for kind, rows in zip(("missing term", "wrong axis", "transposed operand", "wrong mask edge"), lists, strict=True):
        for name, key, shapes, params, rule in rows:
            yield from plant(kind, Program(TABLE[name], shapes, params, dtype), key, rule)


def ties(dtype: str) -> Iterator[Bug]:
    """Rules that are wrong at a kink, with inputs that lie on it."""
    x, y = np.array([1.0, 2.0, 2.0, -1.0]), np.array([1.0, 3.0, 2.0, -1.0])
    zeros = np.array([0.0, 1.0, -1.0, 0.0])
    for name, values, rule in [
        ("amax", [x], lambda g, x, out: np.where(x == out, g, 0.0)),
        ("amin", [np.array([2.0, -1.0, -1.0])], lambda g, x, out: np.where(x == out, g, 0.0)),
        ("relu", [zeros], lambda g, out: np.where(out == 0, -0.5 * g, g)),
        ("abs", [zeros], lambda g, x: np.where(x >= 0, 2 * g, -g) / np.where(x > 0, 2, 1)),
        ("maximum", [x, y], lambda g, x, y: np.where(x == y, 1.5 * g, np.where(x > y, g, 0.0))),
        ("minimum", [x, y], lambda g, x, y: np.where(x == y, -g, np.where(x < y, g, 0.0))),
        ("leaky_relu", [zeros], lambda g, x: np.where(x > 0, g, np.where(x < 0, 0.01 * g, 0.0))),
    ]:  # fmt: skip
        row = TABLE[name]
        typed = [v.astype(dtype) for v in values]
        shapes = [v.shape for v in typed]
        yield from plant("wrong mask edge", Program(row, shapes, {}, dtype, typed), row.inputs[0], rule)
