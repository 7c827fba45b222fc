"""The brain bundle's configs: contracts of MONAI, variants, weights; nothing is trained here."""

from __future__ import annotations

import json
from pathlib import Path

import monai.bundle
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from phantom_brains import phantom, save_case

from monai_scse.data import BRAIN_STRUCTURES

RUNS = {"train": "train", "evaluate": "infer", "inference": "infer"}
ARCHITECTURES = {"unet": 2_120_476, "sdnet": 1_233_948, "fcdensenet": 3_299_106}
RECALIBRATION = {"none": 0, "cse": 8 * 64 * 64, "sse": 8 * 64, "scse": 33_280}


def _parser(bundle: Path, *files: str) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config([str(bundle / "configs" / file) for file in files])
    parser["bundle_root"] = str(bundle)
    return parser


def test_metadata_follows_the_schema_of_the_zoo(brain_bundle):
    jsonschema = pytest.importorskip("jsonschema")
    schema = Path(__file__).parents[2] / "../shared/schemas/meta_schema_20240725.json"
    if not schema.is_file():
        pytest.skip("the metadata schema is not at ../shared/schemas")
    metadata = json.loads((brain_bundle / "configs/metadata.json").read_text())
    jsonschema.validate(metadata, json.loads(schema.read_text()))


def test_metadata_names_the_structures_the_network_predicts(brain_bundle):
    metadata = json.loads((brain_bundle / "configs/metadata.json").read_text())
    channels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    assert [channels[str(index)] for index in range(28)] == [structure.name for structure in BRAIN_STRUCTURES]
    assert metadata["version"] in metadata["changelog"]


def test_metadata_names_the_tested_versions(brain_bundle):
    pinned = dict(
        line.lower().split("==")
        for line in (Path(__file__).parents[2] / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    metadata = json.loads((brain_bundle / "configs/metadata.json").read_text())
    named = metadata["required_packages_version"] | {
        "monai": metadata["monai_version"],
        "torch": metadata["pytorch_version"],
        "numpy": metadata["numpy_version"],
    }
    assert {name: version for name, version in named.items() if name != "monai-scse"} == {
        name: pinned[name] for name in named if name != "monai-scse"
    }


@pytest.mark.parametrize(("config", "workflow_type"), RUNS.items())
def test_required_properties_are_there(brain_bundle, labelled_dataset, config, workflow_type):
    workflow = ConfigWorkflow(
        config_file=str(brain_bundle / f"configs/{config}.json"),
        workflow_type=workflow_type,
        logging_file=False,
        bundle_root=str(brain_bundle),
        dataset_dir=str(labelled_dataset / "images" if config == "inference" else labelled_dataset),
        init_id="none",
        device="cpu",
    )
    workflow.initialize()
    assert workflow.check_properties() == []


@pytest.mark.parametrize("config", RUNS)
def test_network_in_and_out_match_the_metadata(brain_bundle, config):
    monai.bundle.verify_net_in_out(
        net_id="network_def",
        config_file=str(brain_bundle / f"configs/{config}.json"),
        meta_file=str(brain_bundle / "configs/metadata.json"),
        device="cpu",
    )


def test_every_config_prepares_an_image_in_the_same_way(brain_bundle):
    def image_transforms(transforms: list[dict]) -> list[dict]:
        spatial = [t for t in transforms if not t["_target_"].endswith(("LoadScand", "CheckLabelGridd", "MapLabelsd"))]
        return [{**t, "keys": None, "mode": None} | {"labels": None} for t in spatial]

    trained = image_transforms(_parser(brain_bundle, "train.json")["scan_transforms"])
    for config in ("evaluate.json", "inference.json"):
        used = image_transforms(_parser(brain_bundle, config)["preprocessing"]["transforms"])
        assert used == trained
    for entry in ("network_def", "num_slices", "spacing", "slice_size", "num_classes"):
        assert len({str(_parser(brain_bundle, f"{config}.json")[entry]) for config in RUNS}) == 1


@pytest.mark.parametrize("recal", RECALIBRATION)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_variant_is_the_network_of_the_paper(brain_bundle, architecture, recal):
    for config in RUNS:
        parser = _parser(brain_bundle, f"{config}.json", f"variants/{architecture}_{recal}.yaml")
        network = parser.get_parsed_content("network_def")
        parameters = sum(parameter.numel() for parameter in network.parameters())
        assert parameters == ARCHITECTURES[architecture] + RECALIBRATION[recal]
        assert parser.get_parsed_content("ckpt_dir") == f"{brain_bundle}/models/{architecture}_{recal}"


class BrightVoxels(torch.nn.Module):
    """Stands in for the network: class 1 where the middle slice of the slab is brighter than a half."""

    def forward(self, slab: torch.Tensor) -> torch.Tensor:
        middle = slab[:, slab.shape[1] // 2 : slab.shape[1] // 2 + 1]
        return torch.cat([0.5 - middle, middle - 0.5], dim=1)


def test_prediction_returns_to_the_place_it_came_from(brain_bundle, tmp_path):
    image, _ = phantom(0)
    image[image.shape[0] // 2 :, : image.shape[1] // 3] = 0  # no symmetry is left
    save_case(tmp_path, "case", image, image)
    parser = _parser(brain_bundle, "inference.json")
    parser.update({"dataset_dir": str(tmp_path / "images"), "output_dir": str(tmp_path), "handlers": []})
    parser.update({"device": "cpu", "network": BrightVoxels(), "network_def": None})
    evaluator = parser.get_parsed_content("evaluator")
    evaluator.run()
    found = evaluator.state.output[0]["pred"][0].numpy() > 0
    bright = image > 0.5 * np.percentile(image[image > 0], 99)
    assert found.shape == bright.shape
    assert 2 * (found & bright).sum() / (found.sum() + bright.sum()) > 0.93


def test_committed_weights_are_a_flat_state_dict_of_the_network(brain_bundle):
    file = brain_bundle / "models/model.pt"
    assert file.stat().st_size < 25_000_000
    network = _parser(brain_bundle, "inference.json").get_parsed_content("network_def")
    network.load_state_dict(torch.load(file, weights_only=True), strict=True)


def test_model_card_and_metadata_report_the_same_result(brain_bundle):
    reported = json.loads((brain_bundle / "configs/metadata.json").read_text())["eval_metrics"]["mean_dice"]
    assert f"**{reported:.3f}**" in (brain_bundle / "docs/README.md").read_text()
