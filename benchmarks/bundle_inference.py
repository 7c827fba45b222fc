"""How long a bundle takes for one scan, end to end, and against the bare forward passes of the same slices.

A slice that the brain bundle also passes mirrored counts as two.

The scan is one given, the ICBM 152 template that nilearn carries, or a synthetic CT. The command line is timed as a
user runs it, imports included. Its peak memory is that of the whole process.

    python benchmarks/bundle_inference.py brain|ct [--scan FILE] [--rounds 3]
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel
import torch
from monai.bundle import ConfigParser
from nilearn.datasets import load_mni152_template
from tqdm import tqdm

from monai_scse.synthetic.ct.torso import synthetic_ct

BUNDLES = Path(__file__).parents[1] / "bundles"


def write_brain(file: Path) -> None:
    """Write the ICBM 152 template."""
    load_mni152_template(resolution=1).to_filename(file)


def write_ct(file: Path) -> None:
    """Write a synthetic CT of 512 x 512 voxels a slice."""
    scan = synthetic_ct(0, spacing=(0.8, 0.8, 3.0), field_of_view="abdomen and pelvis")
    nibabel.save(nibabel.Nifti1Image(scan.image, scan.affine), file)


SCANS = {"brain": ("brain_mri_scse_segmentation", write_brain), "ct": ("wholebody_ct_scse_segmentation", write_ct)}


def _parser(bundle: Path, scan: Path, output: Path) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "inference.json"))
    parser.update({"bundle_root": str(bundle), "dataset_dir": str(scan), "output_dir": str(output), "device": "cpu"})
    return parser


def command_seconds(bundle: Path, scan: Path, output: Path) -> float:
    """Wall time of the bundle command for one scan."""
    command = ["-m", "monai.bundle", "run", "--config_file", str(bundle / "configs" / "inference.json")]
    command += ["--bundle_root", str(bundle), "--dataset_dir", str(scan), "--output_dir", str(output)]
    start = time.perf_counter()
    subprocess.run([sys.executable, *command, "--device", "cpu"], check=True, capture_output=True)
    return time.perf_counter() - start


def workflow_and_bare_seconds(bundle: Path, scan: Path, output: Path) -> tuple[float, float]:
    """Time of the evaluator from file to files, and of the forward passes of the same slices alone."""
    parser = _parser(bundle, scan, output)
    evaluator = parser.get_parsed_content("evaluator")
    start = time.perf_counter()
    evaluator.run()
    workflow = time.perf_counter() - start

    volume = parser.get_parsed_content("dataset")[0]["image"].as_tensor()
    network = parser.get_parsed_content("network").eval()
    axis = parser.get_parsed_content("volume_inferer").spatial_dim + 1
    slices = volume.movedim(axis, 0)
    if every := parser.get("mirror_every", 0):  # these are passed mirrored as well
        slices = torch.cat((slices, slices[::every]))
    batches = slices.split(parser.get_parsed_content("sw_batch_size"))
    start = time.perf_counter()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=parser.get_parsed_content("amp")):
        for batch in batches:
            network(batch)
    return workflow, time.perf_counter() - start


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", choices=SCANS)
    parser.add_argument("--scan", type=Path, help="an image file")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions")
    options = parser.parse_args()
    name, write_scan = SCANS[options.bundle]
    bundle = BUNDLES / name
    with tempfile.TemporaryDirectory() as folder:
        output, scan = Path(folder), options.scan
        if scan is None:
            scan = output / "scan.nii.gz"
            write_scan(scan)
        rounds = range(options.rounds)
        commands = [command_seconds(bundle, scan, output) for _ in tqdm(rounds, desc="command line")]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        pairs = [workflow_and_bare_seconds(bundle, scan, output) for _ in tqdm(rounds, desc="workflow")]
        shape = nibabel.load(scan).shape
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}; scan of {shape} voxels")
    print(f"command line, start to files    {statistics.median(commands):.1f} s, peak memory {peak:.2f} GiB")
    print(f"workflow, file to files         {statistics.median(pair[0] for pair in pairs):.1f} s")
    print(f"workflow / bare forward passes  {statistics.median(w / b for w, b in pairs):.2f}  (budget 1.25)")


if __name__ == "__main__":
    main()
