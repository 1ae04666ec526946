"""`tinygrad-lite gradcheck FILE:FUNCTION`: a gradient check from a shell."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lite.autograd.function import Function
from tinygrad_lite.dtypes import BY_NUMPY
from tinygrad_lite.gradcheck.check import gradcheck, gradgradcheck
from tinygrad_lite.gradcheck.report import Report
from tinygrad_lite.gradcheck.subject import Case, Subject, input_names
from tinygrad_lite.nn import Module
from tinygrad_lite.tensors import make

DTYPES = ("float16", "float32", "float64", "complex64", "complex128")
METHODS = ("ladder", "jacobian", "complex", "forward", "taylor")

DESCRIPTION = """\
Compare the gradients of a function with its derivatives by finite differences.

The function takes tensors, one for each --shape, filled with random numbers. It may also be a module, a
class of modules that is made without arguments, or a subclass of autograd.Function. The exit status is 0 if
its gradients are right, 1 if they are wrong, 2 if it cannot be run."""


class Unusable(Exception):  # noqa: N818 - a message for a person
    """What was asked for cannot be run."""


def _shape(text: str) -> tuple[int, ...]:
    """An argument type: a shape such as 3x4; `scalar` for no dimensions."""
    if text in ("scalar", ""):
        return ()
    try:
        shape = tuple(int(side) for side in text.lower().replace(",", "x").split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape: write 3x4, 5, or scalar for no dimensions") from None
    if min(shape) < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape: its sides must not be negative")
    return shape


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    made = argparse.ArgumentParser(
        prog="tinygrad-lite gradcheck", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("target", metavar="FILE:FUNCTION", help="as my_file.py:my_fn, or package.module:my_fn")
    made.add_argument(
        "--shape", type=_shape, action="append", metavar="3x4",
        help="shape of an input, once for each; `scalar` for no dimensions (default: 3x4 for each argument)",
    )  # fmt: skip
    made.add_argument("--dtype", choices=DTYPES, default="float64", help="of the inputs (default: %(default)s)")
    made.add_argument(
        "--range", type=float, nargs=2, default=(-2.0, 2.0), metavar=("LOW", "HIGH"),
        help="where the numbers are drawn from (default: -2 2)",
    )  # fmt: skip
    made.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of inputs and directions (default: %(default)s)"
    )
    made.add_argument(
        "--method", choices=METHODS, default="ladder",
        help="how to check (default: %(default)s, differences along random directions)",
    )  # fmt: skip
    made.add_argument("--second", action="store_true", help="check the second derivatives too")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 for right, 1 for wrong, 2 for what cannot be run."""
    given = parser().parse_args(arguments)
    try:
        function = load(given.target)
        if isinstance(function, Module):
            function = function.to(BY_NUMPY[np.dtype(given.dtype)])
        inputs = _inputs(function, given)
        reports = [_checked(gradcheck, function, inputs, given)]
        if given.second and reports[0].ok:
            reports.append(_checked(gradgradcheck, function, inputs, given))
    except Unusable as error:
        print(f"tinygrad-lite gradcheck: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ntinygrad-lite gradcheck: interrupted", file=sys.stderr)
        return 130
    for report in reports:
        print(report)
    return 0 if all(report.ok for report in reports) else 1


def load(target: str) -> Callable[..., Any]:
    """The function that `FILE:FUNCTION` names.

    Args:
        target: as `my_file.py:my_fn`, or `package.module:my_fn`; dots lead into classes and objects.

    Raises:
        Unusable: if there is no such file or function, or the file raises.

    Example:
        >>> from tinygrad_lite.gradcheck.command import load
        >>> load("tinygrad_lite:sin").__name__
        'sin'
    """
    where, _, path = target.rpartition(":")
    if not where or not path:
        raise Unusable(f"{target!r} names no function: write my_file.py:my_fn")
    found: Any = _module(where)
    for name in path.split("."):
        if not hasattr(found, name):
            known = [n for n, v in vars(found).items() if callable(v) and not n.startswith("_")]
            there = f"; there are: {', '.join(sorted(known)[:10])}" if known else ""
            raise Unusable(f"{where} has no {path!r}{there}")
        found = getattr(found, name)
    if isinstance(found, type):
        found = _made(found, path)
    if not callable(found):
        raise Unusable(f"{path!r} in {where} is no function but {type(found).__name__}")
    return found


def _module(where: str) -> Any:
    """The module of that file or name."""
    file = Path(where)
    if file.suffix != ".py":
        sys.path.insert(0, str(Path.cwd()))
        try:
            return importlib.import_module(where)
        except ModuleNotFoundError as error:
            if error.name and where.startswith(error.name):
                raise Unusable(f"there is no file and no module {where!r}") from error
            raise Unusable(f"{where} cannot be imported: {error}") from error
        except Exception as error:
            raise Unusable(f"{where} raised {type(error).__name__} while it was imported: {error}") from error
        finally:
            sys.path.remove(str(Path.cwd()))
    if not file.is_file():
        raise Unusable(f"there is no file {where}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise Unusable(f"{where} raised {type(error).__name__} while it ran: {error}") from error
    finally:
        sys.path.remove(str(file.parent.resolve()))
    return module


def _made(found: type, path: str) -> Any:
    """What a class stands for: the operation of a `Function`, an object of anything else."""
    if issubclass(found, Function):
        case = Case(((),) * len(input_names(found)))
        return Subject(found, [case], None).function(case)
    try:
        return found()
    except Exception as error:
        raise Unusable(f"{path!r} is a class that cannot be made without arguments: {error}") from error


def _inputs(function: Callable[..., Any], given: argparse.Namespace) -> list[Any]:
    """Random inputs of the shapes that were asked for."""
    shapes = given.shape or [(3, 4)] * len(input_names(function))
    if not shapes:
        raise Unusable("it cannot be told how many inputs the function takes: give --shape for each")
    low, high = given.range
    if not (np.isfinite([low, high]).all() and low < high):
        raise Unusable(f"--range {low:g} {high:g} holds no numbers: LOW must be below HIGH")
    random = np.random.default_rng(given.seed)
    drawn = []
    for shape in shapes:
        values: Any = random.uniform(low, high, shape)
        if given.dtype.startswith("complex"):
            values = values + 1j * random.uniform(low, high, shape)
        drawn.append(make(np.asarray(values, given.dtype), requires_grad=True))
    return drawn


def _checked(
    check: Callable[..., Any], function: Callable[..., Any], inputs: list[Any], given: argparse.Namespace
) -> Report:
    """The report of a check; what the function raises is told in one line."""
    try:
        found: Report = check(function, inputs, method=given.method, seed=given.seed, report=True)
    except Exception as error:
        shapes = ", ".join(str(tuple(x.shape)) for x in inputs)
        raise Unusable(f"with inputs of shape {shapes}: {type(error).__name__}: {error}") from error
    return found
