"""Recurrent layers, packed sequences, attention: what can be said of them without PyTorch."""

import copy
import functools
import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.gradcheck import gradcheck, gradgradcheck
from tinygrad_lite.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)

KINDS = ["RNN", "GRU", "LSTM"]


def draw(*shape, seed=0):
    return tg.tensor(np.random.default_rng(seed).uniform(-1, 1, shape))


def layer(kind, *sizes, seed=0, **settings):
    tg.manual_seed(seed)
    return getattr(nn, kind)(*sizes, dtype=tg.float64, **settings)


def states_of(h):
    return list(h) if isinstance(h, tuple) else [h]


def close(ours, wanted, tolerance=1e-12):
    np.testing.assert_allclose(
        tg.as_tensor(ours).detach().numpy(), tg.as_tensor(wanted).detach().numpy(), tolerance, tolerance
    )


# --- formulas -----------------------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_formula(kind, x, weights, h, c):
    """One step, as the papers have it."""
    w_ih, w_hh, b_ih, b_hh = (w.detach().numpy() for w in weights)
    ours, theirs = w_ih @ x + b_ih, w_hh @ h + b_hh
    if kind == "RNN":
        return np.tanh(ours + theirs), c
    if kind == "GRU":
        (r, z, n), (hr, hz, hn) = np.split(ours, 3), np.split(theirs, 3)
        z, n = sigmoid(z + hz), np.tanh(n + sigmoid(r + hr) * hn)
        return (1 - z) * n + z * h, c
    i, f, g, o = np.split(ours + theirs, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@pytest.mark.parametrize("batch", [1, 2, 20])  # few sequences and many take different ways through the products
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_formula_step_by_step(kind, batch):
    module, x = layer(kind, 3, 4), draw(5, batch, 3)
    out, final = module(x)
    for k in range(batch):
        h = c = np.zeros(4)
        for t in range(5):
            h, c = by_formula(kind, x[t, k].numpy(), module.all_weights[0], h, c)
            close(out[t, k], h)
        close(states_of(final)[0][0, k], h)
        if kind == "LSTM":
            close(final[1][0, k], c)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_steps_as_the_layer_does(kind):
    module, cell, x = layer(kind, 3, 4), layer(kind + "Cell", 3, 4), draw(5, 2, 3)
    for name, weight in module.named_parameters():
        getattr(cell, name[: -len("_l0")]).data = weight.data
    out, _ = module(x)
    state = None
    for t in range(5):
        state = cell(x[t], state)
        close(states_of(state)[0], out[t])
    close(states_of(cell(x[0, 0]))[0], out[0, 0])


def test_relu_in_place_of_tanh():
    module, x = layer("RNN", 2, 3, nonlinearity="relu", bias=False), draw(1, 4, 2)
    close(module(x)[0], nn.functional.relu(x @ module.weight_ih_l0.T))


# --- properties ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_is_its_halves_with_the_state_between(kind):
    module, x = layer(kind, 3, 4, num_layers=2), draw(6, 2, 3)
    whole, final = module(x)
    first, state = module(x[:2])
    second, state = module(x[2:], state)
    close(tg.cat([first, second]), whole)
    for a, b in zip(states_of(state), states_of(final), strict=True):
        close(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_the_other_direction_is_the_sequence_reversed(kind):
    both, x = layer(kind, 3, 4, bidirectional=True), draw(5, 2, 3)
    single = layer(kind, 3, 4)
    for name, weight in single.named_parameters():
        weight.data = getattr(both, name + "_reverse").data
    out, final = both(x)
    turned, end = single(x.flip(0))
    close(out[..., 4:], turned.flip(0))
    for a, b in zip(states_of(final), states_of(end), strict=True):
        close(a[1], b[0])


@pytest.mark.parametrize("kind", KINDS)
def test_layouts_of_the_input(kind):
    module, x = layer(kind, 3, 4, num_layers=2, bidirectional=True), draw(5, 2, 3)
    out, final = module(x)
    first = copy.deepcopy(module)
    first.batch_first = True
    close(first(x.transpose(0, 1))[0].transpose(0, 1), out)
    alone, end = module(x[:, 1])
    close(alone, out[:, 1])
    for a, b in zip(states_of(end), states_of(final), strict=True):
        close(a, b[:, 1])


@pytest.mark.parametrize("settings", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_packed_sequences_are_computed_each_by_itself(kind, settings):
    module = layer(kind, 3, 4, **settings)
    lengths = [2, 5, 1, 5]
    sequences = [draw(n, 3, seed=k).requires_grad_() for k, n in enumerate(lengths)]
    out, final = module(pack_sequence(sequences, enforce_sorted=False))
    total = sum((o * (k + 1)).sum() for k, o in enumerate(unpack_sequence(out)))
    total = total + sum((s * s).sum() for s in states_of(final))
    found = tg.autograd.grad(total, [*sequences, *module.parameters()])
    again = 0.0
    for k, (sequence, o) in enumerate(zip(sequences, unpack_sequence(out), strict=True)):
        alone, end = module(sequence)
        close(alone, o)
        for a, b in zip(states_of(end), states_of(final), strict=True):
            close(a, b[:, k])
        again = again + (alone * (k + 1)).sum() + sum((s * s).sum() for s in states_of(end))
    for a, b in zip(found, tg.autograd.grad(again, [*sequences, *module.parameters()]), strict=True):
        close(a, b, 1e-10)


def test_states_of_a_packed_batch_keep_its_order():
    module = layer("LSTM", 3, 4)
    sequences = [draw(n, 3, seed=k) for k, n in enumerate((1, 3))]
    h, c = draw(1, 2, 4, seed=8), draw(1, 2, 4, seed=9)
    _, (end, _) = module(pack_sequence(sequences, enforce_sorted=False), (h, c))
    for k, sequence in enumerate(sequences):
        close(end[:, k], module(sequence, (h[:, k], c[:, k]))[1][0])


def test_a_projection_shortens_the_state():
    module, x = layer("LSTM", 3, 4, proj_size=2, bias=False), draw(1, 2, 3)
    out, (h, c) = module(x)
    assert out.shape == (1, 2, 2) and h.shape == (1, 2, 2) and c.shape == (1, 2, 4)
    plain = layer("LSTM", 3, 4, bias=False)
    plain.weight_ih_l0.data = module.weight_ih_l0.data
    close(out, plain(x)[0] @ module.weight_hr_l0.T)


def test_dropout_is_between_layers_and_only_in_training():
    module, x = layer("GRU", 3, 4, num_layers=2, dropout=1.0), draw(5, 2, 3)
    silent = module(x)[0]
    close(module(x * 2)[0], silent)  # nothing of the input gets through
    module.eval()
    assert not np.allclose(module(x)[0].detach().numpy(), silent.detach().numpy())
    with pytest.warns(UserWarning, match="non-zero dropout expects num_layers greater than 1"):
        nn.LSTM(2, 3, dropout=0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision(kind):
    module, x = layer(kind, 3, 4), draw(5, 2, 3)
    wanted = module(x)[0].detach().numpy()
    out = module.half()(x.half())[0]
    assert out.dtype == tg.float16
    np.testing.assert_allclose(out.detach().numpy(), wanted, atol=5e-3)
    out.sum().backward()
    assert all(p.grad.dtype == tg.float16 for p in module.parameters())


def test_large_inputs_saturate_without_warnings():
    module = layer("LSTM", 1, 2)
    x = tg.tensor([[[1e4]], [[-1e4]]], dtype=tg.float64, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out, _ = module(x)
        out.sum().backward()
    assert np.isfinite(x.grad.numpy()).all() and np.isfinite(out.detach().numpy()).all()


# --- derivatives --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize(
    ("kind", "settings"),
    [*((k, {}) for k in KINDS), ("LSTM", {"proj_size": 2}), ("RNN", {"nonlinearity": "relu"})],
    ids=str,
)
def test_derivatives_of_both_orders(kind, settings, packed):
    module = layer(kind, 2, 3, **settings)
    parameters = [p.detach().requires_grad_() for p in module.parameters()]
    names = [name for name, _ in module.named_parameters()]

    def function(x, *weights):
        given = pack_padded_sequence(x, [3, 1]) if packed else x
        out, final = tg.func.functional_call(module, dict(zip(names, weights, strict=True)), (given,))
        return (out.data if packed else out), *states_of(final)

    x = draw(3, 2, 2).requires_grad_()
    assert gradcheck(function, (x, *parameters))
    assert gradgradcheck(function, (x, *parameters))


def test_a_second_pass_through_the_same_graph():
    module, x = layer("LSTM", 2, 3), draw(4, 2, 2).requires_grad_()
    out = module(x)[0].sum()
    first, second = (tg.autograd.grad(out, x, retain_graph=True)[0] for _ in range(2))
    assert np.array_equal(first.numpy(), second.numpy())


# --- packing ------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.booleans(), st.sampled_from([(), (2,), (2, 3)]))
def test_packing_and_padding_undo_each_other(lengths, batch_first, rest):
    sequences = [tg.arange(n * int(np.prod(rest))).reshape(n, *rest) + 100 * k for k, n in enumerate(lengths)]
    packed = pack_sequence(sequences, enforce_sorted=False)
    assert packed.batch_sizes.tolist() == [sum(n > t for n in lengths) for t in range(max(lengths))]
    for a, b in zip(unpack_sequence(packed), sequences, strict=True):
        assert a.tolist() == b.tolist()
    padded, found = pad_packed_sequence(packed, batch_first=batch_first, padding_value=-1)
    assert found.tolist() == lengths
    assert padded.tolist() == pad_sequence(sequences, batch_first, -1).tolist()
    again = pack_padded_sequence(padded, lengths, batch_first, enforce_sorted=False)
    assert again.data.tolist() == packed.data.tolist()
    for a, b in zip(unpad_sequence(padded, found, batch_first), sequences, strict=True):
        assert a.tolist() == b.tolist()


def test_padding_at_the_start_and_to_a_length():
    a, b = tg.tensor([1.0, 2.0]), tg.tensor([3.0])
    assert pad_sequence([a, b], batch_first=True, padding_side="left").tolist() == [[1, 2], [0, 3]]
    padded, _ = pad_packed_sequence(pack_sequence([a, b]), True, float("-inf"), total_length=3)
    assert padded.tolist() == [[1, 2, -np.inf], [3, -np.inf, -np.inf]]


def test_gradients_go_through_packing():
    x = draw(4, 2).requires_grad_()
    weights = tg.tensor([1.0, 2.0, 3.0, 4.0, 5.0], dtype=tg.float64)
    (pack_padded_sequence(x, [4, 1]).data * weights).sum().backward()
    assert x.grad.tolist() == [[1, 2], [3, 0], [4, 0], [5, 0]]


def test_a_packed_sequence_is_a_tuple_with_methods():
    packed = pack_sequence([tg.tensor([1.0, 2.0]), tg.tensor([3.0])])
    data, sizes, order, back = packed
    assert (data is packed.data, sizes.tolist(), order, back) == (True, [2, 1], None, None)
    assert packed.double().data.dtype == tg.float64 and packed.to(tg.float32) is packed and packed.cpu() is packed
    assert PackedSequence(data, sizes).batch_sizes is sizes and not packed.is_cuda


# --- errors -------------------------------------------------------------------------------------------------

PADDED = tg.ones(2, 3)
TRANSFORMER = functools.partial(nn.Transformer, 8, 2, 1, 1, 8)
WRONG = {
    "dropout": (lambda: nn.LSTM(2, 3, dropout=2), ValueError, "dropout should be a number in range"),
    "dropout bool": (lambda: nn.LSTM(2, 3, dropout=True), ValueError, "dropout should be a number in range"),
    "hidden 0": (lambda: nn.GRU(2, 0), ValueError, "hidden_size must be greater than zero"),
    "input 0": (lambda: nn.GRU(0, 2), ValueError, "input_size must be greater than zero"),
    "hidden float": (lambda: nn.GRU(2, 3.0), TypeError, "hidden_size should be of type int, got: float"),
    "layers": (lambda: nn.RNN(2, 3, 0), ValueError, "num_layers must be greater than zero"),
    "projection": (lambda: nn.LSTM(2, 3, proj_size=3), ValueError, "proj_size has to be smaller than hidden_size"),
    "projection of GRU": (lambda: nn.GRU(2, 3, proj_size=1), ValueError, "only supported for LSTM"),
    "unknown": (lambda: nn.GRU(2, 3, nonlinearity="tanh"), TypeError, "unexpected keyword argument 'nonlinearity'"),
    "nonlinearity": (lambda: nn.RNN(2, 3, nonlinearity="sin"), ValueError, "Unknown nonlinearity 'sin'"),
    "mode": (lambda: nn.RNNBase("ABC", 2, 3), ValueError, "Unrecognized RNN mode: ABC"),
    "4-D": (lambda: nn.LSTM(2, 3)(tg.ones(1, 1, 1, 2)), ValueError, "LSTM: Expected input to be 2D or 3D, got 4D"),
    "features": (lambda: nn.LSTM(2, 3)(tg.ones(4, 1, 5)), RuntimeError, "Expected 2, got 5"),
    "dtype": (lambda: nn.LSTM(2, 3)(tg.ones(4, 1, 2).double()), ValueError, r"RNN input dtype \(.*float64\) does not"),
    "no steps": (lambda: nn.GRU(2, 3)(tg.ones(0, 1, 2)), RuntimeError, "sequence length to be larger than 0"),
    "hx shape": (lambda: nn.GRU(2, 3)(tg.ones(4, 1, 2), tg.ones(1, 2, 3)), RuntimeError, "Expected hidden size"),
    "hx ndim": (lambda: nn.GRU(2, 3)(tg.ones(4, 1, 2), tg.ones(1, 3)), RuntimeError, "hx should also be 3-D"),
    "cx shape": (
        lambda: nn.LSTM(2, 3)(tg.ones(4, 1, 2), (tg.ones(1, 1, 3), tg.ones(1, 1, 2))),
        RuntimeError,
        r"Expected hidden\[1\] size",
    ),
    "hx alone": (lambda: nn.LSTM(2, 3)(tg.ones(4, 1, 2), tg.ones(1, 1, 3)), TypeError, "pair"),
    "not a tensor": (lambda: nn.LSTM(2, 3)([1.0]), TypeError, "must be Tensor, not list"),
    "cell": (lambda: nn.LSTMCell(2, 3)(tg.ones(4, 5)), RuntimeError, "inconsistent input_size: got 5 expected 2"),
    "cell hx": (lambda: nn.GRUCell(2, 3)(tg.ones(4, 2), tg.ones(4, 2)), RuntimeError, "inconsistent hidden_size"),
    "cell batch": (lambda: nn.GRUCell(2, 3)(tg.ones(4, 2), tg.ones(5, 3)), RuntimeError, "doesn't match hidden0"),
    "cell 3-D": (lambda: nn.RNNCell(2, 3)(tg.ones(1, 4, 2)), ValueError, "Expected input to be 1D or 2D, got 3D"),
    "length 0": (lambda: pack_padded_sequence(PADDED, [2, 0, 0]), RuntimeError, "greater than 0"),
    "unsorted": (lambda: pack_padded_sequence(PADDED, [1, 2, 1]), RuntimeError, "sorted in decreasing order"),
    "too many": (lambda: pack_padded_sequence(PADDED, [1, 1]), RuntimeError, r"got 2 \(batch_size=3\)"),
    "too long": (lambda: pack_padded_sequence(PADDED, [3, 1, 1]), RuntimeError, "only 2 long"),
    "empty": (lambda: pack_padded_sequence(tg.ones(0, 2), [0, 0]), RuntimeError, "Cannot pack empty tensors"),
    "total": (lambda: pad_packed_sequence(pack_sequence([PADDED]), total_length=1), ValueError, "total_length=1"),
    "no list": (lambda: pad_sequence(3), RuntimeError, "Expected iterable"),
    "empty list": (lambda: pad_sequence([]), RuntimeError, "empty list"),
    "side": (lambda: pad_sequence([PADDED], padding_side="top"), RuntimeError, "left or right"),
    "other shape": (lambda: pad_sequence([PADDED, tg.ones(2, 4)]), RuntimeError, "sequence 1"),
    "heads": (lambda: nn.MultiheadAttention(6, 4), AssertionError, "divisible by num_heads"),
    "no heads": (lambda: nn.MultiheadAttention(6, 0), ValueError, "must be greater than 0"),
    "activation": (lambda: nn.TransformerEncoderLayer(8, 2, activation="tanh"), RuntimeError, "should be relu/gelu"),
    "tgt features": (lambda: TRANSFORMER()(tg.ones(2, 1, 8), tg.ones(2, 1, 4)), RuntimeError, "d_model"),
    "tgt batch": (lambda: TRANSFORMER()(tg.ones(2, 1, 8), tg.ones(2, 2, 8)), RuntimeError, "batch num"),
    "mask dtype": (
        lambda: nn.MultiheadAttention(4, 2)(*[tg.ones(2, 1, 4)] * 3, attn_mask=tg.ones(2, 2).long()),
        AssertionError,
        "only bool and floating types of attn_mask",
    ),
    "backend": (lambda: nn.attention.sdpa_kernel("math").__enter__(), AssertionError, "instance of SDPBackend"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(case):
    call, kind, message = case
    with pytest.raises(kind, match=message):
        call()


# --- attention ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("add_bias_kv", "add_zero_attn", "kdim"), list(itertools.product((False, True), (False, True), (None, 3)))
)
def test_attention_with_and_without_its_weights_agrees(add_bias_kv, add_zero_attn, kdim):
    module = layer("MultiheadAttention", 4, 2, add_bias_kv=add_bias_kv, add_zero_attn=add_zero_attn, kdim=kdim)
    query, key, value = draw(3, 2, 4), draw(5, 2, kdim or 4, seed=1), draw(5, 2, 4, seed=2)
    padding = tg.tensor([[False] * 5, [False, False, True, False, True]])
    out, weights = module(query, key, value, key_padding_mask=padding)
    close(module(query, key, value, key_padding_mask=padding, need_weights=False)[0], out)
    assert weights.shape == (2, 3, 5 + add_bias_kv + add_zero_attn)
    close(weights.sum(-1), np.ones((2, 3)))
    assert not weights[1, :, [2, 4]].any()


def test_a_causal_model_does_not_look_ahead():
    module = layer("TransformerEncoderLayer", 4, 2, 8, 0.0)
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=tg.float64)
    x = draw(5, 2, 4).requires_grad_()
    (module(x, src_mask=mask)[2] * draw(2, 4, seed=1)).sum().backward()
    assert not x.grad[3:].any() and x.grad[2].all()
    close(module(x, src_mask=mask, is_causal=True), module(x, src_mask=mask))


def test_derivatives_of_attention_of_both_orders():
    module = layer("TransformerDecoderLayer", 4, 2, 3, 0.0, tg.tanh, norm_first=True)
    x, memory = draw(2, 1, 4).requires_grad_(), draw(3, 1, 4, seed=1).requires_grad_()
    assert gradcheck(module, (x, memory))
    assert gradgradcheck(module, (x, memory))


def test_layers_of_a_stack_start_equal_and_are_their_own():
    stack = nn.TransformerEncoder(layer("TransformerEncoderLayer", 4, 2, 8), 2)
    first, second = stack.layers
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert a is not b and np.array_equal(a.detach().numpy(), b.detach().numpy())
    with tg.no_grad():
        first.linear1.weight.zero_()
    assert second.linear1.weight.any()
