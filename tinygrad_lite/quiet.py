"""Silence where PyTorch is silent: a division by zero is infinity, without a warning.

NumPy warns. Switching that off around every operation (`np.errstate`) would cost as much as a small
operation does, and makes each one inside slower; so its warnings are filtered by where they come from,
which costs nothing until one is raised. Only where a user has turned warnings into errors does the
filter not help, and NumPy is really told to be quiet.
"""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext

import numpy as np

warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tinygrad_lite\.")


class _Seen:
    """The warning filters as they were last looked at: a new one is a new list or a new first entry."""

    filters: object = None
    first: object = None
    errors = False


_nothing = nullcontext()


def quiet() -> AbstractContextManager[None]:
    """A context in which many operations run without warnings."""
    filters = warnings.filters
    if filters is not _Seen.filters or filters[0] is not _Seen.first:
        _Seen.filters, _Seen.first = filters, filters[0]
        _Seen.errors = any(action == "error" for action, *_ in filters)
    return np.errstate(all="ignore") if _Seen.errors else _nothing
