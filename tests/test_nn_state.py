"""The module as a base class: saving, loading, converting, copying, lazy parts, hooks, and where errors are raised."""

import copy
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.nn.modules import module as base


class Block(nn.Module):
    def __init__(self, n=3):
        super().__init__()
        self.fc1, self.norm = nn.Linear(n, n), nn.BatchNorm1d(n)
        self.scale = nn.Parameter(tg.ones(n))
        self.shift = nn.Buffer(tg.zeros(n), persistent=False)

    def forward(self, x):
        return self.norm(self.fc1(x)) * self.scale + self.shift


class Encoder(nn.Module):
    def __init__(self, sizes=(3, 3, 3, 3)):
        super().__init__()
        self.layers = nn.ModuleList(Block(n) for n in sizes)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Model(nn.Module):
    def __init__(self, sizes=(3, 3, 3, 3)):
        super().__init__()
        self.encoder = Encoder(sizes)

    def forward(self, x):
        return self.encoder(x)


def values(module):
    return {name: tensor.tolist() for name, tensor in module.state_dict().items()}


# --- where an error is --------------------------------------------------------------------------------------


def test_a_wrong_shape_names_the_module_by_its_path():
    with pytest.raises(RuntimeError) as caught:
        Model((3, 3, 3, 5))(tg.ones(2, 3))
    message = str(caught.value)
    assert message.startswith("encoder.layers.3.fc1: ") and message.count("encoder") == 1
    assert "2x3 and 5x5" in message and "expected last dimension 5, got 3" in message


def test_a_module_alone_has_no_path():
    with pytest.raises(RuntimeError, match=r"^linear\(\)"):
        nn.Linear(3, 2)(tg.ones(2, 4))


@pytest.mark.parametrize("watched", [False, True])
def test_the_path_holds_through_hooks_and_unregistered_parts(watched):
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = [nn.Linear(2, 2)]  # a plain list: not registered

        def forward(self, x):
            return self.parts[0](x)

    model = nn.Sequential(OrderedDict(first=nn.Identity(), second=nn.Sequential(Hidden())))
    if watched:
        model[1].register_forward_hook(lambda *_: None)
    with pytest.raises(RuntimeError, match=r"^second\.0: linear\(\)"):
        model(tg.ones(3))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("bad"), "0: bad"),
        (KeyError("bad"), "'bad'"),
        (OSError(2, "bad"), "[Errno 2] bad"),
        (IndexError(), ""),
    ],
)
def test_which_errors_are_told_where(error, said):
    class Raises(nn.Module):
        def forward(self, x):
            raise error

    with pytest.raises(type(error)) as caught:
        nn.Sequential(Raises())(1)
    assert str(caught.value) == said


def test_an_error_caught_inside_says_nothing_outside():
    class Tries(nn.Module):
        def __init__(self):
            super().__init__()
            self.small, self.large = nn.Linear(2, 1), nn.Linear(3, 1)

        def forward(self, x):
            try:
                return self.small(x)
            except RuntimeError as error:
                assert "small" not in str(error)
                return self.large(x)

    assert Tries()(tg.ones(3)).shape == (1,)


# --- saving and loading -------------------------------------------------------------------------------------


def test_a_state_dict_has_versions_and_leaves_out_what_does_not_persist():
    state = Model().state_dict()
    assert "encoder.layers.0.shift" not in state and "encoder.layers.0.norm.num_batches_tracked" in state
    assert state._metadata["encoder.layers.0.norm"] == {"version": 2} and state._metadata[""] == {"version": 1}
    into = {}
    nn.Linear(1, 1).state_dict(destination=into, prefix="a.")
    with pytest.warns(FutureWarning, match="Positional args"):
        nn.Linear(1, 1).state_dict(into, "b.")
    assert list(into) == ["a.weight", "a.bias", "b.weight", "b.bias"]


def test_all_or_nothing_is_loaded():
    model, other = Model(), Model()
    before, state = values(model), other.state_dict()
    last = list(state)[-2]
    for wrong in ({last: tg.ones(7)}, {"more": tg.ones(1)}, {last: [1.0]}):
        with pytest.raises(RuntimeError, match=r"Error\(s\) in loading state_dict for Model"):
            model.load_state_dict({**state, **wrong})
        assert values(model) == before
    del state[last]
    with pytest.raises(RuntimeError, match="Missing key"):
        model.load_state_dict(state)
    assert values(model) == before
    assert model.load_state_dict(state, strict=False).missing_keys == [last]
    assert values(model) != before


