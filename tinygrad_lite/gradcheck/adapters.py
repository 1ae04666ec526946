"""Checking the gradients of functions written for PyTorch, JAX or HIPS autograd.

The backward pass runs in the dtype of the inputs, as always; the numeric side calls the function on
float64 inputs, in which it can tell. Each library is imported where it is used and nowhere else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from tinygrad_lite.gradcheck.probe import check
from tinygrad_lite.gradcheck.problem import Arrays, EvaluationError, Problem, changed
from tinygrad_lite.gradcheck.progress import progress_bar
from tinygrad_lite.gradcheck.report import PASS, GradcheckError, Report
from tinygrad_lite.gradcheck.structure import problems
from tinygrad_lite.gradcheck.tape import wide
from tinygrad_lite.gradcheck.tensors import argument_names

LIBRARIES = ("torch", "jax", "autograd")


def gradcheck_foreign(
    function: Callable[..., Any],
    inputs: Any,
    library: str | None = None,
    *,
    raise_exception: bool = True,
    report: bool = False,
    seed: int = 0,
    progress: bool | None = None,
) -> Any:
    """Compare the gradients that another library computes with derivatives by finite differences.

    The method is that of `gradcheck`: no step and no tolerance to choose, and a wrong gradient is followed to
    the element that is wrong. Functions of float32 are called in float64 for the numeric side; where they
    come down to float32 inside, the check is as sharp as that allows.

    Args:
        function: takes what is in `inputs`, returns an array of that library or several. Of a
            `torch.nn.Module` the parameters are checked too.
        inputs: the arguments, one or a tuple; they may be nested in lists, tuples and dicts. Tensors of
            PyTorch are differentiated by if they require grad, arrays of fractions of the others always.
        library: "torch", "jax" or "autograd"; None to tell by the inputs. NumPy arrays tell nothing.
        raise_exception: raise instead of returning False.
        report: return the `Report` instead of True or False, and do not raise.
        seed: of the random directions.
        progress: whether to show a progress bar; by default where a check takes long.

    Returns:
        True, or False with `raise_exception=False`; with `report` the report.

    Raises:
        GradcheckError: if a gradient is wrong, or nothing can be said of it.
        ImportError: if the library is not installed.
        ValueError: if there is nothing to differentiate, or the library cannot be told.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lite.gradcheck import gradcheck_foreign
        >>> gradcheck_foreign(np.sin, np.ones(3))
        Traceback (most recent call last):
            ...
        ValueError: gradcheck_foreign: the inputs do not tell the library: give library="torch", "jax" or "autograd"
    """
    arguments = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    name = library or _library_of([leaf for _, leaf in _leaves(arguments)])
    if name not in LIBRARIES:
        raise ValueError(f"gradcheck_foreign: library must be one of {', '.join(map(repr, LIBRARIES))}, got {name!r}")
    side = {"torch": _Torch, "jax": _Jax, "autograd": _Autograd}[name](function, arguments)
    found = Report(side.title)
    outputs, pull = side.recorded()
    wanted = [side.numbers(leaf) for leaf in side.point]
    found.problems += problems(side.names, wanted, outputs, pull, name == "torch", 0.0)
    problem = _problem(side, outputs, pull)
    try:
        base = problem.evaluate(problem.point)
        with progress_bar(progress, side.title) as tick:
            found.findings, found.evaluations = check(problem, seed, tick=tick)
        if any(f.verdict != PASS for f in found.findings):
            found.problems += filter(None, [changed(base, problem.evaluate(problem.point))])
    except EvaluationError as error:
        found.problems.append(str(error))
    if report:
        return found
    if not found.ok and raise_exception:
        raise GradcheckError(found.summary(), found)
    return found.ok


def _problem(side: _Side, outputs: Arrays, pull: Callable[[Any], Any]) -> Problem:
    """The function as the check sees it."""
    point = [wide(side.numbers(leaf)) for leaf in side.point]

    def pulled(cotangents: Arrays) -> list[np.ndarray]:
        given = [np.asarray(c).astype(o.dtype) for c, o in zip(cotangents, outputs, strict=True)]
        return [np.zeros_like(x) if g is None else wide(g) for g, x in zip(pull(given), point, strict=True)]

    epsilon = max(side.roundoff(x) for x in (*side.point, *side.outputs))
    made, noise = side.evaluate(point)
    if difference := changed(made, side.evaluate(point)[0]):
        raise GradcheckError(f"{side.title} {difference}")
    if len(made) != len(outputs):
        raise GradcheckError(f"{side.title} gives {len(outputs)} outputs, and {len(made)} in float64")
    return Problem(side.title, side.names, point, lambda values: side.evaluate(values)[0], pulled, epsilon, noise)


def _library_of(leaves: Sequence[Any]) -> str:
    """The library that one of the inputs comes from."""
    for leaf in leaves:
        for base in type(leaf).__mro__:
            top = base.__module__.partition(".")[0]
            if top in ("torch", "jax", "jaxlib"):
                return "torch" if top == "torch" else "jax"
            if top == "tinygrad_lite":
                raise ValueError("gradcheck_foreign: these are tensors of tinygrad_lite: use gradcheck")
    raise ValueError('gradcheck_foreign: the inputs do not tell the library: give library="torch", "jax" or "autograd"')


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        top = name.partition(".")[0]
        raise ImportError(f"gradcheck_foreign needs {top} to check its functions: pip install {top}") from error


def _leaves(tree: Any, names: Sequence[str] | None = None, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested lists, tuples and dicts, each with its path; `names` are those of the first level."""
    if isinstance(tree, dict):
        for key in tree:
            yield from _leaves(tree[key], None, f"{path}[{key!r}]")
    elif isinstance(tree, tuple | list):
        for k, item in enumerate(tree):
            yield from _leaves(item, None, names[k] if names else f"{path}[{k}]")
    else:
        yield path, tree


