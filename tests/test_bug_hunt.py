"""A bug hunt: hundreds of wrong derivative rules, one at a time, and whether the checker finds and names each.

The bugs are planted in `mutations.py` and `mutations_by_hand.py`, in programs of several operations. Every fourth
one is, in a plain run; all of them with the environment variable ALL_BUGS, as in CI.
"""

import os
from collections import Counter
from itertools import islice

import mutations
import mutations_by_hand
import numpy as np
import pytest

from tinygrad_lite.gradcheck import GradcheckError, gradcheck, gradgradcheck
from tinygrad_lite.op import TABLE

KINDS = {
    "sign", "factor 2", "factor 1.1", "factor 1.001", "missing term", "wrong axis", "wrong broadcast reduction",
    "transposed operand", "swapped inputs", "stale saved value", "wrong mask edge", "element zeroed",
    "one of 1,000 zeroed", "one of 100,000 zeroed", "detached path", "wrong conjugate", "wrong dtype", "aliasing",
    "second order only",
}  # fmt: skip


def planted(dtype):
    """All bugs, in programs of that dtype."""
    for source in (
        mutations.general, mutations.stale, mutations.two_inputs, mutations.dtypes_and_memory, mutations.conjugates,
        mutations.large, mutations.second_order, mutations_by_hand.by_hand, mutations_by_hand.ties,
    ):  # fmt: skip
        yield from islice(source(dtype), 0, None, 1 if os.environ.get("ALL_BUGS") else 4)


def look_for(bug):
    """What the checker says of a program: its error, or None where it sees nothing wrong."""
    check = gradcheck if bug.order == 1 else gradgradcheck
    with np.errstate(all="ignore"):
        try:
            check(bug.program, bug.program.leaves, progress=False)
        except GradcheckError as error:
            return error
    return None


def is_located(bug, error):
    """Whether the error names the operation, and no other, its input, and the element where one is wrong."""
    blamed = [line for line in str(error).splitlines() if line.startswith("It comes from")]
    if len(blamed) != 1 or f"`{bug.program.row.name}` (op " not in blamed[0]:
        return False
    named = "of the gradient of `{}`" if bug.order == 2 else "input `{}`"
    if not any(named.format(name) in blamed[0] for name in bug.names):
        return False
    wrong = [f for f in error.report.findings if not f.ok]
    if bug.order == 1 and any(f.input not in bug.leaves | bug.names for f in wrong):
        return False
    if bug.index is None:
        return True
    return f"at {list(bug.index)}" in blamed[0] and [f.index for f in wrong] == [bug.index]


@pytest.mark.parametrize(("dtype", "bar"), [("float64", 0.99), ("float32", 0.95)])
def test_bugs_are_found_and_named(dtype, bar):
    total, missed, lost, kinds = 0, [], [], Counter()
    for bug in planted(dtype):
        total += 1
        kinds[bug.kind] += 1
        error = look_for(bug)
        if error is None:
            missed.append(str(bug))
        elif not is_located(bug, error):
            lost.append(f"{bug}: {error}")
    found = total - len(missed)
    print(f"\n{dtype}: {found} of {total} bugs found ({found / total:.1%}), {found - len(lost)} of them located")
    print(", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())))
    assert set(kinds) >= KINDS
    assert total >= (300 if os.environ.get("ALL_BUGS") else 150)
    assert found >= bar * total, "not found:\n" + "\n".join(missed)
    assert found - len(lost) >= 0.95 * found, "found, but not located:\n" + "\n".join(lost)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_same_programs_without_a_bug_pass(dtype):
    seen = {}
    for source in (mutations.general, mutations.conjugates, mutations_by_hand.by_hand, mutations_by_hand.ties):
        for bug in source(dtype):
            seen.setdefault(str(bug).split(": ", 1)[1], bug)
    wrong = []
    for title, bug in seen.items():
        right = bug.program.with_row(TABLE[bug.program.row.name.removesuffix("_wrong")])
        report = gradcheck(right, right.leaves, report=True, progress=False)
        if not report.ok:
            wrong.append(f"{title}: {report.summary()}")
    assert len(seen) > 150
    assert not wrong, f"{len(wrong)} of {len(seen)}:\n" + "\n".join(wrong)
