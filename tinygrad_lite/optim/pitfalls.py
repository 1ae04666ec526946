"""What an optimiser notices of a training loop that does not mean what it does; see `tinygrad_lite.warn`."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from tinygrad_lite.graph import TensorCore
from tinygrad_lite.views import version, written_anew
from tinygrad_lite.warn import unsaid, warn_once

SHOWN = 5


class Watch:
    """Looks at the gradients before each step. One parameter stands for all, so a look costs a microsecond."""

    def __init__(self) -> None:
        self._first = True
        self._last: Any = None  # the gradient at the last step, a weak reference, and how often it was written

    def look(self, groups: Sequence[dict[str, Any]]) -> None:
        """Warn where a parameter was left out, or gradients of the last step are still in this one's."""
        if self._first:
            self._first = False
            if unsaid("missing_gradient"):
                _warn_of_missing(groups)
        if unsaid("accumulating_gradients"):
            self._warn_of_accumulation(groups)

    def _warn_of_accumulation(self, groups: Sequence[dict[str, Any]]) -> None:
        found = (p._grad for group in groups for p in group["params"] if p._grad is not None)
        gradient: TensorCore | None = next(found, None)
        if gradient is None:
            self._last = None
            return
        if self._last is not None:
            last, writes, before = self._last
            if last() is gradient and version(gradient) > writes and written_anew(gradient) == before:
                warn_once(
                    "accumulating_gradients",
                    "the gradients of the last step were not zeroed: backward() has added to them, so this step moves "
                    "along the sum of both. Call optimizer.zero_grad() before each backward().",
                )
        self._last = weakref.ref(gradient), version(gradient), written_anew(gradient)


def _warn_of_missing(groups: Sequence[dict[str, Any]]) -> None:
    wanted = [
        (k, group.get("param_names", [None] * len(group["params"]))[k], p)
        for group in groups
        for k, p in enumerate(group["params"])
        if p.needs_grad
    ]
    missing = [
        f"{k if name is None else name!r} of shape {tuple(p.array.shape)}" for k, name, p in wanted if p._grad is None
    ]
    if missing and len(missing) < len(wanted):
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        warn_once(
            "missing_gradient",
            f"no gradient has reached {len(missing)} of {len(wanted)} parameters at the first step: parameter "
            f"{', '.join(missing[:SHOWN])}{more}. They will not be trained. Does the loss depend on them? Perhaps a "
            "detach(), a no_grad() or a layer that forward() does not call is in between; requires_grad_(False) says "
            "that it is meant. (An optimizer that is given model.named_parameters() names them here.)",
        )
