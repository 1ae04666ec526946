"""Downloads from a server in this process: whole, resumed, refused, corrupted, and never half a file."""

import contextlib
import gzip
import hashlib
import http.server
import io
import logging
import pickle
import re
import socket
import tarfile
import threading

import numpy as np
import pytest

from tinygrad_lite.cli import main
from tinygrad_lite.datasets import CIFAR10, MNIST, FashionMNIST, fetch, obtain
from tinygrad_lite.datasets.catalogue import CATALOGUE, Entry, Local, Public, entry
from tinygrad_lite.datasets.downloading import Downloader, Failed

pooch = pytest.importorskip("pooch")

TEXT = "\n".join(np.random.default_rng(0).integers(0, 1 << 60, 20_000).astype(str)).encode()
WRONG = TEXT.replace(b"1", b"2")


class Server(http.server.ThreadingHTTPServer):
    """Serves `files` by their names; the folder of the path says how."""

    daemon_threads = True

    def __init__(self):
        self.files, self.asked = {}, []
        super().__init__(("127.0.0.1", 0), Handler)

    def url(self, manner):
        return f"http://127.0.0.1:{self.server_address[1]}/{manner}"

    def handle_error(self, request, client_address):
        """Says nothing of connections that the other side has closed."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        _, manner, name = self.path.split("/", 2)
        ranged = self.headers.get("Range")
        self.server.asked.append((manner, name, ranged))
        data = self.server.files.get(name)
        if data is None or manner == "missing":
            return self.send_error(404)
        if manner == "corrupt":
            data = data.replace(b"1", b"2")
        start = int(re.match(r"bytes=(\d+)-$", ranged)[1]) if ranged and manner not in ("plain", "plain-drop") else 0
        if start >= len(data):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        self.send_response(206 if start else 200)
        if start:
            lie = 7 if manner == "elsewhere" else 0
            self.send_header("Content-Range", f"bytes {start + lie}-{len(data) - 1}/{len(data)}")
        if manner != "chunked":
            self.send_header("Content-Length", str(len(data) - start))
        else:
            self.send_header("Connection", "close")
        if manner == "encoded":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        left = data[start:]
        if manner in ("drop", "plain-drop") or (manner == "drop-once" and not start):
            self.wfile.write(left[: max(1, len(left) // 2)])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self.wfile.write(left)
            if manner == "chunked":
                self.close_connection = True
        return None


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.delenv("TINYGRAD_LITE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def checksum(data, kind="sha256"):
    return f"{kind}:{hashlib.new(kind, data).hexdigest()}"


@pytest.fixture
def names(server, monkeypatch):
    """`names` as a file of this server; returns a function that sets the manners of its mirrors."""
    server.files["names.txt"] = TEXT
    form = (Local(("names.txt",), (checksum(TEXT),)),)

    def mirrors(*manners):
        urls = tuple(m if "://" in m else f"{server.url(m)}/names.txt" for m in manners)
        public = Public("names.txt", urls, checksum(TEXT), form)
        monkeypatch.setitem(CATALOGUE, "names", Entry("names", "numbers", ("text", ""), (form,), (public,)))

    mirrors("range")
    return mirrors


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("manner", ["plain", "range", "chunked", "drop-once", "drop", "encoded"])
def test_a_file_arrives_whole(manner, server, names, tmp_path):
    names(manner)
    path = fetch("names", tmp_path, progress=False)
    assert path == tmp_path / "text" / "names.txt" and path.read_bytes() == TEXT
    assert files(tmp_path) == ["text/names.txt"]
    assert obtain("names", tmp_path).data == TEXT.decode().split("\n")
    assert path.stat().st_mode & 0o444 == 0o444
    asked = len(server.asked)
    assert fetch("names", tmp_path, progress=False) == path
    assert len(server.asked) == asked  # it is there


def test_a_connection_that_drops_is_taken_up_again(server, names, tmp_path):
    names("drop-once")
    fetch("names", tmp_path, progress=False)
    assert [ranged for _, _, ranged in server.asked] == [None, f"bytes={len(TEXT) // 2}-"]


@pytest.mark.parametrize("manner", ["range", "plain", "elsewhere"])
def test_an_interrupted_download_goes_on(manner, server, names, tmp_path):
    names(manner)
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "names.txt.part").write_bytes(TEXT[:1000])
    assert fetch("names", tmp_path, progress=False).read_bytes() == TEXT
    again = [(manner, "names.txt", None)] if manner == "elsewhere" else []  # it sent another part than was asked for
    assert server.asked == [(manner, "names.txt", "bytes=1000-"), *again]
    assert files(tmp_path) == ["text/names.txt"]


def test_what_is_left_of_a_download_that_only_lacked_its_name(server, names, tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "names.txt.part").write_bytes(TEXT)
    assert fetch("names", tmp_path, progress=False).read_bytes() == TEXT
    assert [ranged for _, _, ranged in server.asked] == [f"bytes={len(TEXT)}-"]


@pytest.mark.parametrize("old", [WRONG[:1000], WRONG, WRONG + b"more"], ids=["shorter", "as long", "longer"])
def test_a_beginning_of_another_file_is_dropped(old, names, tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "names.txt.part").write_bytes(old)
    assert fetch("names", tmp_path, progress=False).read_bytes() == TEXT
    assert files(tmp_path) == ["text/names.txt"]


def test_what_arrived_is_kept_when_the_server_gives_up(server, names, tmp_path):
    names("plain-drop")
    with pytest.raises(ConnectionError, match="the connection broke off, after .* bytes") as caught:
        fetch("names", tmp_path, progress=False)
    assert str(tmp_path / "text") in str(caught.value) and checksum(TEXT) in str(caught.value)
    part = tmp_path / "text" / "names.txt.part"
    assert part.read_bytes() == TEXT[: len(TEXT) // 2]
    assert files(tmp_path) == ["text/names.txt.part"]
    assert obtain("names").note
    names("range")
    assert fetch("names", tmp_path, progress=False).read_bytes() == TEXT
    assert server.asked[-1] == ("range", "names.txt", f"bytes={len(TEXT) // 2}-")


def test_a_killed_download_leaves_what_arrived(names, tmp_path, monkeypatch):
    arrived = tmp_path / "text" / "names.txt.part"
    receive = Downloader._receive

    def interrupted(self, response, start, total):
        stream = response.raw.stream

        def some(size, decode_content):
            yield next(stream(1000, decode_content=decode_content))
            raise KeyboardInterrupt

        response.raw.stream = some
        receive(self, response, start, total)

    with monkeypatch.context() as patch:
        patch.setattr(Downloader, "_receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch("names", tmp_path, progress=False)
    assert arrived.read_bytes() == TEXT[:1000] and files(tmp_path) == ["text/names.txt.part"]
    assert fetch("names", tmp_path, progress=False).read_bytes() == TEXT


def test_a_corrupted_file_is_refused_and_removed(server, names, tmp_path):
    names("corrupt")
    with pytest.raises(ValueError, match="what arrived is damaged: it has another checksum") as caught:
        fetch("names", tmp_path, progress=False)
    assert server.url("corrupt") in str(caught.value) and checksum(TEXT) in str(caught.value)
    assert files(tmp_path) == []
    assert len(server.asked) == 1


def refused():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/names.txt"


def test_the_mirrors_are_tried_in_turn(server, names, tmp_path):
    names(refused(), "missing", "corrupt", "plain-drop", "range")
    assert fetch("names", tmp_path, progress=False).read_bytes() == TEXT
    assert list(dict.fromkeys(manner for manner, _, _ in server.asked)) == ["missing", "corrupt", "plain-drop", "range"]
    assert server.asked[-1][2] == f"bytes={len(TEXT) // 2}-"  # the last goes on from what the one before gave
    assert files(tmp_path) == ["text/names.txt"]


def test_every_mirror_is_told_of(server, names, tmp_path):
    nobody = refused()
    names(nobody, "missing")
    with pytest.raises(ConnectionError) as caught:
        fetch("names", tmp_path, progress=False)
    message = str(caught.value)
    assert f"{nobody}: " in message and "refused" in message
    assert f"{server.url('missing')}/names.txt: the server answers 404 Not Found" in message
    assert "HTTPConnectionPool" not in message and "get it by other means" in message
    assert files(tmp_path) == []


def test_a_server_of_ones_own(server, names, tmp_path):
    names("missing")
    assert fetch("names", tmp_path, base_url=server.url("plain") + "/", progress=False).read_bytes() == TEXT
    assert server.asked == [("plain", "names.txt", None)]
    with pytest.raises(ConnectionError, match="nonsense/names.txt: .*scheme"):
        fetch("names", tmp_path / "b", base_url="nonsense", progress=False)


def test_where_it_goes(names, tmp_path, monkeypatch):
    assert fetch("names", progress=False) == tmp_path / "cache" / "tinygrad_lite" / "text" / "names.txt"
    assert obtain("names").note == ""
    monkeypatch.setenv("TINYGRAD_LITE_DATA", str(tmp_path / "data"))
    assert fetch("names", progress=False) == tmp_path / "data" / "text" / "names.txt"
    assert str(tmp_path / "data") in obtain("names").source


def test_a_file_of_ones_own_is_never_overwritten(server, names, tmp_path):
    path = tmp_path / "text" / "names.txt"
    path.parent.mkdir()
    path.write_text("mine\n")
    with pytest.raises(FileExistsError, match="not the public one.*move it away"):
        fetch("names", tmp_path, progress=False)
    assert path.read_text() == "mine\n" and not server.asked


def test_a_full_disk_keeps_what_arrived(names, tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, data):
            if self.tell() > 100_000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    with monkeypatch.context() as patch:
        patch.setattr("tinygrad_lite.datasets.downloading.open", lambda path, mode: Full(path, mode[0]), raising=False)
        with pytest.raises(OSError, match="No space left"):
            fetch("names", tmp_path, progress=False)
    assert files(tmp_path) == ["text/names.txt.part"]
    assert fetch("names", tmp_path, progress=False).read_bytes() == TEXT


def test_two_at_once_download_once(server, names, tmp_path):
    found = []
    both = [threading.Thread(target=lambda: found.append(fetch("names", tmp_path, progress=False))) for _ in "ab"]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert found == [tmp_path / "text" / "names.txt"] * 2 and found[0].read_bytes() == TEXT
    assert len(server.asked) == 1


def test_the_bar_and_nothing_else(names, tmp_path, capsys):
    noted, logger = [], pooch.get_logger()
    handler = logging.Handler()
    handler.emit = noted.append
    logger.addHandler(handler)
    fetch("names", tmp_path)
    logger.removeHandler(handler)
    assert not noted and logger.level != logging.WARNING
    captured = capsys.readouterr()
    assert "names.txt: " in captured.err and captured.out == ""
    fetch("names", tmp_path / "b", progress=False)
    assert capsys.readouterr().err == ""


def test_what_cannot_be_fetched(tmp_path):
    with pytest.raises(ValueError, match="not published as a file.*rotten_tomatoes.csv"):
        fetch("rotten_tomatoes", tmp_path)
    with pytest.raises(ValueError, match="no data set 'nmist'"):
        fetch("nmist", tmp_path)
    assert not list(tmp_path.iterdir())


def idx_files(server, monkeypatch, name):
    """An image data set of this server, with small files in place of the public ones."""
    draws, public = np.random.default_rng(1), []
    for old in entry(name).public:
        count = 5 if old.name.startswith("train") else 3
        array = draws.integers(0, 10, (count, 28, 28) if "images" in old.name else count, np.uint8)
        plain = io.BytesIO()
        header = b"\0\0\x08" + bytes([array.ndim]) + b"".join(side.to_bytes(4, "big") for side in array.shape)
        plain.write(header + array.tobytes())
        packed = server.files[old.name] = gzip.compress(plain.getvalue())
        sums = (checksum(packed, "md5"), checksum(plain.getvalue()))
        local = Local(old.files[0].names, sums)
        public.append(Public(old.name, (f"{server.url('range')}/{old.name}",), sums[0], (local,)))
    form = tuple(each.files[0] for each in public)
    monkeypatch.setitem(CATALOGUE, name, entry(name)._replace(forms=(form,), public=tuple(public)))


def test_several_files(server, monkeypatch, tmp_path):
    idx_files(server, monkeypatch, "mnist")
    assert fetch("mnist", tmp_path, progress=False) == tmp_path / "mnist"
    found = obtain("mnist", tmp_path)
    assert len(found.data.train_images) == 5 and "differs" not in found.source
    repacked = tmp_path / "mnist" / "train-images-idx3-ubyte.gz"
    repacked.write_bytes(gzip.compress(gzip.decompress(repacked.read_bytes()), 1))
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    server.asked.clear()
    fetch("mnist", tmp_path, progress=False)
    assert [name for _, name, _ in server.asked] == ["t10k-labels-idx1-ubyte.gz"]  # the others are there


@pytest.mark.parametrize(("kind", "name"), [(MNIST, "mnist"), (FashionMNIST, "fashion")])
def test_mnist_downloads_where_torchvision_does(kind, name, server, monkeypatch, tmp_path):
    idx_files(server, monkeypatch, name)
    with pytest.raises(FileNotFoundError):
        kind(tmp_path)
    assert len(kind(tmp_path, download=True)) == 5 and len(kind(tmp_path, train=False)) == 3
    assert len(list((tmp_path / kind.__name__ / "raw").iterdir())) == 4
    asked = len(server.asked)
    kind(tmp_path, download=True)
    assert len(server.asked) == asked == 4
    assert obtain(name, tmp_path).note == ""


@pytest.fixture
def cifar(server, monkeypatch):
    """CIFAR-10 in small, with a file in its archive that nobody asked for."""
    public = entry("cifar10").public[0]
    packed, files = io.BytesIO(), []
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for k, local in enumerate(public.files):
            data = {b"data": np.full((2, 3072), k, np.uint8), b"labels": [k, 0]}
            content = pickle.dumps(data if k < 6 else {b"label_names": []}, protocol=2)
            add(archive, local.names[-1], content)
            files.append(local._replace(checksums=(checksum(content, "md5"),)))
        add(archive, "../evil", b"evil")
        add(archive, "cifar-10-batches-py/readme.html", b"<html>")
    server.files[public.name] = packed.getvalue()
    made = Public(
        public.name,
        (f"{server.url('drop-once')}/{public.name}",),
        checksum(packed.getvalue(), "md5"),
        tuple(files),
        packed=True,
    )
    forms = (tuple(files[:6]), entry("cifar10").forms[-1])
    monkeypatch.setitem(CATALOGUE, "cifar10", entry("cifar10")._replace(public=(made,), forms=forms))
    return made


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def test_an_archive_is_unpacked(cifar, server, tmp_path):
    assert fetch("cifar10", tmp_path, progress=False) == tmp_path / "cifar10"
    assert files(tmp_path) == sorted(f"cifar10/{local.names[-1]}" for local in cifar.files)
    found = obtain("cifar10", tmp_path)
    assert found.data.train_images.shape == (10, 32, 32, 3) and found.data.test_images.max() == 5
    assert "differs" not in found.source
    asked = len(server.asked)
    fetch("cifar10", tmp_path, progress=False)
    assert len(server.asked) == asked


def test_an_archive_of_ones_own_is_used_and_kept(cifar, server, tmp_path):
    archive = tmp_path / "cifar10" / cifar.name
    archive.parent.mkdir()
    archive.write_bytes(server.files[cifar.name][:-5])
    with pytest.raises(FileExistsError, match=cifar.name):
        fetch("cifar10", tmp_path, progress=False)
    archive.write_bytes(server.files[cifar.name])
    fetch("cifar10", tmp_path, progress=False)
    assert archive.exists() and obtain("cifar10", tmp_path).note == "" and not server.asked


def test_cifar_downloads_where_torchvision_does(cifar, tmp_path):
    assert len(CIFAR10(tmp_path, download=True)) == 10 and len(CIFAR10(tmp_path, train=False)) == 2
    assert (tmp_path / "cifar-10-batches-py" / "batches.meta").exists()


def test_the_command(server, names, tmp_path, capsys):
    assert main(["data", "fetch", "names", "--folder", str(tmp_path)]) == 0
    assert str(tmp_path / "text" / "names.txt") in capsys.readouterr().out
    names("missing")
    assert main(["data", "fetch", "names", "--folder", str(tmp_path / "b")]) == 1
    assert "404" in capsys.readouterr().err
    assert main(["data", "--folder", str(tmp_path / "b"), "fetch", "names", "--url", server.url("range")]) == 0
    assert (tmp_path / "b" / "text" / "names.txt").exists()
    with pytest.raises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
        main(["data", "fetch", "nmist"])


def test_a_downloader_alone_keeps_to_its_part(server, tmp_path):
    server.files["a"] = b"abc"
    part = tmp_path / "new" / "a.part"
    Downloader(part, progress=False)(f"{server.url('plain')}/a", str(tmp_path / "a"), None)
    assert (tmp_path / "a").read_bytes() == b"abc" and not part.exists()
    with pytest.raises(Failed, match="404"):
        Downloader(part, progress=False)(f"{server.url('missing')}/a", str(tmp_path / "b"), None)


def test_the_catalogue_is_sound():
    for name, wanted in CATALOGUE.items():
        assert wanted.name == name and wanted.forms and (wanted.public or wanted.recipe)
        sums = [file.checksum for file in wanted.public]
        sums += [each for form in wanted.forms for local in form for each in local.checksums]
        assert all(re.fullmatch("md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", each) for each in sums)
        for file in wanted.public:
            assert all(url.startswith("http") for url in file.urls) and all(local.checksums for local in file.files)
            assert file.packed or (file.name in file.files[0].names and file.checksum in file.files[0].checksums)
