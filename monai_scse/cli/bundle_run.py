"""A run of a bundle, as ``python -m monai.bundle run`` does it."""

from __future__ import annotations

import ast
import logging
import shlex
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..runtime import InputError, bundle_folder, check_options, find_input_error

if TYPE_CHECKING:
    from monai.bundle import ConfigWorkflow

__all__ = ["BundleRun", "one_line_errors", "parse_settings"]

_CHATTY = ("monai", "ignite", "monai_scse.handlers.segmentation_report", "monai_scse.transforms.brain_extraction")


class BundleRun:
    """Configs of a bundle and the entries that are overridden.

    Args:
        task: ``"brain"`` or ``"body"``.
        configs: names of config files of the bundle, or paths of others.
        entries: values of config entries. None leaves an entry as it is.
    """

    def __init__(self, task: str, configs: Sequence[str], entries: Mapping[str, Any]) -> None:
        self.folder = bundle_folder(task)
        inside = [self.folder / "configs" / name for name in configs]
        self.configs = [str(file if file.is_file() else Path(name)) for file, name in zip(inside, configs)]
        for file in self.configs:
            if not Path(file).is_file():
                raise InputError(f"{file}: no such config file; see {self.folder / 'configs'} for those of the bundle.")
        self.entries = {name: value for name, value in entries.items() if value is not None}

    @property
    def words(self) -> list[str]:
        """The words behind ``python -m monai.bundle run``."""
        files = self.configs[0] if len(self.configs) == 1 else str(self.configs)
        options = {"config_file": files, "bundle_root": str(self.folder), **self.entries}
        return [str(word) for name, value in options.items() for word in (f"--{name}", value)]

    @property
    def command_line(self) -> str:
        """What does the same without this command."""
        return shlex.join(["python", "-m", "monai.bundle", "run", *self.words])

    def workflow(self, verbose: bool = False) -> ConfigWorkflow:
        """The workflow, its config checked and parsed.

        Args:
            verbose: whether MONAI and Ignite log.

        Raises:
            InputError: when an entry is none of the config.
        """
        import monai.bundle.__main__
        from monai.bundle import ConfigWorkflow

        check_options([monai.bundle.__main__.__file__, "run", *self.words])
        self._set_logging(verbose)
        return ConfigWorkflow(
            config_file=self.configs,
            workflow_type="infer",
            logging_file=None if verbose else False,
            bundle_root=str(self.folder),
            **self.entries,
        )

    def run(self, verbose: bool = False) -> None:
        """Run the workflow."""
        workflow = self.workflow(verbose)
        workflow.initialize()
        try:
            workflow.run()
        finally:
            workflow.finalize()

    @staticmethod
    def _set_logging(verbose: bool) -> None:
        if verbose:
            return
        warnings.simplefilter("ignore")
        logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.ERROR)
        for name in logging.root.manager.loggerDict:
            if name.startswith(("monai.", "ignite.")):
                logging.getLogger(name).setLevel(logging.ERROR)


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Values of ``name=value``, read as MONAI's command line reads them.

    Raises:
        click.BadParameter: when an equals sign is missing.
    """
    parsed = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{setting!r} is not name=value", param_hint="--set")
        try:
            parsed[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            parsed[name] = value
    return parsed


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the command with status 1 and one line when the input is at fault."""
    try:
        yield
    except Exception as error:
        if (input_error := find_input_error(error)) is None:
            raise
        click.echo(f"error: {input_error}", err=True)
        raise click.exceptions.Exit(1) from None
