"""PyTorch's namespace beside functions and layers: what passes through, what refuses, what is only a setting."""

import multiprocessing
import pickle
import threading

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.namespace import MODULES, NAMES, WITH_OUT


def test_every_listed_name_can_be_had():
    for module in MODULES:
        assert getattr(tg, module).__name__ == f"tinygrad_lite.{module}"
    for names in NAMES.values():
        for name in names:
            assert getattr(tg, name) is getattr(tg, name)
            assert name in dir(tg)
    for name in WITH_OUT:
        assert callable(getattr(tg, name))


# --- what runs as it is ---------------------------------------------------------------------------------


def test_compiling_and_scripting_give_back_what_they_get():
    def double(x):
        return x + x

    model = tg.nn.Linear(2, 1)
    for same in (tg.compile, tg.jit.script, tg.jit.unused, tg.jit.export, tg.jit.script_method, tg.compiler.disable):
        assert same(double) is double and same(model) is model
    assert tg.compile(mode="max-autotune", fullgraph=True)(double) is double
    assert tg.jit.trace(model, tg.ones(1, 2)) is model
    assert tg.jit.ignore(double) is double and tg.jit.ignore(drop=True)(double) is double
    assert tg.jit.annotate(list[int], [1]) == [1] and not tg.jit.is_scripting()
    assert tg.jit.wait(tg.jit.fork(double, 2)) == 4
    with pytest.raises(RuntimeError, match="mode=fastest"):
        tg.compile(double, mode="fastest")
    with pytest.raises(RuntimeError, match="eval"):
        tg.jit.freeze(model)


def test_jit_isinstance_looks_into_containers():
    yes = [(1, int), ([1], list[int]), ({"a": 1.0}, dict[str, float]), ((1, "a"), tuple[int, str]), (None, int | None)]
    no = [([1, "a"], list[int]), ({1: 1.0}, dict[str, float]), ((1, 2), tuple[int]), ("a", int | None)]
    assert all(tg.jit.isinstance(*pair) for pair in yes) and not any(tg.jit.isinstance(*pair) for pair in no)


def test_wrappers_for_several_gpus_call_the_module():
    inner = tg.nn.Linear(2, 3)
    x = tg.ones(4, 2)
    for wrap in (tg.nn.DataParallel, tg.nn.parallel.DataParallel, tg.nn.parallel.DistributedDataParallel):
        model = wrap(inner, device_ids=[0])
        assert model.module is inner and (model(x) == inner(x)).all()
        assert list(model.state_dict()) == ["module.weight", "module.bias"]
    with model.no_sync():
        assert not model.require_backward_grad_sync
    with pytest.raises(RuntimeError, match="cuda"):
        tg.nn.parallel.data_parallel(inner, x, device_ids=[0])


def test_a_profile_counts_and_times_marked_parts():
    @tg.profiler.record_function("inner")
    def inner():
        return tg.ones(10).sum()

    with tg.profiler.profile(activities=[tg.profiler.ProfilerActivity.CPU]) as seen:
        for _ in range(3):
            with tg.profiler.record_function("outer"):
                inner()
                inner()
    events = {event.key: event for event in seen.key_averages()}
    assert (events["outer"].count, events["inner"].count) == (3, 6)
    assert events["outer"].cpu_time_total > events["inner"].cpu_time_total > 0
    own = events["outer"].cpu_time_total - events["inner"].cpu_time_total
    assert events["outer"].self_cpu_time_total == pytest.approx(own)
    lines = seen.key_averages().table(sort_by="cpu_time_total", row_limit=1).splitlines()
    assert len(lines) == 2 and lines[1].startswith("outer")


def test_a_profile_follows_its_schedule(tmp_path):
    found = []
    plan = tg.profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
    with tg.profiler.profile(schedule=plan, on_trace_ready=lambda p: found.append(p.key_averages()[0].count)) as seen:
        for _ in range(8):
            with tg.profiler.record_function("step"):
                pass
            seen.step()
    assert found == [2]
    seen.export_chrome_trace(tmp_path / "trace.json")
    assert "traceEvents" in (tmp_path / "trace.json").read_text()


# --- what does not exist --------------------------------------------------------------------------------

