"""nn.utils: clipping, vectors, fusion, parametrisations, weight and spectral norm, pruning, as in PyTorch."""

import copy
import warnings

import numpy as np
import pytest

import tinygrad_lite as tg

torch = pytest.importorskip("torch")
import torch.nn.utils.prune  # noqa: E402, F811
import torch.nn.utils.stateless  # noqa: E402

INF = float("inf")


def array(t):
    return t.numpy(force=True)


def assert_close(a, b, tolerance=1e-12):
    a, b = array(a), array(b)
    assert a.shape == b.shape and a.dtype == b.dtype
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def assert_same_state(ours, theirs, tolerance=1e-12):
    assert list(ours) == list(theirs)
    for name in theirs:
        assert_close(ours[name], theirs[name], tolerance)


def silently(act, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return act(*args, **kwargs)


def raised(act):
    with pytest.raises(Exception) as info:
        act()
    return info.type, str(info.value)


# --- clipping -----------------------------------------------------------------------------------------------


def with_gradients(m, dtype="float64", scale=1.0, shapes=((3, 4), (), (5,), (2, 3, 2))):
    random = np.random.default_rng(0)
    params = [m.nn.Parameter(m.from_numpy(np.ones(s, dtype))) for s in shapes]
    for p in params:
        g = random.standard_normal(tuple(p.shape)) * scale
        p.grad = m.from_numpy(np.asarray(g + 1j * g[::-1] if np.dtype(dtype).kind == "c" and g.ndim else g, dtype))
    return [*params, m.nn.Parameter(m.ones(2))]


@pytest.mark.parametrize("foreach", [None, False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-6), ("complex128", 1e-13)])
@pytest.mark.parametrize("norm_type", [2, 2.0, 1, 3.5, 0.5, INF, -INF, 0, "inf"])
@pytest.mark.parametrize("max_norm", [0.5, 1e6, 0.0])
def test_clip_grad_norm(norm_type, max_norm, dtype, tolerance, foreach):
    if norm_type == 0 and dtype == "complex128":
        pytest.skip("PyTorch casts with a warning")
    ours, theirs = with_gradients(tg, dtype), with_gradients(torch, dtype)
    norms = [
        m.nn.utils.clip_grad_norm_(iter(ps), max_norm, norm_type, foreach=foreach)
        for m, ps in ((tg, ours), (torch, theirs))
    ]
    assert_close(*norms, tolerance)
    for p, q in zip(ours[:-1], theirs[:-1], strict=True):
        assert_close(p.grad, q.grad, tolerance)


def test_clipping_by_value_and_by_a_known_norm():
    ours, theirs = with_gradients(tg), with_gradients(torch)
    for m, ps in ((tg, ours), (torch, theirs)):
        m.nn.utils.clip_grad_value_(ps, 0.4)
        m.nn.utils.clip_grad_value_(ps[0], 0.3, foreach=False)
        norm = m.nn.utils.get_total_norm([p.grad for p in ps[:-1]], 2)
        m.nn.utils.clip_grads_with_norm_(ps, 0.7, norm)
        m.nn.utils.clip_grads_with_norm_(ps[0], 0.1, m.tensor(3.0))
    for p, q in zip(ours[:-1], theirs[:-1], strict=True):
        assert_close(p.grad, q.grad, 1e-15)


def test_norms_that_are_not_finite():
    for m in (tg, torch):
        p = m.nn.Parameter(m.ones(2))
        p.grad = m.tensor([1.0, INF])
        with pytest.raises(RuntimeError, match=r"total norm of order 2.0 for gradients .* is non-finite"):
            m.nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
        assert m.nn.utils.clip_grad_norm_(p, 1.0).item() == INF and np.isnan(array(p.grad)[1])


def test_nothing_to_clip():
    for m in (tg, torch):
        assert m.nn.utils.clip_grad_norm_([], 1.0).item() == 0
        assert m.nn.utils.clip_grad_norm_([m.nn.Parameter(m.ones(2))], 1.0).item() == 0
        with pytest.warns(UserWarning, match="empty generator"):
            m.nn.utils.clip_grad_norm_((p for p in []), 1.0)
        with pytest.warns(FutureWarning, match="is now deprecated in favor of"):
            m.nn.utils.clip_grad_norm([], 1.0)


