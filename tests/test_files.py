"""`atomic_write`: a reader finds the old file or the new one, whole, whatever happens."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinygrad_lite.files import atomic_write

ROOT = Path(__file__).parents[1]
posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system")


def run_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bytes_are_written(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "new.bin") as file:
        file.write(b"\x00\xff")
    assert (tmp_path / "new.bin").read_bytes() == b"\x00\xff"
    assert names(tmp_path) == ["new.bin"]


def test_text_is_utf8_with_unix_line_ends(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "new.txt", "w") as file:
        file.write("naïve\n")
    assert (tmp_path / "new.txt").read_bytes() == "naïve\n".encode()


def test_path_may_be_text_and_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with atomic_write("here.txt", "w") as file:
        file.write("x")
    assert names(tmp_path) == ["here.txt"]


def test_old_file_stays_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with atomic_write(path, "w") as file:
        file.write("new" * 100_000)
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new" * 100_000


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_error_leaves_the_old_file_and_no_debris(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(type(error)) as caught, atomic_write(path, "w") as file:
        file.write("half")
        raise error
    assert caught.value is error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_error_leaves_no_new_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "file"):
        _ = 1 / 0
    assert names(tmp_path) == []


def test_missing_folder_says_so(tmp_path: Path) -> None:
    path = tmp_path / "none" / "file"
    with pytest.raises(FileNotFoundError, match="none does not exist: create it first") as caught:
        atomic_write(path).__enter__()
    assert caught.value.filename == str(path)
    assert str(path) in str(caught.value)


def test_folder_that_is_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(NotADirectoryError, match="plain is not a folder"):
        atomic_write(tmp_path / "plain" / "file").__enter__()


def test_path_that_is_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="give the name of a file in it"):
        atomic_write(tmp_path).__enter__()


@posix
def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="a device or a pipe"):
        atomic_write(tmp_path / "pipe").__enter__()
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder that this process may read but not write, even if root started it."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)
            os.chmod(name, 0o755)


@posix
def test_folder_without_rights_says_so(locked_folder: Path) -> None:
    with pytest.raises(PermissionError, match="may not write to the folder") as caught:
        atomic_write(locked_folder / "file").__enter__()
    assert str(locked_folder / "file") in str(caught.value)


def test_other_modes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mode is 'a'"):
        atomic_write(tmp_path / "file", "a")  # type: ignore[call-overload]


@posix
def test_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "file")
    with atomic_write(tmp_path / "link", "w") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "new"


@posix
def test_rights_are_those_of_the_old_file_or_of_any_new_one(tmp_path: Path) -> None:
    old, new, plain = tmp_path / "old", tmp_path / "new", tmp_path / "plain"
    old.write_text("")
    old.chmod(0o640)
    plain.write_text("")
    for path in (old, new):
        with atomic_write(path) as file:
            file.write(b"x")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert new.stat().st_mode == plain.stat().st_mode


@posix
@pytest.mark.parametrize("name", ["n" * 255, "é" * 127])
def test_longest_file_name(tmp_path: Path, name: str) -> None:
    with atomic_write(tmp_path / name) as file:
        file.write(b"x")
    assert names(tmp_path) == [name]


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def write(letter: bytes) -> None:
        for _ in range(10):
            with atomic_write(path) as file:
                file.write(letter * 10_000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = path.read_bytes()
    assert len(content) == 10_000
    assert len(set(content)) == 1
    assert names(tmp_path) == ["file"]


WRITE_AND_WAIT = """
import sys, time
from tinygrad_lite.files import atomic_write
with atomic_write(sys.argv[1]) as file:
    file.write(b"new" * 100_000)
    file.flush()
    print("half way", flush=True)
    time.sleep(60)
"""


def test_killed_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    writer = run_python(WRITE_AND_WAIT, str(path))
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "half way\n"
        writer.kill()
    assert path.read_bytes() == b"old"
    debris = [name for name in names(tmp_path) if name != "file"]
    assert all(name.startswith(".file.") and name.endswith(".tmp") for name in debris)


WRITE_FOR_EVER = """
import sys
from tinygrad_lite.files import atomic_write
while True:
    for letter in (b"a", b"b"):
        with atomic_write(sys.argv[1]) as file:
            for _ in range(20):
                file.write(letter * 10_000)
        print(end=".", flush=True)
"""


def test_reader_never_sees_a_part_even_when_the_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for delay in (0.0, 0.01, 0.037, 0.1):
        with run_python(WRITE_FOR_EVER, str(path)) as writer:
            assert writer.stdout is not None
            assert writer.stdout.read(1) == "."
            until = time.monotonic() + delay
            while True:
                content = path.read_bytes()
                assert len(content) == 200_000
                assert len(set(content)) == 1
                if time.monotonic() > until:
                    break
            writer.kill()
        content = path.read_bytes()
        assert (len(content), len(set(content))) == (200_000, 1)


NO_ROOM = """
import resource, signal, sys
from tinygrad_lite.files import atomic_write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    with atomic_write(sys.argv[1]) as file:
        file.write(b"new" * 100_000)
except OSError as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs a limit on the size of files")
def test_no_room_on_the_disk_leaves_the_old_file_and_no_debris(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with run_python(NO_ROOM, str(path)) as writer:
        assert writer.stdout is not None
        assert writer.stdout.read() == "OSError\n"
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]
