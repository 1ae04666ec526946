"""nn.utils: what can be said of clipping, parametrisations, norms of weights and pruning without another library."""

import copy
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lite as tg
from tinygrad_lite import nn
from tinygrad_lite.nn import utils
from tinygrad_lite.nn.utils import parametrizations, parametrize, prune

numbers = st.floats(-1e3, 1e3, allow_nan=False).map(lambda x: round(x, 3))


@given(st.lists(st.lists(numbers, min_size=1, max_size=5), min_size=1, max_size=4), st.floats(0.01, 100))
def test_clipped_gradients_point_the_same_way_and_are_short_enough(values, most):
    params = [nn.Parameter(tg.zeros(len(v), dtype=tg.float64)) for v in values]
    for p, v in zip(params, values):
        p.grad = tg.tensor(v, dtype=tg.float64)
    everything = np.concatenate(values)
    norm = utils.clip_grad_norm_(params, most)
    clipped = np.concatenate([p.grad.numpy() for p in params])
    np.testing.assert_allclose(norm.item(), np.linalg.norm(everything), rtol=1e-12)
    assert np.linalg.norm(clipped) <= most * (1 + 1e-12)
    factor = min(1.0, most / (np.linalg.norm(everything) + 1e-6))
    np.testing.assert_allclose(clipped, everything * factor, rtol=1e-12)


def test_clipping_keeps_the_dtype_and_the_layout_of_gradients():
    p = nn.Parameter(tg.ones(4, 3, dtype=tg.float16).T)
    p.grad = tg.full((4, 3), 2.0, dtype=tg.float16).T
    memory = p.grad.array
    utils.clip_grad_norm_([p, nn.Parameter(tg.ones(1))], 1.0)
    assert p.grad.array is memory and p.grad.dtype == tg.float16 and not p.grad.is_contiguous()
    np.testing.assert_allclose(memory, 1 / np.sqrt(12), rtol=2e-3)


def test_a_vector_goes_into_parameters_and_back():
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    vector = tg.arange(11.0)
    utils.vector_to_parameters(vector, model.parameters())
    assert utils.parameters_to_vector(model.parameters()).tolist() == vector.tolist()
    model[1].bias.data[0] = 7.0
    assert vector[-1] == 7, "the parameters look into the vector"


# --- parametrisations -----------------------------------------------------------------------------------------


def test_each_copy_of_a_parametrised_module_stands_alone():
    layer = parametrizations.weight_norm(nn.Linear(2, 2))
    twin = copy.deepcopy(layer)
    value = layer.weight.detach().clone()
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and parametrize.is_parametrized(twin)
    assert (twin.weight == value).all() and (layer.weight == value).all()
    with tg.no_grad():
        twin.parametrizations.weight.original0.mul_(2)
    np.testing.assert_allclose(twin.weight.detach(), 2 * layer.weight.detach(), rtol=1e-6)


def test_inside_cached_a_tensor_is_computed_once():
    class Counting(nn.Module):
        calls = 0

        def forward(self, x):
            Counting.calls += 1
            return x * 2

    layer = nn.Linear(2, 2, bias=False)
    parametrize.register_parametrization(layer, "weight", Counting())
    before = Counting.calls
    with parametrize.cached():
        with parametrize.cached():
            layer(tg.ones(1, 2))
        layer(tg.ones(1, 2))
    assert Counting.calls == before + 1
    layer(tg.ones(1, 2))
    assert Counting.calls == before + 2


@pytest.mark.parametrize("kind", [nn.Linear, lambda i, o: nn.ConvTranspose1d(i, o, 2), lambda i, o: nn.Conv2d(i, o, 2)])
def test_spectral_norms_come_to_be_one(kind):
    for make in (parametrizations.spectral_norm, utils.spectral_norm):
        layer = make(kind(6, 5))
        for _ in range(100):
            if make is utils.spectral_norm:
                next(iter(layer._forward_pre_hooks.values()))(layer, None)
            weight = layer.weight.detach()
        matrix = weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose1d) else weight
        assert np.linalg.norm(matrix.flatten(1).numpy(), 2) == pytest.approx(1, rel=1e-3)


def test_a_length_of_weight_norm_is_the_length_of_the_weight():
    layer = parametrizations.weight_norm(nn.Linear(4, 3))
    with tg.no_grad():
        layer.parametrizations.weight.original0.copy_(tg.tensor([[1.0], [2.0], [3.0]]))
    np.testing.assert_allclose(np.linalg.norm(layer.weight.detach().numpy(), axis=1), [1, 2, 3], rtol=1e-6)


