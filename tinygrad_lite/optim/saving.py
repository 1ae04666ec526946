"""The state of an optimiser as a dict that can be stored, and back."""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from typing import Any

from tinygrad_lite.graph import TensorCore
from tinygrad_lite.tensors import make

__all__ = ["packed", "unpacked"]


def packed(state: dict[Any, Any], groups: list[dict[str, Any]]) -> dict[str, Any]:
    """The state and the settings, with numbers in place of the parameters."""
    numbers: dict[int, int] = {}
    packed_groups = []
    for group in groups:
        for p in group["params"]:
            numbers.setdefault(id(p), len(numbers))
        settings = {name: value for name, value in group.items() if name != "params"}
        packed_groups.append({**settings, "params": [numbers[id(p)] for p in group["params"]]})
    seen: set[int] = set()
    packed_state = {
        numbers.get(id(p), p): _apart(values, seen) if isinstance(values, dict) else values
        for p, values in state.items()
        if values or not isinstance(values, dict)
    }
    return {"state": packed_state, "param_groups": packed_groups}


def _apart(values: dict[str, Any], seen: set[int]) -> dict[str, Any]:
    """The state of one parameter, without the tensors of others: PyTorch counts steps in place, for each by itself."""
    own = {}
    for name, value in values.items():
        own[name] = make(value.array.copy()) if isinstance(value, TensorCore) and id(value) in seen else value
        seen.add(id(value))
    return own


def unpacked(state_dict: dict[str, Any], groups: list[dict[str, Any]]) -> dict[str, Any]:
    """The state and the groups that a `state_dict` says, for the parameters in `groups`.

    Raises:
        ValueError: if the groups differ in number or size.
    """
    given = deepcopy(state_dict["param_groups"])
    if len(given) != len(groups):
        raise ValueError(
            f"loaded state dict has a different number of parameter groups: {len(given)}, here are {len(groups)}"
        )
    by_number: dict[Any, Any] = {}
    for new, own in zip(given, groups, strict=True):
        if len(new["params"]) != len(own["params"]):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                f"{len(new['params'])} parameters, here are {len(own['params'])}"
            )
        by_number.update(zip(new["params"], own["params"], strict=True))
    state: defaultdict[Any, Any] = defaultdict(dict)
    for number, values in state_dict["state"].items():
        p = by_number.get(number)
        state[number if p is None else p] = _converted(values, p)
    for new, own in zip(given, groups, strict=True):
        new["params"] = own["params"]
        if "param_names" in own:
            new.setdefault("param_names", own["param_names"])
    return {"state": state, "param_groups": given}


def _converted(value: Any, p: Any, name: Any = None) -> Any:
    """A copy of a piece of state, its tensors in the dtype of the parameter it belongs to; counts stay as they are."""
    if isinstance(value, dict):
        return {key: _converted(part, p, key) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_converted(part, p) for part in value)
    if isinstance(value, TensorCore) and p is not None and name != "step" and p.array.dtype.kind == "f":
        array: Any = value.array
        return make(array.astype(p.array.dtype))
    return deepcopy(value)
