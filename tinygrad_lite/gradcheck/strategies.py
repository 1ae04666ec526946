"""Inputs for property tests, by hypothesis: the shapes, numbers and layouts that operations go wrong on.

Hypothesis is imported where a strategy is made: `pip install 'tinygrad_lite[test]'`.

Example:
    >>> from hypothesis import given, settings
    >>> from tinygrad_lite.gradcheck import strategies
    >>> @settings(max_examples=20, derandomize=True, database=None)
    ... @given(strategies.broadcastable_tensors(2))
    ... def test_a_sum_has_gradients_of_its_inputs_shapes(pair):
    ...     x, y = pair
    ...     (x + y).sum().backward()
    ...     assert x.grad.shape == x.shape and y.grad.shape == y.shape
    >>> test_a_sum_has_gradients_of_its_inputs_shapes()
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lite.tensors import make

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    Strategy = SearchStrategy[Any]

__all__ = ["arrays", "broadcastable_shapes", "broadcastable_tensors", "dtypes", "shapes", "tensors"]

FLOATS = ("float16", "float32", "float64")


def _hypothesis() -> tuple[Any, Any]:
    """Hypothesis' strategies, and those for NumPy."""
    try:
        return import_module("hypothesis.strategies"), import_module("hypothesis.extra.numpy")
    except ImportError as error:
        raise ImportError(
            "tinygrad_lite.gradcheck.strategies needs hypothesis: pip install 'tinygrad_lite[test]'"
        ) from error


def shapes(max_dims: int = 3, max_side: int = 4, empty: bool = True) -> Strategy:
    """Shapes of arrays: 0-d ones too, and with `empty` those with a side of 0.

    Args:
        max_dims: most dimensions.
        max_side: longest side.
        empty: whether a side may be 0.

    Raises:
        ImportError: without hypothesis.

    Example:
        >>> from hypothesis import find
        >>> from tinygrad_lite.gradcheck import strategies
        >>> find(strategies.shapes(), lambda shape: len(shape) == 2)
        (0, 0)
    """
    _, numbers = _hypothesis()
    return numbers.array_shapes(min_dims=0, max_dims=max_dims, min_side=0 if empty else 1, max_side=max_side)


def broadcastable_shapes(count: int = 2, max_dims: int = 3, max_side: int = 4, empty: bool = True) -> Strategy:
    """Tuples of `count` shapes that broadcast together.

    Args:
        count: how many.
        max_dims: see `shapes`.
        max_side: see `shapes`.
        empty: see `shapes`.

    Raises:
        ImportError: without hypothesis.

    Example:
        >>> from hypothesis import find
        >>> from tinygrad_lite.gradcheck import strategies
        >>> find(strategies.broadcastable_shapes(3), lambda found: len(found) == 3)
        ((), (), ())
    """
    _, numbers = _hypothesis()
    drawn = numbers.mutually_broadcastable_shapes(
        num_shapes=count, max_dims=max_dims, min_side=0 if empty else 1, max_side=max_side
    )
    return drawn.map(lambda found: found.input_shapes)


def dtypes(names: Sequence[str] = FLOATS) -> Strategy:
    """NumPy dtypes.

    Args:
        names: which; float16, float32 and float64 by default.

    Raises:
        ImportError: without hypothesis.

    Example:
        >>> from hypothesis import find
        >>> from tinygrad_lite.gradcheck import strategies
        >>> find(strategies.dtypes(), lambda dtype: dtype.itemsize > 2)
        dtype('float32')
    """
    plain, _ = _hypothesis()
    return plain.sampled_from([np.dtype(name) for name in names])


def _numbers(plain: Any, dtype: np.dtype[Any], low: float, high: float, special: bool) -> Strategy:
    """Real numbers between `low` and `high`; with `special` zeros of both signs and subnormal ones often."""
    bits = 16 if dtype.char in "e" else 32 if dtype.char in "fF" else 64
    kind = np.finfo(f"float{bits}")
    bounds = {"min_value": float(np.array(low, kind.dtype)), "max_value": float(np.array(high, kind.dtype))}
    usual = plain.floats(**bounds, width=bits, allow_subnormal=False)
    if not special:
        return usual
    tiny = float(kind.smallest_subnormal)
    odd = [v for v in (0.0, -0.0, tiny, -tiny, 3 * tiny, float(kind.tiny), -float(kind.tiny)) if low <= v <= high]
    return plain.one_of(usual, plain.sampled_from(odd)) if odd else usual


