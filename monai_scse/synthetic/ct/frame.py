"""The frame of a torso: skin, fat, muscle, the cavities of chest and belly, skeleton, arms and table.

Coordinates are those of :mod:`monai_scse.synthetic.ct.torso`. Shapes and positions are engineering judgement, set
by eye beside real slices; sizes come from :mod:`monai_scse.synthetic.ct.measures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .measures import Person

__all__ = ["Frame", "build_frame", "cover_with_sheet", "lay_on_table", "spine_y"]

# height, front to back
_SPINE = (
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


def _at_height(height: np.ndarray | float, sections: Sequence[Sequence[float]]) -> list[np.ndarray]:
    """Each measure at the heights, between sections (height, measure, measure, ...) from bottom to top."""
    knots, *measures = zip(*sections)
    return [np.interp(height, knots, values).astype(np.float32) for values in measures]


def spine_y(z: float | np.ndarray) -> np.ndarray:
    """Middle of the vertebral bodies in mm, front to back, with the curves of the spine."""
    return _at_height(z, _SPINE)[0]


@dataclass(frozen=True)
class Frame:
    """What the organs need to know of the frame.

    Args:
        radius: relative distance from the middle of the cavity of chest, belly and pelvis; below 1 is inside.
        half_width: of the cavity in mm, for each height of the scan.
        front: of the cavity in mm, for each height of the scan.
        fat_mm: thickness of the fat under the skin at the third lumbar vertebra.
        sections: height, half a width, back and half a depth of the cavity in mm, from bottom to top.
    """

    radius: np.ndarray
    half_width: np.ndarray
    front: np.ndarray
    fat_mm: float
    sections: Sequence[Sequence[float]]

    def half_width_at(self, height: float) -> float:
        """Half a width of the cavity in mm, also where the scan does not reach."""
        return float(_at_height(height, self.sections)[0])

    def front_at(self, height: float) -> float:
        """Front of the cavity in mm, also where the scan does not reach."""
        _, back, half_depth = _at_height(height, self.sections)
        return float(back + 2 * half_depth)


def _superellipse(
    x: np.ndarray, y: np.ndarray, half_width: np.ndarray, front: np.ndarray, back: np.ndarray
) -> np.ndarray:
    across = np.abs(x / half_width)
    along = np.abs((y - (front + back) / 2) * (2 / (front - back)))
    return (across**2 * np.sqrt(across) + along**2 * np.sqrt(along)) ** 0.4


def build_frame(canvas: Canvas, person: Person) -> Frame:
    """Paint the frame.

    Args:
        canvas: an empty one.
        person: whose torso it is.
    """
    measures = person.measures
    female = person.sex == "female"
    chest, chest_depth = measures["chest_half_width_mm"], measures["chest_half_depth_mm"]
    hip, inlet = measures["hip_half_width_mm"], measures["inlet_half_width_mm"]
    # area of the belly at the third lumbar vertebra: organs and muscles 160 cm2, and the fat between them
    belly = max(np.sqrt((160 + measures["visceral_fat_cm2"]) / 270), 0.88)
    waist, waist_depth = (114 if female else 121) * belly**0.7, (73 if female else 79) * belly**1.3

    height = canvas.axes[2]
    middle = 0.2 * waist + 0.8 * chest  # inside the lower ribs
    sections = [  # height, half a width, back, half a depth
        (-345, 46, -80, 52),
        (-270, inlet, -88, 64),
        (-215, inlet + 12, -84, 70),
        (-170, min(hip - 28, waist), -80, 0.92 * waist_depth),
        (-130, waist, -80, waist_depth),
        (-60, waist, -82, waist_depth),
        (0, middle, -90, 0.25 * waist_depth + 0.75 * chest_depth),
        (70, chest, -97, chest_depth),
        (140, 0.97 * chest, -99, 0.94 * chest_depth),
        (200, 0.86 * chest, -88, 0.76 * chest_depth),
        (245, 0.66 * chest, -72, 0.55 * chest_depth),
        (275, 0.44 * chest, -62, 0.36 * chest_depth),
        (296, 0.12 * chest, -58, 0.1 * chest_depth),
    ]
    width, back, depth = _at_height(height, sections)
    front = back + 2 * depth
    canvas.begin("cavity")
    # the spine stands forward in the chest: lungs reach behind it on both sides
    forward = canvas.jitter(40, 5) * np.interp(height, (-40, 40, 200, 300), (0, 1, 1, 0.3)).astype(np.float32)
    spine = forward * np.exp(-((canvas.x / 36) ** 2)) * np.clip((front + back - 2 * canvas.y) / (front - back), 0, 1)
    radius = _superellipse(canvas.x, canvas.y - spine, width, front, back)

    perimeter = 2 * np.pi * np.sqrt(((waist + 19) ** 2 + (waist_depth + 23) ** 2) / 2)
    area = measures["subcutaneous_fat_cm2"] * 100
    fat = float(np.sqrt(perimeter**2 + 4 * np.pi * area) - perimeter) / (2 * np.pi)  # thickness of a ring of that area
    frame = Frame(radius, width, front, fat, sections)
    if canvas.measures_only:
        canvas.paint("muscle", np.ones_like(radius, dtype=bool))
    else:
        canvas.begin("wall")
        below = (hip + 26, hip + 24, hip + 14, max(hip - 4, waist + 18), waist + 17, middle + 14)
        above = (chest + 14, chest + 19, chest + 30, chest + 46, chest + 40, 90)
        _wall(canvas, frame, (*below, *above), back, female)
    canvas.paint("visceral fat", radius < 1)
    canvas.begin("spine")
    _spine(canvas, person)
    canvas.begin("pelvis")
    _pelvis(canvas, person, female)
    if not canvas.measures_only:
        canvas.begin("limbs")
        _limbs(canvas, person, frame, female)
        canvas.begin("ribs")
        _ribs(canvas, person, radius)
    return frame


def _wall(canvas: Canvas, frame: Frame, outer: Sequence[float], back: np.ndarray, female: bool) -> None:
    """Skin, fat and muscle around the cavity, which lies within ``outer`` mm of the middle, a value each section."""
    height, front, radius = canvas.axes[2], frame.front, frame.radius
    sections = [  # height, fat of women and of men as a share of that at the waist, muscle before and behind
        (-345, 1.5, 1.0, 34, 50),
        (-270, 1.55, 1.0, 26, 44),
        (-200, 1.5, 1.05, 16, 40),
        (-140, 1.2, 1.05, 12, 36),
        (-100, 1.0, 1.0, 10, 34),
        (0, 0.8, 0.8, 10, 30),
        (70, 0.7, 0.6, 12, 27),
        (140, 0.75, 0.55, 14, 28),
        (200, 0.7, 0.5, 20, 36),
        (250, 0.6, 0.5, 34, 50),
        (300, 0.6, 0.5, 40, 60),
        (330, 0.6, 0.5, 40, 60),
    ]
    of_women, of_men, before, behind, half_width = _at_height(
        height, [(*section, width) for section, width in zip(sections, outer, strict=True)]
    )
    share = of_women if female else of_men
    front, back = front + before, back - behind
    groove = canvas.y - 9 * np.exp(-((canvas.x / 22) ** 2)) * (canvas.y < 0)  # along the spine
    forwards = np.clip((groove - (front + back) / 2) / (front - back) * 2, -1, 1)
    more_in_front = canvas.jitter(0.2, 0.15)
    fat = frame.fat_mm * share * (0.95 + more_in_front * forwards + 0.06 * canvas.rough) + 2
    skin = _superellipse(canvas.x, groove, half_width + fat, front + fat, back - fat)
    canvas.paint("muscle", skin < 1)
    canvas.paint("subcutaneous fat", skin < 1 - 2.5 / half_width)  # the rim left is the skin
    muscle = _superellipse(canvas.x, groove, half_width, front, back)
    canvas.paint("muscle", muscle < 1)
    between = (muscle < 0.97) & (radius > 1.08) & (np.abs(canvas.noise(34)) < 0.045)
    canvas.paint("subcutaneous fat", between)  # between muscles


def _limbs(canvas: Canvas, person: Person, frame: Frame, female: bool) -> None:
    arms_down, fat = canvas.random.random() < 0.3, frame.fat_mm
    chest = person.measures["chest_half_width_mm"]
    for side in (-1, 1):
        shoulder = side * (chest + 42)
        if arms_down:
            elbow = side * (max(person.measures["hip_half_width_mm"], chest) + 60 + fat)
            nodes = [(elbow, canvas.jitter(-10, 15), -345), (elbow, canvas.jitter(-10, 15), 0), (shoulder, -15, 265)]
        else:
            nodes = [(shoulder, -15, 235), (shoulder - side * 5, canvas.jitter(0, 20), 325)]
        radius = (38 if female else 44) + fat / 5
        distance, box = canvas.tube([(*node, radius) for node in nodes])
        outside = canvas.is_one_of(("background",), box)
        canvas.paint("subcutaneous fat", (distance < 1) & outside, box)
        canvas.paint("muscle", (distance < 1 - (4 + fat / 4) / radius) & outside, box)
        canvas.paint("bone", distance < 0.28, box)
        if female:
            size = canvas.jitter(1.0, 0.15) * (0.75 + fat / 80)
            place = (side * 78, frame.front_at(125) + 22, 128)
            distance, box = canvas.ellipsoid(place, (66 * size, 34 * size, 62 * size), roughness=0.05)
            outside = canvas.is_one_of(("background", "subcutaneous fat"), box)
            canvas.paint("subcutaneous fat", (distance < 1) & outside, box)
            gland = distance + 0.2 * canvas.rough[box] < canvas.jitter(0.45, 0.08)
            canvas.paint("breast", gland & outside & (canvas.y[box] > place[1] - 20), box)


def _spine(canvas: Canvas, person: Person) -> None:
    measures = person.measures
    height = canvas.axes[2]
    # number of the vertebra at each height, counted upwards; pitch of lumbar and of thoracic vertebrae
    lumbar, thoracic = canvas.jitter(36.5, 1.0), canvas.jitter(26.0, 1.0)
    count = np.where(height < 30, height / lumbar, 30 / lumbar + (height - 30) / thoracic) + canvas.random.uniform(0, 1)
    box = canvas.box((-70, 70), (-150, 0), (-175, 330))
    x, y = canvas.x[box], canvas.y[box] - spine_y(canvas.z[box])
    z = canvas.z[box]
    number = np.interp(z, height, count)
    phase = number % 1
    growth = np.interp(z, (-160, 0, 160, 300), (1.0, 0.93, 0.78, 0.6)).astype(np.float32)
    waist = 1 - 0.08 * np.sin(np.pi * np.clip(phase / 0.76, 0, 1)) ** 2
    length = measures["vertebra_length_mm"] / 2 * growth * waist
    body = (np.abs(x / (1.36 * length)) ** 2.5 + np.abs(y / length) ** 2.5) ** 0.4 + 0.03 * canvas.rough[box]
    body = np.maximum(body, (-y - 0.85 * length) / length + 0.9)  # flat behind
    behind = measures["vertebra_length_mm"] / 2 * growth + 8
    canal = np.hypot(x / (measures["canal_width_mm"] / 2 * growth), (y + behind) / 8)
    arch = (canal < 1.55) & ((phase < 0.72) | (y + behind < -4)) & (y + behind < 7)
    bars = (np.abs(y + behind + 4 + 0.2 * np.abs(x)) < 5) & (np.abs(x) < 40 * growth) & (phase > 0.22) & (phase < 0.52)
    process = (np.abs(x) < 4 + 2 * (phase < 0.25)) & (y + behind < -8) & (y + behind > -38 * growth) & (phase < 0.62)
    joints = (np.hypot((np.abs(x) - 17 * growth) / 9, (y + behind + 9) / 8) < 1) & (phase > 0.55)
    canvas.paint("bone", arch | bars | process | joints | ((body < 1) & (phase < 0.76)), box)
    canvas.paint("cartilage", (body < 1) & (phase >= 0.76), box)
    canvas.paint("spinal canal", canal < 1, box)


def _ribs(canvas: Canvas, person: Person, radius: np.ndarray) -> None:
    chest = person.measures["chest_half_width_mm"]
    box = canvas.box((-400, 400), (-400, 400), (-75, 330))
    x, y, z = np.abs(canvas.x[box]), canvas.y[box], canvas.z[box]
    outward = (radius[box] - 1) * chest  # mm outside the cavity
    round_the_chest = np.arctan2(x, -(y + 5))  # 0 at the spine, pi at the breastbone; ribs fall on their way
    arc = z + canvas.jitter(36, 4) * round_the_chest
    phase = (arc / canvas.jitter(26.0, 1.0) + canvas.random.uniform(0, 1)) % 1
    lowest = -10 - 30 * round_the_chest + 75 * np.clip(round_the_chest - 1.7, 0, 1.4)
    rib = (((phase - 0.25) / 0.25) ** 2 + ((outward - 4.5) / 4.8) ** 2 < 1) & (z > lowest) & (z < 285)
    cartilage = (round_the_chest > 2.2) & (x > 10)
    canvas.paint("bone", rib & ~cartilage, box)
    canvas.paint("cartilage", rib & cartilage, box)
    near = (outward > -1) & (outward < 10) & (y > 0)
    sternum = near & (x < np.interp(canvas.axes[2][box[2]], (70, 95, 190, 225), (3, 17, 16, 26)))
    canvas.paint("bone", sternum & (z > 75) & (z < 228), box)
    blade = (outward > 14) & (outward < 19.5) & (y < -20) & (x > 55 + 0.3 * np.abs(z - 215)) & (x < chest - 8)
    canvas.paint("bone", blade & (z > 135) & (z < 245), box)
    for side in (-1, 1):
        distance, box = canvas.tube(
            [(side * 22, 30, 245, 7), (side * 85, 38, 272, 6), (side * (chest + 30), -5, 280, 7)]
        )
        canvas.paint("bone", distance < 1, box)
        distance, box = canvas.ellipsoid((side * (chest + 40), -15, 258), (25, 25, 25), roughness=0.03)
        canvas.paint("bone", distance < 1, box)


def _plate(canvas: Canvas, name: str, nodes: Sequence[Sequence[float]], side: int) -> None:
    """A plate: at each height z it runs from (x0, y0) to (x1, y1), has half a thickness, and bows outwards."""
    z, x0, y0, x1, y1, thick, bow = np.array(nodes, dtype=np.float32).T
    ends = sorted((float(z[0]), float(z[-1])))
    low = min(float((side * x0).min()), float((side * x1).min())) - 25
    high = max(float((side * x0).max()), float((side * x1).max())) + 25
    box = canvas.box((low, high), (min(y0.min(), y1.min()) - 20, max(y0.max(), y1.max()) + 20), ends)
    x, y, height = side * canvas.x[box], canvas.y[box], canvas.axes[2][box[2]]
    x0, y0, x1, y1, thick, bow = (
        np.interp(height, z, part).astype(np.float32) for part in (x0, y0, x1, y1, thick, bow)
    )
    along_x, along_y = x1 - x0, y1 - y0
    square = along_x**2 + along_y**2
    share = np.clip(((x - x0) * along_x + (y - y0) * along_y) / square, 0, 1)
    bend = bow * np.sin(np.pi * share)
    length = np.sqrt(square)
    away = np.hypot(
        x - x0 - share * along_x - bend * along_y / length, y - y0 - share * along_y + bend * along_x / length
    )
    inside = (away < thick * (0.8 + 0.5 * np.abs(2 * share - 1))) & (height > ends[0]) & (height < ends[1])
    canvas.paint(name, inside, box)


def _pelvis(canvas: Canvas, person: Person, female: bool) -> None:
    measures = person.measures
    hip, inlet = measures["hip_half_width_mm"], measures["inlet_half_width_mm"]
    crest = canvas.jitter(-108, 4)
    for side in (-1, 1):
        nodes = [
            (-250, inlet - 6, -66, inlet + 22, 10, 7, 4),
            (-215, inlet - 8, -74, hip - 38, 20, 7, 5),
            (-175, 46, -92, hip - 8, 30, 5, 8),
            (-140, 52, -95, hip, 22, 4.5, 12),
            (crest, 75, -72, hip - 6, -22, 4, 12),
        ]
        inner = [(z, x0 - 9, y0 + 8, x1 - 8, y1 + 2, 11 + (z < -150) * 3, bow) for z, x0, y0, x1, y1, _, bow in nodes]
        _plate(canvas, "muscle", inner, side)  # iliacus
        _plate(canvas, "bone", nodes, side)
        joint = "metal" if canvas.random.random() < 0.04 else "bone"
        socket = (side * (inlet + 26), -8, -268)
        head = 22.5 if female else 25.0
        distance, box = canvas.ellipsoid(socket, (head + 9, head + 9, head + 10), roughness=0.03)
        canvas.paint("bone", (distance < 1) & ~(side * canvas.x[box] > abs(socket[0]) + 14), box)
        distance, box = canvas.ellipsoid(socket, (head + 2.5,) * 3, roughness=0.0)
        canvas.paint("cartilage", distance < 1, box)
        distance, box = canvas.ellipsoid((socket[0] + side * 3, *socket[1:]), (head,) * 3, roughness=0.0)
        canvas.paint(joint, distance < 1, box)
        trochanter = (socket[0] + side * 52, -22, -296)
        distance, box = canvas.tube([(*socket, 15), (*trochanter, 17), (socket[0] + side * 46, -18, -400, 15)])
        canvas.paint("bone", distance < 1, box)
        if joint == "metal":
            canvas.paint(joint, distance < 0.6, box)
        distance, box = canvas.tube(
            [(side * (inlet + 14), 20, -268, 12), (side * 38, 42, -280, 9), (side * 9, 40, -298, 14)]
        )
        canvas.paint("bone", distance < 1, box)
        seat = side * (inlet - 4 if female else inlet - 10)
        distance, box = canvas.tube([(side * (inlet + 12), -44, -270, 15), (seat, -62, -335, 17)])
        canvas.paint("bone", distance < 1, box)
    distance, box = canvas.ellipsoid((0, 40, -298), (5, 14, 20), roughness=0.02)
    canvas.paint("cartilage", distance < 1, box)
    wide = 56 if female else 52
    z, half, thick = np.array([(-256, 10, 5), (-215, 33, 9), (-185, 46, 15), (-164, wide, 19)], dtype=np.float32).T
    box = canvas.box((-70, 70), (-150, -40), (-256, -164))
    x, y, height = canvas.x[box], canvas.y[box], canvas.z[box]
    middle = spine_y(height) - 6 - (x / 26) ** 2
    across = (np.abs(x) / np.interp(height, z, half)) ** 4 + (np.abs(y - middle) / np.interp(height, z, thick)) ** 2
    sacrum = (across + 0.1 * canvas.rough[box] < 1) & (height > -256) & (height < -164)
    holes = (np.hypot(np.abs(x) - 19, (height + 215) % 22 - 11) < 5) & (height < -170)
    canvas.paint("bone", sacrum & ~holes, box)
    canvas.paint("spinal canal", sacrum & (np.hypot(x / 13, (y - middle + 8) / 5) < 1), box)


def lay_on_table(canvas: Canvas) -> None:
    """Put a table under the body, a plate or two shells, flat or curved, wherever the scan shows it."""
    random, x = canvas.random, canvas.axes[0][:, None]
    depth, radius, thick = random.uniform(2, 12), random.choice([np.inf, 900, 500]), random.uniform(2, 9)
    body = np.flatnonzero((canvas.labels > 0).any(axis=(0, 2)))
    back = float(canvas.axes[1][body[0]]) if body.size else -140.0
    surface = back - depth + x**2 / (2 * radius)
    below = surface - canvas.axes[1][None, :]
    half, hollow = random.uniform(190, 240), random.uniform(15, 80)
    if random.random() < 0.5:  # the shells meet at the sides
        hollow = hollow * np.sqrt(np.clip(1 - (x / half) ** 2, 0, 1))
    shell = ((below > 0) & (below < thick)) | ((below > hollow) & (below < hollow + thick))
    plate = shell & (np.abs(x) < half)
    canvas.paint("table", np.broadcast_to(plate[..., None], canvas.labels.shape), only=["background"])


def cover_with_sheet(canvas: Canvas) -> None:
    """Lay sheets or clothes, with air below them, over parts of the body."""
    from scipy.ndimage import maximum_filter

    body = canvas.labels > 0
    far = 2 * canvas.random.integers(1, 8) + 3  # voxels
    sheet = maximum_filter(body, (far, far, 1)) & ~maximum_filter(body, (far - 2, far - 2, 1))
    canvas.paint("table", sheet & (canvas.noise(90) > canvas.random.normal(0, 0.7)), only=["background"])
