"""What the names in a checkpoint stand for, and what calling them makes: tensors and plain containers."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from typing import Any, Protocol

import numpy as np

from tinygrad_lite import dtypes
from tinygrad_lite.device import device
from tinygrad_lite.dtypes import ALL, dtype
from tinygrad_lite.layout import strided
from tinygrad_lite.nn.parameter import Buffer, Parameter
from tinygrad_lite.serialization import allowed, arrays
from tinygrad_lite.serialization.errors import LoadError
from tinygrad_lite.serialization.machine import need_key
from tinygrad_lite.serialization.storages import STORAGE_DTYPES, WIDENED, Storage, StorageType
from tinygrad_lite.size import Size
from tinygrad_lite.tensor import Tensor
from tinygrad_lite.tensors import make

__all__ = ["BUILDERS", "NAMES", "REFUSED", "rebuild_tensor", "set_attributes", "shown", "storage_type"]


class Policy(Protocol):
    """What the functions here need of a policy.

    Attributes:
        strict: whether only plain things may be made.
    """

    strict: bool

    def call(self, function: Any, args: Any) -> Any:
        """What calling one of the known functions gives."""

    def pay(self, count: int) -> None:
        """Count what is copied."""


def shown(thing: Any) -> str:
    """Its name, for a message."""
    return str(getattr(thing, "__qualname__", None) or type(thing).__name__)


def set_attributes(instance: Any, state: Any) -> None:
    """Give a tensor or an OrderedDict attributes of its own, none that would hide a method."""
    if isinstance(state, tuple) and len(state) == 2:  # with slots, which none of them has
        state = state[0]
    for name, value in (state or {}).items():
        if not isinstance(name, str) or hasattr(type(instance), name):
            raise LoadError(f"the file sets the attribute {str(name)[:80]!r} of a {type(instance).__name__}")
        instance.__dict__[name] = value


# --- tensors -----------------------------------------------------------------------------------------


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, dtype: str | None) -> Tensor:
    """A tensor that looks into a storage, once it is known to stay within."""
    if not isinstance(storage, Storage):
        raise LoadError("the file is damaged: a tensor in it has no storage")
    if type(size) not in (tuple, Size, list) or type(stride) not in (tuple, Size, list) or len(size) != len(stride):
        raise LoadError(f"the file is damaged: a tensor has the sizes {str(size)[:80]} and strides {str(stride)[:80]}")
    if any(type(n) is not int or not 0 <= n < 1 << 48 for n in (offset, *size, *stride)):
        raise LoadError(
            f"the file is damaged: a tensor has the sizes {str(size)[:80]}, the strides {str(stride)[:80]} and the "
            f"offset {str(offset)[:20]}"
        )
    elements = storage.elements(dtype)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if 0 not in size else offset - 1
    if last >= elements.size:
        raise LoadError(
            f"the file is damaged: a tensor of shape {list(size)[:16]} reaches to element {last:,} of a storage that "
            f"has {elements.size:,}"
        )
    step = elements.itemsize
    if 0 in size:
        array = np.empty(size, elements.dtype)
    else:
        array = np.ndarray(size, elements.dtype, elements, offset * step, [n * step for n in stride])
    if requires_grad and array.dtype.kind not in "fc":
        raise LoadError(f"the file is damaged: a tensor of {array.dtype} in it requires a gradient")
    return make(array, bool(requires_grad))


def rebuild_tensor(_: Any, storage: Any, offset: Any, size: Any, stride: Any) -> Tensor:
    """A tensor of the oldest kind."""
    return _tensor(storage, offset, size, stride, False, None)


def _rebuild_tensor_v2(
    policy: Policy, storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, bits: Any = None
) -> Tensor:
    return _with_bits(policy, _tensor(storage, offset, size, stride, requires_grad, None), bits)


def _rebuild_tensor_v3(
    policy: Policy,
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    hooks: Any,
    kind: Any,
    bits: Any = None,
) -> Tensor:
    if not isinstance(kind, dtype):
        raise LoadError("the file is damaged: a tensor in it has no dtype")
    return _with_bits(policy, _tensor(storage, offset, size, stride, requires_grad, kind.name), bits)


def _with_bits(policy: Policy, tensor: Tensor, bits: Any) -> Tensor:
    """Apply what PyTorch puts off: that elements are conjugated, or negative."""
    if not bits:
        return tensor
    if not isinstance(bits, dict) or not set(bits) <= {"conj", "neg"}:
        raise LoadError(f"the file has a tensor with properties that are not known here: {str(bits)[:80]}")
    policy.pay(tensor.array.size)
    array = tensor.array.conj() if bits.get("conj") else tensor.array
    return make(-array if bits.get("neg") else array, tensor.requires_grad)


def _rebuild_parameter(_: Any, data: Any, requires_grad: Any, hooks: Any) -> Parameter:
    if not isinstance(data, Tensor) or (requires_grad and data.array.dtype.kind not in "fc"):
        raise LoadError("the file is damaged: a parameter in it is no tensor of real or complex numbers")
    return Parameter(data, bool(requires_grad))


def _rebuild_parameter_with_state(_: Any, data: Any, requires_grad: Any, hooks: Any, state: Any) -> Parameter:
    parameter = _rebuild_parameter(_, data, requires_grad, hooks)
    set_attributes(parameter, state)
    return parameter


def _rebuild_from_type_v2(policy: Policy, function: Any, kind: Any, args: Any, state: Any) -> Any:
    made = policy.call(function, args)
    if kind is Parameter and isinstance(made, Tensor):
        made = Parameter(made, made.requires_grad)
    elif kind is not Tensor:
        made = _as_subclass(policy, made, kind)
    set_attributes(made, state)
    return made


def _as_subclass(policy: Policy, made: Any, kind: Any) -> Any:
    fits = isinstance(made, Tensor) and isinstance(kind, type) and issubclass(kind, Tensor)
    if not fits or (policy.strict and kind is not Buffer and not allowed.is_safe(kind)):
        raise LoadError(f"the file has a tensor of the class {shown(kind)}, which is not known here")
    own = object.__new__(kind)
    own.array, own.needs_grad = made.array, made.needs_grad
    own.node = own._grad = own.extra = None
    return own


# --- what is no tensor ---------------------------------------------------------------------------------


def _keys_checked(policy: Policy, keys: Any) -> Any:
    if policy.strict:
        for key in keys:
            need_key(key)
    return keys


def _items(policy: Policy, given: Any) -> dict[Any, Any]:
    if not isinstance(given, dict):
        if not isinstance(given, list | tuple) or any(not isinstance(p, list | tuple) or len(p) != 2 for p in given):
            raise LoadError("the file is damaged: a dict in it is made of something that is no pairs")
        _keys_checked(policy, (pair[0] for pair in given))
        given = dict(given)
    return given


def _ordered_dict(policy: Policy, items: Any = ()) -> OrderedDict[Any, Any]:
    return OrderedDict(_items(policy, items))


def _counter(policy: Policy, items: Any = ()) -> Counter[Any]:
    if not isinstance(items, dict) and items != ():
        raise LoadError("the file is damaged: a Counter in it is not made of a dict")
    return Counter(dict(items))


_FACTORIES = (None, list, dict, set, tuple, int, float, str, bool, OrderedDict, Counter)


def _default_dict(policy: Policy, factory: Any = None, items: Any = ()) -> defaultdict[Any, Any]:
    if policy.strict and not any(factory is known for known in _FACTORIES):
        raise LoadError(f"the file has a defaultdict of {shown(factory)}; the type of a plain container can be loaded")
    return defaultdict(factory, _items(policy, items))


def _set(policy: Policy, items: Any = ()) -> set[Any]:
    if not isinstance(items, list | tuple | set):
        raise LoadError("the file is damaged: a set in it is not made of a list")
    return set(_keys_checked(policy, items))


def _frozen_set(policy: Policy, items: Any = ()) -> frozenset[Any]:
    return frozenset(_set(policy, items))


def _complex(_: Any, real: Any, imag: Any = 0.0) -> complex:
    if type(real) not in (int, float) or type(imag) not in (int, float):
        raise LoadError("the file is damaged: a complex number in it is not made of two numbers")
    return complex(real, imag)


def _encoded(_: Any, text: Any, encoding: Any) -> bytes:
    """How protocols before 3 write bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise LoadError("the file is damaged: bytes in it are not written as Latin 1")
    return text.encode("latin1")


