"""Options that change nothing are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.scan_files import situation

from monai_scse.runtime import InputError, check_options

_PROGRAM = "/python/site-packages/monai/bundle/__main__.py"


@pytest.fixture
def config(tmp_path: Path) -> str:
    network = {"_target_": "monai_scse.networks.nets.SEUNet", "spatial_dims": 2, "recal": "scse"}
    first = {"dataset_dir": "", "output_dir": "", "dicom_seg": False, "network_def": network, "handlers": [{"a": 1}]}
    (tmp_path / "first.json").write_text(json.dumps({**first, "text": "$@not_yet_set"}))
    (tmp_path / "second.yaml").write_text("mirror_every: 4\n")
    return str([str(tmp_path / "first.json"), str(tmp_path / "second.yaml")])


@pytest.mark.parametrize(
    ("option", "nearest"),
    [
        ("--dicomseg", "dicom_seg"),
        ("--outputdir", "output_dir"),
        ("--out-putdir", "output_dir"),
        ("--mirror_evry", "mirror_every"),
        ("--confg_file", "config_file"),
        ("--network_deff#recal", "network_def"),
        ("--handlers#3#a", "handlers"),
    ],
)
def test_nearest_name(config: str, option: str, nearest: str) -> None:
    with pytest.raises(InputError, match=f"did you mean --{nearest}\\?"):
        check_options([_PROGRAM, "run", "--config_file", config, option, "true"])
    with pytest.raises(InputError, match=f"did you mean --{nearest}\\?"):
        check_options([_PROGRAM, "run", f"{option}=true", "--config_file", config])


@pytest.mark.parametrize(
    "option",
    [
        *("--dicom_seg", "--dicom-seg", "--mirror_every", "--network_def#recal", "--network_def::dropout"),
        *("--handlers#0#a", "--run_id", "--not_yet_set"),
    ],
)
def test_used_names(config: str, option: str) -> None:
    check_options([_PROGRAM, "run", "--config_file", config, option, "true"])


def test_calls_in_process_are_not_checked(config: str) -> None:
    for program in ("/bin/pytest", "/python/site-packages/monailabel/main.py"):
        check_options([program, "run", "--config_file", config, "--dicomseg", "true"])
    check_options([_PROGRAM, "verify_metadata", "--config_file", config, "--dicomseg", "true"])


def test_name_unlike_all_others(config: str) -> None:
    with pytest.raises(
        InputError, match=r"--zzz: no part of the config uses this option; leave it out, or see .*first"
    ):
        check_options([_PROGRAM, "run", "--config_file", config, "--zzz", "1"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        situation(
            "--output_dir=~/x, whose '~' the shell leaves",
            "refused: no folder of the name ~ is made",
            ["--output_dir=~/x"],
            "--output_dir=~/x: the shell leaves '~' as it is here; write --output_dir ~/x, without '='.",
        ),
        situation(
            "--output_dir without a folder behind it",
            "refused: the results do not land in a folder of the name True",
            ["--output_dir", "--dicom_seg", "true"],
            "--output_dir: has no value, which makes it True; write --output_dir and the path.",
        ),
        situation(
            "A folder whose name is a number that the command line rewrites, such as 1e3 or 1.10",
            "refused, with the name that works",
            ["--dataset_dir", "1e3"],
            "--dataset_dir 1e3: is read as 1000.0; write ./1e3.",
        ),
    ],
)
def test_path_that_changes(config: str, words: list[str], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        check_options([_PROGRAM, "run", *words, "--config_file", config])
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    "value", ["/data/Doe, J/ct", "2024", "001", "a b", "null", "$'a' + 'b'", "@output_dir", "./1e3"]
)
def test_path_that_stays(config: str, value: str) -> None:
    check_options([_PROGRAM, "run", "--dataset_dir", value, "--config_file", config])


@pytest.mark.situation(
    "A folder with a comma in its name, which the command line takes for a list", "refused, with the name that works"
)
def test_folder_with_a_comma(config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = [_PROGRAM, "run", "--dataset_dir", "may,june", "--config_file", config]
    check_options(words)  # two folders
    (tmp_path / "may,june").mkdir()
    with pytest.raises(InputError, match=r"is read as \('may', 'june'\); write \./may,june\.$"):
        check_options(words)


def test_beginning_of_a_used_name(config: str) -> None:
    with pytest.raises(InputError, match="--not_yet"):
        check_options([_PROGRAM, "run", "--config_file", config, "--not_yet", "1"])
