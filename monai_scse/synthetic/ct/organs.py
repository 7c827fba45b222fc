"""The organs of a torso, each of the volume that its person was drawn with.

Order matters: what is painted later lies over what was painted before, or where it may not, keeps clear of it.
Shapes are engineering judgement, set by eye beside real slices; volumes, lengths and diameters come from
:mod:`monai_scse.synthetic.ct.measures`, and so do the few positions that were published.
"""

from __future__ import annotations

import numpy as np

from .canvas import Box, Canvas
from .frame import Frame, spine_y
from .measures import Person

__all__ = ["fill_torso"]

_SOFT = ("visceral fat",)


def fill_torso(canvas: Canvas, person: Person, frame: Frame) -> None:
    """Paint the organs into a torso that has its frame.

    Args:
        canvas: with the frame.
        person: whose organs they are.
        frame: where the cavities are.
    """
    canvas.begin("lungs")
    dome, top = _lungs_and_heart(canvas, person, frame)
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
    _great_vessels(canvas, person)
    canvas.begin("bowel")
    _stomach(canvas, person, inside, top)
    _pancreas(canvas, person, inside, top)
    if not canvas.measures_only:
        _bowel(canvas, inside, frame)


def _dome(canvas: Canvas, frame: Frame, left_lower: float) -> np.ndarray:
    """Height of the diaphragm in mm, its top at 0: two domes, a saddle under the heart, a gutter along the ribs."""
    across = ((np.abs(canvas.x) - 64) / 72) ** 2
    ahead, behind = np.clip(canvas.y / 70, 0, 1), np.clip(-(canvas.y + 10) / 80, 0, 1.2) ** 2
    gutter = np.clip(frame.radius, 0, 1.15) ** 5 * (1 - 0.8 * ahead)  # it ends higher in front
    deep, far_behind = canvas.random.uniform(40, 80), canvas.random.uniform(12, 34)
    shape = -24 * np.minimum(across, 1.2) - deep * gutter - far_behind * behind
    return shape - left_lower / (1 + np.exp(np.clip(canvas.x / 12, -30, 30))) + 1.5 * canvas.rough


def _lungs_and_heart(canvas: Canvas, person: Person, frame: Frame) -> tuple[np.ndarray, float]:
    """Height of the diaphragm above each point, and of its top, in mm."""
    measures = person.measures
    lungs_ml = measures["lungs_at_capacity_ml"] * person.breath
    shape = _dome(canvas, frame, left_lower=max(canvas.jitter(13, 5), 0))
    half = canvas.jitter(21, 2) - 8 * np.clip((canvas.y - 15) / 60, 0, 1) - 6 * np.clip((canvas.z - 225) / 40, 0, 1)
    vertebra = np.hypot(canvas.x / 25, (canvas.y - spine_y(canvas.axes[2])) / 24) < 1
    room = (frame.radius < 0.985) & (np.abs(canvas.x + 4) + 4 * canvas.rough > half) & ~vertebra
    room &= canvas.is_one_of(_SOFT)
    above = shape - canvas.z  # falls with height: the diaphragm lies where this reaches a level
    guess = -canvas.level(above, room, lungs_ml + 0.62 * measures["heart_ml"])

    front = frame.front_at(guess + 30)
    centre = (-26, 0.97 * front - 50 + canvas.jitter(0, 4), guess + 28)
    distance, box = canvas.ellipsoid(centre, (62, 46, 47), roughness=0.05, tilt=(0.0, 0.3, 0.45))
    allowed = (frame.radius < 0.97)[box] & (canvas.z > shape + guess - 8)[box] & ~vertebra[box]
    heart = allowed & (distance < canvas.level(distance, allowed, measures["heart_ml"]))
    canvas.paint("heart", heart, box, only=_SOFT)
    room[box] &= ~(allowed & (distance < canvas.levels[-1] + 0.07))
    top = -canvas.level(above, room, lungs_ml)
    lungs = room & (above < -top)
    dome = shape + top
    canvas.paint("right lung", lungs & (canvas.x > -4))
    canvas.paint("left lung", lungs & (canvas.x <= -4))
    muscle = (frame.radius < 1) & (canvas.z < dome) & (canvas.z > dome - 4)
    canvas.paint("muscle", muscle, only=_SOFT)  # the diaphragm
    for nodes in (
        [(3, -22, 330, 8), (2, -28, 185, 8.5), (34, -30, 160, 6)],
        [(2, -28, 185, 8), (-38, -34, 158, 6)],
    ):
        distance, box = canvas.tube(nodes)
        canvas.paint("airway", distance < 1, box)
    for side in (-1, 1):  # roots of the lungs
        nodes = [(side * 10, 2, 172, 12), (side * 38, -16, 158, 10), (side * 70, -30, 128, 6)]
        distance, box = canvas.tube(nodes)
        canvas.paint("arteries", distance < 1, box)
    distance, box = canvas.tube([(-8, -38, 330, 8), (-9, -44, 120, 8), (-16, -20, top - 30, 9)])
    canvas.paint("bowel wall", distance < 1, box, only=_SOFT)  # the oesophagus
    return dome, top


