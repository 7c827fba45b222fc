"""The skeleton of a torso: spine, ribs with breastbone and shoulders, pelvis with hips.

Shapes and positions are engineering judgement. Sizes come from :mod:`monai_scse.synthetic.ct.measures`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .canvas import Canvas
from .measures import Person
from .tables import HIP_BONE, SACRUM, SPINE, at_height, of_person

__all__ = ["paint_pelvis", "paint_ribs", "paint_spine", "spine_y"]


def spine_y(z: float | np.ndarray) -> np.ndarray:
    """Middle of the vertebral bodies in mm, front to back, with the curves of the spine."""
    return at_height(z, SPINE)[0]


def paint_spine(canvas: Canvas, person: Person) -> None:
    """Paint vertebrae, discs and the spinal canal."""
    measures = person.measures
    height = canvas.axes[2]
    # number of the vertebra at each height, counted upwards, by the pitch of lumbar and of thoracic vertebrae
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


def paint_ribs(canvas: Canvas, person: Person, radius: np.ndarray) -> None:
    """Paint ribs, breastbone, shoulder blades, collarbones and the heads of the arms.

    Args:
        canvas: with the cavity and the spine.
        person: whose ribs they are.
        radius: relative distance from the middle of the cavity, see :class:`.frame.Frame`.
    """
    chest = person.measures["chest_half_width_mm"]
    box = canvas.box((-400, 400), (-400, 400), (-75, 330))
    x, y, z = np.abs(canvas.x[box]), canvas.y[box], canvas.z[box]
    outward = (radius[box] - 1) * chest  # mm outside the cavity
    round_the_chest = np.arctan2(x, -(y + 5))  # 0 at the spine, pi at the breastbone
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
    ends = (float(min(z[0], z[-1])), float(max(z[0], z[-1])))
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


def paint_pelvis(canvas: Canvas, person: Person) -> None:
    """Paint hip bones, hip joints, which may be of metal, thighs and sacrum."""
    measures, female = person.measures, person.sex == "female"
    hip, inlet = measures["hip_half_width_mm"], measures["inlet_half_width_mm"]
    crest = canvas.jitter(-108, 4)
    for side in (-1, 1):
        nodes = of_person(HIP_BONE, {"crest": crest, "hip": hip, "inlet": inlet})
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
    sections = of_person(SACRUM, {"sacrum": 56 if female else 52})
    z, half, thick = np.array(sections, dtype=np.float32).T
    box = canvas.box((-70, 70), (-150, -40), (-256, -164))
    x, y, height = canvas.x[box], canvas.y[box], canvas.z[box]
    middle = spine_y(height) - 6 - (x / 26) ** 2
    across = (np.abs(x) / np.interp(height, z, half)) ** 4 + (np.abs(y - middle) / np.interp(height, z, thick)) ** 2
    sacrum = (across + 0.1 * canvas.rough[box] < 1) & (height > -256) & (height < -164)
    holes = (np.hypot(np.abs(x) - 19, (height + 215) % 22 - 11) < 5) & (height < -170)
    canvas.paint("bone", sacrum & ~holes, box)
    canvas.paint("spinal canal", sacrum & (np.hypot(x / 13, (y - middle + 8) / 5) < 1), box)
