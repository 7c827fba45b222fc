"""A run of a bundle that is installed, as ``python -m monai.bundle run`` does it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .bundle_folder import bundle_folder
from .errors import InputError
from .options import check_options

if TYPE_CHECKING:
    from monai.bundle import ConfigParser, ConfigWorkflow

__all__ = ["BundleRun"]


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
        self.configs = [str(file if file.is_file() else Path(name).absolute()) for file, name in zip(inside, configs)]
        for file in self.configs:
            if not Path(file).is_file():
                raise InputError(f"{file}: no such config file; see {self.folder / 'configs'} for those of the bundle.")
        self.entries = {name: value for name, value in entries.items() if value is not None}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BundleRun) and self.words == other.words

    def __hash__(self) -> int:
        return hash(tuple(self.words))

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

    def _check(self) -> None:
        """Raise an :class:`InputError` when a file is no config, or an entry is none of the config."""
        import monai.bundle.__main__
        from monai.bundle import ConfigParser
        from yaml import YAMLError

        for file in self.configs:
            if Path(file).is_relative_to(self.folder):
                continue
            try:
                ConfigParser.load_config_file(file)
            except (ValueError, YAMLError) as error:
                raise InputError(f"{file}: no config ({' '.join(str(error).split())}); write JSON or YAML.") from error
        check_options([monai.bundle.__main__.__file__, "run", *self.words])

    def parser(self) -> ConfigParser:
        """The config, its entries overridden, with the metadata of the bundle. Logging stays as it is.

        Raises:
            InputError: when an entry is none of the config.
        """
        from monai.bundle import ConfigParser

        self._check()
        parser = ConfigParser()
        parser.read_config(self.configs)
        parser.read_meta(self.folder / "configs/metadata.json")
        parser.update({"bundle_root": str(self.folder), **self.entries})
        return parser

    def workflow(self, verbose: bool = False) -> ConfigWorkflow:
        """The workflow of the config.

        Args:
            verbose: whether the logging of the bundle is set up.

        Raises:
            InputError: when an entry is none of the config.
        """
        from monai.bundle import ConfigWorkflow

        self._check()
        return ConfigWorkflow(
            config_file=self.configs,
            workflow_type="infer",
            logging_file=None if verbose else False,
            bundle_root=str(self.folder),
            **self.entries,
        )