@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from(["matrix_exp", "cayley", "householder"]), st.booleans())
def test_orthogonal_matrices_are_orthogonal(rows, columns, kind, trivial):
    layer = nn.Linear(columns, rows, dtype=tg.float64)
    parametrizations.orthogonal(layer, orthogonal_map=kind, use_trivialization=trivial)
    if trivial or kind != "householder":  # there the signs on the diagonal are kept
        with tg.no_grad():
            layer.parametrizations.weight.original.add_(tg.rand(rows, columns, dtype=tg.float64).tril(-1))
    w = layer.weight if rows >= columns else layer.weight.T
    np.testing.assert_allclose((w.T @ w).detach(), np.eye(min(rows, columns)), atol=1e-10)


def test_norms_in_a_training_loop_and_a_state_dict():
    for make in (parametrizations.weight_norm, parametrizations.spectral_norm, parametrizations.orthogonal):
        tg.manual_seed(0)
        model = nn.Sequential(make(nn.Linear(4, 4)), nn.Tanh(), nn.Linear(4, 1))
        optimizer = tg.optim.Adam(model.parameters(), lr=0.02)
        x = tg.randn(32, 4)
        losses = []
        for _ in range(40):
            optimizer.zero_grad()
            loss = ((model(x) - x[:, :1].sin()) ** 2).mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0] / 2
        twin = nn.Sequential(make(nn.Linear(4, 4)), nn.Tanh(), nn.Linear(4, 1))
        twin.load_state_dict(model.state_dict())
        assert (twin.eval()(x) == model.eval()(x)).all()


# --- pruning --------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0, 1))
def test_l1_pruning_keeps_the_largest(rows, columns, amount):
    layer = nn.Linear(columns, rows)
    before = layer.weight.detach().numpy().copy()
    prune.l1_unstructured(layer, "weight", amount)
    kept = layer.weight_mask.numpy().astype(bool)
    assert (~kept).sum() == round(amount * before.size)
    assert not kept.any() or kept.all() or abs(before[kept]).min() >= abs(before[~kept]).max()
    np.testing.assert_array_equal(layer.weight.detach(), np.where(kept, before, 0))


def test_pruned_weights_get_no_gradient_and_stay_zero():
    layer = prune.l1_unstructured(nn.Linear(4, 3), "weight", 0.5)
    optimizer = tg.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        layer(tg.randn(5, 4)).sum().backward()
        assert (layer.weight_orig.grad[layer.weight_mask == 0] == 0).all()
        optimizer.step()
    layer(tg.ones(1, 4))
    assert (layer.weight == 0).sum() == 6
    prune.remove(layer, "weight")
    assert (layer.weight == 0).sum() == 6 and isinstance(layer.weight, nn.Parameter)


def test_a_second_pruning_goes_on_where_the_first_one_ended():
    layer = nn.Linear(10, 1)
    prune.l1_unstructured(layer, "weight", 0.5)
    first = layer.weight_mask.clone()
    prune.l1_unstructured(layer, "weight", 0.4)
    assert (layer.weight_mask <= first).all() and layer.weight_mask.sum() == 3


def test_a_failed_pruning_leaves_the_module_as_it_was():
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="amount=9 should be smaller than the number of parameters to prune=4"):
        prune.l1_unstructured(layer, "weight", 9)
    assert sorted(layer.state_dict()) == ["bias", "weight"] and not prune.is_pruned(layer)


# --- old names ------------------------------------------------------------------------------------------------


def test_names_of_modules_do_not_hide_functions():
    from tinygrad_lite.nn.utils.spectral_norm import SpectralNorm
    from tinygrad_lite.nn.utils.weight_norm import WeightNorm

    assert callable(utils.weight_norm) and callable(utils.spectral_norm) and WeightNorm and SpectralNorm


def test_skipped_first_values_use_up_no_random_numbers():
    tg.manual_seed(0)
    expected = tg.rand(1)
    tg.manual_seed(0)
    assert utils.skip_init(nn.Linear, 2, 3).weight.shape == (3, 2)
    assert tg.rand(1) == expected


def test_deprecated_names_say_so():
    with pytest.warns(FutureWarning, match="in favor of"):
        utils.clip_grad_norm([], 1.0)
    with pytest.warns(FutureWarning, match="in favor of"):
        utils.weight_norm(nn.Linear(1, 1))
    with warnings.catch_warnings(), pytest.raises(ValueError, match="weight_norm of 'bias' not found"):
        warnings.simplefilter("ignore")
        utils.remove_weight_norm(utils.weight_norm(nn.Linear(1, 1)), "bias")
