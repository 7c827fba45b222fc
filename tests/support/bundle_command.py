"""Runs bundle commands: in this process, which saves seconds of imports, or in one of their own."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import fire
import monai.bundle.__main__
import monai.utils.misc
import numpy as np
import torch

#: Options of a training of the CT bundle that takes seconds.
SMALL_CT = {
    "slice_size": [48, 48],
    "spacing": [9, 9, 9],
    "network_def__features": 4,
    "device": "cpu",
    "label_numbers": "synthetic",
}


def command_line(verb: str, **options: object) -> list[str]:
    """The words after ``python -m monai.bundle``. ``__`` in the name of an option is ``#``."""
    words = [verb]
    for name, value in options.items():
        words += [f"--{name.replace('__', '#')}", str(value)]
    return words


def bundle_options(bundle: Path, config: str | list[str]) -> dict[str, object]:
    """The options of ``run`` that name a bundle and its configs."""
    files = [str(bundle / "configs" / name) for name in ([config] if isinstance(config, str) else config)]
    return {"bundle_root": bundle, "config_file": files[0] if len(files) == 1 else files}


def spawn_verb(verb: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """``python -m monai.bundle <verb>`` in a process of its own."""
    command = [sys.executable, "-m", "monai.bundle", *command_line(verb, **options)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=500)


def run_verb(verb: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """The same command in this process. Returns what the other process would."""
    words = command_line(verb, **options)
    out, err = io.StringIO(), io.StringIO()
    returncode = 0
    with as_a_process(words, cwd, out, err):
        try:
            fire.Fire(vars(monai.bundle.__main__), command=words, name="monai.bundle")
        except SystemExit as stop:
            returncode = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        except Exception:
            returncode = 1
            sys.excepthook(*sys.exc_info())
    return subprocess.CompletedProcess(words, returncode, out.getvalue(), err.getvalue())


def run_bundle(
    bundle: Path, config: str | list[str], cwd: Path, **overrides: object
) -> subprocess.CompletedProcess[str]:
    """``python -m monai.bundle run`` with configs of a bundle, in this process."""
    return run_verb("run", cwd, **bundle_options(bundle, config), **overrides)


def export_network(verb: str, bundle: Path, file: Path, **options: object) -> Path:
    """Export the network of a bundle with its weights by a verb of MONAI, ``ckpt_export`` or ``onnx_export``."""
    done = run_verb(
        verb,
        file.parent,
        net_id="network_def",
        filepath=file,
        ckpt_file=bundle / "models/model.pt",
        meta_file=bundle / "configs/metadata.json",
        config_file=bundle / "configs/inference.json",
        **options,
    )
    assert done.returncode == 0, done.stderr
    return file


@contextlib.contextmanager
def as_a_process(words: list[str], cwd: Path, out: io.StringIO, err: io.StringIO) -> Iterator[None]:
    """What a process has to itself: folder, arguments, environment, streams, logging, random numbers, determinism."""
    kept = os.getcwd(), sys.argv, sys.path[:], sys.excepthook, dict(os.environ)
    numbers = random.getstate(), np.random.get_state(), torch.get_rng_state(), monai.utils.misc._seed  # noqa: NPY002
    switches = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark, torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    record_factory = logging.getLogRecordFactory()
    os.chdir(cwd)
    sys.argv, sys.excepthook = [monai.bundle.__main__.__file__, *words], sys.__excepthook__
    monai.utils.misc._seed = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings(), _logging_to(out):
        try:
            yield
        finally:
            folder, sys.argv, sys.path[:], sys.excepthook, environment = kept
            os.chdir(folder)
            for name in os.environ.keys() - environment.keys():
                del os.environ[name]
            os.environ.update(environment)
            logging.setLogRecordFactory(record_factory)
            random.setstate(numbers[0])
            np.random.set_state(numbers[1])  # noqa: NPY002
            torch.set_rng_state(numbers[2])
            monai.utils.misc._seed = numbers[3]
            torch.use_deterministic_algorithms(deterministic)
            with torch.backends.__allow_nonbracketed_mutation():
                torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = switches[:2]
            torch.set_num_threads(switches[2])


@contextlib.contextmanager
def _logging_to(out: io.StringIO) -> Iterator[None]:
    """Loggers as in a new process. Those that print already, as MONAI's, print to ``out``."""
    root = logging.getLogger()
    loggers = [root, *(one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger))]
    kept = {one: (one.level, one.handlers[:], one.disabled, one.propagate) for one in loggers}
    streams = {
        handler: handler.stream
        for one in loggers[1:]
        for handler in one.handlers
        if type(handler) is logging.StreamHandler
    }
    root.handlers = []
    root.setLevel(logging.WARNING)
    for handler in streams:
        handler.stream = out
    try:
        yield
    finally:
        for handler, stream in streams.items():
            handler.stream = stream
        for one, (level, handlers, disabled, propagate) in kept.items():
            one.setLevel(level)
            one.handlers, one.disabled, one.propagate = handlers, disabled, propagate


def one_small_step(
    bundle: Path, configs: list[str], start: Path, cwd: Path, **overrides: object
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Fine-tune weights for one tiny step, check that it is one, and return all weights before and after."""
    result = run_bundle(
        bundle,
        configs,
        cwd=cwd,
        pretrained=start,
        learning_rate=1e-6,
        ckpt_dir=cwd,
        output_dir=cwd,
        time_budget_minutes=0.001,
        **overrides,
    )
    assert result.returncode == 0, result.stderr
    before, after = (torch.load(file, weights_only=True) for file in (start, cwd / "model.pt"))
    for name, value in after.items():
        if name.endswith("weight"):
            torch.testing.assert_close(value, before[name], rtol=0, atol=1e-3)  # one small step away, not anew
    return before, after
