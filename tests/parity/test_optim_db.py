"""PyTorch's own database of optimisers: its settings give the same steps here, its errors the same errors."""

import copy
import warnings

import numpy as np
import pytest

import tinygrad_lite as tg

torch = pytest.importorskip("torch")
common = pytest.importorskip("torch.testing._internal.common_optimizers")
from tests.parity.test_optim import assert_close, assert_same_state, converted  # noqa: E402

OURS_REFUSE = {"capturable", "differentiable"}  # modes for a GPU, and for steps that are recorded
INPUTS = [
    pytest.param(info, given, id=f"{info.optim_cls.__name__} {given.desc}")
    for info in common.optim_db
    for given in info.optim_inputs_func(device="cpu")
]
ERRORS = [
    pytest.param(info, given, id=f"{info.optim_cls.__name__} {given.optimizer_error_input.desc}")
    for info in common.optim_db
    for given in info.optim_error_inputs_func(device="cpu", dtype=torch.float64)
]


def ours(value):
    """The same value with our tensors in place of PyTorch's."""
    if isinstance(value, torch.Tensor):
        if id(value) not in KNOWN:
            mine = tg.from_numpy(value.numpy(force=True).copy())
            mine = tg.nn.Parameter(mine) if isinstance(value, torch.nn.Parameter) else mine
            if value.grad is not None:
                mine.grad = tg.from_numpy(value.grad.numpy().copy())
            KNOWN[id(value)] = value, mine
        return KNOWN[id(value)][1]
    if isinstance(value, dict):
        return {key: ours(part) for key, part in value.items()}
    return type(value)(ours(part) for part in value) if isinstance(value, list | tuple) else value


KNOWN = {}


def model(m, dtype):
    """Matrices only: Muon takes nothing else."""
    random = np.random.default_rng(0)
    shapes = [(10, 5), (5, 3), (1, 4)]
    params = [m.nn.Parameter(m.from_numpy(random.standard_normal(s).astype(dtype) * 0.5)) for s in shapes]
    x, y = (m.from_numpy(random.standard_normal(s).astype(dtype)) for s in ((6, 10), (6, 3)))
    return params, lambda: ((m.tanh(x @ params[0]) @ params[1] - y) ** 2).mean() + (params[2] ** 2).sum()


def optimise(m, info, kwargs, dtype, steps=50):
    params, loss = model(m, dtype)
    optimizer = getattr(m.optim, info.optim_cls.__name__)(params, **kwargs)

    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    for _ in range(2 if info.step_requires_closure else steps):  # of many iterations each
        optimizer.step(closure)
    return params, optimizer


@pytest.mark.parametrize(("info", "given"), INPUTS)
def test_fifty_steps(info, given):
    kwargs = {name: value for name, value in given.kwargs.items() if name not in OURS_REFUSE}
    if info.only_supports_sparse_grads:
        for m in (tg, torch):
            with pytest.raises(RuntimeError, match="does not support dense gradients"):
                optimise(m, info, ours(kwargs) if m is tg else kwargs, "float64")
        return
    mine, my_optimizer = optimise(tg, info, ours(kwargs), "float64")
    theirs, their_optimizer = optimise(torch, info, copy.deepcopy(kwargs), "float64")
    # Muon multiplies by a Tensor lr in float32; and L-BFGS adds what rounding there is up
    loose = info.step_requires_closure or (info.optim_cls is torch.optim.Muon and given.desc == "Tensor lr")
    tolerance = 3e-6 if loose else 1e-9
    assert_close(mine, theirs, tolerance)
    if not info.step_requires_closure:  # the history of L-BFGS is compared in test_optimizers.py
        assert_same_state(my_optimizer.state_dict()["state"], their_optimizer.state_dict()["state"], tolerance)


@pytest.mark.parametrize("impl", ["foreach", "fused"])
@pytest.mark.parametrize("info", common.optim_db, ids=lambda info: info.optim_cls.__name__)
def test_ways_to_be_fast_are_accepted_where_pytorch_has_them(info, impl):
    if impl not in info.supported_impls:
        pytest.skip("PyTorch does not have it")
    plain, fast = (optimise(tg, info, kwargs, "float64", 3)[0] for kwargs in ({}, {impl: True}))
    for a, b in zip(plain, fast, strict=True):
        np.testing.assert_array_equal(a.numpy(force=True), b.numpy(force=True))


@pytest.mark.parametrize(("info", "given"), INPUTS)
def test_a_state_dict_of_pytorch_loads(info, given):
    if info.only_supports_sparse_grads or info.step_requires_closure:
        pytest.skip("there is no state before, or it is compared in test_optimizers.py")
    kwargs = {name: value for name, value in given.kwargs.items() if name not in OURS_REFUSE}
    _, theirs = optimise(torch, info, kwargs, "float32", 5)
    params, _ = model(tg, "float32")
    mine = getattr(tg.optim, info.optim_cls.__name__)(params)
    mine.load_state_dict(converted(theirs.state_dict(), tg))
    assert_same_state(mine.state_dict()["state"], theirs.state_dict()["state"])


@pytest.mark.parametrize(("info", "given"), ERRORS)
def test_errors(info, given):
    expected, case = given.error_type, given.optimizer_error_input
    if "dense params" in case.desc:
        pytest.skip("there are no sparse tensors")
    kwargs = ours(case.kwargs)
    params = [tg.nn.Parameter(tg.ones(1, 1))] if case.params is None else ours(case.params)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(expected, match=given.error_regex):
            optimizer = getattr(tg.optim, info.optim_cls.__name__)(params, **kwargs)
            assert given.error_on is common.OptimizerErrorEnum.STEP_ERROR
            optimizer.step()
