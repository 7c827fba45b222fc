"""Networks and recalibrate work with torch, MONAI and NumPy alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# MONAI and torch import what they find of the others: blocked for them too, as if it were not installed
ALONE = """
import importlib.abc, sys

BLOCKED = {
    "alembic", "dynamic_network_architectures", "einops", "fire", "highdicom", "huggingface_hub", "ignite", "itk",
    "matplotlib", "mlflow", "nibabel", "nilearn", "onnx", "onnxruntime", "onnxscript", "pandas", "PIL", "pydicom",
    "scipy", "skimage", "sklearn", "sqlalchemy", "tensorboard", "tqdm", "yaml",
}

class Others(importlib.abc.MetaPathFinder):
    finders = list(sys.meta_path)

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            return None
        specs = (finder.find_spec(name, path, target) for finder in self.finders)
        return next((spec for spec in specs if spec is not None), None)

sys.meta_path[:] = [Others()]

import torch
from monai.networks.nets import UNet
from monai_scse import SEUNet, recalibrate

for network in (SEUNet(2, 1, 3, features=4), recalibrate(UNet(2, 1, 3, (4, 8, 16), (2, 2)))):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    output = network(torch.rand(2, 1, 32, 32))
    assert output.shape == (2, 3, 32, 32)
    output.square().mean().backward()
    optimizer.step()
    assert any(not torch.equal(old, new) for old, new in zip(before, network.parameters()))
assert not BLOCKED & {name.partition(".")[0] for name in sys.modules}
print("trained")
"""


def test_networks_train_with_torch_monai_and_numpy_alone(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "trained"
