"""The rows of the op table as text: formulas, rules, and rules with numbers in the place of names."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lite.graph import Node
from tinygrad_lite.op import Op


def figure(value: float) -> str:
    """A number for an equation."""
    return f"{value:.4g}"


@lru_cache(maxsize=1024)
def row_text(entry: Op) -> dict[str, Any]:
    """The sentence, the formula and the rules of a row, as they stand in the op table.

    Example:
        >>> from tinygrad_lite.op import TABLE
        >>> row_text(TABLE["mul"])["rules"]
        {'x': 'g * y.conjugate()', 'y': 'g * x.conjugate()'}
    """
    function = getattr(entry, "function", None)
    if function is not None:  # written by hand
        rules = {"backward": _source(function.backward)}
        return {"doc": inspect.getdoc(function) or "", "formula": _source(function.forward), "rules": rules}
    forward, rules = _as_written(entry)
    return {"doc": entry.doc, "formula": forward, "rules": rules}


def _as_written(entry: Op) -> tuple[str, dict[str, str]]:
    """The forward and the rules in the call of `op` that made the row, or what can be found of them."""
    places = [
        rule.__code__.co_filename for rule in entry.rules.values() if rule is not None and hasattr(rule, "__code__")
    ]
    call = next((c for place in places if (c := _calls(place).get(entry.name)) is not None), None)
    text = _text(places[0]) if places else ""
    told: dict[str, Any] = {}
    if call is not None:
        told = {word.arg: word.value for word in call.keywords if word.arg}
    forward = _code(call.args[1], text, entry.forward) if call and len(call.args) > 1 else _source(entry.forward)
    rules = {
        name: _code(told[name], text, rule) if name in told else _source(rule)
        for name, rule in entry.rules.items()
        if rule
    }
    return forward, rules


def _code(expression: ast.AST, text: str, function: Any) -> str:
    """An expression as it is written: the body of a lambda, the source of what has a name."""
    if isinstance(expression, ast.Name) and inspect.isfunction(function):
        return _source(function)
    body = expression.body if isinstance(expression, ast.Lambda) else expression
    return " ".join((ast.get_source_segment(text, body) or "").split())


def _source(function: Any) -> str:
    try:
        found = textwrap.dedent(inspect.getsource(function)).strip()
    except (OSError, TypeError):
        return getattr(function, "__name__", "")
    return found if found.startswith(("def ", "@", "class ")) else getattr(function, "__name__", found)


@lru_cache(maxsize=64)
def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@lru_cache(maxsize=64)
def _calls(file: str) -> dict[str, ast.Call]:
    """The calls `op("name", ...)` in a file, by name."""
    found = {}
    for node in ast.walk(ast.parse(_text(file))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "op" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found[first.value] = node
    return found


@lru_cache(maxsize=1024)
def _rule(entry: Op, name: str) -> ast.expr | None:
    """The expression of a rule, where it is one."""
    try:
        return ast.parse(row_text(entry)["rules"].get(name, ""), mode="eval").body
    except SyntaxError:  # a function of several lines
        return None


def equation(node: Node, k: int, g: Any, saved: tuple[Any, ...], d: Any) -> str:
    """What the rule of input `k` computed, single numbers: `1 × 3 = 3`.

    Where the rule is no expression of a few names: the gradient times the slope, which is what it comes to.
    """
    entry, result, incoming = node.op, _number(d), _number(g)
    if not entry.variadic and not hasattr(entry, "function"):
        name = entry.inputs[k]
        expression = _rule(entry, name)
        needs = entry.needs[name]
        values: dict[str, Any] = {"g": incoming}
        for need in needs:
            if need in entry.saves:
                values[need] = _number(saved[entry.saves.index(need)])
            elif need in node.params and isinstance(node.params[need], int | float):
                values[need] = node.params[need]
        if expression is not None and all(need in values for need in needs):
            told = filled(expression, values)
            return f"{told} = {figure(result)}" if told != figure(result) else told
    slope = result / incoming if incoming else 0.0
    return f"{figure(incoming)} × {figure(slope)} = {figure(result)}"


def filled(expression: ast.expr, values: Mapping[str, float]) -> str:
    """An expression with numbers in the place of names."""
    copy = ast.parse(ast.unparse(expression), mode="eval")
    return ast.unparse(_Fill(values).visit(copy)).replace(" * ", " × ").replace(" ** ", "^")


class _Fill(ast.NodeTransformer):
    """Puts numbers in, and leaves out what says nothing about single numbers."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.values:
            return node
        value = float(self.values[node.id])
        return ast.Name(figure(value) if value >= 0 else f"({figure(value)})", ast.Load())

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in ("np", "math"):
            return ast.Name(node.attr, ast.Load())
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("conjugate", "copy") and not node.args:
            return node.func.value
        if isinstance(node.func, ast.Name) and node.func.id in _OPERATORS and len(node.args) == 2:
            return ast.BinOp(node.args[0], _OPERATORS[node.func.id](), node.args[1])
        return node


_OPERATORS: dict[str, Callable[[], ast.operator]] = {"times": ast.Mult, "over": ast.Div}


def _number(x: Any) -> float:
    """A single number, real or the real part."""
    return float(np.real(np.asarray(x).reshape(-1)[0])) if x is not None and np.size(x) else 0.0
