"""Comparing tensors and making them for tests, under PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_lite import dtypes
from tinygrad_lite.device import to_device
from tinygrad_lite.functions.arguments import to_shape
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.random import current_generator
from tinygrad_lite.tensors import make

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

_TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5), dtypes.float32: (1.3e-6, 1e-5), dtypes.float64: (1e-7, 1e-7),
    dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
    check_stride: bool = False, msg: str | Callable[[str], str] | None = None,
) -> None:  # fmt: skip
    """Raise AssertionError unless |actual - expected| <= atol + rtol * |expected|, for all elements.

    Args:
        actual: a tensor, array or number; or a sequence or mapping of those.
        expected: what it should be.
        allow_subclasses: whether the two may be of different classes, as a parameter and a tensor are.
        rtol: relative tolerance; with `atol`, or by the dtype: 1.3e-6 for float32, 1e-7 for float64.
        atol: absolute tolerance; 1e-5 for float32, 1e-7 for float64.
        equal_nan: whether NaN equals NaN.
        check_device, check_layout: as in PyTorch; there is one device and one layout.
        check_dtype: whether dtypes must be the same.
        check_stride: whether strides must be the same.
        msg: what to say instead, or a function that makes it of what would be said.

    Raises:
        AssertionError: if they are not close.
        ValueError: if only one of `rtol` and `atol` is given.
        TypeError: for what cannot be compared.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.testing.assert_close(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 2.0 + 1e-6]))
        >>> tg.testing.assert_close(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 2.5]))
        Traceback (most recent call last):
            ...
        AssertionError: Tensor-likes are not close!
        <BLANKLINE>
        Mismatched elements: 1 / 2 (50.0%)
        Greatest absolute difference: 0.5 at index (1,) (up to 1e-05 allowed)
        Greatest relative difference: 0.2 at index (1,) (up to 1.3e-06 allowed)
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both rtol and atol must be either specified or unspecified, but got no {missing}.")
    compare = _Comparison(allow_subclasses, rtol, atol, equal_nan, check_dtype, check_stride)
    try:
        compare(actual, expected, "")
    except AssertionError as error:
        said = str(error)
        raise AssertionError(msg(said) if callable(msg) else msg or said) from None


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """`assert_close` as it was: dtypes may differ, and NaN equals NaN.

    Raises:
        AssertionError: if they are not close.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.testing.assert_allclose(tg.ones(2), [1, 1])
    """
    expected = expected if isinstance(expected, TensorCore) else make(np.asarray(expected))
    assert_close(
        actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None
    )  # fmt: skip


