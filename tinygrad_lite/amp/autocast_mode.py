"""`autocast`: products of matrices in float16, losses in float32, everything else in what it is given.

Which is which is PyTorch's choice for the CPU; see `interception`.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from tinygrad_lite import dtypes
from tinygrad_lite.amp.interception import interception, state
from tinygrad_lite.device import DeviceError, device

__all__ = ["autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]


class _Settings(threading.local):
    """What this thread casts to where `autocast` does not say."""

    def __init__(self) -> None:
        self.dtypes: dict[str, Any] = {"cpu": dtypes.bfloat16}
        self.cache = True


settings = _Settings()


class autocast:  # noqa: N801 - PyTorch's name
    """Compute in half precision inside a `with` block or a decorated function, where PyTorch does.

    On the CPU that is float16: `autocast("cpu", dtype=tg.float16)`. PyTorch's default there is bfloat16, which NumPy
    does not have, so that the dtype must be given. As there is no GPU, `autocast("cuda")` warns and changes nothing.

    Args:
        device_type: "cpu", "cuda" ...
        dtype: what to cast to.
        enabled: whether to cast at all.
        cache_enabled: accepted as in PyTorch; nothing is cached.

    Raises:
        RuntimeError: if there is no such type of device.
        NotImplementedError: on entering, for bfloat16.

    Example:
        >>> import tinygrad_lite as tg
        >>> a = tg.ones(2, 2)
        >>> with tg.autocast("cpu", dtype=tg.float16):
        ...     a @ a, a + a
        (tensor([[2., 2.],
                [2., 2.]], dtype=tinygrad_lite.float16), tensor([[2., 2.],
                [2., 2.]]))
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = device(device_type).type
        self.fast_dtype = get_autocast_dtype(self.device) if dtype is None else dtype
        self._cache_enabled = settings.cache if cache_enabled is None else cache_enabled
        if enabled and self.device != "cpu":
            warnings.warn(f"{self.device.upper()} is not available. Disabling autocast.", stacklevel=2)
            enabled = False
        if enabled and self.fast_dtype not in (dtypes.bfloat16, dtypes.float16):
            warnings.warn(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"CPU Autocast only supports dtypes of tinygrad_lite.float16 currently, got {self.fast_dtype}.",
                stacklevel=2,
            )
            enabled = False
        self._enabled = bool(enabled)
        self._before: list[bool] = []

    def __enter__(self) -> autocast:
        if self._enabled:
            _need_float16(self.fast_dtype)
        if self.device == "cpu":
            self._before.append(state.on)
            if self._enabled:
                interception.begin()
            state.on = self._enabled
        return self

    def __exit__(self, *exc: object) -> None:
        if self.device == "cpu":
            state.on = self._before.pop()
            if self._enabled:
                interception.end()

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function."""

        @wraps(func)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return run


def is_autocast_available(device_type: str) -> bool:
    """Whether `autocast` knows that type of device, be there one or not.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.amp.is_autocast_available("cpu")
        True
    """
    return device(device_type).type != "meta"


def get_autocast_dtype(device_type: str) -> Any:
    """What `autocast` casts to where nothing else is said: bfloat16 on the CPU, float16 on GPUs.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_autocast_dtype("cuda")
        tinygrad_lite.float16
    """
    return settings.dtypes.get(device(device_type).type, dtypes.float16)


def set_autocast_dtype(device_type: str, dtype: Any) -> None:
    """Let `autocast` cast to `dtype` where nothing else is said."""
    settings.dtypes[device(device_type).type] = dtype


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether products of matrices are cast at the moment, on that type of device.

    Example:
        >>> import tinygrad_lite as tg
        >>> with tg.autocast("cpu", dtype=tg.float16):
        ...     tg.is_autocast_enabled("cpu")
        True
    """
    return device(device_type).type == "cpu" and state.on


def set_autocast_enabled(device_type: str | bool, enabled: bool | None = None) -> None:
    """Begin or end casting, for good; `autocast` does so for the length of a block.

    Raises:
        RuntimeError: to begin on a device that does not exist here.
        NotImplementedError: to begin with bfloat16.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_autocast_enabled("cpu", False); tg.is_autocast_enabled("cpu")
        False
    """
    kind, wanted = ("cuda", device_type) if enabled is None else (device_type, enabled)
    if device(str(kind)).type != "cpu":
        if wanted:
            raise DeviceError.missing(str(kind))
        return
    if bool(wanted) != state.on:
        if wanted:
            _need_float16(settings.dtypes["cpu"])
            interception.begin()
        else:
            interception.end()
        state.on = bool(wanted)


def is_autocast_cpu_enabled() -> bool:
    """`is_autocast_enabled("cpu")`, as it was called.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_autocast_cpu_enabled()
        False
    """
    return state.on


def get_autocast_cpu_dtype() -> Any:
    """`get_autocast_dtype("cpu")`, as it was called.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_autocast_cpu_dtype()
        tinygrad_lite.bfloat16
    """
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype() -> Any:
    """`get_autocast_dtype("cuda")`, as it was called.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.get_autocast_gpu_dtype()
        tinygrad_lite.float16
    """
    return get_autocast_dtype("cuda")


def is_autocast_cache_enabled() -> bool:
    """What `set_autocast_cache_enabled` was told; nothing is cached.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.is_autocast_cache_enabled()
        True
    """
    return settings.cache


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Say whether casts of weights may be kept; they never are.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.set_autocast_cache_enabled(True)
    """
    settings.cache = bool(enabled)


def clear_autocast_cache() -> None:
    """Forget casts of weights: there are none.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.clear_autocast_cache()
    """


def _need_float16(dtype: Any) -> None:
    if dtype is dtypes.bfloat16:
        raise NotImplementedError(
            "autocast to bfloat16: the elements of tensors are held by NumPy, which has no such type. "
            'Write autocast("cpu", dtype=float16), or enabled=False.'
        )


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorate the forward of an `autograd.Function`: it runs with `cast_inputs` and without autocast, if given.

    Example:
        >>> import tinygrad_lite as tg
        >>> class Double(tg.autograd.Function):
        ...     @staticmethod
        ...     @tg.amp.custom_fwd(device_type="cpu", cast_inputs=tg.float32)
        ...     def forward(ctx, x):
        ...         return x + x
        ...     @staticmethod
        ...     @tg.amp.custom_bwd(device_type="cpu")
        ...     def backward(ctx, g):
        ...         return g + g
        >>> Double.apply(tg.ones(1))
        tensor([2.])
    """
    if fwd is None:
        return partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @wraps(fwd)
    def run(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        ctx._dtype = get_autocast_dtype(device_type)
        on = is_autocast_enabled(device_type)
        ctx._fwd_used_autocast = on and cast_inputs is None
        if not on or cast_inputs is None:
            return fwd(ctx, *args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(
                ctx, *(_cast(x, cast_inputs) for x in args), **{k: _cast(x, cast_inputs) for k, x in kwargs.items()}
            )

    return run


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorate the backward of an `autograd.Function`: autocast is on in it if it was in the forward."""
    if bwd is None:
        return partial(custom_bwd, device_type=device_type)

    @wraps(bwd)
    def run(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, dtype=dtypes.float16, enabled=ctx._fwd_used_autocast):
            return bwd(ctx, *args, **kwargs)

    return run


def _cast(x: Any, dtype: Any) -> Any:
    fractions = getattr(getattr(x, "dtype", None), "is_floating_point", False)
    return x.to(dtype) if fractions and x.dtype != dtypes.float64 else x
