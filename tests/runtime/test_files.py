"""Files are written whole or not at all."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from monai_scse.runtime import InputError, atomic_write

_WRITES_FOREVER = """
import sys
from pathlib import Path
from monai_scse.runtime import atomic_write
print("ready", flush=True)
while True:
    atomic_write(sys.argv[1], lambda path: path.write_bytes(b"x" * 5_000_000))
"""


@pytest.fixture
def files_of_at_most_1000_bytes() -> Iterator[None]:
    """What a full disk does to a write, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, handler)


def test_full_disk_leaves_the_previous_file(tmp_path: Path, files_of_at_most_1000_bytes: None) -> None:
    file = tmp_path / "table.csv"
    file.write_text("previous")
    with pytest.raises(InputError, match=r"table\.csv: cannot be written \(File too large\); free some space"):
        atomic_write(file, lambda path: path.write_bytes(bytes(2000)))
    assert file.read_text() == "previous"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    with pytest.raises(InputError, match="choose another folder"):
        atomic_write(tmp_path / "results" / "table.csv", lambda path: path.write_text("a"))


def test_unfinished_files_of_two_writers_differ(tmp_path: Path) -> None:
    names: list[str] = []

    def write(path: Path) -> None:
        names.append(path.name)
        path.write_text("a")

    for _ in range(2):
        atomic_write(tmp_path / "a_seg.nii.gz", write)
    assert names[0] != names[1]
    assert all(name.startswith(".") and name.endswith("a_seg.nii.gz") for name in names)


@pytest.mark.parametrize("file", ["setup.py", "integrations/zoo/build.py", "MANIFEST.in", ".gitignore"])
def test_unfinished_files_are_left_out(file: str, tmp_path: Path) -> None:
    patterns = re.split(r'[\s",()]+', (Path(__file__).parents[2] / file).read_text())
    names: list[str] = []

    def write(path: Path) -> None:
        names.append(path.name)
        path.write_text("a")

    atomic_write(tmp_path / "model.pt", write)
    (pattern,) = (pattern for pattern in patterns if ".part" in pattern)
    assert fnmatchcase(names[0], pattern)
    assert not fnmatchcase("model.pt", pattern)


@pytest.mark.situation("A result is written on Windows", "it is flushed to the disk as on other systems")
def test_what_is_flushed_is_open_for_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda number: os.write(number, b""))  # fails where Windows' own would
    atomic_write(tmp_path / "a.txt", lambda path: path.write_text("whole"))
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_error_of_the_writer_passes_through(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        path.write_text("half")
        raise KeyError("of the writer")

    with pytest.raises(KeyError):
        atomic_write(tmp_path / "a.txt", write)
    assert not os.listdir(tmp_path)


def test_kill_at_random_moments(tmp_path: Path) -> None:
    file = tmp_path / "a_seg.nii.gz"
    with subprocess.Popen([sys.executable, "-c", _WRITES_FOREVER, str(file)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        for _ in range(20):
            time.sleep(0.01)
            assert not file.exists() or file.stat().st_size == 5_000_000
        process.kill()
    assert file.stat().st_size == 5_000_000