def test_vectors():
    ours, theirs = tg.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    for m, layer in ((tg, ours), (torch, theirs)):
        m.nn.utils.vector_to_parameters(m.arange(8.0), layer.parameters())
        vector = m.nn.utils.parameters_to_vector(layer.parameters())
        assert vector.tolist() == list(range(8)) and vector.requires_grad
        with pytest.raises(TypeError, match="expected .*Tensor, but got: "):
            m.nn.utils.vector_to_parameters([1.0], layer.parameters())
    assert_same_state(ours.state_dict(), theirs.state_dict())


# --- fusion -------------------------------------------------------------------------------------------------


def norm_like(m, kind, features, affine=True):
    bn = getattr(m.nn, kind)(features, affine=affine).double()
    with m.no_grad():
        for k, t in enumerate(bn.state_dict().values()):
            if t.ndim:
                t.copy_(m.linspace(0.5 + k, 1.5, features, dtype=m.float64))
    return bn.eval()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("affine", [False, True])
def test_fusion_with_convolutions(bias, affine):
    for conv, transpose in (("Conv2d", False), ("ConvTranspose2d", True)):
        answers = []
        for m in (tg, torch):
            m.manual_seed(0)
            layer = getattr(m.nn, conv)(2, 3, 2, bias=bias).double().eval()
            bn = norm_like(m, "BatchNorm2d", 3, affine)
            fused = m.nn.utils.fuse_conv_bn_eval(layer, bn, transpose)
            x = m.linspace(-1, 1, 32, dtype=m.float64).reshape(1, 2, 4, 4)
            assert_close(fused(x), bn(layer(x)))
            answers.append(fused.state_dict())
        assert_same_state(*answers, 1e-6)


@pytest.mark.parametrize("features", [1, 3])
def test_fusion_with_linear_layers(features):
    answers = []
    for m in (tg, torch):
        m.manual_seed(0)
        layer = m.nn.Linear(4, 3).double().eval()
        answers.append(m.nn.utils.fuse_linear_bn_eval(layer, norm_like(m, "BatchNorm1d", features)).state_dict())
        with pytest.raises(AssertionError, match="linear.out_features == bn.num_features"):
            m.nn.utils.fuse_linear_bn_eval(layer, norm_like(m, "BatchNorm1d", 2))
        with pytest.raises(AssertionError, match="Fusion only for eval!"):
            m.nn.utils.fuse_linear_bn_eval(layer.train(), norm_like(m, "BatchNorm1d", 3))
    assert_same_state(*answers, 1e-6)


# --- parametrisations ---------------------------------------------------------------------------------------


def layer_of(m, kind="Linear", *args, dtype="float64"):
    m.manual_seed(1)
    return getattr(m.nn, kind)(*(args or (4, 3))).to(getattr(m, dtype))


def train(m, layer, x, steps=3, lr=0.1):
    """The outputs of some steps of training, then one in evaluation."""
    optimizer = m.optim.SGD(layer.parameters(), lr=lr)
    outputs = []
    for _ in range(steps):
        optimizer.zero_grad()
        out = layer(x)
        outputs.append(out)
        (out * m.arange(out.numel(), dtype=x.dtype).reshape(out.shape).cos()).sum().backward()
        optimizer.step()
    layer.eval()
    return [*outputs, layer(x)]


