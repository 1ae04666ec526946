"""Autoencoders and the adversarial network: what is special about them, and that they learn on a small slice."""

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite import distributions, optim
from tinygrad_lite.datasets import digits, obtain
from tinygrad_lite.models import PCA, VAE, Autoencoder, Discriminator, Generator
from tinygrad_lite.nn.functional import mse_loss
from tinygrad_lite.systems import autoencoder, gan, vae
from tinygrad_lite.systems.images import as_tensors
from tinygrad_lite.systems.outcome import Place
from tinygrad_lite.training import fit


@pytest.fixture(autouse=True)
def only_what_is_bundled(monkeypatch, tmp_path):
    monkeypatch.delenv("TINYGRAD_LITE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def images():
    return as_tensors(obtain("mnist").data)[0][0]


# --- principal components and autoencoders --------------------------------------------------------------


def test_pca_is_the_best_projection():
    x = digits().images.reshape(-1, 64)[:300]
    model = PCA(tg.from_numpy(x), 5)
    centred = x - x.mean(0)
    values, directions = np.linalg.svd(centred, full_matrices=False)[1:]
    expected = centred @ directions[:5].T @ directions[:5] + x.mean(0)
    np.testing.assert_allclose(model(tg.from_numpy(x)).numpy(), expected, atol=1e-4)
    lost = ((model(tg.from_numpy(x)).numpy() - x) ** 2).sum()
    assert lost == pytest.approx((values[5:] ** 2).sum(), rel=1e-4)
    np.testing.assert_allclose((model.directions @ model.directions.mT).numpy(), np.eye(5), atol=1e-5)


def test_an_autoencoder_goes_through_its_code(images):
    model = Autoencoder(code=7, hidden=16)
    assert model.encode(images[:3]).shape == (3, 7)
    again = model(images[:3])
    assert again.shape == (3, 1, 28, 28) and again.min().item() >= 0 and again.max().item() <= 1
    assert tg.equal(model.decode(model.encode(images[:3])), again)


def test_noise_stays_within_the_pixels(images):
    tg.manual_seed(0)
    spoiled = autoencoder.noisy(images[:100], 0.5)
    assert spoiled.min().item() == 0 and spoiled.max().item() == 1
    assert 0.05 < mse_loss(spoiled, images[:100]).item() < 0.25


def test_autoencoder_learns():
    outcome = autoencoder.train(autoencoder.QUICK)
    assert all(goal.met(outcome.reached) for goal in autoencoder.GOALS), outcome.reached
    assert outcome.reached["error with noise"] < 0.25 * outcome.reached["error of the noise itself"]


# --- the variational autoencoder ------------------------------------------------------------------------


def test_divergence_is_that_of_the_distributions():
    tg.manual_seed(0)
    mean, log_variance = tg.randn(6, 3), tg.randn(6, 3)
    clouds = distributions.Normal(mean, (log_variance / 2).exp())
    expected = distributions.kl_divergence(clouds, distributions.Normal(0.0, 1.0)).sum(dim=1).mean()
    assert vae.divergence((mean, mean, log_variance), mean).item() == pytest.approx(expected.item(), rel=1e-5)


def test_elbo_is_below_the_likelihood():
    """Of one black and white pixel, with two decoders' answers over a code that can be summed over."""
    model = VAE(code=1, hidden=4, side=1)
    x = tg.ones(1, 1, 1, 1)
    tg.manual_seed(0)
    with tg.no_grad():
        bound = -np.mean([vae.negative_elbo(model(x), x).item() for _ in range(400)])
        grid = tg.linspace(-6, 6, 4001).reshape(-1, 1)
        density = tg.exp(-(grid**2) / 2) / (2 * tg.pi) ** 0.5
        likelihood = (model.decode(grid).flatten() * density.flatten()).sum() * (12 / 4000)
    assert bound <= likelihood.log().item() + 1e-3
    assert bound > likelihood.log().item() - 1


def test_codes_are_drawn_from_the_cloud_and_gradients_pass(images):
    model = VAE(code=2, hidden=16)
    logits, mean, log_variance = model(images[:4])
    assert logits.shape == (4, 1, 28, 28) and mean.shape == log_variance.shape == (4, 2)
    assert not tg.equal(model(images[:4])[0], logits), "another draw"
    vae.negative_elbo((logits, mean, log_variance), images[:4]).backward()
    assert all(parameter.grad.abs().sum().item() > 0 for parameter in model.parameters())


def test_the_grid_of_the_plane_is_that_of_the_normal_distribution():
    class Same(VAE):
        def decode(self, code):
            return code

    codes = vae.latent_grid(Same(hidden=4), steps=4)
    assert codes.shape == (16, 2)
    shares = distributions.Normal(0.0, 1.0).cdf(codes)
    np.testing.assert_allclose(shares[:4].numpy(), [[k / 4 + 1 / 8, 7 / 8] for k in range(4)], atol=1e-5)
    np.testing.assert_allclose(shares[-1].numpy(), [7 / 8, 1 / 8], atol=1e-5)


def test_vae_learns(images):
    outcome = vae.train(vae.Settings(epochs=10, images=1_000, batch_size=16, hidden=64))
    test = outcome.shown["images"]
    average = images.mean(dim=0).clamp(1e-4, 1 - 1e-4)
    without_codes = (test * average.log() + (1 - test) * (1 - average).log()).flatten(1).sum(dim=1).mean().item()
    assert outcome.reached["ELBO in nats"] > without_codes + 5
    assert outcome.reached["divergence in nats"] > 1
    assert outcome.history["loss"][-1] < outcome.history["loss"][0] - 100


# --- the adversarial network ----------------------------------------------------------------------------


def test_the_players_fit_each_other_and_start_small():
    tg.manual_seed(0)
    generator, discriminator = Generator(kinds=4, noise=6, channels=4, hidden=32), Discriminator(channels=4, hidden=32)
    drawn = generator(generator.draw_noise(6))
    assert drawn.shape == (6, 1, 28, 28) and drawn.abs().max().item() <= 1
    assert discriminator(drawn).shape == (6,)
    for part in (generator, discriminator):
        for name, weight in part.named_parameters():
            if weight.ndim > 1 and weight.numel() > 500:
                assert weight.std().item() == pytest.approx(0.02, rel=0.15), name


def test_a_step_moves_each_player_by_its_own_optimizer(images):
    tg.manual_seed(0)
    game = gan.Game(channels=4)
    optimizers = {
        "generator": optim.SGD(game.generator.parameters(), lr=0.0),
        "discriminator": optim.SGD(game.discriminator.parameters(), lr=0.1),
    }
    before = {name: weight.clone() for name, weight in game.named_parameters()}
    losses = gan.player(optimizers)(game, (images[:16] * 2 - 1,))
    assert set(losses) == {"d_loss", "g_loss"}
    moved = {name for name, weight in game.named_parameters() if not tg.equal(weight, before[name])}
    assert moved and all(name.startswith("discriminator") for name in moved)
    assert all(weight.requires_grad for weight in game.discriminator.parameters())
    assert game.moments() == [1] and game.kept[0].std().item() > 0 and game.kept[1].std().item() == 0


def play(images, epochs, generator_lr, discriminator_lr):
    tg.manual_seed(0)
    game = gan.Game(channels=4)
    optimizers = {
        "generator": optim.Adam(game.generator.parameters(), lr=generator_lr, betas=(0.5, 0.999)),
        "discriminator": optim.Adam(game.discriminator.parameters(), lr=discriminator_lr, betas=(0.5, 0.999)),
    }
    step = gan.player(optimizers)
    return game, fit(game, (images * 2 - 1,), optimizer=optimizers, step=step, epochs=epochs, progress=False)


def test_the_discriminator_learns_what_is_drawn(images):
    _, history = play(images[:480], 4, 0.0, 2e-3)
    assert history["d_loss"][-1] < 1.2, "2 log 2 = 1.39 is guessing"
    assert history["g_loss"][-1] > history["g_loss"][0] + 0.2


def test_the_generator_learns_to_fool_a_discriminator_that_stays_as_it_is(images):
    _, history = play(images[:480], 4, 2e-3, 0.0)
    assert history["g_loss"] == sorted(history["g_loss"], reverse=True)
    assert history["g_loss"][-1] < history["g_loss"][0] - 0.06


def test_the_average_forgets_the_beginning():
    average = tg.tensor(100.0)
    for count in range(1, 4000):
        average = gan.recent(average, tg.tensor(float(count)), count)
    assert 3490 < average.item() < 3510, "about five hundred steps behind"
    assert gan.recent(tg.tensor(100.0), tg.tensor(1.0), 0).item() == pytest.approx(60.4)


def test_noise_is_a_kind_and_normal_numbers():
    tg.manual_seed(0)
    noise = Generator(kinds=5, noise=3, channels=2).draw_noise(200)
    assert noise.shape == (200, 8)
    assert set(noise[:, :5].sum(dim=1).tolist()) == {8.0} and set(noise[:, :5].unique().tolist()) == {0.0, 8.0}
    assert len(set(noise[:, :5].argmax(dim=1).tolist())) == 5
    assert noise[:, 5:].std().item() == pytest.approx(1, abs=0.1)


def test_a_stopped_game_goes_on(tmp_path, monkeypatch):
    """What was drawn on the way, and the average of weights, are part of the state."""
    settings = gan.Settings(epochs=2, images=128, channels=2, judge_epochs=1, drawn=20)
    whole = gan.train(settings, Place(state=tmp_path))
    usual, steps = gan.Game.keep, []

    def stop(game):
        steps.append(1)
        if len(steps) == 5:
            raise OSError("the power is out")
        usual(game)

    monkeypatch.setattr(gan.Game, "keep", stop)
    state = tmp_path / "again"
    state.mkdir()
    with pytest.raises(OSError, match="power"):
        gan.train(settings, Place(state=state))
    monkeypatch.setattr(gan.Game, "keep", usual)
    again = gan.train(settings, Place(state=state))
    assert tg.equal(again.shown["kept"], whole.shown["kept"])
    assert tg.equal(again.shown["drawn"], whole.shown["drawn"])
    assert again.history == whole.history
