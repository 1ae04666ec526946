"""Radial-basis-function networks: centres, least squares, gradients; and the support vector machine beside them."""

import dataclasses
import os

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.datasets import obtain
from tinygrad_lite.gradcheck import check_parameters
from tinygrad_lite.models import RBFNetwork, k_means
from tinygrad_lite.systems import rbf
from tinygrad_lite.systems.outcome import Place

HAS_WINE = os.environ.get("TINYGRAD_LITE_DATA") is not None and not obtain("wine").note


@pytest.fixture(autouse=True)
def seeded():
    tg.manual_seed(0)


def test_a_bell():
    model = RBFNetwork(2, 3, 2)
    with tg.no_grad():
        model.centres.copy_(tg.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]]))
        model.log_widths.copy_(tg.tensor([1.0, 5.0, 2.0]).log())
    found = model.bells(tg.zeros(1, 2))
    assert tg.allclose(found, tg.tensor([[1.0, np.exp(-0.5), np.exp(-0.5)]], dtype=tg.float32))


def test_gradients():
    x = tg.randn(6, 3, dtype=tg.float64)
    y = tg.tensor([0, 1, 1, 0, 1, 0])
    assert check_parameters(RBFNetwork(3, 4, 2), lambda model: rbf.squared_error(model(x), y))


def test_k_means_finds_groups():
    middles = tg.tensor([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    x = tg.cat([middle + 0.1 * tg.randn(40, 2) for middle in middles])
    best = min((k_means(x, 3) for _ in range(10)), key=lambda c: tg.cdist(x, c).min(dim=1)[0].sum().item())
    assert tg.cdist(middles, best).min(dim=1)[0].max().item() < 0.1
    still = k_means(best, 3)
    assert tg.allclose(still.sort(dim=0)[0], best.sort(dim=0)[0]), "as many centres as rows: the rows"


def test_more_centres_than_rows():
    with pytest.raises(ValueError, match="k_means: 4 centres of 3 rows"):
        k_means(tg.zeros(3, 2), 4)


def test_a_centre_without_rows_stays():
    assert k_means(tg.zeros(5, 2), 3).tolist() == [[0.0, 0.0]] * 3


def test_as_many_units_as_points_interpolate():
    x, targets = tg.randn(15, 2), tg.randn(15, 3)
    model = RBFNetwork(2, 15, 3)
    model.place(x, spread=0.3)
    model.solve(x, targets, ridge=1e-10)
    assert (model(x) - targets).abs().max().item() < 1e-2


def test_solving_is_ridge_regression_with_a_free_bias():
    x, targets = tg.randn(50, 2, dtype=tg.float64), tg.randn(50, 2, dtype=tg.float64)
    model = RBFNetwork(2, 6, 2).double()
    model.place(x)
    model.solve(x, targets, ridge=0.01)
    error = (model(x) - targets).square().sum() + 0.01 * 50 * model.out.weight.square().sum()
    slopes = tg.autograd.grad(error, list(model.out.parameters()))
    assert max(slope.abs().max().item() for slope in slopes) < 1e-8


def test_gradients_go_on_where_least_squares_ends():
    rows, classes = rbf.two_moons(300, noise=0.1)
    x, y = tg.from_numpy(rbf.standardised(rows)[0]), tg.from_numpy(classes)
    task = rbf.Task(units=6, spread=0.6, ridge=1e-4)
    settings = dataclasses.replace(rbf.Settings(), epochs=0)

    def right(settings):
        tg.manual_seed(0)
        model, _ = rbf.learn(task, x, y, settings, Place(), "moons")
        return float((model(x).argmax(1) == y).float().mean().item()), model

    before, still = right(settings)
    after, moved = right(dataclasses.replace(settings, epochs=60))
    assert after > before + 0.02 and after > 0.97
    assert not tg.allclose(still.centres, moved.centres) and not tg.allclose(still.log_widths, moved.log_widths)


def test_moons_are_half_circles():
    rows, classes = rbf.two_moons(200, noise=0.0)
    middle = np.where(classes[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    np.testing.assert_allclose(np.linalg.norm(rows - middle, axis=1), 1)
    assert (rows[classes == 0, 1] >= 0).all() and (rows[classes == 1, 1] <= 0.5).all()
    assert np.bincount(classes).tolist() == [100, 100]


def test_folds_are_stratified_and_hold_out_each_row_once():
    classes = np.repeat([0, 1, 2], [59, 71, 48])
    parts = rbf.folds(classes, seed=3)
    assert np.array_equal(np.sort(np.concatenate([held_out for _, held_out in parts])), np.arange(178))
    for learnt, held_out in parts:
        assert not set(learnt) & set(held_out) and len(learnt) + len(held_out) == 178
        counts = np.bincount(classes[held_out], minlength=3)
        assert (np.abs(counts - np.array([59, 71, 48]) / 5) < 1).all()


def test_rows_held_out_are_scaled_as_those_learnt_from():
    learnt, held_out = rbf.standardised(np.array([[1.0, 7.0], [3.0, 7.0]]), np.array([[5.0, 8.0]]))
    assert learnt.tolist() == [[-1.0, 0.0], [1.0, 0.0]] and held_out.tolist() == [[3.0, 1.0]]
    assert learnt.dtype == np.float32


def test_it_learns_and_is_drawn():
    outcome = rbf.train(rbf.QUICK)
    assert outcome.reached["wine accuracy"] > 0.93 and outcome.reached["moons accuracy"] > 0.95
    moons = rbf.draw(outcome)["moons"].axes[0]
    assert len(moons.patches) == rbf.TASKS["moons"].units


@pytest.mark.parametrize("name", rbf.TASKS)
def test_the_support_vector_machine_is_as_good_as_stated(name):
    """`RIVAL` holds what scikit-learn reaches on the folds of a full run."""
    svm = pytest.importorskip("sklearn.svm")
    if name == "wine" and not HAS_WINE:
        pytest.skip("the public wine table is not here")
    rows, classes = obtain("wine").data if name == "wine" else rbf.two_moons()
    right = {c: [] for c in (1, 10, 100)}
    for seed in range(rbf.Settings().repeats):
        for learnt, held_out in rbf.folds(classes, seed=seed):
            x, judged = rbf.standardised(rows[learnt], rows[held_out])
            for c, found in right.items():
                machine = svm.SVC(C=c).fit(x, classes[learnt])
                found.append(np.mean(machine.predict(judged) == classes[held_out]))
    assert max(map(np.mean, right.values())) == pytest.approx(rbf.RIVAL[name], abs=1e-3)


def test_squared_error_is_against_one_for_the_class():
    scores = tg.tensor([[1.0, 0.0], [0.5, 0.0]])
    assert rbf.squared_error(scores, tg.tensor([0, 1])).item() == pytest.approx((0.25 + 1) / 4)
