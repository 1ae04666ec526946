"""Kinds of arguments that several command lines take."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["whole"]


def whole(least: int) -> Callable[[str], int]:
    """An argument type: an integer of at least `least`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is too small: at least {least} is needed")
        return value

    return read
