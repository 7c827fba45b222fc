"""What a user sees on the terminal."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import textwrap
from pathlib import Path

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
BUNDLE_COMMAND = "/env/site-packages/monai/bundle/__main__.py"
SWITCHED_ON = ALONE + f"sys.argv[0] = {BUNDLE_COMMAND!r}\nerrors.one_line_input_errors()\n"


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
    code = f"""
    import sys
    from monai.transforms import Compose
    from monai_scse.runtime.errors import one_line_input_errors
    from monai_scse.transforms import LoadScand
    sys.argv[0] = {BUNDLE_COMMAND!r}
    one_line_input_errors()
    Compose([Compose([LoadScand("image")])])({{"image": "gone.nii.gz"}})
    """
    done = run("", code)
    # MONAI may first print that a plugin of its DICOM reader is not installed
    assert (
        done.stderr.splitlines()[-1] == "error: gone.nii.gz: cannot be read as an image, no such file; check the path."
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("code", ['raise ValueError("a bug")', "1 / 0", 'raise RuntimeError("x") from KeyError("y")'])
def test_other_errors_keep_their_traceback(code: str) -> None:
    done = run(SWITCHED_ON, code)
    assert "Traceback (most recent call last):" in done.stderr
    assert not any(line.startswith("error: ") for line in done.stderr.splitlines())
    assert done.returncode == 1


@pytest.mark.situation("A disk that is full while a library logs", "one line on the terminal")
def test_full_disk_that_a_library_meets_is_one_line() -> None:
    code = """
    try:
        raise OSError(28, "No space left on device")
    except OSError as error:
        raise RuntimeError("writing events") from error
    """
    done = run(SWITCHED_ON, code)
    assert done.stderr == "error: output folders: the disk is full; free some space or choose other folders.\n"
    assert done.returncode == 1


@pytest.mark.parametrize(("kind", "traceback"), [("InputError", False), ("KeyError", True)])
def test_log_of_an_input_error_has_no_traceback(kind: str, traceback: bool) -> None:
    code = f"""
    import logging
    try:
        raise {kind}("a.nii: too small")
    except {kind}:
        logging.exception("Exception: %s", "a.nii: too small")
    """
    done = run(SWITCHED_ON, code)
    assert done.stderr.splitlines()[0] == "ERROR:root:Exception: a.nii: too small"
    assert ("Traceback" in done.stderr) is traceback


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


PACKAGE = Path(monai_scse.runtime.errors.__file__).parents[1]


@pytest.mark.parametrize(
    ("program", "is_command"),
    [
        (BUNDLE_COMMAND, True),
        ("/env/bin/monai-scse", True),
        ("monai-scse.exe", True),
        ("/checkout/experiments/__main__.py", True),
        (str(PACKAGE / "synthetic/ct/__main__.py"), True),
        (str(PACKAGE / "synthetic/ct/anatomy.py"), True),
        ("/env/bin/monailabel", False),
        ("/env/bin/pytest", False),
        ("/env/site-packages/pytest/__main__.py", False),
        ("/env/site-packages/monai/apps/__main__.py", False),
        (str(PACKAGE.parent / "integrations/nvflare/client.py"), False),
        (str(PACKAGE.parent / "integrations/monai_label/start.py"), False),
        ("-c", False),
        ("", False),
    ],
)
def test_only_commands_replace_the_hook_of_the_process(monkeypatch, program: str, is_command: bool) -> None:
    hook = object()
    monkeypatch.setattr(sys, "argv", [program, "run"])
    monkeypatch.setattr(sys, "excepthook", hook)
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    monai_scse.runtime.errors.one_line_input_errors()
    assert (sys.excepthook is not hook) is is_command


def test_bundle_that_runs_in_process_raises(tmp_path: Path) -> None:
    from monai.bundle import ConfigWorkflow

    config = {
        "imports": ["$import monai_scse"],
        "initialize": [
            "$monai_scse.runtime.one_line_input_errors()",
            f"$monai_scse.runtime.existing_file({str(tmp_path / 'model.pt')!r}, 'train first.')",
        ],
        "run": [],
    }
    (tmp_path / "inference.json").write_text(json.dumps(config))
    hook = sys.excepthook
    with pytest.raises(RuntimeError) as error:
        ConfigWorkflow(str(tmp_path / "inference.json"), workflow_type="inference", logging_file=False).initialize()
    first: BaseException = error.value
    while first.__cause__:
        first = first.__cause__
    assert isinstance(first, monai_scse.runtime.errors.InputError)
    assert str(first) == f"{tmp_path / 'model.pt'}: no such file; train first."
    assert sys.excepthook is hook
