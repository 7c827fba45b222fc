"""Damaged, cut or hostile DICOM files: none ends the process, a file of a scan is named, others are left out."""

from __future__ import annotations

import logging
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from support.dicom_files import edit, write_dicom_series

from monai_scse.data import image_cases
from monai_scse.dicom import get_dicom_series
from monai_scse.runtime import InputError
from monai_scse.transforms import LoadScand

SPACING = (1.5, 1.2, 2.0)
DEEP = 20_000
UNDEFINED = 0xFFFFFFFF
PRIVATE_SEQUENCE = struct.pack("<HH", 0x0029, 0x1010) + b"SQ\0\0"
GRAPHIC_SEQUENCE = struct.pack("<HH", 0x0070, 0x0001) + b"SQ\0\0"
ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
END_OF_ITEM, END_OF_SEQUENCE = (struct.pack("<HHI", 0xFFFE, tag, 0) for tag in (0xE00D, 0xE0DD))


def values(slices: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, (8, 7, slices)).astype(np.float32)


def nested(start: bytes, depth: int, undefined: bool) -> bytes:
    """A sequence that holds itself this many times."""
    if undefined:
        opening = start + struct.pack("<I", UNDEFINED) + ITEM + struct.pack("<I", UNDEFINED)
        return opening * depth + (END_OF_ITEM + END_OF_SEQUENCE) * depth
    parts = []
    for level in range(depth):
        inside = (depth - 1 - level) * 20  # a sequence of 12 bytes, an item of 8
        parts.append(start + struct.pack("<I", inside + 8) + ITEM + struct.pack("<I", inside))
    return b"".join(parts)


def insert(file: Path, content: bytes, where: str) -> None:
    """Insert elements before or after the pixels."""
    pixels = file.read_bytes().index(struct.pack("<HH", 0x7FE0, 0x0010) + b"OW")
    data = file.read_bytes()
    file.write_bytes(data[:pixels] + content + data[pixels:] if where == "before" else data + content)


@pytest.mark.situation("A DICOM file whose sequences nest deeply", "left out, the CT beside it is read")
@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("depth", [100, DEEP])
@pytest.mark.parametrize(("start", "where"), [(PRIVATE_SEQUENCE, "before"), (PRIVATE_SEQUENCE, "after")])
def test_deep_nesting_costs_that_file_alone(tmp_path, caplog, start, where, depth, undefined) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    write_dicom_series(tmp_path / "odd", values(1), SPACING)
    (file,) = (tmp_path / "odd").iterdir()
    file = file.rename(tmp_path / "scan" / "odd")
    insert(file, nested(start, depth, undefined), where)
    with caplog.at_level(logging.WARNING):
        (case,) = image_cases(tmp_path)
    assert LoadScand("image")(case)["image"].shape == (1, 8, 7, 6)
    assert f"{file}: " in caplog.text
    assert "nests sequences too deeply" in caplog.text


def test_usual_nesting_is_read(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    for file in (tmp_path / "scan").iterdir():
        insert(file, nested(PRIVATE_SEQUENCE, 10, True), "before")
        insert(file, nested(PRIVATE_SEQUENCE, 10, False), "after")
    np.testing.assert_array_equal(LoadScand("image")({"image": str(tmp_path / "scan")})["image"][0], values())


def deflate(file: Path) -> None:
    """Deflate a file as its transfer syntax asks."""
    item = dcmread(file)
    item.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    item.save_as(file)


def test_deep_nesting_in_a_deflated_file(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    for file in (tmp_path / "scan").iterdir():
        deflate(file)
    np.testing.assert_array_equal(LoadScand("image")({"image": str(tmp_path / "scan")})["image"][0], values())
    file = sorted((tmp_path / "scan").iterdir())[2]
    data = file.read_bytes()
    start = 132 + 12 + dcmread(file).file_meta.FileMetaInformationGroupLength
    content = zlib.decompress(data[start:], -zlib.MAX_WBITS) + nested(PRIVATE_SEQUENCE, DEEP, False)
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    file.write_bytes(data[:start] + deflater.compress(content) + deflater.flush())
    with pytest.raises(InputError, match=f"scan: 1 unusable file.*{file.name}: its header nests sequences too deeply"):
        get_dicom_series(tmp_path / "scan")


def cut(count: int):
    def change(file: Path) -> None:
        file.write_bytes(file.read_bytes()[:-count])

    return change


def cut_in_the_header(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: data.index(struct.pack("<HH", 0x0028, 0x0010))])


def cut_in_an_element(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: data.index(struct.pack("<HH", 0x0028, 0x0010)) + 9])


def without_pixels(file: Path) -> None:
    edit(file, PixelData=None)


def too_few_pixels(file: Path) -> None:
    edit(file, PixelData=bytes(8 * 7))


def promises_much(file: Path) -> None:
    edit(file, Rows=65535, Columns=65535)


def compressed_and_cut(file: Path) -> None:
    item = dcmread(file)
    item.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    item.save_as(file)
    cut(40)(file)