ABSENT = {
    "tensor of bfloat16": (NotImplementedError, "float16 or float32", lambda: tg.zeros(2, dtype=tg.bfloat16)),
    "to bfloat16": (NotImplementedError, "bfloat16", lambda: tg.ones(2).to(tg.bfloat16)),
    "bfloat16()": (NotImplementedError, "bfloat16", lambda: tg.ones(2).bfloat16()),
    "module in bfloat16": (NotImplementedError, "bfloat16", lambda: tg.nn.Linear(1, 1).to(tg.bfloat16)),
    "array of uint16": (NotImplementedError, "int32", lambda: np.zeros(2, tg.uint16)),
    "autocast to bfloat16": (NotImplementedError, "float16", lambda: tg.autocast("cpu").__enter__()),
    "tensor on a GPU": (RuntimeError, "is_available", lambda: tg.zeros(1, device="cuda")),
    "a block on a GPU": (RuntimeError, "cuda", lambda: tg.device("cuda").__enter__()),
    "default device": (RuntimeError, "cuda", lambda: tg.set_default_device("cuda")),
    "a GPU's name": (RuntimeError, "get_device_name", lambda: tg.cuda.get_device_name(0)),
    "a GPU's tensor": (RuntimeError, "FloatTensor", lambda: tg.cuda.FloatTensor(1)),
    "pinned memory": (RuntimeError, "pin_memory", lambda: tg.ones(1).pin_memory()),
    "weights from the internet": (
        NotImplementedError,
        r"tg\.load",
        lambda: tg.hub.load_state_dict_from_url("http://x"),
    ),
    "a model from the internet": (NotImplementedError, "resnet", lambda: tg.hub.load("pytorch/vision", "resnet")),
    "onnx": (NotImplementedError, "onnx", lambda: tg.onnx.export(None, None)),
    "saved programs": (NotImplementedError, "state_dict", lambda: tg.jit.save(None, "x")),
    "groups of processes": (NotImplementedError, "one process", lambda: tg.distributed.init_process_group("gloo")),
    "rank": (ValueError, "not been initialized", lambda: tg.distributed.get_rank()),
    "tensorboard": (ImportError, "tensorboardX", lambda: tg.utils.tensorboard.SummaryWriter),
}


@pytest.mark.parametrize("name", ABSENT)
def test_what_does_not_exist_says_so(name):
    kind, says, call = ABSENT[name]
    with pytest.raises(kind, match=says):
        call()


def test_bfloat16_is_a_name():
    assert repr(tg.bfloat16) == "tinygrad_lite.bfloat16" and tg.bfloat16 != tg.float16
    assert tg.bfloat16.is_floating_point and tg.bfloat16.itemsize == 2
    assert pickle.loads(pickle.dumps(tg.bfloat16)) is tg.bfloat16
    assert tg.zeros(1).dtype not in (tg.bfloat16, tg.float8_e4m3fn)


def test_cuda_choices_that_choose_nothing():
    with tg.cuda.device(None), tg.cuda.device(-1), tg.cuda.stream(None), tg.cuda.nvtx.range("x"):
        assert tg.ones(1).device == tg.device("cpu")
    tg.cuda.set_rng_state_all(tg.cuda.get_rng_state_all())
    with pytest.raises(RuntimeError):
        tg.cuda.set_rng_state_all([1])


def test_a_device_is_a_decorator_and_a_block():
    @tg.device("cpu")
    def make():
        return tg.ones(1)

    with tg.device("cpu"):
        assert make().device.type == "cpu"


# --- settings -------------------------------------------------------------------------------------------


def test_cudnn_flags_are_put_back():
    cudnn = tg.backends.cudnn
    cudnn.benchmark, cudnn.deterministic = True, True
    with cudnn.flags(enabled=False, benchmark=False):
        assert not cudnn.enabled and not cudnn.benchmark
    assert cudnn.enabled and cudnn.benchmark and cudnn.deterministic
    cudnn.benchmark, cudnn.deterministic = False, False
    tg.backends.cuda.matmul.allow_tf32 = True
    assert tg.backends.cuda.matmul.allow_tf32
    tg.backends.cuda.matmul.allow_tf32 = False


def test_fork_rng_puts_the_numbers_back():
    tg.manual_seed(5)
    with tg.random.fork_rng():
        inside = tg.rand(3)
    assert (tg.rand(3) == inside).all()
    with tg.random.fork_rng(enabled=False):
        first = tg.rand(1)
    assert tg.rand(1) != first


# --- autocast -------------------------------------------------------------------------------------------


def test_autocast_gives_functions_their_own_code_back():
    from tinygrad_lite.amp.interception import AS_IT_IS, HIGHER, LOWER

    modules = {**LOWER, **HIGHER, **AS_IT_IS}
    assert modules
    before = tg.nn.functional.mse_loss.__code__
    with pytest.raises(ZeroDivisionError), tg.autocast("cpu", dtype=tg.float16), tg.autocast("cpu", dtype=tg.float16):
        assert tg.nn.functional.mse_loss.__code__ is not before
        1 / 0
    assert tg.nn.functional.mse_loss.__code__ is before
    assert (tg.ones(2, 2) @ tg.ones(2, 2)).dtype == tg.float32


def test_autocast_is_of_one_thread():
    inside, asked, seen = threading.Event(), threading.Event(), []

    def other():
        inside.wait(10)
        seen.append((tg.ones(2, 2) @ tg.ones(2, 2)).dtype)
        asked.set()

    thread = threading.Thread(target=other)
    thread.start()
    with tg.autocast("cpu", dtype=tg.float16):
        inside.set()
        asked.wait(10)
        seen.append((tg.ones(2, 2) @ tg.ones(2, 2)).dtype)
    thread.join()
    assert seen == [tg.float32, tg.float16]


