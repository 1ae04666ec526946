"""Saving a module's tensors in a dict by their paths, and loading them: all that fits or nothing."""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tinygrad_lite.graph import RemovableHandle, no_grad
from tinygrad_lite.nn.parameter import Parameter, is_lazy
from tinygrad_lite.nn.walking import Walks
from tinygrad_lite.tensor import Tensor

__all__ = ["IncompatibleKeys", "Saves"]

if TYPE_CHECKING:
    from tinygrad_lite.nn.modules.module import Module

_EXTRA = "_extra_state"
"""The key, after the module's path, of what `get_extra_state` returns."""


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict(strict=False)` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class _Loading(threading.local):
    """What this thread is to copy once all of a state dict is known to fit; None to copy at once."""

    later: list[Callable[[], Any]] | None = None


_loading = _Loading()


class Saves(Walks):
    """What a module does to be saved and loaded."""

    _version: int = 1
    """Is saved with the tensors; a subclass that changes what it saves counts it up."""

    _non_persistent_buffers_set: set[str]
    _state_dict_hooks: Mapping[int, Any] = MappingProxyType({})
    _state_dict_pre_hooks: Mapping[int, Any] = _state_dict_hooks
    _load_state_dict_pre_hooks: Mapping[int, tuple[Any, bool]] = _state_dict_hooks
    _load_state_dict_post_hooks: Mapping[int, Any] = _state_dict_hooks

    # --- saving ------------------------------------------------------------------------------------

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by path; they share memory with the module.

        Args:
            args: the other three in their order, as in older programs; with a warning.
            destination: a dict to add to.
            prefix: what to put before each path.
            keep_vars: give the parameters themselves instead of detached tensors.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead: destination, prefix, keep_vars",
                FutureWarning, stacklevel=2,
            )  # fmt: skip
            destination, prefix, keep_vars = list(args) + [destination, prefix, keep_vars][len(args) :]
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in list(self._state_dict_pre_hooks.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in list(self._state_dict_hooks.values()):
            answer = hook(self, destination, prefix, metadata)
            if answer is not None:
                if getattr(hook, "_from_public_api", False):
                    raise RuntimeError("state_dict post-hook must return None")
                destination = answer
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Put the module's own tensors into `destination`; a subclass may put in others."""
        for name, tensor in self._saved():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not Saves.get_extra_state:
            destination[prefix + _EXTRA] = self.get_extra_state()

    def _saved(self) -> list[tuple[str, Any]]:
        """The module's own tensors that are saved."""
        kept = (item for item in self._buffers.items() if item[0] not in self._non_persistent_buffers_set)
        return [item for item in chain(self._parameters.items(), kept) if item[1] is not None]

    def get_extra_state(self) -> Any:
        """What else to save of the module; a subclass that defines it defines `set_extra_state`, too.

        Raises:
            RuntimeError: if it does not.
        """
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called: define it in the subclass."
        )

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` returned; a subclass defines it.

        Raises:
            RuntimeError: if it does not.
        """
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called: define it in the subclass."
        )

    # --- loading -----------------------------------------------------------------------------------

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy tensors by path into parameters and buffers. Nothing is copied unless all of it fits.

        (Modules with a `_load_from_state_dict` of their own load at once, as in PyTorch.)

        Args:
            state_dict: what another module's `state_dict()` returned.
            strict: whether the paths have to match exactly.
            assign: take the tensors themselves instead of copying.

        Returns:
            `(missing_keys, unexpected_keys)`.

        Raises:
            RuntimeError: for shapes that differ; with `strict`, for missing and unexpected paths.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        state: Any = OrderedDict(state_dict)
        metadata = getattr(state_dict, "_metadata", None)
        if metadata is not None:
            state._metadata = metadata
        found, problems = IncompatibleKeys([], []), list[str]()
        outer, _loading.later = _loading.later, []
        try:
            hooked = _collect(cast("Module", self), state, "", metadata or {}, assign, found, problems)
            waiting = _loading.later
        finally:
            _loading.later = outer
        failed = problems or (strict and not hooked and any(found))
        if not failed:
            with no_grad():
                for copy in waiting:
                    copy()
            for module in hooked:
                for hook in list(module._load_state_dict_post_hooks.values()):
                    if hook(module, found) is not None:
                        raise AssertionError(
                            "Hooks registered with `register_load_state_dict_post_hook` are not expected to return new "
                            "values, if incompatible_keys need to be modified, it should be done inplace."
                        )
        if strict:
            problems = [_listed("Missing", found.missing_keys), _listed("Unexpected", found.unexpected_keys), *problems]
        problems = [problem for problem in problems if problem]
        if problems:
            name = type(self).__name__
            raise RuntimeError(f"Error(s) in loading state_dict for {name}:\n\t" + "\n\t".join(problems))
        return found

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str],
        unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        """Load the module's own tensors, not those of its parts; a subclass may do so otherwise.

        Args:
            state_dict: the tensors by path; it may be changed.
            prefix: what this module's paths begin with.
            local_metadata: what was saved of this module, such as `version`.
            strict: whether to note missing and unexpected paths.
            missing_keys: where to note paths that are not there.
            unexpected_keys: where to note those that nothing is loaded from.
            error_msgs: where to note what else is wrong.
        """
        for hook, with_module in list(self._load_state_dict_pre_hooks.values()):
            lead = (self,) if with_module else ()
            hook(*lead, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = dict(self._saved())
        for name, target in own.items():
            path = prefix + name
            if path not in state_dict:
                if strict:
                    missing_keys.append(path)
                continue
            given = state_dict[path]
            problem = _misfit(path, given, target)
            if problem:
                error_msgs.append(problem)
            elif is_lazy(given):
                continue
            elif local_metadata.get("assign_to_params_buffers", False):
                _do(partial(_assign, self, name, target, given))
            else:
                one = not target.array.ndim and given.array.ndim == 1  # as very old checkpoints have numbers
                _do(partial(target.copy_, given[0] if one else given))
        extra = prefix + _EXTRA
        if type(self).set_extra_state is not Saves.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for path in state_dict:
                if path.startswith(prefix) and path != extra:
                    name, dot, _ = path[len(prefix) :].partition(".")
                    if name not in (self._modules if dot else own):
                        unexpected_keys.append(path)

    # --- hooks -------------------------------------------------------------------------------------

    def _add_hook(self, kind: str, hook: Any) -> RemovableHandle:
        """Add to hooks that only modules have which somebody gave one."""
        return RemovableHandle(self.__dict__.setdefault(kind, {}), hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before the module is saved."""
        return self._add_hook("_state_dict_pre_hooks", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` when the module and its parts are saved."""
        hook._from_public_api = True  # type: ignore[attr-defined]
        return self._add_hook("_state_dict_hooks", hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As `register_state_dict_post_hook`; what the hook returns replaces the dict."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError("Cannot register the same function as a state dict post-hook and a private one")
        return self._add_hook("_state_dict_hooks", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, *arguments of _load_from_state_dict)` before the module is loaded."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        """The same, with or without the module as first argument."""
        return self._add_hook("_load_state_dict_pre_hooks", (hook, with_module))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` when all is loaded; it may change the two lists in place."""
        return self._add_hook("_load_state_dict_post_hooks", hook)


def _collect(
    module: Module, state: Any, prefix: str, metadata: Any, assign: bool, found: IncompatibleKeys, problems: list[str]
) -> list[Module]:
    """Have the module and its parts load; returns those that want to know when that is done, parts first."""
    local = dict(metadata.get(prefix[:-1], {}))
    if assign:
        local["assign_to_params_buffers"] = True
    arguments = (state, prefix, local, True, found.missing_keys, found.unexpected_keys, problems)
    waiting = _loading.later
    if not type(module)._load_from_state_dict.__module__.startswith("tinygrad_lite."):
        _loading.later = None  # what comes after the call of its parent's may ask for what was loaded
    try:
        module._load_from_state_dict(*arguments)
    finally:
        _loading.later = waiting
    hooked = []
    for name, part in module._modules.items():
        if part is not None:
            start = f"{prefix}{name}."
            inside = {path: value for path, value in state.items() if path.startswith(start)}
            hooked += _collect(part, inside, start, metadata, assign, found, problems)
    return [*hooked, module] if module._load_state_dict_post_hooks else hooked


def _do(copy: Callable[[], Any]) -> None:
    """Copy when all is known to fit, or at once."""
    if _loading.later is not None:
        _loading.later.append(copy)
        return
    with no_grad():
        copy()


def _assign(module: Any, name: str, target: Any, given: Any) -> None:
    """The tensor itself in the place of the module's own."""
    if isinstance(target, Parameter):
        if isinstance(given, Parameter):
            given.requires_grad_(target.requires_grad)
        else:
            given = Parameter(given, requires_grad=target.requires_grad)
    setattr(module, name, given)


def _listed(kind: str, paths: Sequence[str]) -> str:
    return f"{kind} key(s) in state_dict: " + ", ".join(f'"{path}"' for path in paths) + ". " if paths else ""


def _misfit(path: str, given: Any, target: Any) -> str:
    """Why `given` cannot be loaded into `target`; empty if it can."""
    if not isinstance(given, Tensor):
        return (
            f'While copying the parameter named "{path}", expected torch.Tensor or Tensor-like object from checkpoint '
            f"but received {type(given)}"
        )
    if is_lazy(given) and not is_lazy(target):
        return f'While copying the parameter named "{path}": the checkpoint has it uninitialized, the model has not.'
    if not is_lazy(target) and given.shape != target.shape and (target.shape or given.ndim != 1 or not len(given)):
        return (
            f"size mismatch for {path}: copying a param with shape {given.shape} from checkpoint, the shape in "
            f"current model is {target.shape}."
        )
    return ""
