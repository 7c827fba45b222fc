"""The hollow organs of a torso: stomach, duodenum, colon and small bowel, with their content and gas."""

from __future__ import annotations

import numpy as np

from .canvas import SOFT, Box, Canvas
from .frame import Frame
from .measures import Person
from .tables import COLON, DUODENUM, STOMACH, of_person

__all__ = ["paint_bowel", "paint_stomach"]


def _hollow(
    canvas: Canvas,
    organ: str,
    shape: tuple[np.ndarray, Box],
    radius: float,
    allowed: np.ndarray,
    gas: float,
    stool: np.ndarray | None = None,
) -> None:
    """An organ with a wall and a content. Gas fills a share of its depth from the front, and bubbles in stool."""
    distance, box = shape
    free = allowed[box] & canvas.is_one_of(SOFT, box)
    canvas.paint(f"{organ} wall", free & (distance < 1), box)
    lumen = free & (distance < 1 - 3.0 / radius)
    canvas.paint(f"{organ} content", lumen, box)
    if stool is not None:
        canvas.paint("gas", lumen & stool[box], box)
    if gas > 0 and lumen.any():
        low, high = np.quantile(canvas.y[box][lumen], (0, 1))
        canvas.paint("gas", lumen & (canvas.y[box] > high - gas * (high - low)), box)


def paint_stomach(canvas: Canvas, person: Person, inside: np.ndarray, top: float) -> None:
    """Paint stomach and duodenum.

    Args:
        canvas: with all solid organs but the pancreas.
        person: whose stomach it is.
        inside: where organs of the belly may be.
        top: height of the top of the diaphragm in mm.
    """
    size = (max(person.measures["stomach_ml"], 90) / 400) ** (1 / 3)
    nodes = [
        (canvas.jitter(x, 10), canvas.jitter(y, 9), canvas.jitter(top - below, 8), radius * size)
        for x, y, below, radius in STOMACH
    ]
    gas = canvas.random.choice([0, 0.15, 0.35, 0.6], p=[0.15, 0.35, 0.35, 0.15])
    _hollow(canvas, "stomach", canvas.tube(nodes, roughness=0.08), 26 * size, inside, gas)
    x, y, below, radius = STOMACH[-1]
    nodes = [(x, y, top - below, radius), *DUODENUM]
    _hollow(canvas, "bowel", canvas.tube(nodes, roughness=0.15), 12, inside, 0.0)  # duodenum


def paint_bowel(canvas: Canvas, inside: np.ndarray, frame: Frame) -> None:
    """Paint colon and small bowel.

    Args:
        canvas: with all other organs.
        inside: where organs of the belly may be.
        frame: says how wide the belly is.
    """
    random, jitter = canvas.random, canvas.jitter
    wide = 0.72 * frame.half_width_at(-72)
    middle, right, left = jitter(-65, 28), jitter(-50, 18), jitter(0, 25)
    sizes = {"belly": wide, "middle": middle, "right flexure": right, "left flexure": left}
    fullness = max(jitter(1.15, 0.2), 0.7)
    bubbles = canvas.noise(7) > random.uniform(0.7, 1.3)
    for part in COLON:
        nodes = [
            (jitter(x, 6), jitter(y, 6), jitter(z, 5), radius * fullness) for x, y, z, radius in of_person(part, sizes)
        ]
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
            canvas.paint("bowel wall", inside[box] & (shape < 1), box, only=SOFT)
        else:
            _hollow(canvas, "bowel", (shape, box), radius, inside, 0.0)
