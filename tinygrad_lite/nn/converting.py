"""Changing all tensors of a module: their dtype, where they are, whether gradients are wanted."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from tinygrad_lite.dtypes import bfloat16, dtype, float16, float32, float64
from tinygrad_lite.functions.creation import empty_like, zeros
from tinygrad_lite.graph import no_grad
from tinygrad_lite.nn.parameter import forget_gradient, is_lazy
from tinygrad_lite.nn.walking import Walks
from tinygrad_lite.tensors import make

__all__ = ["Converts"]

if TYPE_CHECKING:
    from tinygrad_lite.tensor import Tensor


class Converts(Walks):
    """What a module can do to all its tensors."""

    training: bool

    # --- modes -------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set training mode, which dropout and batch normalisation heed; returns the module."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say for all parameters whether gradients are wanted; returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or with `set_to_none=False` write zeros into them."""
        for parameter in self.parameters():
            forget_gradient(parameter, set_to_none)

    # --- dtype and device --------------------------------------------------------------------------

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Self:
        """Replace the numbers of parameters and gradients, and all buffers, by what `fn` makes of them."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    new = fn(parameter)
                    if new is not parameter:
                        parameter.data = new
                    if parameter.grad is not None:
                        parameter.grad = fn(parameter.grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating-point parameters and buffers to a dtype, in this module itself.

        Args:
            args: a dtype, a device (of which there is one) or a tensor to be like.
            kwargs: `dtype`, `device`; `non_blocking` and `memory_format` are accepted as in PyTorch.

        Raises:
            TypeError: for a dtype that is neither floating-point nor complex.
        """
        kwargs.pop("memory_format", None)  # only speed depends on how parameters lie in memory
        narrow, wide = (zeros((), dtype=start).to(*args, **kwargs).dtype for start in (float32, float64))
        if narrow != wide:  # no dtype was asked for
            return self
        if not (narrow.is_floating_point or narrow.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={narrow}"
            )
        return self._convert(narrow, "fc")

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype, those of integers too."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def float(self) -> Self:
        """Convert floating-point parameters and buffers to float32."""
        return self._convert(float32, "f")

    def double(self) -> Self:
        """Convert floating-point parameters and buffers to float64."""
        return self._convert(float64, "f")

    def half(self) -> Self:
        """Convert floating-point parameters and buffers to float16."""
        return self._convert(float16, "f")

    def bfloat16(self) -> Self:
        """NumPy has no such numbers.

        Raises:
            NotImplementedError: always, with what to use instead.
        """
        return self.to(bfloat16)

    def cpu(self) -> Self:
        """Itself: there is only the CPU."""
        return self

    def cuda(self, device: Any = None) -> NoReturn:
        """There is no GPU here.

        Raises:
            RuntimeError: always; write `.to(device)` with a device that exists.
        """
        raise RuntimeError("tinygrad_lite computes on the CPU: there is no cuda device. Use .to('cpu') or .cpu().")

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Put unwritten tensors in place of all parameters and buffers.

        Args:
            device: only "cpu".
            recurse: whether in the parts, too.
        """
        return self._apply(lambda tensor: empty_like(tensor, device=device), recurse)

    def share_memory(self) -> Self:
        """Move all parameters and buffers into memory that processes forked from this one share with it."""
        return self._apply(_shared)

    def _convert(self, to: dtype, kinds: str) -> Self:
        """Convert the parameters and buffers whose dtype is of one of these kinds."""

        def converted(tensor: Any) -> Any:
            known = tensor.dtype.numpy if is_lazy(tensor) else tensor.array.dtype
            return tensor.to(to) if known.kind in kinds and known != to.numpy else tensor

        return self._apply(converted)


def _shared(tensor: Any) -> Tensor:
    """The same numbers in memory that forked processes share."""
    array = tensor.array
    memory = np.frombuffer(mmap.mmap(-1, max(array.nbytes, 1)), array.dtype, array.size).reshape(array.shape)
    memory[...] = array
    return make(memory)
