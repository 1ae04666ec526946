"""Where PyTorch is not installed every module of this folder is skipped, and says so."""

import pytest

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(1)


class Skipped(pytest.Module):
    def collect(self):
        pytest.skip("PyTorch is not installed: pip install -e '.[test,parity]'", allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    return Skipped.from_parent(parent, path=module_path) if torch is None else None
