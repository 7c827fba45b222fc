"""The organs of a torso, each of the volume that its person was drawn with.

Order matters: what is painted later lies over what is there, or keeps clear of it.
Shapes are engineering judgement, set by eye beside real slices. Volumes, lengths and diameters come from
:mod:`monai_scse.synthetic.ct.measures`, as do the few published positions.
"""

from __future__ import annotations

import numpy as np

from .bowel import paint_bowel, paint_stomach
from .canvas import SOFT, Canvas, Node
from .chest import paint_lungs_and_heart
from .frame import Frame
from .measures import Person
from .skeleton import spine_y
from .tables import PSOAS
from .vessels import paint_great_vessels

__all__ = ["fill_torso"]


def fill_torso(canvas: Canvas, person: Person, frame: Frame) -> None:
    """Paint the organs into a torso that has its frame.

    Args:
        canvas: with the frame.
        person: whose organs they are.
        frame: where the cavities are.
    """
    canvas.begin("lungs")
    dome, top = paint_lungs_and_heart(canvas, person, frame)
    inside = (frame.radius < 0.99) & (canvas.z < dome - 3)
    canvas.begin("psoas")
    _psoas(canvas, person)
    canvas.begin("kidneys")
    inside &= ~_kidneys(canvas, person, inside, top)
    canvas.begin("upper belly")
    _spleen(canvas, person, frame, inside, top)
    _gallbladder(canvas, person, inside, top)
    _liver(canvas, person, inside, dome, top)
    canvas.begin("pelvic organs")
    _pelvic_organs(canvas, person, inside)
    canvas.begin("vessels")
    paint_great_vessels(canvas, person)
    canvas.begin("bowel")
    paint_stomach(canvas, person, inside, top)
    _pancreas(canvas, person, inside, top)
    if not canvas.measures_only:
        paint_bowel(canvas, inside, frame)


def _psoas(canvas: Canvas, person: Person) -> None:
    measures = person.measures
    area = measures["psoas_index_cm2"] * (measures["height_mm"] / 1000) ** 2 * 100 / 2  # mm2, of one side at L3
    radius = np.sqrt(area / np.pi)
    body = 1.36 * measures["vertebra_length_mm"] / 2
    for side, name in ((1, "right psoas major"), (-1, "left psoas major")):
        forwards, sideways = canvas.random.normal(0, 2, 2)
        nodes = [
            (
                side * (of_body * body + more + of_radius * radius + sideways),
                float(spine_y(z)) + y + forwards,
                z,
                share * radius * 1.04,
            )
            for z, (of_body, more, of_radius), y, share in PSOAS
        ]
        distance, box = canvas.tube(nodes[::-1], roughness=0.04)
        canvas.paint(name, distance < 1, box, only=("visceral fat", "muscle", "subcutaneous fat"))
        loin = canvas.jitter(30, 3)
        nodes = [(side * 62, -84, 0, 9), (side * 74, -80, -60, 12), (side * 84, -76, -112, 13)]
        distance, box = canvas.tube(nodes)
        canvas.paint("muscle", distance < 1, box, only=SOFT)  # quadratus lumborum
        distance, box = canvas.tube([(side * 15, -36, loin, 9), (side * 13, -34, -45, 5)])
        canvas.paint("muscle", distance < 1, box, only=SOFT)  # crus of the diaphragm


