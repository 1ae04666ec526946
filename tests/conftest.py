"""What every test is held to: it leaves no global state behind."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # there is a worker for every core, so each gets one thread of BLAS
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"

import pytest
from hypothesis import settings

import tinygrad_lite as tg
from tinygrad_lite.printing import options

settings.register_profile("same every time", derandomize=True, deadline=None)
settings.load_profile("same every time")


def _global_state():
    shown = (options.precision, options.threshold, options.edgeitems, options.linewidth, options.sci_mode)
    return tg.is_grad_enabled(), tg.is_inference_mode_enabled(), tg.get_default_dtype(), shown


@pytest.fixture(autouse=True)
def no_leaks():
    """A test that changes the grad mode, the default dtype or the print options puts them back."""
    before = _global_state()
    tg.manual_seed(0)
    yield
    assert _global_state() == before, "this test leaks global state"
