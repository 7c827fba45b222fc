"""Scans a minute of `monai-scse segment`, in one process, in several, and with other backends.

    python benchmarks/cohort.py brain SCAN... --json results/cohort/brain.json

The scans are linked under new names until there are as many as wanted. Each way segments them all, from the command to
the files, imports included. The time of a scan is that of the whole run less that of a run over one scan, divided by
the scans beyond the first.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

WAYS = {
    "one process": [],
    "two processes": ["--jobs", "2"],
    "one process, OpenVINO bf16": ["--config", "inference_openvino.json", "--set", "openvino_precision=bf16"],
    "one process, OpenVINO int8": ["--config", "inference_openvino.json", "--set", "openvino_precision=int8"],
}
COMMAND = [sys.executable, "-c", "from monai_scse.cli import main; main()", "segment"]


def linked(scans: list[str], count: int, folder: Path) -> list[str]:
    """Links to the scans, under as many names as wanted."""
    folder.mkdir()
    links = []
    for index in range(count):
        scan = Path(scans[index % len(scans)]).resolve()
        link = folder / f"scan{index:02d}{scan.name[scan.name.index('.') :]}"
        link.symlink_to(scan)
        links.append(str(link))
    return links


def seconds(task: str, scans: list[str], words: list[str], cache: Path) -> float:
    """Wall time of the command over the scans."""
    configured = ["--set", f"compiled_dir={cache}"] if "--config" in words else []
    with tempfile.TemporaryDirectory() as output:
        start = time.perf_counter()
        command = [*COMMAND, task, *scans, "-o", output, "--device", "cpu", *words, *configured]
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start


def main() -> None:
    """Print a line for each way, and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["brain", "body"])
    parser.add_argument("scans", nargs="+")
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        scans = linked(options.scans, options.count, Path(folder) / "scans")
        cache = Path(folder) / "cache"
        for way in tqdm(options.ways):
            words = WAYS[way]
            if "--config" in words:
                seconds(options.task, scans[:1], words, cache)  # converts and compiles
            alone, together = (seconds(options.task, some, words, cache) for some in (scans[:1], scans))
            rows[way] = {
                "first_scan_s": round(alone, 1),
                "all_scans_s": round(together, 1),
                "further_scan_s": round((together - alone) / (options.count - 1), 1),
            }
            tqdm.write(f"{way:<28} {rows[way]}")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    facts = {
        "task": options.task,
        "scans": options.count,
        "cores": os.cpu_count(),
        "machine": platform.processor() or platform.machine(),
        "torch": version("torch"),
        "commit": commit,
        "ways": rows,
    }
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
