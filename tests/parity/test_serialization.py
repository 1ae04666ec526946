"""Checkpoints between PyTorch and this package, both ways."""

import io
from collections import OrderedDict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import safetensors.torch  # noqa: E402

import tinygrad_lite as tg  # noqa: E402

DTYPES = [
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "bool",
]
WIDER = {"bfloat16": "float32", "float8_e4m3fn": "float32", "float8_e5m2": "float32", "uint16": "int32",
         "uint32": "int64", "uint64": "int64"}  # fmt: skip
WAYS = [(zipped, protocol) for zipped in (True, False) for protocol in (2, 3, 4, 5)]


def ours(obj, **options):
    """Saved by PyTorch, loaded here."""
    file = io.BytesIO()
    torch.save(obj, file, **options)
    file.seek(0)
    return tg.load(file)


def theirs(obj, **options):
    """Saved here, loaded by PyTorch, which allows nothing but weights."""
    file = io.BytesIO()
    tg.save(obj, file, **options)
    file.seek(0)
    return torch.load(file, weights_only=True)


def alike(a, b):
    """Whether two tensors, one of each kind, agree in everything that a file has of them."""
    if isinstance(b, torch.Tensor):
        a, b = b, a
    assert isinstance(a, torch.Tensor) and isinstance(b, tg.Tensor)
    assert str(a.dtype)[6:] == b.dtype.name and tuple(a.shape) == tuple(b.shape)
    assert a.requires_grad == b.requires_grad
    assert isinstance(a, torch.nn.Parameter) == isinstance(b, tg.nn.Parameter)
    assert a.stride() == b.stride() or not a.numel()
    assert np.array_equal(a.detach().resolve_conj().resolve_neg().numpy(), b.array)


def views(package, dtype):
    x = package.arange(24).reshape(2, 3, 4).to(getattr(package, dtype))
    return [x, x.permute(2, 0, 1), x[:, 1], x[1, 2, 3], x[:, :, ::2], x[:0], x[0, 0, 0].expand(3, 2), x.clone()[1]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_views_of_every_dtype(dtype):
    for zipped, protocol in WAYS:
        options = {"_use_new_zipfile_serialization": zipped, "pickle_protocol": protocol}
        for found, view in zip(ours(views(torch, dtype), **options), views(torch, dtype), strict=True):
            alike(found, view)
        if protocol == 2 or zipped:
            try:
                loaded = theirs(views(tg, dtype), **options)
            except Exception as error:
                assert protocol > 2, error  # which PyTorch says it cannot load safely
                continue
            for found, view in zip(loaded, views(tg, dtype), strict=True):
                alike(found, view)


@pytest.mark.parametrize("dtype", WIDER)
@pytest.mark.filterwarnings("ignore::tinygrad_lite.PitfallWarning")
def test_dtypes_that_are_widened(dtype):
    kind = getattr(torch, dtype)
    raw = torch.arange(256).to(torch.uint8)
    x = torch.cat([raw, raw.flip(0)]).view(kind) if dtype != "uint64" else torch.arange(64).to(kind)
    wide = x.to(getattr(torch, WIDER[dtype]))
    for found in (*ours([x, x.reshape(-1, 2)[:, 1]]), ours(x, _use_new_zipfile_serialization=False)):
        assert str(found.dtype) == f"tinygrad_lite.{WIDER[dtype]}"
    whole, part = ours([x, x.reshape(-1, 2)[:, 1]])
    assert np.array_equal(whole.array, wide.numpy(), equal_nan=True)
    assert np.array_equal(part.array, wide.reshape(-1, 2)[:, 1].numpy(), equal_nan=True)
    assert part.data_ptr() - whole.data_ptr() == whole.element_size()


def test_what_pytorch_puts_off_is_done():
    z = torch.tensor([1 + 2j, 3 - 1j])
    for right in (z.conj(), z.conj().imag, z[1:].conj()):
        found = ours(right)
        assert np.array_equal(found.array, right.resolve_conj().resolve_neg().numpy())


def model(package):
    nn = package.nn
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))


def trained(package, optimizer):
    package.manual_seed(0)
    net = model(package)
    optimizer = optimizer(package.optim, net.parameters())
    (net(package.ones(2, 3)) - 1).square().sum().backward()
    optimizer.step()
    return net, optimizer