CASES = {
    "Linear": ((4, 3), (2, 4)), "Conv1d": ((2, 3, 2), (2, 2, 5)), "Conv2d": ((2, 3, 2), (1, 2, 4, 4)),
    "ConvTranspose2d": ((2, 3, 2), (1, 2, 3, 3)),
}  # fmt: skip
NORMS = {
    "weight_norm": lambda m, layer: m.nn.utils.parametrizations.weight_norm(layer),
    "weight_norm along 1": lambda m, layer: m.nn.utils.parametrizations.weight_norm(layer, dim=1),
    "weight_norm over all": lambda m, layer: m.nn.utils.parametrizations.weight_norm(layer, "weight", None),
    "spectral_norm": lambda m, layer: m.nn.utils.parametrizations.spectral_norm(layer),
    "spectral_norm of the bias": lambda m, layer: m.nn.utils.parametrizations.spectral_norm(layer, "bias"),
    "spectral_norm along 1": lambda m, layer: m.nn.utils.parametrizations.spectral_norm(layer, "weight", 2, 1e-6, -1),
    "old weight_norm": lambda m, layer: silently(m.nn.utils.weight_norm, layer),
    "old weight_norm over all": lambda m, layer: silently(m.nn.utils.weight_norm, layer, "weight", None),
    "old spectral_norm": lambda m, layer: m.nn.utils.spectral_norm(layer),
    "old spectral_norm, 3 iterations": lambda m, layer: m.nn.utils.spectral_norm(layer, "weight", 3, 1e-6, 1),
}


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("norm", NORMS)
def test_norms_of_weights(norm, kind):
    if norm == "spectral_norm of the bias" and kind == "ConvTranspose2d":
        pytest.skip("a bias has no dimension 1")
    args, shape = CASES[kind]
    results = []
    for m in (tg, torch):
        layer = NORMS[norm](m, layer_of(m, kind, *args))
        start = {name: t.clone() for name, t in layer.state_dict().items()}
        x = m.linspace(-1, 1, int(np.prod(shape)), dtype=m.float64).reshape(shape)
        results.append((start, train(m, layer, x), layer.state_dict(), layer))
    (start, outputs, state, ours), (their_start, their_outputs, their_state, theirs) = results
    assert_same_state(start, their_start, 1e-6)  # double() of a float32 drawn alike
    assert_same_state(state, their_state, 1e-6)
    for a, b in zip(outputs, their_outputs, strict=True):
        assert_close(a, b, 1e-6)
    for name, p in ours.named_parameters():
        assert_close(p.grad, theirs.get_parameter(name).grad, 1e-6)
    assert repr(ours).splitlines()[0] == repr(theirs).splitlines()[0]


@pytest.mark.parametrize("old", ["weight_norm", "spectral_norm"])
def test_old_norms_are_removed(old):
    answers = []
    for m in (tg, torch):
        layer = silently(getattr(m.nn.utils, old), layer_of(m))
        x = m.linspace(-1, 1, 8, dtype=m.float64).reshape(2, 4)
        train(m, layer, x)
        before = layer(x)
        assert getattr(m.nn.utils, f"remove_{old}")(layer) is layer
        assert_close(layer(x), before)
        answers.append(layer.state_dict())
        assert not layer._forward_pre_hooks and isinstance(layer.weight, m.nn.Parameter)
        with pytest.raises(ValueError, match=f"{old} of 'weight' not found in Linear"):
            getattr(m.nn.utils, f"remove_{old}")(layer)
        silently(getattr(m.nn.utils, old), layer)
        with pytest.raises(RuntimeError, match=f"Cannot register two {old} hooks on the same parameter weight"):
            silently(getattr(m.nn.utils, old), layer)
    assert list(answers[0]) == list(answers[1])
    with pytest.warns(FutureWarning, match="weight_norm` is deprecated"):
        tg.nn.utils.weight_norm(layer_of(tg))


def test_an_old_checkpoint_of_weight_norm_loads():
    for m in (tg, torch):
        old, new = (
            silently(m.nn.utils.weight_norm, layer_of(m)),
            m.nn.utils.parametrizations.weight_norm(m.nn.Linear(4, 3)),
        )
        new.load_state_dict(old.state_dict())
        x = m.ones(2, 4, dtype=m.float64)
        np.testing.assert_allclose(array(new.double()(x)), array(old(x)), rtol=1e-6)


