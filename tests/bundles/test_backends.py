"""The overlays for OpenVINO and ONNX Runtime on small cases: the same classes as PyTorch in float32."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from support.bundle_command import run_bundle
from support.small_cases import SMALL, save_small_cases, save_tiny_weights

pytest.importorskip("openvino")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

OPENVINO, ONNX = "inference_openvino.json", "inference_onnx.json"


@pytest.fixture(scope="module")
def compiled_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


def segment(bundle: Path, folder: Path, overlays: list[str], **entries: object) -> list[np.ndarray]:
    output = folder / f"out_{'_'.join(overlays)}"
    if not (weights := folder / "model.pt").exists():
        save_tiny_weights(bundle, weights)
    settings = {key: value for key, value in SMALL[bundle.name].items() if key != "label_numbers"}
    done = run_bundle(
        bundle,
        ["inference.json", *overlays],
        cwd=folder,
        dataset_dir=folder / "images",
        output_dir=output,
        ckpt_path=weights,
        **{"network_def#features": 4, "device": "cpu", **settings, **entries},
    )
    assert done.returncode == 0, done.stderr
    return [np.asarray(nibabel.load(file).dataobj) for file in sorted(output.glob("*_seg.nii.gz"))]


def expect_same(bundle: Path, folder: Path, backend: str, further: list[str], compiled_dir: Path, **entries) -> None:
    found = segment(bundle, folder, [*further, backend], compiled_dir=compiled_dir, **entries)
    expected = segment(bundle, folder, further, amp=False, **entries)
    assert len(found) == len(expected) > 0
    for ours, theirs in zip(found, expected):
        assert len(np.unique(theirs)) > 2
        assert (ours == theirs).mean() >= 0.999


@pytest.mark.long
@pytest.mark.parametrize("backend", [OPENVINO, ONNX])
def test_same_classes(backend, ct_bundle, tmp_path, compiled_dir) -> None:
    save_small_cases(ct_bundle.name, tmp_path, range(2))
    expect_same(ct_bundle, tmp_path, backend, [], compiled_dir, keep_largest=False, check_plausible=False)


@pytest.mark.long
@pytest.mark.parametrize("backend", [OPENVINO, ONNX])
def test_test_time_augmentation_of_bodies(backend, ct_bundle, tmp_path, compiled_dir) -> None:
    save_small_cases(ct_bundle.name, tmp_path, range(1))
    further = ["test_time_augmentation.yaml"]
    expect_same(ct_bundle, tmp_path, backend, further, compiled_dir, keep_largest=False, check_plausible=False)


@pytest.mark.long
@pytest.mark.parametrize("backend", [OPENVINO, ONNX])
@pytest.mark.parametrize("further", ["test_time_augmentation.yaml", "view_aggregation.yaml"])
def test_brains(backend, further, brain_bundle, tmp_path, compiled_dir) -> None:
    save_small_cases(brain_bundle.name, tmp_path, range(1))
    entries = {}
    if further == "view_aggregation.yaml":
        for view in ("axial", "sagittal"):
            entries[f"{view}_path"] = save_tiny_weights(brain_bundle, tmp_path / f"{view}.pt")
        entries["size_mm"] = [96, 112, 96]
    expect_same(brain_bundle, tmp_path, backend, [further], compiled_dir, **entries)


@pytest.mark.long
def test_int8_is_calibrated_once(ct_bundle, tmp_path) -> None:
    pytest.importorskip("nncf")
    save_small_cases(ct_bundle.name, tmp_path, range(2))
    options = {"compiled_dir": tmp_path / "compiled", "openvino_precision": "int8"}
    options |= {"keep_largest": False, "check_plausible": False}
    found = segment(ct_bundle, tmp_path, [OPENVINO], **options)
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "compiled").glob("*.zip")}
    assert len(kept) == 3
    again = segment(ct_bundle, tmp_path, [OPENVINO], **options)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "compiled").glob("*.zip")} == kept
    exact = segment(ct_bundle, tmp_path, [], amp=False, keep_largest=False, check_plausible=False)
    for first, second, true in zip(found, again, exact):
        np.testing.assert_array_equal(first, second)
        assert 0.9 < (first == true).mean() < 1


@pytest.mark.parametrize("bundle_name", ["brain_bundle", "ct_bundle"])
@pytest.mark.situation("An openvino_precision that does not exist", "refused before a scan is read")
def test_unknown_precision_is_one_line(bundle_name, request, tmp_path) -> None:
    bundle = request.getfixturevalue(bundle_name)
    save_small_cases(bundle.name, tmp_path, range(1))
    done = run_bundle(
        bundle,
        ["inference.json", OPENVINO],
        cwd=tmp_path,
        dataset_dir=tmp_path / "images",
        output_dir=tmp_path / "out",
        openvino_precision="fp16",
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: openvino_precision fp16: unknown; use fp32, bf16, int8."
