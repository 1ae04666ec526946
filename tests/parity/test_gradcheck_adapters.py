"""Gradient checks of functions of PyTorch, JAX and autograd."""

import numpy as np
import pytest
import torch

import tinygrad_lite as tg
from tinygrad_lite.gradcheck import GradcheckError, gradcheck_foreign


def leaf(*shape, dtype=torch.float64, seed=0):
    drawn = torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))
    return drawn.requires_grad_()


class Cube(torch.autograd.Function):
    """Wrong in one element, by a factor of 1.001."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        slip = torch.ones_like(x)
        slip[1, 2] = 1.001
        return g * 3 * x**2 * slip


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.LayerNorm(5), torch.nn.Dropout(0.5), torch.nn.Linear(5, 2)
    )


TORCH = {
    "sin": (torch.sin, lambda: leaf(3, 4)),
    "large": (torch.sin, lambda: torch.tensor([1e8, 3.0], dtype=torch.float64, requires_grad=True)),
    "float32": (torch.tanh, lambda: leaf(3, 4, dtype=torch.float32)),
    "bfloat16": (torch.sin, lambda: leaf(5, dtype=torch.bfloat16)),
    "complex": (lambda z: z * z.conj() * z, lambda: leaf(3, dtype=torch.complex128)),
    "product": (torch.mm, lambda: (leaf(3, 4), leaf(4, 2))),
    "constant": (lambda x, c, k: (x * c)[k], lambda: (leaf(3), torch.ones(3), torch.tensor([2, 0]))),
    "nested": (lambda d: d["a"] * d["b"][0], lambda: ({"a": leaf(3), "b": [leaf(3, seed=1), 1]},)),
    "several": (lambda x: (x.exp(), x.sum(), (x > 0)), lambda: leaf(3)),
    "kink": (torch.relu, lambda: torch.zeros(3, requires_grad=True)),
    "down": (lambda x: x.float().sin(), lambda: leaf(3)),
    "linear": (torch.nn.Linear(4, 5), lambda: torch.ones(2, 4)),
    "network": (network(), lambda: leaf(3, 4, dtype=torch.float32)),
    "random": (lambda x: x * torch.rand(3, dtype=torch.float64), lambda: leaf(3)),
}


@pytest.mark.parametrize("name", TORCH)
def test_right_functions_of_pytorch_pass(name):
    function, inputs = TORCH[name]
    assert gradcheck_foreign(function, inputs())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_wrong_one_is_followed_to_its_element(dtype):
    with pytest.raises(GradcheckError, match=r"input `x` is wrong: at \[1, 2\].*factor 1.0010"):
        gradcheck_foreign(lambda x: Cube.apply(x), leaf(3, 4, dtype=dtype))
    report = gradcheck_foreign(lambda x: Cube.apply(x), leaf(3, 4, dtype=dtype), report=True)
    assert not report.ok
    assert report.findings[0].index == (1, 2)
    assert not gradcheck_foreign(Cube.apply, leaf(3, 4), raise_exception=False)


def test_the_wrong_parameter_of_a_module_is_named():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(3, 3)
            self.gain = torch.nn.Parameter(torch.randn(2, 3))

        def forward(self, x):
            return self.first(x) * Cube.apply(self.gain)

    with pytest.raises(GradcheckError, match=r"input `gain` is wrong: at \[1, 2\]"):
        gradcheck_foreign(Model(), torch.randn(2, 3))


def test_a_path_that_is_broken():
    with pytest.raises(GradcheckError, match="is wrong"):
        gradcheck_foreign(lambda x: x.detach() * 2, leaf(3))


def raises_above_one(x):
    if (x > 1).any():
        raise ArithmeticError("not above one")
    return x * x


def test_bad_input_is_explained():
    calls = []

    def counts(x):
        calls.append(1)
        return x * len(calls)

    with pytest.raises(GradcheckError, match="depends on how often it is called"):
        gradcheck_foreign(counts, leaf(3))
    near = torch.tensor([0.5, 0.9999], dtype=torch.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match=r"input `x` perturbed at \[1\].*raised ArithmeticError"):
        gradcheck_foreign(raises_above_one, near)
    with pytest.raises(ValueError, match="no input can be differentiated by; the inputs are: Tensor"):
        gradcheck_foreign(torch.sin, torch.ones(3))
    with pytest.raises(ValueError, match=r"returned torch.bool"):
        gradcheck_foreign(lambda x: x > 0, leaf(3))
    with pytest.raises(ValueError, match="these are tensors of tinygrad_lite: use gradcheck"):
        gradcheck_foreign(tg.sin, tg.ones(3))
    with pytest.raises(ValueError, match='give library="torch", "jax" or "autograd"'):
        gradcheck_foreign(np.sin, np.ones(3))
    with pytest.raises(ValueError, match="library must be one of 'torch', 'jax', 'autograd', got 'numpy'"):
        gradcheck_foreign(np.sin, np.ones(3), "numpy")


@pytest.mark.parametrize("library", ["jax", "autograd"])
def test_a_library_that_is_missing_is_named(library, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(ImportError, match=f"gradcheck_foreign needs {library}.*pip install {library}"):
        gradcheck_foreign(np.sin, np.ones(3), library)


def test_it_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    gradcheck_foreign(lambda x: x * torch.rand(3), leaf(3, dtype=torch.float32))
    assert torch.equal(before, torch.get_rng_state())


@pytest.fixture
def jax():
    return pytest.importorskip("jax", reason="JAX is not installed: pip install jax")


def test_functions_of_jax(jax):
    jnp = jax.numpy
    assert gradcheck_foreign(jnp.sin, jnp.linspace(0, 1, 4))
    assert gradcheck_foreign(lambda x: jnp.sin(x), np.linspace(0, 1, 4), "jax")
    assert gradcheck_foreign(lambda z: jnp.abs(z) ** 2 * z, jnp.array([1 + 2j, 3 - 1j]))
    parameters = {"w": 0.3 * jnp.ones((3, 2)), "b": jnp.zeros(2)}
    report = gradcheck_foreign(
        jax.jit(lambda p, x: jnp.tanh(x @ p["w"] + p["b"])), (parameters, jnp.ones((4, 3))), report=True
    )
    assert report.ok
    assert "p['w']" in str(report)
    assert gradcheck_foreign(lambda x, k: x[k], (jnp.ones(3), jnp.array([2, 0])))
    with pytest.raises(ValueError, match="returned bool"):
        gradcheck_foreign(lambda x: x > 0, jnp.ones(3))


def test_a_wrong_function_of_jax(jax):
    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, g: ((g * 3 * x**2).at[2].multiply(1.001),))
    with pytest.raises(GradcheckError, match=r"is wrong: at \[2\].*factor 1.0010"):
        gradcheck_foreign(cube, jax.numpy.linspace(1, 2, 5))
    assert not jax.config.jax_enable_x64


@pytest.fixture
def autograd():
    return pytest.importorskip("autograd", reason="autograd is not installed: pip install autograd")


def test_functions_of_autograd(autograd):
    anp = autograd.numpy
    assert gradcheck_foreign(anp.sin, np.array([1e6, 3.0]), "autograd")
    assert gradcheck_foreign(lambda x: x**2, 1e6, "autograd")
    assert gradcheck_foreign(lambda z: z * anp.conj(z) * z, np.array([1 + 2j, 3 - 1j]), "autograd")
    assert gradcheck_foreign(lambda x, y: (x @ y, x.sum()), (np.ones((2, 3)), np.ones((3, 2))), "autograd")
    assert gradcheck_foreign(anp.exp, np.ones(3, np.float32), "autograd")
    assert gradcheck_foreign(lambda x: x * np.random.normal(size=3), np.ones(3), "autograd")


def test_a_wrong_function_of_autograd(autograd):
    from autograd.extend import defvjp, primitive

    @primitive
    def cube(x):
        return x**3

    defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2 * np.where(np.arange(x.size) == 2, 1.001, 1))
    with pytest.raises(GradcheckError, match=r"is wrong: at \[2\].*factor 1.0010"):
        gradcheck_foreign(lambda x: cube(x), np.linspace(1, 2, 5), "autograd")