OPTIMIZERS = {
    "SGD": lambda optim, params: optim.SGD(params, 0.1, momentum=0.9),
    "Adam": lambda optim, params: optim.Adam(params, 0.1, amsgrad=True),
    "AdamW": lambda optim, params: optim.AdamW(params, 0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("zipped", [True, False])
def test_training_goes_on_in_the_other_package(name, zipped):
    def checkpoint(net, optimizer):
        return {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1, "history": [0.5, (1, None)]}

    def go_on(package, saved):
        net = model(package)
        optimizer = OPTIMIZERS[name](package.optim, net.parameters())
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        (net(package.ones(2, 3)) - 1).square().sum().backward()
        optimizer.step()
        return [p.detach().numpy() for p in net.parameters()]

    options = {"_use_new_zipfile_serialization": zipped}
    there, here = checkpoint(*trained(torch, OPTIMIZERS[name])), checkpoint(*trained(tg, OPTIMIZERS[name]))
    crossed, crossed_back = ours(there, **options), theirs(here, **options)
    assert crossed["history"] == crossed_back["history"] == [0.5, (1, None)]
    for a, b in zip(go_on(tg, crossed), go_on(torch, there), strict=True):
        assert np.allclose(a, b, rtol=1e-6, atol=1e-7)
    for a, b in zip(go_on(torch, crossed_back), go_on(tg, here), strict=True):
        assert np.allclose(a, b, rtol=1e-6, atol=1e-7)


def test_memory_that_is_shared():
    for package, cross in ((torch, ours), (tg, theirs)):
        x = package.arange(10.0)
        layer = package.nn.Linear(2, 2)
        found = cross({"all": x, "even": x[::2], "tied": [layer.weight, layer.weight], "data": layer.weight.detach()})
        found["all"][4] = 40.0
        assert found["even"][2] == 40 and found["tied"][0] is found["tied"][1]
        assert found["data"].data_ptr() == found["tied"][0].data_ptr()


def test_parameters_with_attributes_and_other_objects():
    for package, other, cross in ((torch, tg, ours), (tg, torch, theirs)):
        weight = package.nn.Parameter(package.ones(2), requires_grad=False)
        weight.no_decay = True
        x = package.ones(2)
        x.label = "x"
        obj = [weight, x, package.float16, package.bfloat16, x.shape, package.device("cpu"), {1, "a"}, b"ab", 1 + 2j,
               OrderedDict(a=1), bytearray(b"x"), 2**70]  # fmt: skip
        found = cross(obj)
        assert type(found[0]) is other.nn.Parameter and found[0].no_decay and not found[0].requires_grad
        assert found[1].label == "x"
        assert found[2:6] == [other.float16, other.bfloat16, other.Size([2]), other.device("cpu")]
        assert found[6:] == obj[6:] and type(found[9]) is OrderedDict


def test_the_metadata_of_a_state_dict_stays():
    state = torch.nn.BatchNorm1d(2).state_dict()
    found = ours(state)
    assert type(found) is OrderedDict and found._metadata == state._metadata


def test_mapped_to_memory_by_pytorch(tmp_path):
    tg.save({"x": tg.arange(1000.0), "y": tg.tensor([1, 2])}, tmp_path / "x.pt")
    found = torch.load(tmp_path / "x.pt", mmap=True, weights_only=True)
    assert found["x"][999] == 999 and found["y"].tolist() == [1, 2]
    assert all(tensor.data_ptr() % 64 == 0 for tensor in found.values())
    torch.save(found, tmp_path / "y.pt")
    assert tg.load(tmp_path / "y.pt", mmap=True)["x"][999] == 999


def test_checksums_switched_off():
    from torch.serialization import set_crc32_options

    set_crc32_options(False)
    try:
        assert ours([torch.arange(3)])[0].tolist() == [0, 1, 2]
    finally:
        set_crc32_options(True)


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d != "complex128"])
def test_safetensors(dtype, tmp_path):
    for package, write, read in (
        (torch, safetensors.torch.save_file, tg.load),
        (tg, tg.save, safetensors.torch.load_file),
    ):
        named = {str(k): view.contiguous() for k, view in enumerate(views(package, dtype))}
        named = {key: view.clone() for key, view in named.items()}
        write(named, tmp_path / "x.safetensors")
        for key, found in read(tmp_path / "x.safetensors").items():
            alike(found, named[key])


@pytest.mark.parametrize("dtype", WIDER)
@pytest.mark.filterwarnings("ignore::tinygrad_lite.PitfallWarning")
def test_safetensors_that_are_widened(dtype, tmp_path):
    x = torch.arange(64).to(getattr(torch, dtype)).reshape(8, 8)
    safetensors.torch.save_file({"x": x}, tmp_path / "x.safetensors")
    raw = (tmp_path / "x.safetensors").read_bytes()
    for found in (tg.load(tmp_path / "x.safetensors"), tg.load(io.BytesIO(raw))):
        assert np.array_equal(found["x"].array, x.to(getattr(torch, WIDER[dtype])).numpy())


@pytest.mark.filterwarnings("ignore:torch.quantize")
def test_what_is_refused_there_and_here():
    for obj in (torch.nn.Linear(1, 1), np.random.default_rng, print):
        with pytest.raises(Exception, match="weights_only"):
            ours(obj)
    with pytest.raises(tg.serialization.LoadError, match="sparse.*to_dense"):
        ours(torch.ones(2).to_sparse())
    with pytest.raises(tg.serialization.LoadError, match="quantize"):
        ours(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8))
    with pytest.raises(tg.serialization.LoadError, match="meta"):
        ours(torch.ones(2, device="meta"))
