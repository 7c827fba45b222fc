"""The frame of a torso: skin, fat, muscle, the cavities of chest and belly, skeleton and arms.

Coordinates are those of :mod:`monai_scse.synthetic.ct.torso`. Shapes and positions are engineering judgement, set
by eye beside real slices. Sizes come from :mod:`monai_scse.synthetic.ct.measures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .measures import Person
from .skeleton import paint_pelvis, paint_ribs, paint_spine
from .tables import CAVITY, WALL, at_height, of_person

__all__ = ["Frame", "build_frame"]


@dataclass(frozen=True)
class Frame:
    """What the organs need to know of the frame.

    Args:
        radius: relative distance from the middle of the cavity of chest, belly and pelvis, below 1 inside.
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
        return float(at_height(height, self.sections)[0])

    def front_at(self, height: float) -> float:
        """Front of the cavity in mm, also where the scan does not reach."""
        _, back, half_depth = at_height(height, self.sections)
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

    sizes = {
        "hip": hip,
        "iliac crest": max(hip - 4, waist + 18),
        "inlet": inlet,
        "false pelvis": min(hip - 28, waist),
        "waist": waist,
        "waist depth": waist_depth,
        "lower ribs": 0.2 * waist + 0.8 * chest,
        "lower ribs depth": 0.25 * waist_depth + 0.75 * chest_depth,
        "chest": chest,
        "chest depth": chest_depth,
    }
    height = canvas.axes[2]
    sections = of_person(CAVITY, sizes)
    width, back, depth = at_height(height, sections)
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
        _wall(canvas, frame, of_person(WALL, sizes), back, female)
    canvas.paint("visceral fat", radius < 1)
    canvas.begin("spine")
    paint_spine(canvas, person)
    canvas.begin("pelvis")
    paint_pelvis(canvas, person)
    if not canvas.measures_only:
        canvas.begin("limbs")
        _limbs(canvas, person, frame, female)
        canvas.begin("ribs")
        paint_ribs(canvas, person, radius)
    return frame


def _wall(canvas: Canvas, frame: Frame, sections: Sequence[Sequence[float]], back: np.ndarray, female: bool) -> None:
    """Skin, fat and muscle around the cavity, by the rows of :data:`.tables.WALL`."""
    front, radius = frame.front, frame.radius
    of_women, of_men, before, behind, half_width = at_height(canvas.axes[2], sections)
    share = of_women if female else of_men
    front, back = front + before, back - behind
    groove = canvas.y - 9 * np.exp(-((canvas.x / 22) ** 2)) * (canvas.y < 0)  # along the spine
    forwards = np.clip((groove - (front + back) / 2) / (front - back) * 2, -1, 1)
    more_in_front = canvas.jitter(0.2, 0.15)
    fat = frame.fat_mm * share * (0.95 + more_in_front * forwards + 0.06 * canvas.rough) + 2
    skin = _superellipse(canvas.x, groove, half_width + fat, front + fat, back - fat)
    canvas.paint("muscle", skin < 1)
    canvas.paint("subcutaneous fat", skin < 1 - 2.5 / half_width)  # the rim that remains is the skin
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
