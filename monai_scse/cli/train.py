"""``monai-scse train`` and ``monai-scse evaluate``: labelled cases in, weights or scores out."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..runtime import BundleRun
from .log import log_warnings_only
from .options import output_option, run_options, task_argument
from .usage import one_line_errors, path_word, with_settings

if TYPE_CHECKING:
    from monai.bundle import ConfigParser, ConfigWorkflow

__all__ = ["evaluate", "train"]

_data_argument = click.argument("data", type=click.Path(exists=True, file_okay=False))


def _start(task: str, configs: list[str], entries: dict[str, Any], options: dict[str, Any]) -> ConfigWorkflow | None:
    """The workflow, ready to run, or None where the user wants its command alone."""
    settings = with_settings({**entries, "device": options["device"]}, options["settings"])
    run = BundleRun(task, [*configs, *options["configs"]], settings)
    if options["dry_run"]:
        click.echo(run.command_line)
        return None
    if not options["verbose"]:
        log_warnings_only()
    workflow = run.workflow(options["verbose"])
    workflow.initialize()
    return workflow


def _tell_epochs(parser: ConfigParser) -> None:
    """Print a line for each epoch in place of what Ignite and MONAI log."""
    from ignite.engine import Engine, Events
    from tqdm import tqdm

    trainer, validator = (parser.get_parsed_content(name) for name in ("train#trainer", "validate#evaluator"))
    logging.getLogger("monai.handlers.StatsHandler").setLevel(logging.WARNING)

    def tell(engine: Engine) -> None:
        words = [f"loss {engine.state.output[0]['loss']:.4f}"]
        if validator.state.epoch:
            words += [f"validation Dice {validator.state.metrics[validator.state.key_metric_name]:.4f}"]
        tqdm.write(f"epoch {engine.state.epoch} of {engine.state.max_epochs}: {', '.join(words)}")

    trainer.add_event_handler(Events.EPOCH_COMPLETED, tell)


@click.command(
    epilog="""\b
Examples:
  monai-scse train brain data/ -o training --set epochs=10
  monai-scse train body data/ -o training --resume
  monai-scse train brain label_maps/ -o training --config any_contrast.yaml
"""
)
@task_argument
@_data_argument
@output_option(required=True)
@run_options
@click.option("--resume", is_flag=True, help="Go on with the training in the output folder.")
def train(task: str, data: str, output_dir: Path, resume: bool, **options: Any) -> None:
    """Train on DATA, a folder with images/ and labels/, the same file names in both.

    The output folder receives the weights and the logs. The weights of the package stay as they are.
    """
    entries = {
        "dataset_dir": path_word(data),
        "ckpt_dir": path_word(output_dir),
        "output_dir": path_word(output_dir),
        "resume": resume or None,
    }
    with one_line_errors(options):
        if (workflow := _start(task, ["train.json"], entries, options)) is None:
            return
        if not options["verbose"]:
            _tell_epochs(workflow.parser)
        workflow.run()
        click.echo(f"Weights: {workflow.parser.get_parsed_content('best_path')}")


@click.command(
    epilog="""\b
Examples:
  monai-scse evaluate brain data/ -o scores
  monai-scse evaluate body data/ -o scores --weights training/model.pt
"""
)
@task_argument
@_data_argument
@output_option(required=True)
@run_options
@click.option(
    "--weights", type=click.Path(exists=True, dir_okay=False), help="Weights; by default those of the package."
)
def evaluate(task: str, data: str, output_dir: Path, weights: str | None, **options: Any) -> None:
    """Segment the images of DATA, and score them against its labels: Dice, HD95 and ASSD."""
    entries = {
        "dataset_dir": path_word(data),
        "output_dir": path_word(output_dir),
        "ckpt_path": path_word(weights) if weights else None,
    }
    with one_line_errors(options):
        if (workflow := _start(task, ["train.json", "evaluate.json"], entries, options)) is None:
            return
        workflow.run()
        click.echo(f"Scores: {output_dir / 'summary.csv'}, of each case: {output_dir / 'metrics.csv'}")