def test_autocast_decorates_and_gradients_come_back_in_float32():
    @tg.autocast("cpu", dtype=tg.float16)
    def forward(w, x):
        return tg.nn.functional.linear(x, w)

    w = tg.ones(2, 3, requires_grad=True)
    out = forward(w, tg.ones(4, 3))
    assert out.dtype == tg.float16
    out.float().sum().backward()
    assert w.grad.dtype == tg.float32 and (w.grad == 4).all()


def test_custom_functions_under_autocast():
    seen = []

    class Scale(tg.autograd.Function):
        @staticmethod
        @tg.amp.custom_fwd(device_type="cpu", cast_inputs=tg.float32)
        def forward(ctx, x):
            seen.append((x.dtype, tg.is_autocast_enabled("cpu")))
            return x * 2

        @staticmethod
        @tg.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            seen.append(tg.is_autocast_enabled("cpu"))
            return g * 2

    x = tg.ones(2, dtype=tg.float16, requires_grad=True)
    with tg.autocast("cpu", dtype=tg.float16):
        Scale.apply(x).sum().backward()
    assert seen == [(tg.float32, False), False] and (x.grad == 2).all()


def test_a_scaler_saves_and_refuses():
    scaler = tg.amp.GradScaler("cpu", init_scale=8.0)
    with pytest.raises(AssertionError, match=r"scaler\.scale"):
        scaler.update()
    again = tg.amp.GradScaler("cpu")
    again.load_state_dict(scaler.state_dict())
    assert again.state_dict() == scaler.state_dict()
    with pytest.raises(RuntimeError, match="empty"):
        again.load_state_dict({})
    with pytest.raises(AssertionError, match="growth"):
        tg.amp.GradScaler("cpu", growth_factor=1.0)


# --- tensors --------------------------------------------------------------------------------------------


def _add_one(x):
    x += 1


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="processes are forked")
def test_shared_memory_is_written_to_by_a_forked_process():
    x = tg.arange(4.0)
    assert not x.is_shared() and x.share_memory_() is x and x.is_shared()
    process = multiprocessing.get_context("fork").Process(target=_add_one, args=(x,))
    process.start()
    process.join()
    assert process.exitcode == 0 and x.tolist() == [1, 2, 3, 4]


def test_storage_is_the_memory_itself():
    x = tg.zeros(2, 3)
    row = x[1]
    assert row.untyped_storage().data_ptr() == x.data_ptr() and row.untyped_storage().nbytes() == 24
    x.storage()[4] = 5.0
    assert x[1, 1] == 5
    assert x.t().storage().tolist() == x.storage().tolist()


def test_arrays_go_over_dlpack_without_a_copy():
    array = np.zeros(3, np.float32)
    x = tg.from_dlpack(array)
    x[0] = 7
    assert array[0] == 7
    back = np.from_dlpack(x)
    assert back.ctypes.data == x.data_ptr()


def test_buffers_become_tensors():
    buffer = bytearray(np.arange(4, dtype=np.int32).tobytes())
    x = tg.frombuffer(buffer, dtype=tg.int32, count=2, offset=4)
    assert x.tolist() == [1, 2]
    x[0] = 9
    assert np.frombuffer(buffer, np.int32)[1] == 9
    with pytest.raises(ValueError, match="buffer"):
        tg.frombuffer(bytearray(3), dtype=tg.int32)


def test_types_of_tensors_refuse_other_dtypes():
    with pytest.raises(TypeError, match="int64"):
        tg.FloatTensor(tg.tensor([1]))
    with pytest.raises(TypeError, match="sequence"):
        tg.FloatTensor(1.5)
    with pytest.raises(ValueError, match="'FloatTensor'"):
        tg.ones(1).type("FloatTensor")


def test_sparse_tensors_refuse_what_does_not_fit():
    with pytest.raises(RuntimeError, match="column for each"):
        tg.sparse_coo_tensor([[0, 1]], [1.0])
    with pytest.raises(RuntimeError, match="inconsistent"):
        tg.sparse_coo_tensor([[0, 5]], [1.0, 2.0], (3,))
    x = tg.sparse_coo_tensor([[1, 0, 1]], [1.0, 2.0, 3.0], (3,)).coalesce()
    assert x.indices().tolist() == [[0, 1]] and x.values().tolist() == [2, 4] and x._nnz() == 2


def test_gradients_by_results_leave_what_is_behind_them():
    x = tg.ones(3, requires_grad=True)
    y = (x * 2).exp()
    (g,) = tg.autograd.grad((y * y).sum(), y)
    y.backward(g)
    assert tg.testing.assert_close(x.grad, 4 * (4 * tg.ones(3)).exp()) is None
