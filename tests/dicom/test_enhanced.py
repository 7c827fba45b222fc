"""Enhanced multi-frame images: each frame at its place with its own rescaling, or the file is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import RLELossless
from support.dicom_files import edit, write_dicom_series, write_enhanced

from monai_scse.data import image_cases
from monai_scse.dicom import get_dicom_series
from monai_scse.runtime import InputError
from monai_scse.transforms import LoadScand

COUNT = 8
SPACING = (1.5, 1.2, 2.5)
IN_ORDER = list(range(COUNT))
DCM2NIIX = "users of dcm2niix"


def values(count: int = COUNT) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, (9, 7, count)).astype(np.float32)


def directions(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Directions of columns, rows and slices in the columns of a matrix, and the orientation in a header."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    matrix = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return matrix, np.concatenate([matrix[:, 0], matrix[:, 1]])


def write(path: Path, order: list[int], angle: float = 0, **options) -> np.ndarray:
    """Write frames in this order. Returns the affine (RAS) of the volume in the order of space."""
    matrix, orientation = directions(angle)
    origin = np.array([-20.5, 12.25, 40.125])
    positions = [origin + SPACING[2] * index * matrix[:, 2] for index in order]
    write_enhanced(path, values()[:, :, order], SPACING, positions, orientation, **options)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = matrix * SPACING, origin
    return np.diag([-1, -1, 1, 1]) @ affine


def load(folder: Path):
    (case,) = image_cases(folder)
    return LoadScand("image")(case)["image"]


@pytest.mark.situation("An enhanced multi-frame DICOM file by its own name", "segmented; a single slice is refused")
def test_file_is_a_scan_and_a_slice_is_none(tmp_path: Path) -> None:
    write(tmp_path / "CT.dcm", IN_ORDER)
    write_dicom_series(tmp_path, values(), SPACING, uid="1.2.7", number=7)
    (case,) = image_cases(tmp_path / "CT.dcm", "CT")
    np.testing.assert_array_equal(LoadScand("image")(case)["image"][0], values())
    one_slice = next(file for file in sorted(tmp_path.iterdir()) if file.name != "CT.dcm")
    with pytest.raises(InputError, match="no series of its own, a slice perhaps; give the folder that holds"):
        image_cases(one_slice)
    with pytest.raises(InputError, match="DICOM modality CT, not a MR"):
        image_cases(tmp_path / "CT.dcm", "MR")


@pytest.mark.parametrize("angle", [0, 25])
@pytest.mark.parametrize("are_shared", [("plane", "measures"), ()])
@pytest.mark.parametrize(
    "order",
    [
        pytest.param(
            IN_ORDER,
            marks=pytest.mark.situation("An enhanced multi-frame CT or MR file", "right to 1e-5 mm", source=DCM2NIIX),
        ),
        pytest.param(
            IN_ORDER[::-1],
            marks=pytest.mark.situation("An enhanced file with its frames from head to feet", "right to 1e-5 mm"),
        ),
        pytest.param(
            [3, 0, 7, 1, 5, 2, 6, 4],
            marks=pytest.mark.situation("An enhanced file with its frames in any order", "right to 1e-5 mm"),
        ),
    ],
)
def test_frames_lie_at_their_places(tmp_path: Path, order, are_shared, angle) -> None:
    affine = write(tmp_path / "scan" / "IM1", order, angle, are_shared=are_shared)
    image = load(tmp_path)
    np.testing.assert_allclose(image.affine, affine, rtol=0, atol=1e-5)
    np.testing.assert_allclose(image[0], values(), atol=0.51)


@pytest.mark.situation(
    "An enhanced file whose frames are rescaled differently", "each frame has its own values", source=DCM2NIIX
)
def test_each_frame_has_its_own_rescaling(tmp_path: Path) -> None:
    slopes = [0.25 + 0.25 * index for index in range(COUNT)]
    write(tmp_path / "scan" / "IM1", IN_ORDER, slopes=slopes)
    stored = np.rint((values() + 1024) / slopes)
    np.testing.assert_allclose(load(tmp_path)[0], stored * slopes - 1024, atol=1e-3)


@pytest.mark.situation("An enhanced file with compressed frames", "read like an uncompressed one")
@pytest.mark.parametrize("signed", [True, False])
def test_compressed_frames(tmp_path: Path, signed: bool) -> None:
    affine = write(tmp_path / "scan" / "IM1", [3, 0, 7, 1, 5, 2, 6, 4], 10, slopes=[1 + 0.5 * i for i in range(COUNT)])
    edit(tmp_path / "scan", PixelRepresentation=int(signed))
    expected = load(tmp_path)
    item = dcmread(tmp_path / "scan" / "IM1")
    item.compress(RLELossless, generate_instance_uid=False)
    item.save_as(tmp_path / "scan" / "IM1")
    image = load(tmp_path)
    np.testing.assert_allclose(image, expected, atol=1e-3)
    np.testing.assert_allclose(image.affine, affine, rtol=0, atol=1e-5)


def test_bits_beside_the_stored_ones_are_ignored(tmp_path: Path) -> None:
    write(tmp_path / "scan" / "IM1", IN_ORDER)
    expected = load(tmp_path)
    pixels = np.frombuffer(dcmread(tmp_path / "scan" / "IM1").PixelData, np.int16)
    overlaid = (pixels & 0x0FFF) | 0x5000
    edit(tmp_path / "scan", BitsStored=12, HighBit=11, PixelData=overlaid.tobytes())
    np.testing.assert_array_equal(load(tmp_path), expected)


def frames(path: Path) -> list[Dataset]:
    return list(dcmread(path).PerFrameFunctionalGroupsSequence)


def missing_frame(path: Path) -> None:
    write_enhanced(path, values(), SPACING, [(0, 0, 2.5 * index) for index in (0, 1, 2, 3, 5, 6, 7, 8)])


def mixed_spacing(path: Path) -> None:
    write_enhanced(path, values(), SPACING, [(0, 0, h) for h in (0, 1, 2, 3, 5, 7, 9, 11)])


def two_phases(path: Path) -> None:
    write_enhanced(path, values(), SPACING, [(0, 0, 2.5 * (index % 4)) for index in IN_ORDER])


def magnitude_and_phase(path: Path) -> None:
    places = [(0, 0, 2.5 * (index // 2)) for index in IN_ORDER]
    write_enhanced(path, values(), SPACING, places, modality="MR")


def shifted_frame(path: Path) -> None:
    write_enhanced(path, values(), SPACING, [(4 * (index == 5), 0, 2.5 * index) for index in IN_ORDER])


def no_places(path: Path) -> None:
    write_enhanced(path, values(), SPACING)
    groups = frames(path)
    for group in groups:
        del group.PlanePositionSequence
    edit(path, PerFrameFunctionalGroupsSequence=groups)


def one_place_too_few(path: Path) -> None:
    write_enhanced(path, values(), SPACING)
    edit(path, PerFrameFunctionalGroupsSequence=frames(path)[:-1])


def empty_place(path: Path) -> None:
    write_enhanced(path, values(), SPACING)
    groups = frames(path)
    groups[4].PlanePositionSequence[0].ImagePositionPatient = None
    edit(path, PerFrameFunctionalGroupsSequence=groups)


def no_groups(path: Path) -> None:
    write_enhanced(path, values(), SPACING)
    edit(path, PerFrameFunctionalGroupsSequence=None, SharedFunctionalGroupsSequence=None)


def no_spacing(path: Path) -> None:
    write_enhanced(path, values(), SPACING)
    shared = dcmread(path).SharedFunctionalGroupsSequence
    del shared[0].PixelMeasuresSequence
    edit(path, SharedFunctionalGroupsSequence=shared)


def colours(path: Path) -> None:
    write_enhanced(path, values(), SPACING, modality="MR")
    pixels = np.zeros((COUNT, 7, 9, 3), np.uint8).tobytes()
    edit(path, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, PixelData=pixels)
    edit(path, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)


def two_planes(path: Path) -> None:
    write_enhanced(path, values(), SPACING, are_shared=("measures",))
    groups = frames(path)
    for group in groups[4:]:
        group.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    edit(path, PerFrameFunctionalGroupsSequence=groups * 5, NumberOfFrames=40, PixelData=bytes(40 * 9 * 7 * 2))


def cut_short(path: Path) -> None:
    write_enhanced(path, values(), SPACING)
    path.write_bytes(path.read_bytes()[:-50])


def refused(write, what: str, reason: str, source: str = ""):
    origin = {"source": source} if source else {}
    return pytest.param(write, reason, marks=pytest.mark.situation(what, "refused for what it is", **origin))


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        refused(
            missing_frame, "An enhanced file with one frame missing", r"1 slice\(s\) missing between IM1 frame 4 and"
        ),
        refused(mixed_spacing, "An enhanced file of mixed spacing", "mixed slice spacing, 1.00 to 2.00 mm"),
        refused(two_phases, "Two contrast phases in one enhanced file", "4 slices lie where .* 2 slices a place"),
        refused(
            magnitude_and_phase,
            "Magnitude and phase in one enhanced file",
            "4 slices lie .* 2 slices a place",
            DCM2NIIX,
        ),
        refused(
            shifted_frame, "An enhanced file with a frame shifted in its plane", r"shifted .* 4.0 mm.*frame [56] and"
        ),
        refused(no_places, "An enhanced file whose frames have no place", "8 of 8 slices have no place"),
        refused(one_place_too_few, "An enhanced file with a place too few", r"1 of 8 slices .*IM1 frame 8"),
        refused(empty_place, "An enhanced file with an empty place", r"1 of 8 slices .*IM1 frame 5"),
        refused(no_groups, "An enhanced file without functional groups", "8 of 8 slices have no place"),
        refused(no_spacing, "An enhanced file without pixel spacing", "its pixel spacing is missing"),
        refused(colours, "An enhanced file in colour", "images in colour"),
        refused(two_planes, "An enhanced file of two planes", "slices of several orientations", DCM2NIIX),
        refused(cut_short, "An enhanced file cut short", "IM1: cut short, pixels are missing"),
    ],
)
def test_file_that_is_no_volume_is_refused_for_what_it_is(tmp_path: Path, write, reason: str) -> None:
    write(tmp_path / "scan" / "IM1")
    (case,) = image_cases(tmp_path)
    assert case == {"image": str(tmp_path / "scan")}
    with pytest.raises(InputError, match=rf"^{tmp_path / 'scan'}: .*{reason}.*; .*\.$"):
        LoadScand("image")(case)


@pytest.mark.situation("One enhanced file for each slice", "one scan")
def test_one_enhanced_file_a_slice(tmp_path: Path) -> None:
    for index in (3, 1, 2, 0, 4, 5, 7, 6):
        positions = [(-20, -25, 2.5 * index)]
        write_enhanced(tmp_path / "scan" / f"IM{index}", values()[:, :, [index]], SPACING, positions, uid="1.2.3")
    edit(tmp_path / "scan", StudyInstanceUID="1.2.4")
    image = load(tmp_path)
    np.testing.assert_allclose(image[0], values(), atol=0.51)
    assert get_dicom_series(tmp_path / "scan").size_mm == pytest.approx((9 * 1.5, 7 * 1.2, COUNT * 2.5))
