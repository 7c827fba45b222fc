"""The CT bundle on real scans that had no part in its training, where there is something to compare with.

    python benchmarks/real_ct.py PYRADIOMICS TOTALSEGMENTATOR --output_dir OUT

The arguments are the unpacked source archives of pyradiomics 3.1.0 and TotalSegmentator 2.18.0. pyradiomics has two CT
scans of the chest. TotalSegmentator has a CT angiography of chest and upper abdomen, with its aorta as TotalSegmentator
found it and its authors cut it out. It also has 20 slices of an abdomen with contrast agent as DICOM, with its labels.

In the chest, lungs are compared with the air. Air is what lies below -400 HU inside the body: the largest connected
part or two, with holes up to 4 mm wide closed. It counts the large airways as lung, and a tumour not.

Two of these scans show parts of kidneys. They are compared with the outlines of real_ct_kidneys.json. An outline has
corners (to the patient's right, to the front) in voxels, by slice upwards from the lowest. The outlines are drawn by
hand in every slice, on the scan alone, by no radiologist. Voxels below 0 HU, blurred by one voxel, are no kidney: fat
in the renal sinus, and part of the rim. The upper pole of the left kidney of lung2 (slices 8 and 9) is doubtful. Errors
on these two scans steer the synthetic CT that the weights learn from, so the figures are no blind test.

Segmentations, volumes and pictures are left in OUT.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import nibabel
import numpy as np
from monai.bundle import ConfigParser
from nibabel.processing import resample_from_to

from monai_scse.data import case_name, image_cases
from monai_scse.metrics import structure_dice
from monai_scse.transforms.plausibility import torso
from monai_scse.transforms.sides import body_midline

BUNDLE = Path(__file__).parents[1] / "bundles/wholebody_ct_scse_segmentation"
REFERENCES = "tests/reference_files"
RIGHT_LUNG, LEFT_LUNG, AORTA = 5, 6, 9
KIDNEYS = {"right kidney": 3, "left kidney": 4}
AIR_HU, BODY_HU, FAT_HU = -400, -200, 0
LUNG_ML = 300  # air in smaller parts is no lung


def to_nifti(source: Path, target: Path) -> Path:
    """Read any scan, write it as NIfTI."""
    from monai.transforms import LoadImage, SaveImage

    scan = LoadImage(image_only=True, ensure_channel_first=True)(source)
    save = SaveImage(target.parent, output_postfix="", separate_folder=False, output_dtype=np.int16, print_log=False)
    scan.meta["filename_or_obj"] = str(target)
    save(scan)
    return target


def segment(cases: list[dict[str, str]], output_dir: Path, ckpt_path: Path, overlays: list[str]) -> ConfigParser:
    """Run the bundle's inference. Returns its config, which has the organ table."""
    config = ConfigParser()
    config.read_config([str(BUNDLE / "configs" / name) for name in ("inference.json", *overlays)])
    config["cases"] = cases
    config.update({"bundle_root": str(BUNDLE), "output_dir": str(output_dir), "ckpt_path": str(ckpt_path)})
    config.get_parsed_content("evaluator").run()
    return config


