"""What all optimisers share: groups of parameters, their state, and the step over them."""

from __future__ import annotations

import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.graph import RemovableHandle, TensorCore, enable_grad
from tinygrad_lite.nn.parameter import forget_gradient
from tinygrad_lite.optim.flat import Block, Flat
from tinygrad_lite.optim.hooks import (
    HOOKS,
    hooked,
    register_in,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from tinygrad_lite.optim.pitfalls import Watch
from tinygrad_lite.optim.saving import packed, unpacked
from tinygrad_lite.quiet import quiet
from tinygrad_lite.views import note_write

__all__ = [
    "Optimizer",
    "Params",
    "ParamsT",
    "check_betas",
    "check_positive",
    "refuse_unknown_modes",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "required",
]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
Params: TypeAlias = Iterable[Any]
ParamsT: TypeAlias = Params  # PyTorch's name
_NOTHING: Mapping[int, Any] = MappingProxyType({})


class _RequiredParameter:
    """Stands in `defaults` for a setting that every group must say itself."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()


class Optimizer:
    """The base class of optimisers.

    A subclass either names its state arrays in `slots` and computes a step over flat arrays in `update`;
    or it defines `step` itself, as for PyTorch, with `self.param_groups` and `self.state[p]`.

    Args:
        params: parameters, named parameters, or dicts of them with settings of their own.
        defaults: the settings of groups that do not say otherwise.

    Attributes:
        param_groups: the groups, dicts with `params` and the settings.
        state: for each parameter, its state by name.

    Example:
        >>> import tinygrad_lite as tg
        >>> class Descent(tg.optim.Optimizer):
        ...     def __init__(self, params, lr):
        ...         super().__init__(params, {"lr": lr})
        ...     @tg.no_grad()
        ...     def step(self):
        ...         for group in self.param_groups:
        ...             for p in group["params"]:
        ...                 p.add_(p.grad, alpha=-group["lr"])
        >>> w = tg.ones(2, requires_grad=True)
        >>> w.sum().backward()
        >>> Descent([w], lr=0.25).step(); w
        tensor([0.7500, 0.7500], requires_grad=True)
    """

    _optimizer_step_pre_hooks: Any = _NOTHING  # as long as no __init__ has run: some wrap an optimiser and call none
    _optimizer_step_post_hooks: Any = _NOTHING
    _optimizer_state_dict_pre_hooks: Any = _NOTHING
    _optimizer_state_dict_post_hooks: Any = _NOTHING
    _optimizer_load_state_dict_pre_hooks: Any = _NOTHING
    _optimizer_load_state_dict_post_hooks: Any = _NOTHING

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._forget_flats_and_hooks()
        if isinstance(params, TensorCore):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{type(params).__name__}"
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        if defaults.get("foreach") and defaults.get("fused"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = hooked(cls.step)  # type: ignore[method-assign]

    def _forget_flats_and_hooks(self) -> None:
        for name in HOOKS:
            setattr(self, name, OrderedDict())
        self._flats: dict[int, tuple[Any, list[Flat]]] = {}
        self._watch = Watch()

    # --- what a subclass defines -------------------------------------------------------------------

    def slots(self, group: dict[str, Any]) -> Sequence[str]:
        """The names of the state arrays that parameters of this group need."""
        raise NotImplementedError(f"{type(self).__name__} defines neither step() nor slots() and update()")

    def update(self, block: Block, group: dict[str, Any]) -> np.ndarray:
        """Update the state from the gradient; returns what to subtract from the parameters."""
        raise NotImplementedError

    def start_of(self, slot: str, group: dict[str, Any]) -> float:
        """What a state array is full of before the first step."""
        return 0.0

    def numbers(self, group: dict[str, Any]) -> dict[str, float]:
        """The state that is one number for each parameter, and its start."""
        return {"step": 0.0}

    def begin(self, numbers: dict[str, np.ndarray], group: dict[str, Any]) -> None:
        """Change the numbers before the blocks of a step are computed."""
        if "step" in numbers:
            numbers["step"] += 1

    def end(self, numbers: dict[str, np.ndarray], group: dict[str, Any]) -> None:
        """Change the numbers after the blocks of a step are computed."""

    def needs_values(self, group: dict[str, Any]) -> bool:
        """Whether `update` reads the parameters' values."""
        return bool(group.get("weight_decay"))

    def check(self, group: dict[str, Any]) -> None:
        """Refuse settings that make no sense.

        Raises:
            ValueError: naming the setting.
        """

    # --- groups ------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters with settings of its own.

        Raises:
            TypeError: if it holds something else than tensors.
            ValueError: if a tensor is no leaf, is in another group, or a setting makes no sense.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        group = param_group
        params = group["params"]
        if isinstance(params, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections, not in a set")
        params = [params] if isinstance(params, TensorCore) else list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        if names:
            group["param_names"] = names
        named = "param_names" in group
        if 0 < len(names) < len(params):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        if any(named != ("param_names" in other) for other in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if named else 'without'} names to the optimizer"
            )
        group["params"] = params = [p[1] for p in params] if names else params
        for p in params:
            if not isinstance(p, TensorCore):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if p.node is not None and not getattr(p, "retains_grad", False):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, default)
        known = {id(p) for other in self.param_groups for p in other["params"]}
        if known & {id(p) for p in params}:
            raise ValueError("some parameters appear in more than one parameter group")
        if len({id(p) for p in params}) < len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters: a step moves them several times",
                stacklevel=3,
            )
        lr = group.get("lr")
        if isinstance(lr, TensorCore) and lr.array.size != 1:
            raise ValueError(f"Tensor lr must be 1-element, but has the shape {tuple(lr.array.shape)}")
        self.check(group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or with `set_to_none=False` write zeros into them."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    forget_gradient(p, set_to_none)

    # --- stepping ----------------------------------------------------------------------------------

    @hooked
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients.

        Args:
            closure: computes the loss anew, with its gradients; its result is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        self._watch.look(self.param_groups)
        with quiet():
            for index, group in enumerate(self.param_groups):
                self.step_group(index, group)
        return loss

    def step_group(self, index: int, group: dict[str, Any]) -> None:
        """The step of one group of parameters, over flat arrays."""

        def update(block: Block) -> np.ndarray:
            return self.update(block, group)

        for flat in self._arranged(index, group):
            self.begin(flat.numbers, group)
            flat.step = int(flat.numbers["step"]) if "step" in flat.numbers else flat.step + 1
            flat.run(update, bool(group.get("maximize")), self.needs_values(group))
            self.end(flat.numbers, group)
            for p in flat.params:
                note_write(p, "Optimizer.step")

    def _arranged(self, index: int, group: dict[str, Any]) -> Iterable[Flat]:
        """The flat arrays for those parameters of a group that have a gradient."""
        active = [p for p in group["params"] if p._grad is not None]
        slots = tuple(self.slots(group))
        key = ([id(p) for p in active], slots)
        known, flats = self._flats.get(index, (None, []))
        if key == known and all(flat.in_use(self.state) for flat in flats):
            return flats
        self._flats.pop(index, None)
        times = Counter(key[0])
        if len(times) < len(active):  # some are there several times: first each once, then those again
            rounds = range(max(times.values()))
            return chain.from_iterable(
                self._laid_out([p for p in {id(p): p for p in active}.values() if times[id(p)] > k], slots, group)
                for k in rounds
            )
        flats = self._laid_out(active, slots, group)
        self._flats[index] = key, flats
        return flats

    def _laid_out(self, params: Sequence[Tensor], slots: Sequence[str], group: dict[str, Any]) -> list[Flat]:
        """The flat arrays for these parameters: one for each dtype and number of steps taken."""
        numbers = self.numbers(group)
        alike: dict[Any, list[Any]] = {}
        for p in params:
            alike.setdefault((self._age(p, slots, numbers), p.array.dtype.char), []).append(p)
        starts = {name: self.start_of(name, group) for name in slots}
        return [Flat(same, age[0], starts, numbers, self.state) for (age, _), same in alike.items()]

    def _age(self, p: Tensor, slots: Sequence[str], numbers: dict[str, float]) -> tuple[Any, ...]:
        """How many steps a parameter has taken; where they are not counted, whether it has taken any.

        With the other numbers that are kept for it: parameters that agree in them can share flat arrays.
        """
        state = self.state.get(p, {})
        if "step" not in numbers:
            return (int(bool(slots) and all(state.get(name) is not None for name in slots)),)
        known = [state[name] for name in numbers if name in state]
        return int(state.get("step", 0)), *((float(n), str(getattr(n, "dtype", ""))) for n in known)

    # --- saving and loading ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the settings; parameters are named by their number, as PyTorch does."""
        for hook in list(self._optimizer_state_dict_pre_hooks.values()):
            hook(self)
        state_dict = packed(self.state, self.param_groups)
        for hook in list(self._optimizer_state_dict_post_hooks.values()):
            answer = hook(self, state_dict)
            state_dict = state_dict if answer is None else answer
        return state_dict

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the state and settings that another optimiser's `state_dict()` returned.

        Raises:
            ValueError: if the groups differ in number or size.
        """
        state_dict = dict(state_dict)
        for hook in list(self._optimizer_load_state_dict_pre_hooks.values()):
            answer = hook(self, state_dict)
            state_dict = state_dict if answer is None else answer
        self.__setstate__(unpacked(state_dict, self.param_groups))
        for hook in list(self._optimizer_load_state_dict_post_hooks.values()):
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        """Without the hooks, and without the flat arrays: the next step lays them out again from the state."""
        passing = ("_flats", "_watch", *HOOKS)
        return {name: value for name, value in self.__dict__.items() if name not in passing}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        self.__dict__.update(saved)
        if "_flats" not in self.__dict__:
            self._forget_flats_and_hooks()
        self._flats.clear()

    # --- hooks and looks ---------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return other `(args, kwargs)`."""
        return register_in(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return register_in(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before each `state_dict()`; with `prepend` before the other hooks."""
        return register_in(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after each `state_dict()`; it may return another one."""
        return register_in(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before each `load_state_dict()`; it may return another one."""
        return register_in(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after each `load_state_dict()`."""
        return register_in(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    def __repr__(self) -> str:
        lines = []
        for k, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {k}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


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


def check_betas(group: dict[str, Any]) -> None:
    """Refuse rates of forgetting that are not in [0, 1).

    Raises:
        ValueError: naming the rate.
    """
    for k, beta in enumerate(group["betas"]):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {k}: {beta}")


def refuse_unknown_modes(**modes: Any) -> None:
    """Refuse what only makes sense on a GPU or inside a recorded step.

    Raises:
        NotImplementedError: naming the argument.
    """
    for name, value in modes.items():
        if value:
            raise NotImplementedError(f"{name}={value!r} is not implemented: steps are taken on the CPU, unrecorded")
