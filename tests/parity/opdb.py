"""PyTorch's op database run over tinygrad_lite: `python -m tests.parity.opdb add nn.functional.conv2d -v`.

The database says for each op what to call it with (`sample_inputs`), what must raise (`error_inputs`) and in which
forms it exists: function, method, in-place method, operator. Every call is made in both libraries, and everything
they answer is compared: structure, shape, dtype, values, which outputs require grad, gradients, second derivatives.
"""

import argparse
import random
import sys
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db

import tinygrad_lite as tg

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `helpers` is: pytest adds it, `python -m` does not

from .answers import difference, forms, outcome, tensors_of
from .counterparts import Missing, OutOfScope, found
from .tiers import TIERS

OPS = {f"{op.name}:{op.variant_test_name}".rstrip(":"): op for op in op_db}
DTYPES = [torch.float64, torch.float32, torch.complex128, torch.int64, torch.bool]

LARGE = 4000
"""Samples with more elements than this are spared second derivatives, which take long."""


# --- all calls of an op -----------------------------------------------------------------------------------


@dataclass
class Failure:
    """The first time that something failed, and how often it did."""

    message: str
    sample: str = ""
    error: Exception | None = None
    times: int = 1

    def __str__(self):
        lines = traceback.format_exception(self.error, limit=-4) if self.error else [self.message]
        return "\n".join([self.sample, "".join(lines).rstrip()])


@dataclass
class Report:
    """How an op did."""

    name: str
    samples: int = 0
    errors: int = 0
    raised: int = 0
    failures: dict = field(default_factory=dict)
    """By what failed: missing, forward, gradient, second order, method, in-place, operator, error inputs."""
    skipped: Counter = field(default_factory=Counter)
    """Samples and error inputs not run, by reason."""
    other_types: list = field(default_factory=list)
    """Error inputs for which another class of exception is raised than PyTorch's."""

    def fail(self, what, message, sample="", error=None):
        if what in self.failures:
            self.failures[what].times += 1
        else:
            self.failures[what] = Failure(message, sample, error)

    @property
    def agrees(self):
        """Whether all that is answered agrees; that error inputs raise is counted by itself."""
        return not set(self.failures) - {"error inputs"}

    def __str__(self):
        words = [f"{'FAIL' if self.failures else 'ok':4} {self.name}: {self.samples} samples"]
        if self.errors:
            words.append(f"{self.raised}/{self.errors} error inputs raise")
        if self.other_types:
            words.append(f"{len(self.other_types)} of another class")
        words += [f"{times} skipped ({why})" for why, times in self.skipped.items()]
        words += [f"FAILED {what} ({failure.times}×)" for what, failure in self.failures.items()]
        return ", ".join(words)


def described(form, op, dtype, sample):
    arguments = [repr(sample.input), *map(repr, sample.args), *(f"{k}={v!r}" for k, v in sample.kwargs.items())]
    return f"{form.name} of {dtype}: {op.name}({', '.join(arguments)})"


def explained(error):
    return f"{type(error).__name__}: {error}"


def spread(items, most):
    """At most so many of the items, evenly from first to last."""
    if not most or len(items) <= most:
        return items
    return [items[k] for k in np.linspace(0, len(items) - 1, most).round().astype(int)]


def is_differentiable(op, dtype):
    return op.supports_autograd and dtype in op.supported_backward_dtypes("cpu")


def order_of(op, form, dtype, sample):
    """How often to differentiate."""
    if form.name not in ("function", "in-place") or not is_differentiable(op, dtype):
        return 0
    elements = sum(t.numel() for t in tensors_of(sample.input, sample.args, sample.kwargs))
    return 1 if not op.supports_gradgrad or elements > LARGE else 2


def check_form(report, op, form, dtype, sample):
    """Call an op in one form with one sample in both libraries, and report what differs."""
    order = order_of(op, form, dtype, sample)
    theirs = outcome(torch, op, form, sample, order)
    if isinstance(theirs, Exception) and form.name == "function":
        raise OutOfScope("PyTorch raises")
    if isinstance(theirs, Exception) and (not form.in_place or "not implemented" in str(theirs)):
        return  # an operator that takes no alpha; PyTorch has no derivative of acosh_
    ours = outcome(tg, op, form, sample, order)
    differs = None
    if isinstance(theirs, Exception):
        if not isinstance(ours, Exception):
            differs = "forward", f"does not raise, PyTorch does: {theirs}"
    elif isinstance(ours, Exception):
        differs = "forward", explained(ours)
    else:
        differs = difference(op, ours, theirs, str(dtype).removeprefix("torch."))
    if differs:
        what, message = differs
        if form.name != "function":
            what, message = form.name, f"{what}: {message}"
        crash = ours if isinstance(ours, Exception) and not isinstance(ours, Missing) else None
        report.fail(what, message, described(form, op, dtype, sample), crash)