def _bytes(_: Any, *args: Any) -> bytes:
    if args:
        raise LoadError("the file is damaged: bytes in it are made of something")
    return b""


def _byte_array(_: Any, data: Any = b"", encoding: Any = None) -> bytearray:
    return bytearray(data if isinstance(data, bytes) and encoding is None else _encoded(_, data, encoding))


def _size(_: Any, sizes: Any = ()) -> Size:
    if not isinstance(sizes, tuple | list) or any(type(n) is not int for n in sizes):
        raise LoadError("the file is damaged: a shape in it is not made of integers")
    return Size(sizes)


def _layout(_: Any, name: Any) -> Any:
    if name != "torch.strided":
        raise LoadError(f"the file has a tensor of layout {str(name)[:40]}; save its .to_dense()")
    return strided


def _parameter(_: Any, data: Any = None, requires_grad: Any = True) -> Parameter:
    return _rebuild_parameter(_, make(np.zeros(0, np.float32)) if data is None else data, requires_grad, None)


NAMES: dict[str, Any] = {
    "collections.OrderedDict": OrderedDict, "collections.Counter": Counter, "collections.defaultdict": defaultdict,
    "builtins.set": set, "builtins.frozenset": frozenset, "builtins.complex": complex, "builtins.bytes": bytes,
    "builtins.bytearray": bytearray, "builtins.list": list, "builtins.dict": dict, "builtins.tuple": tuple,
    "builtins.int": int, "builtins.float": float, "builtins.str": str, "builtins.bool": bool,
    "_codecs.encode": _encoded,
    "torch._utils._rebuild_tensor": rebuild_tensor, "torch._utils._rebuild_tensor_v2": _rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3, "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type_v2, "torch.Tensor": Tensor,
    "torch.nn.parameter.Parameter": Parameter, "torch.nn.parameter.Buffer": Buffer, "torch.Size": Size,
    "torch.device": device,
    "torch.serialization._get_layout": _layout, "torch.storage.UntypedStorage": StorageType(None),
    **{f"torch.{place}{name}": StorageType(kind) for place in ("", "cuda.") for name, kind in STORAGE_DTYPES.items()},
    **{f"torch.{place}{name[:-7]}Tensor": Tensor for place in ("", "cuda.") for name in STORAGE_DTYPES},
    **{f"torch.{kind.name}": kind for kind in ALL},
    **{f"torch.{name}": getattr(dtypes, name) for name in WIDENED},
    **arrays.NAMES,
}  # fmt: skip
"""What names in a file stand for; PyTorch's are its file format's."""


