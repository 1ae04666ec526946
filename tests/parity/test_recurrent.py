"""Recurrent layers, cells and packed sequences: values, gradients and second derivatives, as in PyTorch."""

import itertools
import warnings

import numpy as np
import pytest
from helpers import agree, case, table

import tinygrad_lite as tg

torch = pytest.importorskip("torch")

DTYPES = ["float64", "float32"]
KINDS = {
    "RNN": [{}, {"nonlinearity": "relu"}],
    "GRU": [{}],
    "LSTM": [{}, {"proj_size": 2}],
}
SETTINGS = [
    {},
    {"num_layers": 2},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"bias": False},
]


def answers(m, module, input, state):
    """What a module gives: the output, the states, and as another tensor how much its parameters matter."""
    out, final = module(input) if state is None else module(input, state)
    data = out.data if hasattr(out, "batch_sizes") else out
    total = sum((p * p).sum() for p in module.parameters())
    return [data, *(final if isinstance(final, tuple) else [final]), total]


def program(kind, settings, lengths=None, with_state=False):
    def run(m, x, *states):
        m.manual_seed(0)
        module = getattr(m.nn, kind)(3, 4, dtype=x.dtype, **settings)
        given = x
        if lengths is not None:
            first = settings.get("batch_first", False)
            given = m.nn.utils.rnn.pack_padded_sequence(x, lengths, first, enforce_sorted=False)
        state = (states if kind == "LSTM" else states[0]) if with_state else None
        return answers(m, module, given, state)

    return run


def lines(packed):
    for kind, own in KINDS.items():
        for (k, more), settings in itertools.product(enumerate(own), SETTINGS):
            settings = settings | more
            shape = (2, 5, 3) if settings.get("batch_first") else (5, 2, 3)
            lengths = [2, 5] if packed else None
            layers = settings.get("num_layers", 1) * (1 + settings.get("bidirectional", False))
            states = [(layers, 2, settings.get("proj_size", 4)), (layers, 2, 4)][: 1 + (kind == "LSTM")]
            name = f"{kind} {k} {settings} {'packed' if packed else ''}"
            yield case(name, program(kind, settings, lengths), shape, order=1)
            yield case(name + " state", program(kind, settings, lengths, True), shape, *states, order=1)


def gradients_of_parameters(m, kind, settings, x):
    m.manual_seed(0)
    module = getattr(m.nn, kind)(3, 4, dtype=m.float64, **settings)
    out, final = module(m.tensor(x))
    loss = (out * out).sum() + sum((s**3).sum() for s in (final if isinstance(final, tuple) else [final]))
    loss.backward()
    return [p.grad.numpy() for p in module.parameters()]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(lines(False), lines(True)))