class _Comparison:
    def __init__(
        self, subclasses: bool, rtol: float | None, atol: float | None, equal_nan: bool, dtype: bool, stride: bool
    ) -> None:
        self.subclasses, self.rtol, self.atol, self.equal_nan = subclasses, rtol, atol, equal_nan
        self.dtype, self.stride = dtype, stride

    def __call__(self, actual: Any, expected: Any, where: str) -> None:
        one, two = isinstance(actual, TensorCore | np.ndarray), isinstance(expected, TensorCore | np.ndarray)
        if one and two:
            if not self.subclasses and type(actual) is not type(expected):
                raise TypeError(
                    f"{type(actual).__name__} and {type(expected).__name__} are of different classes{where}"
                )
            self._arrays(_array(actual), _array(expected), where, "Tensor-likes")
        elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
            if set(actual) != set(expected):
                raise AssertionError(f"The keys do not match{where}: {sorted(actual)} and {sorted(expected)}")
            for key in actual:
                self(actual[key], expected[key], f"{where} at key {key!r}")
        elif _is_sequence(actual) and _is_sequence(expected):
            if len(actual) != len(expected):
                raise AssertionError(f"The length of the sequences mismatch{where}: {len(actual)} != {len(expected)}")
            for k, pair in enumerate(zip(actual, expected, strict=True)):
                self(*pair, f"{where} at index {k}")
        elif actual is None or expected is None:
            if actual is not expected:
                raise AssertionError(f"None mismatch{where}: {actual} is not {expected}")
        elif _is_number(actual) and _is_number(expected):
            self._arrays(_array(actual), _array(expected), where, "Scalars")
        elif (one or two) and (_is_number(actual) or _is_number(expected)):
            raise AssertionError(f"{type(actual).__name__} and {type(expected).__name__} cannot be compared{where}")
        else:
            raise TypeError(
                f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}{where}."
            )

    def _arrays(self, a: np.ndarray, b: np.ndarray, where: str, what: str) -> None:
        if a.shape != b.shape:
            raise AssertionError(f"The values for attribute 'shape' do not match{where}: {a.shape} != {b.shape}.")
        if self.dtype and a.dtype != b.dtype and what != "Scalars":
            raise AssertionError(f"The values for attribute 'dtype' do not match{where}: {a.dtype} != {b.dtype}.")
        if self.stride and a.strides != b.strides:
            raise AssertionError(
                f"The values for attribute 'stride()' do not match{where}: {a.strides} != {b.strides}."
            )
        defaults = [_TOLERANCES.get(dtypes.to_dtype(x.dtype), (0.0, 0.0)) for x in (a, b)]
        rtol = max(r for r, _ in defaults) if self.rtol is None else self.rtol
        atol = max(t for _, t in defaults) if self.atol is None else self.atol
        close = np.isclose(a, b, rtol, atol, self.equal_nan) if a.dtype != bool or b.dtype != bool else a == b
        if close.all():
            return
        with np.errstate(all="ignore"):
            wide = np.result_type(a, b, np.float64)
            difference = np.where(close, 0, np.abs(a.astype(wide) - b.astype(wide)))
            relative = np.where(close, 0, difference / np.abs(b.astype(wide)))
        if not a.ndim:
            raise AssertionError(
                f"{what} are not close{where}!\n\nExpected {b.item()} but got {a.item()}.\n"
                f"Absolute difference: {difference.item():.6g} (up to {atol} allowed)\n"
                f"Relative difference: {relative.item():.6g} (up to {rtol} allowed)"
            )
        bad = int(a.size - close.sum())
        lines = [f"{what} are not close{where}!", "", f"Mismatched elements: {bad} / {a.size} ({bad / a.size:.1%})"]
        for name, values, limit in (("absolute", difference, atol), ("relative", relative, rtol)):
            at = tuple(int(k) for k in np.unravel_index(np.nanargmax(values), a.shape))
            lines.append(f"Greatest {name} difference: {values[at]:.6g} at index {at} (up to {limit} allowed)")
        raise AssertionError("\n".join(lines))


def _array(x: Any) -> np.ndarray:
    return x.array if isinstance(x, TensorCore) else np.asarray(x)


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float | complex | np.generic)


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def make_tensor(
    *shape: Any, dtype: Any, device: Any = None, low: float | None = None, high: float | None = None,
    requires_grad: bool = False, noncontiguous: bool = False, exclude_zero: bool = False, memory_format: Any = None,
) -> Any:  # fmt: skip
    """Random numbers, all equally likely in [low, high): by default [-9, 9), and for truth values both.

    Args:
        shape: the sizes.
        dtype: of the elements.
        device: only the CPU.
        low, high: the bounds.
        requires_grad: whether gradients are wanted.
        noncontiguous: whether there are to be gaps between the elements in memory.
        exclude_zero: whether zeros become the smallest number that is none.
        memory_format: the order in memory.

    Raises:
        ValueError: if `low` is not below `high`; for both `noncontiguous` and `memory_format`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.testing.make_tensor(2, 3, dtype=tg.float32, device="cpu").shape
        Size([2, 3])
    """
    to_device(device)
    target = dtypes.to_dtype(dtype)
    sizes = to_shape("make_tensor", shape)
    if noncontiguous and memory_format is not None:
        raise ValueError(
            f"The parameters `noncontiguous` and `memory_format` are mutually exclusive, got {memory_format}"
        )
    least: float
    most: float
    least, most = (0, 2) if target.numpy.kind == "b" else (0, 10) if target.numpy.kind == "u" else (-9, 9)
    least, most = (least if low is None else low), (most if high is None else high)
    if not least < most:
        raise ValueError(f"`low` must be less than `high`, but got {least} >= {most}")
    source, count = current_generator(), int(np.prod(sizes, dtype=np.int64)) * (2 if noncontiguous else 1)
    if target.numpy.kind in "fc":
        drawn: Any = source.uniform_between(count, least, most, np.dtype(np.float64))
        if target.is_complex:
            drawn = drawn + 1j * source.uniform_between(count, least, most, np.dtype(np.float64))
    else:
        drawn = source.integers(count, int(np.ceil(least)), int(np.ceil(most)))
    array = drawn.astype(target.numpy)
    if exclude_zero:
        array[array == 0] = np.finfo(target.numpy).tiny if target.numpy.kind in "fc" else 1
    array = array.reshape(*sizes, 2)[..., 0] if noncontiguous else array.reshape(sizes)
    made = make(array, requires_grad)
    return made if memory_format is None else made.contiguous(memory_format=memory_format)
