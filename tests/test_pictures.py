"""Training pictures: what is in the figures, and what is refused."""

import math
import sys

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn, viz

pytest.importorskip("matplotlib")


def lines(ax):
    return {line.get_label(): line.get_ydata().tolist() for line in ax.lines}


def test_curves_share_a_plot_by_metric():
    figure = viz.curves({"train_loss": [2, 1], "val_loss": [3, 2], "val/accuracy": [0.5, 1.0], "lr": [1.0, 0.1]})
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy", "lr"]
    assert lines(figure.axes[0]) == {"train": [2.0, 1.0], "val": [3.0, 2.0]}
    assert figure.axes[0].get_xlabel() == "epoch"
    assert figure.axes[2].get_legend() is None


def test_curves_of_records_with_gaps_and_of_an_object():
    records = [{"loss": 3.0}, {"loss": tg.tensor(2.0), "val_loss": 4.0}, {"loss": math.nan}]
    (ax,) = viz.curves(records, log_y=True).axes
    assert lines(ax) == {"train": [3.0, 2.0], "val": [4.0]}
    assert ax.get_yscale() == "log"

    class Run:
        history = records

    assert lines(viz.curves(Run()).axes[0]) == lines(ax)


@pytest.mark.parametrize("history", [{}, [], {"names": ["a", "b"]}, {"loss": []}])
def test_curves_of_nothing(history):
    with pytest.raises(ValueError, match="nothing to draw"):
        viz.curves(history)


def test_histograms_by_name_or_by_step():
    steps = [{"w": tg.full((10,), float(k)), "n": tg.tensor([True])} for k in range(3)]
    (ax,) = viz.histograms(steps).axes
    median = ax.lines[1].get_ydata()
    assert median.tolist() == [0.0, 1.0, 2.0]
    assert len(viz.histograms({"a": [np.ones(3)], "b": [np.array([np.nan, 1.0])]}).axes) >= 2
    with pytest.raises(ValueError, match="nothing to draw"):
        viz.histograms({})


def test_activations_are_those_of_the_parts_and_leave_no_hooks():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Tanh()))
    x = tg.randn(4, 2)
    found = viz.activations(model, x)
    assert list(found) == ["0", "1.0", "1"]
    assert tg.equal(found["1"], model(x).detach())
    assert not any(part._forward_hooks for part in model.modules())
    with pytest.raises(RuntimeError):
        viz.activations(model, tg.randn(4, 3))
    assert not any(part._forward_hooks for part in model.modules())


def test_filters():
    figure = viz.filters(tg.randn(5, 3, 4, 4))
    shown = [ax.images[0].get_array() for ax in figure.axes if ax.images]
    assert len(shown) == 5
    assert shown[0].shape == (4, 4, 3)
    assert all(part.min() >= 0 and part.max() <= 1 for part in shown)
    (one,) = [ax.images[0] for ax in viz.filters(tg.ones(1, 6), (2, 3)).axes if ax.images]
    assert one.get_array().shape == (2, 3)
    with pytest.raises(ValueError, match="6 inputs, but image_shape is"):
        viz.filters(tg.ones(1, 6), (2, 2))
    with pytest.raises(ValueError, match="got shape"):
        viz.filters(tg.ones(3))


def test_confusion_counts():
    scores = tg.tensor([[9.0, 0, 0], [0, 9.0, 0], [0, 9.0, 0], [9.0, 0, 0]])
    (ax,) = viz.confusion(scores, tg.tensor([0, 1, 2, 0]), ["a", "b", "c"]).axes
    assert {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in ax.texts} == {
        (0, 0): "2", (1, 1): "1", (2, 1): "1",
    }  # fmt: skip
    assert ax.get_title().startswith("75.0% of 4")
    with pytest.raises(ValueError, match="2 predictions, but 3 targets"):
        viz.confusion([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="3 classes, but 2 names"):
        viz.confusion([2], [0], ["a", "b"])


def test_the_boundary_is_the_models():
    model = nn.Sequential(nn.Linear(2, 1))
    with tg.no_grad():
        model[0].weight.copy_(tg.tensor([[1.0, 0.0]]))
        model[0].bias.zero_()
    x = tg.tensor([[-1.0, -1.0], [1.0, 1.0]])
    (ax,) = viz.decision_boundary(model, x, tg.tensor([0, 1]), fine=10).axes
    picture = ax.images[0].get_array()
    assert picture[:, :5].max() == 0
    assert picture[:, 5:].min() == 1
    assert model.training
    with pytest.raises(ValueError, match="points in the plane"):
        viz.decision_boundary(model, tg.ones(3), tg.ones(3))


def test_a_notebook_gets_a_png():
    assert viz.curves({"loss": [1, 2]})._repr_png_().startswith(b"\x89PNG")


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install tinygrad_lite\[plot\]"):
        viz.curves({"loss": [1.0]})


def test_images_stand_in_rows_with_their_titles():
    pixels = np.arange(5 * 4 * 6, dtype=np.float32).reshape(5, 1, 4, 6) / 120
    picture = viz.image_grid(tg.from_numpy(pixels), ["a", "b", "c"], columns=3, rows=["first", "second"])
    seen = [ax for ax in picture.axes if ax.get_visible()]
    assert len(picture.axes) == 6 and len(seen) == 5
    assert [ax.get_title() for ax in seen] == ["a", "b", "c", "", ""]
    assert [ax.get_ylabel() for ax in seen] == ["first", "", "", "second", ""]
    for ax, image in zip(seen, pixels):
        np.testing.assert_array_equal(ax.images[0].get_array(), image[0])
        assert ax.images[0].get_clim() == (0, 1)


def test_images_in_colours_are_brought_between_the_limits():
    colours = np.array([-1.0, 0.0, 3.0]).reshape(1, 3, 1, 1) * np.ones((1, 3, 2, 2))
    shown = viz.image_grid(colours, limits=(-1, 1)).axes[0].images[0].get_array()
    np.testing.assert_allclose(shown[0, 0], [0, 0.5, 1])
    own = viz.image_grid(colours, limits=None).axes[0].images[0].get_array()
    np.testing.assert_allclose(own[0, 0], [0, 0.25, 1])
    np.testing.assert_allclose(viz.image_grid(np.ones((1, 3, 2, 2)), limits=None).axes[0].images[0].get_array(), 0)


@pytest.mark.parametrize("shape", [(28, 28), (2, 2, 28, 28), (0, 28, 28), (2, 28, 28, 3)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"image_grid: expected images .* got \(" + str(shape)[1:-1]):
        viz.image_grid(np.zeros(shape))
