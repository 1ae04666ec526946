"""The small modules of torch's namespace: types, devices, autocast, `out=`, lists of tensors, storage, sparse, testing."""

import functools
import warnings

import numpy as np
import pytest
import torch

import tinygrad_lite as tg
from tests.helpers import agree as agree_on
from tests.helpers import assert_same, case, see, table

X = np.random.default_rng(0).standard_normal((4, 4)).astype(np.float32)
A = np.arange(6.0).reshape(2, 3)

FORMS = [
    case("types of tensors", lambda m, x: [m.FloatTensor([1, 2]), m.LongTensor([1.5, 2]), m.ByteTensor(2, 3).zero_(),
         m.BoolTensor([True]), m.DoubleTensor(m.ones(2, dtype=m.double)), m.HalfTensor(0), m.IntTensor(range(3))], A),
    case("names of types", lambda m, x: [x.type(), x.long().type(), x.type("torch.IntTensor"), x.type(m.LongTensor),
         x.type(m.float16), m.typename(x), isinstance(x, m.DoubleTensor), isinstance(x, m.FloatTensor)], A),
    case("new", lambda m, x: [x.detach().new(2, 2).shape, x.detach().new([3, 4]), x.detach().new(m.Size([1])).shape], A),
    case("facts", lambda m, x: [x.get_device(), x.is_signed(), x.is_conj(), x.is_cpu, x.is_pinned(), x.is_shared(),
         x.is_same_size(x), x.is_set_to(x), x.dim_order(), m.is_same_size(x, x[0]), x.output_nr, x.is_inference()], A),
    case("storage", lambda m, x: [list(x.untyped_storage())[:9], x.untyped_storage().nbytes(), len(x[1].untyped_storage()),
         x.storage().tolist(), m.is_storage(x.untyped_storage())], A),
    case("apply", lambda m, x: [x.detach().apply_(lambda v: v + 1), x.detach().map_(m.ones(3).double(), lambda a, b: a * b)], A),
    case("range", lambda m, x: [m.range(1, 4), m.range(0, 1, 0.25), m.range(5, 1, -2), m.vander(x.detach()[0], 4), m.fill(x, 2.0)], A),
    case("pieces", lambda m, x: [m.unsafe_split(x, 2, 1), x.unsafe_chunk(2, 1), m.unsafe_split_with_sizes(x, [1, 2], 1),
         x.narrow_copy(1, 1, 2), m.nonzero_static(x, size=3), x.nonzero_static(size=9, fill_value=7)], A),
    case("norms", lambda m, x: [m.norm_except_dim(x, 2, 1), m.norm_except_dim(x, 1, -1), m.nuclear_norm(x),
         m.frobenius_norm(x, 1, True)], (3, 2)),
    case("in place", lambda m, x: [m.exp_(x * 1), m.relu_(x * 1), m.clamp_(x * 1, 0, 1), m.neg_(x * 1), m.sqrt_(x * x)], (3,)),
    case("foreach", lambda m, x: [m._foreach_add([x, x[0]], [x, x[1]], alpha=2), m._foreach_mul([x], 3.0),
         m._foreach_lerp([x], [x + 1], 0.3), m._foreach_addcdiv([x], [x], [x * x + 1], value=2.0), m._foreach_norm([x, x[0]]),
         m._foreach_maximum([x], 0.5), m._foreach_sqrt([x * x + 1])], (2, 3)),
    case("embedding", lambda m, w: m.embedding(w, m.tensor([1, 0, 1])), (3, 2)),
    case("norm layers", lambda m, x, w, b: [m.batch_norm(x, w, b, None, None, True, 0.1, 1e-5, False),
         m.instance_norm(x, w, b, None, None, True, 0.1, 1e-5, False)], (2, 3, 4), (3,), (3,)),
    case("losses", lambda m, x, y: [m.kl_div(x, y.sigmoid()), m.kl_div(x, y.sigmoid(), 2), m.margin_ranking_loss(x, y, y.sign()),
         m.binary_cross_entropy_with_logits(x, y.sigmoid()), m.hinge_embedding_loss(x, y.sign(), 0.5, 2),
         m.cosine_embedding_loss(x, y, m.ones(3)), m.triplet_margin_loss(x, y, x * y), m.poisson_nll_loss(x, y, True, False, 1e-8, 0)],
         (3, 4), (3, 4)),
    case("convolution", lambda m, x, w: [m.convolution(x, w, None, [2], [1], [1], False, [0], 1), m.constant_pad_nd(x, (1, 2), 3.0),
         m.convolution(x, w.transpose(0, 1), None, [2], [1], [1], True, [1], 1)], (1, 2, 5), (3, 2, 3)),
    case("sparse", lambda m, v, d: [m.sparse_coo_tensor(m.tensor([[0, 1, 1], [2, 0, 2]]), v, (2, 3)).to_dense(),
         m.sparse.mm(m.sparse_coo_tensor(m.tensor([[0, 1, 1], [2, 0, 0]]), v, (2, 3)), d), d.to_sparse().to_dense(),
         m.spmm(m.sparse_coo_tensor(m.tensor([[0, 1, 1], [2, 0, 2]]), v, (2, 3)), d)], (3,), (3, 2), order=1),
    case("windows", lambda m, x: [f(n, p, dtype=m.double) for n in (1, 2, 7) for p in (True, False) for f in (m.hann_window,
         m.hamming_window, m.blackman_window, m.bartlett_window, m.kaiser_window)], A),
    case("pytree", lambda m, x: _pytree(m)(lambda t: t * 2, {"a": [x, (x, x)]})["a"], (2,)),
    case("saved tensors are the inputs", lambda m, x, w: _adjoint(m).apply(x * 2, w), (3,), (3,), order=1),
    case("max pooling, then in place", lambda m, x: m.nn.functional.max_pool2d(x, 2).mul_(2).relu_(), (1, 2, 4, 4), order=1),
    case("checkpoint with in-place operations", lambda m, x: _checkpointed(m, x), (2, 3), order=1),
    case("Variable", lambda m, x: [m.autograd.Variable(m.tensor([1, 2])), m.autograd.Variable(x * 2, requires_grad=True),
         isinstance(x, m.autograd.Variable), m.autograd.Variable(x).requires_grad], (2,), order=0),
]  # fmt: skip