def storage_type(module: str, name: str) -> StorageType | None:
    """The type of a storage, if it is a name of one."""
    found = NAMES.get(f"{module}.{name}")
    return found if isinstance(found, StorageType) else None


BUILDERS: dict[Any, Any] = {
    OrderedDict: _ordered_dict, Counter: _counter, defaultdict: _default_dict, set: _set, frozenset: _frozen_set,
    complex: _complex, bytes: _bytes, bytearray: _byte_array, Size: _size, device: lambda policy, *args: device(*args),
    Parameter: _parameter,
    **{build: build for build in NAMES.values() if getattr(build, "__module__", "") == __name__},
    **arrays.BUILDERS,
}  # fmt: skip
"""What calling them does."""

REFUSED = {
    "torch._utils._rebuild_sparse_tensor": "a sparse tensor; where it was made, save its .to_dense()",
    "torch._utils._rebuild_qtensor": "a quantized tensor; where it was made, save its .dequantize()",
    "torch._utils._rebuild_nested_tensor": "a nested tensor; where it was made, save its parts",
    "torch._utils._rebuild_meta_tensor_no_storage": "a tensor on the meta device, which has no values",
    **{
        f"torch.{name}": f"quantized data ({name}); where it was made, save the .dequantize() of the tensors"
        for name in ("QInt8Storage", "QUInt8Storage", "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage")
    },
}
"""What files may well have, and cannot be loaded."""
