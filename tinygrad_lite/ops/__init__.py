"""The op table. Importing this package fills `tinygrad_lite.op.TABLE`."""

from tinygrad_lite.ops import elementwise, index, linalg, loss, reduce, shape

__all__ = ["elementwise", "index", "linalg", "loss", "reduce", "shape"]
