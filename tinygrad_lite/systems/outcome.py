"""What all systems share: where a run reads and writes, what it came to, and what it should come to."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Goal", "Outcome", "Place"]


@dataclass(frozen=True)
class Place:
    """Where a run finds its data and keeps its state, and whether it shows how far it is.

    Attributes:
        data: a folder to look for data sets in, besides the usual places (see `datasets.obtain`).
        state: a folder for checkpoints, from which a run that was killed goes on; None keeps none.
        progress: whether to show progress bars.
    """

    data: Path | None = None
    state: Path | None = None
    progress: bool = False

    def checkpoint(self, name: str) -> Path | None:
        """The file for `fit` to keep a part of the run in; None if nothing is to be kept."""
        return None if self.state is None else self.state / f"{name}.pt"


@dataclass
class Outcome:
    """What a run came to.

    Attributes:
        reached: numbers by name, such as "test accuracy"; shares are in [0, 1].
        models: the trained modules by name; their weights are what the command line saves.
        history: numbers of each epoch by name (a `training.History`), of the main model.
        source: what data it was.
        note: says so where a stand-in took the place of missing data; empty otherwise.
        shown: whatever else `draw` needs.
    """

    reached: dict[str, float]
    models: dict[str, Any]
    history: Any = None
    source: str = ""
    note: str = ""
    shown: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Goal:
    """What a full run on the real data should reach.

    Example:
        >>> goal = Goal("test accuracy", ">=", 0.99)
        >>> print(goal, goal.met({"test accuracy": 0.991}))
        test accuracy >= 0.99 True
    """

    measure: str
    sign: str
    bound: float | str
    """A number, or the name of another measure."""

    def met(self, reached: dict[str, float]) -> bool:
        """Whether the numbers of a run reach it."""
        bound = reached[self.bound] if isinstance(self.bound, str) else self.bound
        compare = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}[self.sign]
        return bool(compare(reached[self.measure], bound))

    def __str__(self) -> str:
        return f"{self.measure} {self.sign} {self.bound}"
