"""What a user sees on the terminal."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import monai_scse.runtime.errors

# the module by its file: it needs nothing of the package, and the processes start in no time
ALONE = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("errors", {monai_scse.runtime.errors.__file__!r})
errors = importlib.util.module_from_spec(spec)
spec.loader.exec_module(errors)
InputError = errors.InputError
"""
SWITCHED_ON = ALONE + "errors.one_line_input_errors()\n"


def run(start: str, code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", start + textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize(
    "code",
    [
        'raise InputError("a.nii: too small")',
        """
        try:
            raise InputError("a.nii: too small")
        except InputError as error:
            raise RuntimeError("applying transform") from error
        """,
        """
        try:
            try:
                raise InputError("a.nii: too small") from OSError("the cause")
            except InputError as error:
                raise RuntimeError("applying transform") from error
        except RuntimeError:
            raise KeyError("another layer")
        """,
    ],
    ids=["bare", "caused", "nested"],
)
def test_input_error_however_wrapped_is_one_line(code: str) -> None:
    done = run(SWITCHED_ON, code)
    assert done.stderr == "error: a.nii: too small\n"
    assert done.stdout == ""
    assert done.returncode == 1


def test_input_error_from_a_monai_transform_is_one_line() -> None:
    code = """
    from monai.transforms import Compose
    from monai_scse.runtime.errors import one_line_input_errors
    from monai_scse.transforms import LoadScand
    one_line_input_errors()
    Compose([Compose([LoadScand("image")])])({"image": "gone.nii.gz"})
    """
    done = run("", code)
    # MONAI may tell before that a plugin of its DICOM reader is not installed
    assert (
        done.stderr.splitlines()[-1]
        == "error: gone.nii.gz: cannot be read as an image; check that the file is complete."
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("code", ['raise ValueError("a bug")', "1 / 0", 'raise RuntimeError("x") from KeyError("y")'])
def test_other_errors_keep_their_traceback(code: str) -> None:
    done = run(SWITCHED_ON, code)
    assert "Traceback (most recent call last):" in done.stderr
    assert not any(line.startswith("error: ") for line in done.stderr.splitlines())
    assert done.returncode == 1


def test_error_after_one_that_was_dealt_with_keeps_its_traceback() -> None:
    code = """
    try:
        raise InputError("a.nii: too small")
    except InputError:
        raise KeyError("a bug") from None
    """
    done = run(SWITCHED_ON, code)
    assert "KeyError: 'a bug'" in done.stderr
    assert done.returncode == 1


def test_nothing_changes_before_it_is_switched_on() -> None:
    done = run(ALONE, 'raise InputError("a.nii: too small")')
    assert "Traceback" in done.stderr
    assert "InputError: a.nii: too small" in done.stderr
    assert done.returncode == 1


def test_importing_the_package_does_not_switch_it_on() -> None:
    assert sys.excepthook is not monai_scse.runtime.errors._print_exception
