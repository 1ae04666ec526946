"""nn.functional beyond the op database: edges, running statistics, in-place forms, random draws, messages."""

import warnings

import numpy as np
import pytest
from draws import same_dropout
from helpers import agree, case, table

import tinygrad_lite as tg

torch = pytest.importorskip("torch")

DTYPES = ["float64", "float32"]
F = tg.nn.functional


def functional(name, *shapes, domain=(-2.0, 2.0), order=2, **settings):
    """A line of a table: `nn.functional.name` on tensors of these shapes."""
    seen = ", ".join(f"{k}={v}" for k, v in settings.items())
    return case(
        f"{name} {shapes} {seen}",
        lambda m, *xs: getattr(m.nn.functional, name)(*xs, **settings),
        *shapes,
        domain=domain,
        order=order,
    )


# --- activations --------------------------------------------------------------------------------------------

EDGES = {
    "celu": np.array([-40.0, 0.0, 30.0]),
    "gelu": np.array([-40.0, -5.0, 0.0, 5.0, 40.0]),
    "hardshrink": np.array([-0.5, 0.5, 0.0]),
    "softshrink": np.array([-0.5, 0.5, 0.0]),
    "hardswish": np.array([-3.0, 3.0]),
    "mish": np.array([-90.0, 0.0, 90.0]),
    "softsign": np.array([0.0, 1e30]),
}
AT_EDGES = [
    case(name, lambda m, x, name=name: getattr(m.nn.functional, name)(x), x, order=1) for name, x in EDGES.items()
]
OTHERS = [
    functional("gelu", (3, 4), approximate="tanh"),
    functional("glu", (2, 6), dim=1),
    functional("celu", (5,), alpha=0.5),
    functional("prelu", (2, 3, 4), (3,)),
    functional("prelu", (2, 3), (1,)),
    functional("prelu", (), ()),
    functional("threshold", (5,), threshold=0.2, value=7.0),
    functional("softmin", (2, 3), dim=-1),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(AT_EDGES, OTHERS))
def test_activations(line, dtype):
    agree(line, dtype)


@pytest.mark.parametrize("name", ["celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_"])
def test_in_place_forms(name):
    agree(case(name, lambda m, x: getattr(m.nn.functional, name)(x * 1), (3, 4)))


