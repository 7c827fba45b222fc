"""Compiled networks are kept whole, made once, and told apart by weights and settings."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import torch

from monai_scse.backends import ModelCache, network_checksum
from monai_scse.networks.blocks import SpatialChannelSqueezeExcite


def _not_called() -> dict[str, bytes]:
    raise AssertionError("made again")


def test_content_comes_from_the_file(tmp_path: Path) -> None:
    content = {"xml": b"<net/>", "bin": bytes(range(256))}
    assert ModelCache(tmp_path).get("net", ["1"], lambda: content) == content
    assert ModelCache(tmp_path).get("net", ["1"], _not_called) == content
    assert ModelCache(tmp_path).get("net", ["2"], lambda: {"xml": b"other"}) == {"xml": b"other"}
    assert sorted(file.suffix for file in tmp_path.iterdir() if file.suffix != ".lock") == [".zip", ".zip"]


@pytest.mark.parametrize(
    "damage", [lambda content: content[:40], lambda content: content.replace(b"precious", b"different"[:8])]
)
def test_damaged_file_is_made_again(tmp_path: Path, damage) -> None:
    cache = ModelCache(tmp_path)
    cache.get("net", [], lambda: {"bin": b"precious"})
    (file,) = tmp_path.glob("*.zip")
    file.write_bytes(damage(file.read_bytes()))
    assert cache.get("net", [], lambda: {"bin": b"new"}) == {"bin": b"new"}
    assert cache.get("net", [], _not_called) == {"bin": b"new"}


def test_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        ModelCache(tmp_path).get("net", [], lambda: {"bin": bytes(1 // 0)})
    assert list(tmp_path.glob("*.zip")) == []
    assert ModelCache(tmp_path).get("net", [], lambda: {"bin": b"1"}) == {"bin": b"1"}


@pytest.mark.situation(
    "A cache folder for compiled networks that cannot be written", "the run goes on, and a warning names the folder"
)
def test_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    cache = ModelCache(tmp_path / "file/cache")
    assert cache.get("net", [], lambda: {"bin": b"1"}) == {"bin": b"1"}
    (record,) = caplog.records
    assert str(tmp_path / "file/cache") in record.getMessage()
    assert "cannot be written" in record.getMessage()


def test_one_of_several_makes_it(tmp_path: Path) -> None:
    made, got = [], []

    def make() -> dict[str, bytes]:
        time.sleep(0.1)
        made.append(threading.get_ident())
        return {"bin": str(made).encode()}

    threads = [threading.Thread(target=lambda: got.append(ModelCache(tmp_path).get("net", [], make))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert got == [{"bin": str(made).encode()}] * 4


def test_default_folder_is_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert ModelCache().folder == tmp_path / "hub/monai_scse"


def test_checksum_tells_weights_and_settings_apart() -> None:
    add, again, maximum = (SpatialChannelSqueezeExcite(2, 4, merge=merge) for merge in ("add", "add", "max"))
    for block in (again, maximum):
        block.load_state_dict(add.state_dict())
    assert network_checksum(add) == network_checksum(again.eval())
    assert network_checksum(add) != network_checksum(maximum)
    with torch.no_grad():
        next(again.parameters()).view(-1)[0] += 1e-3
    assert network_checksum(add) != network_checksum(again)
