"""NumPy's functions on tensors give what they give on arrays, and record it."""

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.numpy_protocol import FUNCTIONS, UFUNCS

RANDOM = np.random.default_rng(0)
A, B, C = (RANDOM.uniform(0.3, 2.0, shape) for shape in [(3, 4), (3, 4), (2, 3, 4)])
V = A[0].copy()

FUNCTION_CALLS = {
    "sum": lambda a: [np.sum(a), np.sum(a, axis=0), np.sum(a, (0, 1), keepdims=True), np.add.reduce(a), a.sum(axis=1)],
    "mean": lambda a: [np.mean(a), np.mean(a, axis=-1), np.mean(a, axis=(0, 1), keepdims=True)],
    "prod": lambda a: [np.prod(a), np.prod(a, axis=1), np.multiply.reduce(a, axis=1)],
    "max": lambda a: [np.max(a), np.amax(a, axis=0), np.maximum.reduce(a, axis=1, keepdims=True)],
    "min": lambda a: [np.min(a, axis=1), np.amin(a), np.minimum.reduce(a)],
    "argmax": lambda a: [np.argmax(a), np.argmax(a, axis=1), np.argmin(a, axis=0, keepdims=True)],
    "all": lambda a: [np.all(a > 1), np.any(a > 1, axis=0), np.logical_and.reduce(a > 1), np.logical_or.reduce(a > 1)],
    "var": lambda a: [np.var(a), np.var(a, axis=1, ddof=1), np.std(a), np.std(a, axis=0, keepdims=True)],
    "cumsum": lambda a: [np.cumsum(a), np.cumsum(a, axis=1)],
    "norm": lambda a: [np.linalg.norm(a), np.linalg.norm(a, axis=1), np.linalg.norm(a[0], 1)],
    "reshape": lambda a: [np.reshape(a, (4, 3)), np.reshape(a, -1), np.ravel(a)],
    "transpose": lambda a: [np.transpose(a), np.transpose(a, (1, 0)), np.swapaxes(a, 0, 1), np.moveaxis(a, 0, -1)],
    "expand_dims": lambda a: [np.expand_dims(a, 1), np.squeeze(a[:, None]), np.squeeze(a[None], axis=0)],
    "broadcast_to": lambda a: np.broadcast_to(a[0], (2, 4)),
    "concatenate": lambda a: [np.concatenate([a, B]), np.concatenate([B, a], 1), np.concatenate([a, B], axis=None)],
    "stack": lambda a: [np.stack([a, B]), np.stack([a, a], axis=-1)],
    "split": lambda a: [*np.split(a, 3), *np.split(a, 2, axis=1), *np.split(a, [1, 3], axis=1), *np.split(a, [5])],
    "flip": lambda a: [np.flip(a), np.flip(a, 0), np.flip(a, (0, 1))],
    "roll": lambda a: [np.roll(a, 1), np.roll(a, 1, axis=0), np.roll(a, (1, 2), (0, 1)), np.roll(a, 1, axis=(0, 1))],
    "tile": lambda a: [np.tile(a, 2), np.tile(a, (2, 1, 2))],
    "tril": lambda a: [np.tril(a), np.triu(a, 1), np.tril(a, k=-1)],
    "diagonal": lambda a: [np.diagonal(a), np.diagonal(a, 1), np.diagonal(a, 0, 1, 0)],
    "copy": lambda a: [np.copy(a), np.astype(a, np.float32)],
    "where": lambda a: [np.where(a > 1, a, B), np.where(A > 1, a, 0.0), *np.where(a > 1)],
    "clip": lambda a: [np.clip(a, 0.5, 1), np.clip(a, None, 1), np.clip(a, a_min=1, a_max=None), np.clip(a, max=1)],
    "round": lambda a: [np.round(a), np.round(a, 1), np.real(a)],
    "dot": lambda a: [np.dot(a, V), np.dot(a, a.T), np.dot(V, a.T), np.dot(a, 2.0), np.matmul(a, V), A.T @ a, a @ A.T],
    "like": lambda a: [np.zeros_like(a), np.ones_like(a, dtype=np.int64), np.full_like(a, 3)],
    "facts": lambda a: [tuple(np.shape(a)), np.ndim(a), np.size(a), np.size(a, 1)],
    "equality": lambda a: [np.allclose(a, A), np.array_equal(a, B), np.equal(B, a), np.less(B, a)],
    "arrays first": lambda a: [B + a, B - a, B * a, B / a, B**a, B // a, B % a],
    "NumPy numbers": lambda a: [np.float64(2) * a, a * np.float64(2), np.int64(2) + a, a ** np.float64(2)],
    "powers": lambda a: [np.power(a, 2.5), np.float_power(a, 2), np.square(a), np.sqrt(a), np.reciprocal(a)],
    "exponentials": lambda a: [np.exp(a), np.log(a), np.expm1(a), np.logaddexp(a, B), np.tanh(a)],
    "angles": lambda a: [np.sin(a), np.arctan(a), np.arctan2(B, a), np.hypot(a, B)],
    "signs": lambda a: [np.abs(a), np.sign(a), np.negative(a), np.positive(a), np.conjugate(a)],
    "truths": lambda a: [np.isnan(a), np.isfinite(a), np.logical_not(a), np.logical_and(a, B)],
    "binary": lambda a: [np.add(a, B), np.maximum(a, 1.0), np.minimum(B, a), np.fmod(a, B), np.floor(a)],
}  # fmt: skip


def arrays(value):
    """The values in a result, whatever it is made of."""
    if isinstance(value, list | tuple):
        return [array for item in value for array in arrays(item)]
    return [value.detach().numpy() if isinstance(value, tg.Tensor) else np.asarray(value)]


def tensors(value):
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in tensors(item)]
    return [value] if isinstance(value, tg.Tensor) else []


