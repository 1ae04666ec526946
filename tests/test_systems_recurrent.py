"""Forecasts of sunspots and networks that spell: what they are made of, and that they learn in seconds."""

import dataclasses
import math

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.datasets import Obtained, obtain
from tinygrad_lite.gradcheck import check_parameters
from tinygrad_lite.models import CharacterModel, Forecaster
from tinygrad_lite.systems import names, sunspots


@pytest.fixture(autouse=True)
def bundled_digits(monkeypatch, tmp_path):
    """The stand-ins, whatever data this machine has."""
    monkeypatch.delenv("TINYGRAD_LITE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tg.manual_seed(0)


# --- sunspots -----------------------------------------------------------------------------------------------


def test_the_forecaster_looks_at_every_year_of_its_window():
    x = tg.randn(3, 12, 1, requires_grad=True)
    out = Forecaster()(x)
    assert out.shape == (3, 1)
    out.sum().backward()
    assert (x.grad != 0).all()


def test_gradients_of_the_forecaster():
    x = tg.randn(2, 5, 1, dtype=tg.float64)
    assert check_parameters(Forecaster(1, 4, 3), lambda model: model(x).square().sum())


def test_the_forecaster_learns():
    outcome = sunspots.train()
    reached = outcome.reached
    assert reached["error as a share of persistence's"] < 0.7
    share = reached["forecast error"] / reached["persistence error"]
    assert share == pytest.approx(reached["error as a share of persistence's"])
    years, values = obtain("sunspots").data
    assert reached["persistence error"] == pytest.approx(
        math.sqrt(np.mean(np.diff(values)[years[1:] >= outcome.shown["first_held_out"]] ** 2))
    )
    assert set(sunspots.draw(outcome)) == {"forecast", "against_truth"}


def test_nothing_of_the_years_held_out_gets_into_what_is_learnt(monkeypatch):
    settings = dataclasses.replace(sunspots.QUICK, epochs=1)
    years, values = obtain("sunspots").data
    before = sunspots.train(settings).models["forecaster"].state_dict()
    other = np.where(years < settings.first_held_out, values, 3 * values + 50)
    monkeypatch.setattr(sunspots, "obtain", lambda name, folder: Obtained((years, other), "", ""))
    after = sunspots.train(settings).models["forecaster"].state_dict()
    assert all(tg.equal(before[name], after[name]) for name in before)


def test_years_that_leave_nothing_to_learn_or_to_judge():
    for year in (1722, 2009):
        with pytest.raises(ValueError, match=f"first_held_out is {year}; between 1723 and 2008 there are years"):
            sunspots.train(dataclasses.replace(sunspots.QUICK, first_held_out=year))
    with pytest.raises(ValueError, match="windows of 5 and the value that follows do not fit into 5 values"):
        sunspots.windows(np.arange(5.0), 5)


def test_scaling_goes_there_and_back():
    numbers = np.array([0.0, 4.0, 25.0, 190.0])
    scale = sunspots.Scale.of(numbers[:3])
    np.testing.assert_allclose(scale.numbers(scale.scaled(numbers)), numbers, atol=1e-4)
    assert scale.numbers(np.array([-100.0])) == 0, "there are no fewer than none"


def test_the_linear_model_knows_a_linear_series():
    numbers = (2 + np.cos(np.arange(80) * 0.7)) ** 2  # its roots obey a recurrence of two terms and a constant
    scale = sunspots.Scale.of(numbers)
    x, y = sunspots.windows(scale.scaled(numbers), 12)
    said = sunspots.linear(x[:40], y[:40], x[40:], scale, order=3)
    assert sunspots.error(said, numbers[52:]) < 1e-3


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", names.KINDS)
def test_letter_by_letter_is_the_same_as_all_at_once(kind):
    model = CharacterModel(5, kind, 3, 4)
    numbers = tg.randint(5, (2, 6))
    state, scores = None, []
    for place in range(6):
        found, state = model.go_on(numbers[:, place : place + 1], state)
        scores.append(found)
    assert tg.allclose(tg.cat(scores, 1), model(numbers), atol=1e-6)
    later = numbers.clone()
    later[:, 4:] = (later[:, 4:] + 1) % 5
    assert tg.equal(model(numbers)[:, :4], model(later)[:, :4]), "no letter knows those after it"


@pytest.mark.parametrize("kind", names.KINDS)
def test_gradients_of_the_networks_that_spell(kind):
    numbers, target = tg.randint(4, (2, 5)), tg.randint(4, (2, 5))
    assert check_parameters(CharacterModel(4, kind, 2, 3), lambda model: names.letter_loss(model(numbers), target))


def test_a_kind_that_there_is_not():
    with pytest.raises(ValueError, match="kind should be one of rnn, lstm, gru, not 'transformer'"):
        CharacterModel(4, "transformer")


def test_all_three_spell_better_than_trigrams():
    outcome = names.train()
    for name in names.KINDS.values():
        assert outcome.reached[f"{name} bits per character"] < outcome.reached["trigram bits per character"] - 0.05
        invented = outcome.shown["invented"][name]
        assert len(invented) == names.QUICK.samples and len(set(invented)) > 10
    assert set(names.draw(outcome)) == {"learning", "gradients"}


def test_no_spelling_is_on_both_sides_of_the_split():
    known = ["ada", "bo", "ada", "cy", "di", "ed"] * 5
    learnt, held_out = names.split(known, len(known))
    assert sorted(learnt + held_out) == ["ada", "bo", "cy", "di", "ed"] and len(held_out) == 1
    assert names.split(known, len(known), seed=1) == names.split(known, len(known), seed=1)


def test_what_a_uniform_model_costs():
    spelling = names.Spelling(["ada", "bo"])
    model = CharacterModel(len(spelling.letters))
    with tg.no_grad():
        model.out.weight.zero_()
        model.out.bias.zero_()
    rows = spelling.rows(["ada", "bo", "od"])
    assert names.bits_per_character(model, rows, at_once=2) == pytest.approx(math.log2(5), abs=1e-6)


def test_trigrams_count():
    spelling = names.Spelling(["ab", "ac"])
    model = names.Trigrams(*spelling.rows(["ab", "ab", "ab", "ac"]), len(spelling.letters))
    for k in (0.5, 4.0):
        np.testing.assert_allclose(model.chances(k).sum(-1), 1)
    dot, a, b, c = range(4)
    counted = model.chances(1e-9)
    assert counted[dot, a, b] == pytest.approx(0.75) and counted[dot, a, c] == pytest.approx(0.25)
    assert counted[c, a, b] == pytest.approx(0.75), "after two letters never seen, those after the last one decide"
    assert model.bits(*spelling.rows(["ab"]), 1e-9) == pytest.approx(math.log2(4 / 3) / 3, abs=1e-6)


def test_a_model_that_knows_one_name_spells_it():
    spelling = names.Spelling(["ada"])
    model = CharacterModel(3, "rnn", 4, 32)
    rows = spelling.rows(["ada"])
    optimizer = tg.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(150):
        optimizer.zero_grad()
        names.letter_loss(model(rows[0]), rows[1]).backward()
        optimizer.step()
    assert names.spell(model, spelling, 5) == ["ada"] * 5


def test_a_network_without_memory_has_no_gradient_through_time():
    numbers = tg.randint(5, (3, 8))
    model = CharacterModel(5, "rnn", 3, 4)
    assert (names.gradient_through_time(model, numbers) > 0).all()
    with tg.no_grad():
        model.memory.weight_hh_l0.zero_()
    norms = names.gradient_through_time(model, numbers)
    assert norms.shape == (7,) and norms[-1] > 0 and not norms[:-1].any()


def test_the_gradient_through_time_is_the_slope_of_the_last_loss():
    model = CharacterModel(5, "gru", 2, 4).double()
    numbers = tg.randint(5, (1, 4))
    embedded = model.embed(numbers[:, :-1]).detach()

    def loss(change):
        moved = embedded.clone()
        moved[0, 0] += change
        return names.letter_loss(model.out(model.memory(moved)[0][:, -1:]), numbers[:, -1:]).item()

    slope = [(loss(step) - loss(-step)) / 2e-6 for step in tg.eye(2, dtype=tg.float64) * 1e-6]
    assert names.gradient_through_time(model, numbers)[0] == pytest.approx(math.hypot(*slope), rel=1e-5)


def test_a_long_text_is_names_with_dots_between():
    spelling = names.Spelling(["ada", "bo"])
    (row,) = names.long_text(["ada", "bo"], spelling, rows=1, length=9).tolist()
    assert "".join(spelling.letters[number] for number in row) == ".ada.bo.a"
