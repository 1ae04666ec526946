"""Whole programs give the same numbers in both libraries, with nothing changed but their import lines."""

import re
import types
from pathlib import Path

import numpy as np
import pytest
import torch

FOLDER = Path(__file__).parent.parent / "programs"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", "recording"))


def with_our_imports(source):
    """The program with the import lines that name torch naming tinygrad_lite."""
    source = re.sub(r"(?m)^import torch$", "import tinygrad_lite as torch", source)
    source = re.sub(r"(?m)^import torch\.[\w.]+$", "", source)  # `torch` is there already, and finds them itself
    return re.sub(r"(?m)^(import|from) torch\b", r"\1 tinygrad_lite", source)


def run(name, source):
    program = types.ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), program.__dict__)
    return program.main()


def compare(ours, theirs, where):
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), f"{where}: {list(ours)}, PyTorch has {list(theirs)}"
        for key in theirs:
            compare(ours[key], theirs[key], f"{where}, {key}")
    elif isinstance(theirs, np.ndarray):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, where
        np.testing.assert_allclose(ours, theirs, 1e-4, 1e-4, err_msg=where)
    elif isinstance(theirs, list) and theirs and isinstance(theirs[0], float):
        np.testing.assert_allclose(ours, theirs, 1e-4, 1e-4, err_msg=where)
    else:
        assert ours == theirs, where


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_the_same_under_both(name, monkeypatch):
    # PyTorch's own test tools, which other tests import, forbid programs to set cudnn's switches.
    held = torch.backends.ContextProp.__set__.__globals__
    monkeypatch.setitem(held, "__allow_nonbracketed_mutation_flag", True)
    source = (FOLDER / f"{name}.py").read_text()
    swapped = with_our_imports(source)
    assert "tinygrad_lite" in swapped and "tinygrad_lite" not in source
    assert not re.search(r"(?m)^\s*(import|from) torch\b", swapped)
    state = torch.random.get_rng_state()
    theirs = run(name, source)
    torch.random.set_rng_state(state)
    compare(run(name, swapped), theirs, name)


def test_there_are_enough_programs():
    assert len(PROGRAMS) >= 14
