"""Compiled networks that are kept from one run to the next."""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock

from ..runtime import InputError, atomic_write

__all__ = ["ModelCache", "network_checksum"]

_Parts = Mapping[str, bytes]
_PLAIN = (bool, int, float, str, tuple, type(None))


class ModelCache:
    """A folder of files that take long to make. Each is there whole or not at all, and one process makes it.

    OpenVINO's own ``CACHE_DIR`` is nearest. It keeps compiled models, and neither converted nor quantized ones.

    Args:
        folder: the folder. None for ``monai_scse`` in that of ``torch.hub``, which belongs to the user.

    Example:
        >>> import tempfile
        >>> cache = ModelCache(tempfile.mkdtemp())
        >>> cache.get("squares", ["1.0"], lambda: {"four": b"16"})
        {'four': b'16'}
        >>> cache.get("squares", ["1.0"], lambda: {"four": b"17"})
        {'four': b'16'}
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(torch.hub.get_dir()) / "monai_scse" if folder is None else Path(folder)
        self.logger = logging.getLogger(__name__)

    def get(self, kind: str, versions: list[str], make: Callable[[], _Parts]) -> _Parts:
        """What the file holds. It is made where it is missing or damaged.

        Args:
            kind: the start of the file's name.
            versions: all that the content depends on.
            make: makes the content. Other processes wait for it.
        """
        file = self.folder / f"{kind}_{hashlib.sha256(repr(versions).encode()).hexdigest()[:24]}.zip"
        if (kept := self._read(file)) is not None:
            return kept
        with self._alone(file):
            if (kept := self._read(file)) is not None:  # another process made it meanwhile
                return kept
            content = make()
            try:
                atomic_write(file, lambda path: _write(path, content))
            except InputError as error:
                self.logger.warning(f"{error} Every run compiles the network anew until then.")
            return content

    @contextmanager
    def _alone(self, file: Path) -> Iterator[None]:
        lock = FileLock(file.with_suffix(".lock"))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except (OSError, NotImplementedError):  # a folder without write access or locks: each process makes its own
            yield
            return
        try:
            yield
        finally:
            lock.release()

    @staticmethod
    def _read(file: Path) -> _Parts | None:
        try:
            with zipfile.ZipFile(file) as archive:
                return {name: archive.read(name) for name in archive.namelist()}
        except (OSError, zipfile.BadZipFile):
            return None


def _write(path: Path, content: _Parts) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)


def network_checksum(network: torch.nn.Module) -> str:
    """SHA-256 of the weights of a network and of the settings of its modules."""
    checksum = hashlib.sha256()
    for name, module in network.named_modules():
        settings = {
            key: value for key, value in vars(module).items() if isinstance(value, _PLAIN) and key != "training"
        }
        checksum.update(repr((name, type(module).__qualname__, sorted(settings.items()))).encode())
    for name, value in network.state_dict().items():
        checksum.update(repr((name, tuple(value.shape), value.dtype)).encode())
        checksum.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return checksum.hexdigest()
