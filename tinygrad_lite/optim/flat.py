"""The flat arrays that a step works on.

NumPy's cost per call does not depend on the size of small arrays, and what has left the processor's cache
is slow to fetch; so a step goes neither parameter by parameter nor operation by operation, but block by
block. The state (momentum and such) of a group lies in flat arrays, and `state[p]["exp_avg"]` is a view of
its part. A block is a stretch of them that fits the cache: several small parameters, brought together, or
a piece of a large one, used where it lies. An optimiser's `update` is a few lines of arithmetic on a block,
and what it returns is subtracted from the parameters. Threads share out the blocks when there are many.
Measured on 100 tensors with a million elements in all, a step of Adam takes about half the time that
PyTorch's does, and no memory beside its state but a few blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from tinygrad_lite.dtypes import dtype, float32, float64, get_default_dtype
from tinygrad_lite.parallel import each, get_num_threads
from tinygrad_lite.quiet import quiet
from tinygrad_lite.tensors import make

__all__ = ["Block", "Flat", "number"]

Tensor: TypeAlias = Any  # a tinygrad_lite.Tensor
BLOCK_BYTES = 1 << 17
"""Six arrays of this size (gradient, values, two of state, two to compute in) stay near the processor."""
LANE_BLOCKS = 8
"""A thread should have so many blocks to work on that waking it pays."""


class Block:
    """A stretch of a group's flat arrays; what `Optimizer.update` reads and writes.

    Attributes:
        gradient: the gradients. Not to be written to.
        values: the parameters' values, where the optimiser asks for them. Not to be written to.
        scratch: an array of the same size to compute in.
        result: another one, in which `update` may return its answer.
        numbers: the state that is one number for each parameter, as 0-d arrays by name.
        step: how many steps these parameters have taken, this one included.
    """

    __slots__ = (
        "_answer", "_first", "_gathered", "_last", "_part", "_parts", "_targets", "_values", "gradient", "numbers",
        "result", "scratch", "state", "step", "values",
    )  # fmt: skip

    def __init__(
        self, first: int, last: int, part: slice | None, buffers: Sequence[np.ndarray], state: dict[str, np.ndarray],
        numbers: dict[str, np.ndarray],
    ) -> None:  # fmt: skip
        self._first, self._last, self._part = first, last, part
        self._gathered, self._values, scratch, result = buffers
        self.scratch, self.result = reals(scratch), reals(result)
        self.state, self.numbers, self.step = state, numbers, 0
        self.gradient = self.values = scratch
        self._targets: list[np.ndarray] = []
        self._parts: list[np.ndarray] = []
        self._answer = result

    def __getitem__(self, name: str) -> np.ndarray:
        return self.state[name]

    def aim(self, arrays: Sequence[np.ndarray]) -> None:
        """Note where the parameters' values are."""
        targets = [a.reshape(-1) if a.flags.c_contiguous else a for a in arrays[self._first : self._last]]
        self._targets = targets if self._part is None else [targets[0][self._part]]
        self._parts, end = [], 0
        for target in self._targets:
            begin, end = end, end + target.size
            self._parts.append(self._answer[begin:end].reshape(target.shape))

    def fill(self, gradients: Sequence[np.ndarray], negate: bool, want_values: bool) -> None:
        """Bring the gradients, and the values where wanted, together; those of a single parameter stay in place."""
        targets = self._targets
        if len(targets) > 1:
            gradient = reals(np.concatenate(gradients[self._first : self._last], out=self._gathered))
            if want_values:
                self.values = reals(np.concatenate([t.reshape(-1) for t in targets], out=self._values))
        else:
            gradient = gradients[self._first]
            gradient = reals(gradient if self._part is None else gradient[self._part])
            if want_values:
                self.values = reals(targets[0].reshape(-1))
        self.gradient = np.negative(gradient, out=reals(self._gathered)) if negate else gradient

    def subtract(self, delta: np.ndarray) -> None:
        """Subtract from the parameters what `update` returned."""
        if delta is not self.result:
            self.result[...] = delta
        for target, part in zip(self._targets, self._parts, strict=True):
            np.subtract(target, part, out=target)


def reals(array: np.ndarray) -> np.ndarray:
    """The array itself, or the parts of its complex numbers as pairs of real ones."""
    return array.view(array.real.dtype) if array.dtype.kind == "c" else array


def number(value: float) -> Tensor:
    """A number that is kept for each parameter: in float32, with float64 as the default dtype in that."""
    wanted: dtype = float64 if get_default_dtype() == float64 else float32
    return make(np.array(value, wanted.numpy))


