"""One module on several GPUs, which there are none of: the wrappers call the module that they wrap."""

from tinygrad_lite.nn.parallel.data_parallel import DataParallel, data_parallel
from tinygrad_lite.nn.parallel.distributed import DistributedDataParallel

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]
