"""Loading a state dict into a module: all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygrad_lite.graph import no_grad
from tinygrad_lite.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad_lite.nn.modules.module import Module


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict(strict=False)` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def load(module: Module, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """What `Module.load_state_dict` does."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    own = module.state_dict(keep_vars=True)
    missing = [path for path in own if path not in state_dict]
    unexpected = [path for path in state_dict if path not in own]
    problems = [_listed("Missing", missing), _listed("Unexpected", unexpected)] if strict else []
    problems += [_misfit(path, state_dict[path], target) for path, target in own.items() if path in state_dict]
    problems = [problem for problem in problems if problem]
    if problems:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(problems))
    with no_grad():
        for path, target in own.items():
            if path not in state_dict:
                continue
            if assign:
                target.data = state_dict[path]
            else:
                target.copy_(state_dict[path])
    return IncompatibleKeys(missing, unexpected)


def _listed(kind: str, paths: Sequence[str]) -> str:
    return f"{kind} key(s) in state_dict: " + ", ".join(f'"{path}"' for path in paths) + ". " if paths else ""


def _misfit(path: str, given: Any, target: Any) -> str:
    """Why `given` cannot be loaded into `target`; empty if it can."""
    if not isinstance(given, Tensor):
        return (
            f'While copying the parameter named "{path}", expected torch.Tensor or Tensor-like object from checkpoint '
            f"but received {type(given)}"
        )
    if given.shape != target.shape:
        return (
            f"size mismatch for {path}: copying a param with shape {given.shape} from checkpoint, the shape in "
            f"current model is {target.shape}."
        )
    return ""
