"""PyTorch's module database run over tinygrad_lite: `python -m tests.parity.modules nn.Conv2d nn.LSTM -v`.

The database says for each module what to build it with, what to call it with, and what must raise. Each is built in
both libraries from the same seed and PyTorch's state is loaded into ours, and back. Then everything is compared: how
the module looks, its state, what it starts with, outputs, buffers afterwards, gradients of inputs and parameters,
second derivatives; in training and in evaluation.
"""

import argparse
import dataclasses
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence
from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

import tinygrad_lite as tg

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `helpers` is: pytest adds it, `python -m` does not

from helpers import assert_same, derivatives, see, to_array

from .answers import DERIVATIVES, assert_close, tensors_of, without_values
from .counterparts import Missing, OutOfScope, found, translated
from .more_modules import MORE
from .opdb import Report, explained, seed_all, spread

DATABASE = {info.name: info for info in module_db}
MODULES = DATABASE | MORE
DTYPES = [torch.float64, torch.float32]

ROUNDED = (2e-6, 1e-7)
"""The tolerances for what a module starts with: numbers of float32 that differ in their last digits."""


# --- from PyTorch's world into ours -----------------------------------------------------------------------


@contextmanager
def constructors_remembered(*classes):
    """Have modules of these classes remember what they are built with, so that ours can be built with it."""
    before = {cls: cls.__init__ for cls in classes}

    def remembering(init):
        def __init__(self, *args, **kwargs):
            init(self, *args, **kwargs)
            self.__dict__.setdefault("built_with", (args, kwargs))

        return __init__

    for cls, init in before.items():
        cls.__init__ = remembering(init)
    try:
        yield
    finally:
        for cls, init in before.items():
            cls.__init__ = init


def ours_for(cls):
    """Our class of the same name.

    Raises:
        Missing: we have none.
    """
    ours = found(tg.nn, cls.__name__) if cls.__module__.startswith("torch.nn.modules") else found(
        tg, cls.__module__.removeprefix("torch.") + "." + cls.__name__
    )  # fmt: skip
    if ours is None:
        raise Missing(f"no {cls.__module__}.{cls.__name__}")
    return ours


def into(m, value):
    """`value` with all that is PyTorch's in it as that of library `m`, modules and packed sequences too."""
    if isinstance(value, torch.nn.Module):
        args, kwargs = value.built_with
        made = (type(value) if m is torch else ours_for(type(value)))(*into(m, list(args)), **into(m, kwargs))
        state = value.state_dict()
        made.to(getattr(m, str(next(iter(state.values())).dtype).removeprefix("torch.")))
        made.load_state_dict(into(m, dict(state)))
        return made.train(value.training)
    if isinstance(value, PackedSequence):
        cls = PackedSequence if m is torch else ours_for(PackedSequence)
        return cls(*(translated(m, part) for part in value))
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith("torch.nn.modules"):
        fields = {f.name: into(m, getattr(value, f.name)) for f in dataclasses.fields(value)}
        return (type(value) if m is torch else ours_for(type(value)))(**fields)
    if isinstance(value, dict):
        return {name: into(m, item) for name, item in value.items()}
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return type(value)(into(m, item) for item in value)
    return translated(m, value)


def flat(value):
    """Tensors in nested tuples, those of packed sequences too, as nested lists."""
    if type(value).__name__ == "PackedSequence":
        return [part for part in value if part is not None]
    if isinstance(value, list | tuple):
        return [flat(item) for item in value]
    return value


# --- one module, in one library ---------------------------------------------------------------------------


def built(m, cls, sample, dtype, training):
    """The module in library `m`, from one seed."""
    args, kwargs = (into(m, part) for part in (sample.constructor_input.args, sample.constructor_input.kwargs))
    m.manual_seed(0)
    module = (cls if m is torch else ours_for(cls))(*args, **kwargs)
    return module.to(getattr(m, dtype)).train(training)


def state_of(module):
    """What is in a module's state, by its key; what has no shape yet as None."""
    lazy = (torch.nn.parameter.UninitializedTensorMixin, tg.nn.parameter.UninitializedTensorMixin)
    return {key: None if isinstance(t, lazy) else see(t) for key, t in module.state_dict().items()}


