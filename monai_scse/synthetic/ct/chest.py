"""The chest of a torso: diaphragm, lungs, airways, heart and oesophagus."""

from __future__ import annotations

import numpy as np

from .canvas import SOFT, Canvas
from .frame import Frame
from .measures import Person
from .skeleton import spine_y
from .tables import BRONCHI, LUNG_ROOT

__all__ = ["paint_lungs_and_heart"]


def _dome(canvas: Canvas, frame: Frame, left_lower: float) -> np.ndarray:
    """Height of the diaphragm in mm, its top at 0: two domes, a saddle under the heart, a gutter along the ribs."""
    across = ((np.abs(canvas.x) - 64) / 72) ** 2
    ahead, behind = np.clip(canvas.y / 70, 0, 1), np.clip(-(canvas.y + 10) / 80, 0, 1.2) ** 2
    gutter = np.clip(frame.radius, 0, 1.15) ** 5 * (1 - 0.8 * ahead)  # it ends higher in front
    deep, far_behind = canvas.random.uniform(40, 80), canvas.random.uniform(12, 34)
    shape = -24 * np.minimum(across, 1.2) - deep * gutter - far_behind * behind
    return shape - left_lower / (1 + np.exp(np.clip(canvas.x / 12, -30, 30))) + 1.5 * canvas.rough


def paint_lungs_and_heart(canvas: Canvas, person: Person, frame: Frame) -> tuple[np.ndarray, float]:
    """Paint diaphragm, lungs, airways, heart and oesophagus.

    Returns:
        height of the diaphragm above each point, and of its top, in mm.
    """
    measures = person.measures
    lungs_ml = measures["lungs_at_capacity_ml"] * person.breath
    shape = _dome(canvas, frame, left_lower=max(canvas.jitter(13, 5), 0))
    half = canvas.jitter(21, 2) - 8 * np.clip((canvas.y - 15) / 60, 0, 1) - 6 * np.clip((canvas.z - 225) / 40, 0, 1)
    vertebra = np.hypot(canvas.x / 25, (canvas.y - spine_y(canvas.axes[2])) / 24) < 1
    room = (frame.radius < 0.985) & (np.abs(canvas.x + 4) + 4 * canvas.rough > half) & ~vertebra
    room &= canvas.is_one_of(SOFT)
    above = shape - canvas.z  # falls with height: the diaphragm lies where this reaches a level
    guess = -canvas.level(above, room, lungs_ml + 0.62 * measures["heart_ml"])

    front = frame.front_at(guess + 30)
    centre = (-26, 0.97 * front - 50 + canvas.jitter(0, 4), guess + 28)
    distance, box = canvas.ellipsoid(centre, (62, 46, 47), roughness=0.05, tilt=(0.0, 0.3, 0.45))
    allowed = (frame.radius < 0.97)[box] & (canvas.z > shape + guess - 8)[box] & ~vertebra[box]
    heart = allowed & (distance < canvas.level(distance, allowed, measures["heart_ml"]))
    canvas.paint("heart", heart, box, only=SOFT)
    room[box] &= ~(allowed & (distance < canvas.levels[-1] + 0.07))
    top = -canvas.level(above, room, lungs_ml)
    lungs = room & (above < -top)
    dome = shape + top
    canvas.paint("right lung", lungs & (canvas.x > -4))
    canvas.paint("left lung", lungs & (canvas.x <= -4))
    muscle = (frame.radius < 1) & (canvas.z < dome) & (canvas.z > dome - 4)
    canvas.paint("muscle", muscle, only=SOFT)  # the diaphragm
    for nodes in BRONCHI:
        distance, box = canvas.tube(nodes)
        canvas.paint("airway", distance < 1, box)
    for side in (-1, 1):  # roots of the lungs
        distance, box = canvas.tube([(side * x, y, z, radius) for x, y, z, radius in LUNG_ROOT])
        canvas.paint("arteries", distance < 1, box)
    distance, box = canvas.tube([(-8, -38, 330, 8), (-9, -44, 120, 8), (-16, -20, top - 30, 9)])
    canvas.paint("bowel wall", distance < 1, box, only=SOFT)  # the oesophagus
    return dome, top
