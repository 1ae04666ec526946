"""What programs do with the parameters and sequences of a model, under PyTorch's names."""

from tinygrad_lite.later import later
from tinygrad_lite.nn.utils.spectral_norm import (  # not later: named as their modules
    remove_spectral_norm,
    spectral_norm,
)
from tinygrad_lite.nn.utils.weight_norm import remove_weight_norm, weight_norm

_LATER = {
    "clip_grad": ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"],
    "convert_parameters": ["parameters_to_vector", "vector_to_parameters"],
    "fusion": ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"],
    "init": ["skip_init"],
    "memory_format": ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"],
}
__getattr__, __dir__ = later(
    __name__, ["parametrizations", "parametrize", "prune", "rnn", "stateless", *_LATER], _LATER
)