def check_samples(report, op, dtype, most, source):
    """Call an op in every form with the database's samples of a dtype."""
    seed_all()
    grad = source == "sample_inputs" and is_differentiable(op, dtype)
    samples = list(getattr(op, source)("cpu", dtype, requires_grad=grad))
    for sample in spread(samples, most):
        try:
            for form in forms(op):
                if form.takes(sample):
                    check_form(report, op, form, dtype, sample)
            report.samples += 1
        except OutOfScope as reason:
            report.skipped[str(reason)] += 1


def check_errors(report, op):
    """Every error input of the database has to raise."""
    seed_all()
    form = forms(op)[0]
    for case in op.error_inputs("cpu") if op.error_inputs_func else ():
        try:
            check_error(report, op, form, case)
        except OutOfScope as reason:
            report.skipped[str(reason)] += 1


def check_error(report, op, form, case):
    sample = case.sample_input
    if not form.takes(sample):
        raise OutOfScope("a method of what is no tensor")
    if "out" in sample.kwargs:
        raise OutOfScope("out=")
    theirs = outcome(torch, op, form, sample)
    if not isinstance(theirs, Exception):
        raise OutOfScope("PyTorch does not raise")
    ours = outcome(tg, op, form, sample)
    report.errors += 1
    text = described(form, op, "an error input", sample)
    expected = f"PyTorch: {explained(theirs)}"
    if not isinstance(ours, Exception):
        report.fail("error inputs", f"answers {ours.get('output')}; {expected}", text)
    elif isinstance(ours, AttributeError | NameError | AssertionError) and not isinstance(ours, type(theirs)):
        report.fail("error inputs", f"breaks by {explained(ours)}; {expected}", text, ours)
    else:
        report.raised += 1
        if not isinstance(ours, (case.error_type, type(theirs))):
            report.other_types.append(f"{text}\n{explained(ours)}\n{expected}")


def seed_all():
    """The database draws its samples from all three."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)


def exists(op):
    """Whether there is a function or method of ours by the op's name."""
    return found(tg, op.name) is not None or found(tg.Tensor, op.name) is not None


def check(name, most=0, source="sample_inputs"):
    """The report on one op, from at most so many samples a dtype (0: all of them)."""
    op, report = OPS[name], Report(name)
    if not exists(op):
        report.fail("missing", "tinygrad_lite has no such function")
        return report
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in DTYPES:
            if dtype in op.supported_dtypes("cpu"):
                check_samples(report, op, dtype, most, source)
        check_errors(report, op)
    return report


# --- the command line -------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.parity.opdb", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="ops as the database names them: add, div:floor_rounding")
    parser.add_argument("--tier", type=int, choices=TIERS, help="all ops of a tier")
    parser.add_argument("--samples", type=int, default=0, help="at most so many samples a dtype (default: all)")
    parser.add_argument("--reference", action="store_true", help="the larger set reference_inputs, values only")
    parser.add_argument("--missing", action="store_true", help="only list the ops that are not there")
    parser.add_argument("--differences", action="store_true", help="print what fails in known_differences.txt's format")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the first sample of each failure")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in OPS]
    if unknown:
        parser.error(f"no such op in the database: {', '.join(unknown)}")
    torch.set_num_threads(1)
    torch.set_printoptions(threshold=30, edgeitems=2)
    np.set_printoptions(threshold=30, edgeitems=2)

    names = options.names + TIERS.get(options.tier, [])
    if options.missing:
        every = [name for tier in TIERS.values() for name in tier]
        print(*(name for name in names or every if not exists(OPS[name])), sep="\n")
        return 0
    failed = False
    for name in names:
        report = check(name, options.samples, "reference_inputs" if options.reference else "sample_inputs")
        failed |= bool(report.failures)
        if options.differences:
            for what, failure in report.failures.items():
                print(f"{name} | {what} | {failure.message.splitlines()[0]}", flush=True)
            continue
        print(report, flush=True)
        if options.verbose:
            print(*(f"--- {what}: {failure}" for what, failure in report.failures.items()), sep="\n")
            print(*(f"--- another class: {text}" for text in report.other_types), sep="\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