def _kidneys(canvas: Canvas, person: Person, inside: np.ndarray, top: float) -> np.ndarray:
    """Where kidneys and the fat around them are, which other organs keep out of."""
    volume, length = person.measures["kidney_ml"], person.measures["kidney_length_mm"]
    fat = max(canvas.jitter(4 + person.measures["visceral_fat_cm2"] / 14, 4), 0)  # mm
    surrounded = np.zeros_like(inside)
    for side, name in ((1, "right kidney"), (-1, "left kidney")):
        share = canvas.jitter(1.0, 0.05) * (0.98 if side > 0 else 1.02)  # the left one is a little larger
        half = length / 2 * (0.987 if side > 0 else 1.013)
        thick = np.sqrt(volume * share * 1000 * 3 / (4 * np.pi * half)) * 1.08
        height = (-32 if side > 0 else -18) + 0.3 * (top - 80) + canvas.jitter(0, 17)
        place = (side * canvas.jitter(61, 5), canvas.jitter(-45, 6), height)
        lean = (canvas.jitter(0.2, 0.08), side * canvas.jitter(-0.2, 0.07), -side * canvas.jitter(0.5, 0.2))
        distance, box = canvas.ellipsoid(place, (thick * 1.06, thick * 0.94, half), roughness=0.05, tilt=lean)
        x, y, z = (part[box] - middle for part, middle in zip((canvas.x, canvas.y, canvas.z), place))
        wide, deep, tall = canvas.random.uniform((0.9, 9, 0.4), (1.35, 16, 0.65)) * (thick, 1, half)
        hilum = np.sqrt(((side * x + thick * 0.85) / wide) ** 2 + ((y - 8) / deep) ** 2 + (z / tall) ** 2)
        hilum += 0.22 * canvas.rough[box]
        bean = np.maximum(distance, canvas.random.uniform(1.75, 2.3) - hilum)
        allowed = inside[box] & canvas.is_one_of(("visceral fat", "muscle"), box)
        limit = canvas.level(bean, allowed, volume * share)
        canvas.paint(name, allowed & (bean < limit), box)
        canvas.paint("renal sinus", allowed & (distance < 0.85 * limit) & (bean >= limit), box)
        polar = np.clip(np.abs(z) / (half * np.maximum(distance, 0.1)), 0, 1)  # 1 above and below, 0 beside the kidney
        # thickest behind: liver and spleen touch the kidney where the fat in front and above is thin
        exposed = np.clip(0.5 + (y / thick + 0.5 * z / half) / np.maximum(distance, 0.1), 0, 1)
        cover = fat * (1 - canvas.random.uniform(0.5, 1) * exposed)
        surrounded[box] |= distance + 0.12 * canvas.rough[box] < limit + cover / (thick + (half - thick) * polar**2)
        distance, box = canvas.tube([(*place, 5), (side * 20, -26, height + 8, 4)])
        canvas.paint("inferior vena cava", distance < 1, box, only=SOFT)
        distance, box = canvas.ellipsoid((side * 40, -48, height + half + 6), (14, 5, 16), roughness=0.3)
        canvas.paint("muscle", distance < 1, box, only=SOFT)  # adrenal gland
    return surrounded


def _gallbladder(canvas: Canvas, person: Person, inside: np.ndarray, top: float) -> None:
    if canvas.random.random() < 0.88:
        place = (canvas.jitter(50, 7), canvas.jitter(42, 6), top - 120 + canvas.jitter(0, 8))
        distance, box = canvas.ellipsoid(place, (14, 15, 27), roughness=0.05, tilt=(0.5, 0.0, 0.0))
        allowed = inside[box] & canvas.is_one_of(SOFT, box)
        limit = canvas.level(distance, allowed, max(person.measures["gallbladder_ml"], 5))
        canvas.paint("gallbladder", allowed & (distance < limit), box)


def _liver(canvas: Canvas, person: Person, inside: np.ndarray, dome: np.ndarray, top: float) -> None:
    left_end = canvas.jitter(-72, 20)
    box = canvas.box((-125, 170), (-130, 140), (top - 230, top))
    x, y, dome = canvas.x[box], canvas.y[box], dome[box]
    depth = dome - canvas.z[box]  # below the diaphragm
    width = np.interp(x, (left_end - 18, left_end, -25, 5, 40, 75, 115, 150), (1, 18, 36, 50, 84, 132, 152, 142))
    # left of the middle the liver lies in front of stomach and spine, right of it it fills the belly
    behind = np.interp(x, (left_end, -25, 5, 28, 60), (34, 18, -4, -34, -140))
    thick = np.maximum(width - 0.65 * (top - dome), 0.25 * width)  # the lower edge is flatter than the diaphragm
    thick /= 1 + np.exp(np.clip((behind - y) / 7, -30, 30))
    thick *= 1 - 0.45 * np.clip((y - 20) / 90, 0, 1) * (x > 20)  # the lower edge rises to the front
    wedge = (depth / np.maximum(thick, 1) + 0.05 * canvas.rough[box]).astype(np.float32)
    cleft = (np.abs(x - 10 - 0.1 * (y - 40)) < 3.5) & (depth > 46) & (y > 25)  # ligamentum teres
    porta = np.hypot((x - 14) / 20, (y - 12) / 9) + np.abs(depth - 72) / 40 < 1
    allowed = inside[box] & ~cleft & ~porta & (width > 1) & canvas.is_one_of(SOFT, box)
    canvas.paint("liver", allowed & (wedge < canvas.level(wedge, allowed, person.measures["liver_ml"])), box)


