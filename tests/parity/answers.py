"""What PyTorch and tinygrad_lite answer when an op is called with a sample of the op database, and whether they agree."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from helpers import TOLERANCE, Seen, assert_same, derivatives, is_tensor, see

from .counterparts import OutOfScope, is_method, of, translated
from .tiers import FAMILIES

DERIVATIVES = ("gradient", "second order")

MATRICES = {name.partition(":")[0] for families in FAMILIES for name in families["linalg"] + families.get("fft", [])}
"""Ops whose numbers are as exact as the largest among them."""

AMBIGUOUS = {"linalg.svd", "linalg.eigh", "linalg.eig", "svd"}
"""Those with factors that are right with either sign: compared after what the database makes them unique with."""

TIES = {"sort": 0, "argsort": 0, "topk": 1}
"""Ops that may put either of two equal numbers first, and which argument after the input is their `dim`."""

UNDEFINED = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided"}
"""Ops whose values are whatever the memory held."""

ROUNDING = 10
"""How many times the tolerance of values derivatives are allowed."""

LOOSE = {"nn.functional.hardsigmoid": 1e-7}
"""A larger tolerance for derivatives where PyTorch has few digits: it multiplies by 1/6 in float32."""


# --- one call, in one library -----------------------------------------------------------------------------


@dataclass
class Form:
    """One of the ways to call an op."""

    name: str
    call: object
    in_place: bool = False

    def takes(self, sample):
        """Whether the sample can be called in this form at all."""
        if self.name == "function":
            return isinstance(sample.input, torch.Tensor) or not is_method(self.call)
        return isinstance(sample.input, torch.Tensor) and not (self.in_place and sample.broadcasts_input)


def forms(op):
    """The ways to call an op that PyTorch has."""
    known = [
        Form("function", op.op),
        Form("method", op.method_variant),
        Form("in-place", op.inplace_variant, in_place=True),
        Form("operator", op.operator_variant),
        Form("in-place operator", op.inplace_operator_variant, in_place=True),
    ]
    return [form for form in known if form.call is not None]


def tensors_of(*values):
    """The tensors in nested lists, tuples and dicts, each once."""
    tensors = {}
    for value in values:
        if is_tensor(value):
            tensors[id(value)] = value
        elif isinstance(value, list | tuple | dict):
            inside = value.values() if isinstance(value, dict) else value
            tensors |= {id(t): t for t in tensors_of(*inside)}
    return list(tensors.values())


def field_names(value):
    """The names of the fields of a named tuple, be it Python's kind or PyTorch's."""
    names = getattr(value, "_fields", None)
    return type(value).__match_args__ if hasattr(value, "n_fields") else names


def without_values(seen):
    """What was seen of tensors, but for their numbers."""
    if isinstance(seen, list):
        return [without_values(item) for item in seen]
    return replace(seen, values=np.zeros_like(seen.values)) if isinstance(seen, Seen) else seen


def compared(m, op, out, unique, input, args, kwargs):
    """The tensors whose numbers are to be compared."""
    if op.name in UNDEFINED:
        return []
    if op.name in AMBIGUOUS:
        return tensors_of(unique(out))
    if op.name in TIES and not kwargs.get("stable"):
        dim = kwargs.get("dim", (*args, -1, -1)[TIES[op.name]])
        *values, indices = out if isinstance(out, tuple) else (out,)
        return [*values, m.gather(input.detach(), dim, indices)]
    return tensors_of(out)


def answer(m, op, form, sample, order):
    """What library `m` answers to a sample: everything to be compared, by the name of the part."""
    input, args, kwargs = translated(m, (sample.input, sample.args, sample.kwargs))
    leaves = [t for t in tensors_of(input, args, kwargs) if t.requires_grad]
    if form.in_place:
        input = input.clone()
    call, unique = of(m, form.call), of(m, sample.output_process_fn_grad)

    m.manual_seed(0)
    out = call(input, *args, **kwargs)
    parts = {
        "field names": field_names(out),
        "output is the input": form.in_place and out is input,
        "output": without_values(see(out)),
        "values": see(compared(m, op, out, unique, input, args, kwargs)),
        "arguments afterwards": see(tensors_of(() if form.in_place else input, args, kwargs)),
    }
    if order:
        wrapper = op.gradcheck_wrapper  # makes the input symmetric, for instance
        if wrapper.__name__ != "<lambda>" and not form.in_place:
            out = of(m, wrapper)(call, input, *args, **kwargs)
        parts |= zip(DERIVATIVES, derivatives(m, unique(out), leaves, order))
    return parts


def outcome(m, op, form, sample, order=0):
    """The answer of library `m`, or the exception that it raised."""
    try:
        return answer(m, op, form, sample, order)
    except OutOfScope:
        raise
    except Exception as error:
        return error


# --- comparing two answers --------------------------------------------------------------------------------


def assert_close(op, part, ours, theirs, dtype):
    """Raise AssertionError unless the numbers agree up to rounding.

    Derivatives, and what comes of matrices, are compared against the largest number of a tensor. Where PyTorch's
    derivative is NaN ours may be finite: that is by design.
    """
    for k, (a, b) in enumerate(zip(ours, theirs)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), f"{part}[{k}]: {a.dtype} {a.shape}, not {b.dtype} {b.shape}"
        derived = part in DERIVATIVES
        t = max(TOLERANCE[dtype], TOLERANCE.get(b.dtype, 0))
        t = max(t * ROUNDING, LOOSE.get(op.name, 0)) if derived else t
        largest = np.abs(b.values[np.isfinite(b.values)]).max(initial=1) if derived or op.name in MATRICES else 1
        meant = ~np.isnan(b.values) if derived else ...
        np.testing.assert_allclose(a.values[meant], b.values[meant], rtol=t, atol=t * largest, err_msg=f"{part}[{k}]")


def difference(op, ours, theirs, dtype):
    """(what, message) of the first part that differs, or None; all but derivatives is "forward"."""
    dtype = dtype if dtype in TOLERANCE else "float64"
    for part, expected in theirs.items():
        try:
            assert part in ours, f"no {part}, PyTorch has one"
            if part in ("values", *DERIVATIVES):
                assert_close(op, part, ours[part], expected, dtype)
            else:
                assert_same(ours[part], expected, dtype, part)
        except AssertionError as error:
            return part if part in DERIVATIVES else "forward", str(error).strip()
    return None
