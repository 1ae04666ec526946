"""A pickle machine that runs nothing by itself.

A pickle is a program for a small machine with a stack and a memo (Python's `pickletools` describes it). What
makes pickles dangerous are five instructions: those that fetch a name, call it, and build an object. This machine
leaves each of the five to a `Policy`, and bounds the rest: what it reads lies within the data, the memo is a dict, keys
that would take for ever to hash are refused. Memory grows with the length of the data only.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, Protocol

from tinygrad_lite.device import device
from tinygrad_lite.dtypes import dtype
from tinygrad_lite.serialization.errors import LoadError

__all__ = ["Buffer", "Machine", "Policy", "need_key"]

_DICTS = (dict, OrderedDict, defaultdict, Counter)
_SIMPLE_KEYS = (float, bool, type(None), dtype, device)
_MOST_KEY_PARTS = 64
_LONGEST_KEY = 1 << 16
_NEWEST_PROTOCOL = 5


class Buffer(Protocol):
    """Bytes, or a file that is mapped to memory."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> Any: ...
    def find(self, sub: bytes, start: int = ..., /) -> int:
        """Where `sub` is, from `start` on; -1 if nowhere."""


class Policy(Protocol):
    """What a pickle may do.

    Attributes:
        strict: whether only plain containers are filled, and every failure is the file's fault.
    """

    strict: bool

    def find(self, module: str, name: str) -> Any:
        """What a name stands for."""

    def call(self, function: Any, args: Any) -> Any:
        """What calling it gives."""

    def new(self, cls: Any, args: Any, kwargs: Any) -> Any:
        """A new object of a class."""

    def build(self, instance: Any, state: Any) -> Any:
        """Give an object its state; returns it."""

    def persistent(self, pid: Any) -> Any:
        """What the file stores beside the pickle under a name."""


def need_key(key: Any) -> None:
    """Refuse what is no plain key of a dict or a set, or would take long to hash.

    Tuples within tuples may share parts, so that a short pickle makes one with 2**60 leaves; and one long text
    may be looked up again and again.

    Raises:
        LoadError: naming the type.
    """
    if type(key) is str and len(key) <= _LONGEST_KEY:  # nearly always
        return
    parts, left = [key], _MOST_KEY_PARTS
    while parts:
        part = parts.pop()
        left -= 1
        if isinstance(part, tuple) and len(part) <= left:
            parts.extend(part)
        elif left < 0 or not _is_plain(part):
            raise LoadError(
                f"a key of a dict or a set is a {type(part).__name__}, or too long; keys are text, numbers, None and "
                "short tuples of these"
            )


def _is_plain(part: Any) -> bool:
    kind = type(part)
    if kind in (str, bytes):
        return len(part) <= _LONGEST_KEY
    if kind is int:
        return part.bit_length() <= _LONGEST_KEY // 256
    return kind in _SIMPLE_KEYS


