"""Backends of the network on a CPU: time, agreement with float32 in PyTorch, Dice, from file to files.

    python benchmarks/backends.py brain SCAN... --labels FOLDER --json results/backends/brain.json
    python benchmarks/backends.py body --json results/backends/body.json

A batch of real slices is passed through each backend in turn, and each time is divided by that of float32 in PyTorch
in the same round. Then every backend segments the scans. Without scans the body is a synthetic CT with its labels.
Networks are compiled before the clock starts, what that takes stands beside it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch
from interleaved import machine, spread
from monai.bundle import ConfigParser
from tqdm import tqdm

from monai_scse.inferers import AutocastInferer
from monai_scse.labels import label_protocol, organ_protocol
from monai_scse.metrics import structure_dice
from monai_scse.runtime import BundleRun, read_weights
from monai_scse.synthetic.ct.torso import save_synthetic_cases

OPENVINO, ONNX = "inference_openvino.json", "inference_onnx.json"
BACKENDS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "PyTorch fp32": ([], {"amp": False}),
    "PyTorch bf16": ([], {"amp": True}),
    "OpenVINO fp32": ([OPENVINO], {}),
    "OpenVINO bf16": ([OPENVINO], {"openvino_precision": "bf16"}),
    "OpenVINO int8": ([OPENVINO], {"openvino_precision": "int8"}),
    "ONNX Runtime fp32": ([ONNX], {}),
}
REFERENCE = "PyTorch fp32"


def prepare(task: str, backend: str, scans: list[str], folder: Path) -> tuple[ConfigParser, float]:
    """The config of a backend with its network compiled, and the seconds from the weights to the first output."""
    configs, entries = BACKENDS[backend]
    output = {"dataset_dir": scans, "output_dir": str(folder / backend), "device": "cpu"}
    cache = {"compiled_dir": str(folder / "cache")} if configs else {}
    parser = BundleRun(task, ["inference.json", *configs], {**output, **cache, **entries}).parser()
    network = parser.get_parsed_content("network").eval()
    network.load_state_dict(read_weights(parser.get_parsed_content("ckpt_path"), network, ""))
    start = time.perf_counter()
    if entries.get("openvino_precision") == "int8":
        calibrated = parser.get_parsed_content("evaluator")
        calibrated.state.batch = {"image": parser.get_parsed_content("dataset")[0]["image"][None]}
    forward(parser, torch.zeros(1, parser["num_slices"], 160, 160))
    return parser, time.perf_counter() - start


def forward(parser: ConfigParser, image: torch.Tensor) -> float:
    """Seconds of a forward pass."""
    network = parser.get_parsed_content("network")
    inferer = AutocastInferer(amp=parser.get_parsed_content("amp"))
    start = time.perf_counter()
    with torch.inference_mode():
        inferer(image, network)
    return time.perf_counter() - start


def batch_of(parser: ConfigParser, size: int = 4) -> torch.Tensor:
    """Slices from the middle of the first scan, as the inferer passes them."""
    volume = parser.get_parsed_content("dataset")[0]["image"].as_tensor()
    inferer = parser.get_parsed_content("volume_inferer")
    slices = volume.movedim(inferer.spatial_dim + 1, 0)
    return slices[len(slices) // 2 :][:size].contiguous()


def segment(parser: ConfigParser) -> float:
    """Seconds of a run over the scans, from files to files."""
    evaluator = parser.get_parsed_content("evaluator")
    start = time.perf_counter()
    evaluator.run()
    return time.perf_counter() - start


def read(file: Path) -> np.ndarray:
    """Numbers of a label map."""
    return np.asarray(nibabel.load(file).dataobj)


def compare(parser: ConfigParser, folder: Path, backend: str, labels: Path, numbers: str) -> dict[str, float]:
    """Share of equal voxels, in all and where either has a structure, and mean global Dice."""
    structures = parser.get_parsed_content("structures")
    is_body = parser.get("organs") is not None
    protocol = organ_protocol(structures, numbers) if is_body else label_protocol(numbers, structures)
    equal, inside, dice = [], [], []
    for file in sorted((folder / REFERENCE).glob("*_seg.nii.gz")):
        ours, theirs = read(folder / backend / file.name), read(file)
        equal.append(np.mean(ours == theirs))
        inside.append(np.mean((ours == theirs)[(ours > 0) | (theirs > 0)]))
        label = protocol.to_classes(read(labels / file.name.replace("_seg", "")), file.name)
        dice.append(np.nanmean(structure_dice(ours, label, len(structures))))
    return {"equal": np.mean(equal), "equal_in_structures": np.mean(inside), "dice": np.mean(dice)}


def main() -> None:
    """Print a row for each backend, and write all numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["brain", "body"])
    parser.add_argument("scans", nargs="*", help="image files")
    parser.add_argument("--labels", type=Path, help="folder of their label maps, under the same names")
    parser.add_argument("--label_numbers", default="neuromorphometrics")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    found = machine()
    found["versions"] |= {name: version(name) for name in ("openvino", "nncf", "onnxruntime")}
    with tempfile.TemporaryDirectory() as name:
        folder, scans, labels, numbers = Path(name), options.scans, options.labels, options.label_numbers
        if not scans:
            save_synthetic_cases(folder, [0], spacing=(0.8, 0.8, 3.0), field_of_view="abdomen and pelvis")
            scans, labels, numbers = (
                [str(file) for file in (folder / "images").iterdir()],
                folder / "labels",
                "synthetic",
            )
        found["voxels"] = {Path(scan).name: nibabel.load(scan).shape for scan in scans}
        parsers, rows = {}, {}
        for backend in tqdm(options.backends, desc="compile"):
            parsers[backend], seconds = prepare(options.task, backend, scans, folder)
            rows[backend] = {"compile_seconds": round(seconds, 1)}
        image = batch_of(parsers[REFERENCE])
        found["batch"] = list(image.shape)
        times: dict[str, list[float]] = {backend: [] for backend in options.backends}
        for _ in tqdm(range(options.rounds + 1), desc="batch"):
            for backend, one in parsers.items():
                times[backend].append(forward(one, image))
        for backend, one in tqdm(parsers.items(), desc="scans"):
            measured, reference = times[backend][1:], times[REFERENCE][1:]  # the first round warms up
            rows[backend]["batch_seconds"] = spread(measured)
            rows[backend]["ratio"] = spread([ours / theirs for ours, theirs in zip(measured, reference)])
            rows[backend]["scan_seconds"] = round(segment(one) / len(scans), 1)
            if labels is not None:
                rows[backend] |= compare(one, folder, backend, labels, numbers)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({**found, "backends": rows}, indent=1) + "\n")
    for backend, row in rows.items():
        print(backend, row)


if __name__ == "__main__":
    main()
