"""Strategies of hypothesis: NIfTI files whose header and voxels say anything."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from hypothesis import strategies as st

_CODES = [2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2304]
_NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 1e-30, 1e-3, 1e3, 1e30, float("nan"), float("inf"), -float("inf")]),
    st.floats(width=32),
)
_SPACING = st.floats(2, 12, width=32)


@dataclass(frozen=True)
class NiftiFile:
    """The parts of a NIfTI file.

    Args:
        voxels: its voxels, in the type that the header names unless a field says another.
        affine: (4, 4), to sform and qform.
        fields: fields of the header that are overwritten.
        big_endian: whether its numbers are stored the other way round.
        suffix: of its name.
        keep: the share of its bytes that is kept.
        damage: bytes that are overwritten, place (as a share of the file) and value.
    """

    voxels: np.ndarray
    affine: np.ndarray
    fields: dict[str, Any] = field(default_factory=dict)
    big_endian: bool = False
    suffix: str = ".nii.gz"
    keep: float = 1.0
    damage: tuple[tuple[float, int], ...] = ()

    def write(self, folder: Path) -> Path:
        """Write it as ``scan`` with its suffix."""
        image = nibabel.Nifti1Image(self.voxels, None, dtype=self.voxels.dtype)
        image.set_sform(self.affine, 1)
        try:
            image.set_qform(self.affine, 1)
        except (ValueError, nibabel.spatialimages.HeaderDataError, np.linalg.LinAlgError):
            image.header["qform_code"] = 0
        header = image.header.as_byteswapped(">") if self.big_endian else image.header
        for name, value in self.fields.items():
            header.structarr[name] = value
        header.structarr["vox_offset"] = self.fields.get("vox_offset", 352)
        voxels = self.voxels.astype(self.voxels.dtype.newbyteorder(">")) if self.big_endian else self.voxels
        content = bytearray(header.binaryblock + bytes(4) + voxels.tobytes(order="F"))
        if self.suffix.endswith(".gz"):
            content = bytearray(gzip.compress(bytes(content), 1, mtime=0))
        for place, value in self.damage:
            content[int(place * len(content))] = value
        file = folder / f"scan{self.suffix}"
        file.write_bytes(content[: int(self.keep * len(content))])
        return file


def affines(spacing: st.SearchStrategy[float] = _SPACING) -> st.SearchStrategy[np.ndarray]:
    """Affines with flips, permuted axes, rotations and shears, some singular, huge or not finite."""

    @st.composite
    def made(draw: st.DrawFn) -> np.ndarray:
        affine = np.eye(4)
        axes = np.eye(3)[:, draw(st.permutations(range(3)))] * draw(st.tuples(*[st.sampled_from([1, -1])] * 3))
        kind = draw(st.sampled_from([*["straight", "oblique", "sheared"] * 3, "any entry"]))
        if kind == "oblique":
            axes = (
                np.linalg.qr(np.array(draw(st.tuples(*[st.floats(-1, 1)] * 9))).reshape(3, 3) + 2 * np.eye(3))[0] @ axes
            )
        if kind == "sheared":
            axes[0, 1] += draw(st.floats(-2, 2))
        affine[:3, :3] = axes * draw(st.tuples(*[spacing] * 3))
        affine[:3, 3] = draw(st.tuples(*[st.floats(-500, 500, width=32)] * 3))
        if kind == "any entry":
            affine[draw(st.integers(0, 2)), draw(st.integers(0, 3))] = draw(_NUMBERS)
        return affine

    return made()


@st.composite
def voxels(draw: st.DrawFn, longest: int = 24) -> np.ndarray:
    """Voxels of any shape and type that nibabel writes: noise, a block, a constant, some not finite or huge."""
    shape = draw(st.tuples(*[st.integers(5, longest)] * 3))
    if draw(st.integers(0, 5)) == 5:
        shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=6)))
    kind = np.dtype(draw(st.sampled_from(["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])))
    generator = np.random.default_rng(draw(st.integers(0, 2**31)))
    content = draw(st.sampled_from(["ct", "noise", "block", "constant", "sparse"]))
    values = generator.normal(-100, 400, shape)
    if content in ("noise", "sparse"):
        values = abs(values) * (1 if content == "noise" else generator.random(shape) > 0.999)
    elif content == "constant":
        values = np.full(shape, draw(st.sampled_from([0, 1, 100])), dtype=np.float64)
    elif content == "block":
        inside = np.zeros(shape)
        inside[tuple(slice(size // 4, size - size // 4) for size in shape)] = 1
        values = (500 + values) * inside + draw(st.sampled_from([0, -1000, 50]))
    with np.errstate(all="ignore"):
        array = values.astype(kind)
        if kind.kind == "f" and draw(st.integers(0, 3)) == 0:
            array = array * kind.type(draw(_NUMBERS))
        elif kind.kind == "f" and draw(st.integers(0, 3)) == 0:
            array.flat[draw(st.integers(0, array.size - 1))] = draw(_NUMBERS)
    return array


def fields() -> st.SearchStrategy[dict[str, Any]]:
    """Up to three fields of a NIfTI-1 header with any value."""
    small = st.one_of(st.integers(-3, 9), st.sampled_from([-32768, 32767, 1000]))
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "sizeof_hdr": st.sampled_from([348, 540, 0, -1, 1543569408]),
        "dim": st.lists(small, min_size=8, max_size=8),
        "intent_code": st.sampled_from([0, 1007, 1002, 2003, -1]),
        "datatype": st.one_of(st.sampled_from(_CODES), small),
        "bitpix": st.sampled_from([0, 1, 8, 16, 32, 64, 128, -1]),
        "pixdim": st.lists(_NUMBERS, min_size=8, max_size=8),
        "vox_offset": st.one_of(_NUMBERS, st.sampled_from([0, 348, 352.5, 353, 368, 400, 1e9])),
        "scl_slope": _NUMBERS,
        "scl_inter": _NUMBERS,
        "xyzt_units": st.integers(0, 255),
        "qform_code": small,
        "sform_code": small,
        "quatern_b": _NUMBERS,
        "quatern_d": _NUMBERS,
        "qoffset_x": _NUMBERS,
        "srow_x": st.lists(_NUMBERS, min_size=4, max_size=4),
        "srow_z": st.lists(_NUMBERS, min_size=4, max_size=4),
        "magic": st.sampled_from([b"n+1", b"ni1", b"n+2", b"", b"abcd"]),
    }
    one = st.sampled_from(sorted(kinds)).flatmap(lambda name: st.tuples(st.just(name), kinds[name]))
    return st.one_of(st.just({}), st.lists(one, min_size=1, max_size=3).map(dict))


any_scan = st.builds(
    NiftiFile, voxels(), affines(), fields(), st.booleans(), st.sampled_from([".nii.gz", ".nii", ".nii"])
)
damaged_scan = st.builds(
    NiftiFile,
    voxels(12),
    affines(),
    keep=st.one_of(st.just(1.0), st.floats(0, 1)),
    suffix=st.sampled_from([".nii.gz", ".nii"]),
    damage=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=4).map(tuple),
)