@pytest.mark.parametrize("name", FUNCTION_CALLS)
def test_as_on_arrays(name):
    ours, numpys = FUNCTION_CALLS[name](tg.tensor(A)), FUNCTION_CALLS[name](A)
    assert isinstance(ours, list) == isinstance(numpys, list)
    for a, b in zip(arrays(ours), arrays(numpys), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, 1e-12)


@pytest.mark.parametrize(
    "name", [name for name in FUNCTION_CALLS if name not in ("argmax", "all", "like", "facts", "equality", "truths")]
)
def test_gradients_flow(name):
    x = tg.tensor(A, requires_grad=True)
    found = tensors(FUNCTION_CALLS[name](x))
    assert any(t.requires_grad for t in found)
    assert all(t.requires_grad == (t.grad_fn is not None) or t is x for t in found)


def test_three_dimensions():
    c = tg.tensor(C)
    for call in (np.transpose, lambda a: np.moveaxis(a, [0, 1], [1, 2]), lambda a: np.sum(a, axis=(0, 2))):
        np.testing.assert_allclose(call(c).numpy(), call(C), 1e-12)


REFUSED = {
    "a function that is not in the table": lambda a: np.median(a),
    "a ufunc that is not in the table": lambda a: np.cbrt(a),
    "a reduction that is not in the table": lambda a: np.hypot.reduce(a),
    "where=": lambda a: np.add(a, 1, where=A > 1),
    "a norm of matrices": lambda a: np.linalg.norm(a, 2),
    "dot of batches": lambda a: np.dot(a, tg.tensor(C)),
    "accumulate": lambda a: np.add.accumulate(a),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_rather_than_computed_without_its_gradient(name):
    with pytest.raises(TypeError, match=r"np\.\S+ .*not defined for tensors|np\.\S+.* is not defined"):
        REFUSED[name](tg.tensor(A, requires_grad=True))


def test_unequal_split_is_refused():
    with pytest.raises(ValueError, match="equal division"):
        np.split(tg.tensor(A), 2)


def test_out_takes_what_needs_no_gradient():
    out = np.zeros((3, 4))
    assert np.add(tg.tensor(A), 1, out=out) is out
    np.testing.assert_allclose(out, A + 1)
    array = A.copy()
    array += tg.ones(3, 4)
    np.testing.assert_allclose(array, A + 1)
    with pytest.raises(RuntimeError, match="lose the gradient"):
        np.add(tg.tensor(A, requires_grad=True), 1, out=out)


def test_arrays_and_tensors_share_memory_where_they_can():
    x = tg.zeros(3)
    np.asarray(x)[0] = 5
    assert x.tolist() == [5, 0, 0]
    assert np.array(x, dtype=np.float64).dtype == np.float64
    assert np.shares_memory(np.from_dlpack(x), x.numpy())
    with pytest.raises(RuntimeError, match="requires grad"):
        np.asarray(tg.zeros(3, requires_grad=True))


def test_the_tables_have_no_holes():
    assert all(callable(value) for value in (*UFUNCS.values(), *FUNCTIONS.values()))
    assert len(UFUNCS) > 40
    assert len(FUNCTIONS) > 40
