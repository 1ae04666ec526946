"""What all optimisers share: groups of parameters, their state, and the step over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.graph import RemovableHandle, TensorCore, enable_grad
from tinygrad_lite.nn.parameter import forget_gradient
from tinygrad_lite.optim.flat import Block, Flat
from tinygrad_lite.optim.pitfalls import Watch
from tinygrad_lite.quiet import quiet
from tinygrad_lite.tensors import make
from tinygrad_lite.views import note_write

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class Optimizer:
    """The base class of optimisers.

    A subclass names its state arrays in `slots` and computes a step in `update`.

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        defaults: the settings of groups that do not say otherwise.

    Attributes:
        param_groups: the groups, dicts with `params` and the settings.
        state: for each parameter, its state by name.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, TensorCore):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{type(params).__name__}"
            )
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._forget_flats_and_hooks()
        if defaults.get("foreach") and defaults.get("fused"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _forget_flats_and_hooks(self) -> None:
        self._flats: dict[int, tuple[Any, list[Flat]]] = {}
        self._before: dict[int, Any] = {}
        self._after: dict[int, Any] = {}
        self._watch = Watch()

    # --- what a subclass defines -------------------------------------------------------------------

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The names of the state arrays that parameters of this group need."""
        raise NotImplementedError

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """Update the state from the gradient; returns what to subtract from the parameters."""
        raise NotImplementedError

    def needs_values(self, group: dict[str, Any]) -> bool:
        """Whether `update` reads the parameters' values."""
        return bool(group.get("weight_decay"))

    def check(self, group: dict[str, Any]) -> None:
        """Refuse settings that make no sense.

        Raises:
            ValueError: naming the setting.
        """

    counts_steps = True  # whether "step" is part of the state, as in PyTorch

    # --- groups ------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters with settings of its own.

        Raises:
            TypeError: if it holds something else than tensors.
            ValueError: if a tensor is no leaf, is in another group, or a setting makes no sense.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        group = dict(param_group)
        params = group["params"]
        if isinstance(params, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections, not in a set")
        params = [params] if isinstance(params, TensorCore) else list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        if names:
            group["param_names"] = names
        if any(bool(names) != ("param_names" in other) for other in self.param_groups) or 0 < len(names) < len(params):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        group["params"] = params = [p[1] for p in params] if names else params
        for p in params:
            if not isinstance(p, TensorCore):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if p.node is not None and not getattr(p, "retains_grad", False):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        known = {id(p) for other in self.param_groups for p in other["params"]}
        if known & {id(p) for p in params}:
            raise ValueError("some parameters appear in more than one parameter group")
        if len({id(p) for p in params}) < len(params):
            raise ValueError("optimizer contains a parameter group with duplicate parameters")
        self.check(group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or with `set_to_none=False` write zeros into them."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    forget_gradient(p, set_to_none)

    # --- stepping ----------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients.

        Args:
            closure: computes the loss anew, with its gradients; its result is returned.
        """
        args: tuple[Any, ...] = (self,) if closure is None else (self, closure)
        if self._before:
            closure, args = self._run_hooks_before(args)
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        self._watch.look(self.param_groups)
        with quiet():
            for index, group in enumerate(self.param_groups):
                for flat in self._arranged(index, group):
                    self._step_flat(flat, group)
        if self._after:
            for hook in list(self._after.values()):
                hook(self, args, {})
        return loss

    def _run_hooks_before(self, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        """The closure and the arguments of `step`, as the hooks leave them."""
        kwargs: dict[str, Any] = {}
        for hook in list(self._before.values()):
            answer = hook(self, args, kwargs)
            if answer is None:
                continue
            if not (isinstance(answer, tuple) and len(answer) == 2):
                raise RuntimeError(
                    f"a step pre-hook must return None or a tuple of (new_args, new_kwargs), but got {answer}."
                )
            args, kwargs = answer
        return args[1] if len(args) > 1 else kwargs.get("closure"), args

    def _step_flat(self, flat: Flat, group: dict[str, Any]) -> None:
        if flat.count is None:
            flat.step += 1
        else:
            count = flat.count.array
            count += 1
            flat.step = int(count)
        flat.gather(self.needs_values(group))
        for block in flat.blocks:
            block.step = flat.step
            if group.get("maximize"):
                np.negative(block.gradient, out=block.gradient)
            delta = self.update(block, group)
            if delta is not block.gradient:
                block.gradient[...] = delta
        for p, delta in zip(flat.params, flat.deltas, strict=True):
            np.subtract(p.array, delta, out=p.array)
            note_write(p, "Optimizer.step")

    def _arranged(self, index: int, group: dict[str, Any]) -> list[Flat]:
        """The flat arrays for those parameters of a group that have a gradient."""
        active = [p for p in group["params"] if p._grad is not None]
        slots = tuple(self.slots(group))
        key = ([id(p) for p in active], slots)
        known, flats = self._flats.get(index, (None, []))
        if key == known and all(flat.in_use(self.state) for flat in flats):
            return flats
        alike: dict[tuple[int, str], list[Any]] = {}
        for p in active:
            alike.setdefault((self._age(p, slots), p.array.dtype.char), []).append(p)
        flats = [Flat(params, age, slots, self.counts_steps, self.state) for (age, _), params in alike.items()]
        self._flats[index] = key, flats
        return flats

    def _age(self, p: Tensor, slots: Sequence[str]) -> int:
        """How many steps a parameter has taken; where they are not counted, whether it has taken any."""
        state = self.state.get(p, {})
        if self.counts_steps:
            return int(state.get("step", 0))
        return int(bool(slots) and all(state.get(name) is not None for name in slots))

    # --- saving and loading ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the settings; parameters are named by their number, as PyTorch does."""
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
            settings = {name: value for name, value in group.items() if name != "params"}
            groups.append({**settings, "params": [numbers[id(p)] for p in group["params"]]})
        state = {numbers.get(id(p), p): dict(values) for p, values in self.state.items() if values}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the state and settings that another optimiser's `state_dict()` returned.

        Raises:
            ValueError: if the groups differ in number or size.
        """
        groups = state_dict["param_groups"]
        if len(groups) != len(self.param_groups):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(groups)}, here are "
                f"{len(self.param_groups)}"
            )
        for given, own in zip(groups, self.param_groups, strict=True):
            if len(given["params"]) != len(own["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                    f"{len(given['params'])} parameters, here are {len(own['params'])}"
                )
        by_number = {
            number: p
            for given, own in zip(groups, self.param_groups, strict=True)
            for number, p in zip(given["params"], own["params"], strict=True)
        }
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for number, values in state_dict["state"].items():
            p = by_number.get(number)
            state[number if p is None else p] = {name: _loaded(name, value, p) for name, value in values.items()}
        self.state, self._flats = state, {}
        for given, own in zip(groups, self.param_groups, strict=True):
            own.update({name: deepcopy(value) for name, value in given.items() if name != "params"})

    def __getstate__(self) -> dict[str, Any]:
        """Without the hooks, and without the flat arrays: the next step lays them out again from the state."""
        passing = ("_flats", "_before", "_after", "_watch")
        return {name: value for name, value in self.__dict__.items() if name not in passing}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        self.__dict__.update(saved)
        self._forget_flats_and_hooks()

    # --- hooks and looks ---------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step."""
        return RemovableHandle(self._before, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return RemovableHandle(self._after, hook)

    def __repr__(self) -> str:
        lines = []
        for k, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {k}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


def _loaded(name: str, value: Any, p: Tensor | None) -> Any:
    """A copy of one entry of a state, its fractions in the dtype of the parameter it belongs to."""
    if not isinstance(value, TensorCore) or p is None or name == "step" or p.array.dtype.kind != "f":
        return deepcopy(value)
    return make(value.array.astype(p.array.dtype))


def check_positive(group: dict[str, Any], **names: str) -> None:
    """Refuse settings that are negative or NaN.

    Args:
        group: the group.
        names: what to call each setting in the error.

    Raises:
        ValueError: naming the setting and its value.
    """
    for name, called in names.items():
        if not group[name] >= 0.0:
            raise ValueError(f"Invalid {called}: {group[name]}")


def refuse_unknown_modes(**modes: Any) -> None:
    """Refuse what only makes sense on a GPU or inside a recorded step.

    Raises:
        NotImplementedError: naming the argument.
    """
    for name, value in modes.items():
        if value:
            raise NotImplementedError(f"{name}={value!r} is not implemented: steps are taken on the CPU, unrecorded")


Params: TypeAlias = Iterable[Any]
