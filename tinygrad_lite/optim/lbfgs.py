"""L-BFGS: Newton's method with a curvature that is learnt from the steps taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lite.graph import TensorCore, enable_grad
from tinygrad_lite.optim.flat import reals
from tinygrad_lite.optim.line_search import Trial, strong_wolfe
from tinygrad_lite.optim.optimizer import Optimizer, Params, check_positive
from tinygrad_lite.quiet import quiet
from tinygrad_lite.tensors import make
from tinygrad_lite.views import note_write

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """L-BFGS (Nocedal, 1980; Liu and Nocedal, 1989). Each call of `step` is an optimisation of its own.

        y = g - g_before,  s = t * d_before           kept, the last `history_size` of them, while y·s > 1e-10
        d = -H g,  H the BFGS matrix of these pairs, from (y·s / y·y) I    (the two-loop recursion)
        p = p + t * d                                 t = lr, or by a line search

    Args:
        params: parameters, named parameters, or one dict of them.
        lr: the step length, or the first one that a line search tries.
        max_iter: how many iterations a step makes at most.
        max_eval: how often it calls the closure at most, by default 5/4 of that.
        tolerance_grad: a gradient this small ends it.
        tolerance_change: a step or a change of the loss this small ends it.
        history_size: how many pairs are kept.
        line_search_fn: "strong_wolfe" or None.

    Raises:
        ValueError: for a negative or NaN learning rate, and for more than one group.

    Example:
        >>> import tinygrad_lite as tg
        >>> w = tg.tensor([3.0, -2.0], requires_grad=True)
        >>> optimizer = tg.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - 1) ** 4).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure), closure() < 1e-4
        (tensor(97., grad_fn=<SumBackward0>), tensor(True))
    """

    def __init__(
        self, params: Params, lr: Any = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        defaults = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params = self.param_groups[0]["params"]

    def check(self, group: dict[str, Any]) -> None:
        """Refuse a negative or NaN learning rate."""
        check_positive(group, lr="learning rate")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Optimise until an end is reached.

        Args:
            closure: computes the loss and its gradients; called many times.

        Returns:
            the loss before.

        Raises:
            TypeError: without a closure.
            RuntimeError: for a line search other than "strong_wolfe".
        """
        if closure is None:
            raise TypeError("LBFGS.step() needs a closure that computes the loss anew, with its gradients")
        group, state = self.param_groups[0], self.state[self._params[0]]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(f"only 'strong_wolfe' is supported, got line_search_fn={group['line_search_fn']!r}")
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        with enable_grad():
            first_loss = closure()
        state["func_evals"] += 1
        with quiet():
            run = _Run(self._params, closure, group, state)
            run.loss = float(first_loss)
            if not run.at_an_optimum():
                run.iterate()
                run.save()
        return first_loss


