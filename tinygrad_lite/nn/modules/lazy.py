"""Modules that take the sizes of their parameters from their first input."""

from __future__ import annotations

from typing import Any, ClassVar

from tinygrad_lite.nn.parameter import is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin:
    """What makes a layer lazy: its parameters are made at the first call, or when a state dict is loaded.

    A lazy layer inherits from this, then from the layer that it becomes. It starts with
    `UninitializedParameter`s and gives them shapes in `initialize_parameters`. Call the model once before
    an optimiser is given its parameters.

    Attributes:
        cls_to_become: the class that the layer has after its first call; None to stay as it is.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = tg.nn.Sequential(tg.nn.LazyLinear(4), tg.nn.ReLU(), tg.nn.LazyLinear(1))
        >>> model[0].has_uninitialized_params()
        True
        >>> model(tg.ones(2, 3)).shape, model[0].in_features, model[2].in_features
        (Size([2, 1]), 3, 4)
    """

    cls_to_become: ClassVar[type[Any] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        module: Any = self
        self._load_hook = module._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = module.register_forward_pre_hook(type(self)._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Make the parameters for inputs like these; a subclass defines it.

        Raises:
            NotImplementedError: if it does not.
        """
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer still waits for its shape."""
        module: Any = self
        return any(map(is_lazy, (*module._parameters.values(), *module._buffers.values())))

    def _lazy_load_hook(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        """Give parameters the shapes of those that are about to be loaded."""
        module: Any = self
        for own in (module._parameters, module._buffers):
            for name, tensor in own.items():
                given = state_dict.get(prefix + name)
                if is_lazy(tensor) and given is not None and not is_lazy(given):
                    tensor.materialize(given.shape)

    def _infer_parameters(self, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
        """Before the first call: make the parameters, and become the plain layer."""
        module: Any = self
        self.initialize_parameters(*args, **(kwargs or {}))
        if self.has_uninitialized_params():
            raise RuntimeError(f"module {type(self).__name__} has not been fully initialized")
        self._initialize_hook.remove()
        self._load_hook.remove()
        del self._initialize_hook, self._load_hook
        module._forget_hooks_if_none()
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become
