"""The perceptron, XOR, multilayer perceptrons and their optimisers: what they learn, and what they cannot."""

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn, optim
from tinygrad_lite.datasets.standins import stand_in
from tinygrad_lite.models import MLP, Ensemble, Perceptron
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems import mlp, mlp_studies, optimizers, perceptron, xor
from tinygrad_lite.systems.images import as_tensors
from tinygrad_lite.systems.mlp_studies import Part, dead_units, gradient_norms
from tinygrad_lite.systems.outcome import Place
from tinygrad_lite.utils.data import TensorDataset


@pytest.fixture(scope="module")
def images():
    return as_tensors(stand_in("mnist").data)


@pytest.fixture
def part(images):
    (x, y), (test_x, test_y) = images
    return Part((x[:600], y[:600]), (test_x, test_y), 6, 0, Place())


# --- the perceptron -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("gate", ["AND", "OR"])
def test_a_perceptron_learns_and_and_or_within_the_bound(gate, seed):
    tg.manual_seed(seed)
    model, x, y = Perceptron(2), tg.tensor(perceptron.INPUTS), tg.tensor(perceptron.GATES[gate])
    lines, errors = perceptron.learn(model, x, y, 30)
    assert errors[-1] == 0
    assert model(x).tolist() == y.tolist()
    assert 0 < len(lines) <= perceptron.most_corrections(x, y, perceptron.SEPARATORS[gate])


@pytest.mark.parametrize("seed", range(3))
def test_no_perceptron_learns_xor(seed):
    tg.manual_seed(seed)
    lines, errors = perceptron.learn(
        Perceptron(2), tg.tensor(perceptron.INPUTS), tg.tensor(perceptron.GATES["XOR"]), 40
    )
    assert min(errors) >= 1
    assert len(lines) > 40
    assert max(max(map(abs, line)) for line in lines) < 5  # it goes round and round, and not away


def test_points_with_a_margin_need_no_more_corrections_than_the_theorem_says():
    random = np.random.default_rng(0)
    points = random.uniform(-1, 1, (60, 2)).astype(np.float32)
    distance = points @ np.array([0.6, 0.8], dtype=np.float32) - 0.1
    x, y = tg.from_numpy(points[abs(distance) > 0.1]), tg.from_numpy((distance[abs(distance) > 0.1] > 0).astype("f4"))
    bound = perceptron.most_corrections(x, y, (0.6, 0.8, -0.1))
    lines, errors = perceptron.learn(Perceptron(2), x, y, 100)
    assert errors[-1] == 0
    assert 3 < len(lines) <= bound < 400


def test_a_correction_adds_the_example_or_takes_it_away():
    model = Perceptron(3)
    x = tg.tensor([1.0, -2.0, 0.5])
    assert model.learn(x, tg.tensor(1.0))
    assert (model.weight.tolist(), model.bias.item()) == ([1.0, -2.0, 0.5], 1.0)
    assert not model.learn(x, tg.tensor(1.0))
    assert model.learn(x, tg.tensor(0.0))
    assert (model.weight.tolist(), model.bias.item()) == ([0.0, 0.0, 0.0], 0.0)


def test_there_is_no_bound_for_a_line_that_does_not_separate():
    with pytest.raises(ValueError, match="does not separate"):
        perceptron.most_corrections(tg.tensor(perceptron.INPUTS), tg.tensor(perceptron.GATES["XOR"]), (1.0, 1.0, -0.5))


# --- XOR ------------------------------------------------------------------------------------------------


def test_networks_trained_side_by_side_learn_what_each_learns_alone():
    x, y = tg.tensor(xor.INPUTS), tg.tensor(xor.ANSWERS)

    def made(seed):
        tg.manual_seed(seed)
        return MLP((2, 3, 1), nn.Tanh)

    together = Ensemble([made(seed) for seed in range(4)], tg.tanh)
    optimizer = optim.Adam(together.parameters(), lr=0.05)
    for _ in range(30):
        optimizer.zero_grad()
        xor.xor_loss(together(x), y).sum().backward()
        optimizer.step()
    for seed in range(4):
        alone = made(seed)
        optimizer = optim.Adam(alone.parameters(), lr=0.05)
        for _ in range(30):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(alone(x), y).backward()
            optimizer.step()
        np.testing.assert_allclose(together(x)[seed].detach().numpy(), alone(x).detach().numpy(), atol=1e-4)


def test_xor_is_solved_with_eight_hidden_units_and_not_always_with_two():
    reached = xor.train(xor.Settings(networks=20, steps=300)).reached
    for activation in xor.ACTIVATIONS:
        assert reached[f"2-8-1 {activation} solved"] >= 0.95
        assert 0.1 < reached[f"2-2-1 {activation} solved"] < 0.9