def arrays(
    shape: Any = None,
    dtype: Any = None,
    *,
    low: float = -3.0,
    high: float = 3.0,
    ties: bool = True,
    special: bool = True,
    strided: bool = True,
) -> Strategy:
    """NumPy arrays of floating-point or complex numbers.

    Args:
        shape: a shape or a strategy for shapes; `shapes()` if None.
        dtype: a dtype or a strategy for dtypes; `dtypes()` if None.
        low: smallest number.
        high: largest number.
        ties: whether some arrays hold few different numbers, so that elements are equal.
        special: whether there are zeros of both signs and subnormal numbers, where `low` and `high` allow.
        strided: whether some are not contiguous: transposed, reversed, or with gaps in memory.

    Raises:
        ImportError: without hypothesis.

    Example:
        >>> from hypothesis import find
        >>> from tinygrad_lite.gradcheck import strategies
        >>> find(strategies.arrays((2, 3), "float64"), lambda a: not a.flags.c_contiguous).shape
        (2, 3)
    """
    plain, numbers = _hypothesis()
    wanted = shapes() if shape is None else shape if hasattr(shape, "flatmap") else plain.just(tuple(shape))
    kinds = dtypes() if dtype is None else dtype if hasattr(dtype, "flatmap") else plain.just(np.dtype(dtype))

    def drawn(draw: Any) -> np.ndarray:
        size, kind = draw(wanted), draw(kinds)
        real = np.empty(0, kind).real.dtype
        elements = _numbers(plain, kind, low, high, special)
        if ties and draw(plain.booleans()):
            elements = plain.sampled_from(draw(plain.lists(elements, min_size=1, max_size=3)))

        def part() -> np.ndarray:
            return draw(numbers.arrays(real, size, elements=elements))

        made: Any = part() if kind.kind == "f" else (part() + 1j * part()).astype(kind)
        made = np.asarray(made, kind).reshape(size)
        return _laid_out(made, draw(plain.sampled_from(_LAYOUTS))) if strided else made

    return plain.composite(drawn)()


_LAYOUTS = ("plain", "transposed", "reversed", "with gaps")


def _laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """The same numbers, otherwise in memory."""
    if layout == "transposed":
        return np.asfortranarray(array)
    if layout == "reversed" and array.ndim:
        return np.ascontiguousarray(array[::-1])[::-1]
    if layout == "with gaps" and array.ndim:
        gapped = np.zeros((*array.shape, 2), array.dtype)
        gapped[..., 0] = array
        return gapped[..., 0]
    return array


def tensors(shape: Any = None, dtype: Any = None, *, requires_grad: bool = True, **options: Any) -> Strategy:
    """Tensors, arguments as for `arrays`.

    Args:
        shape: see `arrays`.
        dtype: see `arrays`.
        requires_grad: whether they do.
        options: see `arrays`.

    Raises:
        ImportError: without hypothesis.

    Example:
        >>> from hypothesis import find
        >>> from tinygrad_lite.gradcheck import strategies
        >>> find(strategies.tensors((2,), "float32"), lambda x: True).requires_grad
        True
    """
    return arrays(shape, dtype, **options).map(lambda array: make(array, requires_grad=requires_grad))


def broadcastable_tensors(
    count: int = 2, dtype: Any = None, *, max_dims: int = 3, max_side: int = 4, empty: bool = True, **options: Any
) -> Strategy:
    """Tuples of `count` tensors of one dtype whose shapes broadcast together.

    Args:
        count: how many.
        dtype: see `arrays`.
        max_dims: see `shapes`.
        max_side: see `shapes`.
        empty: see `shapes`.
        options: see `tensors`.

    Raises:
        ImportError: without hypothesis.

    Example:
        >>> from hypothesis import find
        >>> from tinygrad_lite.gradcheck import strategies
        >>> x, y = find(strategies.broadcastable_tensors(2), lambda pair: pair[0].shape != pair[1].shape)
        >>> (x + y).requires_grad
        True
    """
    plain, _ = _hypothesis()
    kinds = dtypes() if dtype is None else dtype if hasattr(dtype, "flatmap") else plain.just(np.dtype(dtype))

    def drawn(draw: Any) -> tuple[Any, ...]:
        kind = draw(kinds)
        found = draw(broadcastable_shapes(count, max_dims, max_side, empty))
        return tuple(draw(tensors(shape, kind, **options)) for shape in found)

    return plain.composite(drawn)()
