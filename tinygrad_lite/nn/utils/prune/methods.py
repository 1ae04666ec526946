"""Ways of pruning."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from tinygrad_lite.functions.creation import zeros_like
from tinygrad_lite.functions.drawing import rand, rand_like
from tinygrad_lite.functions.reduction import norm
from tinygrad_lite.functions.sorting import kthvalue, topk
from tinygrad_lite.nn.utils.prune.base import BasePruningMethod

__all__ = ["CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "RandomStructured", "RandomUnstructured"]

Tensor = Any  # a tinygrad_lite.Tensor


class Identity(BasePruningMethod):
    """Takes nothing away.

    Example:
        >>> import tinygrad_lite as tg
        >>> Identity().prune(tg.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask as it is."""
        return default_mask


class _Amount(BasePruningMethod):
    """Takes a number or a share away.

    Args:
        amount: how many, or as a float from 0 to 1 which share.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is negative or above 1, or more than there are.
    """

    def __init__(self, amount: Any) -> None:
        share: Any = amount
        if not isinstance(amount, Real):  # NumPy's numbers too
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        if not (share >= 0 and (isinstance(amount, Integral) or share <= 1.0)):
            raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
        self.amount: Any = amount

    def _number_of(self, size: int) -> int:
        """How many of `size` to take away."""
        if not isinstance(self.amount, Integral):
            return round(float(self.amount) * size)
        if int(self.amount) > size:
            raise ValueError(f"amount={self.amount} should be smaller than the number of parameters to prune={size}")
        return int(self.amount)

    def _number_of_slices(self, t: Tensor, dim: int) -> int:
        if t.ndim <= 1:
            raise ValueError(
                f"Structured pruning can only be applied to multidimensional tensors. Found tensor of shape {t.shape} "
                f"with {t.ndim} dims"
            )
        if dim >= t.ndim:
            raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")
        return self._number_of(t.shape[dim])


class RandomUnstructured(_Amount):
    """Takes elements away by chance.

    Args:
        amount: how many, or as a float from 0 to 1 which share.

    Example:
        >>> import tinygrad_lite as tg
        >>> int(RandomUnstructured(0.25).prune(tg.ones(8)).sum())
        6
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without the elements drawn."""
        count = self._number_of(t.numel())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[topk(rand_like(t).view(-1), count).indices] = 0
        return mask


class L1Unstructured(_Amount):
    """Takes the elements away that are nearest to zero.

    Args:
        amount: how many, or as a float from 0 to 1 which share.

    Example:
        >>> import tinygrad_lite as tg
        >>> L1Unstructured(2).prune(tg.tensor([3.0, -1.0, 2.0, -4.0]))
        tensor([ 3., -0.,  0., -4.])
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without the smallest elements."""
        count = self._number_of(t.numel())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[topk(t.abs().view(-1), count, largest=False).indices] = 0
        return mask


class RandomStructured(_Amount):
    """Takes whole slices away by chance.

    Args:
        amount: how many, or as a float from 0 to 1 which share.
        dim: the dimension they are slices along.

    Example:
        >>> import tinygrad_lite as tg
        >>> sorted(RandomStructured(1, dim=0).prune(tg.ones(3, 2)).sum(1).tolist())
        [0.0, 2.0, 2.0]
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without the slices drawn."""
        count = self._number_of_slices(t, self.dim)
        if not count:
            return default_mask
        drawn = rand(t.shape[self.dim])
        return _slices(t, self.dim, drawn > kthvalue(drawn, count).values) * default_mask.to(dtype=t.dtype)


class LnStructured(_Amount):
    """Takes the slices away whose norm is least.

    Args:
        amount: how many, or as a float from 0 to 1 which share.
        n: which norm: 1, 2, `inf`, "fro" ...
        dim: the dimension they are slices along.

    Example:
        >>> import tinygrad_lite as tg
        >>> LnStructured(1, n=2, dim=0).prune(tg.tensor([[3.0, 0.0], [2.0, 2.0]]))
        tensor([[3., 0.],
                [0., 0.]])
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.n, self.dim = n, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without the slices of the least norm."""
        count = self._number_of_slices(t, self.dim)
        if not count:
            return default_mask
        size = t.shape[self.dim]
        norms = norm(t, p=self.n, dim=[d for d in range(t.ndim) if d != self.dim % t.ndim])
        kept = topk(norms, size - count).indices
        return _slices(t, self.dim, kept) * default_mask.to(dtype=t.dtype)


class CustomFromMask(BasePruningMethod):
    """Takes away what a given mask says.

    Args:
        mask: the mask.

    Example:
        >>> import tinygrad_lite as tg
        >>> CustomFromMask(tg.tensor([1, 0])).prune(tg.tensor([1.0, 2.0]))
        tensor([1., 0.])
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Both masks together."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)


def _slices(t: Tensor, dim: int, kept: Tensor) -> Tensor:
    """1 in the slices of t along `dim` that are kept, and 0 in the others."""
    mask = zeros_like(t)
    index: list[Any] = [slice(None)] * t.ndim
    index[dim] = kept
    mask[tuple(index)] = 1
    return mask