def _psoas(canvas: Canvas, person: Person) -> None:
    measures = person.measures
    area = measures["psoas_index_cm2"] * (measures["height_mm"] / 1000) ** 2 * 100 / 2  # mm2, of one side at L3
    radius = np.sqrt(area / np.pi)
    body = 1.36 * measures["vertebra_length_mm"] / 2
    for side, name in ((1, "right psoas major"), (-1, "left psoas major")):
        forwards, sideways = canvas.random.normal(0, 2, 2)
        heights = (15, -20, -72, -108, -150, -205, -250, -300)
        sizes = np.array((0.35, 0.62, 1.0, 1.16, 1.16, 1.0, 0.85, 0.8)) * radius * 1.04
        beside = (body * 0.9, body + 1, body + 3 + 0.55 * radius, body + 4 + 0.65 * radius, 52, 66, 78, 86)
        ahead = (-16, -6, -2, 0, 12, 46, 92, 100)
        nodes = [
            (side * (x + sideways), float(spine_y(z)) + y + forwards, z, size)
            for x, y, z, size in zip(beside, ahead, heights, sizes)
        ]
        distance, box = canvas.tube(nodes[::-1], roughness=0.04)
        canvas.paint(name, distance < 1, box, only=("visceral fat", "muscle", "subcutaneous fat"))
        loin = canvas.jitter(30, 3)
        nodes = [(side * 62, -84, 0, 9), (side * 74, -80, -60, 12), (side * 84, -76, -112, 13)]
        distance, box = canvas.tube(nodes)
        canvas.paint("muscle", distance < 1, box, only=_SOFT)  # quadratus lumborum
        distance, box = canvas.tube([(side * 15, -36, loin, 9), (side * 13, -34, -45, 5)])
        canvas.paint("muscle", distance < 1, box, only=_SOFT)  # crus of the diaphragm


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
        # thickest behind; where the fat in front and above is thin, liver and spleen touch the kidney
        exposed = np.clip(0.5 + (y / thick + 0.5 * z / half) / np.maximum(distance, 0.1), 0, 1)
        cover = fat * (1 - canvas.random.uniform(0.5, 1) * exposed)
        surrounded[box] |= distance + 0.12 * canvas.rough[box] < limit + cover / (thick + (half - thick) * polar**2)
        distance, box = canvas.tube([(*place, 5), (side * 20, -26, height + 8, 4)])
        canvas.paint("inferior vena cava", distance < 1, box, only=_SOFT)
        distance, box = canvas.ellipsoid((side * 40, -48, height + half + 6), (14, 5, 16), roughness=0.3)
        canvas.paint("muscle", distance < 1, box, only=_SOFT)  # adrenal gland
    return surrounded


def _gallbladder(canvas: Canvas, person: Person, inside: np.ndarray, top: float) -> None:
    if canvas.random.random() < 0.88:
        place = (canvas.jitter(50, 7), canvas.jitter(42, 6), top - 120 + canvas.jitter(0, 8))
        distance, box = canvas.ellipsoid(place, (14, 15, 27), roughness=0.05, tilt=(0.5, 0.0, 0.0))
        allowed = inside[box] & canvas.is_one_of(_SOFT, box)
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
    allowed = inside[box] & ~cleft & ~porta & (width > 1) & canvas.is_one_of(_SOFT, box)
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
    allowed = inside[box] & ~hilum & (canvas.x[box] < -inner_end) & (under_wall > 2) & canvas.is_one_of(_SOFT, box)
    canvas.paint("spleen", allowed & (shape < canvas.level(shape, allowed, person.measures["spleen_ml"])), box)


def _hollow(
    canvas: Canvas,
    organ: str,
    shape: tuple[np.ndarray, Box],
    radius: float,
    allowed: np.ndarray,
    gas: float,
    stool: np.ndarray | None = None,
) -> None:
    """An organ with a wall and a content; gas fills a share of its depth from the front, and bubbles in stool."""
    distance, box = shape
    free = allowed[box] & canvas.is_one_of(("visceral fat",), box)
    canvas.paint(f"{organ} wall", free & (distance < 1), box)
    lumen = free & (distance < 1 - 3.0 / radius)
    canvas.paint(f"{organ} content", lumen, box)
    if stool is not None:
        canvas.paint("gas", lumen & stool[box], box)
    if gas > 0 and lumen.any():
        low, high = np.quantile(canvas.y[box][lumen], (0, 1))
        canvas.paint("gas", lumen & (canvas.y[box] > high - gas * (high - low)), box)


