"""How much memory a bundle takes for one scan, from file to files, as a multiple of the scan's size in float32.

The scan is a synthetic torso, the ICBM 152 brain that nilearn carries, or a head around it, of a given number of
voxels. A process of its own imports all libraries, then segments the scan. Its peak above that of the imports counts.

    python benchmarks/inference_memory.py torso|brain|head [--shape 512 512 600] [--kind nifti|scaled|dicom]
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel
import numpy as np

BUNDLES = Path(__file__).parents[1] / "bundles"
CT, BRAIN = BUNDLES / "wholebody_ct_scse_segmentation", BUNDLES / "brain_mri_scse_segmentation"
# what a run imports when it needs it
LIBRARIES = (
    "ignite",
    "monai.bundle",
    "nibabel",
    "itk",
    "scipy.ndimage",
    "scipy.stats",
    "pandas",
    "pydicom",
    "highdicom",
)
LIBRARIES += ("matplotlib.figure", "matplotlib.backends.backend_agg", "monai_scse.handlers", "torch._dynamo")


def torso() -> tuple[np.ndarray, np.ndarray]:
    """A torso of 3 mm voxels and its affine."""
    from monai_scse.synthetic.ct.torso import synthetic_ct

    scan = synthetic_ct(0, field_of_view="whole torso")
    return scan.image, scan.affine


def brain() -> tuple[np.ndarray, np.ndarray]:
    """A skull-stripped brain of 2 mm voxels and its affine."""
    from nilearn.datasets import load_mni152_template

    template = np.asarray(load_mni152_template(resolution=2).dataobj, dtype=np.float32)
    return 1000 * template / template.max(), np.diag([2.0, 2.0, 2.0, 1.0])


def head() -> tuple[np.ndarray, np.ndarray]:
    """A head of 2 mm voxels around the brain and its affine."""
    from monai_scse.synthetic.head import whole_head

    inside, affine = brain()
    return 1000 * whole_head(inside / 1000, np.random.default_rng(0), (2.0, 2.0, 2.0))[0], affine


#: what each scan shows, and the bundle that segments it
SCANS = {"torso": (torso, CT), "brain": (brain, BRAIN), "head": (head, BRAIN)}


def scan_of(content: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A scan stretched over that many voxels, int16, axes to the left, front and head, and its affine."""
    coarse, affine = SCANS[content][0]()
    indices = [np.arange(size) * have // size for size, have in zip(shape, coarse.shape)]
    step = np.diag([*(have / size for size, have in zip(shape, coarse.shape)), 1.0])
    return coarse[::-1].round().astype(np.int16)[np.ix_(*indices)], np.diag([-1, 1, 1, 1]) @ affine @ step


def write_dicom(folder: Path, image: np.ndarray, affine: np.ndarray) -> None:
    """Write a CT series, a file a slice."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder.mkdir()
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    study, series, frame = (generate_uid() for _ in range(3))
    for index in range(image.shape[2]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        item = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
        item.SOPClassUID, item.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        item.StudyInstanceUID, item.SeriesInstanceUID, item.FrameOfReferenceUID = study, series, frame
        for empty in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"):
            setattr(item, empty, "")
        item.StudyID = item.AccessionNumber = item.ReferringPhysicianName = item.PositionReferenceIndicator = ""
        item.Modality, item.ImageType, item.SeriesNumber, item.InstanceNumber = "CT", ["ORIGINAL"], 1, index + 1
        item.ImagePositionPatient = [-200.0, -200.0, float(index * spacing[2])]
        item.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        item.PixelSpacing, item.SliceThickness = [f"{spacing[1]:.6f}", f"{spacing[0]:.6f}"], f"{spacing[2]:.6f}"
        item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
        item.Columns, item.Rows = image.shape[:2]
        item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = 16, 16, 15, 1
        item.RescaleIntercept, item.RescaleSlope = 0, 1
        item.PixelData = np.ascontiguousarray(image[:, ::-1, index].T).tobytes()  # DICOM's rows go to the back
        item.save_as(folder / f"{index:04}.dcm", enforce_file_format=True)


def write_scan(folder: Path, content: str, shape: tuple[int, ...], kind: str) -> Path:
    """Write a scan as NIfTI, as NIfTI whose numbers have a slope and an offset, or as a DICOM series."""
    image, affine = scan_of(content, shape)
    if kind == "dicom":
        write_dicom(folder / "series", image, affine)
        return folder / "series"
    file = nibabel.Nifti1Image(image, affine)
    if kind == "scaled":
        file.header.set_slope_inter(0.5, -10)
    nibabel.save(file, folder / "scan.nii.gz")
    return folder / "scan.nii.gz"


def peak_bytes() -> int:
    """Highest resident size of this process up to this call."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def segment(content: str, scan: str, output: str, options: dict[str, object]) -> dict[str, float]:
    """Segment a scan in this process. Returns seconds, and bytes of the imports and of the peak."""
    for name in LIBRARIES:
        importlib.import_module(name)
    getattr(importlib.import_module("itk"), "ImageSeriesReader")  # noqa: B009, it loads what reads DICOM series
    from monai.bundle import ConfigParser

    root = SCANS[content][1]
    parser = ConfigParser()
    parser.read_config(str(root / "configs" / "inference.json"))
    parser.update({"bundle_root": str(root), "dataset_dir": scan, "output_dir": output, "device": "cpu", **options})
    imports, start = peak_bytes(), time.perf_counter()
    parser.get_parsed_content("evaluator").run()
    if not list(Path(output).glob("*_seg.nii.gz")):  # a scan that fails costs itself and no error
        raise SystemExit(f"{scan}: not segmented; the log says why.")
    return {"seconds": time.perf_counter() - start, "imports": imports, "peak": peak_bytes()}


def measure(content: str, scan: Path, output: Path, options: dict[str, object] | None = None) -> dict[str, float]:
    """What :func:`segment` returns, from a process of its own."""
    command = [sys.executable, __file__, "--segment", content, str(scan), str(output), json.dumps(options or {})]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print peak and time."""
    if sys.argv[1:2] == ["--segment"]:
        content, scan, output, options = sys.argv[2:]
        print("\n" + json.dumps(segment(content, scan, output, json.loads(options))))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", choices=SCANS, help="what the scan shows")
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 600), help="voxels along each axis")
    parser.add_argument("--kind", choices=("nifti", "scaled", "dicom"), default="nifti", help="how it is stored")
    parser.add_argument("--options", type=json.loads, default={}, help="overrides of the config, as JSON")
    options = parser.parse_args()
    if options.kind == "dicom":
        options.options.setdefault("dicom_seg", True)
    with tempfile.TemporaryDirectory() as folder:
        scan = write_scan(Path(folder), options.content, tuple(options.shape), options.kind)
        found = measure(options.content, scan, Path(folder) / "output", options.options)
    size = 4 * int(np.prod(options.shape))
    above = found["peak"] - found["imports"]
    print(f"{options.content}, {options.kind}, {tuple(options.shape)}: {size / 2**30:.2f} GiB in float32")
    print(f"imports {found['imports'] / 2**30:.2f} GiB, peak {found['peak'] / 2**30:.2f} GiB, {found['seconds']:.1f} s")
    print(f"peak above the imports / float32 size: {above / size:.2f}")


if __name__ == "__main__":
    main()
