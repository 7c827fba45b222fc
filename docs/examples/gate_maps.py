"""Draw where the spatial gates of the brain bundle's network are open, on a coronal slice of a scan.

The scan is one given, or the ICBM 152 template, which nilearn carries in its package.

    python docs/examples/gate_maps.py [--scan SCAN] [--output docs/gate_maps.png]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
from monai.bundle import ConfigParser

from monai_scse.networks import SEGateRecorder
from monai_scse.visualize import save_gate_maps

BUNDLE = Path(__file__).parents[2] / "bundles" / "brain_mri_scse_segmentation"


def load(scan: Path) -> tuple[torch.nn.Module, torch.Tensor]:
    """The trained network, and the preprocessed scan, (slices of a slab, x, y, z)."""
    parser = ConfigParser()
    parser.read_config(str(BUNDLE / "configs" / "inference.json"))
    parser.update({"bundle_root": str(BUNDLE), "dataset_dir": str(scan), "device": "cpu"})
    network = parser.get_parsed_content("network").eval()
    network.load_state_dict(torch.load(parser.get_parsed_content("ckpt_path"), weights_only=True))
    return network, parser.get_parsed_content("dataset")[0]["image"].as_tensor()


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scan", type=Path, help="a skull-stripped T1 scan; the ICBM 152 template if not given")
    parser.add_argument("--output", type=Path, default=Path("gate_maps.png"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scan = options.scan
        if scan is None:
            from nilearn.datasets import load_mni152_template

            scan = Path(folder) / "icbm152_t1.nii.gz"
            load_mni152_template(resolution=1).to_filename(scan)
        network, slabs = load(scan)
    slab = slabs[:, :, slabs.shape[2] // 2]
    with SEGateRecorder(network) as gates, torch.no_grad():
        network(slab[None])
    maps = {
        f"{name.removesuffix('.recal').replace('s.', ' ')}": calls[-1][0, 0].numpy()
        for name, calls in gates.spatial.items()
    }
    save_gate_maps(options.output, slab[slab.shape[0] // 2].numpy(), maps, title="Spatial gates of scSE, brain bundle")
    print(f"Picture  {options.output}")


if __name__ == "__main__":
    main()