def wrong_rows(file: Path) -> None:
    data = file.read_bytes()
    rows = struct.pack("<HH2sHH", 0x0028, 0x0010, b"US", 2, 7)
    assert rows in data
    file.write_bytes(data.replace(rows, struct.pack("<HH2sH", 0x0028, 0x0010, b"US", 2) + b"ab"))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(change, marks=pytest.mark.situation(f"A slice {what}", "refused, naming the file"))
        for change, what in (
            (cut_in_the_header, "cut short in its header"),
            (cut_in_an_element, "cut short within an element"),
            (without_pixels, "without pixels"),
            (too_few_pixels, "with too few pixels"),
            (promises_much, "that promises 65535 rows"),
            (compressed_and_cut, "compressed and cut short"),
            (wrong_rows, "with a damaged number of rows"),
        )
    ]
    + [
        pytest.param(
            cut(10),
            marks=pytest.mark.situation(
                "A slice cut short by a few bytes", "refused, naming the file", source="users of dcm2niix"
            ),
        )
    ],
)
@pytest.mark.parametrize("place", [0, 2, 5])
def test_damaged_slice_is_named(tmp_path: Path, damage, place: int) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    file = Path(get_dicom_series(tmp_path / "scan").files[place])
    damage(file)
    (case,) = image_cases(tmp_path)
    with pytest.raises(InputError, match=rf"^{tmp_path / 'scan'}: 1 unusable file\(s\): {file.name}.*; copy or export"):
        LoadScand("image")(case)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def lost_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("../.git/annex/objects/lost")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        pytest.param(empty, "empty", marks=pytest.mark.situation("A slice of 0 bytes", "refused, naming the file")),
        pytest.param(zeros, "empty", marks=pytest.mark.situation("A slice of zeros", "refused, naming the file")),
        pytest.param(
            lost_link,
            "a link that leads nowhere",
            marks=pytest.mark.situation("A slice that is a link to nowhere", "refused, naming the file"),
        ),
    ],
)
def test_file_of_which_only_the_name_is_there(tmp_path: Path, damage, reason: str) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    last = Path(get_dicom_series(tmp_path / "scan").files[-1])
    last = last.rename(last.with_name("last.dcm"))
    damage(last)
    (case,) = image_cases(tmp_path)
    with pytest.raises(InputError, match=rf"^{tmp_path / 'scan'}: 1 unusable file\(s\): last.dcm: {reason}; copy or"):
        LoadScand("image")(case)


@pytest.mark.situation("A DICOM folder of links to nowhere", "a case that fails by name")
def test_folder_of_links_to_nowhere(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    write_dicom_series(tmp_path / "good", values(), SPACING)
    for file in (tmp_path / "scan").iterdir():
        lost_link(file)
    good, lost = image_cases(tmp_path, "CT")
    assert LoadScand("image")(good)["image"].shape == (1, 8, 7, 6)
    with pytest.raises(InputError, match=r"/scan: 6 unusable file\(s\): IM.*: a link that leads nowhere"):
        LoadScand("image")(lost)


@pytest.mark.situation("One of two copies of a slice is damaged", "the good one is used")
def test_damaged_copy_of_a_good_slice_is_not_used(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    file = Path(get_dicom_series(tmp_path / "scan").files[3])
    file.with_name("copy").write_bytes(file.read_bytes()[:-10])
    np.testing.assert_array_equal(LoadScand("image")({"image": str(tmp_path / "scan")})["image"][0], values())


@pytest.mark.situation("A series of which no file is complete", "refused, naming files")
def test_series_of_damaged_files(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "scan", values(7), SPACING)
    for file in (tmp_path / "scan").iterdir():
        cut(10)(file)
    (case,) = image_cases(tmp_path)
    with pytest.raises(InputError, match=r"7 unusable file\(s\): IM.* and 2 more; copy or export the series again"):
        LoadScand("image")(case)


@pytest.mark.parametrize("seed", range(6))
def test_random_damage_ends_in_an_answer_or_a_line(tmp_path: Path, seed: int) -> None:
    generator = np.random.default_rng(seed)
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    for file in sorted((tmp_path / "scan").iterdir()):
        data = bytearray(file.read_bytes())
        for place in generator.integers(132, len(data), 12):
            data[place] = generator.integers(256)
        file.write_bytes(data)
    write_dicom_series(tmp_path / "good", values(), SPACING)
    cases = image_cases(tmp_path)
    assert {"image": str(tmp_path / "good")} in cases
    messages = [message for message in map(refusal, cases) if message]
    assert all("\n" not in message and "scan" in message for message in messages)


def refusal(case: dict[str, str]) -> str:
    """The message of a case that is refused, empty for one that loads."""
    try:
        LoadScand("image")(case)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.situation("A file without the right to read it", "named in the log")
def test_unreadable_file_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    (tmp_path / "scan" / "locked").write_bytes(bytes(128) + b"DICM")
    if os.geteuid():
        (tmp_path / "scan" / "locked").chmod(0)
    else:  # root may read all
        from monai_scse.dicom import headers

        original = headers.pydicom.dcmread

        def deny(file, *args, **kwargs):
            if Path(file).name == "locked":
                raise PermissionError(file)
            return original(file, *args, **kwargs)

        monkeypatch.setattr(headers.pydicom, "dcmread", deny)
    with caplog.at_level(logging.WARNING):
        assert len(image_cases(tmp_path)) == 1
    assert "locked: cannot be read, permission denied, left out" in caplog.text
