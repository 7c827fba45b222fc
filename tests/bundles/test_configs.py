"""The bundles' configs: contracts of MONAI, variants, weights; nothing is trained here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from support.bundle_command import run_verb
from support.phantom_brains import phantom, save_case

from monai_scse.labels import BRAIN_STRUCTURES, organ_table
from monai_scse.networks.blocks import SpatialChannelSqueezeExcite

RUNS = {"train": "train", "evaluate": "infer", "inference": "infer", "test_retest": "infer"}
ARCHITECTURES = {"unet": 2_120_476, "sdnet": 1_233_948, "fcdensenet": 3_299_106}
RECALIBRATION = {"none": 0, "cse": 8 * 64 * 64, "sse": 8 * 64, "scse": 33_280}
PAPER_CLASSES = 28


@pytest.fixture(params=["brain", "ct"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_bundle")


@pytest.fixture
def dataset(bundle: Path, request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue("labelled_dataset" if bundle.name.startswith("brain") else "ct_dataset")


@pytest.fixture
def structures(bundle: Path) -> list[str]:
    table = BRAIN_STRUCTURES
    if not bundle.name.startswith("brain"):
        table = organ_table(_parser(bundle, "inference.json")["organs"])
    return [structure.name for structure in table]


def _parser(bundle: Path, *files: str) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config([str(bundle / "configs" / file) for file in files])
    parser["bundle_root"] = str(bundle)
    return parser


def _metadata(bundle: Path) -> dict:
    return json.loads((bundle / "configs/metadata.json").read_text())


def test_metadata_names_the_structures_the_network_predicts(bundle, structures):
    channels = _metadata(bundle)["network_data_format"]["outputs"]["pred"]["channel_def"]
    assert list(channels) == [str(index) for index in range(len(structures))]
    assert list(channels.values()) == structures
    assert _metadata(bundle)["version"] in _metadata(bundle)["changelog"]


def test_metadata_names_the_tested_versions(bundle):
    pinned = dict(
        line.lower().split("==")
        for line in (Path(__file__).parents[2] / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    metadata = _metadata(bundle)
    named = metadata["required_packages_version"] | {
        "monai": metadata["monai_version"],
        "torch": metadata["pytorch_version"],
        "numpy": metadata["numpy_version"],
    }
    assert {name: version for name, version in named.items() if name != "monai-scse"} == {
        name: pinned[name] for name in named if name != "monai-scse"
    }


@pytest.mark.parametrize(("config", "workflow_type"), RUNS.items())
def test_required_properties_are_there(bundle, dataset, config, workflow_type):
    workflow = ConfigWorkflow(
        config_file=str(bundle / f"configs/{config}.json"),
        workflow_type=workflow_type,
        logging_file=False,
        bundle_root=str(bundle),
        dataset_dir=str(dataset / "images" if config == "inference" else dataset),
        **({"cases": []} if config == "test_retest" else {}),
        label_numbers="synthetic",
        init_id="none",
        device="cpu",
    )
    workflow.initialize()
    assert workflow.check_properties() == []


def test_network_in_and_out_match_the_metadata(bundle, tmp_path):
    """In the config that the zoo asks; the others have the same network."""
    config, metadata = bundle / "configs/inference.json", bundle / "configs/metadata.json"
    done = run_verb("verify_net_in_out", tmp_path, net_id="network_def", config_file=config, meta_file=metadata)
    assert done.returncode == 0, done.stderr


def _image_transforms(transforms: list[dict]) -> list[dict]:
    spatial = [t for t in transforms if "Label" not in t["_target_"] and t["_target_"] != "ToDeviced"]
    return [{**t, "keys": None, "mode": None, "labels": None, "masks_by_folder": None} for t in spatial]


def test_every_config_prepares_an_image_in_the_same_way(bundle):
    trained = _parser(bundle, "train.json")
    for config in ("evaluate.json", "inference.json", "test_retest.json"):
        used = _parser(bundle, config)
        used_transforms = used["preprocessing"]["transforms"]
        assert _image_transforms(used_transforms) == _image_transforms(trained["scan_transforms"])
        for entry in ("network_def", "num_slices", "spacing", "slice_size", "num_classes", "hu_window", "organs"):
            assert (entry in used) == (entry in trained)
            assert entry not in used or used[entry] == trained[entry]


def test_every_ct_config_postprocesses_in_the_same_way(ct_bundle):
    """What is measured is what a user gets."""
    entries = ("resolve_sides", "keep_largest", "many_parts", "fill_holes", "check_plausible", "min_volume_ml")
    evaluated, *others = (_parser(ct_bundle, f"{name}.json") for name in ("evaluate", "inference", "test_retest"))
    for entry in entries:
        assert all(other[entry] == evaluated[entry] for other in others)


@pytest.mark.parametrize("recal", RECALIBRATION)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_variant_is_the_network_of_the_paper(bundle, structures, architecture, recal):
    for config in RUNS:
        parser = _parser(bundle, f"{config}.json", f"variants/{architecture}_{recal}.yaml")
        network = parser.get_parsed_content("network_def")
        parameters = sum(parameter.numel() for parameter in network.parameters())
        fewer_classes = (PAPER_CLASSES - len(structures)) * (64 + 1)
        assert parameters == ARCHITECTURES[architecture] + RECALIBRATION[recal] - fewer_classes
        assert parser.get_parsed_content("ckpt_dir") == f"{bundle}/models/{architecture}_{recal}"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_variant_that_takes_the_maximum(brain_bundle, architecture):
    network = _parser(brain_bundle, "train.json", f"variants/{architecture}_scse_max.yaml").get_parsed_content(
        "network_def"
    )
    merges = [module.merge for module in network.modules() if isinstance(module, SpatialChannelSqueezeExcite)]
    assert merges == ["max"] * 8


@pytest.mark.parametrize("overlays", [["train.json"], ["train.json", "volumetric.yaml", "volumetric_train.yaml"]])
@pytest.mark.parametrize("recal", [True, False])
def test_ct_network_of_2d_and_3d_comes_with_and_without_scse(ct_bundle, overlays, recal):
    parser = _parser(ct_bundle, *overlays, *([] if recal else ["without_scse.yaml"]))
    parser["network_def#features"] = 4
    network = parser.get_parsed_content("network_def").eval()
    assert any("recal" in name for name in network.state_dict()) == recal
    size = [16] * network_dimensions(network)
    out = network(torch.zeros(1, parser["num_slices"], *size))
    assert out.shape == (1, 11, *size)


@pytest.mark.parametrize("recal", RECALIBRATION)
def test_variant_in_3d_recalibrates_as_in_2d(ct_bundle, recal):
    variant = f"variants/unet_{recal}.yaml"
    flat, volumetric = (_parser(ct_bundle, "evaluate.json", variant, *more) for more in ([], ["volumetric.yaml"]))
    assert volumetric["network_def#recal"] == flat["network_def#recal"]
    assert network_dimensions(volumetric.get_parsed_content("network_def")) == 3


def network_dimensions(network: torch.nn.Module) -> int:
    return network.state_dict()["classifier.weight"].ndim - 2


class BrightVoxels(torch.nn.Module):
    """Stands in for the network: class 1 where the middle slice of the slab is brighter than a half."""

    def forward(self, slab: torch.Tensor) -> torch.Tensor:
        middle = slab[:, slab.shape[1] // 2 : slab.shape[1] // 2 + 1]
        return torch.cat([0.5 - middle, middle - 0.5], dim=1)


def test_epoch_of_drawn_slices_has_the_length_asked_for(ct_bundle, ct_dataset):
    parser = _parser(ct_bundle, "train.json", "drawn_slices.yaml")
    parser.update({"dataset_dir": str(ct_dataset), "label_numbers": "synthetic", "spacing": [9, 9, 9]})
    parser.update({"slices_per_epoch": 8, "slice_size": [32, 32]})
    assert len(parser.get_parsed_content("train#dataloader")) == 2


@pytest.mark.parametrize(("data_device", "workers"), [("cpu", 2), ("meta", 0), ("cuda:0", 0)])
def test_only_scans_in_main_memory_are_read_by_workers(bundle, data_device, workers):
    """Processes that are forked cannot use a GPU."""
    parser = _parser(bundle, "train.json")
    parser.update({"num_workers": 2, "data_device": data_device})
    assert parser.get_parsed_content("train#dataloader#num_workers") == workers


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


def test_sagittal_network_learns_one_name_for_both_sides(brain_bundle):
    parser = _parser(brain_bundle, "train.json", "sagittal_view.yaml")
    label = torch.arange(len(BRAIN_STRUCTURES), dtype=torch.float32)[None]
    learnt = parser.get_parsed_content("slice_transforms")[-1]({"label": label})["label"]
    names = {BRAIN_STRUCTURES[int(index)].name for index in learnt.unique()}
    assert names == {structure.name for structure in BRAIN_STRUCTURES if not structure.name.startswith("left ")}


def test_committed_weights_are_a_flat_state_dict_of_the_network(bundle):
    network = _parser(bundle, "inference.json").get_parsed_content("network_def")
    files = [bundle / "models/model.pt", *(bundle / "models").glob("model_*.pt")]  # of other views
    for file in files:
        assert file.stat().st_size < 25_000_000
        network.load_state_dict(torch.load(file, weights_only=True), strict=True)


def test_model_card_and_metadata_report_the_same_result(bundle):
    reported = _metadata(bundle)["eval_metrics"]["mean_dice"]
    assert f"**{reported:.3f}**" in (bundle / "docs/README.md").read_text()