def test_solved_asks_for_all_four_answers():
    right = (tg.tensor(xor.ANSWERS) - 0.5) * 10
    three = right.clone()
    three[2] = 0.0
    assert xor.solved(tg.stack([right, three, -right]), tg.tensor(xor.ANSWERS)).tolist() == [True, False, False]


def test_the_loss_surface_passes_through_the_path():
    passed = xor.path(0, xor.Settings(steps=20))
    losses = xor.losses_at(passed)
    assert passed.shape == (21, 9)
    assert losses[0] > losses[-1]
    first = xor.ensemble(2, "tanh", range(1))
    alone = xor.xor_loss(first(tg.tensor(xor.INPUTS)), tg.tensor(xor.ANSWERS))
    np.testing.assert_allclose(losses[0].item(), alone.item(), rtol=1e-5)


# --- multilayer perceptrons -----------------------------------------------------------------------------


def test_an_mlp_has_the_sizes_it_was_given():
    model = MLP((784, 128, 64, 10))
    assert [tuple(layer.weight.shape) for layer in model.linears()] == [(128, 784), (64, 128), (10, 64)]
    assert model(tg.zeros(3, 1, 28, 28)).shape == (3, 10)
    assert len(MLP((4, 2)).linears()) == 1


def test_initialise_fills_weights_and_clears_biases():
    model = MLP((4, 3, 2), initialise=lambda weight: nn.init.constant_(weight, 0.5))
    assert all((layer.weight == 0.5).all() and (layer.bias == 0).all() for layer in model.linears())


def test_dropout_acts_while_training_only():
    model, x = MLP((6, 50, 2), dropout=0.5), tg.ones(1, 6)
    assert not tg.equal(model(x), model(x))
    model.eval()
    assert tg.equal(model(x), model(x))


@pytest.mark.parametrize("sizes", mlp.FORMS.values(), ids=str)
def test_an_mlp_learns_digits(images, sizes):
    settings = mlp.Settings(epochs=6, batch_size=64)
    _, history = mlp.learn(sizes, *images, settings, Place())
    assert history["val_accuracy"][-1] > 0.93
    assert history["loss"][-1] < 0.25 * history["loss"][0]


def test_sigmoids_let_gradients_vanish_and_he_weights_with_relu_do_not(part):
    norms = {}
    for function, name in (("sigmoid", "Xavier"), ("ReLU", "He"), ("tanh", "Xavier"), ("tanh", "normal, 0.5")):
        tg.manual_seed(0)
        model = MLP(mlp_studies.DEEP, mlp_studies.ACTIVATIONS[function], initialise=mlp_studies.INITIALISATIONS[name])
        found = gradient_norms(model, part.train)
        assert len(found) == 9
        assert all(weight.grad is None for weight in model.parameters())
        norms[function, name] = found[0] / found[-1]
    assert norms["sigmoid", "Xavier"] < 1e-3
    assert norms["ReLU", "He"] > 0.3
    assert norms["tanh", "Xavier"] > 0.3


def test_a_dead_relu_layer_stays_dead_and_a_leaky_one_comes_back(part):
    found = mlp_studies.revive(part)
    model, history = found["ReLU"]
    assert dead_units(model, part.train[0])[0] == 1.0
    assert gradient_norms(model, part.train)[0] == 0.0
    assert history["val_accuracy"][-1] < 0.25
    model, history = found["leaky ReLU"]
    assert dead_units(model, part.train[0])[0] < 0.5
    assert history["val_accuracy"][-1] > 0.7


def test_dropout_and_l2_narrow_the_gap_between_seen_and_unseen_images(images):
    (x, y), test = images
    found = mlp_studies.compare_regularisers(Part((x[:200], y[:200]), test, 80, 1, Place()))
    gaps = {name: history["val_loss"][-1] - train_loss for name, (history, train_loss) in found.items()}
    assert gaps["dropout"] < gaps["nothing"]
    assert gaps["L2"] < gaps["nothing"]


# --- optimisers -----------------------------------------------------------------------------------------


def test_every_optimizer_learns_and_many_steps_beat_one_of_all_images(images):
    settings = optimizers.Settings(passes=2, batch_size=32)
    losses = {
        name: optimizers.learn(name, TensorDataset(*images[0]), settings, Place()) for name in optimizers.OPTIMIZERS
    }
    ends = {name: curve[-1] for name, (_, _, curve) in losses.items()}
    assert len({round(curve[0], 5) for _, _, curve in losses.values()}) == 1  # the same weights for all
    assert all(seen[0] == 0 and seen[-1] == 2 for _, seen, _ in losses.values())
    assert len(losses["gradient descent"][2]) == 3
    assert ends["gradient descent"] < losses["gradient descent"][2][0]
    assert ends["SGD"] < 0.7 * ends["gradient descent"]
    assert max(ends["momentum"], ends["RMSprop"], ends["Adam"]) < ends["SGD"]