@pytest.mark.parametrize("trivial", [True, False])
@pytest.mark.parametrize("orthogonal_map", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("sizes", [(3, 3), (5, 3), (3, 5)])
def test_orthogonal(sizes, orthogonal_map, trivial):
    results = []
    for m in (tg, torch):
        layer = layer_of(m, "Linear", *sizes)
        m.manual_seed(2)
        m.nn.utils.parametrizations.orthogonal(layer, orthogonal_map=orthogonal_map, use_trivialization=trivial)
        x = m.linspace(-1, 1, 2 * sizes[0], dtype=m.float64).reshape(2, sizes[0])
        outputs = train(m, layer, x, lr=0.01)
        w = layer.weight.detach()
        w = w.mT if w.shape[0] < w.shape[1] else w
        assert_close(w.mT @ w, m.eye(min(sizes), dtype=m.float64), 1e-9)
        results.append((outputs, layer.state_dict()))
    assert_same_state(results[0][1], results[1][1], 1e-6)
    for a, b in zip(results[0][0], results[1][0], strict=True):
        assert_close(a, b, 1e-6)


def test_orthogonal_takes_values_and_complex_matrices():
    for m in (tg, torch):
        layer = m.nn.utils.parametrizations.orthogonal(layer_of(m, "Linear", 3, 3))
        q = m.linalg.qr(m.arange(9.0, dtype=m.float64).reshape(3, 3).cos())[0]
        layer.weight = q
        assert_close(layer.weight, q)
        with pytest.raises(ValueError, match="Expected a matrix or batch of matrices of shape"):
            layer.weight = q[:2]
        module = m.nn.Module()
        module.weight = m.nn.Parameter(m.eye(3, dtype=m.complex128) * 1j + 0.1)
        m.nn.utils.parametrizations.orthogonal(module)
        assert_close(module.weight.mH @ module.weight, m.eye(3, dtype=m.complex128))
        plain = m.nn.utils.parametrizations.orthogonal(layer_of(m), orthogonal_map="cayley", use_trivialization=False)
        with pytest.raises(NotImplementedError, match="not possible to assign"):
            plain.weight = m.zeros(3, 4, dtype=m.float64)


def double(m):
    class Double(m.nn.Module):
        def forward(self, x):
            return 2 * x

        def right_inverse(self, x):
            return x / 2

    return Double()


def split(m):
    class Sum(m.nn.Module):
        def forward(self, x, y):
            return x + y

        def right_inverse(self, z):
            return z * 0.25, z * 0.75

    return Sum()


def skew(m):
    class Skew(m.nn.Module):
        def forward(self, x):
            return x.triu(1) - x.triu(1).mT

    return Skew()


def test_parametrisations_one_on_the_other():
    answers = []
    for m in (tg, torch):
        P = m.nn.utils.parametrize
        layer = layer_of(m, "Linear", 3, 3)
        for function in (split(m), double(m)):
            assert P.register_parametrization(layer, "weight", function) is layer
        P.register_parametrization(layer, "bias", double(m))
        assert P.is_parametrized(layer) and P.is_parametrized(layer, "bias") and not P.is_parametrized(layer, "x")
        assert P.type_before_parametrizations(layer) is m.nn.Linear and type(layer).__name__ == "ParametrizedLinear"
        layer.weight = m.ones(3, 3, dtype=m.float64) * 3
        assert_close(layer.weight, m.ones(3, 3, dtype=m.float64) * 3)
        twin = copy.deepcopy(layer)
        outputs = train(m, layer, m.eye(3, dtype=m.float64))
        assert_close(twin.weight, m.ones(3, 3, dtype=m.float64) * 3)
        with P.cached():
            assert layer.weight is layer.weight
        assert layer.weight is not layer.weight
        with pytest.raises(RuntimeError, match="only supported through state_dict"):
            layer.__getstate__()
        with pytest.raises(ValueError, match="Cannot leave unparametrized"):
            P.remove_parametrizations(layer, "weight", leave_parametrized=False)
        state = dict(layer.state_dict())
        other = P.transfer_parametrizations_and_params(twin, m.nn.Linear(3, 3).double())
        assert_close(other.weight, twin.weight)
        P.remove_parametrizations(layer, "weight")
        P.remove_parametrizations(layer, "bias", leave_parametrized=False)
        assert type(layer) is m.nn.Linear and isinstance(layer.weight, m.nn.Parameter)
        answers.append((state, layer.state_dict(), outputs, twin.state_dict()))
    for k in (0, 1, 3):
        assert_same_state(answers[0][k], answers[1][k], 1e-6)
    for a, b in zip(answers[0][2], answers[1][2], strict=True):
        assert_close(a, b, 1e-6)


def test_parametrised_buffers_and_their_repr():
    texts = []
    for m in (tg, torch):
        P = m.nn.utils.parametrize
        module = m.nn.Sequential(m.nn.Linear(3, 3))
        module[0].register_buffer("mask", m.ones(3, 3))
        P.register_parametrization(module[0], "mask", skew(m))
        P.register_parametrization(module[0], "weight", skew(m))
        assert_close(module[0].mask, -module[0].mask.mT)
        assert list(module.state_dict()) == [
            "0.bias",
            "0.parametrizations.mask.original",
            "0.parametrizations.weight.original",
        ]
        with pytest.raises(RuntimeError, match="Skew does not implement right_inverse"):
            module[0].weight = m.ones(3, 3)
        P.remove_parametrizations(module[0], "mask")
        assert "mask" in dict(module[0].named_buffers()) and type(module[0]).__name__ == "ParametrizedLinear"
        texts.append(repr(module))
    assert texts[0] == texts[1]


def returns(m, value, inverse=None):
    class Function(m.nn.Module):
        def forward(self, *x):
            return value(*x)

    if inverse is not None:
        Function.right_inverse = lambda self, x: inverse(x)
    return Function()


def with_complex_weight(m):
    module = m.nn.Module()
    module.weight = m.nn.Parameter(m.eye(3, dtype=m.complex64))
    return module


WRONG = [
    lambda m, it: m.nn.utils.parametrize.register_parametrization(it, "x", double(m)),
    lambda m, it: m.nn.utils.parametrize.register_parametrization(it, "weight", returns(m, lambda x: 2)),
    lambda m, it: m.nn.utils.parametrize.register_parametrization(it, "weight", returns(m, lambda x: x[:1])),
    lambda m, it: m.nn.utils.parametrize.register_parametrization(it, "weight", returns(m, lambda x: x.float())),
    lambda m, it: m.nn.utils.parametrize.register_parametrization(it, "weight", returns(m, lambda x: x, lambda x: 2)),
    lambda m, it: m.nn.utils.parametrize.register_parametrization(it, "weight", returns(m, lambda x: x, lambda x: x.float())),
    lambda m, it: m.nn.utils.parametrize.register_parametrization(it, "weight", returns(m, lambda x, y: x, lambda x: (x, 2))),
    *(
        lambda m, it, f=f, g=g: [m.nn.utils.parametrize.register_parametrization(it, "weight", p) for p in (double(m), returns(m, f, g))]
        for f, g in [(lambda x: 2, None), (lambda x: x[:1], None), (lambda x: x.float(), None), (lambda x: x, lambda x: 3),
                     (lambda x: x, lambda x: x[:1]), (lambda x: x, lambda x: x.float())]
    ),
    lambda m, it: m.nn.utils.parametrize.remove_parametrizations(it, "weight"),
    lambda m, it: m.nn.utils.parametrize.ParametrizationList([], it.weight),
    lambda m, it: m.nn.utils.parametrizations.orthogonal(it, "bias"), lambda m, it: m.nn.utils.parametrizations.orthogonal(it, "x"),
    lambda m, it: m.nn.utils.parametrizations.orthogonal(it, orthogonal_map="x"),
    lambda m, it: m.nn.utils.parametrizations.orthogonal(with_complex_weight(m), orthogonal_map="householder"),
    lambda m, it: m.nn.utils.parametrizations.spectral_norm(it, "x"), lambda m, it: m.nn.utils.parametrizations.spectral_norm(it, dim=2),
    lambda m, it: m.nn.utils.parametrizations.spectral_norm(it, n_power_iterations=0),
    lambda m, it: m.nn.utils.spectral_norm(it, n_power_iterations=0), lambda m, it: m.nn.utils.spectral_norm(it, "x"),
    lambda m, it: m.nn.utils.prune.l1_unstructured(it, "weight", "x"), lambda m, it: m.nn.utils.prune.l1_unstructured(it, "weight", 1.5),
    lambda m, it: m.nn.utils.prune.l1_unstructured(it, "weight", -1), lambda m, it: m.nn.utils.prune.l1_unstructured(it, "weight", 99),
    lambda m, it: m.nn.utils.prune.l1_unstructured(it, "x", 1), lambda m, it: m.nn.utils.prune.ln_structured(it, "bias", 1, 2, 0),
    lambda m, it: m.nn.utils.prune.ln_structured(it, "weight", 1, 2, 5), lambda m, it: m.nn.utils.prune.remove(it, "weight"),
    lambda m, it: m.nn.utils.prune.l1_unstructured(it, "weight", 1, m.ones(2)), lambda m, it: m.nn.utils.prune.custom_from_mask(it, "weight", m.ones(2)),
    lambda m, it: m.nn.utils.prune.global_unstructured(3, m.nn.utils.prune.Identity), lambda m, it: m.nn.utils.prune.PruningContainer().add_pruning_method(2),
    lambda m, it: m.nn.utils.prune.global_unstructured([(it, "weight")], m.nn.utils.prune.LnStructured, amount=1, n=2),
    lambda m, it: m.nn.utils.prune.global_unstructured([(it, "weight")], m.nn.utils.prune.Identity, [1]),
    lambda m, it: m.nn.utils.skip_init(dict), lambda m, it: m.nn.utils.prune.BasePruningMethod(),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_use_raises_the_same(wrong):
    (our_type, ours), (their_type, theirs) = (raised(lambda m=m: wrong(m, layer_of(m))) for m in (tg, torch))
    assert our_type is their_type
    assert ours.replace("tinygrad_lite", "torch")[:19] == theirs[:19]


# --- pruning ------------------------------------------------------------------------------------------------

PRUNED = {
    "identity": lambda P, it: P.identity(it, "weight"),
    "l1": lambda P, it: P.l1_unstructured(it, "weight", 0.3),
    "l1 of 5": lambda P, it: P.l1_unstructured(it, "weight", 5),
    "random": lambda P, it: P.random_unstructured(it, "weight", 0.4),
    "random slices": lambda P, it: P.random_structured(it, "weight", 0.5, 1),
    "slices": lambda P, it: P.ln_structured(it, "weight", 1, 2, 0),
    "slices by their largest": lambda P, it: P.ln_structured(it, "weight", 0.5, INF, -1),
    "nothing": lambda P, it: P.l1_unstructured(it, "weight", 0),
    "everything": lambda P, it: P.l1_unstructured(it, "weight", 1.0),
    "several": lambda P, it: [P.l1_unstructured(it, "weight", 0.2), P.ln_structured(it, "weight", 1, 1, 0), P.random_unstructured(it, "weight", 2)],
    "bias too": lambda P, it: [P.l1_unstructured(it, "weight", 0.2), P.l1_unstructured(it, "bias", 1)],
    "slices and a mask": lambda P, it: [P.ln_structured(it, "weight", 1, 2, 1), P.custom_from_mask(it, "weight", it.weight > 0)],
}  # fmt: skip


@pytest.mark.parametrize("how", PRUNED)
def test_pruning(how):
    answers = []
    for m in (tg, torch):
        P = m.nn.utils.prune
        layer = layer_of(m)
        m.manual_seed(5)
        PRUNED[how](P, layer)
        assert P.is_pruned(layer) and not P.is_pruned(m.nn.Linear(1, 1))
        start = {name: t.clone() for name, t in layer.state_dict().items()}
        outputs = train(m, layer, m.linspace(-1, 1, 8, dtype=m.float64).reshape(2, 4))
        P.remove(layer, "weight")
        answers.append((start, layer.state_dict(), outputs))
    assert_same_state(answers[0][0], answers[1][0], 1e-7)
    assert_same_state(answers[0][1], answers[1][1], 1e-6)
    for a, b in zip(answers[0][2], answers[1][2], strict=True):
        assert_close(a, b, 1e-6)


def test_pruning_over_several_modules_and_by_other_scores():
    answers = []
    for m in (tg, torch):
        P = m.nn.utils.prune
        one, other = layer_of(m), layer_of(m, "Linear", 3, 2)
        P.l1_unstructured(one, "weight", 2, importance_scores=m.arange(12.0).reshape(3, 4))
        pairs = [(one, "weight"), (other, "weight")]
        P.global_unstructured(pairs, P.L1Unstructured, amount=0.5)
        P.global_unstructured(pairs, P.L1Unstructured, {(other, "weight"): m.ones(2, 3, dtype=m.float64)}, amount=3)
        assert isinstance(next(iter(one._forward_pre_hooks.values())), P.PruningContainer)
        answers.append(
            {f"{k}{name}": t for k, part in enumerate((one, other)) for name, t in part.state_dict().items()}
        )
    assert_same_state(*answers, 1e-7)


# --- the rest -----------------------------------------------------------------------------------------------


def test_names_and_what_else_there_is():
    assert all(hasattr(tg.nn.utils, name) for name in torch.nn.utils.__all__)
    assert all(hasattr(tg.nn.utils.parametrize, name) for name in torch.nn.utils.parametrize.__all__)
    for m in (tg, torch):
        m.manual_seed(3)
        before = m.rand(1)
        m.manual_seed(3)
        layer = m.nn.utils.skip_init(m.nn.Linear, 2, 3)
        assert layer.weight.shape == (3, 2) and m.rand(1).item() == before.item()
        conv = m.nn.Sequential(m.nn.Conv2d(2, 3, 2))
        assert m.nn.utils.convert_conv2d_weight_memory_format(conv, m.channels_last) is conv
        assert conv[0].weight.stride() == (8, 1, 4, 2)
        with pytest.warns(FutureWarning, match="functional_call. is deprecated"):
            out = m.nn.utils.stateless.functional_call(layer, {"weight": m.ones(3, 2), "bias": m.ones(3)}, m.ones(2))
        assert out.tolist() == [3, 3, 3]
