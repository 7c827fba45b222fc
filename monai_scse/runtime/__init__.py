"""What a bundle checks before it runs, and how it writes files."""

from __future__ import annotations

from .bundle_folder import BUNDLES, bundle_folder
from .bundle_run import BundleRun
from .case_tables import CaseTables, merge_tables
from .contrasts import CONTRASTS, contrast_configs
from .devices import check_device
from .errors import InputError, find_input_error, one_line_input_errors
from .files import atomic_write, existing_file
from .options import check_options
from .output import check_output_dir
from .processor import prepare_environment, prepare_processor
from .tensorrt import require_tensorrt
from .versions import check_versions
from .weights import read_torch_file, read_weights, weights_difference

__all__ = [
    "BUNDLES",
    "CONTRASTS",
    "BundleRun",
    "CaseTables",
    "InputError",
    "atomic_write",
    "bundle_folder",
    "check_device",
    "check_options",
    "check_output_dir",
    "check_versions",
    "contrast_configs",
    "existing_file",
    "find_input_error",
    "merge_tables",
    "one_line_input_errors",
    "prepare_environment",
    "prepare_processor",
    "read_torch_file",
    "read_weights",
    "require_tensorrt",
    "weights_difference",
]
