"""Datasets, the order to read them in, and the loader that makes batches of them.

Example:
    >>> import tinygrad_lite as tg
    >>> from tinygrad_lite.utils.data import DataLoader, TensorDataset
    >>> dataset = TensorDataset(tg.arange(5), tg.arange(5) ** 2)
    >>> for x, y in DataLoader(dataset, batch_size=3):
    ...     print(x, y)
    tensor([0, 1, 2]) tensor([0, 1, 4])
    tensor([3, 4]) tensor([ 9, 16])
"""

from tinygrad_lite.utils.data.collate import default_collate, default_convert
from tinygrad_lite.utils.data.dataloader import DataLoader
from tinygrad_lite.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from tinygrad_lite.utils.data.distributed import DistributedSampler
from tinygrad_lite.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from tinygrad_lite.utils.data.workers import get_worker_info

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "DistributedSampler",
    "IterableDataset", "RandomSampler", "Sampler", "SequentialSampler", "StackDataset", "Subset", "SubsetRandomSampler",
    "TensorDataset", "WeightedRandomSampler", "default_collate", "default_convert", "get_worker_info",
    "random_split",
]  # fmt: skip
