"""Which version this is: its own, and that of the PyTorch whose programs it runs.

Programs look at `torch.__version__` to find out what they may call, so that is PyTorch's here, with the own
version behind it as PEP 440 has it. `VERSION` is the own one, which the package is published under.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["TorchVersion", "cuda", "debug", "git_version", "hip", "xpu"]

VERSION = "0.1.0"


class TorchVersion(str):
    """A version that compares by its numbers, with other versions as text or as a tuple.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.__version__ >= "1.10", tg.__version__ >= (2, 0), tg.__version__.split(".")[0]
        (True, True, '2')
    """

    __slots__ = ()

    @staticmethod
    def _order(version: Any) -> tuple[list[int], bool]:
        """The release, without zeros at the end, and whether something local follows: 2.13.0+cpu is [2, 13], True."""
        text = version if isinstance(version, str) else ".".join(map(str, version))
        found = re.match(r"v?(\d+(?:\.\d+)*)", text.strip())
        if found is None:
            raise ValueError(f"Invalid version: {version!r}")
        numbers = [int(part) for part in found[1].split(".")]
        while numbers and not numbers[-1]:
            numbers.pop()
        return numbers, "+" in text

    def __lt__(self, other: Any) -> bool:
        return self._order(self) < self._order(other)

    def __le__(self, other: Any) -> bool:
        return self._order(self) <= self._order(other)

    def __gt__(self, other: Any) -> bool:
        return self._order(self) > self._order(other)

    def __ge__(self, other: Any) -> bool:
        return self._order(self) >= self._order(other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return str.__eq__(self, other)
        return isinstance(other, tuple | list) and self._order(self) == self._order(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


__version__ = TorchVersion(f"2.13.0+tinygrad_lite.{VERSION}")
debug = False
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
git_version = "Unknown"
