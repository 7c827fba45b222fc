"""The CT bundle on real scans that had no part in its training, where there is something to compare with.

    python benchmarks/real_ct.py PYRADIOMICS TOTALSEGMENTATOR --output_dir OUT

The arguments are the unpacked source archives of pyradiomics 3.1.0 (two CT scans of the chest) and TotalSegmentator
2.18.0 (one CT angiography of chest and upper abdomen, with its aorta as TotalSegmentator found it and its authors cut
it out). Lungs are compared with the air in the chest: voxels below -400 HU inside the body, the largest connected part
or two of them, holes up to 4 mm wide closed. That counts the large airways as lung, and a tumour not.
Segmentations, volumes and pictures are left in OUT.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nibabel
import numpy as np
from monai.bundle import ConfigParser
from nibabel.processing import resample_from_to

from monai_scse.metrics import structure_dice
from monai_scse.transforms.plausibility import torso
from monai_scse.transforms.sides import body_midline

BUNDLE = Path(__file__).parents[1] / "bundles/wholebody_ct_scse_segmentation"
CT_ANGIOGRAPHY = "tests/reference_files/aorta_report"
RIGHT_LUNG, LEFT_LUNG, AORTA = 5, 6, 9
AIR_HU, BODY_HU = -400, -200
LUNG_ML = 300  # air in smaller parts is no lung


def to_nifti(source: Path, target: Path) -> Path:
    """Read any scan, write it as NIfTI."""
    from monai.transforms import LoadImage, SaveImage

    scan = LoadImage(image_only=True, ensure_channel_first=True)(source)
    save = SaveImage(target.parent, output_postfix="", separate_folder=False, output_dtype=np.int16, print_log=False)
    scan.meta["filename_or_obj"] = str(target)
    save(scan)
    return target


def segment(scans: list[Path], output_dir: Path, ckpt_path: Path) -> None:
    """Run the bundle's inference."""
    config = ConfigParser()
    config.read_config(str(BUNDLE / "configs/inference.json"))
    config["cases"] = [{"image": str(file)} for file in scans]
    config.update({"bundle_root": str(BUNDLE), "output_dir": str(output_dir), "ckpt_path": str(ckpt_path)})
    config.get_parsed_content("evaluator").run()


def air_in_chest(scan: np.ndarray, body: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Lungs and large airways."""
    from scipy.ndimage import binary_closing, label

    parts, _ = label((scan < AIR_HU) & body)
    voxels = np.bincount(parts.ravel())
    voxels[0] = 0
    largest = [part for part in voxels.argsort()[-2:] if voxels[part] * spacing.prod() > 1000 * LUNG_ML]
    return binary_closing(np.isin(parts, largest), np.ones([3 if step < 4 else 1 for step in spacing]))


def main() -> None:
    """Print one line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pyradiomics", type=Path)
    parser.add_argument("totalsegmentator", type=Path)
    parser.add_argument("--output_dir", type=Path, required=True)
    parser.add_argument("--ckpt_path", type=Path, default=BUNDLE / "models/model.pt")
    options = parser.parse_args()
    options.output_dir.mkdir(parents=True, exist_ok=True)
    angiography = options.totalsegmentator / CT_ANGIOGRAPHY
    sources = {name: options.pyradiomics / f"data/{name}_image.nrrd" for name in ("lung1", "lung2")}
    sources["angiography"] = angiography / "example_ct.nii.gz"
    scans = [to_nifti(file, options.output_dir / f"{name}.nii.gz") for name, file in sources.items()]
    segment(scans, options.output_dir, options.ckpt_path)

    for file in scans:
        image = nibabel.as_closest_canonical(nibabel.load(file))
        found = nibabel.load(str(file).replace(".nii.gz", "_seg.nii.gz"))
        classes = np.asarray(nibabel.as_closest_canonical(found).dataobj)
        scan, spacing = np.asarray(image.dataobj), np.array(image.header.get_zooms())
        right, left = classes == RIGHT_LUNG, classes == LEFT_LUNG
        body = torso(scan > BODY_HU)
        off_middle = np.arange(len(scan))[:, None] - body_midline(body)[None]
        beyond = np.abs(off_middle[:, None]) * spacing[0] > 30  # a lung may cross the middle by a little
        wrong = ((right & (off_middle < 0)[:, None]) | (left & (off_middle > 0)[:, None])) & beyond
        lungs = structure_dice(right | left, air_in_chest(scan, body, spacing), 2)[0]
        print(
            f"{file.name}: lungs {lungs:.3f}, "
            f"of the other side {100 * wrong.sum() / max((right | left).sum(), 1):.2f} %"
        )
        if "angiography" in file.name:
            aorta = nibabel.load(angiography / "test_result/models/aorta.nii.gz")
            shown = np.asarray(resample_from_to(found, aorta, order=0).dataobj) == AORTA
            agreement = structure_dice(shown, np.asarray(aorta.dataobj) > 0, 2)[0]
            print(f"{file.name}: aorta {agreement:.3f} where the reference is cut out")


if __name__ == "__main__":
    main()