def air_in_chest(scan: np.ndarray, body: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Lungs and large airways."""
    from scipy.ndimage import binary_closing, label

    parts, _ = label((scan < AIR_HU) & body)
    voxels = np.bincount(parts.ravel())
    voxels[0] = 0
    largest = [part for part in voxels.argsort()[-2:] if voxels[part] * spacing.prod() > 1000 * LUNG_ML]
    return binary_closing(np.isin(parts, largest), np.ones([3 if step < 4 else 1 for step in spacing]))


def compare_lungs(name: str, file: Path, found: nibabel.Nifti1Image) -> None:
    """Print the Dice of the lungs and the air in the chest, and what bears the name of the other side.

    Args:
        name: of the scan.
        file: the scan.
        found: class indices.
    """
    image = nibabel.as_closest_canonical(nibabel.load(file))
    classes = np.asarray(nibabel.as_closest_canonical(found).dataobj)
    scan, spacing = np.asarray(image.dataobj), np.array(image.header.get_zooms())
    right, left = classes == RIGHT_LUNG, classes == LEFT_LUNG
    body = torso(scan > BODY_HU)
    off_middle = np.arange(len(scan))[:, None] - body_midline(body)[None]
    beyond = np.abs(off_middle[:, None]) * spacing[0] > 30  # a lung may cross the middle by a little
    wrong = ((right & (off_middle < 0)[:, None]) | (left & (off_middle > 0)[:, None])) & beyond
    lungs = structure_dice(right | left, air_in_chest(scan, body, spacing), 2)[0]
    print(f"{name}: lungs {lungs:.3f}, of the other side {100 * wrong.sum() / max((right | left).sum(), 1):.2f} %")


def outlined(outlines: dict[str, list[list[float]]], scan: np.ndarray) -> np.ndarray:
    """Voxels inside outlines by slice, in voxels, that are not fat."""
    from matplotlib.path import Path as Outline
    from scipy.ndimage import gaussian_filter

    inside = np.zeros(scan.shape, dtype=bool)
    voxels = np.stack(np.meshgrid(*map(np.arange, scan.shape[:2]), indexing="ij"), axis=-1).reshape(-1, 2)
    for position, corners in outlines.items():
        plane = gaussian_filter(scan[..., int(position)].astype(float), 1)
        inside[..., int(position)] = Outline(corners).contains_points(voxels).reshape(scan.shape[:2]) & (plane > FAT_HU)
    return inside


def kidneys_by_hand(file: Path, outlines: dict[str, dict]) -> nibabel.Nifti1Image:
    """Class indices of the kidneys as they were outlined.

    Args:
        file: the scan.
        outlines: for each kidney, corners (to the right, to the front) by slice (upwards), in voxels.
    """
    image = nibabel.as_closest_canonical(nibabel.load(file))
    scan = np.asarray(image.dataobj)
    classes = sum(KIDNEYS[kidney] * outlined(corners, scan) for kidney, corners in outlines.items())
    return nibabel.Nifti1Image(classes.astype(np.uint8), image.affine)


def compare_with_labels(
    name: str, found: nibabel.Nifti1Image, labels: nibabel.Nifti1Image, numbers: dict[int, tuple[str, list[int]]]
) -> None:
    """Print the Dice and volume of every organ that the labels hold, and the volume of every other that was found.

    Args:
        name: of the scan.
        found: class indices.
        labels: of the whole scan or a part of it, on any grid.
        numbers: for each class, its name and its numbers in the labels.
    """
    classes = np.asarray(resample_from_to(found, labels, order=0).dataobj)
    reference = np.asarray(labels.dataobj)
    voxel_ml = np.prod(labels.header.get_zooms()) / 1000
    for index, (organ, of_organ) in numbers.items():
        here, there = classes == index, np.isin(reference, of_organ)
        if there.any():
            dice = structure_dice(here, there, 2)[0]
            print(f"{name}: {organ} {dice:.3f}, {there.sum() * voxel_ml:.0f} ml of it are in the reference")
        elif here.any():
            print(f"{name}: {organ} {here.sum() * voxel_ml:.1f} ml found, none in the reference")


def main() -> None:
    """Print one line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pyradiomics", type=Path)
    parser.add_argument("totalsegmentator", type=Path)
    parser.add_argument("--output_dir", type=Path, required=True)
    parser.add_argument("--ckpt_path", type=Path, default=BUNDLE / "models/model.pt")
    parser.add_argument("--overlays", nargs="*", default=[], help="further config files of the bundle")
    options = parser.parse_args()
    options.output_dir.mkdir(parents=True, exist_ok=True)
    references = options.totalsegmentator / REFERENCES
    chests = {name: options.pyradiomics / f"data/{name}_image.nrrd" for name in ("lung1", "lung2")}
    chests["angiography"] = references / "aorta_report/example_ct.nii.gz"
    files = {name: to_nifti(file, options.output_dir / f"{name}.nii.gz") for name, file in chests.items()}
    abdomen = image_cases(references / "example_ct_dicom")
    cases = [{"image": str(file)} for file in files.values()] + abdomen
    config = segment(cases, options.output_dir, options.ckpt_path, options.overlays)

    def segmentation(name: str) -> nibabel.Nifti1Image:
        return nibabel.load(options.output_dir / f"{name}_seg.nii.gz")

    for name, file in files.items():
        compare_lungs(name, file, segmentation(name))
    for name, outlines in json.loads(Path(__file__).with_name("real_ct_kidneys.json").read_text()).items():
        numbers = {KIDNEYS[kidney]: (kidney, [KIDNEYS[kidney]]) for kidney in outlines}
        compare_with_labels(name, segmentation(name), kidneys_by_hand(files[name], outlines), numbers)
    aorta = nibabel.load(references / "aorta_report/test_result/models/aorta.nii.gz")
    compare_with_labels("angiography", segmentation("angiography"), aorta, {AORTA: ("aorta", [1])})
    labels = nibabel.load(references / "example_seg_dicom.nii.gz")
    organs = {index: (organ["name"], organ["totalsegmentator_v2"]) for index, organ in enumerate(config["organs"], 1)}
    compare_with_labels("abdomen", segmentation(case_name(abdomen[0]["image"])), labels, organs)


if __name__ == "__main__":
    main()
