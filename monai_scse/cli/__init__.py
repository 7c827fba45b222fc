"""The command ``monai-scse``: a cover over the bundles, for people who do not write configs."""

from __future__ import annotations

import click

from .bids import bids
from .commands import bundle, doctor, info
from .compare import compare
from .segment import segment
from .termination import end_on_sigterm
from .train import evaluate, train

__all__ = ["main"]


_EXAMPLES = """\b
Examples:
  monai-scse segment brain T1.nii.gz -o results
  monai-scse segment body scans/ -o results --skip-existing
  monai-scse segment body dicom_folder/ -o results --dicom-seg
  monai-scse bids study/ study/derivatives/monai-scse participant
\b
Shell completion, for this shell:
  eval "$(_MONAI_SCSE_COMPLETE=bash_source monai-scse)"    (or zsh_source, fish_source)
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLES)
@click.version_option(package_name="monai-scse", message="%(version)s")
def main() -> None:
    """Segment brains in MRI and organs in CT, for research."""
    end_on_sigterm()


for command in (segment, bids, train, evaluate, compare, info, doctor, bundle):
    main.add_command(command)
