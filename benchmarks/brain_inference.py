"""How long the brain bundle takes for one scan, end to end, and against the bare forward passes of the same slices.

The scan is the ICBM 152 template that nilearn carries. The command line is timed as a user runs it, imports included;
its peak memory is that of the whole process.

    python benchmarks/brain_inference.py [--rounds 3]
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

import torch
from monai.bundle import ConfigParser
from nilearn.datasets import load_mni152_template
from tqdm import tqdm

BUNDLE = Path(__file__).parents[1] / "bundles" / "brain_mri_scse_segmentation"


def _parser(scan: Path, output: Path) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(str(BUNDLE / "configs" / "inference.json"))
    parser.update({"bundle_root": str(BUNDLE), "dataset_dir": str(scan), "output_dir": str(output), "device": "cpu"})
    return parser


def command_seconds(scan: Path, output: Path) -> float:
    """Wall time of the bundle command for one scan."""
    command = ["-m", "monai.bundle", "run", "--config_file", str(BUNDLE / "configs" / "inference.json")]
    command += ["--bundle_root", str(BUNDLE), "--dataset_dir", str(scan), "--output_dir", str(output)]
    start = time.perf_counter()
    subprocess.run([sys.executable, *command, "--device", "cpu"], check=True, capture_output=True)
    return time.perf_counter() - start


def workflow_and_bare_seconds(scan: Path, output: Path) -> tuple[float, float]:
    """Time of the evaluator from file to files, and of the forward passes of the same slices alone."""
    parser = _parser(scan, output)
    evaluator = parser.get_parsed_content("evaluator")
    start = time.perf_counter()
    evaluator.run()
    workflow = time.perf_counter() - start

    volume = parser.get_parsed_content("dataset")[0]["image"].as_tensor()
    network = parser.get_parsed_content("network").eval()
    batches = volume.permute(2, 0, 1, 3).split(parser.get_parsed_content("sw_batch_size"))
    start = time.perf_counter()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=parser.get_parsed_content("amp")):
        for batch in batches:
            network(batch)
    return workflow, time.perf_counter() - start


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="repetitions")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        scan = Path(folder) / "icbm152_t1.nii.gz"
        load_mni152_template(resolution=1).to_filename(scan)
        commands = [command_seconds(scan, Path(folder)) for _ in tqdm(range(rounds), desc="command line")]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        pairs = [workflow_and_bare_seconds(scan, Path(folder)) for _ in tqdm(range(rounds), desc="workflow")]
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"command line, start to files    {statistics.median(commands):.1f} s, peak memory {peak:.2f} GiB")
    print(f"workflow, file to files         {statistics.median(pair[0] for pair in pairs):.1f} s")
    print(f"workflow / bare forward passes  {statistics.median(w / b for w, b in pairs):.2f}  (budget 1.25)")


if __name__ == "__main__":
    main()
