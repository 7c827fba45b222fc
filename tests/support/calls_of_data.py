"""Calls of what reads, measures, writes and draws, whose arguments are replaced by odd values."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from ignite.engine import Engine

from monai_scse import data as data_module
from monai_scse import dicom, handlers, metrics, reports, runtime, visualize

from .calls import ORGANS, STRUCTURES, Call, label, scan

MODULES = ["data", "metrics", "dicom", "runtime", "handlers", "reports", "visualize"]
_OBJECTS = "takes objects alone"
_VALUES = "carries values"
EXCEPTIONS = {
    "data.CaseFailure": _VALUES,
    "metrics.RigidMotion": _VALUES,
    "metrics.StructureScore": _VALUES,
    "metrics.StructureVolume": _VALUES,
    "metrics.registered_correlation": _OBJECTS,
    "metrics.register_rigidly": "needs ITK's registration, of seconds a call",
    "metrics.require_registration": "has no arguments",
    "dicom.DicomSeries": _VALUES,
    "dicom.DicomSeriesReader": _OBJECTS,
    "dicom.series_table": _OBJECTS,
    "runtime.contrast_configs": "takes two words, and shows a wrong one in its refusal",
    "runtime.BundleRun": "carries what the commands check",
    "runtime.InputError": "is the refusal itself",
    "runtime.check_options": "takes the words of a command line",
    "runtime.find_input_error": _OBJECTS,
    "runtime.one_line_input_errors": "has no arguments",
    "runtime.require_tensorrt": "refuses any device without TensorRT",
    "runtime.weights_difference": _OBJECTS,
    "dicom.save_dicom_segmentation": "takes objects, and a path for atomic_write",
    "handlers.FreezeBatchStatistics": _OBJECTS,
    "metrics.estimated_intracranial_volume": _OBJECTS,
    "metrics.intracranial_measures": _OBJECTS,
    "reports.CohortCase": _VALUES,
    "reports.aseg_stats": _OBJECTS,
    "reports.asymmetry": "takes two volumes, of which any give a number or NaN",
    "reports.brain_volume_ml": _OBJECTS,
    "reports.cohort_page": _OBJECTS,
    "reports.comparison_table": "takes files that it names, and objects",
    "reports.pair_segmentations": "takes paths that click checks",
    "reports.volume_table": _OBJECTS,
    "visualize.display_window": _OBJECTS,
}
CLASSES = label()[0].numpy().astype(np.uint8)
IMAGE = scan()[0].numpy()


def _attached(kind: Callable[..., object], *fixed: object) -> Callable[..., None]:
    def works(**arguments: object) -> None:
        handler = kind(*fixed, **arguments)
        handler.attach(_engine())

    return works


def _engine() -> Engine:
    from monai.engines.utils import IterationEvents

    engine = Engine(lambda engine, batch: None)
    engine.register_events(*IterationEvents)
    return engine


def _trained(kind: Callable[..., object], *fixed: object) -> Callable[..., None]:
    def works(**arguments: object) -> None:
        engine = _engine()
        kind(*fixed, **arguments).attach(engine)
        engine.run([0, 1], max_epochs=1)

    return works


def _case_dataset(**arguments: object) -> None:
    assert data_module.CaseDataset([{"image": "a.nii.gz"}], lambda case: 1, **arguments)[0] == 1


def _slices(**arguments: object) -> None:
    sample = {"image": scan(), "label": label()}
    slices = data_module.SliceDataset([sample], lambda case: case, **arguments)
    assert len(slices) in (9, 8, 7)
    assert slices[0]["image"].ndim == 3


def _drawn(**arguments: object) -> None:
    volume = {"image": scan()}
    drawn = data_module.DrawnSamplesDataset([volume], lambda case: case, lambda case: case, **arguments)
    assert drawn[0]["image"].shape == (1, 9, 8, 7)
    assert next(drawn.slices("image")).ndim == 3


def _unfinished(**arguments: object) -> None:
    assert len(data_module.unfinished_cases([{"image": "a.nii.gz"}], **arguments)) == 1


def _tables(**arguments: object) -> None:
    runtime.CaseTables(**arguments).write("case", [{"number": 1}])


def _gates(**arguments: object) -> None:
    from monai_scse.networks.nets import SEUNet

    network = SEUNet(spatial_dims=2, in_channels=1, out_channels=2, features=2)
    handlers.TensorBoardGateHandler(network, **arguments).close()


def _checkpoint(**arguments: object) -> None:
    handlers.TrainingCheckpoint({"network": torch.nn.Linear(1, 1)}, **arguments).attach(_engine())


def _motion(mode: object) -> None:
    still = metrics.RigidMotion(np.eye(4), (0, 0, 0), (0, 0, 0))
    assert metrics.motion_corrected(scan(), scan(), still, mode).shape == (1, 9, 8, 7)


def _overlay(**arguments: object) -> None:
    visualize.save_overlay("a.png", IMAGE, CLASSES, np.eye(4), STRUCTURES, **arguments)


def _gate_maps(**arguments: object) -> None:
    visualize.save_gate_maps("a.png", IMAGE[0], {"a": IMAGE[0], "b": IMAGE[0]}, **arguments)


def _scores(**arguments: object) -> None:
    scores = metrics.score_structures(CLASSES, CLASSES, **arguments)
    assert all(score.dice == 1 or math.isnan(score.dice) for score in scores)


NETWORK = torch.nn.Linear(1, 1, bias=False)
FOLDER = {"output_dir": "out"}
COUNT = {"num_classes": 4}
SPLIT = [{"image": f"{name}.nii.gz"} for name in "abcd"]
CALLS = {
    "data.CaseDataset": Call(_case_dataset, {"image_key": "image"}),
    "data.ReadAheadLoader": Call(lambda: list(data_module.ReadAheadLoader([{"a": 1}])), {}),
    "data.SliceDataset": Call(
        _slices, {"keys": ["image", "label"], "spatial_dim": 1, "num_workers": 1, "progress": False}, ("keys",)
    ),
    "data.DrawnSamplesDataset": Call(_drawn, {"samples": 2, "seed": 0, "spatial_dim": 1}),
    "data.label_map_cases": Call(data_module.label_map_cases, {"dataset_dir": "images"}),
    "data.image_cases": Call(data_module.image_cases, {"dataset_dir": "images", "modality": "CT"}),
    "data.labelled_cases": Call(data_module.labelled_cases, {"dataset_dir": "."}),
    "data.retest_cases": Call(data_module.retest_cases, {"dataset_dir": "."}),
    "data.organ_cases": Call(
        lambda **arguments: data_module.organ_cases(organs=ORGANS, **arguments),
        {"dataset_dir": ".", "layout": "pairs", "label_numbers": "hospital", "corpus": "gold"},
    ),
    "data.case_name": Call(data_module.case_name, {"file": "a.nii.gz"}),
    "data.split_cases": Call(
        lambda validation_cases: data_module.split_cases(SPLIT, validation_cases), {"validation_cases": 0.5}
    ),
    "data.unfinished_cases": Call(
        _unfinished,
        {
            **FOLDER,
            **{"skip_existing": True, "dicom_seg": False, "seg_nrrd": False, "report": False},
            "output_labels": "classes",
        },
    ),
    "metrics.class_sizes": Call(lambda num_classes: metrics.class_sizes(CLASSES, num_classes), COUNT),
    "metrics.coefficient_of_variation": Call(metrics.coefficient_of_variation, {"first": 1.0, "second": 2.0}),
    "metrics.motion_corrected": Call(_motion, {"mode": "nearest"}),
    "metrics.score_structures": Call(_scores, {**COUNT, "spacing": (1, 2, 3), "unknown": ()}),
    "metrics.structure_dice": Call(lambda num_classes: metrics.structure_dice(CLASSES, CLASSES, num_classes), COUNT),
    "metrics.structure_volumes": Call(
        lambda **arguments: metrics.structure_volumes(CLASSES, **arguments), {**COUNT, "voxel_mm3": 6.0}
    ),
    "dicom.dicom_cases": Call(
        dicom.dicom_cases, {"folder": "images", "modality": "CT", "min_slices": 5, "recursive": True}
    ),
    "dicom.find_dicom_series": Call(dicom.find_dicom_series, {"folder": "images", "recursive": True}),
    "dicom.get_dicom_series": Call(dicom.get_dicom_series, {"path": "images"}),
    "runtime.CaseTables": Call(_tables, {"folder": "out", "kind": "volumes"}),
    "runtime.atomic_write": Call(
        lambda path: runtime.atomic_write(path, lambda file: file.write_text("a")), {"path": "out/a.txt"}
    ),
    "runtime.bundle_folder": Call(runtime.bundle_folder, {"task": "brain"}),
    "runtime.check_device": Call(runtime.check_device, {"device": "cpu"}),
    "runtime.check_output_dir": Call(runtime.check_output_dir, FOLDER),
    "runtime.check_versions": Call(runtime.check_versions, {"bundle_root": "out"}),
    "runtime.existing_file": Call(lambda path: runtime.existing_file(path, "hint"), {"path": "images/a.nii.gz"}),
    "runtime.merge_tables": Call(runtime.merge_tables, {"folder": "out"}),
    "runtime.prepare_environment": Call(lambda: runtime.prepare_environment({}), {}),
    "runtime.prepare_processor": Call(runtime.prepare_processor, {}),
    "runtime.read_torch_file": Call(lambda path: runtime.read_torch_file(path, "hint"), {"path": "weights.pt"}),
    "runtime.read_weights": Call(lambda path: runtime.read_weights(path, NETWORK, "hint"), {"path": "weights.pt"}),
    "handlers.CaseFailures": Call(_attached(handlers.CaseFailures), {**FOLDER, "image_key": "image"}),
    "handlers.CaseSeries": Call(_attached(handlers.CaseSeries), {**FOLDER, "pred_key": "pred"}),
    "handlers.DicomSegmentation": Call(
        lambda **arguments: _attached(handlers.DicomSegmentation)(structures=STRUCTURES, **arguments),
        {**FOLDER, "pred_key": "pred"},
    ),
    "handlers.EpochSeed": Call(_trained(handlers.EpochSeed), {"seed": 0, "dataset": None}),
    "handlers.RetestScores": Call(
        lambda **arguments: _attached(handlers.RetestScores)(structures=STRUCTURES, **arguments),
        {**FOLDER, "image_key": "image", "pred_key": "pred", "min_correlation": 0.7},
    ),
    "handlers.AsegStatistics": Call(
        lambda **arguments: _attached(handlers.AsegStatistics)(structures=STRUCTURES, **arguments),
        {**FOLDER, "pred_key": "pred"},
    ),
    "handlers.SlicerSegmentation": Call(
        lambda **arguments: _attached(handlers.SlicerSegmentation)(structures=STRUCTURES, **arguments),
        {**FOLDER, "pred_key": "pred"},
    ),
    "handlers.ColourTables": Call(
        lambda **arguments: handlers.ColourTables(structures=STRUCTURES, **arguments).save(_engine()),
        {**FOLDER, "numbers": [0, 5, 6, 7]},
    ),
    "reports.CasePage": Call(
        lambda **arguments: reports.CasePage(STRUCTURES, **arguments),
        {"bundle_root": ".", "weights": ["weights.pt"], "command": "monai-scse"},
    ),
    "reports.write_cohort_page": Call(reports.write_cohort_page, {"folder": "out"}),
    "handlers.SegmentationReport": Call(
        lambda **arguments: _attached(handlers.SegmentationReport)(structures=STRUCTURES, **arguments),
        {**FOLDER, "pred_key": "pred", "overlay": True, "window": (0, 1)},
    ),
    "handlers.SegmentationScores": Call(
        lambda **arguments: _attached(handlers.SegmentationScores)(structures=STRUCTURES, **arguments),
        {**FOLDER, "pred_key": "pred", "label_key": "label"},
    ),
    "handlers.TensorBoardGateHandler": Call(_gates, {"log_dir": "runs", "interval": 2, "tag_name": "gates"}),
    "handlers.TimeBudget": Call(_trained(handlers.TimeBudget), {"minutes": 5.0}),
    "handlers.TrainingCheckpoint": Call(
        _checkpoint, {"checkpoint_path": "out/a.pt", "best_path": "out/b.pt", "resume": False}
    ),
    "handlers.WeightsCheckpointLoader": Call(
        lambda load_path: handlers.WeightsCheckpointLoader(load_path, NETWORK, "hint"), {"load_path": "weights.pt"}
    ),
    "handlers.read_checkpoint": Call(handlers.read_checkpoint, {"path": "checkpoint.pt"}),
    "visualize.save_gate_maps": Call(_gate_maps, {"plane": "axial", "columns": 2, "title": "a"}),
    "visualize.save_overlay": Call(
        _overlay,
        {"title": "a", "slices_per_plane": 1, "opacity": 0.5, "window": (0, 1)},
    ),
}
