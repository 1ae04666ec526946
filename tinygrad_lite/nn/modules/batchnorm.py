"""Batch normalisation as layers."""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

from tinygrad_lite.dtypes import int64
from tinygrad_lite.functions.creation import empty, ones, tensor, zeros
from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn import init
from tinygrad_lite.nn.modules.lazy import LazyModuleMixin
from tinygrad_lite.nn.modules.module import Module
from tinygrad_lite.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d",
    "SyncBatchNorm",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _NormBase(Module):
    """What batch and instance normalisation have in common: a weight, a bias and running statistics.

    The arguments are those of `BatchNorm2d`.
    """

    _version = 2
    """Since 2, `num_batches_tracked` is saved."""

    ndims: ClassVar[tuple[int, ...]] = ()
    """How many dimensions the input may have."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        where: dict[str, Any] = {"device": device, "dtype": dtype}
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, Parameter(empty(num_features, **where)) if wanted else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, **where) if tracked else None)
        self.register_buffer("running_var", ones(num_features, **where) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=int64) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Set the running mean to 0, the running variance to 1, the count of batches to 0."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set weights to 1, biases to 0, and the running statistics to those of standard numbers."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        """Raise ValueError for a number of dimensions that the layer does not take."""
        if self.ndims and input.ndim not in self.ndims:
            wanted = " or ".join(f"{n}D" for n in self.ndims)
            raise ValueError(f"expected {wanted} input (got {input.ndim}D input)")

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str],
        unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        version = local_metadata.get("version")
        path = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and path not in state_dict:
            state_dict[path] = tensor(0, dtype=int64)  # as checkpoints were without it
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_NormBase):
    """Batch normalisation over whatever dimensions the input has."""

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) to the same shape."""
        self._check_input_dim(input)
        share = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean of all batches so far
                share = 1.0 / float(self.num_batches_tracked)
        moves = not self.training or self.track_running_stats
        return F.batch_norm(
            input, self.running_mean if moves else None, self.running_var if moves else None, self.weight, self.bias,
            self.training or (self.running_mean is None and self.running_var is None), share, self.eps,
        )  # fmt: skip


class BatchNorm1d(_BatchNorm):
    """(x - mean) / sqrt(variance + eps) * weight + bias for each channel of (N, C) or (N, C, L).

    The arguments are those of `BatchNorm2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.BatchNorm1d(3)(tg.randn(4, 3)).shape
        Size([4, 3])
    """

    ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """(x - mean) / sqrt(variance + eps) * weight + bias for each channel of (N, C, H, W) (Ioffe and Szegedy, 2015).

    In training mean and variance are those of the batch, and the running ones move towards them, the variance as
    an unbiased one; in evaluation the running ones are used.

    Args:
        num_features: how many channels C the input has.
        eps: keeps the division away from zero.
        momentum: how far the running statistics move towards those of a batch; None for the mean over all batches.
        affine: whether there are weights and biases.
        track_running_stats: whether there are running statistics; without them a batch's own are used always.
        device: only "cpu".
        dtype: of parameters and statistics; the default dtype if None.
        bias: whether there are biases, if `affine`.

    Raises:
        ValueError: at a call, for another number of dimensions, or in training for a single element per channel.

    Attributes:
        weight: (C,) or None; starts with 1.
        bias: (C,) or None; starts with 0.
        running_mean: (C,) or None.
        running_var: (C,) or None.
        num_batches_tracked: how many batches the running statistics have seen.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.BatchNorm2d(3)(tg.randn(4, 3, 2, 2)).shape
        Size([4, 3, 2, 2])
    """

    ndims = (4,)


class BatchNorm3d(_BatchNorm):
    """(x - mean) / sqrt(variance + eps) * weight + bias for each channel of (N, C, D, H, W).

    The arguments are those of `BatchNorm2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.BatchNorm3d(3)(tg.randn(4, 3, 2, 2, 2)).shape
        Size([4, 3, 2, 2, 2])
    """

    ndims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation that in PyTorch is over the batches of several processes; here it is over that of one.

    The arguments are those of `BatchNorm2d`; `process_group` is accepted, as there is one process.

    Example:
        >>> import tinygrad_lite as tg
        >>> model = tg.nn.Sequential(tg.nn.BatchNorm1d(3))
        >>> tg.nn.SyncBatchNorm.convert_sync_batchnorm(model)[0]
        SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, process_group: Any = None, device: Any = None, dtype: Any = None, *,
        bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"expected at least 2D input (got {input.ndim}D input)")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The model with every batch normalisation replaced by one of this class, with the same tensors."""
        out = module
        if isinstance(module, _BatchNorm):
            out = cls(
                module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats,
                process_group, bias=module.bias is not None,
            )  # fmt: skip
            out._parameters.update(module._parameters)
            out._buffers.update(module._buffers)
            out.training = module.training
        for name, part in module.named_children():
            out.add_module(name, cls.convert_sync_batchnorm(part, process_group))
        return out


class _LazyNormBase(LazyModuleMixin, _NormBase):
    """A normalisation whose `num_features` are the channels of the first input."""

    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(0, eps, momentum, False, False, device, dtype)
        self.affine, self.track_running_stats = affine, track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            self.bias = UninitializedParameter(device=device, dtype=dtype) if bias else None
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, dtype=int64)

    def reset_parameters(self) -> None:
        """Set parameters and statistics to what they start with, once there are some."""
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Make parameters and statistics for inputs like this one."""
        if self.has_uninitialized_params():
            self.num_features = input.shape[1]
            for made in (self.weight, self.bias, self.running_mean, self.running_var):
                if made is not None:
                    made.materialize((self.num_features,))
            self.reset_parameters()


class LazyBatchNorm1d(_LazyNormBase, _BatchNorm):
    """A `BatchNorm1d` whose `num_features` are the channels of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyBatchNorm1d()
        >>> _ = layer(tg.randn(4, 3))
        >>> layer.num_features, type(layer).__name__
        (3, 'BatchNorm1d')
    """

    cls_to_become = BatchNorm1d
    ndims = BatchNorm1d.ndims


class LazyBatchNorm2d(_LazyNormBase, _BatchNorm):
    """A `BatchNorm2d` whose `num_features` are the channels of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyBatchNorm2d()
        >>> _ = layer(tg.randn(4, 3, 2, 2))
        >>> layer.num_features, type(layer).__name__
        (3, 'BatchNorm2d')
    """

    cls_to_become = BatchNorm2d
    ndims = BatchNorm2d.ndims


class LazyBatchNorm3d(_LazyNormBase, _BatchNorm):
    """A `BatchNorm3d` whose `num_features` are the channels of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyBatchNorm3d()
        >>> _ = layer(tg.randn(4, 3, 2, 2, 2))
        >>> layer.num_features, type(layer).__name__
        (3, 'BatchNorm3d')
    """

    cls_to_become = BatchNorm3d
    ndims = BatchNorm3d.ndims