def call(m, module, sample, order):
    """What calling the module answers: outputs, buffers afterwards, derivatives; by the name of the part."""
    args, kwargs = (into(m, part) for part in (sample.forward_input.args, sample.forward_input.kwargs))
    leaves = [t for t in tensors_of(*flat([*args, *kwargs.values()])) if t.requires_grad]
    m.manual_seed(0)
    out = module(*args, **kwargs)
    parts = {
        "output": without_values(see(flat(out))),
        "values": see(tensors_of(*flat([out]))),
        "buffers": [see(b) for b in module.buffers()],
    }
    by = leaves + [p for p in module.parameters() if p.requires_grad]
    parts |= zip(DERIVATIVES, derivatives(m, flat([out]), by, order))
    return parts


# --- both libraries ---------------------------------------------------------------------------------------


class ModuleReport(Report):
    """How a module did. What may fail: missing, looks, state, start, loading, forward, gradient, second order,
    error inputs, of which the last counts too."""

    @property
    def agrees(self):
        return not self.failures


def described(sample, dtype, training):
    def shown(value):
        if isinstance(value, torch.Tensor):
            return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
        return repr(value)

    def said(given):
        return ", ".join([*map(shown, given.args), *(f"{k}={shown(v)}" for k, v in given.kwargs.items())])

    mode = "training" if training else "evaluation"
    forward = said(sample.forward_input) if sample.forward_input else ""
    return f"{dtype}, {mode}: ({said(sample.constructor_input)})({forward})"


def compare_state(report, ours, theirs, dtype, text):
    """Names, shapes, dtypes, and what the module starts with from the seed."""
    a, b = state_of(ours), state_of(theirs)
    if list(a) != list(b):
        report.fail("state", f"{list(a)}, PyTorch has {list(b)}", text)
        return
    for key in b:
        if (a[key] is None) != (b[key] is None):
            report.fail("state", f"{key}: {a[key]}, PyTorch has {b[key]}", text)
        elif b[key] is not None:
            try:
                assert_same(without_values(a[key]), without_values(b[key]), dtype, key)
            except AssertionError as error:
                report.fail("state", str(error), text)
                continue
            if not np.allclose(a[key].values, b[key].values, *ROUNDED, equal_nan=True):
                report.fail("start", f"{key} starts with other numbers than PyTorch's from the same seed", text)


def load(report, ours, theirs, text):
    """PyTorch's state into our module and back into PyTorch's."""
    result = ours.load_state_dict(into(tg, {key: t.detach() for key, t in theirs.state_dict().items()}))
    back = theirs.load_state_dict({key: torch.from_numpy(to_array(t).copy()) for key, t in ours.state_dict().items()})
    if any(result) or any(back):
        report.fail("loading", f"{result}, {back}", text)


def first_difference(name, ours, theirs, dtype):
    """(what, message) of the first part that differs, or None."""
    function = SimpleNamespace(name="nn.functional." + name.removeprefix("nn.").lower())
    for part, expected in theirs.items():
        try:
            assert part in ours, f"no {part}, PyTorch has one"
            if part in ("values", "buffers", *DERIVATIVES):
                assert len(ours[part]) == len(expected), f"{len(ours[part])} {part}, PyTorch has {len(expected)}"
                assert_close(function, part, ours[part], expected, dtype)
            else:
                assert_same(ours[part], expected, dtype, part)
        except AssertionError as error:
            return part if part in DERIVATIVES else "forward", str(error).strip()
    return None


def check_sample(report, info, sample, dtype, training, order=2):
    """Build and call one module in both libraries, and report what differs."""
    text = described(sample, dtype, training)
    cls = info.module_cls
    theirs = built(torch, cls, sample, dtype, training)
    try:
        ours = built(tg, cls, sample, dtype, training)
        if repr(ours) != repr(theirs):
            report.fail("looks", f"{ours!r}, PyTorch's is {theirs!r}", text)
        compare_state(report, ours, theirs, dtype, text)
        if info.is_lazy:
            for m, module in ((torch, theirs), (tg, ours)):
                call(m, module, sample, 0)
            if repr(ours) != repr(theirs):
                report.fail("looks", f"{ours!r}, PyTorch's is {theirs!r}", text)
        load(report, ours, theirs, text)
    except (OutOfScope, Missing):
        raise
    except Exception as error:
        report.fail("building", explained(error), text, error)
        return
    chunked = sample.constructor_input.kwargs.get("options")  # PyTorch then computes gradients in the forward
    order = order if dtype == "float64" and info.supports_gradgrad and not chunked else 1
    try:
        answer = call(torch, theirs, sample, order)
    except RuntimeError as error:
        if order > 1 and "is not implemented" in str(error):  # a backward that cannot be differentiated
            check_sample(report, info, sample, dtype, training, order=1)
            return
        raise
    try:
        differs = first_difference(info.name, call(tg, ours, sample, order), answer, dtype)
    except OutOfScope:
        raise
    except Exception as error:
        report.fail("forward", explained(error), text, error)
        return
    if differs:
        report.fail(*differs, text)


