"""What a training run reported, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["History"]


class History(dict[str, list[float]]):
    """Names, such as "loss" and "val_accuracy", each with a number for every epoch.

    It is a dict, so `viz.curves(history)` draws it. Printed, it is a table; a notebook shows it so.

    Example:
        >>> history = History()
        >>> history.note({"loss": 2.25, "val_loss": 2.5})
        >>> history.note({"loss": 1.5, "val_loss": 1.25})
        >>> print(history)
         epoch      loss  val_loss
             1      2.25       2.5
             2       1.5      1.25
        >>> history.best("val_loss")
        (2, 1.25)
    """

    def note(self, numbers: Mapping[str, float]) -> None:
        """Add an epoch. A name that is new, or missing this time, has NaN where it has no number."""
        epochs = self.epochs
        for name in dict.fromkeys([*self, *numbers]):
            self.setdefault(name, [math.nan] * epochs).append(float(numbers.get(name, math.nan)))

    def best(self, name: str, largest: bool | None = None) -> tuple[int, float]:
        """The epoch, counted from 1, with the best number of that name, and the number.

        Args:
            name: one of the names.
            largest: whether large is good; as a rule it is unless the name holds "loss" or "error".

        Raises:
            KeyError: there is no such name.
            ValueError: no epoch has a number.
        """
        if name not in self:
            raise KeyError(f"{name!r} was not reported; there are {', '.join(self) or 'no numbers yet'}")
        known = [(value, epoch) for epoch, value in enumerate(self[name], 1) if not math.isnan(value)]
        if not known:
            raise ValueError(f"no epoch has a number for {name!r}")
        sign = 1 if large_is_good(name, largest) else -1
        value, epoch = max(known, key=lambda pair: (sign * pair[0], -pair[1]))
        return epoch, value

    @property
    def epochs(self) -> int:
        """How many epochs there are."""
        return max((len(values) for values in self.values()), default=0)

    def __str__(self) -> str:
        if not self:
            return "no epochs yet"
        names = list(self)
        lines = [" epoch" + "".join(f"{name:>{max(10, len(name) + 2)}}" for name in names)]
        for epoch in range(self.epochs):
            cells = "".join(f"{self[name][epoch]:>{max(10, len(name) + 2)}.4g}" for name in names)
            lines.append(f"{epoch + 1:>6}{cells}")
        return "\n".join(lines)

    __repr__ = __str__


def large_is_good(name: str, given: bool | None = None) -> bool:
    """Whether a large number of that name is a good one."""
    return given if given is not None else not ("loss" in name or "error" in name)
