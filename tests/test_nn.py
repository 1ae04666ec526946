"""`nn.Module` from the outside: what it registers, finds, converts, saves, copies and shows."""

import copy
import io
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn


class Block(nn.Module):
    """A layer, a parameter of its own, and two buffers, of which one is saved."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(tg.ones(2))
        self.layer = nn.Linear(2, 2)
        self.register_buffer("count", tg.tensor(0))
        self.register_buffer("cache", tg.zeros(3), persistent=False)

    def forward(self, x):
        return self.layer(x) * self.scale


class Model(nn.Module):
    """Two blocks and a head that shares its weight with the first of them."""

    def __init__(self):
        super().__init__()
        self.first, self.second = Block(), Block()
        self.head = nn.Linear(2, 2, bias=False)
        self.head.weight = self.first.layer.weight

    def forward(self, x):
        return self.head(self.second(self.first(x)))


PATHS = [
    "first.scale", "first.layer.weight", "first.layer.bias", "second.scale", "second.layer.weight",
    "second.layer.bias", "head.weight",
]  # fmt: skip


def small():
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))


def values(module):
    return {path: tensor.numpy().copy() for path, tensor in module.state_dict().items()}


def assert_same_values(ours, theirs):
    assert list(ours) == list(theirs)
    for path in ours:
        np.testing.assert_array_equal(ours[path], theirs[path], err_msg=path, strict=True)


# --- what assigning to an attribute registers --------------------------------------------------------------


def test_parameters_buffers_and_modules_are_registered_by_their_names():
    block = Block()
    assert dict(block.named_parameters(recurse=False)) == {"scale": block.scale}
    assert dict(block.named_children()) == {"layer": block.layer}
    assert [name for name, _ in block.named_buffers()] == ["count", "cache"]
    assert {"scale", "layer", "count"} <= set(dir(block))


def test_a_plain_tensor_is_just_an_attribute():
    module = nn.Module()
    module.table = tg.ones(2)
    assert not list(module.parameters()) and not list(module.buffers())


def test_replacing_keeps_the_order():
    model = small()
    model[0] = nn.Linear(2, 3)
    assert list(dict(model.named_children())) == ["0", "1", "2"]
    block = Block()
    block.bias = nn.Parameter(tg.zeros(1))
    block.scale = nn.Parameter(tg.zeros(2))
    assert [name for name, _ in block.named_parameters(recurse=False)] == ["scale", "bias"]


def test_a_name_holds_one_thing_at_a_time():
    module = nn.Module()
    module.it = 3
    module.it = nn.Linear(1, 1)
    assert "it" not in module.__dict__ and list(module.children())
    module.it = nn.Parameter(tg.zeros(2))
    assert not list(module.children()) and list(module.parameters()) == [module.it]


def test_none_stands_for_what_may_come_later():
    layer = nn.Linear(2, 2)
    layer.bias = None
    assert layer.bias is None and list(layer.state_dict()) == ["weight"]
    assert layer(tg.ones(1, 2)).shape == (1, 2)
    layer.bias = nn.Parameter(tg.zeros(2))
    assert list(layer.state_dict()) == ["weight", "bias"]
    model = Model()
    model.second = None
    assert "second" in dict(model._modules) and [name for name, _ in model.named_children()] == ["first", "head"]


def test_deleting():
    block = Block()
    del block.scale, block.layer, block.cache
    assert list(block.state_dict()) == ["count"] and not list(block.children())
    with pytest.raises(AttributeError, match="'Block' object has no attribute 'scale'"):
        block.scale
    with pytest.raises(AttributeError):
        del block.nothing
    block.register_buffer("cache", tg.zeros(1))
    assert "cache" in block.state_dict(), "a new buffer is saved, whatever one of that name was before"


@pytest.mark.parametrize(
    ("assign", "message"),
    [
        (lambda m: setattr(m, "scale", tg.ones(2)), "cannot assign 'Tensor' as parameter 'scale'"),
        (lambda m: setattr(m, "scale", nn.ReLU()), "cannot assign 'ReLU' as parameter 'scale'"),
        (lambda m: setattr(m, "layer", 3), "cannot assign 'int' as child module 'layer'"),
        (lambda m: setattr(m, "count", 3), "cannot assign 'int' as buffer 'count'"),
        (lambda m: m.register_parameter("p", tg.ones(2)), "cannot assign 'Tensor' as parameter 'p'"),
        (lambda m: m.register_buffer("b", np.ones(2)), "cannot assign 'ndarray' as buffer 'b'"),
        (lambda m: m.add_module("m", 3), "int is not a Module subclass"),
        (lambda m: m.register_buffer(3, None), "buffer name should be a string, got int"),
    ],
)
def test_wrong_kinds_are_refused(assign, message):
    with pytest.raises(TypeError, match=message):
        assign(Block())


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.b", r"can't contain '\.'"), ("", "can't be empty"), ("forward", "'forward' already exists")],
)
def test_wrong_names_are_refused(name, message):
    block = Block()
    for register in (block.register_parameter, block.register_buffer, block.add_module):
        with pytest.raises(KeyError, match=message):
            register(name, None)
    with pytest.raises(KeyError, match="'count' already exists"):
        block.register_parameter("count", None)
    with pytest.raises(KeyError, match="'scale' already exists"):
        block.register_buffer("scale", None)


@pytest.mark.parametrize("value", [nn.ReLU(), nn.Parameter(tg.ones(1))])
def test_forgetting_to_call_init_is_explained(value):
    class Hasty(nn.Module):
        def __init__(self):
            self.part = value

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Hasty()
    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Hasty.__new__(Hasty).part


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r'\[Module\] is missing the required "forward"'):
        nn.Module()(1)


# --- walking ------------------------------------------------------------------------------------------------


def test_paths_and_prefixes():
    model = Model()
    shared = PATHS[:-1]  # the head's weight is the first layer's, and is listed once
    assert [path for path, _ in model.named_parameters()] == shared
    assert [path for path, _ in model.named_parameters(prefix="net")] == [f"net.{path}" for path in shared]
    assert [path for path, _ in model.named_parameters(remove_duplicate=False)] == PATHS
    assert len(list(model.parameters())) == 6
    buffers = ["first.count", "first.cache", "second.count", "second.cache"]
    assert [path for path, _ in model.named_buffers()] == buffers
    assert [path for path, _ in model.named_modules()] == ["", "first", "first.layer", "second", "second.layer", "head"]
    assert list(model.children()) == [model.first, model.second, model.head]


def test_a_module_used_twice_is_listed_once():
    layer = nn.Linear(1, 1)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    assert len(list(model.modules())) == 3 and len(list(model.children())) == 2
    assert len(list(model.named_modules(remove_duplicate=False))) == 4
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_parts_are_found_by_path():
    model = Model()
    assert model.get_submodule("") is model
    assert model.get_submodule("first.layer") is model.first.layer
    assert model.get_parameter("first.layer.bias") is model.first.layer.bias
    assert model.get_buffer("second.count") is model.second.count
    for find, path in [
        (model.get_submodule, "first.nothing"),
        (model.get_submodule, "first.scale"),
        (model.get_parameter, "first.count"),
        (model.get_parameter, "nothing.scale"),
        (model.get_buffer, "first.scale"),
    ]:
        with pytest.raises(AttributeError, match=r"nothing|scale|count"):
            find(path)


def test_apply_goes_from_the_inside_out():
    seen = []
    model = Model()
    assert model.apply(lambda module: seen.append(type(module).__name__)) is model
    assert seen == ["Linear", "Block", "Linear", "Block", "Linear", "Model"]


# --- modes and gradients ------------------------------------------------------------------------------------


def test_train_and_eval_reach_all_parts():
    model = Model()
    assert model.training and model.eval() is model
    assert not any(module.training for module in model.modules())
    assert model.train().first.layer.training
    with pytest.raises(ValueError, match="expected to be boolean"):
        model.train("yes")


def test_zero_grad_forgets_or_writes_zeros():
    model = small()
    model(tg.ones(1, 2)).sum().backward()
    gradient = model[0].bias.grad
    model.zero_grad(set_to_none=False)
    assert model[0].bias.grad is gradient and not gradient.any()
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_zero_grad_cuts_a_recorded_gradient_off():
    model = small()
    model(tg.ones(1, 2)).sum().backward(create_graph=True)
    assert model[0].weight.grad.requires_grad
    model.zero_grad(set_to_none=False)
    assert not model[0].weight.grad.requires_grad


def test_requires_grad_freezes():
    model = Model().requires_grad_(False)
    assert not any(p.requires_grad for p in model.parameters())
    assert not model(tg.ones(1, 2)).requires_grad


# --- dtypes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("convert", "dtype"),
    [
        (lambda m: m.double(), tg.float64),
        (lambda m: m.half(), tg.float16),
        (lambda m: m.double().float(), tg.float32),
        (lambda m: m.to(tg.float64), tg.float64),
        (lambda m: m.to(dtype=tg.float64), tg.float64),
        (lambda m: m.to(tg.zeros(1).double()), tg.float64),
        (lambda m: m.to("cpu", tg.float16), tg.float16),
        (lambda m: m.to("cpu"), tg.float32),
        (lambda m: m.to(device="cpu"), tg.float32),
        (lambda m: m.cpu(), tg.float32),
    ],
)
def test_conversion_is_in_place_and_leaves_integers(convert, dtype):
    model = Model()
    model(tg.ones(1, 2)).sum().backward()
    before = list(model.parameters())
    assert convert(model) is model
    assert all(p is q for p, q in zip(model.parameters(), before))
    assert all(p.dtype == p.grad.dtype == dtype and p.requires_grad for p in before)
    assert model.first.count.dtype == tg.int64 and model.first.cache.dtype == dtype
    assert model.head.weight is model.first.layer.weight
    assert model(tg.ones(1, 2, dtype=dtype)).dtype == dtype


def test_double_leaves_complex_parameters_and_to_converts_them():
    module = nn.Module()
    module.z = nn.Parameter(tg.tensor([1 + 2j]))
    assert module.double().z.dtype == tg.complex64
    assert module.to(tg.complex128).z.tolist() == [1 + 2j]


def test_integers_and_other_devices_are_refused():
    with pytest.raises(TypeError, match="only accepts floating point or complex"):
        small().to(tg.int64)
    with pytest.raises(RuntimeError, match="cuda"):
        small().to("cuda")


# --- saving and loading -------------------------------------------------------------------------------------


def test_state_dict_has_parameters_and_saved_buffers_by_path():
    model = Model()
    state = model.state_dict()
    assert isinstance(state, OrderedDict)
    assert list(state) == [
        "first.scale", "first.count", "first.layer.weight", "first.layer.bias",
        "second.scale", "second.count", "second.layer.weight", "second.layer.bias", "head.weight",
    ]  # fmt: skip
    assert not any(tensor.requires_grad for tensor in state.values())
    state["first.scale"][0] = 7.0
    assert model.first.scale[0] == 7.0, "the tensors share memory with the model"
    assert model.state_dict(keep_vars=True)["first.scale"] is model.first.scale
    assert list(model.head.state_dict(prefix="head.", destination={"x": 1})) == ["x", "head.weight"]


def test_loading_copies_values():
    source, target = small(), small()
    state = source.state_dict()
    assert repr(target.load_state_dict(state)) == "<All keys matched successfully>"
    assert_same_values(values(target), values(source))
    with tg.no_grad():
        source[0].weight.zero_()
    assert target[0].weight.any() and target[0].weight.requires_grad
    target.double().load_state_dict(state)
    assert target[0].weight.dtype == tg.float64


def test_assign_takes_the_tensors_themselves():
    target, state = small(), {path: tensor.double() for path, tensor in small().state_dict().items()}
    target.load_state_dict(state, assign=True)
    assert target[0].weight.dtype == tg.float64 and target[0].weight.requires_grad
    state["0.weight"][0, 0] = 7.0
    assert target[0].weight[0, 0] == 7.0


def spoiled(changes):
    """The state of another `small()` with some entries changed, or left out where None."""
    state = {**small().state_dict(), **changes}
    return {path: tensor for path, tensor in state.items() if tensor is not None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extra": tg.ones(1)}, 'Unexpected key.*"extra"'),
        ({"2.bias": None}, 'Missing key.*"2.bias"'),
        ({"2.bias": tg.ones(2)}, r"size mismatch for 2.bias.*Size\(\[2\]\).*Size\(\[1\]\)"),
        ({"2.bias": tg.tensor(1.0)}, "size mismatch for 2.bias"),
        ({"2.bias": [1.0]}, "received <class 'list'>"),
        ({"2.weight": None, "2.bias": tg.ones(2), "extra": tg.ones(1)}, "Missing.*Unexpected.*size mismatch"),
    ],
)
def test_what_does_not_fit_is_refused_whole(changes, message):
    model = small()
    before = values(model)
    with pytest.raises(RuntimeError, match=f"(?s)Error.s. in loading state_dict for Sequential:.*{message}"):
        model.load_state_dict(spoiled(changes))
    assert_same_values(values(model), before)


def test_not_strict_loads_what_there_is():
    model, state = small(), spoiled({"2.bias": None, "extra": tg.ones(1)})
    missing, unexpected = found = model.load_state_dict(state, strict=False)
    assert (missing, unexpected) == (["2.bias"], ["extra"]) and "missing_keys=['2.bias']" in repr(found)
    np.testing.assert_array_equal(model[0].weight.detach(), state["0.weight"])
    with pytest.raises(RuntimeError, match="size mismatch"):
        model.load_state_dict(spoiled({"2.bias": tg.ones(2)}), strict=False)
    with pytest.raises(TypeError, match="dict-like"):
        model.load_state_dict([1, 2])


# --- copies -------------------------------------------------------------------------------------------------


def through_pickle(model):
    file = io.BytesIO()
    pickle.dump(model, file)
    return pickle.loads(file.getvalue())


@pytest.mark.parametrize("make_copy", [copy.deepcopy, through_pickle])
def test_a_copy_is_equal_and_apart(make_copy):
    model = Model().eval()
    twin = make_copy(model)
    assert_same_values(values(twin), values(model))
    assert twin.head.weight is twin.first.layer.weight, "what was shared is shared"
    assert not twin.training and repr(twin) == repr(model)
    assert type(twin.first.scale) is nn.Parameter and twin.first.scale.requires_grad
    x = tg.randn(3, 2)
    np.testing.assert_array_equal(twin(x).detach(), model(x).detach())
    with tg.no_grad():
        twin.first.scale.zero_()
    assert model.first.scale.all()


# --- how it looks -------------------------------------------------------------------------------------------


def test_repr_is_indented():
    assert repr(nn.Sequential(Block(), nn.ModuleDict({"a": nn.Dropout(0.1)}))) == (
        "Sequential(\n"
        "  (0): Block(\n"
        "    (layer): Linear(in_features=2, out_features=2, bias=True)\n"
        "  )\n"
        "  (1): ModuleDict(\n"
        "    (a): Dropout(p=0.1, inplace=False)\n"
        "  )\n"
        ")"
    )


def test_repr_shows_what_a_subclass_says():
    class Named(nn.Module):
        def extra_repr(self):
            return "one=1\ntwo=2"

    assert repr(Named()) == "Named(\n  one=1\n  two=2\n)"
