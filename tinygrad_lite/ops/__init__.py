"""The op table. Importing this package fills `tinygrad_lite.op.TABLE`."""

from tinygrad_lite.ops import activation, conv, ctc, cumulative, decompose, elementwise, embedding, fft, index, linalg, loss, norm, reduce, resize, scatter, shape, sort, special, window

__all__ = ["activation", "conv", "ctc", "cumulative", "decompose", "elementwise", "embedding", "fft", "index", "linalg", "loss", "norm", "reduce", "resize", "scatter", "shape", "sort", "special", "window"]