def _spleen(canvas: Canvas, person: Person, frame: Frame, inside: np.ndarray, top: float) -> None:
    height, behind = top - 38 + canvas.jitter(0, 16), canvas.jitter(-64, 12)
    long, wide = canvas.jitter(47, 7), canvas.jitter(47, 7)
    thick, inner_end = canvas.random.uniform(32, 62), canvas.random.uniform(24, 48)  # some reach far to the middle
    box = canvas.box((-200, -15), (-140, 90), (height - 130, height + 110))
    y, z = canvas.y[box], canvas.z[box]
    under_wall = np.maximum((1 - frame.radius[box]) * frame.half_width[box[2]], 0)
    along = y - behind - 0.25 * (height - z)
    shape = np.sqrt((along / wide) ** 2 + ((z - height) / long) ** 2 + (under_wall / thick) ** 2)
    shape += canvas.random.uniform(0.05, 0.14) * canvas.rough[box]
    hilum = (np.hypot(along - canvas.jitter(8, 8), z - height) < 18) & (under_wall > canvas.random.uniform(22, 40))
    allowed = inside[box] & ~hilum & (canvas.x[box] < -inner_end) & (under_wall > 2) & canvas.is_one_of(SOFT, box)
    canvas.paint("spleen", allowed & (shape < canvas.level(shape, allowed, person.measures["spleen_ml"])), box)


def _pancreas(canvas: Canvas, person: Person, inside: np.ndarray, top: float) -> None:
    height = -22 + 0.2 * (top - 80) + canvas.jitter(0, 8)
    nodes: list[Node] = [(28, -2, height - 34, 15), (20, 6, height - 10, 14), (-18, 6, height + 4, 10)]
    nodes += [(canvas.jitter(-70, 8), canvas.jitter(-24, 7), height + canvas.jitter(24, 8), canvas.jitter(10, 1.5))]
    distance, box = canvas.tube(nodes, roughness=0.25, reach=2.4)
    allowed = inside[box] & canvas.is_one_of(SOFT, box)
    limit = canvas.level(distance, allowed, person.measures["pancreas_ml"])
    canvas.paint("pancreas", allowed & (distance < limit), box)


def _pelvic_organs(canvas: Canvas, person: Person, inside: np.ndarray) -> None:
    volume = max(person.measures["bladder_ml"], 35)
    size = (volume / 180) ** (1 / 3)
    place = (canvas.jitter(0, 3), 16, -292 + 34 * size)
    distance, box = canvas.ellipsoid(place, (42 * size, 34 * size, 33 * size), roughness=0.05)
    allowed = inside[box] & canvas.is_one_of(SOFT, box)
    limit = canvas.level(distance, allowed, volume)
    canvas.paint("urinary bladder", allowed & (distance < limit), box)
    canvas.paint("muscle", allowed & (distance >= limit) & (distance < limit + 0.08), box)  # its wall
    if person.sex == "female":
        distance, box = canvas.ellipsoid((canvas.jitter(0, 6), -20, -255 + 12 * size), (25, 19, 36), tilt=(-0.5, 0, 0))
        name, volume = "uterus", person.measures["uterus_ml"]
    else:
        distance, box = canvas.ellipsoid((0, 8, -306), (25, 19, 21))
        name, volume = "prostate", person.measures["prostate_ml"]
    allowed = inside[box] & canvas.is_one_of(SOFT, box)
    limit = canvas.level(distance, allowed, max(volume, 12))
    canvas.paint(name, allowed & (distance < limit), box)