def _stomach(canvas: Canvas, person: Person, inside: np.ndarray, top: float) -> None:
    size = (max(person.measures["stomach_ml"], 90) / 400) ** (1 / 3)
    nodes = [
        (-52, -22, top - 46, 33),
        (-62, 4, top - 72, 34),
        (-52, 34, top - 112, 28),
        (-18, 50, top - 136, 20),
        (18, 42, top - 128, 15),
        (34, 12, top - 124, 12),
    ]
    nodes = [
        (canvas.jitter(x, 10), canvas.jitter(y, 9), canvas.jitter(z, 8), radius * size) for x, y, z, radius in nodes
    ]
    gas = canvas.random.choice([0, 0.15, 0.35, 0.6], p=[0.15, 0.35, 0.35, 0.15])
    _hollow(canvas, "stomach", canvas.tube(nodes, roughness=0.08), 26 * size, inside, gas)
    nodes = [(34, 12, top - 124, 12), (42, -12, -48, 12), (36, -18, -92, 12), (-4, -14, -96, 11), (-28, 4, -68, 11)]
    _hollow(canvas, "bowel", canvas.tube(nodes, roughness=0.15), 12, inside, 0.0)  # duodenum


def _pancreas(canvas: Canvas, person: Person, inside: np.ndarray, top: float) -> None:
    height = -22 + 0.2 * (top - 80) + canvas.jitter(0, 8)
    nodes = [(28, -2, height - 34, 15), (20, 6, height - 10, 14), (-18, 6, height + 4, 10)]
    nodes += [(canvas.jitter(-70, 8), canvas.jitter(-24, 7), height + canvas.jitter(24, 8), canvas.jitter(10, 1.5))]
    distance, box = canvas.tube(nodes, roughness=0.25, reach=2.4)
    allowed = inside[box] & canvas.is_one_of(("visceral fat",), box)
    limit = canvas.level(distance, allowed, person.measures["pancreas_ml"])
    canvas.paint("pancreas", allowed & (distance < limit), box)


def _pelvic_organs(canvas: Canvas, person: Person, inside: np.ndarray) -> None:
    volume = max(person.measures["bladder_ml"], 35)
    size = (volume / 180) ** (1 / 3)
    place = (canvas.jitter(0, 3), 16, -292 + 34 * size)
    distance, box = canvas.ellipsoid(place, (42 * size, 34 * size, 33 * size), roughness=0.05)
    allowed = inside[box] & canvas.is_one_of(("visceral fat",), box)
    limit = canvas.level(distance, allowed, volume)
    canvas.paint("urinary bladder", allowed & (distance < limit), box)
    canvas.paint("muscle", allowed & (distance >= limit) & (distance < limit + 0.08), box)  # its wall
    if person.sex == "female":
        distance, box = canvas.ellipsoid((canvas.jitter(0, 6), -20, -255 + 12 * size), (25, 19, 36), tilt=(-0.5, 0, 0))
        name, volume = "uterus", person.measures["uterus_ml"]
    else:
        distance, box = canvas.ellipsoid((0, 8, -306), (25, 19, 21))
        name, volume = "prostate", person.measures["prostate_ml"]
    allowed = inside[box] & canvas.is_one_of(("visceral fat",), box)
    limit = canvas.level(distance, allowed, max(volume, 12))
    canvas.paint(name, allowed & (distance < limit), box)


