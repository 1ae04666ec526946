"""Every everyday operation, forward and backward, at one element, ten thousand and a million.

Each line is a program, run alike in this library and in PyTorch: the operation, and where its result can
be differentiated, the backward pass from a gradient of ones. Numbers are float32. The table is sorted by
the worst ratio. `--markdown FILE` writes it to a file; a name or several measure only those operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import contenders, medians, parser, table_head

SIZES = (1, 10_000, 1_000_000)
Program = Callable[..., Any]
Inputs = Callable[[int], list[np.ndarray]]


def draw(*shape: int, low: float = 0.2, high: float = 2.0) -> np.ndarray:
    """Random numbers that every operation here is defined for."""
    return np.random.default_rng(len(shape)).uniform(low, high, shape).astype(np.float32)


def side(n: int) -> int:
    """The side of a square of about n elements."""
    return max(math.isqrt(n), 1)


def one(n: int) -> list[np.ndarray]:
    """A vector."""
    return [draw(n)]


def two(n: int) -> list[np.ndarray]:
    """Two vectors."""
    return [draw(n), draw(n, low=0.3)]


def small(n: int) -> list[np.ndarray]:
    """A vector of numbers between 0 and 1."""
    return [draw(n, low=0.1, high=0.9)]


def unit_pair(n: int) -> list[np.ndarray]:
    """Two vectors of numbers between 0 and 1."""
    return [draw(n, low=0.1, high=0.9), draw(n, low=0.2, high=0.8)]


def square(n: int) -> list[np.ndarray]:
    """A square matrix."""
    return [draw(side(n), side(n))]


def squares(n: int) -> list[np.ndarray]:
    """Two square matrices."""
    return [draw(side(n), side(n)), draw(side(n), side(n))]


def batches(n: int) -> list[np.ndarray]:
    """Two batches of matrices."""
    k = max(round((n / 8) ** 0.5), 1)
    return [draw(min(8, n), k, k), draw(min(8, n), k, k)]


def invertible(n: int) -> list[np.ndarray]:
    """A square matrix far from singular, and a vector."""
    k = side(n)
    return [draw(k, k) + 2 * k * np.eye(k, dtype=np.float32), draw(k)]


def image(n: int) -> list[np.ndarray]:
    """A batch of images."""
    shape = {1: (1, 1, 1, 1), 10_000: (4, 8, 18, 18), 1_000_000: (16, 16, 62, 62)}[n]
    return [draw(*shape)]


def image_and_kernel(n: int) -> list[np.ndarray]:
    """A batch of images and 3 x 3 filters."""
    (x,) = image(n)
    k = 1 if n == 1 else 3
    return [x, draw(x.shape[1], x.shape[1], k, k), draw(x.shape[1])]


def signal_and_kernel(n: int) -> list[np.ndarray]:
    """A batch of signals and filters of length 3."""
    shape = {1: (1, 1, 1), 10_000: (8, 8, 156), 1_000_000: (32, 32, 976)}[n]
    return [draw(*shape), draw(shape[1], shape[1], 1 if n == 1 else 3), draw(shape[1])]


def rows(n: int) -> list[np.ndarray]:
    """A matrix of a hundred columns, or of one, and a number for each column."""
    columns = min(n, 100)
    return [draw(n // columns, columns), draw(columns), draw(columns)]


def classes(n: int) -> list[np.ndarray]:
    """Scores of a hundred classes, and the class of each row."""
    (x, *_) = rows(n)
    return [x, np.arange(len(x)) % x.shape[1]]


def heads(n: int) -> list[np.ndarray]:
    """Queries, keys and values of attention."""
    shape = {1: (1, 1, 1, 1), 10_000: (2, 4, 40, 32), 1_000_000: (8, 8, 256, 64)}[n]
    return [draw(*shape) for _ in range(3)]


def positions(n: int) -> list[np.ndarray]:
    """A matrix, and an index for each element."""
    (x, *_) = rows(n)
    return [x, np.random.default_rng(0).integers(0, len(x), x.shape)]


def lookups(n: int) -> list[np.ndarray]:
    """A hundred indices for each ... and a table of vectors."""
    width = min(n, 100)
    return [
        np.random.default_rng(0).integers(0, max(n // width // 4, 1), max(n // width, 1)),
        draw(max(n // width // 4, 1), width),
    ]


def truths(n: int) -> list[np.ndarray]:
    """Two vectors of truth values."""
    return [draw(n) > 1, draw(n) > 0.5]


def labels(n: int) -> list[np.ndarray]:
    """Class numbers."""
    return [np.arange(n) % 10]


def named(name: str, *more: Any, **options: Any) -> Program:
    """The function of that name, with further arguments."""

    def run(m: Any, *xs: Any) -> Any:
        function = m
        for part in name.split("."):
            function = getattr(function, part)
        return function(*xs, *more, **options)

    return run


F = "nn.functional."
UNARY = "abs ceil cos exp floor log log1p neg reciprocal round rsqrt sign sigmoid sin sqrt square tanh clone erf"
BINARY = "add sub mul div pow maximum minimum remainder eq ne lt le gt ge"
REDUCE = "sum mean std var prod amax amin max min argmax argmin all any norm"
ACTIVATE = "relu leaky_relu elu gelu silu softplus"

PROGRAMS: dict[str, tuple[Program, Inputs]] = {
    **{name: (named(name), one) for name in UNARY.split()},
    **{name: (named(name), two) for name in BINARY.split()},
    **{name: (named(name), one) for name in REDUCE.split()},
    **{F + name: (named(F + name), one) for name in ACTIVATE.split()},
    "2 + x": (lambda m, x: 2 + x, one),
    "2 - x": (lambda m, x: 2 - x, one),
    "2 * x": (lambda m, x: 2 * x, one),
    "2 / x": (lambda m, x: 2 / x, one),
    "2 ** x": (lambda m, x: 2**x, one),
    "floor_divide": (lambda m, x, y: m.floor_divide(x.detach(), y.detach()), two),  # PyTorch has no derivative of it
    "div, rounded": (named("div", rounding_mode="trunc"), two),
    "clamp": (named("clamp", 0.5, 1.5), one),
    "where": (lambda m, c, x: m.where(c, x, 0.0), lambda n: [draw(n) > 1, draw(n)]),
    "masked_fill": (lambda m, c, x: x.masked_fill(c, 0.0), lambda n: [draw(n) > 1, draw(n)]),
    "isclose": (named("isclose"), two),
    "isinf": (named("isinf"), one),
    "isnan": (named("isnan"), one),
    "logical_and": (named("logical_and"), truths),
    "logical_or": (named("logical_or"), truths),
    "logical_not": (named("logical_not"), lambda n: truths(n)[:1]),
    "bool": (lambda m, x: x.bool(), one),
    "double": (lambda m, x: x.double(), one),
    "float": (lambda m, x: x.float(), lambda n: [draw(n).astype(np.float64)]),
    "int": (lambda m, x: x.int(), one),
    "long": (lambda m, x: x.long(), one),
    "to": (lambda m, x: x.to(m.float64), one),
    # linear algebra
    "matmul": (named("matmul"), squares),
    "mm": (named("mm"), squares),
    "bmm": (named("bmm"), batches),
    "dot": (named("dot"), two),
    "outer": (named("outer"), lambda n: [draw(side(n)), draw(side(n))]),
    "addmm": (named("addmm"), lambda n: [draw(side(n)), *squares(n)]),
    "einsum ij,jk->ik": (lambda m, x, y: m.einsum("ij,jk->ik", x, y), squares),
    "einsum bij,bjk->bik": (lambda m, x, y: m.einsum("bij,bjk->bik", x, y), batches),
    "linalg.inv": (lambda m, x, y: m.linalg.inv(x), invertible),
    "linalg.solve": (named("linalg.solve"), invertible),
    "linalg.norm": (named("linalg.norm"), one),
    "linalg.vector_norm": (named("linalg.vector_norm"), one),
    # reductions along a dimension
    "sum, rows": (named("sum", 1), lambda n: rows(n)[:1]),
    "max, rows": (lambda m, x: m.max(x, 1)[0], lambda n: rows(n)[:1]),
    "min, rows": (lambda m, x: m.min(x, 1)[0], lambda n: rows(n)[:1]),
    "cumsum": (named("cumsum", 0), one),
    "logsumexp": (named("logsumexp", 1), lambda n: rows(n)[:1]),
    "softmax": (named("softmax", 1), lambda n: rows(n)[:1]),
    "log_softmax": (named("log_softmax", 1), lambda n: rows(n)[:1]),
    "allclose": (named("allclose"), two),
    "equal": (named("equal"), lambda n: [draw(n), draw(n)]),
    # shape and index
    "T": (lambda m, x: x.T, square),
    "mT": (lambda m, x: x.mT, square),
    "t": (named("t"), square),
    "x[1:]": (lambda m, x: x[n_half(x) :], one),
    "x[mask]": (lambda m, c, x: x[c], lambda n: [draw(n) > 0.1, draw(n)]),
    "x[index]": (lambda m, i, x: x[i], lookups),
    "cat": (lambda m, x, y: m.cat([x, y]), two),
    "stack": (lambda m, x, y: m.stack([x, y]), two),
    "chunk": (lambda m, x: m.chunk(x, 2)[0], one),
    "split": (lambda m, x: m.split(x, n_half(x) or 1)[0], one),
    "contiguous": (lambda m, x: x.t().contiguous(), square),
    "diag": (named("diag"), square),
    "expand": (lambda m, x: x.expand(2, -1), one),
    "flatten": (named("flatten"), square),
    "flip": (named("flip", (0,)), one),
    "gather": (lambda m, x, i: m.gather(x, 0, i), positions),
    "index_select": (lambda m, i, x: m.index_select(x, 0, i), lookups),
    "nonzero": (named("nonzero"), one),
    "permute": (named("permute", (1, 0)), square),
    "repeat": (lambda m, x: x.repeat(2), one),
    "repeat_interleave": (named("repeat_interleave", 2), one),
    "reshape": (lambda m, x: x.reshape(-1, 1), one),
    "roll": (named("roll", 1), one),
    "scatter": (lambda m, x, i: m.scatter(m.zeros_like(x), 0, i, x), positions),
    "scatter_add": (lambda m, x, i: m.scatter_add(m.zeros_like(x), 0, i, x), positions),
    "sort": (lambda m, x: m.sort(x)[0], one),
    "argsort": (named("argsort"), one),
    "topk": (lambda m, x: m.topk(x, 1)[0], one),
    "squeeze": (lambda m, x: x.squeeze(1), lambda n: [draw(n, 1)]),
    "unsqueeze": (named("unsqueeze", 0), one),
    "transpose": (named("transpose", 0, 1), square),
    "tril": (named("tril"), square),
    "triu": (named("triu"), square),
    "unbind": (lambda m, x: m.unbind(x)[0], lambda n: [draw(2, max(n // 2, 1))]),
    "view": (lambda m, x: x.view(-1, 1), one),
    # creation
    "arange": (lambda m, x: m.arange(len(x)), one),
    "empty": (lambda m, x: m.empty(len(x)), one),
    "eye": (lambda m, x: m.eye(len(x)), square),
    "full": (lambda m, x: m.full((len(x),), 2.0), one),
    "full_like": (named("full_like", 2.0), one),
    "item": (lambda m, x: x[0].item(), one),
    "linspace": (lambda m, x: m.linspace(0, 1, len(x)), one),
    "new_ones": (lambda m, x: x.new_ones(len(x)), one),
    "new_zeros": (lambda m, x: x.new_zeros(len(x)), one),
    "ones": (lambda m, x: m.ones(len(x)), one),
    "ones_like": (named("ones_like"), one),
    "zeros": (lambda m, x: m.zeros(len(x)), one),
    "zeros_like": (named("zeros_like"), one),
    # networks
    F + "linear": (named(F + "linear"), lambda n: [*squares(n), draw(side(n))]),
    F + "conv1d": (named(F + "conv1d"), signal_and_kernel),
    F + "conv2d": (named(F + "conv2d"), image_and_kernel),
    F + "conv_transpose2d": (named(F + "conv_transpose2d"), image_and_kernel),
    F + "avg_pool2d": (lambda m, x: m.nn.functional.avg_pool2d(x, min(2, x.shape[-1])), image),
    F + "max_pool2d": (lambda m, x: m.nn.functional.max_pool2d(x, min(2, x.shape[-1])), image),
    F + "adaptive_avg_pool2d": (named(F + "adaptive_avg_pool2d", 1), image),
    F + "interpolate, nearest": (named(F + "interpolate", scale_factor=2), image),
    F + "interpolate, bilinear": (named(F + "interpolate", scale_factor=2, mode="bilinear"), image),
    F + "pad": (named(F + "pad", (1, 1)), image),
    F + "batch_norm": (
        lambda m, x, w, b: m.nn.functional.batch_norm(x, None, None, w, b, training=len(x) > 1),
        lambda n: rows(n) if n > 1 else [draw(2, 1), draw(1), draw(1)],
    ),
    F + "layer_norm": (lambda m, x, w, b: m.nn.functional.layer_norm(x, w.shape, w, b), rows),
    F + "group_norm": (
        lambda m, x: m.nn.functional.group_norm(x, 1),
        lambda n: image(n) if n > 1 else [draw(1, 2, 1, 1)],
    ),
    F + "rms_norm": (lambda m, x, w, b: m.nn.functional.rms_norm(x, w.shape, w), rows),
    F + "normalize": (named(F + "normalize"), lambda n: rows(n)[:1]),
    F + "cosine_similarity": (named(F + "cosine_similarity"), lambda n: [rows(n)[0], rows(n)[0] + 1]),
    F + "dropout": (named(F + "dropout", 0.5), one),
    F + "embedding": (named(F + "embedding"), lookups),
    F + "one_hot": (named(F + "one_hot", 10), labels),
    F + "scaled_dot_product_attention": (named(F + "scaled_dot_product_attention"), heads),
    F + "cross_entropy": (named(F + "cross_entropy"), classes),
    F + "nll_loss": (named(F + "nll_loss"), classes),
    F + "mse_loss": (named(F + "mse_loss"), two),
    F + "l1_loss": (named(F + "l1_loss"), two),
    F + "smooth_l1_loss": (named(F + "smooth_l1_loss"), two),
    F + "binary_cross_entropy": (named(F + "binary_cross_entropy"), unit_pair),
    F + "binary_cross_entropy_with_logits": (named(F + "binary_cross_entropy_with_logits"), unit_pair),
    F + "kl_div": (named(F + "kl_div", reduction="sum"), unit_pair),
}


def n_half(x: Any) -> int:
    """Half of the length of x."""
    return len(x) // 2


def task(m: Any, program: Program, arrays: list[np.ndarray]) -> Callable[[], Any]:
    """One round in library m: forward and, where there is a gradient, backward."""
    xs = [m.from_numpy(a.copy()) for a in arrays]
    leaves = [x.requires_grad_() for x in xs if x.is_floating_point()]
    out = program(m, *xs)
    if not getattr(out, "requires_grad", False):
        return lambda: program(m, *xs)
    ones = m.ones_like(out.detach())

    def run() -> None:
        for x in leaves:
            x.grad = None
        program(m, *xs).backward(ones)

    return run


def main() -> None:
    """Print the table."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("names", nargs="*", help="only these operations")
    arguments.add_argument("--markdown", help="write the table to this file")
    given = arguments.parse_args()
    libraries = contenders()
    found: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {}
    for name, (program, inputs) in PROGRAMS.items():
        if given.names and name not in given.names:
            continue
        for n in SIZES:
            arrays = inputs(n)
            work = {library: task(m, program, arrays) for library, m in libraries.items()}
            rounds, inner = (3, 1) if given.quick else (15, {1: 100, 10_000: 20, 1_000_000: 1}[n])
            seen = medians(work, rounds, inner)
            times.setdefault(name, []).append(seen["tinygrad_lite"])
            found.setdefault(name, []).append(seen["tinygrad_lite"] / seen.get("torch", math.nan))
    order = sorted(found, key=lambda name: -max(found[name]))
    lines = [table_head(), "", "| operation | 1 | 10 thousand | 1 million | worst |", "|---|---|---|---|---|"]
    for name in order:
        cells = " | ".join(f"{ratio:.2f}" for ratio in found[name])
        lines.append(f"| {name} | {cells} | {max(found[name]):.2f} |")
    text = "\n".join(lines)
    print(text)
    over = [name for name in order if found[name][0] > 3]
    print(f"\n{len(found)} operations; over 3 times PyTorch's time at one element: {', '.join(over) or 'none'}")
    if given.markdown:
        from tinygrad_lite.files import atomic_write

        with atomic_write(given.markdown, "w") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
