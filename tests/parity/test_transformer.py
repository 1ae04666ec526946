"""Attention with several heads and the Transformer: values, gradients, initial values and masks, as in PyTorch."""

import itertools
import warnings

import numpy as np
import pytest
from draws import same_dropout
from helpers import agree, case, table

import tinygrad_lite as tg

torch = pytest.importorskip("torch")


def both(line, dtype="float64"):
    """Compare; in PyTorch without the fused kernels, which have no second derivatives, and without warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            agree(line, dtype)


# --- attention ----------------------------------------------------------------------------------------------

ATTENTION = [{}, {"kdim": 5, "vdim": 6}, {"bias": False}, {"add_bias_kv": True, "add_zero_attn": True}]
WAYS = [{}, {"need_weights": False}, {"average_attn_weights": False}]
MASKS = ["none", "bool", "padding", "float"]


def masks_of(m, kind, batch, queries, keys, dtype):
    random = np.random.default_rng(0)
    padding = np.zeros((batch, keys), bool)
    padding[-1, -2:] = True
    return {
        "none": {},
        "bool": {"attn_mask": m.tensor(random.random((queries, keys)) < 0.3)},
        "padding": {
            "key_padding_mask": m.tensor(padding if batch > 1 else padding[0]),
            "attn_mask": m.tensor(random.random((queries, keys)) < 0.2),
        },
        "float": {"attn_mask": m.tensor(random.standard_normal((batch * 2, queries, keys)), dtype=dtype)},
    }[kind]


def attention(settings, way, masks, first, batched, same):
    def run(m, query, *others):
        m.manual_seed(0)
        module = m.nn.MultiheadAttention(8, 2, batch_first=first, dtype=query.dtype, **settings)
        key, value = (query, query) if same else others
        at = 0 if not batched else 1 if first else 0
        sizes = [x.shape[at] for x in (query, key)]
        found = masks_of(m, masks, 3 if batched else 1, *sizes, query.dtype)
        out, weights = module(query, key, value, **way, **found)
        extra = sum((p * p).sum() for p in module.parameters())
        return [out, extra] if weights is None else [out, weights, extra]

    return run


def attention_lines():
    for settings, way, masks, first, batched, same in itertools.product(
        ATTENTION, WAYS, MASKS, (False, True), (False, True), (False, True)
    ):
        if (same and "kdim" in settings) or (first and not batched):
            continue
        widths = (8, settings.get("kdim", 8), settings.get("vdim", 8))
        shapes = [
            (n, w) if not batched else (3, n, w) if first else (n, 3, w) for n, w in zip((4, 5, 5), widths, strict=True)
        ]
        label = f"{settings} {way} {masks} {first} {batched} {same}"
        run = attention(settings, way, masks, first, batched, same)
        yield case(label, run, *(shapes[:1] if same else shapes), order=1 if masks != "none" else 2)


@pytest.mark.parametrize("line", table(attention_lines()))
def test_attention(line):
    both(line)


def test_attention_in_float32():
    both(case("float32", attention({}, {}, "bool", True, True, False), *[(3, 5, 8)] * 3, order=1), "float32")


def static(m, query, key, value, k, v, w, b, o):
    return m.nn.functional.multi_head_attention_forward(
        query, key, value, 4, 2, w, b, None, None, False, 0.0, o, None, static_k=k, static_v=v
    )


def test_keys_and_values_given_as_they_are():
    both(case("static", static, (3, 2, 4), (5, 2, 4), (5, 2, 4), (4, 6, 2), (4, 6, 2), (12, 4), (12,), (4, 4)))


# --- the Transformer ----------------------------------------------------------------------------------------

SETTINGS = [
    {},
    {"norm_first": True},
    {"activation": "gelu", "bias": False},
    {"activation": "tanh", "layer_norm_eps": 0.1},
    {"activation": "module"},
]


def transformer(m, settings, first, dtype, dropout=0.0):
    settings = dict(settings)
    kind = settings.get("activation")
    settings |= {"tanh": {"activation": m.tanh}, "module": {"activation": m.nn.GELU()}}.get(kind, {})
    return m.nn.Transformer(8, 2, 2, 2, 12, dropout, batch_first=first, dtype=dtype, **settings)


def given_masks(m, dtype, which):
    found = {}
    if "causal" in which:
        found["tgt_mask"] = m.nn.Transformer.generate_square_subsequent_mask(4, dtype=dtype)
    if "padding" in which:
        padding = m.tensor([[False] * 5, [False, False, False, True, True], [False] * 5])
        found |= {"src_key_padding_mask": padding, "memory_key_padding_mask": padding}
    return found


def whole(settings, first, which, dropout=0.0):
    def run(m, src, tgt):
        m.manual_seed(0)
        model = transformer(m, settings, first, src.dtype, dropout)
        m.manual_seed(1)
        out = model(src, tgt, **given_masks(m, src.dtype, which))
        return out, sum((p * p).sum() for p in model.parameters()), m.rand(1)

    return run


def shapes_of(first):
    return ((3, 5, 8), (3, 4, 8)) if first else ((5, 3, 8), (4, 3, 8))


WHOLE = [
    case(f"{settings} {first} {which}", whole(settings, first, which), *shapes_of(first), order=1)
    for settings, first, which in itertools.product(SETTINGS, (False, True), ((), ("causal",), ("causal", "padding")))
]


@pytest.mark.parametrize("line", table(WHOLE))
def test_the_whole(line):
    both(line)


@same_dropout
@pytest.mark.parametrize("first", [False, True])
def test_dropout_draws_the_same(first):
    both(case("dropout", whole({}, first, ("causal",), 0.3), *shapes_of(first), order=1))


@pytest.mark.parametrize("which", [(), ("padding",)])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("first", [False, True])
def test_without_training_and_gradients(first, settings, which):
    """Then PyTorch leaves out what is padding, and gives zeros for it."""

    def run(m, src, tgt):
        m.manual_seed(0)
        model = transformer(m, settings, first, src.dtype).eval()
        masks = given_masks(m, src.dtype, which)
        with m.no_grad():
            return model.encoder(src, src_key_padding_mask=masks.get("src_key_padding_mask")), model(src, tgt, **masks)

    both(case("eval", run, *shapes_of(first), order=0))


@pytest.mark.parametrize(
    "name", ["TransformerEncoderLayer", "TransformerDecoderLayer", "MultiheadAttention", "Transformer"]
)
def test_names_initial_values_and_looks(name):
    found = []
    for m in (tg, torch):
        m.manual_seed(7)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(getattr(m.nn, name)(8, 2))
    ours, theirs = found
    assert repr(ours) == repr(theirs)
    assert tg.rand(1).item() == torch.rand(1).item()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), 1e-6)


ERRORS = {
    "hint without mask": lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(2, 1, 4)] * 3, is_causal=True),
    "integers as mask": lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(2, 1, 4)] * 3, attn_mask=m.ones(2, 2).long()),
    "mask shape": lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(2, 1, 4)] * 3, attn_mask=m.zeros(3, 2)),
    "padding shape": lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(2, 1, 4)] * 3, key_padding_mask=m.zeros(1, 3)),
    "query 4-D": lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(1, 2, 1, 4)] * 3),
    "key 2-D": lambda m: m.nn.MultiheadAttention(4, 2)(m.ones(2, 1, 4), m.ones(2, 4), m.ones(2, 4)),
    "heads": lambda m: m.nn.MultiheadAttention(5, 2),
    "width": lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(2, 1, 6)] * 3),
    "batches": lambda m: m.nn.Transformer(4, 2, 1, 1, 4)(m.ones(2, 1, 4), m.ones(2, 2, 4)),
    "features": lambda m: m.nn.Transformer(4, 2, 1, 1, 4)(m.ones(2, 1, 4), m.ones(2, 1, 6)),
    "activation": lambda m: m.nn.TransformerDecoderLayer(4, 2, activation="sin"),
}


@pytest.mark.parametrize("call", ERRORS.values(), ids=ERRORS)
def test_the_same_kind_of_error(call):
    kinds = []
    for m in (tg, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(Exception) as found:
                call(m)
        kinds.append(found.type)
    assert kinds[0] is kinds[1]