def test_loading_by_assignment_takes_the_tensor():
    layer, weight = nn.Linear(2, 2), tg.ones(2, 2)
    layer.weight.requires_grad_(False)
    layer.load_state_dict({"weight": weight, "bias": nn.Parameter(tg.zeros(2))}, assign=True)
    assert layer.weight.data_ptr() == weight.data_ptr() and isinstance(layer.weight, nn.Parameter)
    assert not layer.weight.requires_grad and layer.bias.requires_grad


class Renamed(nn.Module):
    """Loads what an older version saved, as programs do it."""

    _version = 3

    def __init__(self):
        super().__init__()
        self.weight, self.seen = nn.Parameter(tg.zeros(2)), []

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        self.seen.append(local_metadata.get("version"))
        if prefix + "gamma" in state_dict:
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "gamma")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing, unexpected, errors)
        self.total = self.weight.sum().item()

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "gamma"] = destination.pop(prefix + "weight")


def test_a_module_may_save_and_load_in_its_own_way():
    model = nn.Sequential(Renamed())
    model[0].weight.data.fill_(2.0)
    state, fresh = model.state_dict(), nn.Sequential(Renamed())
    assert list(state) == ["0.gamma"]
    assert fresh.load_state_dict(state) == ([], [])
    assert fresh[0].total == 4 and fresh[0].seen == [3], "loaded when super() returns"
    fresh.load_state_dict({"0.gamma": tg.ones(2)})
    assert fresh[0].seen == [3, None]


def test_extra_state():
    class Counts(nn.Module):
        count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    model, other = nn.Sequential(Counts()), nn.Sequential(Counts())
    model[0].count = 5
    assert other.load_state_dict(model.state_dict()) == ([], []) and other[0].count == 5
    assert list(model.state_dict()) == ["0._extra_state"]
    with pytest.raises(RuntimeError, match=r'Missing key.*"0._extra_state"'):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key.*"_extra_state"'):
        nn.ReLU().load_state_dict({"_extra_state": 1})


def test_hooks_on_saving_and_loading():
    model, seen = nn.Sequential(nn.Linear(1, 1)), []
    model[0].register_state_dict_pre_hook(lambda module, prefix, keep: seen.append(("save", prefix, keep)))
    model[0].register_state_dict_post_hook(lambda module, state, prefix, local: state.pop(prefix + "bias") and None)
    model._register_state_dict_hook(lambda module, state, prefix, local: {**state, "own": tg.ones(1)})
    state = model.state_dict()
    assert seen == [("save", "0.", False)] and list(state) == ["0.weight", "own"]

    model[0].register_load_state_dict_pre_hook(lambda module, state, prefix, *rest: seen.append((module, prefix)))
    handle = model._register_load_state_dict_pre_hook(lambda state, prefix, *rest: state.pop("own"))
    model[0].register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    assert model.load_state_dict(state) == ([], []) and seen[-1] == (model[0], "0.")
    handle.remove()
    with pytest.raises(RuntimeError, match='Unexpected key.*"own"'):
        model.load_state_dict(state)
    model[0].register_load_state_dict_post_hook(lambda module, keys: keys)
    with pytest.raises(AssertionError, match="not expected to return"):
        model.load_state_dict(state, strict=False)
    model[0].register_state_dict_post_hook(lambda module, state, prefix, local: state)
    with pytest.raises(RuntimeError, match="must return None"):
        model.state_dict()


def test_a_prefix_is_taken_off():
    state = nn.DataParallel(nn.Linear(1, 1)).state_dict() if hasattr(nn, "DataParallel") else nn.Sequential(
        OrderedDict(module=nn.Linear(1, 1))
    ).state_dict()  # fmt: skip
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    assert list(state) == ["weight", "bias"] and nn.Linear(1, 1).load_state_dict(state) == ([], [])


# --- copies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_are_whole_and_their_own(again):
    model = Model().double().eval()
    model.encoder.layers[1].fc1.weight = model.encoder.layers[0].fc1.weight  # shared
    other = again(model)
    assert values(other) == values(model) and not other.training and repr(other) == repr(model)
    assert other.encoder.layers[1].fc1.weight is other.encoder.layers[0].fc1.weight
    other.encoder.layers[0].scale.data.zero_()
    assert model.encoder.layers[0].scale.sum() == 3
    x = tg.randn(4, 3).double()
    np.testing.assert_array_equal(again(model)(x).detach().numpy(), model(x).detach().numpy())