class _Run:
    """One call of `step`: what it knows, as arrays."""

    def __init__(
        self, params: Sequence[Any], closure: Callable[[], Any], group: dict[str, Any], state: dict[str, Any]
    ) -> None:
        self.params, self.closure, self.group, self.state = params, closure, group, state
        self.lr = float(group["lr"])
        self.loss = 0.0
        self.gradient = self.flat_gradient()
        known = {name: _array(state.get(name)) for name in ("d", "t", "H_diag", "prev_flat_grad", "prev_loss")}
        self.direction, self.t, self.scale = known["d"], known["t"], known["H_diag"]
        self.gradient_before, self.loss_before = known["prev_flat_grad"], known["prev_loss"]
        self.changes: list[Any] = [_array(y) for y in state.get("old_dirs") or ()]
        self.steps: list[Any] = [_array(s) for s in state.get("old_stps") or ()]
        self.inverses: list[Any] = [_array(r) for r in state.get("ro") or ()]

    def flat_gradient(self) -> np.ndarray:
        """The gradients of all parameters end to end."""
        gradients = [np.zeros_like(p.array) if p._grad is None else p._grad.array for p in self.params]
        return np.concatenate([reals(g.reshape(-1)) for g in gradients])

    def move(self, t: Any, direction: np.ndarray) -> None:
        """Add t times the direction to the parameters."""
        end = 0
        for p in self.params:
            width = reals(p.array.reshape(-1)[:0]).itemsize
            begin, end = end, end + p.array.nbytes // width
            part = np.ascontiguousarray(t * direction[begin:end], dtype=direction.dtype)
            p.array[...] += part.view(p.array.dtype).reshape(p.array.shape)
            note_write(p, "Optimizer.step")

    def evaluate(self) -> tuple[float, np.ndarray]:
        """The loss and the gradient where the parameters are."""
        with enable_grad():
            loss = float(self.closure())
        return loss, self.flat_gradient()

    def at_an_optimum(self) -> bool:
        return bool(np.abs(self.gradient).max() <= self.group["tolerance_grad"])

    def iterate(self) -> None:
        """Go on until one of the ends is reached."""
        group, state, evaluations = self.group, self.state, 1
        for k in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            first = state["n_iter"] == 1
            if first:
                self.direction, self.scale = -self.gradient, 1
                self.changes, self.steps, self.inverses = [], [], []
            else:
                self.learn()
                self.direction = self.newton_direction()
            self.gradient_before, self.loss_before = self.gradient, self.loss
            self.t = min(1.0, 1.0 / np.abs(self.gradient).sum()) * self.lr if first else self.lr
            slope = self.gradient.dot(self.direction)
            if slope > -group["tolerance_change"]:
                return
            optimum, made = self.advance(slope, group["max_eval"] - evaluations, k == group["max_iter"])
            evaluations += made
            state["func_evals"] += made
            if (
                k == group["max_iter"]
                or evaluations >= group["max_eval"]
                or optimum
                or np.abs(self.direction * self.t).max() <= group["tolerance_change"]
                or abs(self.loss - self.loss_before) < group["tolerance_change"]
            ):
                return

    def advance(self, slope: Any, most: int, last: bool) -> tuple[bool, int]:
        """Move along the direction; says whether an optimum is reached and how often the closure was called."""
        if self.group["line_search_fn"] is None:
            self.move(self.t, self.direction)
            if last:
                return False, 0
            self.loss, self.gradient = self.evaluate()
            return self.at_an_optimum(), 1
        here, direction = [p.array.copy() for p in self.params], self.direction

        def trial(t: Any) -> Trial:
            self.move(t, direction)
            loss, gradient = self.evaluate()
            for p, values in zip(self.params, here, strict=True):
                p.array[...] = values
            return Trial(t, loss, gradient, gradient.dot(direction))

        start, reach = Trial(0, self.loss, self.gradient, slope), np.abs(direction).max()
        found, made = strong_wolfe(trial, start, self.t, reach, self.group["tolerance_change"], most)
        self.t, self.loss, self.gradient, _ = found
        self.move(self.t, direction)
        return self.at_an_optimum(), made

    def learn(self) -> None:
        """Keep how the gradient changed along the last step."""
        y, s = self.gradient - self.gradient_before, self.direction * self.t
        ys = y.dot(s)
        if ys > 1e-10:
            for kept, new in ((self.changes, y), (self.steps, s), (self.inverses, 1.0 / ys)):
                if len(kept) == self.group["history_size"]:
                    kept.pop(0)
                kept.append(new)
            self.scale = ys / y.dot(y)

    def newton_direction(self) -> np.ndarray:
        """The direction -H g, by the two-loop recursion (Nocedal and Wright, 2006, algorithm 7.4)."""
        pairs = list(zip(self.changes, self.steps, self.inverses, strict=True))
        shares = self.state.setdefault("al", [None] * self.group["history_size"])
        q = -self.gradient
        for k in reversed(range(len(pairs))):
            y, s, inverse = pairs[k]
            share = s.dot(q) * inverse
            shares[k] = make(np.array(share))
            q = q - share * y
        r = q * self.scale
        for k, (y, s, inverse) in enumerate(pairs):
            r = r + (shares[k].array - y.dot(r) * inverse) * s
        return r

    def save(self) -> None:
        """Keep for the next call what this one knows."""
        self.state.update(
            d=_tensor(self.direction), t=_tensor(self.t), old_dirs=[_tensor(y) for y in self.changes],
            old_stps=[_tensor(s) for s in self.steps], ro=[_tensor(r) for r in self.inverses],
            H_diag=_tensor(self.scale), prev_flat_grad=_tensor(self.gradient_before), prev_loss=self.loss_before,
        )  # fmt: skip


def _array(value: Any) -> Any:
    """What a tensor of the state holds; numbers as NumPy's scalars."""
    return value.array[()] if isinstance(value, TensorCore) else value


def _tensor(value: Any) -> Any:
    return make(np.asarray(value)) if isinstance(value, np.ndarray | np.generic) else value
