"""Places and sizes of a torso in millimetres, as tables: set by eye beside real slices, so that they can be reviewed.

Coordinates are those of :mod:`monai_scse.synthetic.ct.torso`. A table of one side of the body holds the right side.
An entry is a number of millimetres. Where it depends on the person, it is ``(size, share, more)``: a share of a named
size and millimetres more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = [
    "AORTIC_ARCH",
    "BRONCHI",
    "CAVITY",
    "COLON",
    "DUODENUM",
    "HIP_BONE",
    "ILIAC",
    "LUNG_ROOT",
    "PSOAS",
    "SACRUM",
    "SPINE",
    "STOMACH",
    "WALL",
    "Row",
    "at_height",
    "of_person",
]

Row = Sequence[float | tuple[str, float, float]]

#: Middle of the vertebral bodies: height, front to back.
SPINE = (
    (-345, -92),
    (-250, -100),
    (-200, -88),
    (-160, -66),
    (-110, -54),
    (-70, -52),
    (-30, -53),
    (30, -52),
    (90, -50),
    (160, -51),
    (230, -48),
    (300, -44),
)

#: Cavity of chest, belly and pelvis: height, half a width, back, half a depth.
CAVITY = (
    (-345, 46, -80, 52),
    (-270, ("inlet", 1, 0), -88, 64),
    (-215, ("inlet", 1, 12), -84, 70),
    (-170, ("false pelvis", 1, 0), -80, ("waist depth", 0.92, 0)),
    (-130, ("waist", 1, 0), -80, ("waist depth", 1, 0)),
    (-60, ("waist", 1, 0), -82, ("waist depth", 1, 0)),
    (0, ("lower ribs", 1, 0), -90, ("lower ribs depth", 1, 0)),
    (70, ("chest", 1, 0), -97, ("chest depth", 1, 0)),
    (140, ("chest", 0.97, 0), -99, ("chest depth", 0.94, 0)),
    (200, ("chest", 0.86, 0), -88, ("chest depth", 0.76, 0)),
    (245, ("chest", 0.66, 0), -72, ("chest depth", 0.55, 0)),
    (275, ("chest", 0.44, 0), -62, ("chest depth", 0.36, 0)),
    (296, ("chest", 0.12, 0), -58, ("chest depth", 0.1, 0)),
)

#: Wall around the cavity. A row is height, fat of women, fat of men, muscle before, muscle behind, half a width of the
#: muscle. Fat is a share of that at the waist.
WALL = (
    (-345, 1.5, 1.0, 34, 50, ("hip", 1, 26)),
    (-270, 1.55, 1.0, 26, 44, ("hip", 1, 24)),
    (-200, 1.5, 1.05, 16, 40, ("hip", 1, 14)),
    (-140, 1.2, 1.05, 12, 36, ("iliac crest", 1, 0)),
    (-100, 1.0, 1.0, 10, 34, ("waist", 1, 17)),
    (0, 0.8, 0.8, 10, 30, ("lower ribs", 1, 14)),
    (70, 0.7, 0.6, 12, 27, ("chest", 1, 14)),
    (140, 0.75, 0.55, 14, 28, ("chest", 1, 19)),
    (200, 0.7, 0.5, 20, 36, ("chest", 1, 30)),
    (250, 0.6, 0.5, 34, 50, ("chest", 1, 46)),
    (300, 0.6, 0.5, 40, 60, ("chest", 1, 40)),
    (330, 0.6, 0.5, 40, 60, 90),
)

#: Plate of the hip bone: height, x and y of its inner end, x and y of its outer end, half a thickness, outward bow.
HIP_BONE = (
    (-250, ("inlet", 1, -6), -66, ("inlet", 1, 22), 10, 7, 4),
    (-215, ("inlet", 1, -8), -74, ("hip", 1, -38), 20, 7, 5),
    (-175, 46, -92, ("hip", 1, -8), 30, 5, 8),
    (-140, 52, -95, ("hip", 1, 0), 22, 4.5, 12),
    (("crest", 1, 0), 75, -72, ("hip", 1, -6), -22, 4, 12),
)

#: Sacrum: height, half a width, half a thickness.
SACRUM = ((-256, 10, 5), (-215, 33, 9), (-185, 46, 15), (-164, ("sacrum", 1, 0), 19))

#: Psoas: height, x, y before the spine, radius as a share. Of x there is a share of half a vertebral body, mm more, and
#: a share of the muscle's radius.
PSOAS = (
    (15, (0.9, 0, 0), -16, 0.35),
    (-20, (1, 1, 0), -6, 0.62),
    (-72, (1, 3, 0.55), -2, 1.0),
    (-108, (1, 4, 0.65), 0, 1.16),
    (-150, (0, 52, 0), 12, 1.16),
    (-205, (0, 66, 0), 46, 1.0),
    (-250, (0, 78, 0), 92, 0.85),
    (-300, (0, 86, 0), 100, 0.8),
)

#: Windpipe with the right bronchus, and the left bronchus: x, y, z, radius.
BRONCHI = (
    ((3, -22, 330, 8), (2, -28, 185, 8.5), (34, -30, 160, 6)),
    ((2, -28, 185, 8), (-38, -34, 158, 6)),
)
#: Root of a lung: x, y, z, radius.
LUNG_ROOT = ((10, 2, 172, 12), (38, -16, 158, 10), (70, -30, 128, 6))

#: Arch of the aorta: x, y, z, radius.
AORTIC_ARCH = (
    (26, 14, 108, ("ascending", 1, 0)),
    (22, 12, 160, ("ascending", 1, 0)),
    (12, 2, 200, ("ascending", 1, 0)),
    (-8, -22, 218, ("descending", 1.1, 0)),
)
#: Iliac vessels below the rim of the pelvis: x, y of the artery, share of the vein's distance behind it, z.
ILIAC = ((56, 2, 1, -205), (72, 44, 0.5, -262), (76, 58, 0, -320))

#: Stomach: x, y, z below the top of the diaphragm, radius.
STOMACH = (
    (-52, -22, 46, 33),
    (-62, 4, 72, 34),
    (-52, 34, 112, 28),
    (-18, 50, 136, 20),
    (18, 42, 128, 15),
    (34, 12, 124, 12),
)
#: Duodenum behind its bulb: x, y, z, radius.
DUODENUM = ((42, -12, -48, 12), (36, -18, -92, 12), (-4, -14, -96, 11), (-28, 4, -68, 11))

#: Colon, part by part: x, y, z, radius.
COLON = (
    (
        (("belly", 0.75, 0), 8, -195, 26),
        (("belly", 1, 0), -12, -140, 24),
        (("belly", 1, 0), -18, -85, 22),
        (("belly", 0.9, 0), 8, ("right flexure", 1, 0), 22),
    ),
    (
        (("belly", 0.9, 0), 8, ("right flexure", 1, 0), 21),
        (("belly", 0.4, 0), 48, ("middle", 1, 0), 20),
        (("belly", -0.4, 0), 50, ("middle", 1, 0), 20),
        (("belly", -1, 0), 0, ("left flexure", 1, 0), 19),
    ),
    (
        (("belly", -1, 0), 0, ("left flexure", 1, 0), 17),
        (("belly", -1.05, 0), -30, -90, 15),
        (("belly", -1.02, 0), -22, -160, 15),
        (("belly", -0.75, 0), 6, -205, 15),
    ),
    (
        (("belly", -0.75, 0), 6, -205, 15),
        (-20, 24, -212, 16),
        (18, -14, -222, 16),
        (0, -50, -245, 18),
        (0, -58, -320, 17),
    ),
)


def of_person(rows: Sequence[Row], sizes: Mapping[str, float]) -> list[tuple[float, ...]]:
    """The rows of a table with all entries in millimetres.

    Args:
        rows: see the module.
        sizes: the named sizes in mm.
    """
    return [tuple(_millimetres(entry, sizes) for entry in row) for row in rows]


def _millimetres(entry: float | tuple[str, float, float], sizes: Mapping[str, float]) -> float:
    if isinstance(entry, tuple):
        size, share, more = entry
        return share * sizes[size] + more
    return entry


def at_height(height: np.ndarray | float, sections: Sequence[Sequence[float]]) -> list[np.ndarray]:
    """Each measure at the heights, between sections (height, measure, measure, ...) from bottom to top."""
    knots, *measures = zip(*sections)
    return [np.interp(height, knots, values).astype(np.float32) for values in measures]
