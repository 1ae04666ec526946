"""Documentation that runs: every public name has a docstring, every example gives what it says."""

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_lite as tg

ROOT = Path(__file__).parent.parent
PACKAGES = [
    tg,
    tg.nn,
    tg.nn.functional,
    tg.nn.init,
    tg.optim,
    tg.autograd,
    tg.special,
    tg.autograd.functional,
    tg.func,
    tg.distributions,
]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules():
    yield "tinygrad_lite"
    for found in pkgutil.walk_packages(tg.__path__, "tinygrad_lite."):
        if not found.name.endswith("__main__"):
            yield found.name


def public():
    for package in PACKAGES:
        names = getattr(package, "__all__", [n for n in vars(package) if not n.startswith("_")])
        for name in names:
            thing = getattr(package, name)
            if callable(thing):
                yield pytest.param(thing, id=f"{package.__name__}.{name}")


@pytest.mark.parametrize("name", list(modules()))
def test_examples_in_modules(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    failed, _ = doctest.testmod(module, optionflags=OPTIONS)
    assert not failed


@pytest.mark.parametrize("thing", list(public()))
def test_a_public_name_is_documented_and_its_example_runs(thing):
    text = inspect.getdoc(thing)
    assert text
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    for test in finder.find(thing, "the name", module=False, globs={}):
        runner.run(test)
    assert not runner.failures


@pytest.mark.parametrize("thing", [p for p in public() if p.id.startswith("tinygrad_lite.") and p.id.count(".") == 1])
def test_a_function_at_the_top_has_an_example(thing):
    if inspect.isfunction(thing) and thing.__name__ not in ("seed", "initial_seed", "get_rng_state", "set_rng_state"):
        assert ">>>" in inspect.getdoc(thing)


def test_methods_are_documented():
    bare = [
        name
        for name, method in inspect.getmembers(tg.Tensor, callable)
        if not name.startswith("_") and not inspect.getdoc(method)
    ]
    assert not bare


def test_the_readmes_first_example_learns_xor():
    (code,) = re.findall(r"\A# tinygrad_lite\n\n```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    tg.manual_seed(0)
    scope = {}
    exec(code, scope)
    assert scope["loss"].item() < 0.01


def test_importing_is_light():
    heavy = ["graphviz", "tqdm", "safetensors", "matplotlib", "argparse", "tinygrad_lite.viz", "tinygrad_lite.datasets"]
    code = f"import sys, tinygrad_lite; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
