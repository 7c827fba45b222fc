"""What a bundle checks before it runs, and how it writes files."""

from __future__ import annotations

from .errors import InputError, one_line_input_errors
from .files import atomic_write, existing_file
from .options import check_options
from .tensorrt import require_tensorrt
from .versions import check_versions

__all__ = [
    "InputError",
    "atomic_write",
    "check_options",
    "check_versions",
    "existing_file",
    "one_line_input_errors",
    "require_tensorrt",
]