@functools.cache
def _adjoint(m):
    class Adjoint(m.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            with m.enable_grad():
                return m.autograd.grad((x * w).sum(), (x, w), g.sum())

    return Adjoint


def _pytree(m):
    return __import__(f"{m.__name__}.utils._pytree", fromlist=["tree_map"]).tree_map


def _checkpointed(m, x):
    checkpoint = __import__(f"{m.__name__}.utils.checkpoint", fromlist=["checkpoint"]).checkpoint
    return checkpoint(lambda y: m.nn.functional.group_norm((y * 2).relu_(), 1), x, use_reentrant=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", table(FORMS))
def test_a_form_agrees(line):
    agree_on(line)


DRAWN = {
    "rand_like": lambda m, x: m.rand_like(x),
    "randn_like": lambda m, x: m.randn_like(x),
    "randn_like as contiguous": lambda m, x: m.randn_like(x, memory_format=m.contiguous_format),
    "randint_like": lambda m, x: m.randint_like(x, 3, 9),
    "normal_": lambda m, x: x.clone().normal_(1.0, 2.0),
    "uniform_": lambda m, x: x.clone().uniform_(-1, 1),
    "random_": lambda m, x: x.clone().random_(5),
    "exponential_": lambda m, x: x.clone().exponential_(),
    "part": lambda m, x: x[..., 1].normal_(),
    "dropout": lambda m, x: m.nn.functional.dropout(x + 1),
}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("name", DRAWN)
def test_random_numbers_go_where_pytorch_puts_them(name, order):
    found = []
    for m in (torch, tg):
        m.manual_seed(0)
        out = DRAWN[name](m, m.zeros(5, 2, 4).permute(order))
        found.append((out.numpy(), out.stride()))
    (theirs, their_steps), (ours, our_steps) = found
    assert our_steps == their_steps
    np.testing.assert_allclose(ours, theirs, 1e-5, 1e-6)


# --- autocast -------------------------------------------------------------------------------------------

CAST = {
    "matmul": lambda m, F, x, h: x @ x,
    "mm": lambda m, F, x, h: m.mm(x, x),
    "bmm": lambda m, F, x, h: m.bmm(x[None], x[None]),
    "mv": lambda m, F, x, h: m.mv(x, x[0]),
    "dot": lambda m, F, x, h: m.dot(x[0], x[0]),
    "outer": lambda m, F, x, h: m.outer(x[0], x[0]),
    "linear": lambda m, F, x, h: F.linear(x, x, x[0]),
    "addmm": lambda m, F, x, h: m.addmm(x, x, x),
    "baddbmm": lambda m, F, x, h: m.baddbmm(x[None], x[None], x[None]),
    "einsum": lambda m, F, x, h: m.einsum("ij,jk->ik", x, x),
    "bilinear": lambda m, F, x, h: F.bilinear(x, x, m.ones(2, 4, 4)),
    "attention": lambda m, F, x, h: F.scaled_dot_product_attention(x[None], x[None], x[None]),
    "conv1d": lambda m, F, x, h: F.conv1d(x[None], x[None]),
    "conv_transpose2d": lambda m, F, x, h: F.conv_transpose2d(x[None, None], x[None, None]),
    "softmax": lambda m, F, x, h: F.softmax(h, -1),
    "layer_norm": lambda m, F, x, h: F.layer_norm(h, (4,)),
    "gelu": lambda m, F, x, h: F.gelu(h),
    "sum": lambda m, F, x, h: h.sum(),
    "prod": lambda m, F, x, h: h.prod(),
    "trace": lambda m, F, x, h: m.trace(h),
    "cdist": lambda m, F, x, h: m.cdist(h, h + 1),
    "inv": lambda m, F, x, h: m.linalg.inv(h),
    "cat": lambda m, F, x, h: m.cat([h, x]),
    "float64": lambda m, F, x, h: x.double() @ x.double(),
    "integers": lambda m, F, x, h: x.long() @ x.long(),
    "mse_loss": lambda m, F, x, h: F.mse_loss(h, h + 1),
    "l1_loss": lambda m, F, x, h: F.l1_loss(h, h + 1),
    "cross_entropy": lambda m, F, x, h: F.cross_entropy(h, m.tensor([0, 1, 2, 3])),
    "bce with logits": lambda m, F, x, h: F.binary_cross_entropy_with_logits(h, h.sigmoid()),
    "gaussian_nll_loss": lambda m, F, x, h: F.gaussian_nll_loss(h, h + 1, h.abs() + 1),
    "triplet": lambda m, F, x, h: F.triplet_margin_loss(h, h, h + 1),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CAST)
def test_autocast_casts_what_pytorch_casts(name):
    found = []
    for m in (torch, tg):
        x = m.tensor(X)
        with m.autocast("cpu", dtype=m.float16):
            out = CAST[name](m, m.nn.functional, x, x.half())
            with m.autocast("cpu", enabled=False):
                assert (x @ x).dtype == m.float32
        assert (x @ x).dtype == m.float32
        found.append(out)
    theirs, ours = found
    assert str(theirs.dtype).split(".")[1] == ours.dtype.name
    np.testing.assert_allclose(ours.double().numpy(), theirs.double().numpy(), 2e-2, 2e-2)


def test_training_under_autocast_agrees():
    def train(m):
        m.manual_seed(0)
        net = m.nn.Sequential(m.nn.Linear(4, 8), m.nn.ReLU(), m.nn.Linear(8, 2))
        sgd, scaler = (
            m.optim.SGD(net.parameters(), lr=0.1),
            m.amp.GradScaler("cpu", init_scale=256.0, growth_interval=2),
        )
        x, losses = m.tensor(X), []
        for _ in range(4):
            sgd.zero_grad()
            with m.amp.autocast("cpu", dtype=m.float16):
                loss = m.nn.functional.cross_entropy(net(x), m.tensor([0, 1, 0, 1]))
            scaler.scale(loss).backward()
            scaler.unscale_(sgd)
            scaler.step(sgd)
            scaler.update()
            losses.append(loss.item())
        return losses, scaler.state_dict(), [p.detach().numpy() for p in net.parameters()]

    (ours, our_scaler, our_weights), (theirs, their_scaler, their_weights) = train(tg), train(torch)
    assert our_scaler == their_scaler
    assert ours == pytest.approx(theirs, abs=3e-3)
    for a, b in zip(our_weights, their_weights):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, 0, 3e-3)


def test_a_scaler_leaves_out_steps_that_overflow():
    def run(m):
        p = m.nn.Parameter(m.ones(2))
        sgd, scaler, scales = m.optim.SGD([p], lr=0.1), m.amp.GradScaler("cpu"), []
        for value in (1.0, float("inf"), 1.0):
            sgd.zero_grad()
            scaler.scale((p * value).sum()).backward()
            scaler.step(sgd)
            scaler.update()
            scales.append(scaler.get_scale())
        return scales, p.tolist()

    assert run(tg) == run(torch)


def test_on_gpus_autocast_and_scaler_warn_and_do_nothing():
    for m in (torch, tg):
        with pytest.warns(UserWarning, match="Disabling"), m.autocast("cuda"):
            assert not m.is_autocast_enabled("cpu")
        with pytest.warns(UserWarning, match="Disabling"):
            scaler = m.amp.GradScaler()
        assert not scaler.is_enabled() and scaler.get_scale() == 1.0 and scaler.state_dict() == {}


# --- out= -----------------------------------------------------------------------------------------------

OUT = {
    "exp": lambda m, out: m.exp(m.ones(2), out=out(2)),
    "add": lambda m, out: m.add(m.ones(2), 1, alpha=2, out=out(2)),
    "to float64": lambda m, out: m.mul(m.ones(2), 3, out=out(2, dtype=m.float64)),
    "matmul": lambda m, out: m.matmul(m.ones(2, 2), m.ones(2, 2), out=out(2, 2)),
    "cat": lambda m, out: m.cat([m.ones(2), m.zeros(1)], out=out(0)),
    "zeros of another dtype": lambda m, out: m.zeros(2, out=out(2, dtype=m.int64)),
    "arange": lambda m, out: m.arange(3, out=out(3)),
    "max": lambda m, out: list(m.max(m.eye(2), 1, out=(out(2), out(2, dtype=m.int64)))),
    "comparison": lambda m, out: m.eq(m.ones(2), 1, out=out(2)),
    "empty tensor is resized": lambda m, out: m.sub(m.ones(3), 1, out=out(0)),
}


@pytest.mark.parametrize("name", OUT)
def test_out_agrees(name):
    made = []

    def out(m):
        def make(*size, dtype=None):
            made.append(m.full(size, 7, dtype=dtype or m.float32))
            return made[-1]

        return make

    theirs, ours = OUT[name](torch, out(torch)), OUT[name](tg, out(tg))
    assert_same(see(ours), see(theirs), "float32")
    returned = ours[0] if isinstance(ours, list) else ours
    assert any(returned is m for m in made)


WRONG_OUT = {
    "a lower kind": (RuntimeError, lambda m: m.add(m.ones(2), 1, out=m.zeros(2, dtype=m.int64))),
    "an input that requires grad": (RuntimeError, lambda m: m.exp(m.ones(2, requires_grad=True), out=m.zeros(2))),
    "an output that requires grad": (RuntimeError, lambda m: m.sin(m.ones(2), out=m.zeros(2, requires_grad=True))),
    "no tensor": (TypeError, lambda m: m.mm(m.ones(1, 1), m.ones(1, 1), out=[1])),
    "another dtype asked for": (RuntimeError, lambda m: m.zeros(2, dtype=m.float32, out=m.zeros(2, dtype=m.int64))),
}


@pytest.mark.parametrize("name", WRONG_OUT)
def test_a_wrong_out_is_refused(name):
    kind, call = WRONG_OUT[name]
    for m in (torch, tg):
        with pytest.raises(kind):
            call(m)


def test_an_out_of_another_shape_is_resized_with_a_warning():
    for m in (torch, tg):
        out = m.zeros(3)
        with pytest.warns(UserWarning, match="resized"):
            m.add(m.ones(2), 1, out=out)
        assert list(out.shape) == [2]


# --- devices and versions -------------------------------------------------------------------------------


def test_devices_agree():
    for make in (
        lambda m: m.device("cuda", 1),
        lambda m: m.device("cuda:0"),
        lambda m: m.device("cpu"),
        lambda m: m.device(type="mps"),
    ):
        ours, theirs = make(tg), make(torch)
        assert (ours.type, ours.index, repr(ours), str(ours)) == (theirs.type, theirs.index, repr(theirs), str(theirs))
    for wrong in ("foo", "cuda:x", "cuda:-1"):
        for m in (torch, tg):
            with pytest.raises(RuntimeError):
                m.device(wrong)


GPU = {
    "to": lambda m: m.ones(1).to("cuda"),
    "cuda": lambda m: m.ones(1).cuda(),
    "zeros": lambda m: m.zeros(1, device="cuda:0"),
    "module": lambda m: m.nn.Linear(1, 1).cuda(),
    "synchronize": lambda m: m.cuda.synchronize(),
    "name": lambda m: m.cuda.get_device_name(0),
    "current": lambda m: m.cuda.current_device(),
    "FloatTensor": lambda m: m.cuda.FloatTensor(2),
    "Event": lambda m: m.cuda.Event(),
    "mps": lambda m: m.mps.synchronize(),
}


@pytest.mark.parametrize("name", GPU)
def test_what_needs_a_gpu_is_refused(name):
    for m in (torch, tg):
        with pytest.raises((AssertionError, RuntimeError, TypeError)):
            GPU[name](m)


def test_what_is_asked_about_gpus_agrees():
    def answers(m):
        c = m.cuda
        return [
            c.is_available(), c.device_count(), c.is_initialized(), c.memory_allocated(), c.max_memory_allocated(),
            c.get_rng_state_all(), c.get_arch_list(), c.manual_seed(0), c.manual_seed_all(0), c.empty_cache(),
            c.is_bf16_supported(), isinstance(m.ones(1), c.FloatTensor), m.backends.mps.is_available(),
            m.backends.cudnn.is_available(), m.xpu.is_available(), m.accelerator.is_available(),
            m.backends.cudnn.benchmark, m.backends.cuda.matmul.allow_tf32, m.version.cuda,
        ]  # fmt: skip

    assert answers(tg) == answers(torch)


def test_versions_compare_alike():
    for other in ("1.13", "2.0.1", "2.12.9", "2.13.0", "2.13.1", "2.14", (2, 13), (2, 0), (1, 9, 1), (3,)):
        for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
            assert getattr(tg.__version__, compare)(other) == getattr(torch.__version__, compare)(other), (
                other,
                compare,
            )
    assert tg.__version__.split("+")[0] == torch.__version__.split("+")[0]
    assert [int(part) for part in tg.__version__.split(".")[:2]] == [2, 13]


def test_settings_read_back_alike():
    def answers(m):
        m.set_float32_matmul_precision("high")
        m.use_deterministic_algorithms(True, warn_only=True)
        found = [
            m.get_float32_matmul_precision(), m.are_deterministic_algorithms_enabled(),
            m.is_deterministic_algorithms_warn_only_enabled(), m.get_deterministic_debug_mode(),
            str(m.get_default_device()), m.is_warn_always_enabled(),
        ]  # fmt: skip
        m.set_float32_matmul_precision("highest")
        m.use_deterministic_algorithms(False)
        return [*found, m.get_float32_matmul_precision(), m.are_deterministic_algorithms_enabled()]

    assert answers(tg) == answers(torch)


def test_set_default_tensor_type_agrees():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for m in (torch, tg):
            m.set_default_tensor_type("torch.DoubleTensor")
            try:
                assert m.zeros(1).dtype == m.float64
            finally:
                m.set_default_tensor_type(m.FloatTensor)
            assert m.zeros(1).dtype == m.float32
            with pytest.raises(TypeError):
                m.set_default_tensor_type(m.LongTensor)


# --- testing --------------------------------------------------------------------------------------------

CLOSE = {
    "equal": lambda m: (m.ones(2), m.ones(2), {}),
    "near": lambda m: (m.ones(2), m.ones(2) + 1e-6, {}),
    "far": lambda m: (m.ones(2), m.ones(2) + 1e-3, {}),
    "tolerance": lambda m: (m.ones(2), m.ones(2) + 1e-3, {"rtol": 0, "atol": 1e-2}),
    "one tolerance": lambda m: (m.ones(2), m.ones(2), {"rtol": 0}),
    "shapes": lambda m: (m.ones(2), m.ones(1, 2), {}),
    "dtypes": lambda m: (m.ones(2), m.ones(2).double(), {}),
    "dtypes unchecked": lambda m: (m.ones(2), m.ones(2).double(), {"check_dtype": False}),
    "NaN": lambda m: (m.tensor(float("nan")), m.tensor(float("nan")), {}),
    "NaN is NaN": lambda m: (m.tensor(float("nan")), m.tensor(float("nan")), {"equal_nan": True}),
    "integers": lambda m: (m.tensor([1, 2]), m.tensor([1, 3]), {}),
    "lists": lambda m: ([m.ones(1), 2.0], [m.ones(1), 2.0], {}),
    "lists of other length": lambda m: ([m.ones(1)], [m.ones(1)] * 2, {}),
    "dictionaries": lambda m: ({"a": m.ones(1)}, {"a": m.zeros(1)}, {}),
    "numbers": lambda m: (1.0, 1.0 + 1e-9, {}),
    "no tensors": lambda m: ("a", "a", {}),
    "None": lambda m: (None, None, {}),
}


@pytest.mark.parametrize("name", CLOSE)
def test_assert_close_agrees(name):
    def answer(m):
        actual, expected, options = CLOSE[name](m)
        try:
            return m.testing.assert_close(actual, expected, **options)
        except Exception as error:
            return type(error)

    assert answer(tg) == answer(torch)


def test_dataparallel_has_the_same_keys():
    for name in ("DataParallel",):
        ours, theirs = getattr(tg.nn, name)(tg.nn.Linear(2, 1)), getattr(torch.nn, name)(torch.nn.Linear(2, 1))
        assert list(ours.state_dict()) == list(theirs.state_dict())
        x = np.ones((1, 2), np.float32)
        assert ours(tg.from_numpy(x)).shape == theirs(torch.from_numpy(x)).shape
