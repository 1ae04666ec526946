"""`tinygrad-lite graph FILE:MODEL`: the graph of a model from a shell."""

from __future__ import annotations

import argparse
import inspect
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from tinygrad_lite.dtypes import BY_NUMPY
from tinygrad_lite.gradcheck.command import Unusable, load
from tinygrad_lite.graph import TensorCore
from tinygrad_lite.nn import Module
from tinygrad_lite.tensors import make
from tinygrad_lite.viz.model import ColorBy, Graph
from tinygrad_lite.viz.picture import ENDINGS
from tinygrad_lite.viz.reading import graph

DTYPES = ("float16", "float32", "float64", "complex64", "complex128", "int32", "int64", "bool")

DESCRIPTION = """\
Show the computation graph of a model: as text, or in a file of the kind that its name ends in.

MODEL is a module, a class of modules that is made without arguments, a function without arguments that
returns a module or a tensor, or a function of tensors. It is called with random inputs of the given shapes;
whole numbers are 0 and 1. The exit status is 0, 1 for a model that raises (the graph up to there is written all
the same), 2 for what cannot be run."""


def _input(text: str) -> tuple[tuple[int, ...], str | None]:
    """An argument type: a shape such as 1x28x28, or 4x16:int64 with a dtype."""
    sides, _, dtype = text.partition(":")
    if dtype and dtype not in DTYPES:
        raise argparse.ArgumentTypeError(f"{dtype!r} is no dtype: there are {', '.join(DTYPES)}")
    if sides == "scalar":
        return (), dtype or None
    try:
        shape = tuple(int(side) for side in sides.lower().replace(",", "x").split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no input: write a shape such as 1x28x28 or scalar, or 4x16:int64 for another dtype"
        ) from None
    if min(shape) < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape: its sides must not be negative")
    return shape, dtype or None


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    made = argparse.ArgumentParser(
        prog="tinygrad-lite graph", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("target", metavar="FILE:MODEL", help="as my_file.py:build_model, or package.module:Model")
    made.add_argument(
        "--input", type=_input, action="append", default=[], metavar="1x28x28",
        help="shape of an input, once for each; `scalar` for no dimensions; 4x16:int64 for another dtype",
    )  # fmt: skip
    made.add_argument("--dtype", choices=DTYPES, default="float32", help="of the inputs (default: %(default)s)")
    made.add_argument(
        "--depth", type=int, default=None, metavar="N",
        help="levels of modules to open in text, .svg, .png, .pdf, .dot and .mmd (default: all)",
    )  # fmt: skip
    made.add_argument("--gradients", action="store_true", help="run the backward pass too")
    made.add_argument(
        "--color-by", choices=get_args(ColorBy), default=None, help="what colours say (default: the kind)"
    )
    made.add_argument("--seed", type=int, default=0, metavar="N", help="of inputs and weights (default: %(default)s)")
    made.add_argument(
        "-o", "--output", type=Path, default=None, metavar="FILE",
        help=f"ends in {', '.join(ENDINGS)}; without it the graph is printed",
    )  # fmt: skip
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, 1 for a model that raises, 2 for what cannot be run."""
    given = parser().parse_args(arguments)
    try:
        found = _graph(given)
        if given.output is None:
            print(found.text(given.depth, color_by=given.color_by))
        else:
            print(_written(found, given))
    except (Unusable, OSError, ValueError, RuntimeError) as error:
        print(f"tinygrad-lite graph: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ntinygrad-lite graph: interrupted", file=sys.stderr)
        return 130
    return 0 if found.error is None else 1


def _graph(given: argparse.Namespace) -> Graph:
    from tinygrad_lite.random import manual_seed

    manual_seed(given.seed)
    inputs = _inputs(given)
    model = _model(load(given.target), bool(inputs))
    gradients = given.gradients or given.color_by == "gradient"
    try:
        if isinstance(model, TensorCore):
            return graph(model, gradients=gradients)
        if isinstance(model, Module) and given.dtype[0] in "fc":
            model = model.to(BY_NUMPY[np.dtype(given.dtype)])
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", UserWarning)
            found = graph(model, *inputs, gradients=gradients)
    except Exception as error:
        shapes = ", ".join(str(tuple(x.array.shape)) for x in inputs) or "none"
        raise Unusable(f"{given.target} with inputs {shapes}: {type(error).__name__}: {error}") from error
    for warning in told:
        print(f"tinygrad-lite graph: {warning.message}", file=sys.stderr)
    return found


def _model(found: Callable[..., Any], has_inputs: bool) -> Any:
    """The model: what was named, or what that makes without arguments."""
    if isinstance(found, Module):
        return found
    try:
        takes = [p for p in inspect.signature(found).parameters.values() if p.default is p.empty]
    except (TypeError, ValueError):
        return found
    if takes and all(p.kind is not p.VAR_POSITIONAL for p in takes):
        return found
    try:
        made = found()
    except Exception as error:
        raise Unusable(f"building the model raised {type(error).__name__}: {error}") from error
    if not isinstance(made, TensorCore) and not callable(made):
        raise Unusable(f"building the model gave a {type(made).__name__}, no module, function or tensor")
    if isinstance(made, TensorCore) and has_inputs:
        raise Unusable("the function takes no inputs, it returned a tensor: leave --input out")
    return made


def _inputs(given: argparse.Namespace) -> list[Any]:
    """Random inputs of the shapes that were asked for."""
    random = np.random.default_rng(given.seed)
    drawn = []
    for shape, own in given.input:
        dtype = np.dtype(own or given.dtype)
        values: Any = random.standard_normal(shape) if dtype.kind in "fc" else random.integers(0, 2, shape)
        if dtype.kind == "c":
            values = values + 1j * random.standard_normal(shape)
        drawn.append(make(np.asarray(values, dtype)))
    return drawn


def _written(found: Graph, given: argparse.Namespace) -> Path:
    """Write the file; returns its path."""
    ending = given.output.suffix.lower()
    options: dict[str, Any] = {}
    if ending in (".html", ".htm"):
        options = {"color_by": given.color_by}
    elif ending == ".mmd":
        options = {"depth": given.depth}
    elif ending != ".json":
        options = {"depth": given.depth, "color_by": given.color_by}
    return found.render(given.output, **options)
