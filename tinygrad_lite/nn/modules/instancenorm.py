"""Instance normalisation as layers."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, TypeAlias

from tinygrad_lite.nn import functional as F
from tinygrad_lite.nn.modules.batchnorm import _LazyNormBase, _NormBase

__all__ = [
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]  # fmt: skip

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor


class _InstanceNorm(_NormBase):
    """Instance normalisation of inputs with `dims` dimensions after the channels."""

    dims: ClassVar[int]

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in (self.dims + 1, self.dims + 2):
            raise ValueError(f"expected {self.dims + 1}D or {self.dims + 2}D input (got {input.ndim}D input)")

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) or (C, ...) to the same shape."""
        self._check_input_dim(input)
        axis = input.ndim - self.dims - 1
        channels = input.shape[axis]
        if channels != self.num_features:
            problem = (
                f"expected input's size at dim={axis} to match num_features ({self.num_features}), got: {channels}."
            )
            if self.affine:
                raise ValueError(problem)
            warnings.warn(
                f"input's size at dim={axis} does not match num_features. You can silence this warning by not passing "
                "in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        out = F.instance_norm(
            input if axis else input.unsqueeze(0), self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, 0.0 if self.momentum is None else self.momentum, self.eps,
        )  # fmt: skip
        return out if axis else out.squeeze(0)

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str],
        unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        if local_metadata.get("version") is None and not self.track_running_stats:
            left = [f"{prefix}{name}" for name in ("running_mean", "running_var") if prefix + name in state_dict]
            if left:
                error_msgs.append(
                    f"Unexpected running stats buffer(s) {', '.join(map(repr, left))} for {type(self).__name__} with "
                    "track_running_stats=False. Delete them from the checkpoint, or make the layer with "
                    "track_running_stats=True."
                )
                for path in left:
                    del state_dict[path]
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class InstanceNorm1d(_InstanceNorm):
    """As `BatchNorm1d`, with the mean and variance of each channel of each sample of (N, C, L).

    The arguments are those of `InstanceNorm2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.InstanceNorm1d(3)(tg.randn(4, 3, 5)).shape
        Size([4, 3, 5])
    """

    dims = 1


class InstanceNorm2d(_InstanceNorm):
    """As `BatchNorm2d`, with the mean and variance of each channel of a sample of (N, C, H, W) (Ulyanov et al., 2016).

    Args:
        num_features: how many channels C the input has.
        eps: keeps the division away from zero.
        momentum: how far the running statistics move towards those of a batch.
        affine: whether there are weights and biases.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: only "cpu".
        dtype: of parameters and statistics; the default dtype if None.
        bias: whether there are biases, if `affine`.

    Raises:
        ValueError: at a call, for another number of dimensions or, if `affine`, of channels; for a single element.

    Attributes:
        weight: (C,) or None; starts with 1.
        bias: (C,) or None; starts with 0.
        running_mean: (C,) or None.
        running_var: (C,) or None.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.InstanceNorm2d(3)(tg.randn(4, 3, 2, 2)).shape
        Size([4, 3, 2, 2])
    """

    dims = 2


class InstanceNorm3d(_InstanceNorm):
    """As `BatchNorm3d`, with the mean and variance of each channel of each sample of (N, C, D, H, W).

    The arguments are those of `InstanceNorm2d`.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.nn.InstanceNorm3d(3)(tg.randn(4, 3, 2, 2, 2)).shape
        Size([4, 3, 2, 2, 2])
    """

    dims = 3


class LazyInstanceNorm1d(_LazyNormBase, _InstanceNorm):
    """An `InstanceNorm1d` whose `num_features` are the channels of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyInstanceNorm1d()
        >>> _ = layer(tg.randn(4, 3, 5))
        >>> layer.num_features, type(layer).__name__
        (3, 'InstanceNorm1d')
    """

    cls_to_become = InstanceNorm1d
    dims = 1


class LazyInstanceNorm2d(_LazyNormBase, _InstanceNorm):
    """An `InstanceNorm2d` whose `num_features` are the channels of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyInstanceNorm2d()
        >>> _ = layer(tg.randn(4, 3, 2, 2))
        >>> layer.num_features, type(layer).__name__
        (3, 'InstanceNorm2d')
    """

    cls_to_become = InstanceNorm2d
    dims = 2


class LazyInstanceNorm3d(_LazyNormBase, _InstanceNorm):
    """An `InstanceNorm3d` whose `num_features` are the channels of the first input; the other arguments are its.

    Example:
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.LazyInstanceNorm3d()
        >>> _ = layer(tg.randn(4, 3, 2, 2, 2))
        >>> layer.num_features, type(layer).__name__
        (3, 'InstanceNorm3d')
    """

    cls_to_become = InstanceNorm3d
    dims = 3
