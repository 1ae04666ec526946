"""PyTorch's module database: each module agrees, or stands in known_module_differences.txt with the reason.

What is run and compared: modules.py. To look at one module: `python -m tests.parity.modules nn.Conv2d -v`.
"""

from functools import cache
from pathlib import Path

import pytest

import tinygrad_lite as tg

from . import modules

MOST = 3
"""At most so many samples a dtype and mode, evenly from the database's list."""

KNOWN_DIFFERENCES = Path(__file__).with_name("known_module_differences.txt")

report_on = cache(lambda name: modules.check(name, MOST))


@cache
def known_differences():
    """What is known to fail, with the reason: {module: {what: reason}}."""
    known = {}
    for line in KNOWN_DIFFERENCES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, what, reason = (part.strip() for part in line.split("|", maxsplit=2))
            known.setdefault(name, {})[what] = reason
    return known


@pytest.mark.parametrize("name", modules.MODULES)
def test_module_agrees_with_pytorch(name):
    report, known = report_on(name), known_differences().get(name, {})
    new = [f"{what}: {failure}" for what, failure in report.failures.items() if what not in known]
    if new:
        pytest.fail("\n\n".join([str(report), *new]), pytrace=False)
    stale = set(known) - set(report.failures)
    assert not stale, f"agrees by now, so take it out of {KNOWN_DIFFERENCES.name}: {name}: {', '.join(stale)}"
    assert report.samples or "missing" in known, f"none of its samples ran: {report}"


def test_known_differences_are_of_modules_and_have_reasons():
    assert set(known_differences()) <= set(modules.MODULES)
    assert all(reason for known in known_differences().values() for reason in known.values())


def test_share_of_the_database_that_agrees():
    differ = [name for name in modules.DATABASE if not report_on(name).agrees]
    agree = len(modules.DATABASE) - len(differ)
    assert agree >= 0.97 * len(modules.DATABASE), (
        f"{agree} of {len(modules.DATABASE)} modules agree, which is less than 97 %; not: {', '.join(differ)}"
    )


def test_every_layer_of_pytorch_is_in_one_of_the_two_lists():
    """But for those that only hold others, are abstract, or need several processes."""
    elsewhere = {
        "Container", "LinearCrossEntropyOptions", "Module", "ModuleDict", "ModuleList", "ParameterDict",
        "ParameterList", "RNNBase", "RNNCellBase", "Sequential", "SyncBatchNorm", "TransformerDecoder",
    }  # fmt: skip
    listed = {name.removeprefix("nn.") for name in modules.MODULES}
    assert set(modules.torch.nn.modules.__all__) - listed == elsewhere


# --- a check that cannot fail shows nothing ---------------------------------------------------------------


def wrong(base, **changes):
    return type(base.__name__, (base,), changes)


Linear, Tanh, BatchNorm1d, Dropout = tg.nn.Linear, tg.nn.Tanh, tg.nn.BatchNorm1d, tg.nn.Dropout

WRONG = {
    "missing": ("Tanh", None),
    "building": ("Linear", wrong(Linear, __init__=lambda self, a, b: Linear.__init__(self, a, b))),
    "looks": ("Linear", wrong(Linear, extra_repr=lambda self: "")),
    "state": ("BatchNorm1d", wrong(BatchNorm1d, state_dict=lambda self, **kw: dict(reversed(BatchNorm1d.state_dict(self).items())))),
    "state, its shapes": ("Linear", wrong(Linear, __init__=lambda self, a, b, bias=True: Linear.__init__(self, b, a, bias))),
    "start": ("Linear", wrong(Linear, reset_parameters=lambda self: self.weight.data.zero_())),
    "loading": ("Linear", wrong(Linear, load_state_dict=lambda self, state: (["weight"], []))),
    "forward": ("Tanh", wrong(Tanh, forward=lambda self, x: x.sinh() / x.cosh() + 1e-4)),
    "forward, requiring grad": ("Tanh", wrong(Tanh, forward=lambda self, x: x.tanh().detach())),
    "forward, its buffers": ("BatchNorm1d", wrong(BatchNorm1d, forward=lambda self, x: (BatchNorm1d.forward(self, x), self.running_mean.zero_())[0])),
    "forward, in evaluation": ("BatchNorm1d", wrong(BatchNorm1d, eval=lambda self: self, train=lambda self, mode=True: self)),
    "gradient": ("Tanh", wrong(Tanh, forward=lambda self, x: x + (x.tanh() - x).detach())),
    "gradient, of a parameter": ("Linear", wrong(Linear, forward=lambda self, x: x @ self.weight.mT + (0 if self.bias is None else 2 * self.bias - self.bias.detach()))),
    "second order": ("Tanh", wrong(Tanh, forward=lambda self, x: x * (1 - x.tanh().square()).detach() + (x.tanh() - x * (1 - x.tanh().square())).detach())),
    "error inputs": ("HuberLoss", wrong(tg.nn.HuberLoss, __init__=lambda self, reduction="mean", delta=1.0: (tg.nn.modules.loss._Loss.__init__(self, reduction=reduction), setattr(self, "delta", delta))[1])),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_module_is_found_out(what, monkeypatch):
    name, module = WRONG[what]
    if module is None:
        monkeypatch.delitem(vars(tg.nn), name, raising=False)
        monkeypatch.setattr(tg.nn, name, None, raising=False)
    else:
        monkeypatch.setattr(tg.nn, name, module)
    assert what.partition(",")[0] in modules.check(f"nn.{name}", 3).failures
