"""The state of a training run on disk: all it takes to go on as if nothing had happened."""

from __future__ import annotations

import os
import random
import warnings
from typing import Any

import numpy as np

import tinygrad_lite as tg

__all__ = ["CheckpointWarning", "load", "random_state", "save", "set_random_state"]

StrPath = str | os.PathLike[str]
VERSION = 1


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written; training went on, and the one before is still there."""


def save(state: dict[str, Any], path: StrPath) -> bool:
    """Write a state, whole or not at all; returns whether it could be written.

    A disk that is full is no reason to lose hours of training: then the file stays as it was, and a
    `CheckpointWarning` says so.
    """
    try:
        tg.save({"version": VERSION, **state}, path)
    except OSError as error:
        message = f"the checkpoint could not be written, training goes on without it: {error}"
        kept = f"; {path} still holds an earlier one" if os.path.exists(path) else ""
        warnings.warn(message + kept, CheckpointWarning, stacklevel=3)
        return False
    return True


def load(path: StrPath) -> dict[str, Any] | None:
    """The state in a file; None where there is no file.

    Raises:
        ValueError: the file holds something else than the state of a run, or that of another version.
        OSError, RuntimeError: it cannot be read (see `tg.load`).
    """
    if not os.path.exists(path):
        return None
    state = tg.load(path)
    if not isinstance(state, dict) or "version" not in state or "history" not in state:
        raise ValueError(
            f"{os.fspath(path)!r} holds no training run (a file of weights, perhaps); give fit another "
            "`checkpoint`, or load it yourself with model.load_state_dict(tg.load(path))"
        )
    if state["version"] != VERSION:
        raise ValueError(
            f"{os.fspath(path)!r} was written in version {state['version']} of this format, this is version "
            f"{VERSION}; remove the file to start anew"
        )
    return state


def random_state(loader: Any) -> dict[str, Any]:
    """The states of all generators that training draws from: ours, the loader's own, NumPy's and Python's."""
    _, keys, position, has_gauss, gauss = np.random.get_state()
    version, words, second = random.getstate()
    own = getattr(loader, "generator", None)
    return {
        "tensors": tg.get_rng_state(),
        "loader": None if own is None else own.get_state(),
        "numpy": [np.asarray(keys).tolist(), int(position), int(has_gauss), float(gauss)],
        "python": [version, list(words), second],
    }


def set_random_state(state: dict[str, Any], loader: Any) -> None:
    """Put all generators back to where `random_state` found them."""
    tg.set_rng_state(state["tensors"])
    if state["loader"] is not None and getattr(loader, "generator", None) is not None:
        loader.generator.set_state(state["loader"])
    keys, position, has_gauss, gauss = state["numpy"]
    np.random.set_state(("MT19937", np.array(keys, dtype=np.uint32), position, has_gauss, gauss))
    version, words, second = state["python"]
    random.setstate((version, tuple(words), second))
