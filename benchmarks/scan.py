"""A scan, end to end and by its parts, and a cohort against the bare forward passes of the same network.

    python benchmarks/scan.py brain [SCAN] --json results/performance/brain.json [--rounds 3] [--cohort 4]
    python benchmarks/scan.py body [SCAN] --json results/performance/body.json

Without a file the scan is the ICBM 152 template that nilearn carries, or a synthetic CT.

The command line is timed as a user runs it, imports included. The parts are those of one process that segments the
scan under several names. *network* is the inferer: all forward passes and the argmax. Parts of reading run while the
network works on the case before, so a case may take less than the sum of its parts. *bare* passes the same batches
through the network alone, the mirrored slices included.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import nibabel
import torch
from ignite.engine import Events
from interleaved import spread, write
from monai.bundle import ConfigParser
from tqdm import tqdm

from monai_scse.runtime import BundleRun, prepare_environment, prepare_processor
from monai_scse.synthetic.ct.torso import synthetic_ct

COMMAND = [sys.executable, "-c", "from monai_scse.cli import main; main()", "segment"]
PART_OF = {"LoadScand": "read", "SaveSegmentationd": "write"}


class Parts:
    """Seconds of the parts of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def _clock(self, part: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[part].append(time.perf_counter() - start)

    def watch(self, owner: Any, method: str, part: str) -> None:
        """Time a method of one object."""
        inner = getattr(type(owner), method)

        def timed(self_: Any, *args: Any, **kwargs: Any) -> Any:
            with self._clock(part):
                return inner(self_, *args, **kwargs)

        owner.__class__ = type(type(owner).__name__, (type(owner),), {method: timed})


def watched(parser: ConfigParser) -> Parts:
    """The parts of the evaluator of a config, watched."""
    parts = Parts()
    for name, default in (("preprocessing", "preprocess"), ("postprocessing", "postprocess")):
        for transform in parser.get_parsed_content(name).transforms:
            parts.watch(transform, "__call__", PART_OF.get(type(transform).__name__, default))
    evaluator = parser.get_parsed_content("evaluator")
    parts.watch(evaluator.inferer, "__call__", "network")
    for handler in parser.get_parsed_content("handlers"):
        if hasattr(handler, "save_case"):
            parts.watch(handler, "save_case", "report")
    return parts


def linked(scan: Path, count: int, folder: Path) -> list[str]:
    """Links to a scan under as many names as wanted."""
    folder.mkdir()
    links = [folder / f"scan{index:02d}{scan.name[scan.name.index('.') :]}" for index in range(count)]
    for link in links:
        link.symlink_to(scan.resolve())
    return [str(link) for link in links]


def bare_forwards(parser: ConfigParser, image: torch.Tensor) -> float:
    """Seconds of the forward passes of one prepared scan alone."""
    network = parser.get_parsed_content("network").eval()
    slices = image.movedim(parser.get_parsed_content("volume_inferer").spatial_dim + 1, 0)
    if every := parser.get("mirror_every", 0):  # these are passed mirrored as well
        slices = torch.cat((slices, slices[every // 2 :: every].flip(2)))
    batches = [batch.contiguous(memory_format=torch.channels_last) for batch in slices.split(parser["sw_batch_size"])]
    amp = parser.get_parsed_content("amp")
    start = time.perf_counter()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=amp):
        for batch in batches:
            network(batch)
    return time.perf_counter() - start


def write_scan(task: str, file: Path) -> Path:
    """Write a scan that belongs to nobody."""
    if task == "brain":
        from nilearn.datasets import load_mni152_template

        load_mni152_template(resolution=1).to_filename(file)
    else:
        scan = synthetic_ct(0, spacing=(0.8, 0.8, 3.0), field_of_view="abdomen and pelvis")
        nibabel.save(nibabel.Nifti1Image(scan.image, scan.affine), file)
    return file


def command_seconds(words: list[str]) -> float:
    """Wall time of a process."""
    start = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - start


def command_rows(task: str, scan: Path, rounds: int, folder: Path) -> dict[str, Any]:
    """The command line from a fresh shell, its help, and the import of MONAI."""
    runs = {
        "import monai": [sys.executable, "-c", "import monai"],
        "monai-scse --help": [sys.executable, "-c", "from monai_scse.cli import main; main()", "--help"],
        "monai-scse segment, one scan": [*COMMAND, task, str(scan), "-o", str(folder / "command"), "--device", "cpu"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in tqdm(range(rounds), desc="commands"):
        for name, words in runs.items():
            seconds[name].append(command_seconds(words))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {name: spread(values) for name, values in seconds.items()} | {"peak GiB": round(peak, 2)}


def cohort_rows(task: str, scan: Path, count: int, folder: Path) -> dict[str, Any]:
    """A cohort in one process, its parts, and the bare forward passes."""
    output = {"dataset_dir": linked(scan, count + 1, folder / "scans"), "output_dir": str(folder / "cohort")}
    entries = {**output, "device": "cpu", "report": True, "report_command": "-", "volume_inferer#progress": False}
    workflow = BundleRun(task, ["inference.json"], entries).workflow()
    workflow.initialize()
    parser = workflow.parser
    bare_image = parser.get_parsed_content("dataset")[0]["image"].as_tensor()
    parts = watched(parser)
    bare_forwards(parser, bare_image)
    bare = [bare_forwards(parser, bare_image) for _ in range(2)]
    ends: list[float] = []
    evaluator = parser.get_parsed_content("evaluator")
    evaluator.add_event_handler(Events.ITERATION_COMPLETED, lambda: ends.append(time.perf_counter()))
    workflow.run()
    bare += [bare_forwards(parser, bare_image) for _ in range(2)]
    cases = [later - earlier for earlier, later in pairwise(ends)]
    rows: dict[str, Any] = {"a case of the cohort": spread(cases), "bare forward passes of a case": spread(bare)}
    case, alone = (rows[name]["median"] for name in ("a case of the cohort", "bare forward passes of a case"))
    rows |= {"case / bare": round(case / alone, 3), "scans a minute": round(60 / case, 2)}
    for part, seconds in parts.seconds.items():
        rows[f"part: {part}"] = round(sum(seconds) / (count + 1), 3)
    return rows


def main() -> None:
    """Print and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["brain", "body"])
    parser.add_argument("scan", nargs="?", type=Path, help="an image file")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions of the commands")
    parser.add_argument("--cohort", type=int, default=4, help="scans of the cohort behind the first")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    prepare_environment()
    prepare_processor()
    with tempfile.TemporaryDirectory() as name:
        scan = options.scan or write_scan(options.task, Path(name) / "scan.nii.gz")
        rows: dict[str, Any] = {"voxels": list(nibabel.load(scan).shape)}
        rows |= command_rows(options.task, scan, options.rounds, Path(name))
        rows |= cohort_rows(options.task, scan, options.cohort, Path(name))
    write(options.json, rows)


if __name__ == "__main__":
    main()