def test_layers(line, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch's: no oneDNN with projections
        agree(line, dtype)


SECOND = [
    case(f"{kind} {k} {lengths}", program(kind, more, lengths), (3, 2, 3))
    for kind, own in KINDS.items()
    for k, more in enumerate(own)
    for lengths in (None, [2, 3])
]


@pytest.mark.parametrize("line", table(SECOND))
def test_second_derivatives(line):
    agree(line)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_parameters(kind, settings):
    x = np.random.default_rng(0).uniform(-1, 1, (4, 20, 3))
    for a, b in zip(*(gradients_of_parameters(m, kind, settings, x) for m in (tg, torch)), strict=True):
        np.testing.assert_allclose(a, b, 1e-10, 1e-10)


def cell(kind, settings, with_state):
    def run(m, x, *states):
        m.manual_seed(0)
        module = getattr(m.nn, kind + "Cell")(3, 4, dtype=x.dtype, **settings)
        if not with_state:
            return module(x)
        return module(x, states if kind == "LSTM" else states[0])

    return run


CELLS = [
    case(
        f"{kind}Cell {settings} {batch} {with_state}",
        cell(kind, settings, with_state),
        (*batch, 3),
        (*batch, 4),
        (*batch, 4),
    )
    for kind, settings in (
        ("RNN", {}),
        ("RNN", {"nonlinearity": "relu"}),
        ("GRU", {}),
        ("LSTM", {}),
        ("LSTM", {"bias": False}),
    )
    for batch in ((), (5,))
    for with_state in (False, True)
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(CELLS))
def test_cells(line, dtype):
    agree(line, dtype)


def functional(name, packed, has_biases, directions, layers, first):
    def run(m, x, h, c, *weights):
        hx = (h, c) if name == "lstm" else h
        m.manual_seed(3)
        rest = (hx, list(weights), has_biases, layers, 0.0, True, directions == 2)
        if packed:
            given = m.nn.utils.rnn.pack_padded_sequence(x, [4, 2])
            return getattr(m, name)(given.data, given.batch_sizes, *rest)
        return getattr(m, name)(x.transpose(0, 1) if first else x, *rest, first)

    return run


def functional_lines():
    for (name, gates), packed, has_biases, directions in itertools.product(
        {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}.items(), (False, True), (False, True), (1, 2)
    ):
        weights = []
        for layer, _ in itertools.product(range(2), range(directions)):
            weights += [(gates * 4, 4 * directions if layer else 3), (gates * 4, 4)] + [(gates * 4,)] * 2 * has_biases
        states = [(2 * directions, 2, 4)] * 2
        label = f"{name} {packed} {has_biases} {directions}"
        run = functional(name, packed, has_biases, directions, 2, first=has_biases and not packed)
        yield case(label, run, (4, 2, 3), *states, *weights, order=1, domain=(-0.7, 0.7))


@pytest.mark.parametrize("line", table(functional_lines()))
def test_functions(line):
    agree(line)


# --- modules ------------------------------------------------------------------------------------------------

BUILDS = {
    f"{kind} {settings}": lambda m, kind=kind, settings=settings: getattr(m.nn, kind)(3, 4, **settings)
    for kind, own in {
        **KINDS,
        "LSTMCell": [{}],
        "GRUCell": [{"bias": False}],
        "RNNCell": [{"nonlinearity": "relu"}],
    }.items()
    for settings in (*own, *(SETTINGS if not kind.endswith("Cell") else ()))
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_names_initial_values_and_looks(build):
    both = []
    for m in (tg, torch):
        m.manual_seed(7)
        both.append(build(m))
    ours, theirs = both
    assert repr(ours) == repr(theirs)
    assert tg.rand(1).item() == torch.rand(1).item()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())


@pytest.mark.parametrize("packed", [False, True])
def test_dropout_between_layers_draws_the_same(packed):
    def run(m, x):
        m.manual_seed(1)
        module = m.nn.LSTM(3, 40, num_layers=3, dropout=0.5, batch_first=True, dtype=x.dtype)
        given = m.nn.utils.rnn.pack_padded_sequence(x, [3, 4], True, False) if packed else x
        out = module(given)[0]
        return (out.data if packed else out), m.rand(1)

    from draws import _drawn  # whether PyTorch draws masks as it does here

    if _drawn() != [0, 0, 1, 0, 0, 0, 1, 1, 0, 1]:
        pytest.skip("on Intel's processors PyTorch draws dropout masks by MKL")
    agree(case("dropout", run, (2, 4, 3), order=1))


# --- packing ------------------------------------------------------------------------------------------------

LENGTHS = [[3, 2, 2], [1, 3, 2], [1, 1, 1]]


def packed(lengths, first, sort):
    def run(m, x):
        found = m.nn.utils.rnn.pack_padded_sequence(x, m.tensor(lengths), first, enforce_sorted=not sort)
        padded, seen = m.nn.utils.rnn.pad_packed_sequence(found, not first, -1.5, total_length=4)
        indices = [] if found.sorted_indices is None else [found.sorted_indices, found.unsorted_indices]
        return found.data, found.batch_sizes, indices, padded, seen, m.nn.utils.rnn.unpack_sequence(found)

    return run


PACKING = [
    case(f"{lengths} {first} {rest}", packed(lengths, first, lengths != sorted(lengths)[::-1]), (3, 3, *rest))
    for lengths, first, rest in itertools.product(LENGTHS, (False, True), ((), (2,), (2, 1)))
]


@pytest.mark.parametrize("line", table(PACKING))
def test_packing(line):
    agree(line)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("first", [False, True])
def test_padding(first, side):
    def run(m, *sequences):
        padded = m.nn.utils.rnn.pad_sequence(sequences, first, 2.0, side)
        lengths = m.tensor([len(s) for s in sequences])
        return padded, m.nn.utils.rnn.unpad_sequence(padded.clone(), lengths, first)

    agree(case("padding", run, (2, 3), (4, 3), (1, 3)))


def test_a_packed_sequence_looks_the_same():
    seen = [
        repr(m.nn.utils.rnn.pack_sequence([m.tensor([1, 2]), m.tensor([3])], enforce_sorted=False)) for m in (tg, torch)
    ]
    assert seen[0] == seen[1]


ERRORS = {
    "unsorted": lambda m: m.nn.utils.rnn.pack_padded_sequence(m.ones(2, 2), [1, 2]),
    "length 0": lambda m: m.nn.utils.rnn.pack_padded_sequence(m.ones(2, 2), [2, 0]),
    "too many": lambda m: m.nn.utils.rnn.pack_padded_sequence(m.ones(2, 2), [2]),
    "no steps": lambda m: m.nn.LSTM(2, 3)(m.ones(0, 1, 2)),
    "features": lambda m: m.nn.GRU(2, 3)(m.ones(4, 1, 3)),
    "dtype": lambda m: m.nn.GRU(2, 3)(m.ones(4, 1, 2, dtype=m.float64)),
    "state": lambda m: m.nn.GRU(2, 3)(m.ones(4, 1, 2), m.zeros(1, 1, 4)),
    "cell": lambda m: m.nn.GRUCell(2, 3)(m.ones(1, 3)),
    "dropout": lambda m: m.nn.GRU(2, 3, dropout=-1),
    "projection": lambda m: m.nn.LSTM(2, 3, proj_size=5),
}


@pytest.mark.parametrize("call", ERRORS.values(), ids=ERRORS)
def test_the_same_kind_of_error(call):
    kinds = []
    for m in (tg, torch):
        with pytest.raises(Exception) as found:
            call(m)
        kinds.append(found.type)
    assert kinds[0] is kinds[1]


def test_training_follows_the_same_path():
    """Twenty steps of Adam on two layers and a dense one: in float32 to four digits."""

    def run(m):
        m.manual_seed(0)
        first, second, last = m.nn.LSTM(1, 16, batch_first=True), m.nn.LSTM(16, 8, batch_first=True), m.nn.Linear(8, 1)
        parameters = [p for module in (first, second, last) for p in module.parameters()]
        optimizer = m.optim.Adam(parameters, lr=0.01)
        t = m.linspace(0, 6, 26)
        wave = m.sin(t[None] + m.arange(20)[:, None] * 0.3)
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            out = last(second(first(wave[:, :-1, None])[0])[0][:, -1])
            loss = m.nn.functional.mse_loss(out, wave[:, -1:])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_allclose(run(tg), run(torch), 1e-4)
