"""The planted bugs of `tests/test_bug_hunt.py`, and the same programs without them, put to each gradient checker.

A program runs here in every case: other libraries see it as an operation of their own, whose forward calls the
program and whose backward calls its backward pass. Each checker has its default settings; JAX computes in float32,
as it does by default, and is given the float32 programs. Bugs of the second order alone, which need a backward pass
that the library itself can differentiate, are left out, and complex programs for the two that cannot take them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_lite as tg
from benchmarks.harness import options

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
Arrays = list[np.ndarray]
Pull = Callable[[Arrays], Arrays]
LARGEST = 1000  # numbers, for checkers that look at each of them


def run(program: Any, arrays: Arrays) -> tuple[Arrays, Pull]:
    """The outputs of a program, and its backward pass."""
    leaves = [tg.from_numpy(np.array(a)).requires_grad_() for a in arrays]
    outs = program(*leaves)

    def pull(gradients: Arrays) -> Arrays:
        given = [tg.from_numpy(np.array(g)) for g in gradients]
        found = tg.autograd.grad(outs, leaves, given, retain_graph=True, allow_unused=True)
        return [
            np.zeros_like(a) if g is None else np.array(g.detach().numpy()) for g, a in zip(found, arrays, strict=True)
        ]

    return [o.detach().numpy() for o in outs], pull


def ours(program: Any) -> bool | None:
    """This package's checker."""
    from tinygrad_lite.gradcheck import gradcheck

    return bool(gradcheck(program, program.leaves, raise_exception=False, progress=False))


def torchs(fast: bool) -> Callable[[Any], bool | None]:
    """PyTorch's checker."""
    import torch

    def check(program: Any) -> bool | None:
        class Operation(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *xs: Any) -> Any:
                outs, ctx.pull = run(program, [x.detach().numpy() for x in xs])
                return tuple(torch.from_numpy(np.array(o)) for o in outs)

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(ctx: Any, *gs: Any) -> Any:
                return tuple(torch.from_numpy(np.array(g)) for g in ctx.pull([g.numpy() for g in gs]))

        inputs = [torch.from_numpy(np.array(leaf.detach().numpy())).requires_grad_() for leaf in program.leaves]
        if not fast and sum(x.numel() for x in inputs) > LARGEST:
            return None
        return bool(torch.autograd.gradcheck(Operation.apply, inputs, fast_mode=fast, raise_exception=False))

    return check


def jaxs() -> Callable[[Any], bool | None]:
    """JAX's checker."""
    import jax
    from jax.test_util import check_grads

    def check(program: Any) -> bool | None:
        arrays = [leaf.detach().numpy() for leaf in program.leaves]
        if any(a.dtype != np.float32 for a in arrays):
            return None
        like = [jax.ShapeDtypeStruct(o.shape, o.dtype) for o in run(program, arrays)[0]]

        @jax.custom_vjp
        def operation(*xs: Any) -> Any:
            return jax.pure_callback(lambda *a: run(program, list(map(np.asarray, a)))[0], like, *xs)

        def backward(xs: Any, gs: Any) -> Any:
            count = len(xs)

            def pull(*given: Any) -> Any:
                arrays = list(map(np.asarray, given))
                return tuple(run(program, arrays[:count])[1](arrays[count:]))

            return jax.pure_callback(pull, tuple(jax.ShapeDtypeStruct(x.shape, x.dtype) for x in xs), *xs, *gs)

        operation.defvjp(lambda *xs: (operation(*xs), xs), backward)
        check_grads(operation, tuple(map(jax.numpy.asarray, arrays)), order=1, modes=["rev"])
        return True

    return check


def autograds() -> Callable[[Any], bool | None]:
    """HIPS autograd's checker."""
    from autograd.extend import defvjp_argnums, primitive
    from autograd.test_util import check_grads

    def check(program: Any) -> bool | None:
        arrays = [np.array(leaf.detach().numpy()) for leaf in program.leaves]
        if any(a.dtype.kind == "c" for a in arrays):
            return None

        @primitive
        def operation(*xs: Any) -> Any:
            return np.concatenate([o.ravel() for o in run(program, list(map(np.asarray, xs)))[0]])

        def backward(places: Any, out: Any, xs: Any, _: Any) -> Any:
            outs, pull = run(program, list(map(np.asarray, xs)))
            ends = np.cumsum([o.size for o in outs])[:-1]

            def rule(g: Any) -> Any:
                parts = [p.reshape(o.shape) for p, o in zip(np.split(g, ends), outs, strict=True)]
                found = pull(parts)
                return tuple(found[k] for k in places)

            return rule

        defvjp_argnums(operation, backward)
        check_grads(operation, modes=["rev"], order=1)(*arrays)
        return True

    return check


CHECKERS: dict[str, tuple[str, Callable[[], Callable[[Any], bool | None]]]] = {
    "tinygrad_lite": ("float64", lambda: ours),
    "tinygrad_lite, float32": ("float32", lambda: ours),
    "torch fast": ("float64", lambda: torchs(True)),
    "torch slow": ("float64", lambda: torchs(False)),
    "jax, float32": ("float32", jaxs),
    "autograd": ("float64", autograds),
}


def passes(check: Callable[[Any], bool | None], program: Any) -> bool | None:
    """What a checker says; what it raises is a no."""
    try:
        return check(program)
    except Exception:
        return False


def planted(dtype: str) -> Iterator[Any]:
    """The bugs of the first order."""
    import mutations
    import mutations_by_hand

    for source in (
        mutations.general, mutations.stale, mutations.two_inputs, mutations.dtypes_and_memory, mutations.conjugates,
        mutations.large, mutations_by_hand.by_hand, mutations_by_hand.ties,
    ):  # fmt: skip
        yield from source(dtype)


def main() -> None:
    """Print the table."""
    from tinygrad_lite.op import TABLE

    step = 60 if options(__doc__ or "").quick else 1
    warnings.simplefilter("ignore")
    print("| checker | bugs found | of | right programs called wrong | of |\n|---|---|---|---|---|")
    for name, (dtype, make) in CHECKERS.items():
        try:
            check = make()
        except ImportError:
            print(f"| {name} | not installed | | | |")
            continue
        with np.errstate(all="ignore"):
            bugs = [bug for bug in islice(planted(dtype), 0, None, step) if bug.order == 1]
            said = [passes(check, bug.program) for bug in bugs]
            right = {str(bug).split(": ", 1)[1]: bug.program for bug in bugs}
            correct = [p.with_row(TABLE[p.row.name.removesuffix("_wrong")]) for p in right.values()]
            alarms = [passes(check, program) for program in correct]
        told, heard = [s for s in said if s is not None], [a for a in alarms if a is not None]
        print(f"| {name} | {told.count(False)} | {len(told)} | {heard.count(False)} | {len(heard)} |", flush=True)


if __name__ == "__main__":
    main()
