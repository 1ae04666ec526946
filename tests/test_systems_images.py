"""The networks for images: shapes, what is special about each, and that they learn from a few images in seconds."""

import dataclasses

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.gradcheck import check_parameters
from tinygrad_lite.models import (
    CNN,
    BasicBlock,
    CapsuleNet,
    DigitCapsules,
    PrimaryCapsules,
    ResNet,
    margin_loss,
    squash,
)
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems import capsules, cnn, resnet
from tinygrad_lite.systems.images import mistakes, scores


@pytest.fixture(autouse=True)
def bundled_digits(monkeypatch, tmp_path):
    """The stand-ins, whatever data this machine has."""
    monkeypatch.setenv("TINYGRAD_LITE_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tg.manual_seed(0)


# --- convolutional ------------------------------------------------------------------------------------------


def test_the_cnn_learns_digits_and_draws_its_mistakes():
    outcome = cnn.train(dataclasses.replace(cnn.QUICK, images=1_200, epochs=2))
    assert outcome.reached["test accuracy"] > 0.9
    assert outcome.note
    figures = cnn.draw(outcome)
    wrong = int((outcome.shown["scores"].argmax(1) != outcome.shown["labels"]).sum())
    assert sum(ax.get_visible() for ax in figures["mistakes"].axes) == min(24, wrong)
    assert len(figures["first feature maps"].axes) == 16


def test_mistakes_are_named_by_what_they_are_and_what_they_are_taken_for():
    said = tg.tensor([[5.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 1.0, 0.0]])
    picture = mistakes(tg.rand(3, 1, 28, 28), tg.tensor([0, 2, 0]), said)
    assert [ax.get_title() for ax in picture.axes if ax.get_visible()] == ["2, not 1", "0, not 1"]
    none_wrong = mistakes(tg.rand(3, 1, 28, 28), tg.tensor([0, 1, 1]), said)
    assert next(ax.get_title() for ax in none_wrong.axes) == "1, not 1"


def test_feature_maps_are_those_of_the_network():
    model, image = CNN(), tg.rand(1, 28, 28)
    first, second = cnn.feature_maps(model, image, most=64)
    assert first.shape == (32, 28, 28) and second.shape == (64, 14, 14)
    assert tg.equal(model.pool(second.unsqueeze(0)), model.features(image.unsqueeze(0)))


def test_scores_are_the_models_in_evaluation_mode_whatever_the_batches():
    model, images = CNN(), tg.rand(7, 1, 28, 28)
    model.train()
    few = scores(model, images, batch_size=3)
    assert model.training and not few.requires_grad
    model.eval()
    np.testing.assert_allclose(few.numpy(), model(images).detach().numpy(), rtol=1e-4, atol=1e-5)


# --- residual -------------------------------------------------------------------------------------------------


def test_the_resnet_learns_digits_in_colours():
    outcome = resnet.train(dataclasses.replace(resnet.QUICK, epochs=3))
    assert outcome.reached["test accuracy"] > 0.5
    assert set(resnet.draw(outcome)) == {"confusion", "filters", "mistakes"}


@pytest.mark.parametrize(("stride", "width"), [(1, 8), (2, 8), (1, 16), (2, 16)])
def test_a_block_that_adds_nothing_passes_on_what_came_in(stride, width):
    block = BasicBlock(8, width, stride).eval()
    nn.init.zeros_(block.norm2.weight)
    x = tg.randn(2, 8, 6, 6)
    assert tg.equal(block(x), F.relu(block.shortcut(x)))
    assert isinstance(block.shortcut, nn.Identity) == (stride == 1 and width == 8)
    plain = BasicBlock(8, width, stride, residual=False).eval()
    nn.init.zeros_(plain.norm2.weight)
    assert tg.equal(plain(x), tg.zeros_like(plain(x)))
    assert not list(plain.shortcut.parameters())


def test_the_gradient_reaches_the_first_of_many_residual_blocks_undiminished():
    ratios = []
    for residual in (True, False):
        tg.manual_seed(0)
        model = ResNet((4,), blocks=12, residual=residual)
        F.cross_entropy(model(tg.randn(8, 3, 32, 32)), tg.arange(8)).backward()
        norms = [block.conv1.weight.grad.norm().item() for block in model.stages]
        ratios.append(max(norms) / min(norms))
    assert ratios[0] < ratios[1] / 3


def test_augmented_images_are_mirrored_and_shifted_ones():
    images = tg.zeros(64, 1, 9, 9)
    images[:, 0, 4, 3] = 1.0
    found = {tuple(np.argwhere(image[0].numpy())[0]) for image in resnet.augment(images, 1)}
    assert found <= {(row, column) for row in (3, 4, 5) for column in (2, 3, 4, 5, 6)}
    assert len(found) > 10
    assert {column for _, column in found} >= {2, 6}
    shifted_out = resnet.augment(tg.ones(64, 1, 9, 9), 4)
    assert shifted_out.amin().item() == 0.0 and shifted_out.shape == (64, 1, 9, 9)


# --- capsules -------------------------------------------------------------------------------------------------


def test_the_capsule_network_learns_digits_and_redraws_them():
    outcome = capsules.train(capsules.QUICK)
    assert outcome.reached["test accuracy"] > 0.8
    assert outcome.history["redrawn_error"][-1] < 0.15
    model, image = outcome.models["capsules"], outcome.shown["images"][0]
    shares = capsules.couplings(model, image)
    np.testing.assert_allclose(shares.sum(1).numpy(), 1, rtol=1e-5)
    np.testing.assert_allclose(shares[0].numpy(), 0.1, rtol=1e-5)
    assert shares[-1].std().item() > 0.001 and model.digits.rounds == 3
    assert set(capsules.draw(outcome)) == {"redrawn", "turned", "routing"}


def test_turning_nothing_draws_the_image_itself():
    model, image = CapsuleNet(filters=4, kinds=2), tg.rand(1, 28, 28)
    drawn = capsules.turned(model, image, 3, tg.tensor([0.0, 0.2]))
    own = model.decode(model.encode(image[None]), tg.tensor([3])).detach()[0, 0]
    assert drawn.shape == (16, 2, 28, 28)
    for k in range(16):
        np.testing.assert_allclose(drawn[k, 0].numpy(), own.numpy(), rtol=1e-4, atol=1e-6)
        assert not tg.allclose(drawn[k, 1], own, atol=1e-5)


def test_squashed_vectors_keep_their_direction_and_are_shorter_than_one():
    s = 10 ** tg.linspace(-6, 3, 10)[:, None] * F.normalize(tg.randn(10, 4), dim=1)
    lengths, out = s.norm(dim=1), squash(s).norm(dim=1)
    np.testing.assert_allclose(out[3:], (lengths**2 / (1 + lengths**2))[3:], rtol=1e-2)
    assert (out < 1).all() and (out.diff() > 0).all()
    np.testing.assert_allclose(F.cosine_similarity(s, squash(s))[4:], 1, rtol=1e-5)
    zero = tg.zeros(1, 4, requires_grad=True)
    squash(zero).sum().backward()
    assert tg.equal(zero.grad, tg.zeros(1, 4))


def test_the_primary_capsules_are_the_channels_of_each_place():
    layer, x = PrimaryCapsules(3, kinds=2, size=4), tg.randn(1, 3, 15, 17)
    out, maps = layer(x), layer.conv(x)
    assert out.shape == (1, 2 * 4 * 5, 4)
    second_kind_at_row_2_column_3 = maps[0, 4:, 2, 3]
    np.testing.assert_allclose(
        out[0, 20 + 2 * 5 + 3].detach(), squash(second_kind_at_row_2_column_3).detach(), rtol=1e-5
    )


def test_routing_follows_agreement():
    layer = DigitCapsules(5, 3, classes=2, size=2, rounds=4)
    votes = tg.zeros(1, 2, 5, 2)
    votes[0, 0] = tg.tensor([3.0, 0.0])  # all agree on class 0
    votes[0, 1] = 3 * F.normalize(tg.tensor([[1.0, 0.0], [-1.0, 0.3], [0.0, 1.0], [0.2, -1.0], [-0.5, -1.0]]), dim=1)
    out, couplings = layer.route(votes)
    np.testing.assert_allclose(couplings.sum(1), 1, rtol=1e-6)
    assert (couplings[0, 0] > 0.9).all()
    assert out[0, 0].norm() > 0.9 > 0.3 > out[0, 1].norm()


def test_one_round_of_routing_takes_the_mean_of_the_votes():
    layer, x = DigitCapsules(5, 3, classes=4, size=2, rounds=1), tg.randn(2, 5, 3)
    by_hand = tg.einsum("nid,idk->nik", x, layer.weight).reshape(2, 5, 4, 2).sum(1) / 4
    np.testing.assert_allclose(layer(x).detach(), squash(by_hand).detach(), rtol=1e-4, atol=1e-6)


def test_the_margin_loss_is_the_papers():
    lengths = tg.tensor([[0.2, 0.7, 0.95], [0.05, 0.92, 0.1]], dtype=tg.float64)
    expected = ((0.7**2 + 0.5 * 0.6**2 + 0.5 * 0.85**2) + 0.0) / 2
    assert margin_loss(lengths, tg.tensor([0, 1])).item() == pytest.approx(expected)


def test_other_capsules_are_masked_before_they_are_drawn():
    model = CapsuleNet(filters=2, kinds=1)
    capsules_of = model.encode(tg.rand(1, 1, 28, 28)).detach()
    others = capsules_of.clone()
    others[:, :4] = 0.7
    label = tg.tensor([4])
    assert tg.equal(model.decode(capsules_of, label), model.decode(others, label))
    assert not tg.equal(model.decode(capsules_of, tg.tensor([3])), model.decode(others, tg.tensor([3])))


def test_gradients_of_one_round_of_capsules_are_right():
    layer = DigitCapsules(4, 3, classes=3, size=2, rounds=1)
    x, labels = tg.randn(2, 4, 3).double(), tg.tensor([0, 2])
    report = check_parameters(layer.double(), lambda m: margin_loss(m(x).norm(dim=-1), labels))
    assert report.ok, report
