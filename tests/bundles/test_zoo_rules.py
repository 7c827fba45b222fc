"""What the model zoo asks of a bundle, and the verbs of ``monai.bundle`` that no other test runs."""

from __future__ import annotations

import json
import logging
import re
import shutil
from pathlib import Path

import monai.bundle
import pytest
import torch
from monai.bundle import ConfigParser
from support.bundle_command import run_bundle, run_verb

import monai_scse
from monai_scse.runtime import InputError, check_versions, require_tensorrt

FILES = [
    "LICENSE",
    "configs/evaluate.json",
    "configs/inference.json",
    "configs/inference_trt.json",
    "configs/logging.conf",
    "configs/metadata.json",
    "configs/multi_gpu_evaluate.json",
    "configs/multi_gpu_train.json",
    "configs/test_retest.json",
    "configs/train.json",
    "docs/README.md",
    "docs/data_license.txt",
    "models/model.pt",
]
CARD = ["# Model Overview", "## Data", "## Training configuration", "### Input", "### Output", "## Performance"]
COMMANDS = "## MONAI Bundle Commands"
CARD += [COMMANDS, "# References", "# License"]


@pytest.fixture(params=["brain_bundle", "ct_bundle"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture
def with_metadata(bundle: Path, tmp_path: Path):
    """A folder whose metadata are those of the bundle, changed."""

    def write(**changes: object) -> Path:
        metadata = json.loads((bundle / "configs/metadata.json").read_text())
        packages = metadata["required_packages_version"] | changes.pop("packages", {})
        (tmp_path / "configs").mkdir()
        changed = {**metadata, "required_packages_version": packages, **changes}
        (tmp_path / "configs/metadata.json").write_text(json.dumps(changed))
        return tmp_path

    return write


def test_files(bundle):
    assert [name for name in FILES if not (bundle / name).is_file()] == []
    for file in bundle.rglob("*"):
        assert not file.is_file() or file.stat().st_size < 25_000_000, file
    assert (bundle / "LICENSE").read_text() == (Path(__file__).parents[2] / "LICENSE").read_text()


def test_licence_is_the_whole_of_apache_2(bundle):
    text = (bundle / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "9. Accepting Warranty or Additional Liability" in text
    assert text.count("\n") > 190


def test_licence_of_the_weights_is_that_of_their_data(bundle):
    asked = json.loads((bundle / "configs/metadata.json").read_text())["weights_license"]
    text = (bundle / "docs/data_license.txt").read_text()
    assert asked in text.lower().replace(" ", "-")


def test_model_card_has_the_sections_of_the_template_in_order(bundle):
    headings = [line.rstrip() for line in (bundle / "docs/README.md").read_text().splitlines() if line.startswith("#")]
    assert [heading for heading in headings if heading in CARD] == CARD


def test_model_card_has_a_command_for_every_config(bundle):
    named = set(re.findall(r"configs/(\w+\.json)", (bundle / "docs/README.md").read_text().partition(COMMANDS)[2]))
    assert named == {path.name for path in (bundle / "configs").glob("*.json")} - {"metadata.json"}


def test_metadata_ask_for_this_version_of_the_package(bundle):
    metadata = json.loads((bundle / "configs/metadata.json").read_text())
    assert metadata["required_packages_version"]["monai-scse"] == monai_scse.__version__


def test_metadata_follow_the_schema(with_metadata, metadata_schema, tmp_path):
    file = with_metadata(schema=metadata_schema) / "configs/metadata.json"
    done = run_verb("verify_metadata", tmp_path, meta_file=file, filepath=tmp_path / "eval/schema.json")
    assert done.returncode == 0, done.stderr
    metadata = json.loads(file.read_text())
    del metadata["network_data_format"]
    file.write_text(json.dumps(metadata))
    with pytest.raises(ValueError, match="network_data_format"):
        monai.bundle.verify_metadata(str(file), str(tmp_path / "eval/schema.json"))


def test_new_bundle_of_the_weights_and_configs(bundle, tmp_path):
    done = run_verb(
        "init_bundle",
        tmp_path,
        bundle_dir=tmp_path / "new",
        ckpt_file=bundle / "models/model.pt",
        dataset_license=True,
        metadata_str=(bundle / "configs/metadata.json").read_text(),
        inference_str=(bundle / "configs/inference.json").read_text(),
    )
    assert done.returncode == 0, done.stderr
    loaded = monai.bundle.load("new", bundle_dir=str(tmp_path), device="cpu", workflow_type="inference")
    weights = torch.load(bundle / "models/model.pt", weights_only=True)
    assert all(torch.equal(value, weights[name]) for name, value in loaded.state_dict().items())
    assert (tmp_path / "new/docs/data_license.txt").is_file()


def test_tensorrt_overlay_profiles_the_slices(bundle):
    pytest.importorskip("onnx")
    parser = ConfigParser()
    parser.read_config([str(bundle / f"configs/{name}.json") for name in ("inference", "inference_trt")])
    channels = json.loads((bundle / "configs/metadata.json").read_text())["network_data_format"]["inputs"]["image"]
    (profile,) = parser.get_parsed_content("trt_args")["input_profiles"]
    smallest, usual, largest = profile["x"]
    assert smallest == [1, channels["num_channels"], *parser["slice_size"]]
    assert [low <= mid <= high for low, mid, high in zip(smallest, usual, largest)] == [True] * 4
    assert parser["initialize"][-1] == "$monai_scse.runtime.require_tensorrt(@device)"


def test_tensorrt_without_a_gpu_is_one_line(brain_bundle, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    files = ["inference.json", "inference_trt.json"]
    done = run_bundle(brain_bundle, files, tmp_path, dataset_dir=tmp_path, output_dir=tmp_path / "out")
    assert done.returncode != 0
    expected = "TensorRT needs an NVIDIA GPU, the device is cpu; use inference.json alone."
    assert done.stderr.splitlines()[-1] == f"error: inference_trt.json: {expected}"
    assert not list((tmp_path / "out").iterdir())


def test_tensorrt_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("monai_scse.runtime.tensorrt.find_spec", lambda name: None)
    with pytest.raises(InputError, match="tensorrt and polygraphy not installed; pip install"):
        require_tensorrt(torch.device("cuda:0"))


def test_other_versions_are_a_warning(with_metadata, caplog):
    folder = with_metadata(numpy_version="1.0.0", packages={"tqdm": "0.1", "no-such-package": "3"})
    with caplog.at_level(logging.WARNING):
        check_versions(folder)
    (record,) = caplog.records
    for text in ("metadata.json: tested with", "numpy 1.0.0 (", "tqdm 0.1 (", "no-such-package 3 (not installed)"):
        assert text in record.getMessage()


def test_folder_without_metadata_is_not_checked(tmp_path, caplog):
    check_versions(tmp_path)
    assert not caplog.records


def test_version_of_the_package_that_the_metadata_do_not_ask_for_is_one_line(brain_bundle, tmp_path):
    shutil.copytree(brain_bundle, tmp_path / "bundle", ignore=shutil.ignore_patterns("checkpoint.pt"))
    file = tmp_path / "bundle/configs/metadata.json"
    file.write_text(file.read_text().replace('"monai-scse": "', '"monai-scse": "9.'))
    out = tmp_path / "out"
    done = run_bundle(tmp_path / "bundle", "inference.json", tmp_path, dataset_dir=tmp_path, output_dir=out)
    assert done.returncode != 0
    installed, asked = monai_scse.__version__, f"9.{monai_scse.__version__}"
    assert done.stderr.splitlines()[-1] == (
        f"error: {file}: asks for monai-scse {asked}, and the installed version is {installed}; "
        f"pip install monai-scse=={asked}, or take the bundle of that version."
    )
    assert not out.exists()
