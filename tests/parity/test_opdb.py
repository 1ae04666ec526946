"""PyTorch's op database over tiers 1 and 2: each op agrees, or stands in known_differences.txt with the reason.

What is run and compared: opdb.py. To look at one op: `python -m tests.parity.opdb NAME -v`.
"""

from functools import cache
from pathlib import Path

import pytest

import tinygrad_lite as tg

from . import opdb
from .tiers import TIERS

MOST = 10
"""At most so many samples a dtype, evenly from the database's list."""

KNOWN_DIFFERENCES = Path(__file__).with_name("known_differences.txt")

report_on = cache(lambda name: opdb.check(name, MOST))


@cache
def known_differences():
    """What is known to fail, with the reason: {op: {what: reason}}."""
    known = {}
    for line in KNOWN_DIFFERENCES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, what, reason = (part.strip() for part in line.split("|", maxsplit=2))
            known.setdefault(name, {})[what] = reason
    return known


@pytest.mark.parametrize("name", TIERS[1] + TIERS[2])
def test_op_agrees_with_pytorch(name):
    report, known = report_on(name), known_differences().get(name, {})
    new = [f"{what}: {failure}" for what, failure in report.failures.items() if what not in known]
    if new:
        pytest.fail("\n\n".join([str(report), *new]), pytrace=False)
    stale = set(known) - set(report.failures)
    assert not stale, f"agrees by now, so take it out of {KNOWN_DIFFERENCES.name}: {name}: {', '.join(stale)}"
    assert report.samples or "missing" in known, f"none of its samples ran: {report}"


def test_known_differences_are_of_these_tiers_and_have_reasons():
    assert set(known_differences()) <= {*TIERS[1], *TIERS[2]}
    assert all(reason for known in known_differences().values() for reason in known.values())


@pytest.mark.parametrize(("tier", "share"), [(1, 1.0), (2, 0.97)])
def test_share_of_ops_that_agree(tier, share):
    names = TIERS[tier]
    differ = [name for name in names if not report_on(name).agrees]
    agree = len(names) - len(differ)
    assert agree >= share * len(names), (
        f"tier {tier}: {agree} of {len(names)} ops agree, which is less than {share:.0%}; not: {', '.join(differ)}"
    )


def test_share_of_error_inputs_that_raise():
    reports = [report_on(name) for name in TIERS[1] + TIERS[2]]
    errors, raised = sum(r.errors for r in reports), sum(r.raised for r in reports)
    lenient = [f"{r.name} {r.raised}/{r.errors}" for r in reports if r.raised < r.errors]
    assert raised >= 0.95 * errors, (
        f"{raised} of {errors} error inputs raise, which is less than 95 %; not all do of: {', '.join(lenient)}"
    )


# --- a check that cannot fail shows nothing ---------------------------------------------------------------


WRONG = {
    "forward": ("exp", lambda x: x.expm1() + 1.001),
    "forward, its dtype": ("isnan", lambda x: (x != x).float()),
    "forward, its shape": ("exp", lambda x: x.exp()[None]),
    "forward, requiring grad": ("exp", lambda x: x.exp().detach()),
    "forward, writing its input": ("exp", lambda x: (x.exp(), x.detach().zero_())[0]),
    "forward, raising": ("exp", lambda x: x.nothing),
    "forward, naming no fields": ("max:reduction_with_dim", lambda x, *dim: tuple(x.max(*dim))),
    "gradient": ("sin", lambda x: x + (x.sin() - x).detach()),
    "second order": ("sin", lambda x: x * x.cos().detach() + (x.sin() - x * x.cos()).detach()),
    "error inputs": ("logical_or", lambda x, y: tg.tensor(True)),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_function_is_found_out(what, monkeypatch):
    name, function = WRONG[what]
    monkeypatch.setattr(tg, name.partition(":")[0], function)
    assert what.partition(",")[0] in opdb.check(name, 2).failures


def test_a_wrong_method_is_found_out(monkeypatch):
    monkeypatch.setattr(tg.Tensor, "exp_", lambda x: x.exp())
    assert set(opdb.check("exp", 2).failures) == {"in-place"}


def test_a_missing_function_is_found_out(monkeypatch):
    monkeypatch.delattr(tg, "empty")
    assert set(opdb.check("empty", 2).failures) == {"missing"}
