"""What all ways of pruning share: a mask, computed once, and a hook that applies it at each call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from tinygrad_lite.functions.creation import ones_like

__all__ = ["BasePruningMethod", "PruningContainer"]

Tensor = Any  # a tinygrad_lite.Tensor


class BasePruningMethod(ABC):
    """A way of pruning. A subclass says in `compute_mask` what stays, and in `PRUNING_TYPE` what it looks at.

    That is "unstructured" (single elements), "structured" (slices along its `dim`) or "global" (all).

    Example:
        >>> import tinygrad_lite as tg
        >>> class Negative(BasePruningMethod):
        ...     PRUNING_TYPE = "unstructured"
        ...     def compute_mask(self, t, default_mask):
        ...         return default_mask * (t >= 0)
        >>> Negative().prune(tg.tensor([1.0, -2.0]))
        tensor([1., -0.])
    """

    PRUNING_TYPE: ClassVar[str] = ""
    _tensor_name: str | None = None

    def __call__(self, module: Any, inputs: Any) -> None:
        """Multiply by the mask; called before each forward."""
        setattr(module, str(self._tensor_name), self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask, 1 for what stays and 0 for the rest; a subclass defines it.

        Args:
            t: the importance of each element: the tensor to prune, unless said otherwise.
            default_mask: the mask of those that were pruned before.
        """

    def apply_mask(self, module: Any) -> Tensor:
        """The parameter times the mask."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        original = getattr(module, f"{self._tensor_name}_orig")
        return getattr(module, f"{self._tensor_name}_mask").to(dtype=original.dtype) * original

    @classmethod
    def apply(cls, module: Any, name: str, *args: Any, importance_scores: Tensor = None, **kwargs: Any) -> Any:
        """Prune a parameter of a module, on top of what is pruned already.

        Args:
            module: the module.
            name: the parameter's name.
            args: for the class.
            importance_scores: the importance of each element; by default the parameter itself.
            kwargs: for the class.

        Returns:
            the method, or all methods that prune this parameter.
        """
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        before = [
            (key, hook)
            for key, hook in module._forward_pre_hooks.items()
            if isinstance(hook, BasePruningMethod) and hook._tensor_name == name
        ]
        if len(before) > 1:
            raise AssertionError(
                f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. Use a "
                "PruningContainer."
            )
        for key, hook in before:
            del module._forward_pre_hooks[key]
            both = hook if isinstance(hook, PruningContainer) else PruningContainer(hook)
            both.add_pruning_method(method)
            method = both
        current = getattr(module, name)
        scores = current if importance_scores is None else importance_scores
        if scores.shape != current.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, got {scores.shape} vs "
                f"{current.shape}"
            )
        first = not before
        mask = ones_like(current) if first else getattr(module, f"{name}_mask").detach().clone()
        mask = method.compute_mask(scores, default_mask=mask.detach())
        if first:
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", current)
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor = None, importance_scores: Tensor = None) -> Tensor:
        """A tensor times the mask that is computed for it.

        Args:
            t: the tensor.
            default_mask: a mask that holds already.
            importance_scores: the importance of each element; by default the tensor itself.
        """
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as tensor t, got {scores.shape} vs {t.shape}"
            )
        return t * self.compute_mask(scores, default_mask=ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Any) -> None:
        """Make what is left an ordinary parameter again. The zeros stay, but are trained from then on."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        name = self._tensor_name
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters.pop(f"{name}_orig")
        original.data = weight.detach()
        del module._buffers[f"{name}_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several ways of pruning one after the other; each looks only at what the others have left.

    Args:
        args: the methods.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.Linear(4, 4)
        >>> for _ in range(2):
        ...     _ = tg.nn.utils.prune.l1_unstructured(layer, "weight", 0.5)
        >>> int(layer.weight_mask.sum())
        4
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[Any, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Add one more.

        Raises:
            TypeError: if it is no pruning method.
            ValueError: if it is for another parameter.
        """
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and method._tensor_name != self._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to PruningContainer "
                f"{self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far, with what the last method takes away from what it has left."""
        method = self._pruning_methods[-1]
        left = _left_for(method, t, default_mask)
        mask = default_mask.to(dtype=t.dtype, copy=True)
        mask[left] = method.compute_mask(t[left], default_mask=default_mask[left]).to(dtype=mask.dtype)
        return mask


def _left_for(method: Any, t: Tensor, mask: Tensor) -> Any:
    """The index of what a method has to look at."""
    if method.PRUNING_TYPE == "unstructured":
        return mask == 1
    everything = [slice(None)] * t.ndim
    if method.PRUNING_TYPE == "structured":
        if not hasattr(method, "dim"):
            raise AttributeError(
                'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
            )
        if method.dim < -t.ndim:
            raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
        dim = method.dim % t.ndim
        everything[dim] = mask.sum(dim=[d for d in range(t.ndim) if d != dim]) != 0
    elif method.PRUNING_TYPE != "global":
        raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    return tuple(everything)
