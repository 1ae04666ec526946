"""Pictures of a training run and of what was learnt, drawn by matplotlib (`pip install tinygrad_lite[plot]`).

Each function returns a matplotlib `Figure`: a notebook shows it, `.savefig("name.png")` writes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lite.graph import TensorCore, no_grad
from tinygrad_lite.tensors import make
from tinygrad_lite.viz.charts import LIGHT
from tinygrad_lite.viz.figures import figure as _figure
from tinygrad_lite.viz.figures import to_array as _array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["activations", "confusion", "curves", "decision_boundary", "filters", "histograms"]

_SPLITS = ("train", "training", "val", "valid", "validation", "test", "dev", "eval")


# --- over time ------------------------------------------------------------------------------------------


def curves(history: Any, *, x_label: str = "epoch", log_y: bool = False) -> Figure:
    """Losses and metrics over time; `train_loss` and `val_loss` share a plot, and so on.

    Args:
        history: a dict from name to numbers, a list of such records with one number each, or an object
            with such a `history`.
        x_label: what the numbers were counted by.
        log_y: whether equal ratios are equally far apart.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is nothing to draw, or something that is not a number.

    Example:
        >>> from tinygrad_lite import viz
        >>> figure = viz.curves({"train_loss": [2.3, 0.4], "val_loss": [2.2, 0.6], "val_accuracy": [0.2, 0.9]})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['loss', 'accuracy']
    """
    panels: dict[str, dict[str, np.ndarray]] = {}
    for name, values in _series(history).items():
        split, metric = _split_of(name)
        panels.setdefault(metric, {})[split or metric] = values
    figure, axes = _figure(1, len(panels), 4.2 * len(panels) + 0.6, 3.4)
    for ax, (metric, series) in zip(axes[0], panels.items(), strict=True):
        shared = list(series) != [metric]
        for (split, values), colour in zip(series.items(), LIGHT * len(series), strict=False):
            label = "train" if shared and split == metric else split  # `accuracy` beside `val_accuracy`
            x = np.arange(1, len(values) + 1)
            known = np.isfinite(values)
            dotted = "o" if known.sum() < 3 else ""
            ax.plot(x[known], values[known], marker=dotted, label=label, color=colour, linewidth=1.8)
        ax.set_xlabel(x_label)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_ylabel(metric)
        if log_y:
            ax.set_yscale("log")
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
        if shared:
            ax.legend(frameon=False)
    return figure


def _series(history: Any) -> dict[str, np.ndarray]:
    """The numbers of each name; a gap where a record has none of it."""
    history = getattr(history, "history", history)
    if isinstance(history, Mapping):
        raw = dict(history)
    else:
        records = list(history)
        names = dict.fromkeys(name for record in records for name in record)
        raw = {name: [record.get(name, math.nan) for record in records] for name in names}
    found = {}
    for name, values in raw.items():
        try:
            row = np.array([float(value) for value in values])
        except (TypeError, ValueError):
            continue  # such as the names of layers beside the numbers
        if row.size:
            found[str(name)] = row
    if not found:
        raise ValueError("curves: there is nothing to draw; give a dict from name to numbers, such as {'loss': [2.3]}")
    return found


def _split_of(name: str) -> tuple[str, str]:
    """`val_loss` as ("val", "loss"); a name without such a word as ("", name)."""
    for mark in ("_", "/", " "):
        first, _, rest = name.partition(mark)
        if rest and first.lower() in _SPLITS:
            return first, rest
        head, _, last = name.rpartition(mark)
        if head and last.lower() in _SPLITS:
            return last, head
    return "", name


def histograms(steps: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]], *, bins: int = 60) -> Figure:
    """How the numbers in weights, gradients or activations are spread, step by step.

    Each plot is one tensor: across are the steps, up the values; the darker, the more numbers there. The line
    is the median, and between the dashed ones are nine tenths of the numbers.

    Args:
        steps: for each name its tensors at one step after another; or for each step a dict of tensors, such as
            `model.state_dict()`, which has to be copied, or `viz.activations(model, x)`.
        bins: how many values are told apart.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is nothing to draw.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> figure = viz.histograms({"weight": [tg.randn(50) / (k + 1) for k in range(5)]})
        >>> figure.axes[0].get_title()
        'weight'
    """
    if not isinstance(steps, Mapping):
        steps = {name: [step[name] for step in steps if name in step] for step in steps for name in step}
    named = {name: [_array(value).ravel() for value in values] for name, values in steps.items()}
    named = {name: rows for name, rows in named.items() if any(row.size and row.dtype.kind in "fiu" for row in rows)}
    if not named:
        raise ValueError("histograms: there is nothing to draw; give a dict from name to a list of tensors")
    columns = min(3, len(named))
    lines = -(-len(named) // columns)
    figure, axes = _figure(lines, columns, 3.6 * columns, 2.6 * lines)
    for ax, (name, rows) in zip(axes.flat, named.items(), strict=False):
        finite = [row[np.isfinite(row)].astype(np.float64) for row in rows]
        everything = np.concatenate(finite) if finite else np.zeros(1)
        low, high = np.quantile(everything, [0.001, 0.999]) if everything.size else (0.0, 1.0)
        low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
        counts = np.array([np.histogram(row, bins, (low, high))[0] / max(row.size, 1) for row in finite]).T
        ends = (-0.5, len(rows) - 0.5, low, high)
        ax.imshow(np.sqrt(counts), origin="lower", aspect="auto", extent=ends, cmap="Blues", interpolation="nearest")
        middle = np.array([np.quantile(row, [0.05, 0.5, 0.95]) if row.size else [math.nan] * 3 for row in finite])
        for k, style in enumerate(("--", "-", "--")):
            ax.plot(middle[:, k], style, color="#d55e00", linewidth=1.1)
        ax.set_title(name, fontsize=9)
        ax.set_xlabel("step", fontsize=8)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.tick_params(labelsize=7)
    for ax in list(axes.flat)[len(named) :]:
        ax.set_visible(False)
    return figure


def activations(model: Any, *inputs: Any) -> dict[str, Any]:
    """What each part of a model gives for some inputs: its outputs by the part's path.

    Args:
        model: a module.
        inputs: its arguments.

    Returns:
        tensors without history, for parts whose output is a tensor, in the order in which they ran.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.ReLU())
        >>> {name: out.shape for name, out in viz.activations(model, tg.zeros(5, 2)).items()}
        {'0': Size([5, 3]), '1': Size([5, 3])}
    """
    found: dict[str, Any] = {}

    def keep(path: str) -> Callable[..., None]:
        def hook(module: Any, given: Any, out: Any) -> None:
            if isinstance(out, TensorCore):
                found[path] = out.detach()  # type: ignore[attr-defined]

        return hook

    handles = [part.register_forward_hook(keep(path)) for path, part in model.named_modules() if path]
    try:
        with no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return found


# --- what was learnt -------------------------------------------------------------------------------------


def filters(weight: Any, image_shape: tuple[int, ...] | None = None, *, most: int = 64) -> Figure:
    """The filters of a first layer as pictures: red where the weight is positive, blue where it is negative.

    Args:
        weight: of a convolution, (filters, channels, height, width); three channels are shown in colours, any
            other number as their mean. Or of a linear layer, (outputs, inputs), with `image_shape`.
        image_shape: the shape of the inputs of a linear layer, such as (28, 28).
        most: how many filters are shown.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: the weight has another shape.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> figure = viz.filters(tg.randn(10, 784), (28, 28))
        >>> sum(axes.get_visible() for axes in figure.axes)
        10
    """
    w = _array(weight).astype(np.float64)
    if w.ndim == 2 and image_shape is not None:
        if math.prod(image_shape) != w.shape[1]:
            raise ValueError(f"filters: the layer has {w.shape[1]} inputs, but image_shape is {image_shape}")
        w = w.reshape(len(w), *((1,) * (3 - len(image_shape))), *image_shape)
    if w.ndim != 4:
        raise ValueError(
            f"filters: expected (filters, channels, height, width), or (outputs, inputs) and an image_shape, "
            f"got shape {w.shape}"
        )
    w = w[:most]
    columns = min(len(w), math.ceil(math.sqrt(len(w) * 1.6)))
    lines = -(-len(w) // columns)
    figure, axes = _figure(lines, columns, 0.85 * columns, 0.85 * lines)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax in list(axes.flat)[len(w) :]:
        ax.set_visible(False)
    for ax, one in zip(axes.flat, w, strict=False):
        top = np.abs(one).max() or 1.0
        if len(one) == 3:
            ax.imshow(one.transpose(1, 2, 0) / (2 * top) + 0.5)
        else:
            ax.imshow(one.mean(axis=0), cmap="RdBu_r", vmin=-top, vmax=top)
    return figure


def confusion(predicted: Any, target: Any, names: Iterable[str] | None = None) -> Figure:
    """How often each class was taken for which: a row for each true class, in shares of the row.

    Args:
        predicted: (N,) class numbers, or (N, C) scores, of which the largest counts.
        target: (N,) class numbers.
        names: of the classes.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: the lengths differ, or there are fewer names than classes.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> figure = viz.confusion(tg.tensor([0, 1, 1]), tg.tensor([0, 1, 0]), ["cat", "dog"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1', '1', '1']
    """
    said, true = _array(predicted), _array(target).astype(int).ravel()
    said = (said.argmax(axis=1) if said.ndim == 2 else said).astype(int).ravel()
    if said.shape != true.shape:
        raise ValueError(f"confusion: {said.size} predictions, but {true.size} targets")
    if true.size == 0 or min(said.min(), true.min()) < 0:
        raise ValueError("confusion: classes are numbers from 0 on, and there has to be at least one")
    count = int(max(said.max(), true.max())) + 1
    labels = list(names) if names is not None else [str(k) for k in range(count)]
    if len(labels) < count:
        raise ValueError(f"confusion: there are {count} classes, but {len(labels)} names")
    count = len(labels)
    table = np.bincount(true * count + said, minlength=count * count).reshape(count, count)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    size = 1.6 + 0.45 * count
    figure, axes = _figure(1, 1, size + 0.6, size)
    ax = axes[0, 0]
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ax.set_xticks(range(count), labels, rotation=45 if max(map(len, labels)) > 2 else 0)
    ax.set_yticks(range(count), labels)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    ax.set_title(f"{np.trace(table) / true.size:.1%} of {true.size:,} right", fontsize=10)
    if count <= 20:
        for row, column in np.argwhere(table):
            dark = shares[row, column] > 0.55
            ax.text(
                column, row, f"{table[row, column]}", ha="center", va="center", fontsize=8,
                color="white" if dark else "black",
            )  # fmt: skip
    return figure


def decision_boundary(model: Callable[[Any], Any], x: Any, y: Any, *, fine: int = 200) -> Figure:
    """What a classifier of points in the plane says everywhere, and the points it learnt from.

    Args:
        model: from (N, 2) points to (N, C) scores, or to one score for each, positive for class 1.
        x: (N, 2), the points.
        y: (N,), their classes.
        fine: how many places across and up are asked for.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: the points are not in the plane.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> figure = viz.decision_boundary(lambda p: p[:, :1] - p[:, 1:], tg.randn(20, 2), tg.arange(20) % 2)
        >>> figure.axes[0].get_xlabel()
        'x[:, 0]'
    """
    points, classes = _array(x), _array(y).astype(int).ravel()
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"decision_boundary: x has to be points in the plane, (N, 2), but has shape {points.shape}")
    low, high = points.min(axis=0), points.max(axis=0)
    edge = 0.12 * np.maximum(high - low, 1e-9)
    across, up = (np.linspace(a - e, b + e, fine) for a, b, e in zip(low, high, edge, strict=True))
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype(points.dtype)
    was_training = getattr(model, "training", False)
    if was_training:
        model.eval()  # type: ignore[attr-defined]
    try:
        with no_grad():
            scores = _array(model(make(grid))).reshape(len(grid), -1)
    finally:
        if was_training:
            model.train()  # type: ignore[attr-defined]
    said = (scores[:, 0] > 0).astype(int) if scores.shape[1] == 1 else scores.argmax(axis=1)
    figure, axes = _figure(1, 1, 4.6, 4.2)
    ax = axes[0, 0]
    from matplotlib.colors import ListedColormap

    count = int(max(said.max(), classes.max(initial=0))) + 1
    colours = [LIGHT[k % len(LIGHT)] for k in range(count)]
    kind = ListedColormap(colours)
    picture = said.reshape(fine, fine)
    ax.imshow(
        picture, origin="lower", extent=(across[0], across[-1], up[0], up[-1]), aspect="auto", cmap=kind, vmin=-0.5,
        vmax=count - 0.5, alpha=0.28, interpolation="nearest",
    )  # fmt: skip
    if len(np.unique(said)) > 1:
        ax.contour(across, up, picture, levels=np.arange(count - 1) + 0.5, colors="#444444", linewidths=0.8)
    for k in np.unique(classes):
        ours = points[classes == k]
        ax.scatter(ours[:, 0], ours[:, 1], s=16, color=colours[k], edgecolor="white", linewidth=0.5, label=f"class {k}")
    ax.set_xlabel("x[:, 0]")
    ax.set_ylabel("x[:, 1]")
    ax.legend(frameon=True, fontsize=8)
    return figure
