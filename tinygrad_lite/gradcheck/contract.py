"""`op_contract`: everything that an operation has to keep to, tested in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from tinygrad_lite.gradcheck.clauses import Broken, Clauses, Skip
from tinygrad_lite.gradcheck.report import FAIL, PASS, GradcheckError, html_table
from tinygrad_lite.gradcheck.subject import Case, Subject

SKIPPED = "skipped"

FLOATS = ("float16", "float32", "float64")


@dataclass(frozen=True)
class Clause:
    """One clause of a contract.

    Attributes:
        name: what was tested: "values", "first order" ...
        verdict: "pass", "FAIL" or "skipped".
        note: what is wrong and for which inputs, or why it was skipped.
    """

    name: str
    verdict: str
    note: str = ""


@dataclass
class ContractReport:
    """What `op_contract` found. `print` it, or look at `ok` and `clauses`; notebooks show a table.

    Attributes:
        name: of the operation.
        clauses: what was tested, in order.
    """

    name: str
    clauses: list[Clause] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def failures(self) -> list[Clause]:
        """The clauses that do not hold."""
        return [clause for clause in self.clauses if clause.verdict == FAIL]

    def __bool__(self) -> bool:
        return self.ok

    def __getitem__(self, name: str) -> Clause:
        return next(clause for clause in self.clauses if clause.name == name)

    def __str__(self) -> str:
        width = max((len(clause.name) for clause in self.clauses), default=0)
        lines = [f"  {c.name.ljust(width)}  {c.verdict}{c.note and ': ' + c.note}" for c in self.clauses]
        good = "keeps the contract" if self.ok else f"breaks it in: {', '.join(c.name for c in self.failures)}"
        return "\n".join([f"{self.name} {good}", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [[c.name, c.verdict, c.note] for c in self.clauses]
        good = [c.verdict != FAIL for c in self.clauses]
        return f"<p>{escape(self.name)}</p>" + html_table(["clause", "verdict", "note"], rows, good)


def op_contract(
    op: Any,
    cases: Sequence[Any] | None = None,
    *,
    reference: Callable[..., Any] | None = None,
    domain: tuple[float, float] | None = None,
    dtypes: Sequence[str] = FLOATS,
    second: bool = True,
    ties: bool = True,
    forward: bool = True,
    broadcasts: bool | None = None,
    raise_exception: bool = True,
    seed: int = 0,
) -> ContractReport:
    """Test an operation of one's own: everything that the operations of this package keep to.

    These are the clauses: the values, on arrays and on tensors alike; any layout in memory; first and second
    derivatives and forward mode; no aliasing, no writing to inputs; the dtype, through both orders; inputs
    that broadcast, that are empty or 0-d, that hold ties and zeros; and float32.

    Args:
        op: a row's function or the row, a subclass of `autograd.Function`, or a function of tensors.
        cases: how to call it: a list of tuples of shapes (or of arrays, taken as they are), with a dict of the
            other arguments at the end: `[((2, 3), (3,), {"dim": 0})]`. By default a shape or two for each input.
        reference: a function of NumPy arrays that gives the right values.
        domain: (low, high) that numbers are drawn from; by default that of the row, or (-2, 2).
        dtypes: in which it has to work.
        second: whether it can be differentiated twice.
        ties: whether it has a derivative, or a subgradient, where elements are equal.
        forward: whether forward mode works.
        broadcasts: whether inputs broadcast; None to find out.
        raise_exception: raise if a clause does not hold.
        seed: of the inputs.

    Returns:
        the report.

    Raises:
        GradcheckError: with `raise_exception`, if a clause does not hold; it names which, and the inputs.
        TypeError: if `op` is no operation.
        ValueError: if it takes something that cannot be guessed: give `cases`.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.gradcheck import op_contract
        >>> def swish(x):
        ...     return x * tg.sigmoid(x)
        >>> op_contract(swish).ok
        True
    """
    subject = Subject(op, cases, domain)
    test = Clauses(subject, reference, dtypes, broadcasts, seed)
    clauses: dict[str, tuple[Callable[[Case], None], Sequence[Case]]] = {
        "values": (test.values, subject.cases),
        "layout": (test.layout, subject.cases),
        "first order": (test.first_order, subject.cases),
        "second order": (test.second_order, subject.cases if second else ()),
        "forward mode": (test.forward_mode, subject.cases if forward else ()),
        "aliasing": (test.aliasing, subject.cases),
        "dtype": (test.dtype, subject.cases),
        "broadcasting": (test.broadcasting, test.broadcast_cases()),
        "edges": (test.edges, test.edge_cases()),
        "ties": (test.ties, subject.cases if ties else ()),
        "float32": (test.float32, subject.cases if "float32" in dtypes else ()),
    }
    report = ContractReport(subject.name)
    for name, (clause, wanted) in clauses.items():
        report.clauses.append(_clause(name, clause, wanted))
    if raise_exception and not report.ok:
        raise GradcheckError(str(report), report)
    return report


def _clause(name: str, test: Callable[[Case], None], cases: Sequence[Case]) -> Clause:
    """Put one clause to all cases, up to the first that breaks it."""
    skipped = "" if cases else "does not apply"
    held = 0
    for case in cases:
        try:
            test(case)
            held += 1
        except Skip as reason:
            skipped = str(reason)
        except Broken as error:
            return Clause(name, FAIL, f"{error}, {case}")
        except Exception as error:
            return Clause(name, FAIL, f"{type(error).__name__}: {error}, {case}")
    return Clause(name, PASS if held else SKIPPED, "" if held else skipped)
