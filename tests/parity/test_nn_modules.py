"""Modules: initial values from one seed, how they look, what their state is called, and their parameters' gradients."""

import warnings
from collections import OrderedDict

import numpy as np
import pytest

import tinygrad_lite as tg

torch = pytest.importorskip("torch")


def numbers(tensor):
    return tensor.numpy(force=True)


def seeded(m, program, seed=0):
    """What `program` answers after seeding, and the next random number, which shows how many it drew."""
    m.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        answer = program(m)
    return [numbers(t) for t in (answer if isinstance(answer, list) else [answer])], m.rand(1).item()


def assert_same_draws(program, seed=0, exact=False):
    """The same values, up to rounding unless `exact`, and as many random numbers drawn."""
    ours, our_next = seeded(tg, program, seed)
    theirs, their_next = seeded(torch, program, seed)
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        tolerance = 0 if exact else 16 * np.finfo(a.dtype).eps
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * abs(b).max(initial=0))
    assert our_next == their_next, "not as many random numbers were drawn"


# --- initial values -----------------------------------------------------------------------------------------

SIZES = [(1, 1), (1, 20), (2, 3), (3, 5), (4, 4), (7, 16), (16, 7), (50, 31), (784, 128), (0, 3), (3, 0), (0, 0)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_starts_as_in_pytorch(size, dtype, bias):
    def program(m):
        layer = m.nn.Linear(*size, bias=bias, dtype=getattr(m, dtype))
        return list(layer.parameters())

    for seed in (0, 1, -5, 2**40):
        assert_same_draws(program, seed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_numbers_are_the_same_to_the_last_digit(dtype):
    assert_same_draws(lambda m: m.nn.init.uniform_(m.empty(1000, dtype=getattr(m, dtype)), -0.3, 0.4), exact=True)
    assert_same_draws(lambda m: m.nn.Linear(40, 30, dtype=getattr(m, dtype)).weight, exact=True)


def filled(name, shape, *args, **settings):
    """The initialisation of that name, as it fills a weight of that shape in a dtype."""
    label = f"{name}{shape}{args or ''}{settings or ''}"

    def program(m, dtype):
        return getattr(m.nn.init, name)(m.zeros(shape, dtype=getattr(m, dtype)), *args, **settings)

    return pytest.param(program, id=label)


INITIAL = [
    line
    for shape in ((3, 5), (17, 16), (6, 2, 3), (4, 2, 3, 3))
    for line in (
        filled("uniform_", shape),
        filled("uniform_", shape, -2.0, 5.0),
        filled("normal_", shape),
        filled("normal_", shape, 3.0, 0.1),
        filled("trunc_normal_", shape),
        filled("trunc_normal_", shape, 1.0, 2.0, 0.0, 1.5),
        filled("xavier_uniform_", shape),
        filled("xavier_normal_", shape, gain=2.5),
        filled("kaiming_uniform_", shape),
        filled("kaiming_uniform_", shape, 0.3, mode="fan_out"),
        filled("kaiming_normal_", shape, nonlinearity="relu"),
        filled("kaiming_normal_", shape, mode="fan_out", nonlinearity="tanh"),
        filled("orthogonal_", shape, 1.5),
        filled("zeros_", shape),
        filled("ones_", shape),
        filled("constant_", shape, 0.3),
    )
] + [
    filled("uniform_", (3,)),
    filled("normal_", (1000,)),
    filled("normal_", ()),
    filled("orthogonal_", (7, 7)),
    filled("sparse_", (10, 4), 0.25),
    filled("sparse_", (3, 3), 0.5, std=2.0),
    filled("eye_", (3, 5)),
    filled("dirac_", (4, 2, 3)),
    filled("dirac_", (4, 3, 3, 2), groups=2),
    filled("dirac_", (2, 2, 3, 3, 3)),
    filled("kaiming_uniform_", (0, 3)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("program", INITIAL)
def test_initial_values_are_the_same(program, dtype):
    assert_same_draws(lambda m: program(m, dtype))


def test_initial_values_in_the_rarer_half():
    """Where less than 30 % of the normal numbers lie inside, both draw uniform ones and refuse some."""
    assert_same_draws(lambda m: m.nn.init.trunc_normal_(m.empty(50), a=1.5, b=3.0))


def test_a_generator_of_one_s_own():
    def program(m):
        generator = m.Generator().manual_seed(7)
        fresh = [getattr(m.nn.init, name)(m.empty(3, 4), generator=generator) for name in
                 ("uniform_", "kaiming_uniform_", "xavier_uniform_")]  # fmt: skip
        return [*fresh, m.rand(2)]

    assert_same_draws(program)


def test_a_whole_model_starts_the_same():
    def program(m):
        nn = m.nn
        parts = [nn.Linear(5, 20), nn.Tanh(), nn.Linear(20, 3), nn.Dropout(0.1), nn.Linear(3, 1)]
        return list(nn.Sequential(*parts).parameters())

    assert_same_draws(program)


@pytest.mark.parametrize("name", ["linear", "conv2d", "conv_transpose3d", "tanh", "relu", "leaky_relu", "selu"])
@pytest.mark.parametrize("param", [None, 0.3, 2])
def test_gains(name, param):
    assert tg.nn.init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


# --- how modules look ---------------------------------------------------------------------------------------


def nested(m):
    """A model of every kind of container, some in the others."""
    nn = m.nn

    class Residual(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(n, n), nn.ReLU(inplace=True), nn.Dropout(0.1))
            self.skip = nn.Identity()

        def forward(self, x):
            return self.inner(x) + self.skip(x)

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.gain = nn.Parameter(m.ones(3))
            self.register_buffer("mean", m.zeros(3))
            self.register_buffer("cache", m.zeros(3), persistent=False)
            self.register_parameter("nothing", None)
            self.part = None

        def extra_repr(self):
            return "gain of 3\nno part"

        def forward(self, x):
            return x * self.gain

    return nn.Sequential(
        OrderedDict(
            body=nn.ModuleList([Residual(3), Residual(3), Scaled(), Residual(3), nn.Tanh()]),
            heads=nn.ModuleDict({"one": nn.Linear(3, 1), "two": nn.Sequential(Scaled(), nn.Flatten())}),
            empty=nn.ModuleList(),
            none=nn.Sequential(),
        )
    )


LAYERS = {
    "Linear": [(2, 3), (2, 3, False)], "Identity": [()], "Flatten": [(), (0, -2)], "Unflatten": [(1, (2, 3))],
    "Dropout": [(), (0.25, True), (1,)], "ReLU": [(), (True,)], "ReLU6": [(), (True,)],
    "LeakyReLU": [(), (0.2, True)], "ELU": [(), (2, True)], "SELU": [(), (True,)], "SiLU": [(), (True,)],
    "GELU": [(), ("tanh",)], "Hardtanh": [(), (-2, 3, True)], "Softplus": [(), (2, 10)], "Sigmoid": [()], "Tanh": [()],
    "LogSigmoid": [()], "Softmax": [(), (1,)], "LogSoftmax": [(), (-1,)], "MSELoss": [()], "L1Loss": [()],
    "SmoothL1Loss": [()], "NLLLoss": [()], "CrossEntropyLoss": [()], "BCELoss": [()], "BCEWithLogitsLoss": [()],
    "Sequential": [()], "ModuleList": [()], "ModuleDict": [()],
}  # fmt: skip


def test_repr_is_the_same():
    assert repr(nested(tg)) == repr(nested(torch))
    for name, settings in LAYERS.items():
        for args in settings:
            assert repr(getattr(tg.nn, name)(*args)) == repr(getattr(torch.nn, name)(*args))


# --- names and state ----------------------------------------------------------------------------------------


def test_names_are_the_same():
    ours, theirs = nested(tg), nested(torch)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for walk in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [name for name, _ in getattr(ours, walk)()] == [name for name, _ in getattr(theirs, walk)()]
    for name, part in theirs.named_modules():
        assert type(ours.get_submodule(name)).__name__ == type(part).__name__


def edited(nn):
    """A model that parts were added to, taken from, and replaced in."""
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 3), nn.Tanh())
    model[0] = nn.Linear(2, 2, bias=False)
    model.insert(1, nn.Linear(2, 2))
    model.append(nn.Linear(3, 1)).extend([nn.Linear(1, 1), nn.ELU()])
    del model[2]
    model.pop(-2)
    model += nn.Sequential(nn.Linear(1, 4))
    model.add_module("last", nn.Linear(4, 4))
    model.last.bias = None
    return nn.ModuleList([model, model[1:3], model * 2, model + nn.Sequential(nn.ReLU())])


def renamed(nn):
    model = nn.Sequential(OrderedDict(a=nn.Linear(1, 1), b=nn.ReLU(), c=nn.Linear(1, 1)))
    del model[1]
    return model


@pytest.mark.parametrize("build", [edited, renamed])
def test_edited_containers_have_the_same_names(build):
    ours, theirs = build(tg.nn), build(torch.nn)
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())


def copied(theirs, ours):
    """The model `ours` with the values of a model of PyTorch's."""
    ours.load_state_dict({name: tg.from_numpy(numbers(t).copy()) for name, t in theirs.state_dict().items()})
    return ours


def test_a_state_dict_of_pytorch_loads():
    theirs = nested(torch)
    ours = copied(theirs, nested(tg))
    for name, tensor in theirs.state_dict().items():
        np.testing.assert_array_equal(numbers(ours.state_dict()[name]), numbers(tensor))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: {"extra": m.ones(1)},
        lambda m: {"weight": None},
        lambda m: {"weight": m.ones(3)},
        lambda m: {"weight": [1.0]},
        lambda m: {"weight": None, "bias": m.ones(5), "extra": m.ones(1)},
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_state_dict_that_does_not_fit(change, strict):
    def answer(m):
        layer = m.nn.Linear(2, 3)
        state = {name: t for name, t in {**layer.state_dict(), **change(m)}.items() if t is not None}
        try:
            found = layer.load_state_dict(state, strict)
        except RuntimeError as error:
            return [line.split(":")[0].strip() for line in str(error).splitlines()]
        return found.missing_keys, found.unexpected_keys

    assert answer(tg) == answer(torch)


# --- what a model computes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("batch", [(), (1,), (4,), (2, 3)], ids=str)
def test_outputs_and_gradients_of_a_model(batch, training, dtype, tolerance):
    def build(m):
        nn = m.nn
        parts = [nn.Linear(6, 5), nn.GELU(), nn.Linear(5, 5, bias=False), nn.Tanh(), nn.Linear(5, 4)]
        dropout = nn.Dropout(0.0 if training else 0.5)
        return nn.Sequential(*parts, dropout, nn.LogSoftmax(-1)).to(getattr(m, dtype)).train(training)

    def answer(m, model):
        inputs = m.from_numpy(x.copy()).requires_grad_()
        out = model(inputs)
        loss = (out * out).mean()
        first = m.autograd.grad(loss, [inputs, *model.parameters()], create_graph=True)
        sum((g * g).sum() for g in first).backward()
        return [out, loss, *first, inputs.grad, *(p.grad for p in model.parameters())]

    x = np.random.default_rng(0).standard_normal((*batch, 6)).astype(dtype)
    theirs = build(torch)
    ours = copied(theirs, build(tg))
    for a, b in zip(answer(tg, ours), answer(torch, theirs), strict=True):
        assert numbers(a).dtype == numbers(b).dtype
        np.testing.assert_allclose(numbers(a), numbers(b), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("asks", [(True, True), (True, False), (False, True)])
def test_hooks_see_the_same(asks):
    def answer(m):
        class Both(m.nn.Module):
            def forward(self, a, b, note=None):
                return a * b, a + b

        seen, module = [], Both()
        module.register_forward_pre_hook(lambda mod, args: (args[0] * 2, *args[1:]))
        module.register_full_backward_pre_hook(lambda mod, grads: tuple(None if g is None else g * 3 for g in grads))
        module.register_full_backward_hook(lambda mod, *grads: seen.extend(grads))
        module.register_full_backward_hook(lambda mod, grads, _: tuple(None if g is None else g + 1 for g in grads))
        a = m.tensor([1.0, 2.0], requires_grad=asks[0])
        b = m.tensor([[3.0], [4.0]], requires_grad=asks[1])
        product, total = module(a, b, "a note")
        (product.sum() + 2 * total.sum()).backward()
        product, _ = module(a, b)
        product.sum().backward()
        return [None if t is None else t.tolist() for group in (*seen, (a.grad, b.grad)) for t in group]

    assert answer(tg) == answer(torch)
