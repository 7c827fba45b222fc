"""Series that look like a scan and are not one volume: each is a case, and is refused by name when it is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from support.dicom_files import edit, write_dicom_series

from monai_scse.data import image_cases
from monai_scse.dicom import find_dicom_series, get_dicom_series
from monai_scse.runtime import InputError
from monai_scse.transforms import LoadScand

SPACING = (1.5, 1.2, 2.0)


def values(slices: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, (8, 7, slices)).astype(np.float32)


def even(count: int, step: float = 2.0) -> list[list[float]]:
    return [[-20, -25, index * step] for index in range(count)]


def write(folder: Path, positions, **options) -> list[Path]:
    """Write a slice at each position. Returns the files in this order."""
    write_dicom_series(folder, values(len(positions)), SPACING, positions=positions, **options)
    return sorted(folder.iterdir(), key=lambda file: int(dcmread(file).InstanceNumber))


def missing_slices(folder: Path) -> None:
    write(folder, even(12)[:4] + even(12)[6:11])


def mixed_spacing(folder: Path) -> None:
    write(folder, even(4) + [[-20, -25, 6 + 5 * index] for index in range(1, 5)])


def slowly_mixed_spacing(folder: Path) -> None:
    write(folder, [[0, 0, 2 * index if index < 20 else 38 + 2.1 * (index - 19)] for index in range(40)])


def gantry_tilt(folder: Path) -> None:
    tilted = np.radians(15)
    write(folder, even(6), orientation=(1, 0, 0, 0, np.cos(tilted), -np.sin(tilted)))


def two_phases(folder: Path) -> None:
    write(folder, even(6) * 2)


def five_volumes(folder: Path) -> None:
    write(folder, even(6) * 5, modality="MR")


def two_sizes(folder: Path) -> None:
    write(folder, even(6)[:3], uid="1.2.3")
    write_dicom_series(folder / "more", values(3)[:6], SPACING, positions=even(6)[3:], uid="1.2.3")
    edit([path for path in folder.rglob("*") if path.is_file()], StudyInstanceUID="1.2")
    for file in (folder / "more").iterdir():
        file.rename(folder / f"a{file.name}")
    (folder / "more").rmdir()


def shifted(*indices: int, by: float = 10.0):
    def write_shifted(folder: Path) -> None:
        write(folder, [[-20 + by * (index in indices), -25, 2 * index] for index in range(12)])

    return write_shifted


def bent(folder: Path) -> None:
    write(folder, [[0, 0.004 * (index - 10) ** 2, 2 * index] for index in range(21)])


def mosaic(folder: Path) -> None:
    image_type = ("ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC")
    write(folder, even(6) * 2, modality="MR", image_type=image_type)


def colours(folder: Path) -> None:
    files = write(folder, even(6))
    pixels = bytes(8 * 7 * 3)
    edit(files, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, PixelData=pixels)
    edit(files, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)


def position(value):
    def write_and_empty(folder: Path) -> None:
        edit(write(folder, even(6))[3], ImagePositionPatient=value)

    return write_and_empty


def spacing(value):
    def write_and_set(folder: Path) -> None:
        edit(write(folder, even(6)), PixelSpacing=value)

    return write_and_set


def raw_position(text: bytes):
    def write_and_replace(folder: Path) -> None:
        file = write(folder, even(6))[2]
        content = file.read_bytes()
        assert content.count(b"-20.0\\-25.0\\4.0") == 1
        file.write_bytes(content.replace(b"-20.0\\-25.0\\4.0", text.ljust(15)))

    return write_and_replace


def no_orientation(folder: Path) -> None:
    edit(write(folder, even(6)), ImageOrientationPatient=None)


def some_inverted(folder: Path) -> None:
    edit(write(folder, even(6))[:3], PhotometricInterpretation="MONOCHROME1")


def case(write, what: str, reason: str, source: str = ""):
    marker = pytest.mark.situation(what, "refused for what it is", **({"source": source} if source else {}))
    return pytest.param(write, reason, marks=marker)


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        case(
            missing_slices,
            "A DICOM series with slices missing",
            r"2 slice\(s\) missing between IM\S+ and IM\S+, 1 gap",
            "users of 3D Slicer",
        ),
        case(mixed_spacing, "A DICOM series of mixed slice spacing", "mixed slice spacing, 2.00 to 5.00 mm"),
        case(slowly_mixed_spacing, "Slice spacing that drifts a little", "mixed slice spacing, 2.00 to 2.10 mm"),
        case(gantry_tilt, "A CT of a tilted gantry", "gantry tilt of 15.0 degrees; resample it first, for example"),
        case(two_phases, "Two phases in one DICOM series", "6 slices lie where another one lies, 2 slices a place"),
        case(five_volumes, "A 4D DICOM series (fMRI, diffusion)", "24 slices lie where .* 5 slices a place"),
        case(two_sizes, "Slices of two sizes in a series", "its slices differ in size or pixel spacing"),
        case(shifted(5), "One slice shifted in its plane", r"shifted in their plane by up to 10.0 mm, most between IM"),
        case(shifted(5, by=0.3), "One slice shifted by 0.3 mm", r"shifted in their plane by up to 0.3 mm"),
        case(
            shifted(0), "The first slice shifted in its plane", r"shifted in their plane by up to 10.0 mm, most between"
        ),
        case(
            shifted(11), "The last slice shifted in its plane", r"shifted in their plane by up to 10.0 mm, most between"
        ),
        case(shifted(6, 7, 8, 9, 10, 11), "Half of the slices shifted in their plane", "shifted in their plane by"),
        case(shifted(1, 3, 5, 7, 9, 11), "Every second slice shifted in its plane", "shifted in their plane by up to"),
        case(bent, "Slices on a bent line", "shifted in their plane by up to 0.4 mm"),
        case(mosaic, "A Siemens mosaic", "a Siemens mosaic, .*; convert it with dcm2niix"),
        case(colours, "A series in colour", "images in colour"),
        case(position(None), "A slice without a position", r"1 of 6 slices have no place in space \(IM"),
        case(position([]), "A slice with an empty position", r"1 of 6 slices have no place in space \(IM"),
        case(position([1, 2]), "A position of two numbers", r"1 of 6 slices have no place in space \(IM"),
        case(raw_position(b"nan\\nan\\nan"), "A position that is NaN", r"1 of 6 slices have no place in space \(IM"),
        case(raw_position(b"anonymous"), "A position that is a word", r"1 of 6 slices have no place in space \(IM"),
        case(no_orientation, "Slices without an orientation", "6 of 6 slices have no place in space"),
        case(spacing(None), "Slices without a pixel spacing", "its pixel spacing is missing"),
        case(spacing([0, 0]), "Slices with a pixel spacing of 0", "its pixel spacing is missing"),
        case(some_inverted, "Some images of a series inverted", "some of its images are inverted"),
    ],
)
def test_series_that_is_no_volume_is_refused_by_name(tmp_path: Path, write, reason: str) -> None:
    write(tmp_path / "scan")
    write_dicom_series(tmp_path / "good", values(), SPACING)
    cases = image_cases(tmp_path)
    assert cases == [{"image": str(tmp_path / name)} for name in ("good", "scan")]
    loader = LoadScand("image")
    assert loader(cases[0])["image"].shape == (1, 8, 7, 6)
    with pytest.raises(InputError, match=rf"^{tmp_path / 'scan'}: .*{reason}.*\.$"):
        loader(cases[1])


@pytest.mark.situation("A DICOM head of 0.6 m", "refused by its size, before its pixels are read")
def test_scan_larger_than_its_body_part(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "scan", np.pad(values(), ((0, 24), (0, 25), (0, 0))), (20, 20, 2))
    with pytest.raises(InputError, match=r"scan is 640 x 640 x 12 mm large, at most 500 mm are possible here"):
        LoadScand("image", max_size_mm=500)({"image": str(tmp_path / "scan")})


def affine_by_hand(first, step, row, column) -> np.ndarray:
    columns = (np.multiply(row, SPACING[0]), np.multiply(column, SPACING[1]), step, first)
    affine = np.vstack([np.stack(columns, axis=1), [0, 0, 0, 1]])
    return np.diag([-1, -1, 1, 1]) @ affine


@pytest.mark.parametrize("angle", [0, 20, -70])
@pytest.mark.parametrize("direction", [1, -1])
def test_voxels_lie_where_the_headers_say(tmp_path: Path, angle: float, direction: int) -> None:
    radians = np.radians(angle)
    row, column = np.array([1, 0, 0]), np.array([0, np.cos(radians), np.sin(radians)])
    step = 2.0 * np.cross(row, column)
    positions = [np.array([3.25, -7.5, 11]) + index * step for index in range(6)][::direction]
    write_dicom_series(tmp_path, values()[:, :, ::direction], SPACING, positions=positions, orientation=(*row, *column))
    image = LoadScand("image")({"image": str(tmp_path)})["image"]
    expected = affine_by_hand([3.25, -7.5, 11], step, row, column)
    np.testing.assert_allclose(image.affine, expected, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(image[0], values())
    assert find_dicom_series(tmp_path)[0].size_mm == pytest.approx((8 * 1.5, 7 * 1.2, 6 * 2.0))


def test_small_tilt_is_in_the_affine(tmp_path: Path) -> None:
    step = np.array([0, 0.01, 2.0])
    write(tmp_path / "scan", [index * step for index in range(12)])
    image = LoadScand("image")({"image": str(tmp_path / "scan")})["image"]
    expected = affine_by_hand([0, 0, 0], step, [1, 0, 0], [0, 1, 0])
    np.testing.assert_allclose(image.affine, expected, rtol=0, atol=1e-5)


@pytest.mark.situation("A CT of inverted display (MONOCHROME1)", "right Hounsfield units", source="users of SimpleITK")
@pytest.mark.parametrize("compressed", [False, True])
def test_inverted_display_does_not_change_hounsfield_units(tmp_path: Path, compressed: bool) -> None:
    expected = np.random.default_rng(0).integers(-1000, 1000, (32, 30, 6))
    write_dicom_series(tmp_path / "scan", expected, SPACING)
    files = list((tmp_path / "scan").iterdir())
    edit(files, PhotometricInterpretation="MONOCHROME1")
    for file in files if compressed else []:
        item = dcmread(file)
        item.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
        item.save_as(file)
    image = LoadScand("image")({"image": str(tmp_path / "scan")})["image"]
    np.testing.assert_array_equal(image[0], expected)


@pytest.mark.situation("A CT whose anonymiser emptied the modality", "a CT by the kind of its files")
def test_modality_that_is_empty_is_that_of_the_storage_class(tmp_path: Path) -> None:
    edit(write(tmp_path / "scan", even(6)), Modality="")
    assert len(image_cases(tmp_path, "CT")) == 1
    with pytest.raises(InputError, match="DICOM modality CT, not a MR"):
        image_cases(tmp_path, "MR")


def test_one_slice_is_no_volume(tmp_path: Path) -> None:
    write(tmp_path / "scan", even(1))
    with pytest.raises(InputError, match="1 slice, a scan has at least 5, not a volume; choose another series"):
        image_cases(tmp_path)
    with pytest.raises(InputError, match="scan_3_Abdomen_portal: one slice, not a volume; choose another series"):
        get_dicom_series(find_dicom_series(tmp_path)[0].path).check()
