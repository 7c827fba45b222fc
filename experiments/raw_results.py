"""The files that the tables and pictures are made of, from the folders of the runs."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from monai_scse.runtime import atomic_write

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_raw_results"]


def _scalars(folder: Path) -> pd.DataFrame:
    """Every number that the bundle logged to TensorBoard: file, tag, step, time, value."""
    import pandas as pd
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    rows = []
    for file in sorted(folder.glob("events.out.tfevents.*")):
        events = EventAccumulator(str(file), size_guidance={"scalars": 0})
        events.Reload()
        for tag in events.Tags()["scalars"]:
            rows += [(file.name, tag, event.step, event.wall_time, event.value) for event in events.Scalars(tag)]
    return pd.DataFrame(rows, columns=["file", "tag", "step", "time", "value"])


def _minutes(scalars: pd.DataFrame) -> float:
    """Time spent in training, over all starts of it."""
    times = scalars[scalars["tag"] == "train_loss"].groupby("file")["time"]
    return float((times.max() - times.min()).sum() / 60)


def _curves(scalars: pd.DataFrame, epochs: int, iterations: int) -> pd.DataFrame:
    import pandas as pd

    # a resumed training logs again what the killed one logged beyond its checkpoint
    last = scalars.sort_values("time").drop_duplicates(["tag", "step"], keep="last")
    loss = last[(last["tag"] == "train_loss") & (last["step"] <= iterations)]
    epoch = ((loss["step"] - 1) // (iterations / epochs) + 1).astype(int)
    parts = [loss.groupby(epoch.rename("epoch"))["value"].mean().reset_index().assign(measure="training loss")]
    dice = last[last["tag"] == "val_mean_dice"]
    parts.append(dice.rename(columns={"step": "epoch"})[["epoch", "value"]].assign(measure="validation Dice"))
    return pd.concat(parts)[["measure", "epoch", "value"]]


def write_raw_results(runs: Path, folder: Path) -> None:
    """Write what the finished runs measured.

    ``dice.csv`` has a row a case and structure. ``runs.csv`` has a row a run: parameters, minutes of training,
    hardware. ``training.csv`` has training loss and validation Dice of every epoch. All start with architecture, recal,
    split and seed, and with a step between them where runs differ by one.

    Args:
        runs: holds a folder for each run, finished or not. All finished ones count, whichever call made them.
        folder: receives the files.
    """
    import pandas as pd

    dice, facts, curves = [], [], []
    for file in sorted(runs.glob("*/finished.json")):
        fact = json.loads(file.read_text())
        identity = {name: fact[name] for name in ("architecture", "recal", "step", "split", "seed") if name in fact}
        scores = pd.read_csv(file.parent / "metrics.csv", dtype={"case": str})[["case", "structure", "dice"]]
        dice.append(scores.assign(**identity)[[*identity, *scores]])
        scalars = _scalars(file.parent)
        facts.append(fact | {"minutes": round(_minutes(scalars), 2)})
        if fact["iterations"] == 0:  # tested with the weights of another run
            continue
        curve = _curves(scalars, fact["epochs"], fact["iterations"])
        curves.append(curve.assign(**identity)[[*identity, *curve]])
    if not facts:
        return
    tables = {"dice.csv": pd.concat(dice), "runs.csv": pd.DataFrame(facts), "training.csv": pd.concat(curves)}
    for name, table in tables.items():
        atomic_write(folder / name, partial(table.to_csv, index=False, float_format="%.6g"))
