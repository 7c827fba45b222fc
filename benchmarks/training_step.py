"""A training step of a bundle against a bare one: forward pass, loss, backward pass and optimizer on the same batch.

    python benchmarks/training_step.py brain FOLDER --json results/performance/brain_training.json

FOLDER holds ``images`` and ``labels``. Behind each step of the bundle, which loads and augments its batch, a bare step
runs on the batch. Both change the same network.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from interleaved import spread, write

from monai_scse.runtime import BundleRun, prepare_processor


def main() -> None:
    """Print and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["brain", "body"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    prepare_processor()
    with tempfile.TemporaryDirectory() as name:
        entries = {
            "dataset_dir": str(options.folder),
            "output_dir": name,
            "ckpt_dir": name,
            "device": "cpu",
            "epochs": 1,
        }
        workflow = BundleRun(options.task, ["train.json"], entries).workflow()
        workflow.initialize()
        config = workflow.parser
        trainer, network, loss, optimizer = (
            config.get_parsed_content(item) for item in ("train#trainer", "network", "loss", "optimizer")
        )
        amp = config.get_parsed_content("amp")
        bundle, bare = [], []

        def bare_step(image: torch.Tensor, label: torch.Tensor) -> None:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=amp):
                output = network(image)
            loss(output.float(), label).backward()
            optimizer.step()

        def compare(engine: Engine) -> None:
            bundle.append(time.perf_counter() - start[0])
            image, label = (engine.state.batch[key].as_subclass(torch.Tensor) for key in ("image", "label"))
            begin = time.perf_counter()
            bare_step(image, label)
            bare.append(time.perf_counter() - begin)
            if len(bare) == options.steps + 2:
                engine.terminate()

        start = [0.0]
        trainer.add_event_handler(Events.GET_BATCH_STARTED, lambda: start.__setitem__(0, time.perf_counter()))
        trainer.add_event_handler(Events.ITERATION_COMPLETED, compare)
        trainer.run()
    bundle, bare = bundle[2:], bare[2:]  # the first ones warm up
    ratios = [ours / theirs for ours, theirs in zip(bundle, bare)]
    rows: dict[str, Any] = {
        "a step of the bundle": spread(bundle),
        "bare": spread(bare),
        "bundle / bare": spread(ratios),
    }
    write(options.json, rows)


if __name__ == "__main__":
    main()