class Machine:
    """Runs one pickle.

    Args:
        data: what holds the pickle.
        policy: what the pickle may do.
        position: where it starts.
        encoding: how to read the strings of Python 2; `"bytes"` leaves them as bytes.

    Attributes:
        position: when it has run, where the pickle ends.

    Raises:
        LoadError: from `run`, if the pickle is damaged, or does what the policy does not allow.
    """

    def __init__(self, data: Buffer, policy: Policy, position: int = 0, encoding: str = "utf-8") -> None:
        self.data, self.policy, self.position, self.encoding = data, policy, position, encoding
        self.size = len(data)
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The object that the pickle describes."""
        data, size = self.data, self.size
        begin = self.position
        try:
            while True:
                if self.position >= size:
                    raise LoadError("the pickle is cut short: it has no end")
                code = data[self.position]
                self.position += 1
                if code == _STOP:
                    return self._result()
                _OPS[code](self)
        except LoadError:
            raise
        except (
            LookupError,
            TypeError,
            ValueError,
            ArithmeticError,
            AttributeError,
            MemoryError,
            struct.error,
        ) as error:
            if not self.policy.strict and not isinstance(error, LookupError):
                raise
            at = self.position - begin
            problem = f"{type(error).__name__}: {error}"
            raise LoadError(f"the pickle is damaged at byte {at} ({problem}); copy the file again") from error

    def _result(self) -> Any:
        made = self.stack.pop()
        if self.policy.strict and (self.stack or self.marks):
            raise LoadError("the pickle is damaged: it ends with parts that are put nowhere")
        return made

    # --- reading ---------------------------------------------------------------------------------

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self.position + count
        if end > self.size:
            raise LoadError(f"the pickle is cut short: {count:,} bytes should follow, {self.size - self.position:,} do")
        chunk: bytes = self.data[self.position : end]
        self.position = end
        return chunk

    def number(self, form: str) -> Any:
        """The next number, in a format of `struct`."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        """The rest of the line, without its end."""
        end = self.data.find(b"\n", self.position)
        if end < 0:
            raise LoadError("the pickle is cut short within a name")
        text = self.take(end - self.position).decode("utf-8")
        self.position += 1
        return text

    def since_mark(self) -> list[Any]:
        """What lies above the last mark, which goes."""
        items = self.stack
        self.stack = self.marks.pop()
        return items

    def old_string(self, raw: bytes) -> Any:
        """A string of Python 2, which may be text or bytes."""
        if self.encoding == "bytes":
            return raw
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            raise LoadError(
                f"the pickle, made by Python 2, has a string that is not {self.encoding}: load it with "
                'encoding="latin1"'
            ) from None

    # --- filling containers ------------------------------------------------------------------------

    def put_items(self, target: Any, items: list[Any]) -> None:
        """Keys and values, in turn, into a dict."""
        if self.policy.strict:
            if type(target) not in _DICTS:
                raise LoadError(f"items are put into a {type(target).__name__}, which is no dict")
            for key in items[::2]:
                need_key(key)
        for k in range(0, len(items), 2):
            target[items[k]] = items[k + 1]

    def extend(self, target: Any, items: list[Any]) -> None:
        """More elements to a list."""
        if type(target) is list:
            target += items
        elif self.policy.strict:
            raise LoadError(f"elements are put into a {type(target).__name__}, which is no list")
        elif hasattr(target, "extend"):
            target.extend(items)
        else:
            for item in items:
                target.append(item)

    def add(self, target: Any, items: list[Any]) -> None:
        """More elements to a set."""
        if self.policy.strict:
            if type(target) is not set:
                raise LoadError(f"elements are put into a {type(target).__name__}, which is no set")
            for item in items:
                need_key(item)
        target.update(items)


def _push(value: Any) -> Callable[[Machine], None]:
    return lambda m: m.stack.append(value)


def _number(form: str) -> Callable[[Machine], None]:
    return lambda m: m.stack.append(m.number(form))


def _raw(length: str, finish: Callable[[Machine, bytes], Any]) -> Callable[[Machine], None]:
    """An instruction whose operand is as many bytes as the number before it says."""

    def run(m: Machine) -> None:
        count = m.number(length)
        if count < 0:
            raise LoadError("the pickle is damaged: it states a negative length")
        m.stack.append(finish(m, m.take(count)))

    return run


def _text(m: Machine, raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def _long(m: Machine, raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _protocol(m: Machine) -> None:
    version = m.number("B")
    if version > _NEWEST_PROTOCOL:
        raise LoadError(f"the pickle is of protocol {version}, which does not exist")


def _int_line(m: Machine) -> None:
    text = m.line()
    m.stack.append({"00": False, "01": True}[text] if text in ("00", "01") else int(text))


def _long_line(m: Machine) -> None:
    m.stack.append(int(m.line().removesuffix("L")))


def _global(m: Machine) -> None:
    module = m.line()
    m.stack.append(m.policy.find(module, m.line()))


def _stack_global(m: Machine) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    if not (isinstance(name, str) and isinstance(module, str)):
        raise LoadError("the pickle is damaged: a name in it is no text")
    m.stack.append(m.policy.find(module, name))


def _reduce(m: Machine) -> None:
    args = m.stack.pop()
    m.stack.append(m.policy.call(m.stack.pop(), args))


def _newobj(m: Machine) -> None:
    args = m.stack.pop()
    m.stack.append(m.policy.new(m.stack.pop(), args, {}))


def _newobj_ex(m: Machine) -> None:
    kwargs, args = m.stack.pop(), m.stack.pop()
    m.stack.append(m.policy.new(m.stack.pop(), args, kwargs))


def _build(m: Machine) -> None:
    state = m.stack.pop()
    m.stack.append(m.policy.build(m.stack.pop(), state))


def _persistent(m: Machine) -> None:
    m.stack.append(m.policy.persistent(m.stack.pop()))


def _mark(m: Machine) -> None:
    m.marks.append(m.stack)
    m.stack = []


def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.since_mark()


def _pop_mark(m: Machine) -> None:
    m.since_mark()


def _frame(m: Machine) -> None:
    m.take(8)


def _tuple_of(count: int) -> Callable[[Machine], None]:
    def run(m: Machine) -> None:
        stack = m.stack
        if len(stack) < count:
            raise LoadError("the pickle is damaged: a tuple in it has too few elements")
        stack[-count:] = [tuple(stack[-count:])]

    return run


def _after_mark(make: Callable[[Machine, list[Any]], Any]) -> Callable[[Machine], None]:
    def run(m: Machine) -> None:
        items = m.since_mark()
        m.stack.append(make(m, items))

    return run


def _dict_of(m: Machine, items: list[Any]) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    m.put_items(made, items)
    return made


def _frozenset_of(m: Machine, items: list[Any]) -> frozenset[Any]:
    made: set[Any] = set()
    m.add(made, items)
    return frozenset(made)


def _into(method: str, count: int = 0) -> Callable[[Machine], None]:
    """Put what lies above the mark, or the last `count`, into what lies below."""

    def run(m: Machine) -> None:
        items = [m.stack.pop() for _ in range(count)][::-1] if count else m.since_mark()
        getattr(m, method)(m.stack[-1], items)

    return run


def _get(form: str) -> Callable[[Machine], None]:
    return lambda m: m.stack.append(m.memo[m.number(form)])


def _put(form: str) -> Callable[[Machine], None]:
    def run(m: Machine) -> None:
        m.memo[m.number(form)] = m.stack[-1]

    return run


def _memoize(m: Machine) -> None:
    m.memo[len(m.memo)] = m.stack[-1]


def _unknown(code: int) -> Callable[[Machine], None]:
    def run(m: Machine) -> None:
        raise LoadError(f"the pickle is damaged, or does what is not allowed: instruction {bytes([code])!r}")

    return run


_STOP = ord(".")
_KNOWN: dict[bytes, Callable[[Machine], None]] = {
    b"\x80": _protocol, b"\x95": _frame,
    b"N": _push(None), b"\x88": _push(True), b"\x89": _push(False), b")": _push(()),
    b"]": lambda m: m.stack.append([]), b"}": lambda m: m.stack.append({}), b"\x8f": lambda m: m.stack.append(set()),
    b"K": _number("B"), b"M": _number("<H"), b"J": _number("<i"), b"G": _number(">d"),
    b"I": _int_line, b"L": _long_line, b"\x8a": _raw("B", _long), b"\x8b": _raw("<i", _long),
    b"X": _raw("<I", _text), b"\x8c": _raw("B", _text), b"\x8d": _raw("<Q", _text),
    b"C": _raw("B", lambda m, raw: raw), b"B": _raw("<I", lambda m, raw: raw), b"\x8e": _raw("<Q", lambda m, raw: raw),
    b"\x96": _raw("<Q", lambda m, raw: bytearray(raw)),
    b"U": _raw("B", Machine.old_string), b"T": _raw("<i", Machine.old_string),
    b"(": _mark, b"0": _pop, b"1": _pop_mark, b"2": lambda m: m.stack.append(m.stack[-1]),
    b"t": _after_mark(lambda m, items: tuple(items)), b"\x85": _tuple_of(1),
    b"\x86": _tuple_of(2), b"\x87": _tuple_of(3),
    b"l": _after_mark(lambda m, items: items), b"d": _after_mark(_dict_of), b"\x91": _after_mark(_frozenset_of),
    b"a": _into("extend", 1), b"e": _into("extend"), b"\x90": _into("add"),
    b"s": _into("put_items", 2), b"u": _into("put_items"),
    b"h": _get("B"), b"j": _get("<I"), b"q": _put("B"), b"r": _put("<I"), b"\x94": _memoize,
    b"c": _global, b"\x93": _stack_global, b"R": _reduce, b"\x81": _newobj, b"\x92": _newobj_ex, b"b": _build,
    b"Q": _persistent,
}  # fmt: skip
_OPS = [_KNOWN.get(bytes([code]), _unknown(code)) for code in range(256)]
