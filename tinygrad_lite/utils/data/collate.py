"""From a list of samples to a batch."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from copy import copy
from typing import Any

import numpy as np

from tinygrad_lite.dtypes import BY_NUMPY, FLOAT64
from tinygrad_lite.functions.creation import as_tensor, tensor
from tinygrad_lite.functions.joining import stack
from tinygrad_lite.tensor import Tensor
from tinygrad_lite.tensors import bare, make
from tinygrad_lite.utils.data.dataset import Rows


def default_collate(batch: Sequence[Any]) -> Any:
    """Samples as one batch: what `DataLoader` does unless it is given a `collate_fn`.

    Tensors and arrays are stacked along a new dimension 0, numbers become a tensor (Python's `float`
    a float64 one), strings stay as they are. In samples that are dicts, named tuples, tuples or lists
    each place is collated by itself; tuples come back as a list.

    Args:
        batch: the samples, all of the same structure.

    Raises:
        TypeError: for what cannot be collated, such as None.
        RuntimeError: if tensors differ in shape, or lists in length.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.utils.data import default_collate
        >>> default_collate([(tg.tensor([0.5, 1.5]), "a"), (tg.tensor([2.5, 3.5]), "b")])
        [tensor([[0.5000, 1.5000],
                [2.5000, 3.5000]]), ('a', 'b')]
        >>> default_collate([{"x": 1, "y": 2}, {"x": 3, "y": 4}])
        {'x': tensor([1, 3]), 'y': tensor([2, 4])}
    """
    if not isinstance(batch, Rows):
        return _collate(batch)
    stacked = batch.stacked()
    return _collate(list(batch)) if stacked is None else stacked


def _collate(batch: Sequence[Any]) -> Any:
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch)
    if isinstance(first, np.ndarray):
        return _collate_arrays(batch)
    if isinstance(first, np.bool_ | np.number):
        return as_tensor(batch)
    if isinstance(first, float | int):
        return _collate_numbers(batch)
    if isinstance(first, str | bytes):
        return batch
    return _collate_containers(batch)


def _collate_numbers(batch: Sequence[Any]) -> Any:
    kinds = set(map(type, batch))
    if kinds in ({int}, {float}):  # nearly always
        return make(np.array(batch, np.int64 if kinds == {int} else FLOAT64))
    return tensor(batch, dtype=FLOAT64) if isinstance(batch[0], float) else tensor(batch)


def _collate_arrays(batch: Sequence[Any]) -> Any:
    if batch[0].dtype.kind in "SUO":
        raise TypeError(_unsuitable(batch[0].dtype))
    if all([type(item) is np.ndarray and item.dtype in BY_NUMPY for item in batch]):  # noqa: C419 - a list is faster
        return stack([bare(item) for item in batch])
    return stack([as_tensor(item) for item in batch])


def _collate_containers(batch: Sequence[Any]) -> Any:
    first = batch[0]
    if isinstance(first, Mapping):
        return _mapping_like(first, {key: _collate([sample[key] for sample in batch]) for key in first})
    if not isinstance(first, Sequence):
        raise TypeError(_unsuitable(type(first)))
    if any(len(sample) != len(first) for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    return _sequence_like(first, [_collate(place) for place in zip(*batch, strict=True)])


def _unsuitable(found: Any) -> str:
    known = "tensors, numpy arrays, numbers, dicts or lists"
    return f"default_collate: batch must contain {known}; found {found}"


def default_convert(data: Any) -> Any:
    """Arrays in a sample as tensors, the rest as it is: what `DataLoader(batch_size=None)` does.

    Args:
        data: one sample. In dicts, named tuples, tuples and lists each place is converted by itself;
            tuples come back as a list.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lite.utils.data import default_convert
        >>> default_convert({"x": np.array([1, 2]), "name": "a"})
        {'x': tensor([1, 2]), 'name': 'a'}
    """
    if isinstance(data, Tensor | str | bytes):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return data if data.dtype.kind in "SUO" else as_tensor(data)
    if isinstance(data, Mapping):
        return _mapping_like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence):
        return _sequence_like(data, [default_convert(item) for item in data])
    return data


def _mapping_like(model: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """`values` in a mapping of the kind of `model`, a plain dict where that kind cannot be made."""
    try:
        if not isinstance(model, MutableMapping):
            return type(model)(values)  # type: ignore[call-arg]
        same = copy(model)  # not type(model)(values): it may have a default factory, or attributes
        same.update(values)
        return same
    except TypeError:
        return values


def _sequence_like(model: Sequence[Any], values: list[Any]) -> Any:
    """`values` in a sequence of the kind of `model`, a list for tuples and where that kind cannot be made."""
    if isinstance(model, tuple):
        return type(model)(*values) if hasattr(model, "_fields") else values
    try:
        if not isinstance(model, MutableSequence):
            return type(model)(values)  # type: ignore[call-arg]
        same = copy(model)
        for k, value in enumerate(values):
            same[k] = value
        return same
    except TypeError:
        return values
