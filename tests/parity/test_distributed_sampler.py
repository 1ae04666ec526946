"""Shares of a dataset: the indices that PyTorch deals out, from one seed."""

import pytest

import tinygrad_lite.utils.data as ours

torch = pytest.importorskip("torch")
import torch.utils.data as theirs  # noqa: E402


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("length", [1, 7, 12])
@pytest.mark.parametrize("replicas", [1, 3, 5])
def test_the_same_indices(length, replicas, shuffle, drop_last):
    seen = []
    for rank in range(replicas):
        pair = [
            package.DistributedSampler(range(length), replicas, rank, shuffle, seed=3, drop_last=drop_last)
            for package in (theirs, ours)
        ]
        for epoch in (0, 5):
            for sampler in pair:
                sampler.set_epoch(epoch)
            there, here = map(list, pair)
            assert here == there and len(here) == len(pair[0]) == len(pair[1])
            seen += here
    assert set(seen) == set(range(length)) or drop_last


@pytest.mark.parametrize("rank", [-1, 2])
def test_a_rank_that_does_not_exist(rank):
    for package in (theirs, ours):
        with pytest.raises(ValueError, match=f"Invalid rank {rank}, rank should be in the interval"):
            package.DistributedSampler(range(4), 2, rank)


def test_there_is_nobody_to_ask():
    with pytest.raises(RuntimeError, match="num_replicas and rank"):
        ours.DistributedSampler(range(4))
