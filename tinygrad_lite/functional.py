"""`torch.functional`: functions that the package has as well, and `F`, the layers and losses."""

from __future__ import annotations

from tinygrad_lite import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    block_diag,
    broadcast_shapes,
    broadcast_tensors,
    cartesian_prod,
    cdist,
    chain_matmul,
    einsum,
    meshgrid,
    norm,
    split,
    tensordot,
    unique,
    unique_consecutive,
)  # fmt: skip
from tinygrad_lite.nn import functional as F

__all__ = [
    "F", "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes", "broadcast_tensors",
    "cartesian_prod", "cdist", "chain_matmul", "einsum", "meshgrid", "norm", "split", "tensordot", "unique",
    "unique_consecutive",
]  # fmt: skip
