"""Networks that ONNX Runtime runs."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Mapping
from importlib.metadata import version

import numpy as np
import torch

from .compiled import CompiledNetwork, Run
from .model_cache import network_checksum

__all__ = ["ONNXRuntimeNetwork"]


class ONNXRuntimeNetwork(CompiledNetwork):
    """A network that ONNX Runtime runs on the CPU, in float32.

    Arguments and errors are those of :class:`CompiledNetwork`. It uses as many threads as PyTorch.
    """

    overlay = "inference_onnx.json"
    packages = ("onnx", "onnxruntime", "onnxscript")
    extra = "onnx"

    def compile_for(self, x: torch.Tensor) -> Run:
        """An inference session, for images of any number and size."""
        import onnxruntime

        versions = [network_checksum(self.network), *(version(name) for name in ("torch", "onnx", "onnxscript"))]
        model = self.cache.get("onnx", versions, lambda: self._converted(x))["onnx"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the cores may be shared
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

        def run(image: np.ndarray) -> np.ndarray:
            (output,) = session.run(None, {"image": image})
            return output

        return run

    def _converted(self, x: torch.Tensor) -> Mapping[str, bytes]:
        logger = logging.getLogger("torch.onnx._internal.exporter._registration")
        logger.setLevel(logging.ERROR)  # it warns that torchvision is not installed
        with contextlib.redirect_stdout(io.StringIO()):
            program = torch.onnx.export(self.exported(x), input_names=["image"], dynamo=True, verbose=False)
        assert program is not None
        return {"onnx": program.model_proto.SerializeToString()}
