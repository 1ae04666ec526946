"""The settings of the libraries that PyTorch computes with: they can be set, and there is nothing that they change."""

from tinygrad_lite.later import later

__getattr__, __dir__ = later(__name__, ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"])
