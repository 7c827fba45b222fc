"""Training and testing one combination on one split with one seed, by the bundle's own commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from monai_scse.runtime import InputError, atomic_write

from .combinations import Combination
from .splits import Split

if TYPE_CHECKING:
    from monai.bundle import ConfigParser

__all__ = ["BundleRun"]

_FINISHED = "finished.json"


@dataclass(frozen=True)
class BundleRun:
    """One training of the bundle and its test. All of its files are in ``folder``.

    ``finished.json`` is written last and in one step: a run that has it is complete.

    Args:
        bundle: folder of the bundle.
        overlays: further config files, behind that of the combination's network.
        folder: receives the checkpoint, the network, the logs, the scores and one segmentation.
        combination: the network and its recalibration. A step takes the network of train.json.
        split: the cases by name.
        seed: of the weights and of the order of the slices.
        cases: the files of every case, ``{name: {"image": ..., "label": ...}}``.
        epochs: length of the training.
        device: for example ``"cuda:0"``. None leaves it to the bundle.
        step: what the run shows, where runs differ by their config files. None where they differ by their combinations.
        train_overlays: config files of the training alone, behind the others.
        test_overlays: config files of the test alone, behind the others.
        weights: files of trained networks by the name of the config's entry, for example ``{"ckpt_path": file}``. A run
            that has them is only tested.
    """

    bundle: Path
    overlays: tuple[Path, ...]
    folder: Path
    combination: Combination
    split: Split
    seed: int
    cases: Mapping[str, dict[str, str]]
    epochs: int
    device: str | None = None
    step: str | None = None
    train_overlays: tuple[Path, ...] = ()
    test_overlays: tuple[Path, ...] = ()
    weights: Mapping[str, Path] | None = None

    @property
    def name(self) -> str:
        """What the runs that belong together have in common."""
        return self.step or self.combination.name

    @property
    def title(self) -> str:
        """Which of the runs of a combination this is."""
        return f"{self.split.name} seed {self.seed}"

    @property
    def finished_file(self) -> Path:
        """What says that the run is complete, with facts about it."""
        return self.folder / _FINISHED

    @property
    def is_finished(self) -> bool:
        """Whether training and test are done."""
        return self.finished_file.is_file()

    @property
    def checkpoint(self) -> Path:
        """The last state of the training."""
        return self.folder / "checkpoint.pt"

    def iterations_done(self) -> tuple[int, float]:
        """How far the training is, in iterations and in epochs."""
        if not self.checkpoint.is_file():
            return 0, 0.0
        state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        return state["iteration"], state["iteration"] / state["epoch_length"]

    @property
    def is_trained(self) -> bool:
        """Whether the training is done. The test may not be."""
        return self.weights is not None or self.iterations_done()[1] >= self.epochs

    def config_files(self, name: str) -> list[str]:
        """The config files of one of the bundle's commands.

        Args:
            name: ``"train.json"``, ``"evaluate.json"`` or ``"inference.json"``.
        """
        configs = self.bundle / "configs"
        base = ("train.json", "evaluate.json") if name == "evaluate.json" else (name,)
        # a step is one of the bundle's own network
        network = () if self.step else (self.combination.config_file,)
        last = self.train_overlays if name == "train.json" else self.test_overlays
        return [str(configs / file) for file in (*base, *network)] + [str(file) for file in (*self.overlays, *last)]

    def config(self, name: str) -> ConfigParser:
        """The config of one of the bundle's commands, with the network of this run.

        Args:
            name: as in :meth:`config_files`.
        """
        from monai.bundle import ConfigParser

        parser = ConfigParser()
        parser.read_config(self.config_files(name))
        parser.update({"bundle_root": str(self.bundle), **self._network()})
        return parser

    def _network(self) -> dict[str, Any]:
        return {} if self.step else self.combination.overrides

    def run(self, minutes: float | None = None) -> None:
        """Train, or go on training, then test. Returns unfinished when the time is up.

        Args:
            minutes: time for the training, or None for no limit.
        """
        for file in (self.weights or {}).values():
            if not (file.parent / _FINISHED).is_file():
                raise InputError(f"{self.name}: the training in {file.parent} is not finished; finish it first.")
        if not self.is_trained:
            self._command(
                "train.json",
                cases=[self._files(self.split.train), self._files(self.split.validation)],
                epochs=self.epochs,
                seed=self.seed,
                resume=self.checkpoint.is_file(),
                data_device="@device",  # the scans lie where the network is, and are augmented there
                time_budget_minutes=minutes,
            )
        if not self.is_trained:
            return
        weights = {name: str(file) for name, file in (self.weights or {}).items()}
        self._command("evaluate.json", cases=self._files(self.split.test), **weights)
        self._command("inference.json", dataset_dir=self.cases[self.split.test[0]]["image"], **weights)
        facts = json.dumps(self._facts(), indent=2)
        atomic_write(self.finished_file, lambda path: path.write_text(facts))

    def _files(self, names: Sequence[str]) -> list[dict[str, str]]:
        return [self.cases[name] for name in names]

    def _command(self, name: str, **overrides: Any) -> None:
        import monai.bundle

        if self.device is not None:
            overrides["device"] = self.device
        monai.bundle.run(
            config_file=self.config_files(name),
            bundle_root=str(self.bundle),
            ckpt_dir=str(self.folder),
            output_dir=str(self.folder),
            **self._network(),
            **overrides,
        )

    def _facts(self) -> dict[str, Any]:
        parser = self.config("evaluate.json")
        parameters = dict(parser.get_parsed_content("network_def").named_parameters())
        device = torch.device(self.device or parser.get_parsed_content("device"))
        return {
            "architecture": self.combination.architecture,
            "recal": self.combination.recal,
            **({} if self.step is None else {"step": self.step}),
            "split": self.split.name,
            "seed": self.seed,
            "epochs": self.epochs,
            "iterations": self.iterations_done()[0],
            "parameters": sum(value.numel() for value in parameters.values()),
            "se_parameters": sum(value.numel() for name, value in parameters.items() if ".recal." in name),
            "hardware": _hardware(device),
            "torch": torch.__version__,
        }


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = torch.cpu.get_capabilities().get("cpu_name", "") if hasattr(torch.cpu, "get_capabilities") else ""
    return f"{name or 'CPU'}, threads used: {torch.get_num_threads()}"
