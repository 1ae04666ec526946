"""GPT, the sentiment transformer and the mixture of experts: they learn a slice, and are what they say they are."""

import dataclasses

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.models import GPT, Block, MixtureOfExperts, SelfAttention, TextClassifier, imbalance
from tinygrad_lite.nn import functional as F
from tinygrad_lite.systems import experts, gpt, sentiment
from tinygrad_lite.systems.outcome import Place

# --- attention -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("causal", [False, True])
def test_the_maps_are_what_attention_uses(causal):
    attention = SelfAttention(8, heads=2, causal=causal)
    x = tg.randn(3, 5, 8)
    maps = attention.maps(x)
    values = attention.queries_keys_values(x)[2]
    by_hand = attention.out((maps @ values).transpose(1, 2).flatten(2))
    assert tg.allclose(maps.sum(dim=3), tg.ones(3, 2, 5))
    assert tg.allclose(attention(x), by_hand, atol=1e-6)
    assert bool((maps.triu(1) == 0).all()) == causal


def test_heads_have_to_divide_the_width():
    with pytest.raises(ValueError, match="width of 10 cannot be divided among 4 heads"):
        SelfAttention(10, heads=4)


def test_what_is_not_kept_is_not_read():
    block = Block(8, heads=2)
    x = tg.randn(1, 4, 8)
    keep = tg.tensor([[True, True, False, False]])[:, None, None]
    other = tg.cat([x[:, :2], tg.randn(1, 2, 8)], dim=1)
    assert tg.allclose(block(x, keep)[:, :2], block(other, keep)[:, :2], atol=1e-6)
    assert not tg.allclose(block(x)[:, :2], block(other)[:, :2], atol=1e-3)


# --- GPT -------------------------------------------------------------------------------------------------


def small_gpt(letters=7, length=12):
    return GPT(letters, length, layers=2, width=16, heads=2)


def test_a_gpt_sees_only_what_came_before():
    model = small_gpt()
    ids = tg.randint(7, (2, 12))
    changed = ids.clone()
    changed[:, 8:] = (ids[:, 8:] + 1) % 7
    before, after = model(ids), model(changed)
    assert before.shape == (2, 12, 7)
    assert tg.allclose(before[:, :8], after[:, :8], atol=1e-6)
    assert not tg.allclose(before[:, 8], after[:, 8], atol=1e-4)
    maps = model.maps(ids)
    assert maps.shape == (2, 2, 2, 12, 12)
    assert not maps.triu(1).any()


def test_a_gpt_knows_nothing_at_first():
    loss = gpt.NextLetter()(small_gpt()(tg.randint(7, (4, 12))), tg.randint(7, (4, 12)))
    assert loss.item() == pytest.approx(np.log(7), abs=0.05)


def test_a_gpt_learns_to_look_back_and_writes_what_it_learnt():
    """Each letter of the text is that of five places before."""
    ids = tg.arange(5).repeat(200)
    model = small_gpt(5)
    settings = gpt.Settings(steps=60, epochs=3, batch_size=8, length=12, lr=1e-2)
    optimizer, scheduler = gpt.optimizer_for(model, settings)
    history = gpt.fit(
        model, gpt.batches(ids, settings), gpt.NextLetter(), optimizer, epochs=3, scheduler=scheduler,
        schedule_by="step", progress=False,
    )  # fmt: skip
    assert history["loss"][-1] < 0.1 < 0.5 < history["loss"][0]
    written = model.generate(tg.tensor([[3, 4]]), count=20, temperature=0.5)
    assert written[0].tolist() == [(3 + k) % 5 for k in range(22)]


def test_a_lower_temperature_is_bolder():
    model = small_gpt()
    nn.init.normal_(model.letters.weight, std=0.2)

    def different(temperature):
        tg.manual_seed(1)
        return len(set(map(tuple, model.generate(tg.zeros(40, 1, dtype=tg.int64), 4, temperature).tolist())))

    assert different(0.001) == 1 < different(0.3) < different(5.0)


def test_windows_are_followed_by_what_comes_next():
    x, y = gpt.windows(tg.arange(20), 6, stride=6).tensors
    assert x.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], [12, 13, 14, 15, 16, 17]]
    assert (y == x + 1).all()


def test_weights_of_matrices_decay_and_no_others():
    model = small_gpt()
    optimizer, _ = gpt.optimizer_for(model, gpt.Settings())
    matrices, others = (group["params"] for group in optimizer.param_groups)
    assert {p.ndim for p in matrices} == {2} and {p.ndim for p in others} == {1}
    assert len(matrices) + len(others) == len(list(model.parameters()))
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]


def test_the_gpt_system_learns():
    settings = dataclasses.replace(gpt.QUICK, steps=100, width=32, judged=2_000, lr=1e-2)
    outcome = gpt.train(settings)
    loss = outcome.history["loss"]
    assert outcome.reached["validation loss, nats a character"] < loss[0] - 0.3
    assert len(outcome.shown["text"]) == 1 + settings.write
    assert sorted(gpt.draw(outcome)) == ["attention", "loss"]


# --- sentiment -------------------------------------------------------------------------------------------


def test_padding_is_not_read():
    model = TextClassifier(words=50, length=10).eval()
    ids = tg.randint(2, 50, (3, 6))
    padded = tg.cat([ids, tg.zeros(3, 4, dtype=tg.int64)], dim=1)
    assert tg.allclose(model(ids), model(padded), atol=1e-6)


