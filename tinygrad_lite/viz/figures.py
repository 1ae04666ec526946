"""Figures for one's own pictures, and images side by side, drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lite.graph import TensorCore

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure", "image_grid", "to_array"]


def figure(rows: int = 1, columns: int = 1, width: float = 6.0, height: float = 3.6) -> tuple[Figure, np.ndarray]:
    """A figure that no global state of matplotlib's knows of, and that a notebook shows where it is the last value.

    Args:
        rows: how many rows of axes.
        columns: how many columns of axes.
        width: of the whole, in inches.
        height: of the whole, in inches.

    Returns:
        The figure, and its axes as an array (rows, columns).

    Raises:
        ImportError: matplotlib is not installed.

    Example:
        >>> from tinygrad_lite import viz
        >>> picture, axes = viz.figure(1, 2, 6, 3)
        >>> axes.shape
        (1, 2)
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(
            "this picture is drawn by matplotlib, which is not installed: pip install tinygrad_lite[plot]"
        ) from None

    class Picture(Figure):
        """A figure that a notebook shows also where pyplot was never imported."""

        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            self.savefig(buffer, format="png", dpi=90)
            return buffer.getvalue()

    made = Picture(figsize=(width, height), layout="constrained")
    return made, made.subplots(rows, columns, squeeze=False)


def image_grid(
    images: Any,
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    rows: Sequence[str] | None = None,
    size: float = 0.8,
    cmap: str = "gray",
    limits: tuple[float, float] | None = (0.0, 1.0),
) -> Figure:
    """Images side by side, row by row.

    Args:
        images: (N, height, width), (N, 1, height, width) or, in colours, (N, 3, height, width).
        titles: what to write above each of them, or above the first row only where there are no more.
        columns: how many stand in a row; about as many as rows unless told.
        rows: what to write to the left of each row.
        size: width and height of each, in inches.
        cmap: matplotlib's colours for images of one channel.
        limits: the values drawn darkest and brightest; None takes each image's own.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: the images have another shape, or there are none.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> grid = viz.image_grid(tg.rand(6, 1, 28, 28), columns=3, rows=["first", "second"])
        >>> len(grid.axes)
        6
    """
    pixels = to_array(images)
    given = pixels.shape
    if pixels.ndim == 3:
        pixels = pixels[:, None]
    if pixels.ndim != 4 or pixels.shape[1] not in (1, 3) or not len(pixels):
        raise ValueError(
            f"image_grid: expected images of shape (N, height, width) or (N, 1 or 3, height, width), got {given}"
        )
    columns = columns or min(len(pixels), round((len(pixels) * 1.6) ** 0.5))
    lines = -(-len(pixels) // columns)
    above = 0.25 * (1 if titles is not None and len(titles) <= columns else lines) if titles is not None else 0.0
    left = 0.09 * max(map(len, rows)) if rows else 0.0
    made, axes = figure(lines, columns, size * columns + left, size * lines + above)
    for k, ax in enumerate(axes.flat):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        if k >= len(pixels):
            ax.set_visible(False)
            continue
        one = pixels[k]
        low, high = limits or (one.min(), one.max())
        if len(one) == 3:
            ax.imshow(np.clip((one.transpose(1, 2, 0) - low) / ((high - low) or 1.0), 0, 1))
        else:
            ax.imshow(one[0], cmap=cmap, vmin=low, vmax=high)
        if titles is not None and k < len(titles):
            ax.set_title(titles[k], fontsize=8, pad=2)
        if rows and k % columns == 0:
            ax.set_ylabel(rows[k // columns], fontsize=8, rotation=0, ha="right", va="center")
    return made


def to_array(values: Any) -> np.ndarray:
    """A tensor's numbers, or an array, as NumPy's."""
    return np.asarray(values.detach().array if isinstance(values, TensorCore) else values)  # type: ignore[attr-defined]