def test_threshold_in_place():
    agree(case("threshold_", lambda m, x: m.nn.functional.threshold_(x * 1, 0.1, 3.0), (3, 4)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_draws_as_pytorch_does(hard, dtype):
    def program(m, x):
        m.manual_seed(3)
        return m.nn.functional.gumbel_softmax(x, tau=0.7, hard=hard, dim=1)

    agree(case("gumbel", program, (4, 5)), dtype)


def test_rrelu_draws_as_pytorch_does():
    def program(m, x):
        m.manual_seed(3)
        return m.nn.functional.rrelu(x, 0.1, 0.4, training=True)

    agree(case("rrelu", program, (4, 5)))


# --- dropout ------------------------------------------------------------------------------------------------


@same_dropout
@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 4), (2, 3, 4, 5), (2, 3, 4, 5, 2)], ids=str)
@pytest.mark.parametrize("name", ["dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"])
def test_dropout_of_channels_drops_the_same(name, shape):
    if name == "dropout1d" and len(shape) > 3:
        pytest.skip("PyTorch refuses this shape, and so do we")

    def program(m, x):
        m.manual_seed(5)
        return getattr(m.nn.functional, name)(x, 0.4, training=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        agree(case(name, program, shape))


# --- norms --------------------------------------------------------------------------------------------------


def with_running(name, training, momentum=0.3):
    def program(m, x, weight, bias):
        mean, variance = m.full((3,), 0.5, dtype=x.dtype), m.full((3,), 2.0, dtype=x.dtype)
        flag = {"use_input_stats" if name == "instance_norm" else "training": training}
        out = getattr(m.nn.functional, name)(x, mean, variance, weight, bias, momentum=momentum, **flag)
        return out, mean, variance

    return program


NORMS = [
    case(f"{name} {shape} {training}", with_running(name, training), shape, (3,), (3,))
    for name in ("batch_norm", "instance_norm")
    for training in (True, False)
    for shape in ((4, 3, 5), (2, 3, 4, 2))
] + [
    case("batch_norm of rows", with_running("batch_norm", True), (5, 3), (3,), (3,)),
    functional("layer_norm", (2, 3, 4), normalized_shape=(3, 4)),
    functional("layer_norm", (0, 4), normalized_shape=(4,)),
    functional("rms_norm", (2, 3, 4), normalized_shape=(4,), eps=0.1),
    functional("group_norm", (2, 6, 3), num_groups=3),
    functional("normalize", (3, 4), p=3.0, dim=0),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(NORMS))
def test_norms(line, dtype):
    agree(line, dtype)


def test_norms_in_pieces_are_the_same_as_at_once(monkeypatch):
    """Large arrays go through in blocks; here everything does."""
    from tinygrad_lite.ops import norm

    monkeypatch.setattr(norm, "BLOCK", 8)
    for line in NORMS:
        agree(line)


def test_a_large_mean_does_not_swallow_the_variance():
    x = np.random.default_rng(0).normal(1e4, 1.0, (8, 256)).astype(np.float32)
    ours = F.layer_norm(tg.from_numpy(x), (256,)).numpy()
    exact = x.astype(np.float64) - x.astype(np.float64).mean(1, keepdims=True)
    exact /= np.sqrt((exact**2).mean(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(ours, exact, atol=2e-3)


# --- embeddings and attention -------------------------------------------------------------------------------

IDS = np.array([[0, 2, 2], [4, 0, 1]])
EMBEDDINGS = [
    case(f"embedding {settings}", lambda m, w, s=settings: m.nn.functional.embedding(m.from_numpy(IDS), w, **s), (5, 3))
    for settings in ({}, {"padding_idx": 2})
] + [
    case(  # PyTorch's second derivative forgets the frequency
        "embedding by frequency",
        lambda m, w: m.nn.functional.embedding(m.from_numpy(IDS), w, padding_idx=-3, scale_grad_by_freq=True),
        (5, 3),
        order=1,
    ),
    case(
        "embedding max_norm",
        lambda m, w: m.nn.functional.embedding(m.from_numpy(IDS), w * 1, max_norm=1.0),
        (5, 3),
        order=0,
    ),
]
BAGS = [
    case(
        f"embedding_bag {mode} {pad}",
        lambda m, w, mode=mode, pad=pad: m.nn.functional.embedding_bag(
            m.from_numpy(IDS.ravel()), w, m.tensor([0, 2, 2, 6]), mode=mode, padding_idx=pad
        ),
        (5, 3),
        order=1,
    )
    for mode in ("sum", "mean", "max")
    for pad in (None, 2)
]


@pytest.mark.parametrize("line", table(EMBEDDINGS, BAGS))
def test_embeddings(line):
    agree(line)


def attention(**settings):
    return lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(q, k, v, **settings)


def masked(mask):
    def program(m, q, k, v):
        return m.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=m.from_numpy(mask.astype(to(q, mask))))

    return program


def to(q, mask):
    return bool if mask.dtype == bool else str(q.dtype).split(".")[1]


ONE_ROW_MASKED = np.array([[True, False, True], [False, False, False]])
ATTENTION = [
    case("plain", attention(), (2, 2, 4), (2, 3, 4), (2, 3, 5)),
    case("causal", attention(is_causal=True, scale=0.7), (2, 4), (3, 4), (3, 5)),
    case("grouped", attention(enable_gqa=True), (1, 4, 2, 3), (1, 2, 3, 3), (1, 2, 3, 5)),
    case("a row that sees nothing", masked(ONE_ROW_MASKED), (2, 4), (3, 4), (3, 5)),
    case("added", masked(np.where(ONE_ROW_MASKED[:1], 0.5, -np.inf)), (2, 4), (3, 4), (3, 5)),
    case("added, nothing seen", masked(np.where(ONE_ROW_MASKED, 0.5, -np.inf)), (2, 4), (3, 4), (3, 5)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(ATTENTION))
def test_attention(line, dtype):
    agree(line, dtype)


# --- losses -------------------------------------------------------------------------------------------------


def ctc(lengths, target_lengths, flat=False, **settings):
    labels = np.array([[1, 2, 2], [3, 1, 1]])
    targets = np.concatenate([row[:n] for row, n in zip(labels, target_lengths)]) if flat else labels

    def program(m, x):
        return m.nn.functional.ctc_loss(
            m.log_softmax(x, -1), m.from_numpy(targets), m.tensor(lengths), m.tensor(target_lengths), **settings
        )

    return program


CTC = [
    case("two samples", ctc((6, 5), (3, 2)), (6, 2, 4), order=1),
    case("targets in a row", ctc((6, 5), (3, 1), flat=True, reduction="none"), (6, 2, 4), order=1),
    case("no label", ctc((6, 5), (0, 2), reduction="sum"), (6, 2, 4), order=1),
    case("too short, as zero", ctc((1, 5), (3, 2), zero_infinity=True), (6, 2, 4), order=1),
    case("too short", ctc((1, 5), (3, 2), reduction="none"), (6, 2, 4), order=0),
    case("another blank", ctc((6, 6), (2, 1), blank=0, reduction="none"), (6, 2, 4), order=1),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(CTC))
def test_ctc_loss(line, dtype):
    agree(line, dtype)


def test_ctc_loss_differentiates_twice():
    """PyTorch's does not; the gradient of the gradient is checked against differences."""
    x = np.random.default_rng(0).normal(size=(4, 1, 3))
    direction = np.random.default_rng(1).normal(size=x.shape)

    def gradient(at):
        leaf = tg.from_numpy(at).requires_grad_()
        loss = F.ctc_loss(tg.log_softmax(leaf, -1), tg.tensor([[1, 2]]), (4,), (2,))
        (g,) = tg.autograd.grad(loss, leaf, create_graph=True)
        return leaf, g

    leaf, g = gradient(x)
    (twice,) = tg.autograd.grad((g * tg.from_numpy(direction)).sum(), leaf)
    step = 1e-5
    up, down = (gradient(x + s * direction)[1].detach().numpy() for s in (step, -step))
    np.testing.assert_allclose(twice.numpy(), (up - down) / (2 * step), atol=1e-8)


LOSSES = [
    functional("huber_loss", (3, 4), (3, 4), delta=0.5),
    functional("poisson_nll_loss", (3,), (3,), domain=(0.5, 3.0), full=True, log_input=False),
    functional("gaussian_nll_loss", (3, 2), (3, 2), (3,), domain=(0.5, 3.0), full=True),
    functional("kl_div", (3, 2), (3, 2), domain=(0.1, 0.9), reduction="batchmean"),
    functional("kl_div", (3, 2), (3, 2), domain=(0.1, 0.9), reduction="batchmean", log_target=True),
    functional("triplet_margin_loss", (3, 4), (3, 4), (3, 4), swap=True, p=1.0),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("line", table(LOSSES))
def test_losses(line, dtype):
    agree(line, dtype)


# --- bad input ----------------------------------------------------------------------------------------------

BAD = [
    ("layer_norm(o(2, 3), (4,))", "normalized_shape=\\[4\\]"),
    ("layer_norm(o(2, 3), ())", "at least 1-dimensional"),
    ("layer_norm(o(2, 3), 3)", "normalized_shape"),
    ("layer_norm(o(2, 3), (3,), o(2))", "Expected weight to be of same shape"),
    ("group_norm(o(2, 3), 2)", "divisible by num_groups"),
    ("group_norm(o(3), 3)", "at least 2 dimensions"),
    ("instance_norm(o(2, 3, 1))", "more than 1 spatial element"),
    ("instance_norm(o(2, 3, 2), use_input_stats=False)", "use_input_stats is false"),
    ("batch_norm(o(1, 3), None, None, training=True)", "more than 1 value per channel"),
    ("batch_norm(o(2, 3), None, None)", "running_mean must be defined"),
    ("batch_norm(o(2, 3), o(2), o(2), training=True)", "should contain 3 elements"),
    ("batch_norm(o(2, 3), o(3), None, training=True)", "either both be None"),
    ("batch_norm(o(2, 3), o(3), o(3), training=True, eps=-1.0)", "eps must be positive"),
    ("celu(o(2), alpha=0)", "alpha cannot be 0"),
    ("softshrink(o(2), -1.0)", "lambda must be in"),
    ("glu(o(3))", "Halving dimension must be even"),
    ("prelu(o(2, 2), o(3))", "Mismatch of parameter numbers"),
    ("rrelu(o(2), 0.5, 0.2)", "Lower bound"),
    ("dropout1d(o(2, 2, 2, 2))", "Expected 2D or 3D input"),
    ("alpha_dropout(o(2), 1.5)", "between 0 and 1"),
    ("embedding(m.tensor([5]), o(3, 2))", "index out of range"),
    ("embedding(o(3), o(3, 2))", "indices"),
    ("embedding(m.tensor([1]), o(3, 2), padding_idx=3)", "Padding_idx must be within"),
    ("embedding_bag(m.tensor([1]), o(3, 2))", "offsets has to be a 1D Tensor"),
    ("embedding_bag(m.tensor([1]), o(3, 2), m.tensor([1]))", "offsets\\[0\\] has to be 0"),
    ("embedding_bag(m.tensor([1]), o(3, 2), m.tensor([0]), mode='x')", "mode has to be one of"),
    ("scaled_dot_product_attention(o(2, 2), o(2, 2), o(2, 2), attn_mask=o(2, 2), is_causal=True)", "attn_mask"),
    ("scaled_dot_product_attention(o(2), o(2), o(2))", "at least 2 dimensional"),
    ("pdist(o(3))", "pdist only supports 2D tensors"),
    ("cosine_similarity(m.ones(3, dtype=m.int64), m.ones(3, dtype=m.int64), dim=0)", "floating point"),
    ("bilinear(o(2, 3), o(2, 4), o(5, 3, 3))", "does not match weight size"),
    ("huber_loss(o(2), o(2), delta=0)", "non-positive values for delta"),
    ("kl_div(m.tensor([1]), m.tensor([1]))", "Integral inputs not supported"),
    ("gaussian_nll_loss(o(2), o(2), -o(2))", "negative entry"),
    ("ctc_loss(o(2, 1, 3), m.tensor([[1]]), m.tensor([3]), m.tensor([1]))", "input_lengths"),
    ("ctc_loss(o(2, 1, 3), m.tensor([[1]]), m.tensor([2]), m.tensor([1]), blank=3)", "blank must be in label range"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[call for call, _ in BAD])
def test_bad_input(call, message):
    raised = []
    for m in (torch, tg):
        scope = {"m": m, "o": m.ones, **vars(m.nn.functional)}
        with pytest.raises(Exception, match=message) as info, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            eval(call, scope)
        raised.append(info.type)
    assert raised[0] is raised[1]
