"""The module as a base class, side by side: what its methods answer, warn of and raise."""

import copy
import warnings
from collections import OrderedDict

import pytest

import tinygrad_lite as tg

torch = pytest.importorskip("torch")


def said(m, value):
    """`value` as it can be compared: tensors as lists, words without the library's name."""
    if isinstance(value, torch.Tensor | tg.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {name: said(m, item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [said(m, item) for item in value]
    if isinstance(value, BaseException):
        return type(value).__name__
    return str(value).replace(m.__name__, "m") if not isinstance(value, int | float | None) else value


def answer(m, program):
    m.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = said(m, program(m))
        except Exception as error:
            value = said(m, error)
    return value, [w.category.__name__ for w in caught if "Lazy modules" not in str(w.message)]


def block(m):
    model = m.nn.Sequential(OrderedDict(a=m.nn.Linear(2, 3), b=m.nn.BatchNorm1d(3), c=m.nn.Sequential(m.nn.PReLU())))
    model.a.weight.data.fill_(0.5)
    model.a.bias.data.fill_(0.25)
    return model


def state_with(m, **changes):
    state = block(m).state_dict()
    for name, value in changes.items():
        key = name.replace("__", ".")
        if value is None:
            del state[key]
        else:
            state[key] = value
    return state


def loaded(changes, **settings):
    def program(m):
        given = {k: v(m) if callable(v) else v for k, v in changes.items()}
        found = block(m).load_state_dict(state_with(m, **given), **settings)
        return found.missing_keys, found.unexpected_keys, repr(found).replace("_IncompatibleKeys", "IncompatibleKeys")

    return program


def hooked(m):
    seen, model = [], block(m)
    model.b.register_state_dict_pre_hook(lambda module, prefix, keep: seen.append((prefix, keep)))
    model.b.register_state_dict_post_hook(
        lambda module, state, prefix, local: seen.append((list(state), prefix, local))
    )
    model.c.register_load_state_dict_pre_hook(
        lambda module, state, prefix, *rest: seen.append((list(state), prefix, rest[0]))
    )
    model.b.register_load_state_dict_post_hook(lambda module, keys: seen.append(list(keys)))
    state = model.state_dict()
    model.load_state_dict({k: v for k, v in state.items() if k != "b.bias"}, strict=False)
    return sorted(seen, key=str), dict(state._metadata)  # when all is loaded, here; when the module is, there


def old_checkpoint(m):
    """Before batch normalisation counted batches."""
    state = state_with(m, b__num_batches_tracked=None)
    del state._metadata
    return block(m).load_state_dict(state)


def global_hooks(m):
    base = m.nn.modules.module
    seen = []
    handles = [
        base.register_module_forward_pre_hook(lambda mod, args: seen.append(("pre", type(mod).__name__))),
        base.register_module_forward_hook(lambda mod, args, out: out + 1),
        base.register_module_full_backward_hook(lambda mod, gi, go: seen.append((type(mod).__name__, gi[0], go[0]))),
        base.register_module_full_backward_pre_hook(lambda mod, go: (go[0] * 3,)),
    ]
    x = m.ones(1, requires_grad=True)
    m.nn.Sequential(m.nn.Identity(), m.nn.ReLU())(x).sum().backward()
    for handle in handles:
        handle.remove()
    if m is tg:
        tg.nn.modules.module.Hooked._has_had_hooks = False
    return seen, x.grad


def older_hook(m):
    seen, module = [], m.nn.Sigmoid()
    module.register_backward_hook(lambda mod, gi, go: seen.append((list(gi), list(go))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PyTorch's, that they are old
        module(m.zeros(2, requires_grad=True)).sum().backward()
    return seen


def always_called(m):
    class Fails(m.nn.Module):
        def forward(self, x):
            raise ValueError("no")

    seen, module = [], Fails()
    module.register_forward_hook(lambda mod, args, out: seen.append("usual"))
    module.register_forward_hook(lambda mod, args, out: seen.append(out), always_call=True)
    try:
        module(1)
    except ValueError as error:
        seen.append(str(error))
    return seen


def lazy(m):
    model = m.nn.Sequential(m.nn.LazyConv2d(2, 3), m.nn.LazyBatchNorm2d(), m.nn.Flatten(), m.nn.LazyLinear(2))
    before = repr(model), list(model.state_dict()), model[0].has_uninitialized_params()
    model(m.ones(1, 1, 4, 4))
    return before, repr(model), model.state_dict()["0.weight"].shape, [type(part).__name__ for part in model]


def lists_of_parameters(m):
    items = m.nn.ParameterList([m.zeros(2), 3])
    names = m.nn.ParameterDict({"b": m.zeros(1), "a": m.ones(1, 2)})
    names.update([("c", m.ones(1))])
    texts = repr(items), repr(names).replace("torch.FloatTensor", "m.FloatTensor")
    return list(items.state_dict()), list(names.state_dict()), len(items), list(names), texts[0]


def assigned(m):
    model = block(m)
    state = {name: m.full_like(t, 2) for name, t in model.state_dict().items()}
    model.load_state_dict(state, assign=True)
    return [
        type(model.a.weight).__name__,
        model.a.weight.requires_grad,
        state["a.weight"].data_ptr() == model.a.weight.data_ptr(),
    ]


def converted(m):
    model = block(m)
    model(m.ones(4, 2)).sum().backward()
    model.double()
    kinds = [str(t.dtype) for t in model.state_dict().values()], str(model.a.weight.grad.dtype)
    return kinds, str(model.to(m.float16).a.weight.dtype), str(model.type(m.float64).b.num_batches_tracked.dtype)


def submodules(m):
    model = block(m)
    model.set_submodule("c.0", m.nn.Tanh())
    return repr(model), [name for name, _ in model.named_modules()]


def sync(m):
    model = block(m).eval()
    model.b.running_mean.fill_(3.0)
    new = m.nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return repr(new), new.state_dict(), new.b.training


PROGRAMS = {
    "state": lambda m: (list(block(m).state_dict()), dict(block(m).state_dict()._metadata)),
    "state, positional": lambda m: list(block(m).state_dict({}, "p.")),
    "load": loaded({}),
    "load missing": loaded({"a__bias": None}),
    "load missing, not strict": loaded({"a__bias": None, "b__weight": None}, strict=False),
    "load unexpected": loaded({"more": lambda m: m.ones(1)}),
    "load unexpected, not strict": loaded({"a__more": lambda m: m.ones(1), "d__x": lambda m: m.ones(1)}, strict=False),
    "load wrong shape": loaded({"a__bias": lambda m: m.ones(4)}),
    "load wrong shape, not strict": loaded({"a__bias": lambda m: m.ones(4)}, strict=False),
    "load a number for one of one": loaded({"b__num_batches_tracked": lambda m: m.tensor([3])}),
    "load a list": loaded({"a__bias": [1.0]}),
    "load no dict": lambda m: block(m).load_state_dict([1]),
    "load, assigning": assigned,
    "load an old checkpoint": old_checkpoint,
    "hooks on the state": hooked,
    "hooks of all modules": global_hooks,
    "an older backward hook": older_hook,
    "a hook called always": always_called,
    "lazy modules": lazy,
    "lazy shape": lambda m: m.nn.LazyLinear(2).weight.shape,
    "lazy values": lambda m: m.nn.LazyLinear(2).weight.sum(),
    "lazy twice": lambda m: m.nn.LazyConv2d(2, 3, groups=2)(m.ones(1, 3, 4, 4)),
    "parameter lists": lists_of_parameters,
    "parameter list called": lambda m: m.nn.ParameterList()(),
    "parameter dict's key": lambda m: m.nn.ParameterDict({1: m.ones(1)}),
    "parameter dict without": lambda m: m.nn.ParameterDict()["a"],
    "conversion": converted,
    "submodules": submodules,
    "submodule not there": lambda m: block(m).set_submodule("x.y", m.nn.ReLU()),
    "submodule, no path": lambda m: block(m).set_submodule("", m.nn.ReLU()),
    "get what is not there": lambda m: block(m).get_submodule("c.7"),
    "deepcopy": lambda m: copy.deepcopy(block(m)).state_dict(),
    "sync": sync,
    "buffers": lambda m: (setattr(x := block(m), "mean", m.nn.Buffer(m.ones(1))), list(x.state_dict()))[1],
    "init, older names": lambda m: m.nn.init.constant(m.empty(2), 3.0),
    "init, older name, seeded": lambda m: m.nn.init.xavier_normal(m.empty(2, 2)).shape,
    "constructor with arguments": lambda m: m.nn.Module(1),
    "constructor with keywords": lambda m: m.nn.Module(a=1),
    "container": lambda m: repr(m.nn.Container(a=m.nn.ReLU())),
    "loss without reason": lambda m: m.nn.MSELoss(reduction="none of it")(m.ones(1), m.ones(1)),
    "older reductions": lambda m: [m.nn.MSELoss(*args).reduction for args in ((False,), (None, False), (True, True))],
    "embedding of rows": lambda m: m.nn.Embedding.from_pretrained(m.ones(3, 2)).weight.requires_grad,
    "embedding that pads": lambda m: m.nn.Embedding(3, 2, padding_idx=-1).weight[2],
    "embedding out of range": lambda m: m.nn.Embedding(3, 2, padding_idx=3),
    "hardtanh's older names": lambda m: repr(m.nn.Hardtanh(min_value=-2.0)),
    "conv's groups": lambda m: m.nn.Conv2d(3, 4, 3, groups=2),
    "conv's padding": lambda m: m.nn.Conv2d(3, 4, 3, stride=2, padding="same"),
    "conv's mode": lambda m: m.nn.Conv2d(3, 4, 3, padding_mode="mirror"),
    "transposed conv's size": lambda m: m.nn.ConvTranspose2d(1, 1, 3, 2)(m.ones(1, 1, 3, 3), output_size=(8, 8)).shape,
    "transposed conv's wrong size": lambda m: m.nn.ConvTranspose2d(1, 1, 3, 2)(m.ones(1, 1, 3, 3), output_size=(9, 8)),
    "batch norm's dimensions": lambda m: m.nn.BatchNorm2d(3)(m.ones(2, 3)),
    "group norm's groups": lambda m: m.nn.GroupNorm(2, 3),
    "adaptive softmax's cutoffs": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5, 3]),
    "adaptive softmax's prediction": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6], 2.0).predict(m.randn(6, 4)),
    "adaptive softmax's target": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3])(m.ones(1, 4), m.tensor([10])),
    "fractional pooling's size": lambda m: m.nn.FractionalMaxPool2d(2),
    "fractional pooling's ratio": lambda m: m.nn.FractionalMaxPool2d(2, output_ratio=1.5),
    "fractional pooling's places": lambda m: m.nn.functional.fractional_max_pool2d(m.rand(2, 2, 7, 6), 2, (3, 4), return_indices=True)[1],
    "fractional pooling's places, 3-d": lambda m: m.nn.functional.fractional_max_pool3d(m.rand(2, 5, 6, 7), (1, 2, 3), output_ratio=0.5, return_indices=True)[1],
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_is_answered(name):
    ours, theirs = answer(tg, PROGRAMS[name]), answer(torch, PROGRAMS[name])
    assert ours == theirs


def test_what_pytorch_has_is_there():
    """Every public attribute of its base class, but for other devices."""
    devices = {"ipu", "xpu", "mtia"}
    extra = {"T_destination", "dump_patches"}
    public = {name for name in dir(torch.nn.Module) if not name.startswith("_")}
    assert public - set(dir(tg.nn.Module)) == devices | extra
