"""CT scans made of a labelled scan or of bodies: the anatomy deformed, its Hounsfield units drawn anew.

``python -m monai_scse.synthetic.ct.anatomy --image CT --label LABELS --output_dir DATA`` writes a labelled
data set. The label map is numbered as in TotalSegmentator, version 2. The more structures it holds, the more can be
drawn anew. With ``--label BODIES`` alone, the bodies of a folder take turns (:mod:`.make_bodies`).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...runtime import InputError, existing_file, one_line_input_errors
from ..fields import smooth_noise
from .pathology.draw import draw_pathology
from .pathology.table import USUAL
from .rendering import SyntheticCT, render_ct, save_cases
from .structures import STRUCTURE_INDEX, SYNTHETIC_STRUCTURES

__all__ = ["Anatomy", "anatomy_ct", "load_anatomy", "load_body"]

# structure of each number of TotalSegmentator, version 2. Hounsfield units decide all others inside the body
_TOTALSEGMENTATOR_V2 = {
    "spleen": (1,),
    "right kidney": (2, 24),  # with its cysts
    "left kidney": (3, 23),
    "gallbladder": (4,),
    "liver": (5,),
    "stomach content": (6,),
    "pancreas": (7,),
    "left lung": (10, 11),
    "right lung": (12, 13, 14),
    "airway": (16,),
    "bowel wall": (15,),  # the oesophagus
    "bowel content": (18, 19, 20),
    "urinary bladder": (21,),
    "bone": (*range(25, 51), *range(69, 79), *range(91, 117)),
    "heart": (51, 61),
    "aorta": (52,),
    "arteries": (*range(53, 59), 65, 66),
    "inferior vena cava": (59, 60, 62, 63, 64, 67, 68),
    "cartilage": (117,),
    "spinal canal": (79,),
    "prostate": (22,),
    "muscle": (8, 9, 17, *range(80, 88)),  # adrenal glands and thyroid with them
    "left psoas major": (88,),
    "right psoas major": (89,),
}
_HOLLOW = ("stomach", "bowel")
_ORGANS = range(1, 11)  # of the ten structures that the bundle segments, one at least must be labelled
_MOVABLE = ("liver", "spleen", "right kidney", "left kidney", "stomach content", "gallbladder", "urinary bladder")


@dataclass(frozen=True)
class Anatomy:
    """A labelled scan, ready to be deformed.

    Args:
        structures: indices of :data:`.structures.SYNTHETIC_STRUCTURES`, uint8, (x, y, z), axes to the right, front
            and head.
        texture: what the scan's Hounsfield units are above the mean of their structure, float32, same shape. None
            where nothing was scanned: it is drawn.
        spacing: voxel size in mm, (3,).
        movable: organs that move and grow apart from the rest. Of each the centre in voxels, (3,), and how far the
            surroundings follow: 1 in the organ and falling to 0, float32, same shape.
    """

    structures: np.ndarray
    texture: np.ndarray | None
    spacing: np.ndarray
    movable: Sequence[tuple[np.ndarray, np.ndarray]]


def _body(image: np.ndarray) -> np.ndarray:
    """Patient without table and clothes: the largest connected part denser than air, holes filled slice by slice."""
    from scipy import ndimage

    dense, _ = ndimage.label(ndimage.binary_opening(image > -300, iterations=1))
    if not dense.any():
        return np.zeros(image.shape, dtype=bool)
    body = dense == np.bincount(dense.ravel())[1:].argmax() + 1
    return np.stack([ndimage.binary_fill_holes(part) for part in np.moveaxis(body, 2, 0)], axis=2)


def _structures(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    from scipy.ndimage import binary_erosion

    found = np.zeros(image.shape, dtype=np.uint8)
    body = _body(image) | (labels > 0)
    for lower, upper, name in (
        (-np.inf, -300, "gas"),
        (-300, -25, "visceral fat"),
        (-25, 150, "muscle"),
        (150, np.inf, "bone"),
    ):
        found[body & (image >= lower) & (image < upper)] = STRUCTURE_INDEX[name]
    found[~body & (image > -500)] = STRUCTURE_INDEX["table"]
    for name, numbers in _TOTALSEGMENTATOR_V2.items():
        found[np.isin(labels, numbers)] = STRUCTURE_INDEX[name]
    for organ in _HOLLOW:
        inside = found == STRUCTURE_INDEX[f"{organ} content"]
        found[inside & ~binary_erosion(inside)] = STRUCTURE_INDEX[f"{organ} wall"]
        found[inside & (image < -300)] = STRUCTURE_INDEX["gas"]
    return found


def _texture(image: np.ndarray, structures: np.ndarray) -> np.ndarray:
    texture = np.zeros(image.shape, dtype=np.float32)
    for structure in np.unique(structures[structures > 0]):
        inside = structures == structure
        texture[inside] = image[inside] - np.median(image[inside])
    return np.clip(texture, -120, 120)


def _movable(structures: np.ndarray, spacing: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    from scipy.ndimage import binary_dilation, gaussian_filter

    found = []
    for name in _MOVABLE:
        organ = structures == STRUCTURE_INDEX[name]
        if organ.any():
            around = binary_dilation(organ, iterations=3).astype(np.float32)
            found.append((np.argwhere(organ).mean(axis=0), gaussian_filter(around, 8.0 / spacing)))
    return found


def _load(file: str | Path, spacing: Sequence[float], mode: str) -> np.ndarray:
    """A volume with axes to the right, front and head."""
    from monai.transforms import Compose, LoadImage, Orientation, Spacing

    existing_file(file, "check the path.")
    load = LoadImage(image_only=True, ensure_channel_first=True)
    try:
        return Compose([load, Orientation("RAS", labels=None), Spacing(spacing, mode=mode)])(str(file))[0].numpy()
    except Exception as error:
        raise InputError(f"{file}: cannot be read as a scan ({error}); give a NIfTI file.") from error


def load_anatomy(image_file: str | Path, label_file: str | Path, spacing: Sequence[float] = (3.0, 3.0, 3.0)) -> Anatomy:
    """Read a scan and its label map (TotalSegmentator's numbers, version 2).

    Args:
        image_file: CT in Hounsfield units.
        label_file: its labels, on the same grid.
        spacing: voxel size in mm to resample to.

    Raises:
        InputError: when a file is missing or unreadable, the grids differ, or no organ is labelled.
    """
    image, labels = _load(image_file, spacing, "bilinear"), _load(label_file, spacing, "nearest")
    if image.shape != labels.shape:
        raise InputError(f"{label_file}: its grid {labels.shape} differs from {image.shape} of {image_file}.")
    structures = _structures(image, np.rint(labels).astype(np.int16))
    if not np.isin(structures, _ORGANS).any():
        raise InputError(f"{label_file}: none of the organs is labelled; use TotalSegmentator's numbers, version 2.")
    step = np.array(spacing, dtype=float)
    return Anatomy(structures, _texture(image, structures), step, _movable(structures, step))


def load_body(file: str | Path, spacing: Sequence[float] = (3.0, 3.0, 3.0)) -> Anatomy:
    """Read a body, see :func:`.bodies.body_around`: an anatomy without a scan.

    Args:
        file: label map, numbered as :data:`.structures.SYNTHETIC_STRUCTURES`.
        spacing: voxel size in mm to resample to.

    Raises:
        InputError: when the file is missing or unreadable, or holds other labels.
    """
    labels = np.rint(_load(file, spacing, "nearest")).astype(np.int64)
    if labels.min() < 0 or labels.max() >= len(SYNTHETIC_STRUCTURES) or not np.isin(labels, _ORGANS).any():
        raise InputError(f"{file}: is no body; make one with monai_scse.synthetic.ct.make_bodies, or give --image.")
    structures, step = labels.astype(np.uint8), np.array(spacing, dtype=float)
    return Anatomy(structures, None, step, _movable(structures, step))


def _displacement(anatomy: Anatomy, random: np.random.Generator) -> np.ndarray:
    """Where each voxel's content comes from, relative to it in voxels, (3, x, y, z), when organs move and grow."""
    places = np.ogrid[tuple(slice(size) for size in anatomy.structures.shape)]
    moved = np.zeros((3, *anatomy.structures.shape), dtype=np.float32)
    for centre, follows in anatomy.movable:
        growth, shift = random.uniform(0.82, 1.25, 3), random.normal(0, 6.0, 3).clip(-12, 12) / anatomy.spacing
        for axis in range(3):
            moved[axis] += follows * ((places[axis] - centre[axis]) * (1 / growth[axis] - 1) - shift[axis])
    return moved


def _deform(anatomy: Anatomy, seed: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Structures and texture: organs moved and grown, all elastically deformed, rotated, sheared, scaled and shifted.

    MONAI's ``Rand3DElastic`` is nearest. It smooths white noise with a Gaussian, which takes 90 % of its time. This
    displacement is a random spline with a knot every 48 to 60 mm. Slices that the real scan does not reach are cut
    off.
    """
    import torch
    from monai.transforms import RandAffineGrid, Resample
    from monai.transforms.utils import create_grid

    size = [int(extent * 1.15) for extent in anatomy.structures.shape]
    affine = RandAffineGrid(
        rotate_range=(0.12, 0.12, 0.2),
        shear_range=(0.06,) * 6,
        translate_range=tuple(18 / anatomy.spacing),
        scale_range=[(-0.25, 0.25)] * 3,
    )
    affine.set_random_state(seed=seed)
    grid = torch.as_tensor(create_grid(size, dtype=np.float32, backend="torch"))
    amplitude, period = random.uniform(3, 15) / anatomy.spacing, random.uniform(48, 60) / anatomy.spacing  # of mm
    bend = np.stack([part * smooth_noise(random, size, period) for part in amplitude.astype(np.float32)])
    grid[:3] += torch.from_numpy(bend)
    grid = torch.as_tensor(affine(grid=grid))
    moved = torch.from_numpy(_displacement(anatomy, random))
    grid[:3] += Resample(mode="bilinear", padding_mode="zeros")(moved, grid)
    structures = torch.from_numpy(anatomy.structures[None].astype(np.float32))
    beyond = Resample(mode="nearest", padding_mode="border")
    labels = beyond(structures, grid)[0].numpy().round().astype(np.uint8)
    texture = None if anatomy.texture is None else beyond(torch.from_numpy(anatomy.texture[None]), grid)[0].numpy()
    reached = Resample(mode="nearest", padding_mode="zeros")(torch.ones_like(structures), grid)[0].numpy() > 0
    body = (labels > 0) & (labels != STRUCTURE_INDEX["table"])
    share = (body & reached).sum(axis=(0, 1)) / np.maximum(body.sum(axis=(0, 1)), 1)
    whole = _longest_run(share >= min(0.98, float(share.max())))
    return labels[..., whole], None if texture is None else texture[..., whole]


def _longest_run(flags: np.ndarray) -> slice:
    """The longest stretch of true values."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    longest = int((ends - starts).argmax())
    return slice(starts[longest], ends[longest])


def anatomy_ct(anatomy: Anatomy, seed: int, pathology: Mapping[str, float] | None = None) -> SyntheticCT:
    """Deform an anatomy and scan it anew.

    Args:
        anatomy: see :func:`load_anatomy` and :func:`load_body`.
        seed: the same seed gives the same scan.
        pathology: how likely each is, by its name in
            :data:`monai_scse.synthetic.ct.pathology.table.PATHOLOGY`. None draws the scan without any.

    Raises:
        ValueError: when there is no such pathology.
    """
    random = np.random.default_rng(seed)
    labels, texture = _deform(anatomy, seed, random)
    # a scan that ends where the real one ends, or anywhere inside it
    if random.random() < 0.5:
        length = max(int(random.uniform(0.4, 1.0) * labels.shape[2]), 1)
        low = int(random.integers(0, labels.shape[2] - length + 1))
        labels = labels[..., low : low + length]
        texture = None if texture is None else texture[..., low : low + length]
    strength = random.uniform(0.3, 1.1)
    texture = None if texture is None else texture * strength
    ill = None if pathology is None else draw_pathology(seed, labels, anatomy.spacing, pathology)
    if ill is not None and texture is not None:
        above = ((0, 0), (0, 0), (0, ill.labels.shape[2] - labels.shape[2]))
        texture = np.pad(texture, above)
        texture[(ill.painted > 0) | (ill.labels != np.pad(labels, above))] = 0  # it is that of what was there
    labels = labels if ill is None else ill.labels
    image = render_ct(random, labels, anatomy.spacing, texture, illness=ill)
    affine = np.diag([*(anatomy.spacing * (-1, -1, 1)), 1.0])
    return SyntheticCT(image[::-1, ::-1].copy(), labels[::-1, ::-1].copy(), affine, ill.sizes if ill else {})


def main() -> None:
    """Write a labelled data set of CT scans made of a labelled scan or of bodies."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--image", type=Path, help="CT in Hounsfield units; none for bodies")
    parser.add_argument("--label", type=Path, required=True, help="TotalSegmentator's numbers, version 2; or bodies")
    parser.add_argument("--output_dir", type=Path, required=True, help="receives images/ and labels/")
    parser.add_argument("--cases", type=int, default=20, help="number of scans")
    parser.add_argument("--first_seed", type=int, default=0, help="seed of the first scan, the others count on")
    parser.add_argument("--spacing", type=float, nargs=3, default=(3.0, 3.0, 3.0), help="voxel size in mm")
    parser.add_argument("--pathology", action="store_true", help="draw pathology, as often as its table says")
    options = parser.parse_args()
    one_line_input_errors()
    if options.image:
        anatomies = [load_anatomy(options.image, options.label, options.spacing)]
    else:
        files = sorted(options.label.glob("*.nii.gz")) if options.label.is_dir() else [options.label]
        if not files:
            raise InputError(f"{options.label}: holds no bodies; make them with monai_scse.synthetic.ct.make_bodies.")
        anatomies = [load_body(file, options.spacing) for file in files]
    seeds = tqdm(range(options.first_seed, options.first_seed + options.cases), desc="anatomy CT")

    def draw(seed: int) -> SyntheticCT:
        return anatomy_ct(anatomies[seed % len(anatomies)], seed, USUAL if options.pathology else None)

    save_cases(options.output_dir, seeds, draw, "anatomy")


if __name__ == "__main__":
    main()
