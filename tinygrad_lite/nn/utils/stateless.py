"""Where `functional_call` was once."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from tinygrad_lite.func.calling import functional_call as _functional_call

__all__ = ["functional_call"]


def functional_call(
    module: Any, parameters_and_buffers: Mapping[str, Any], args: Any = None, kwargs: dict[str, Any] | None = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """As `tinygrad_lite.func.functional_call`; warns that it has moved there.

    Args:
        module: the module.
        parameters_and_buffers: tensors by the names that `named_parameters` and `named_buffers` give.
        args: a tuple of arguments, or the only one.
        kwargs: keyword arguments.
        tie_weights: where a parameter has several names, replace it under all of them.
        strict: raise unless every parameter and buffer is given, and nothing else.

    Example:
        >>> import warnings
        >>> import tinygrad_lite as tg
        >>> layer = tg.nn.Linear(1, 1, bias=False)
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     tg.nn.utils.stateless.functional_call(layer, {"weight": tg.tensor([[3.0]])}, tg.ones(1))
        tensor([3.])
    """
    warnings.warn(
        "`nn.utils.stateless.functional_call` is deprecated in favor of `func.functional_call`.", FutureWarning,
        stacklevel=2,
    )  # fmt: skip
    return _functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