def test_the_influence_of_a_word_is_what_is_lost_without_it():
    model = TextClassifier(words=50, length=4).eval()
    nn.init.normal_(model.words.weight)
    ids = tg.tensor([[7, 8, 9, 0], [5, 1, 6, 4]])
    influence = sentiment.influence(model, ids)
    without = model(tg.tensor([[7, 1, 9, 0], [5, 1, 1, 4]]))
    assert influence.shape == (2, 4)
    assert influence[0, 1].item() == pytest.approx((model(ids) - without)[0].item(), abs=1e-5)
    assert influence[1, 2].item() == pytest.approx((model(ids) - without)[1].item(), abs=1e-5)
    assert influence[0, 3] == 0 and influence[1, 1].item() == pytest.approx(0, abs=1e-5)


def test_the_split_of_sentences_is_always_the_same():
    texts, labels = [str(k) for k in range(100)], np.arange(100) % 2
    (learnt, learnt_labels), (held_out, held_labels) = sentiment.split(texts, labels, 50)
    assert (len(learnt), len(held_out)) == (40, 10)
    assert not set(learnt) & set(held_out)
    assert [int(text) % 2 for text in learnt + held_out] == [*learnt_labels.tolist(), *held_labels.tolist()]
    assert sentiment.split(texts, labels, 50)[1][0] == held_out


def test_words_become_numbers():
    vocabulary = sentiment.vocabulary_of(["good good film", "bad film ."])
    assert vocabulary.tokens == ["<padding>", "<unknown>", "good", "film"]
    ids = sentiment.encode(["good bad film", "", "film film film film film"], vocabulary, 4)
    assert ids.tolist() == [[2, 1, 3, 0], [1, 0, 0, 0], [3, 3, 3, 3]]


def test_words_are_forgotten_but_padding_stays():
    ids = tg.tensor([[5, 6, 0, 0]]).repeat(500, 1)
    seen = sentiment.forget(ids, 0.25)
    assert not seen[:, 2:].any()
    assert 0.2 < (seen[:, :2] == 1).float().mean().item() < 0.3
    assert ((seen == ids) | (seen == 1)).all()


def test_the_sentiment_system_learns():
    outcome = sentiment.train(dataclasses.replace(sentiment.QUICK, sentences=1_500, epochs=6))
    assert outcome.reached["held-out accuracy"] > 0.6
    shown = outcome.shown
    assert shown["influence"].shape == (len(shown["sentences"]), sentiment.QUICK.length)
    assert sorted(sentiment.draw(outcome)) == ["learning", "words"]


# --- experts ---------------------------------------------------------------------------------------------


def mixture(top, count=5):
    return MixtureOfExperts([nn.Linear(4, 3) for _ in range(count)], inputs=4, top=top)


@pytest.mark.parametrize("top", [1, 2, 5])
def test_weights_of_experts_sum_to_one_and_few_are_not_zero(top):
    weights = mixture(top).weights(tg.randn(20, 5))
    assert weights.shape == (20, 5)
    assert tg.allclose(weights.sum(dim=1), tg.ones(20))
    assert ((weights > 0).sum(dim=1) == top).all()


@pytest.mark.parametrize("top", [1, 2, 5])
def test_the_mixture_is_the_weighted_sum(top):
    model, x = mixture(top), tg.randn(20, 4)
    everything = tg.stack([expert(x) for expert in model.experts], dim=1)
    expected = (model.weights(model.gate(x)).unsqueeze(2) * everything).sum(dim=1)
    assert tg.allclose(model(x), expected, atol=1e-6)
    model(x).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_an_expert_works_only_on_what_was_sent_to_it():
    model, x = mixture(2), tg.randn(20, 4)
    seen = []
    for expert in model.experts:
        expert.register_forward_hook(lambda module, inputs, out: seen.append(len(inputs[0])))
    weights = model.weights(model.gate(x))
    model(x)
    assert seen == (weights > 0).sum(dim=0).tolist()
    assert sum(seen) == 2 * 20


@pytest.mark.parametrize("top", [0, 6])
def test_no_more_experts_work_than_there_are(top):
    with pytest.raises(ValueError, match=f"top is {top}; of 5 experts it can be 1 to 5"):
        mixture(top)


def test_balancing_spreads_the_work():
    x = tg.randn(200, 4) + 3

    def balanced(price):
        tg.manual_seed(0)
        model = mixture(1)
        optimizer = tg.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(60):
            weights = F.softmax(model.gate(x), dim=1)
            optimizer.zero_grad()
            (price * imbalance(weights) + (model.mix(x, weights) ** 2).mean()).backward()
            optimizer.step()
        return imbalance(F.softmax(model.gate(x), dim=1)).item()

    assert balanced(1.0) < 0.05 < balanced(0.0)


def test_the_perceptron_has_no_fewer_active_parameters():
    for settings in (experts.Settings(), dataclasses.replace(experts.Settings(), hidden=5, top=1)):
        active = {name: experts.active_parameters(model) for name, model in experts.build(settings).items()}
        assert 0 <= active["one MLP"] - active["mixture"] < 28 * 28 + 11


def test_images_come_upright_and_turned():
    image = tg.zeros(1, 1, 28, 28)
    image[0, 0, 0, 27] = 1.0  # the upper right corner is turned to the upper left
    flat, labels = experts.with_turned(image, tg.tensor([7]))
    assert labels.tolist() == [7, 7]
    assert flat.argmax(dim=1).tolist() == [27, 0]


def test_both_learn_a_slice_and_go_on_where_they_were(tmp_path):
    settings = dataclasses.replace(experts.Settings(), images=2_000, epochs=2, runs=1, batch_size=64)
    outcome = experts.train(settings, Place(state=tmp_path))
    reached = outcome.reached
    assert min(reached["mixture: mean test accuracy"], reached["one MLP: mean test accuracy"]) > 0.75
    assert experts.train(settings, Place(state=tmp_path)).reached == reached, "what is finished is not trained again"
    assert sorted(experts.draw(outcome)) == ["gate", "routes"]
