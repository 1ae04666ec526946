"""Every classic network reaches under PyTorch what it reaches here: the same source, other import lines."""

import pytest

from benchmarks.twin import twin, with_torch
from tinygrad_lite.systems import SYSTEMS, load


def test_only_import_lines_change():
    source = (
        "import tinygrad_lite as tg\nfrom tinygrad_lite import Tensor, nn\nfrom tinygrad_lite.nn import functional as F\n"
        "from tinygrad_lite.training import fit\nfrom tinygrad_lite.datasets import obtain\n"
        "    from tinygrad_lite import viz\n'tinygrad_lite'\n"
    )
    assert with_torch(source) == (
        "import torch as tg\nfrom torch import Tensor, nn\nfrom torch.nn import functional as F\n"
        "from torch_twin.training import fit\nfrom tinygrad_lite.datasets import obtain\n"
        "    from tinygrad_lite import viz\n'tinygrad_lite'\n"
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SYSTEMS)
def test_it_reaches_the_same(name):
    ours, theirs = load(name), twin(f"systems.{name}")
    assert theirs.train is not ours.train
    found, expected = (module.train(module.QUICK) for module in (ours, theirs))
    for key, model in expected.models.items():
        assert type(model).__mro__[-2].__module__.startswith("torch"), "PyTorch's own"
        assert list(model.state_dict()) == list(found.models[key].state_dict())
    assert found.reached == pytest.approx(expected.reached, rel=0.1, abs=0.05)
