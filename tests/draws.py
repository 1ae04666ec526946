"""Whether PyTorch draws dropout masks from its generator's words, as tinygrad_lite does, or by Intel's MKL."""

import pytest
import torch


def _drawn():
    state = torch.get_rng_state()
    torch.manual_seed(0)
    drawn = torch.empty(10).bernoulli_(0.5).tolist()
    torch.set_rng_state(state)
    return drawn


same_dropout = pytest.mark.skipif(
    _drawn() != [0, 0, 1, 0, 0, 0, 1, 1, 0, 1], reason="on Intel's processors PyTorch draws dropout masks by MKL"
)