def _great_vessels(canvas: Canvas, person: Person) -> None:
    measures, jitter = person.measures, canvas.jitter
    ascending, descending, infrarenal, lower = (
        measures[f"{part}_aorta_mm"] / 2 for part in ("ascending", "descending", "infrarenal", "lower")
    )

    def before(z: float, distance: float) -> float:
        return float(spine_y(z)) + measures["vertebra_length_mm"] / 2 + distance

    aside, in_chest, ahead = jitter(-12, 4), jitter(-13, 5), jitter(-7, 5)
    down = [(aside + in_chest, before(205, ahead), 205, descending)]
    down += [(jitter(aside + in_chest, 3), before(z, jitter(ahead, 3)), z, descending) for z in (150, 95)]
    down += [(aside + in_chest / 3, before(40, jitter(1, 3)), 40, (descending + infrarenal) / 2)]
    down += [(jitter(aside, 5), before(z, jitter(6, 3)), z, size) for z, size in ((-25, infrarenal), (-100, lower))]
    arch = [
        (26, 14, 108, ascending),
        (22, 12, 160, ascending),
        (12, 2, 200, ascending),
        (-8, -22, 218, descending * 1.1),
    ]
    for nodes in (down, [*arch, down[0]]):
        distance, box = canvas.tube(nodes, roughness=0.04)
        canvas.paint("aorta", distance < 1, box)
    cava = [(28, 2, 200, 9), (28, -2, 120, 10), (24, -14, 70, 11), (22, before(20, 10), 20, 12)]
    cava += [(jitter(18, 2), before(z, 6), z, jitter(10.5, 1.2)) for z in (-40, -104)]
    distance, box = canvas.tube(cava)
    canvas.paint("inferior vena cava", distance < 1, box, only=("visceral fat", "liver", "muscle"))
    for side in (-1, 1):
        for name, start, x, size in (("arteries", aside, 4, 5.5), ("inferior vena cava", 16, 0, 7)):
            shift = -10 if name == "inferior vena cava" else 0
            nodes = [(start, before(-100, 5), -100, size + 1), (side * 34 + x, before(-150, 8) + shift, -150, size)]
            nodes += [
                (side * 56, 2 + shift, -205, size),
                (side * 72, 44 + shift / 2, -262, size),
                (side * 76, 58, -320, size),
            ]
            distance, box = canvas.tube([(jitter(a, 2), b, c, r) for a, b, c, r in nodes])
            canvas.paint(name, distance < 1, box, only=("visceral fat", "muscle", "subcutaneous fat"))
    stem = before(-15, 22)
    for name, nodes in (
        ("arteries", [(aside, stem - 14, -6, 4), (aside + 4, stem + 4, -40, 4), (5, stem + 14, -120, 3)]),
        ("inferior vena cava", [(6, stem + 8, -110, 5), (8, stem, -30, 7), (16, 4, 0, 7.5), (34, 0, 22, 6)]),  # portal
        ("inferior vena cava", [(8, stem, -26, 5), (-40, -8, -8, 5), (-84, -30, 14, 4)]),  # splenic vein
    ):
        distance, box = canvas.tube(nodes)
        canvas.paint(name, distance < 1, box, only=("visceral fat", "liver"))


def _bowel(canvas: Canvas, inside: np.ndarray, frame: Frame) -> None:
    random, jitter = canvas.random, canvas.jitter
    wide = 0.72 * frame.half_width_at(-72)
    sag, right, left = jitter(-65, 28), jitter(-50, 18), jitter(0, 25)  # of the colon between its two flexures
    colon = [
        [(0.75 * wide, 8, -195, 26), (wide, -12, -140, 24), (wide, -18, -85, 22), (0.9 * wide, 8, right, 22)],
        [(0.9 * wide, 8, right, 21), (0.4 * wide, 48, sag, 20), (-0.4 * wide, 50, sag, 20), (-wide, 0, left, 19)],
        [
            (-wide, 0, left, 17),
            (-1.05 * wide, -30, -90, 15),
            (-1.02 * wide, -22, -160, 15),
            (-0.75 * wide, 6, -205, 15),
        ],
        [(-0.75 * wide, 6, -205, 15), (-20, 24, -212, 16), (18, -14, -222, 16), (0, -50, -245, 18), (0, -58, -320, 17)],
    ]
    fullness = max(jitter(1.15, 0.2), 0.7)
    bubbles = canvas.noise(7) > random.uniform(0.7, 1.3)
    for part in colon:
        nodes = [(jitter(x, 6), jitter(y, 6), jitter(z, 5), radius * fullness) for x, y, z, radius in part]
        gas = random.choice([0, 0.3, 0.6, 1.0], p=[0.4, 0.25, 0.15, 0.2])
        stool = bubbles if random.random() < 0.5 else None
        _hollow(canvas, "bowel", canvas.tube(nodes, roughness=0.2), 19 * fullness, inside, gas, stool)
    dilated = random.random() < 0.12
    for _ in range(int(random.integers(45, 80))):
        radius = random.uniform(8, 14) * (1.5 if dilated else 1.0)
        place = np.array((random.uniform(-0.85, 0.85) * wide, random.uniform(-35, 75), random.uniform(-275, 20)))
        nodes = [(*(place + random.normal(0, 28, 3)), radius * random.uniform(0.8, 1.2)) for _ in range(3)]
        gas = random.uniform(0.2, 1.0) if random.random() < (0.4 if dilated else 0.2) else 0.0
        _hollow(canvas, "bowel", canvas.tube(nodes, roughness=0.18), radius, inside, gas)
    for _ in range(int(random.integers(4, 16))):  # jejunum: up to spleen and left kidney, often without a lumen
        radius = random.uniform(6, 12)
        place = np.array((random.uniform(-0.85, 0.1) * wide, random.uniform(-45, 60), random.uniform(-60, 60)))
        shape, box = canvas.tube([(*(place + random.normal(0, 20, 3)), radius) for _ in range(3)], roughness=0.25)
        if random.random() < 0.6:
            canvas.paint("bowel wall", inside[box] & (shape < 1), box, only=_SOFT)
        else:
            _hollow(canvas, "bowel", (shape, box), radius, inside, 0.0)
