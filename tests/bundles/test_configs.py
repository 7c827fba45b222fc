"""The bundles' configs: contracts of MONAI, networks, weights, without training."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow
from monai.transforms import Compose
from support.brain_structures import BRAIN_STRUCTURES
from support.bundle_command import run_verb
from support.phantom_brains import phantom, save_case

from monai_scse.labels import organ_table
from monai_scse.networks.blocks import SpatialChannelSqueezeExcite

RUNS = {
    "train": ("train", ["train.json"]),
    "evaluate": ("train", ["train.json", "evaluate.json"]),
    "inference": ("infer", ["inference.json"]),
    "test_retest": ("infer", ["inference.json", "test_retest.json"]),
}
STANDALONE = {"train.json", "inference.json"}
SHARED = Path(__file__).parents[2] / "bundles/shared"
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


@pytest.mark.parametrize("config", RUNS)
def test_required_properties_are_there(bundle, dataset, tmp_path, config):
    workflow_type, files = RUNS[config]
    workflow = ConfigWorkflow(
        config_file=[str(bundle / "configs" / file) for file in files],
        workflow_type=workflow_type,
        logging_file=False,
        bundle_root=str(bundle),
        dataset_dir=str(dataset / "images" if config == "inference" else dataset),
        output_dir=str(tmp_path),
        **({"cases": []} if config == "test_retest" else {}),
        label_numbers="synthetic",
        init_id="none",
        device="cpu",
    )
    workflow.initialize()
    assert workflow.check_properties() == []


def test_network_in_and_out_match_the_metadata(bundle, tmp_path):
    """In the config that the zoo asks. The others have the same network."""
    config, metadata = bundle / "configs/inference.json", bundle / "configs/metadata.json"
    done = run_verb("verify_net_in_out", tmp_path, net_id="network_def", config_file=config, meta_file=metadata)
    assert done.returncode == 0, done.stderr


def test_both_configs_that_stand_alone_prepare_an_image_in_the_same_way(bundle):
    """MONAI Label, MONAI Deploy and the zoo read one file: the two cannot share entries."""
    trained, used = _parser(bundle, "train.json"), _parser(bundle, "inference.json")
    for name in (
        "network_def",
        "num_slices",
        "spacing",
        "slice_size",
        "num_classes",
        "hu_window",
        "organs",
        "brain_structures",
    ):
        assert trained.get(name) == used.get(name)
    of_images = [t for t in trained["scan_transforms"] if t["keys"] != "label" and t["_target_"] != "ToDeviced"]
    assert [_without_keys(t) for t in of_images] == [_without_keys(t) for t in used["preprocessing#transforms"]]


def _without_keys(transform: dict) -> dict:
    return {name: value for name, value in transform.items() if name not in ("keys", "mode", "masks_by_folder")}


def _entries(config: object) -> Iterator[str]:
    if isinstance(config, str):
        yield config
    elif isinstance(config, (dict, list)):
        for part in config.values() if isinstance(config, dict) else config:
            yield from _entries(part)


def _configs(bundle: Path) -> list[Path]:
    files = [file for file in (bundle / "configs").iterdir() if file.suffix in (".json", ".yaml")]
    return [file for file in files if file.name != "metadata.json"]


def test_expressions_are_short(bundle):
    for file in _configs(bundle):
        for entry in _entries(ConfigParser.load_config_file(file)):
            assert not entry.startswith("$") or len(entry) <= 60, f"{file.name}: {entry}"


def test_overlays_are_short_and_name_what_they_change(bundle):
    for file in _configs(bundle):
        text = file.read_text()
        assert not re.search(r"#[0-9]", text), f"{file.name}: an entry by its position"
        assert file.name in STANDALONE or text.count("\n") <= 60, file.name


def test_shared_overlays_stand_once(bundle):
    linked = {file.name for file in (bundle / "configs").iterdir() if file.is_symlink()}
    assert linked == {file.name for file in SHARED.iterdir()}
    for name in linked:
        link = bundle / "configs" / name
        assert not link.readlink().is_absolute()
        assert link.resolve() == (SHARED / name).resolve()


@pytest.mark.parametrize("recal", RECALIBRATION)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_networks_of_the_paper(bundle, structures, architecture, recal):
    for _, files in RUNS.values():
        parser = _parser(bundle, *files, f"{architecture}.yaml")
        parser["network_def#recal"] = "$None" if recal == "none" else recal
        network = parser.get_parsed_content("network_def")
        parameters = sum(parameter.numel() for parameter in network.parameters())
        fewer_classes = (PAPER_CLASSES - len(structures)) * (64 + 1)
        assert parameters == ARCHITECTURES[architecture] + RECALIBRATION[recal] - fewer_classes


def test_weights_of_every_network_have_their_own_folder(bundle):
    folders = [str(bundle / "models")]
    for architecture in ARCHITECTURES:
        for recal in ("$None", "cse", "sse", "scse", ["scse", {"merge": "max"}]):
            parser = _parser(bundle, "train.json", f"{architecture}.yaml")
            parser["network_def#recal"] = recal
            folders.append(parser.get_parsed_content("ckpt_dir"))
            assert re.fullmatch(r"\w+", Path(folders[-1]).name)
    assert len(set(folders)) == len(folders)


@pytest.mark.parametrize("typed", ["['scse', {'merge': 'max'}]", "('scse', {'merge': 'max'})"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_scse_that_takes_the_maximum(bundle, architecture, typed):
    """The value is typed on the command line, which reads it as Python does."""
    parser = _parser(bundle, "train.json", f"{architecture}.yaml")
    parser["network_def#recal"] = ast.literal_eval(typed)
    network = parser.get_parsed_content("network_def")
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


@pytest.mark.parametrize("config", RUNS)
def test_network_in_3d_keeps_its_recalibration(ct_bundle, config):
    parser = _parser(ct_bundle, *RUNS[config][1], "sdnet.yaml", "volumetric.yaml")
    parser["network_def#recal"] = "cse"
    network = parser.get_parsed_content("network_def")
    assert network_dimensions(network) == 3
    assert "encoders.0.recal.squeeze.weight" in network.state_dict() or any("cse" in n for n in network.state_dict())


def test_overlays_of_augmentation_add_what_the_base_recipe_lacks(brain_bundle):
    plain, more = (
        _parser(brain_bundle, "train.json", *overlays).get_parsed_content("slice_transforms")
        for overlays in ([], ["age_augmentation.yaml", "contrast_augmentation.yaml", "head_tissue.yaml"])
    )
    assert not any("monai_scse" in type(each).__module__ for each in plain[1:])
    (added,) = [each.transforms for each in more if isinstance(each, Compose)]
    age = ["StructureSized", "StructureSized", "StructureIntensityd", "WhiteMatterLesionsd"]
    contrast = ["StructureIntensityd", "AdjustContrastd", "SimulateLowResolutiond", "GaussianSmoothd"]
    assert [type(each).__name__.removeprefix("Rand") for each in added] == [*age, *contrast, "HeadTissued"]
    assert [each.prob for each in added] == [0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.15, 0.15, 0.4]
    sample = {"image": torch.rand(5, 160, 160), "label": torch.randint(0, 28, (1, 160, 160), dtype=torch.uint8)}
    for each in added[4:8]:  # slabs of 2D slices, as they are in training
        each.prob = 1.0
        changed = each(sample)
        assert changed["image"].shape == sample["image"].shape
        assert not torch.equal(changed["image"], sample["image"])
    assert len(plain) == len(more)


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