@pytest.mark.parametrize("again", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_of_lazy_modules_stay_lazy(again):
    model = again(nn.Sequential(nn.LazyLinear(2), nn.LazyBatchNorm1d()))
    assert model[0].has_uninitialized_params()
    assert model(tg.ones(4, 3)).shape == (4, 2) and type(model[0]) is nn.Linear and type(model[1]) is nn.BatchNorm1d


# --- converting ---------------------------------------------------------------------------------------------


def test_converting_all_tensors():
    model = Block()
    model(tg.ones(2, 3)).sum().backward()
    model.double()
    kinds = {t.dtype for t in [*model.parameters(), *model.buffers(), model.scale.grad]}
    assert kinds == {tg.float64, tg.int64}, "the count of batches stays an integer"
    assert model.to(tg.float32).scale.grad.dtype == tg.float32 and model.half().scale.dtype == tg.float16
    assert model.type(tg.float64).norm.num_batches_tracked.dtype == tg.float64
    for wrong, error in (
        (model.bfloat16, NotImplementedError),
        (model.cuda, RuntimeError),
        (lambda: model.to(tg.int64), TypeError),
    ):
        with pytest.raises(error):
            wrong()


def test_apply_goes_through_parts_first():
    seen = []

    class Told(nn.Linear):
        def _apply(self, fn, recurse=True):
            seen.append("part")
            return super()._apply(fn, recurse)

    nn.Sequential(Told(1, 1)).double()
    assert seen == ["part"]


def test_to_empty_keeps_shapes():
    model = Block().double().to_empty(device="cpu")
    assert model.scale.shape == (3,) and model.scale.dtype == tg.float64 and model.scale.requires_grad


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_shared_memory_is_seen_by_a_forked_process():
    model = nn.Linear(2, 2).share_memory()
    before = model.weight.tolist()
    child = os.fork()
    if not child:
        model.weight.data.add_(1.0)
        os._exit(0)
    os.waitpid(child, 0)
    np.testing.assert_allclose(model.weight.detach().numpy(), np.array(before) + 1, rtol=1e-6)


# --- parts, parameters, buffers -----------------------------------------------------------------------------


def test_buffers_by_assignment():
    model = nn.Module()
    model.kept, model.fleeting = nn.Buffer(tg.ones(1)), nn.Buffer(tg.ones(1), persistent=False)
    model.kept = tg.zeros(1)
    assert list(model.state_dict()) == ["kept"] and model.kept.item() == 0 and len(list(model.buffers())) == 2
    model.fleeting = nn.Buffer(tg.ones(1))
    assert list(model.state_dict()) == ["kept", "fleeting"]
    with pytest.raises(TypeError, match="as buffer 'kept'"):
        model.kept = 3


def test_parts_are_replaced_by_their_path():
    model = Model()
    model.set_submodule("encoder.layers.2", nn.Tanh())
    assert isinstance(model.get_submodule("encoder.layers.2"), nn.Tanh)
    for target, part, error in (
        ("", nn.ReLU(), ValueError), ("encoder", 3, ValueError), ("encoder.nothing.x", nn.ReLU(), AttributeError),
        ("encoder.training", nn.ReLU(), AttributeError),
    ):  # fmt: skip
        with pytest.raises(error):
            model.set_submodule(target, part)
    with pytest.raises(AttributeError, match="no attribute `more`"):
        model.set_submodule("more", nn.ReLU(), strict=True)


def test_arguments_of_init_are_refused_or_passed_on():
    class Named:
        def __init__(self, name):
            self.name = name

    class Both(nn.Module, Named):
        call_super_init = True

    assert Both(name="x").name == "x"
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        nn.Module(size=3)
    with pytest.raises(TypeError, match="takes 1 positional argument but 3 were given"):
        nn.Module(1, 2)


def test_lists_and_dicts_of_parameters():
    items = nn.ParameterList([tg.zeros(2), nn.Parameter(tg.ones(1)), 3])
    items += [tg.ones(3)]
    assert [name for name, _ in items.named_parameters()] == ["0", "1", "3"] and items[2] == 3 and len(items) == 4
    items[-1] = tg.zeros(4)
    assert items[3].shape == (4,) and isinstance(items[3], nn.Parameter) and len(items[1:3]) == 2
    for wrong, error in (
        (lambda: items[4], IndexError),
        (lambda: items.extend(tg.ones(2)), TypeError),
        (items, RuntimeError),
    ):
        with pytest.raises(error):
            wrong()
    names = nn.ParameterDict({"b": tg.zeros(1), "a": tg.ones(1)})
    assert list(names) == ["a", "b"] and "a" in names and names.get("c") is None and list(reversed(names)) == ["b", "a"]
    names |= nn.ParameterDict([("c", tg.ones(2))])
    assert names.setdefault("c").shape == (2,) and names.popitem()[0] == "c" and names.pop("a").item() == 1
    assert list((names | names.copy()).state_dict()) == ["b"] and list(names.fromkeys("xy")) == ["x", "y"]
    names.clear()
    assert not len(names) and not list(names.parameters())


def test_lazy_modules_load_a_state_before_their_first_call():
    lazy, plain = nn.LazyLinear(2), nn.Linear(3, 2)
    with pytest.raises(RuntimeError, match="Can't access the shape"):
        lazy.weight.shape
    with pytest.raises(ValueError, match="uninitialized parameter"):
        lazy.weight + 1
    lazy.load_state_dict(plain.state_dict())
    assert values(lazy) == values(plain) and lazy(tg.ones(1, 3)).shape == (1, 2) and type(lazy) is nn.Linear
    assert not nn.parameter.is_lazy(lazy.weight) and not vars(lazy).get("_has_had_hooks")


# --- hooks --------------------------------------------------------------------------------------------------


@pytest.fixture
def plain_modules():
    """Hooks of all modules make every call look for hooks; a test puts that back."""
    yield
    base.Hooked._has_had_hooks = False
    for hooks in base.EVERYWHERE.values():
        hooks.clear()


@pytest.mark.usefixtures("plain_modules")
def test_hooks_of_all_modules():
    seen = []
    handles = [
        base.register_module_forward_pre_hook(lambda module, args: seen.append(("pre", type(module).__name__))),
        base.register_module_forward_hook(lambda module, args, out: out + 1),
        base.register_module_full_backward_hook(
            lambda module, grad_in, grad_out: seen.append(("back", grad_out[0].item()))
        ),
        base.register_module_full_backward_pre_hook(lambda module, grad_out: (grad_out[0] * 3,)),
    ]
    x = tg.ones(1, requires_grad=True)
    y = nn.Sequential(nn.Identity(), nn.ReLU())(x)
    y.sum().backward()
    assert y.item() == 4 and seen[:3] == [("pre", "Sequential"), ("pre", "Identity"), ("pre", "ReLU")]
    assert seen[3:] == [("back", 9.0), ("back", 27.0), ("back", 3.0)], "ReLU, Identity, Sequential"
    with pytest.raises(RuntimeError, match="Cannot use both"):
        base.register_module_backward_hook(print)
    for handle in handles:
        handle.remove()
    assert nn.ReLU()(tg.ones(1)).item() == 1


@pytest.mark.usefixtures("plain_modules")
def test_hooks_on_registration():
    seen = []
    handles = [
        base.register_module_parameter_registration_hook(lambda module, name, value: seen.append(name)),
        base.register_module_buffer_registration_hook(lambda module, name, value: tg.full((1,), 7.0)),
        base.register_module_module_registration_hook(lambda module, name, value: nn.Tanh()),
    ]
    model = nn.Sequential(nn.Linear(1, 1))
    model.register_buffer("mean", tg.zeros(1))
    for handle in handles:
        handle.remove()
    assert seen == ["weight", "bias"] and model.mean.item() == 7 and isinstance(model[0], nn.Tanh)


def test_a_hook_that_is_called_always():
    class Fails(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    module, seen = Fails(), []
    module.register_forward_hook(lambda module, args, out: seen.append(("usual", out)))
    module.register_forward_hook(lambda module, args, out: seen.append(("always", out)), always_call=True)
    with pytest.raises(ValueError, match="no"):
        module(1)
    assert seen == [("always", None)]


def test_backward_hooks_of_the_older_form():
    seen, module = [], nn.Tanh()
    module.register_backward_hook(
        lambda module, grad_in, grad_out: seen.append((grad_in[0].item(), grad_out[0].item()))
    )
    module(tg.zeros(1, requires_grad=True)).sum().backward()
    assert seen == [(1.0, 1.0)]
    with pytest.raises(RuntimeError, match="Cannot use both"):
        module.register_full_backward_hook(print)
