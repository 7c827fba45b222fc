"""Networks that OpenVINO runs."""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..runtime import InputError
from .calibration import Calibration
from .compiled import CompiledNetwork, Run
from .model_cache import network_checksum

__all__ = ["OpenVINONetwork"]

_HINTS = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}  # of int8 what is not quantized


def _library() -> Any:
    """OpenVINO without its telemetry, which would connect to the internet at the import."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: it cannot be imported
    import openvino

    return openvino


class OpenVINONetwork(CompiledNetwork):
    """A network that OpenVINO runs on the CPU.

    Further arguments and errors are those of :class:`CompiledNetwork`. It uses as many threads as PyTorch.

    Args:
        precision: ``"fp32"``, ``"bf16"``, or ``"int8"``: quantized after the training by NNCF.
        calibration: chooses the images that a network is quantized with. Only int8 needs it, and only where the cache
            has no quantized network.

    Raises:
        InputError: when there is no such precision, or not on this CPU.
    """

    overlay = "inference_openvino.json"
    packages: Sequence[str] = ("openvino",)
    extra = "openvino"

    def __init__(
        self,
        network: torch.nn.Module,
        precision: str = "fp32",
        device: torch.device | str = "cpu",
        cache_dir: str | Path | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        if precision not in _HINTS:
            raise InputError(f"openvino_precision {precision}: unknown; use {', '.join(_HINTS)}.")
        if precision == "int8":
            self.packages = ("openvino", "nncf")
        super().__init__(network, device, cache_dir)
        self.precision = precision
        self.calibration = calibration
        if precision == "bf16" and "BF16" not in self._capabilities(_library().Core()):
            raise InputError("openvino_precision bf16: this CPU has no instructions for it; use fp32 or int8.")

    @staticmethod
    def _capabilities(core: Any) -> list[str]:
        return sorted(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output of the network, float32. While images for int8 are chosen it is 0."""
        if self.calibration is not None and self.calibration.recording:
            return self.calibration.record(self, x)
        return super().forward(x)

    def compile_for(self, x: torch.Tensor) -> Run:
        """A compiled model, for images of any number and size."""
        openvino = _library()
        core = openvino.Core()
        config = {"INFERENCE_PRECISION_HINT": _HINTS[self.precision], "INFERENCE_NUM_THREADS": torch.get_num_threads()}
        machine = [openvino.__version__, core.get_property("CPU", "FULL_DEVICE_NAME"), *self._capabilities(core)]
        checksum = network_checksum(self.network)

        def converted() -> Mapping[str, bytes]:
            kind, versions = "openvino", [checksum, version("torch"), version("openvino")]
            return self.cache.get(kind, versions, lambda: _stored(openvino, openvino.convert_model(self.exported(x))))

        def quantized() -> Mapping[str, bytes]:
            images = self._images()  # refused before the network is converted
            return _stored(openvino, _quantized(_restored(openvino, core, converted()), images))

        def compiled() -> Mapping[str, bytes]:
            model = converted() if stored is None else stored
            found = core.compile_model(_restored(openvino, core, model), "CPU", config)
            return {"compiled": found.export_model().getvalue()}

        stored = self.cache.get("openvino_int8", [checksum], quantized) if self.precision == "int8" else None
        source = checksum if stored is None else hashlib.sha256(stored["bin"] + stored["xml"]).hexdigest()
        kept = self.cache.get(f"openvino_{self.precision}_compiled", [source, *machine], compiled)
        network = core.import_model(io.BytesIO(kept["compiled"]), "CPU", config)

        def run(image: np.ndarray) -> np.ndarray:
            return network.create_infer_request().infer(image)[0]  # a request each: several threads may call

        return run

    def _images(self) -> list[np.ndarray]:
        if self.calibration is None:
            raise InputError("openvino_precision int8: no images to calibrate with; use fp32 or bf16.")
        return [image.numpy() for image in self.calibration.images_of(self)]


def _quantized(model: Any, images: list[np.ndarray]) -> Any:
    import nncf

    return nncf.quantize(model, nncf.Dataset(images), subset_size=len(images))


def _stored(openvino: Any, model: Any) -> Mapping[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.xml"
        openvino.save_model(model, file, compress_to_fp16=False)
        return {"xml": file.read_bytes(), "bin": file.with_suffix(".bin").read_bytes()}


def _restored(openvino: Any, core: Any, stored: Mapping[str, bytes]) -> Any:
    weights = openvino.Tensor(np.frombuffer(stored["bin"], dtype=np.uint8))
    return core.read_model(stored["xml"], weights)