class Flat:
    """Parameters of one dtype that have taken equally many steps, laid end to end.

    Args:
        params: the parameters.
        step: how many steps they have taken.
        slots: the names of their state arrays, and what those are full of at the start.
        numbers: the names of the state that is one number for each parameter, and their start.
        state: the optimiser's; the values in it are taken over and replaced by views of the flat arrays.
    """

    def __init__(
        self, params: Sequence[Tensor], step: int, slots: Mapping[str, float], numbers: Mapping[str, float],
        state: dict[Any, Any],
    ) -> None:  # fmt: skip
        self.params = list(params)
        self.step = step
        self.arrays = [p.array for p in params]
        self.dtype = self.arrays[0].dtype
        known = state.get(params[0], {})
        shared = {name: _taken_over(known.get(name), start) for name, start in numbers.items()}
        self.numbers = {name: tensor.array for name, tensor in shared.items()}
        self.placed: list[dict[str, Tensor]] = [dict(shared) for _ in self.params]
        self.slots = {name: self._slot(name, start, state) for name, start in slots.items()}
        for p, placed in zip(self.params, self.placed, strict=True):
            if placed:
                state[p].update(placed)
        self.lanes = self._lanes()
        self._aim()

    def _slot(self, name: str, start: float, state: dict[Any, Any]) -> np.ndarray:
        """The flat array of one kind of state, with what is known of it."""
        flat = np.zeros(sum(a.size for a in self.arrays), self.dtype)
        if start:
            reals(flat)[...] = start
        end = 0
        for p, array, placed in zip(self.params, self.arrays, self.placed, strict=True):
            begin, end = end, end + array.size
            view = flat[begin:end].reshape(array.shape)
            known = state.get(p, {}).get(name)
            if known is not None:
                view[...] = known.array
            placed[name] = make(view)
        return flat

    def in_use(self, state: dict[Any, Any]) -> bool:
        """Whether nobody has replaced the state, or converted the parameters, since."""
        moved = False
        for p, known, placed in zip(self.params, self.arrays, self.placed, strict=True):
            array = p.array
            if array is not known:
                if array.dtype is not self.dtype or array.flags.c_contiguous != known.flags.c_contiguous:
                    return False
                moved = True
            if placed:
                now = state.get(p)
                if now is None:
                    return False
                for name in placed:
                    if name not in now or now[name] is not placed[name]:
                        return False
        if moved:
            self.arrays = [p.array for p in self.params]
            self._aim()
        return True

    def _aim(self) -> None:
        for blocks in self.lanes:
            for block in blocks:
                block.aim(self.arrays)

    def _lanes(self) -> list[list[Block]]:
        """The blocks, shared out to threads; those of one thread compute in the same memory."""
        stretches = list(_stretches(self.arrays, BLOCK_BYTES // self.dtype.itemsize))
        heavy = len(self.slots) > 1  # with little to compute for each element, threads wait for each other
        count = max(1, min(get_num_threads(), len(stretches) // LANE_BLOCKS)) if heavy else 1
        lanes, done = [], 0
        for k in range(count):
            share = stretches[len(stretches) * k // count : len(stretches) * (k + 1) // count]
            buffers = [np.empty(max(size for *_, size in share), self.dtype) for _ in range(4)]
            blocks = []
            for first, last, part, size in share:
                state = {name: reals(flat[done : done + size]) for name, flat in self.slots.items()}
                blocks.append(Block(first, last, part, [b[:size] for b in buffers], state, self.numbers))
                done += size
            lanes.append(blocks)
        return lanes

    def run(self, update: Callable[[Block], np.ndarray], negate: bool, want_values: bool) -> None:
        """Subtract `update(block)` from the parameters, for every block."""
        gradients = [p._grad.array.reshape(-1) for p in self.params]
        for gradient in gradients:
            gradient.flags.writeable = False

        def work(blocks: list[Block]) -> None:
            with quiet():
                for block in blocks:
                    block.step = self.step
                    block.fill(gradients, negate, want_values)
                    block.subtract(update(block))

        each(work, self.lanes)


def _taken_over(known: Any, start: float) -> Tensor:
    """A number of its own, from what is in the state."""
    if hasattr(known, "array"):
        return make(known.array.copy())
    return number(start if known is None else float(known))


def _stretches(arrays: Sequence[np.ndarray], length: int) -> Iterator[tuple[int, int, slice | None, int]]:
    """How to cut arrays that lie end to end into blocks of about `length` elements.

    Yields:
        The first array of each block, the one after its last, which part of the first if not all of it, and the size.
    """
    first = filled = 0
    for k, array in enumerate(arrays):
        size = array.size
        if first < k and filled + size > length:
            yield first, k, None, filled
            first, filled = k, 0
        filled += size
        if filled > length // 4:
            pieces = -(-filled // length) if array.flags.c_contiguous else 1
            if pieces == 1:
                yield first, k + 1, None, filled
            else:
                cuts = [size * j // pieces for j in range(pieces + 1)]
                for begin, end in zip(cuts, cuts[1:], strict=False):
                    yield k, k + 1, slice(begin, end), end - begin
            first, filled = k + 1, 0
    if first < len(arrays):
        yield first, len(arrays), None, filled
