"""The state of optimisers: how it is named, changed, saved, loaded and copied."""

import copy
import pickle

import pytest
from stepping import assert_equal, every_optimizer, give_gradients, parameter, snapshot, steps

import tinygrad_lite as tg
from tinygrad_lite import nn, optim


def test_state_is_named_as_in_pytorch():
    p = parameter([[1.0, 2.0]])
    optimizer = optim.Adam([p], amsgrad=True)
    assert optimizer.state_dict()["state"] == {} and not optimizer.state
    steps(optimizer, [p], range(3))
    state = optimizer.state_dict()["state"][0]
    assert list(state) == ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
    assert state["step"].item() == 3 and state["step"].shape == () and state["exp_avg"].shape == (1, 2)
    assert optimizer.state_dict()["param_groups"][0]["params"] == [0]


@every_optimizer
def test_state_can_be_changed_by_hand(make):
    """Views that are written to, entries that are replaced, and a state that is thrown away."""
    p, q = parameter([1.0, 2.0]), parameter([1.0, 2.0])
    one, two = make([p]), make([q])
    steps(one, [p], range(2))
    steps(two, [q], range(2))
    for name, value in one.state[p].items():
        if name != "step":
            value.mul_(2)
            two.state[q][name] = two.state[q][name] * 2
    steps(one, [p], [2])
    steps(two, [q], [2])
    assert_equal(snapshot([p]), snapshot([q]))
    one.state.clear()
    fresh = make([q])
    steps(one, [p], [3])
    steps(fresh, [q], [3])
    assert_equal(snapshot([p]), snapshot([q]))


def by_state_dict(model, optimizer, make):
    other = make(list(model.parameters()))
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    return model, other


def by_pickled_state_dict(model, optimizer, make):
    other = make(list(model.parameters()))
    other.load_state_dict(pickle.loads(pickle.dumps(optimizer.state_dict())))
    return model, other


def by_deepcopy(model, optimizer, make):
    return copy.deepcopy((model, optimizer))


def by_pickle(model, optimizer, make):
    return pickle.loads(pickle.dumps((model, optimizer)))


def half_trained(make):
    """A model of odd shapes, and its optimiser after some steps, the last without one of the gradients."""
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    model.offset = nn.Parameter(tg.tensor(0.5))
    optimizer = make(list(model.parameters()))
    steps(optimizer, list(model.parameters()), range(4))
    give_gradients([model.offset], None)
    optimizer.step()
    return model, optimizer


@every_optimizer
@pytest.mark.parametrize("resume", [by_state_dict, by_pickled_state_dict, by_deepcopy, by_pickle])
def test_training_resumes_exactly(make, resume):
    model, optimizer = resume(*half_trained(make), make)
    straight, its_optimizer = half_trained(make)
    steps(optimizer, list(model.parameters()), range(4, 8))
    steps(its_optimizer, list(straight.parameters()), range(4, 8))
    assert_equal(snapshot(model.parameters()), snapshot(straight.parameters()))
    for p, q in zip(model.parameters(), straight.parameters(), strict=True):
        ours, theirs = optimizer.state.get(p, {}), its_optimizer.state.get(q, {})
        assert list(ours) == list(theirs)
        assert_equal([value.numpy() for value in ours.values()], [value.numpy() for value in theirs.values()])


@every_optimizer
def test_state_stays_a_view_of_what_steps_work_on(make):
    """What the state shows after a step is what the step computed, also in copies and after loading."""
    for resume in (
        by_state_dict,
        by_pickled_state_dict,
        by_deepcopy,
        lambda model, optimizer, make: (model, optimizer),
    ):
        model, optimizer = resume(*half_trained(make), make)
        params = list(model.parameters())
        steps(optimizer, params, [5])
        shown = {id(p): dict(optimizer.state.get(p, {})) for p in params}
        before = {(id(p), n): v.numpy().copy() for p in params for n, v in shown[id(p)].items()}
        steps(optimizer, params, [6])
        for p in params:
            for name, value in shown[id(p)].items():
                assert optimizer.state[p][name] is value
            changed = [(value.numpy() != before[id(p), name]).any() for name, value in shown[id(p)].items()]
            assert any(changed) or not changed


def test_a_copy_is_apart_and_has_no_hooks():
    p = parameter([1.0])
    optimizer, seen = optim.Adam([p], lr=0.1), []
    optimizer.register_step_post_hook(lambda *args: seen.append(args))
    steps(optimizer, [p], [0])
    twin = copy.deepcopy(optimizer)
    (q,) = twin.param_groups[0]["params"]
    steps(twin, [q], [1])
    assert q is not p and len(seen) == 1
    assert twin.state[q]["step"].item() == 2 and optimizer.state[p]["step"].item() == 1


def test_a_loaded_state_is_a_copy_in_the_dtype_of_the_parameters():
    p, q = parameter([1.0, 2.0]), parameter([1.0, 2.0], tg.float32)
    source, target = optim.Adam([p], lr=0.5), optim.Adam([q], lr=0.1)
    steps(source, [p], range(2))
    target.load_state_dict(source.state_dict())
    assert target.state[q]["exp_avg"].dtype == tg.float32 and target.state[q]["step"].dtype == tg.float32
    assert target.param_groups[0]["lr"] == 0.5 and target.param_groups[0]["params"] == [q]
    steps(target, [q], [2])
    assert source.state[p]["step"].item() == 2


def test_a_state_that_does_not_fit_is_refused():
    source = optim.SGD([parameter([1.0]), parameter([2.0])])
    with pytest.raises(ValueError, match="number of parameter groups: 1, here are 2"):
        optim.SGD([{"params": [parameter([1.0])]}, {"params": []}]).load_state_dict(source.state_dict())
    with pytest.raises(ValueError, match="2 parameters, here are 1"):
        optim.SGD([parameter([1.0])]).load_state_dict(source.state_dict())
