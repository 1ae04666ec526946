"""Layers: their gradients by finite differences, and what must hold of their numbers."""

import math

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.gradcheck import gradcheck


def double(*shape):
    return tg.randn(*shape, dtype=tg.float64)


LAYERS = {
    "Bilinear": (lambda: nn.Bilinear(2, 3, 2), [(4, 2), (4, 3)]),
    "PReLU": (lambda: nn.PReLU(3), [(2, 3, 2)]),
    "Conv1d, groups": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), [(2, 4, 6)]),
    "Conv2d, circular": (lambda: nn.Conv2d(1, 2, 3, padding=(1, 2), padding_mode="circular"), [(1, 1, 4, 4)]),
    "Conv2d, same": (lambda: nn.Conv2d(1, 2, (2, 3), padding="same", dilation=2), [(1, 1, 4, 4)]),
    "Conv3d": (lambda: nn.Conv3d(1, 2, 2, bias=False), [(1, 1, 3, 3, 3)]),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 2, 3, 2, 1, 1, groups=2), [(1, 2, 3, 3)]),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), [(4, 3)]),
    "BatchNorm2d, evaluation": (lambda: nn.BatchNorm2d(3).eval(), [(2, 3, 2, 2)]),
    "InstanceNorm1d": (lambda: nn.InstanceNorm1d(3, affine=True), [(2, 3, 4)]),
    "LayerNorm": (lambda: nn.LayerNorm((3, 2)), [(4, 3, 2)]),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), [(3, 4, 2)]),
    "RMSNorm": (lambda: nn.RMSNorm(4), [(3, 4)]),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(3, alpha=0.5), [(2, 5, 3)]),
    "CrossMapLRN2d": (lambda: nn.CrossMapLRN2d(3, alpha=0.5), [(2, 5, 1, 2)]),
    "FractionalMaxPool2d": (
        lambda: nn.FractionalMaxPool2d(2, 3, _random_samples=double(1, 2, 2).sigmoid()), [(1, 2, 6, 5)],
    ),
    "LPPool2d": (lambda: nn.LPPool2d(2, 2), [(1, 1, 4, 4)]),
    "Upsample": (lambda: nn.Upsample(scale_factor=1.5, mode="bilinear"), [(1, 1, 4, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_of_inputs_and_parameters(name):
    build, shapes = LAYERS[name]
    tg.manual_seed(0)
    layer = build().double()
    names = [name for name, _ in layer.named_parameters()]

    def run(*tensors):
        state = dict(zip(names, tensors[len(shapes) :], strict=True))
        return tg.func.functional_call(layer, state, tensors[: len(shapes)])

    leaves = [double(*shape).requires_grad_() for shape in shapes]
    leaves += [(double(*p.shape) * 0.5 + 1).requires_grad_() for p in layer.parameters()]
    assert gradcheck(run, tuple(leaves))


# --- what must hold -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "over"),
    [
        (nn.BatchNorm2d(3), (4, 3, 5, 5), (0, 2, 3)),
        (nn.InstanceNorm2d(3), (4, 3, 5, 5), (2, 3)),
        (nn.LayerNorm((5, 4)), (3, 5, 4), (1, 2)),
        (nn.GroupNorm(1, 3), (4, 3, 5), (1, 2)),
    ],
)
def test_normalised_numbers_have_mean_0_and_variance_1(layer, shape, over):
    tg.manual_seed(0)
    out = layer.double()(double(*shape) * 3 + 7)
    assert out.mean(over).abs().max().item() < 1e-6
    assert (out.var(over, unbiased=False) - 1).abs().max().item() < 1e-4


def test_running_statistics_move_towards_those_of_a_batch():
    layer, x = nn.BatchNorm1d(2, momentum=0.25).double(), double(8, 2) + 3
    layer(x)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.25 * x.mean(0).numpy())
    np.testing.assert_allclose(layer.running_var.numpy(), 0.75 + 0.25 * x.var(0).numpy())
    layer.reset_running_stats()
    assert layer.running_mean.abs().sum() == 0 and layer.num_batches_tracked == 0
    average = nn.BatchNorm1d(2, momentum=None).double()
    batches = [double(4, 2) for _ in range(3)]
    for batch in batches:
        average(batch)
    wanted = np.mean([batch.mean(0).numpy() for batch in batches], 0)
    np.testing.assert_allclose(average.running_mean.numpy(), wanted)
    assert average.num_batches_tracked == 3


def test_evaluation_uses_the_running_statistics():
    layer = nn.BatchNorm1d(1).double().eval()
    layer.running_mean.fill_(2.0)
    layer.running_var.fill_(4.0)
    np.testing.assert_allclose(layer(tg.tensor([[6.0]], dtype=tg.float64)).item(), 2.0, rtol=1e-5)


def test_a_transposed_convolution_is_the_adjoint():
    tg.manual_seed(0)
    down = nn.Conv2d(2, 3, 3, stride=2, padding=1, bias=False).double()
    up = nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, bias=False).double()
    up.load_state_dict(down.state_dict())
    x, y = double(1, 2, 5, 7), double(1, 3, 3, 4)
    left, right = (down(x) * y).sum().item(), (x * up(y, output_size=(5, 7))).sum().item()
    assert left == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize(
    ("there", "back", "shape"),
    [
        (nn.PixelUnshuffle(2), nn.PixelShuffle(2), (2, 3, 4, 6)),
        (nn.ChannelShuffle(2), nn.ChannelShuffle(3), (1, 6, 5)),
        (nn.Flatten(), nn.Unflatten(1, (3, 4)), (2, 3, 4)),
        (nn.Unfold(2, stride=2), nn.Fold((4, 6), 2, stride=2), (1, 2, 4, 6)),
        (nn.ZeroPad2d(2), nn.ZeroPad2d(-2), (1, 1, 3, 3)),
    ],
)
def test_one_layer_undoes_the_other(there, back, shape):
    x = double(*shape)
    np.testing.assert_array_equal(back(there(x)).numpy(), x.numpy())


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_unpooling_puts_the_maxima_back(kind):
    pool = getattr(nn, f"MaxPool{kind}d")(2, return_indices=True)
    x = double(2, 3, *[4] * kind)
    found, where = pool(x)
    put = getattr(nn, f"MaxUnpool{kind}d")(2)(found, where)
    assert put.shape == x.shape and ((put == x) | (put == 0)).all()
    assert put.sum().item() == pytest.approx(found.sum().item())


