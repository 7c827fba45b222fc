"""Measures of a body: are the person's organs kept, and is what lies around them whole and where it belongs?"""

from __future__ import annotations

import numpy as np

from .bodies import Body
from .drawings import DRAWN_ORGANS, Drawing
from .structures import STRUCTURE_INDEX

__all__ = ["measure_body"]


def _of(labels: np.ndarray, *names: str) -> np.ndarray:
    return np.isin(labels, [STRUCTURE_INDEX[name] for name in names])


def _dice(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * float((first & second).sum()) / max(int(first.sum() + second.sum()), 1)


def _parts(mask: np.ndarray) -> int:
    """Connected parts, corners connect."""
    from scipy.ndimage import label

    return int(label(mask, np.ones((3, 3, 3)))[1])


def _overlap(body: Body, drawing: Drawing) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """The voxels that body and drawing share, as indices of each."""
    offset = np.rint((drawing.origin - body.affine[:3, 3]) / drawing.spacing).astype(int)
    of_body, of_drawing = [], []
    for start, extent, size in zip(offset, drawing.organs.shape, body.structures.shape):
        low, high = max(int(start), 0), min(int(start) + extent, size)
        of_body.append(slice(low, high))
        of_drawing.append(slice(low - start, high - start))
    return tuple(of_body), tuple(of_drawing)


def measure_body(body: Body, drawing: Drawing) -> dict[str, float]:
    """Count voxels of a body.

    Args:
        body: see :func:`.bodies.body_around`.
        drawing: the organs that it was made around.

    Returns:
        By name: of each drawn organ its volume in the drawing and in the body in ml, and its Dice with the drawing,
        smoothed from slice to slice (``dice``) and as drawn (``dice raw``), where the body has slices. Then
        ``holes`` (voxels of air inside the body), ``apart`` (voxels that are not connected with it), the parts of
        the aorta and of both psoas muscles, the share of slices in which the aorta lies in front of the spinal canal
        by 10 mm or more, the distance from the top of the psoas up to the top of the liver, the area of both psoas
        muscles below the kidneys, and the volumes of bladder and bone.
    """
    from scipy.ndimage import binary_fill_holes, label

    labels, step = body.structures, float(body.affine[0, 0])
    ml = step**3 / 1000
    row: dict[str, float] = {}
    of_body, of_drawing = _overlap(body, drawing)
    inside, drawn, raw = labels[of_body], drawing.organs[of_drawing], drawing.raw[of_drawing]
    for name in DRAWN_ORGANS.values():
        number = STRUCTURE_INDEX[name]
        short = name.removesuffix(" content")
        found, smooth, rough = inside == number, drawn == number, raw == number
        if short == "stomach":
            found |= _of(inside, "stomach wall") | (_of(inside, "gas") & smooth)
        if name == "aorta" and smooth.any():  # above the drawing it is the donor's
            found[..., np.flatnonzero(smooth.any(axis=(0, 1)))[-1] + 1 :] = False
        row |= {
            f"{short} drawn ml": float(rough.sum() * ml),
            f"{short} ml": float(found.sum() * ml),
            f"{short} dice": _dice(found, smooth) if rough.any() else np.nan,
            f"{short} dice raw": _dice(found, rough) if rough.any() else np.nan,
        }
    air = labels == STRUCTURE_INDEX["background"]
    row["holes"] = sum(int((binary_fill_holes(~plane) & plane).sum()) for plane in np.moveaxis(air, 2, 0))
    parts = np.bincount(label(~air)[0].ravel())[1:]
    row["apart"] = int(parts.sum() - parts.max())
    aorta, canal, liver = (_of(labels, name) for name in ("aorta", "spinal canal", "liver"))
    row["aorta parts"] = _parts(aorta)
    both = aorta.any(axis=(0, 1)) & canal.any(axis=(0, 1))
    depth = np.arange(labels.shape[1])[None, :, None]
    middle = [(part[..., both] * depth).sum(axis=(0, 1)) / part[..., both].sum(axis=(0, 1)) for part in (aorta, canal)]
    row["aorta before spine"] = float(((middle[0] - middle[1]) * step >= 10).mean()) if both.any() else np.nan
    psoas = [_of(labels, f"{side} psoas major") for side in ("right", "left")]
    row["psoas parts"] = sum(_parts(side) for side in psoas)
    top_of = [np.flatnonzero(part.any(axis=(0, 1)))[-1] for part in (liver, psoas[0] | psoas[1])]
    row["psoas below liver top mm"] = float((top_of[0] - top_of[1]) * step)
    kidneys = np.argwhere(_of(labels, "right kidney", "left kidney"))[:, 2]
    below = int(np.percentile(kidneys, 5)) - int(10 / step)
    rows = slice(max(below - int(15 / step), 0), max(below, 1))
    count = max(rows.stop - rows.start, 1)
    row["psoas cm2"] = float((psoas[0] | psoas[1])[..., rows].sum() * step**2 / 100 / count)
    row["bladder ml"] = float(_of(labels, "urinary bladder").sum() * ml)
    row["bone ml"] = float(_of(labels, "bone").sum() * ml)
    return row
