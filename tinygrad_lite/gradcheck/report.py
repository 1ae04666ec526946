"""What a check found: findings, their table, and the error that carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

PASS, FAIL, KINK, BAD_KINK, INCONCLUSIVE = "pass", "FAIL", "kink", "KINK", "inconclusive"

_MEANING = {
    PASS: "passes",
    FAIL: "is wrong",
    KINK: "has a kink there, and the gradient lies between the slopes of its sides",
    BAD_KINK: "has a kink there, and the gradient lies outside the slopes of its sides",
    INCONCLUSIVE: "could not be checked",
}


@dataclass(frozen=True)
class Finding:
    """What was found of one input, or of one element of it.

    Attributes:
        input: the name of the input.
        index: the element that shows it; None for the input as a whole.
        analytic: the gradient by the backward pass: of the element, or along a random direction.
        numeric: the same by the method of the check.
        error: how far `numeric` may be off.
        verdict: "pass", "FAIL", "kink" (with a valid subgradient), "KINK" (with another), "inconclusive".
        note: more, in words.
    """

    input: str
    index: tuple[int, ...] | None
    analytic: float
    numeric: float
    error: float
    verdict: str
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.verdict in (PASS, KINK)

    def sentence(self) -> str:
        """The finding in words."""
        where = "along a random direction" if self.index is None else f"at {list(self.index)}"
        numbers = f"analytic {self.analytic:.6g}, numeric {self.numeric:.6g} ± {self.error:.1e}"
        if self.verdict == FAIL and self.numeric:
            numbers += f" (factor {self.analytic / self.numeric:.4f})"
        note = f"; {self.note}" if self.note else ""
        return f"input `{self.input}` {_MEANING[self.verdict]}: {where} {numbers}{note}"


@dataclass
class Report:
    """All findings of a check. `print` it, or look at `ok` and `findings`; notebooks show a table.

    Attributes:
        name: what was checked.
        findings: one or more for each input.
        problems: what is wrong apart from the numbers, such as the dtype of a gradient.
        evaluations: how often the function ran.
        origin: which operation of the function is wrong, in words.
    """

    name: str
    findings: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    evaluations: int = 0
    origin: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything passed."""
        return not self.problems and all(finding.ok for finding in self.findings)

    @property
    def failures(self) -> list[Finding]:
        """The findings that did not pass."""
        return [finding for finding in self.findings if not finding.ok]

    def __bool__(self) -> bool:
        return self.ok

    def summary(self) -> str:
        """One sentence."""
        bad = [*self.problems, *(finding.sentence() for finding in self.failures), *filter(None, [self.origin])]
        if self.ok:
            return f"{self.name}: passed ({self.evaluations} evaluations)"
        return f"{self.name}: " + "\n".join(bad)

    def __str__(self) -> str:
        return "\n".join([*_text_table(_HEAD, self._rows()), self.summary()])

    __repr__ = __str__

    def _rows(self) -> list[list[str]]:
        return [
            [f.input, "direction" if f.index is None else str(list(f.index)), f"{f.analytic:.6g}", f"{f.numeric:.6g}",
             f"{f.error:.1e}", f.verdict]
            for f in self.findings
        ]  # fmt: skip

    def _repr_html_(self) -> str:
        return html_table(_HEAD, self._rows(), [f.ok for f in self.findings]) + f"<p>{escape(self.summary())}</p>"


_HEAD = ["input", "index", "analytic", "numeric", "error", "verdict"]


def _text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]
    ]


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]], good: Sequence[bool]) -> str:
    """A table for notebooks; rows that are not good are red."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    red = ' style="color:#c0392b;font-weight:bold"'
    body = ""
    for row, ok in zip(rows, good, strict=True):
        body += f"<tr{'' if ok else red}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


class GradcheckError(RuntimeError):
    """A gradient is wrong. `report` has the findings."""

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report
