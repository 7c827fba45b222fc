"""How much a command logs."""

from __future__ import annotations

import logging
import sys
import warnings

__all__ = ["log_warnings_only"]

_CHATTY = ("monai", "ignite", "monai_scse.handlers.segmentation_report", "monai_scse.transforms.brain_extraction")


def log_warnings_only() -> None:
    """Show warnings of monai_scse. MONAI and Ignite show errors alone.

    Of what the summary says too, only errors appear.
    """
    import monai.bundle  # noqa: F401  # sets levels of its own

    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    inner = [name for name in logging.root.manager.loggerDict if name.startswith(("monai.", "ignite."))]
    for name in (*_CHATTY, *inner):
        logging.getLogger(name).setLevel(logging.ERROR)
