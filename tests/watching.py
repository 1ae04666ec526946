"""Loading files while time and memory are measured."""

import io
import time
import tracemalloc

import tinygrad_lite as tg
from tinygrad_lite.serialization import LoadError

MOST_BYTES = 4 << 20  # that loading a file of a few KB may take
MOST_SECONDS = 2.0


class Watched:
    """Measures loading: time, memory, and whether anything was run."""

    def __enter__(self):
        tracemalloc.start()
        return self

    def __exit__(self, *exc):
        tracemalloc.stop()

    def load(self, data, most_bytes=MOST_BYTES):
        """What was loaded, or the LoadError; anything else is raised."""
        tracemalloc.reset_peak()
        before, begin = tracemalloc.get_traced_memory()[0], time.process_time()
        try:
            return tg.load(io.BytesIO(data))
        except LoadError as error:
            return error
        finally:
            taken = tracemalloc.get_traced_memory()[1] - before
            assert taken < most_bytes, f"{taken:,} bytes for a file of {len(data):,}"
            assert time.process_time() - begin < MOST_SECONDS
