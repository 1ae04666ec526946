"""The table, embeddings: rows of a matrix, looked up by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lite.op import op
from tinygrad_lite.ops.index import add_at


def _embedding_rule(g: Any, weight_shape: Any, ids: np.ndarray, kept: Any, shares: Any) -> Any:
    """The gradients of equal numbers added up; some left out, or divided by how often the number occurs."""
    g = g if shares is None else g * np.astype(shares, g.dtype)[..., None]
    return add_at(g, weight_shape, (ids,)) if kept is None else add_at(g[kept], weight_shape, (ids[kept],))


# fmt: off
embedding = op(
    "embedding", lambda weight, ids, kept=None, shares=None: weight[ids],
    cases=(((4, 3), {"ids": np.array([[0, 2], [2, 1]])}),),
    doc="Rows of a matrix by number. As PyTorch wants it, only those `kept` send a gradient back, times their shares.",
    weight=_embedding_rule,
)