def check_errors(report, info, dtype, training):
    """Every error input of the database has to raise, in the constructor or at the call as it says."""
    make = info.module_error_inputs_func
    cases = make(info, device="cpu", dtype=dtype, requires_grad=False, training=training) if make else ()
    for case in cases:
        sample, name = case.module_error_input, str(dtype).removeprefix("torch.")
        text = described(sample, name, training)
        report.errors += 1
        theirs = error_of(torch, info.module_cls, sample, name, training)
        ours = error_of(tg, info.module_cls, sample, name, training)
        if theirs is None:
            report.errors -= 1
            report.skipped["PyTorch does not raise"] += 1
        elif ours is None:
            report.fail("error inputs", f"does not raise; PyTorch: {explained(theirs[1])}", text)
        elif ours[0] is not theirs[0]:
            report.fail("error inputs", f"raises at another time: {explained(ours[1])}", text, ours[1])
        else:
            report.raised += 1
            if not isinstance(ours[1], (case.error_type, type(theirs[1]))):
                report.other_types.append(f"{text}\n{explained(ours[1])}\nPyTorch: {explained(theirs[1])}")


def error_of(m, cls, sample, dtype, training):
    """When and what building and calling the module raises, or None."""
    try:
        module = built(m, cls, sample, dtype, training)
    except (OutOfScope, Missing):
        raise
    except Exception as error:
        return ModuleErrorEnum.CONSTRUCTION_ERROR, error
    if sample.forward_input is None:
        return None
    args, kwargs = (into(m, part) for part in (sample.forward_input.args, sample.forward_input.kwargs))
    try:
        module(*args, **kwargs)
    except Exception as error:
        return ModuleErrorEnum.FORWARD_ERROR, error
    return None


def check(name, most=0):
    """The report on one module, from at most so many samples a dtype and mode (0: all of them)."""
    info, report = MODULES[name], ModuleReport(name)
    try:
        ours_for(info.module_cls)
    except Missing as missing:
        report.fail("missing", str(missing))
        return report
    with warnings.catch_warnings(), constructors_remembered(torch.nn.TransformerEncoderLayer):
        warnings.simplefilter("ignore")
        for dtype in (dtype for dtype in DTYPES if dtype in info.supported_dtypes("cpu")):
            for training in (True, False) if info.train_and_eval_differ else (True,):
                seed_all()
                samples = list(
                    info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
                )
                for sample in spread(samples, most):
                    try:
                        check_sample(report, info, sample, str(dtype).removeprefix("torch."), training)
                        report.samples += 1
                    except OutOfScope as reason:
                        report.skipped[str(reason)] += 1
                    except Missing as missing:
                        report.fail("missing", str(missing))
                check_errors(report, info, dtype, training)
    return report


# --- the command line -------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.parity.modules", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="modules as the database names them: nn.Conv2d (default: all)")
    parser.add_argument("--samples", type=int, default=0, help="at most so many samples a dtype and mode")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the first sample of each failure")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in MODULES]
    if unknown:
        parser.error(f"no such module in the database: {', '.join(unknown)}")
    torch.set_num_threads(1)
    torch.set_printoptions(threshold=30, edgeitems=2)
    reports = []
    for name in options.names or MODULES:
        reports.append(report := check(name, options.samples))
        print(report, flush=True)
        if options.verbose:
            print(*(f"--- {what}: {failure}" for what, failure in report.failures.items()), sep="\n")
            print(*(f"--- another class: {text}" for text in report.other_types), sep="\n")
    print(f"{sum(report.agrees for report in reports)} of {len(reports)} modules agree")
    return not all(report.agrees for report in reports)


if __name__ == "__main__":
    sys.exit(main())