def _rebuilt(tree: Any, leaves: Iterator[Any]) -> Any:
    """A tree of the same form with other leaves."""
    if isinstance(tree, dict):
        return {key: _rebuilt(value, leaves) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        items = [_rebuilt(item, leaves) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return next(leaves)


def _of_fractions(x: Any) -> bool:
    """Whether it is an array of floating-point or complex numbers, of whatever library."""
    return str(getattr(x, "dtype", "")).rpartition(".")[2].startswith(("float", "bfloat", "complex"))


class _Side:
    """A function of another library at its arguments.

    Attributes:
        title: of the function.
        names: of the inputs that are differentiated by.
        point: those inputs, as the library holds them.
        outputs: the outputs with fractions, as the library holds them, once `recorded` has run.
    """

    module = ""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.function, self.arguments = function, arguments
        self.title = getattr(function, "__name__", type(function).__name__)
        self.library = _imported(self.module)
        leaves = list(_leaves(arguments, argument_names(function, range(len(arguments)))))
        self.where = [k for k, (_, leaf) in enumerate(leaves) if self.wanted(leaf)]
        self.names = [leaves[k][0] for k in self.where]
        self.point: list[Any] = [leaves[k][1] for k in self.where]
        self.outputs: list[Any] = []
        self.kept: list[int] = []
        self.prepare()
        if not self.point:
            kinds = ", ".join(type(leaf).__name__ for _, leaf in leaves) or "none"
            raise ValueError(f"gradcheck_foreign: no input can be differentiated by; the inputs are: {kinds}")

    def prepare(self) -> None:
        """More inputs that are no arguments."""

    def wanted(self, leaf: Any) -> bool:
        """Whether to differentiate by an input."""
        return isinstance(leaf, float | complex) or _of_fractions(leaf)

    def numbers(self, x: Any) -> np.ndarray:
        """The numbers of an array of the library."""
        array = np.asarray(x)
        return array.astype(np.float32) if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array

    def roundoff(self, x: Any) -> float:
        """The unit roundoff of the array's dtype."""
        kind = np.asarray(x).dtype
        return 2.0**-7 if kind.name == "bfloat16" else float(np.finfo(kind).eps)

    def arguments_with(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments with other inputs."""
        leaves = [leaf for _, leaf in _leaves(self.arguments)]
        for k, value in zip(self.where, values, strict=False):
            leaves[k] = value
        return tuple(_rebuilt(self.arguments, iter(leaves)))

    def fractions(self, out: Any) -> list[Any]:
        """The outputs that hold fractions, all of them arrays of the library."""
        found = [leaf for _, leaf in _leaves(out) if _of_fractions(leaf)]
        if not found:
            kinds = ", ".join(str(getattr(o, "dtype", type(o).__name__)) for _, o in _leaves(out))
            raise ValueError(f"gradcheck_foreign expects {self.title} to return fractions, but it returned {kinds}")
        return found

    def recorded(self) -> tuple[list[np.ndarray], Callable[[Any], Any]]:
        """The outputs at the point, and what takes gradients of them back to the inputs."""
        raise NotImplementedError

    def evaluate(self, values: Arrays) -> tuple[list[np.ndarray], float]:
        """The outputs for other inputs, of float64, and the unit roundoff that they were computed with."""
        raise NotImplementedError

    def judged(self, outputs: Sequence[Any]) -> tuple[list[np.ndarray], float]:
        """Outputs as float64, and their unit roundoff."""
        return [wide(self.numbers(out)) for out in outputs], max(self.roundoff(out) for out in outputs)


class _Torch(_Side):
    module = "torch"

    def prepare(self) -> None:
        self.parameters: dict[str, Any] = {}
        if isinstance(self.function, self.library.nn.Module):
            self.parameters = {n: p for n, p in self.function.named_parameters() if p.requires_grad}
            self.twin = copy.deepcopy(self.function).double()
        self.names += self.parameters
        self.point = [leaf.detach().requires_grad_() for leaf in self.point] + list(self.parameters.values())
        self.random = self.library.get_rng_state()

    def wanted(self, leaf: Any) -> bool:
        return isinstance(leaf, self.library.Tensor) and bool(leaf.requires_grad)

    def numbers(self, x: Any) -> np.ndarray:
        x = x.detach().resolve_conj().resolve_neg().cpu()
        return (x.float() if x.dtype is self.library.bfloat16 else x).numpy()

    def roundoff(self, x: Any) -> float:
        return float(self.library.finfo(x.dtype).eps)

    @contextmanager
    def _same_numbers(self) -> Iterator[None]:
        """The block draws the random numbers that the first call drew."""
        with self.library.random.fork_rng(devices=[]):
            self.library.set_rng_state(self.random)
            yield

    def recorded(self) -> tuple[list[np.ndarray], Callable[[Any], Any]]:
        with self._same_numbers(), self.library.enable_grad():
            self.outputs = self.fractions(self.function(*self.arguments_with(self.point)))
        arrays = [self.numbers(out) for out in self.outputs]

        def pull(cotangents: Sequence[np.ndarray | None]) -> list[np.ndarray | None]:
            pairs = [(o, g) for o, g in zip(self.outputs, cotangents, strict=True) if g is not None and o.requires_grad]
            if not pairs:
                return [None] * len(self.point)
            gs = [self.library.as_tensor(g).to(o) for o, g in pairs]
            found = self.library.autograd.grad(
                [o for o, _ in pairs], self.point, gs, retain_graph=True, allow_unused=True
            )
            return [None if g is None else self.numbers(g).copy() for g in found]

        return arrays, pull

    def evaluate(self, values: Arrays) -> tuple[list[np.ndarray], float]:
        like = [*self.point]
        given = [
            self.library.as_tensor(np.ascontiguousarray(v).reshape(v.shape).copy(), device=x.device)
            for v, x in zip(values, like, strict=True)
        ]
        count = len(self.where)
        with self._same_numbers(), self.library.no_grad():
            arguments = tuple(self._wide(a) for a in self.arguments_with(given[:count]))
            if isinstance(self.function, self.library.nn.Module):
                state = dict(zip(self.parameters, given[count:], strict=True))
                out = self.library.func.functional_call(self.twin, state, arguments)
            else:
                out = self.function(*arguments)
        return self.judged(self.fractions(out))

    def _wide(self, argument: Any) -> Any:
        """The argument with its constants in float64 too."""
        torch = self.library

        def lifted(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor) or not (leaf.is_floating_point() or leaf.is_complex()):
                return leaf
            return leaf.to(torch.complex128 if leaf.is_complex() else torch.float64)

        return _rebuilt(argument, iter([lifted(leaf) for _, leaf in _leaves(argument)]))


class _Jax(_Side):
    module = "jax"

    def prepare(self) -> None:
        self.point = [self.library.numpy.asarray(x) for x in self.point]

    def recorded(self) -> tuple[list[np.ndarray], Callable[[Any], Any]]:
        def fractions(*values: Any) -> list[Any]:
            return self.fractions(self.function(*self.arguments_with(values)))

        self.outputs, back = self.library.vjp(fractions, *self.point)

        def pull(cotangents: Sequence[np.ndarray]) -> list[np.ndarray]:
            given = [
                self.library.numpy.asarray(np.conj(c), o.dtype) for c, o in zip(cotangents, self.outputs, strict=True)
            ]
            return [np.conj(self.numbers(g)) for g in back(given)]

        return [self.numbers(out) for out in self.outputs], pull

    def evaluate(self, values: Arrays) -> tuple[list[np.ndarray], float]:
        with self._sixty_four_bits():
            given = self.arguments_with([self.library.numpy.asarray(v) for v in values])
            return self.judged(self.fractions(self.function(*given)))

    def _sixty_four_bits(self) -> Any:
        """The block in which JAX computes in float64."""
        place = self.library if hasattr(self.library, "enable_x64") else _imported("jax.experimental")
        return place.enable_x64(True)


class _Autograd(_Side):
    module = "autograd"

    def recorded(self) -> tuple[list[np.ndarray], Callable[[Any], Any]]:
        def fractions(values: Any) -> Any:
            made = self.fractions(self.function(*self.arguments_with(values)))
            return self.library.builtins.tuple(tuple(made))

        with _numpys_random():
            back, outputs = _imported("autograd.core").make_vjp(fractions, tuple(map(np.asarray, self.point)))
        self.outputs = list(outputs)

        def pull(cotangents: Sequence[np.ndarray]) -> list[np.ndarray]:
            found = back(tuple(np.conj(c) for c in cotangents))
            return [np.conj(np.asarray(g)) for g in found]

        return [self.numbers(out) for out in self.outputs], pull

    def evaluate(self, values: Arrays) -> tuple[list[np.ndarray], float]:
        with _numpys_random():
            return self.judged(self.fractions(self.function(*self.arguments_with(values))))


@contextmanager
def _numpys_random() -> Iterator[None]:
    """The block draws the same numbers from NumPy's global generator each time."""
    now = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(now)