@pytest.mark.parametrize("dims", [2, 3])
def test_fractional_windows_lie_inside_and_reach_the_edge(dims):
    sizes = (11, 9, 10)[:dims]
    x = tg.arange(float(math.prod(sizes))).reshape(1, 1, *sizes)
    wanted = tuple(n // 2 for n in sizes)
    pool = getattr(nn, f"FractionalMaxPool{dims}d")(2, output_size=wanted, return_indices=True)
    out, where = pool(x)
    assert out.shape == (1, 1, *wanted) and (x.reshape(-1)[where] == out).all()
    assert out.max().item() == x.max().item(), "the last window ends at the edge"
    assert (out.reshape(-1, wanted[-1]).diff(dim=-1) > 0).all()


def test_dropout_of_channels_drops_whole_ones():
    tg.manual_seed(0)
    out = nn.Dropout2d(0.5)(tg.ones(20, 10, 3, 3))
    per_channel = out.reshape(200, 9)
    assert ((per_channel == 0).all(1) | (per_channel == 2).all(1)).all()
    assert 60 < (per_channel == 0).all(1).sum().item() < 140


def test_alpha_dropout_keeps_mean_and_variance():
    tg.manual_seed(0)
    out = nn.AlphaDropout(0.3)(tg.randn(100_000))
    assert abs(out.mean().item()) < 0.02 and abs(out.var().item() - 1) < 0.03


def test_an_adaptive_softmax_adds_up_to_one():
    tg.manual_seed(0)
    layer, x = nn.AdaptiveLogSoftmaxWithLoss(6, 15, [4, 9], div_value=2.0).double(), double(5, 6)
    every = layer.log_prob(x)
    np.testing.assert_allclose(every.exp().sum(1).detach().numpy(), 1)
    target = tg.tensor([0, 3, 4, 10, 14])
    output, loss = layer(x, target)
    np.testing.assert_allclose(output.detach().numpy(), every.gather(1, target[:, None])[:, 0].detach().numpy())
    assert loss.item() == pytest.approx(-output.mean().item())
    assert (layer.predict(x) == every.argmax(1)).all()


def test_embeddings_that_pad_stay_zero():
    layer = nn.Embedding(4, 3, padding_idx=-1)
    assert layer.padding_idx == 3 and (layer.weight[3] == 0).all()
    layer(tg.tensor([0, 3, 3])).sum().backward()
    assert layer.weight.grad.tolist() == [[1] * 3, [0] * 3, [0] * 3, [0] * 3]
    bag = nn.EmbeddingBag.from_pretrained(tg.arange(6.0).reshape(3, 2), mode="sum")
    assert bag(tg.tensor([[0, 2]])).tolist() == [[4.0, 6.0]] and not bag.weight.requires_grad


@pytest.mark.parametrize(
    ("build", "std"),
    [
        (lambda: nn.Conv2d(16, 64, 5).weight, 1 / math.sqrt(3 * 16 * 25)),
        (lambda: nn.ConvTranspose1d(64, 64, 9).weight, 1 / math.sqrt(3 * 64 * 9)),
        (lambda: nn.Embedding(200, 100).weight, 1.0),
        (lambda: nn.Bilinear(50, 20, 30).weight, 1 / math.sqrt(3 * 50)),
    ],
)
def test_what_weights_start_with(build, std):
    tg.manual_seed(0)
    weight = build()
    assert weight.std().item() == pytest.approx(std, rel=0.03) and abs(weight.mean().item()) < 0.05 * std


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels=3 and groups=2"),
        (lambda: nn.Conv2d(4, 4, 3, groups=0), ValueError, "positive integer, got 0"),
        (lambda: nn.Conv2d(4, 4, 3, padding="some"), ValueError, "'some'"),
        (lambda: nn.Conv2d(4, 4, 3, padding_mode="mirror"), ValueError, "'mirror'"),
        (lambda: nn.ConvTranspose2d(4, 4, 3, padding_mode="reflect"), ValueError, "'reflect'"),
        (lambda: nn.ConvTranspose1d(1, 1, 3)(tg.ones(1, 1, 3), output_size=(9,)), ValueError, "at least 5 and less"),
        (lambda: nn.BatchNorm1d(3)(tg.ones(2, 3, 1, 1)), ValueError, "expected 2D or 3D input"),
        (lambda: nn.InstanceNorm1d(3, affine=True)(tg.ones(1, 2, 4)), ValueError, r"num_features \(3\), got: 2"),
        (lambda: nn.GroupNorm(2, 3), ValueError, "3.*divisible by num_groups.*2"),
        (lambda: nn.Softmax2d()(tg.ones(2, 2)), ValueError, "got 2D"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), AssertionError, r"num_embeddings \(3\), got 3"),
        (lambda: nn.Embedding(3, 2, _weight=tg.ones(2, 2)), AssertionError, "Shape of weight"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5, 10]), ValueError, "between 1 and n_classes-1"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 10, []), ValueError, "larger than 0"),
        (lambda: nn.FractionalMaxPool2d(2, 3, 0.5), ValueError, "only one of"),
        (lambda: nn.FractionalMaxPool2d(3, 4)(tg.ones(1, 5, 5)), RuntimeError, "do not fit the input"),
        (lambda: nn.MultiMarginLoss(p=3), ValueError, "got 3"),
        (lambda: nn.TripletMarginLoss(margin=0), ValueError, "greater than 0, got 0"),
        (lambda: nn.LinearCrossEntropyLoss(2, 3, weight=tg.ones(2)), RuntimeError, r"\(3,\), got \(2,\)"),
        (lambda: nn.LinearCrossEntropyOptions(batch_chunk_size=0), ValueError, "positive int"),
    ],
)
def test_wrong_settings_are_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


def test_every_layer_loads_from_where_pytorch_has_it():
    for family, names in nn.modules.LATER.items():
        for name in names:
            assert getattr(getattr(nn.modules, family), name) is getattr(nn, name) is getattr(nn.modules, name)
    assert nn.modules.conv.LazyConv2d is nn.LazyConv2d and nn.modules.loss.TripletMarginLoss is nn.TripletMarginLoss
    assert nn.modules.container.ParameterList is nn.ParameterList and nn.modules.activation.ReLU is nn.ReLU
