"""The great vessels of a torso: aorta, vena cava, iliac, mesenteric and portal vessels."""

from __future__ import annotations

from .canvas import Canvas, Node
from .measures import Person
from .skeleton import spine_y
from .tables import AORTIC_ARCH, ILIAC, of_person

__all__ = ["paint_great_vessels"]


def paint_great_vessels(canvas: Canvas, person: Person) -> None:
    """Paint aorta, vena cava, iliac, mesenteric and portal vessels."""
    measures, jitter = person.measures, canvas.jitter
    ascending, descending, infrarenal, lower = (
        measures[f"{part}_aorta_mm"] / 2 for part in ("ascending", "descending", "infrarenal", "lower")
    )

    def before(z: float, distance: float) -> float:
        return float(spine_y(z)) + measures["vertebra_length_mm"] / 2 + distance

    aside, in_chest, ahead = jitter(-12, 4), jitter(-13, 5), jitter(-7, 5)
    down: list[Node] = [(aside + in_chest, before(205, ahead), 205, descending)]
    down += [(jitter(aside + in_chest, 3), before(z, jitter(ahead, 3)), z, descending) for z in (150, 95)]
    down += [(aside + in_chest / 3, before(40, jitter(1, 3)), 40, (descending + infrarenal) / 2)]
    down += [(jitter(aside, 5), before(z, jitter(6, 3)), z, size) for z, size in ((-25, infrarenal), (-100, lower))]
    arch = of_person(AORTIC_ARCH, {"ascending": ascending, "descending": descending})
    for nodes in (down, [*arch, down[0]]):
        distance, box = canvas.tube(nodes, roughness=0.04)
        canvas.paint("aorta", distance < 1, box)
    cava: list[Node] = [(28, 2, 200, 9), (28, -2, 120, 10), (24, -14, 70, 11), (22, before(20, 10), 20, 12)]
    cava += [(jitter(18, 2), before(z, 6), z, jitter(10.5, 1.2)) for z in (-40, -104)]
    distance, box = canvas.tube(cava)
    canvas.paint("inferior vena cava", distance < 1, box, only=("visceral fat", "liver", "muscle"))
    for side in (-1, 1):
        for name, start, x, size in (("arteries", aside, 4, 5.5), ("inferior vena cava", 16, 0, 7)):
            shift = -10 if name == "inferior vena cava" else 0
            iliac: list[Node] = [
                (start, before(-100, 5), -100, size + 1),
                (side * 34 + x, before(-150, 8) + shift, -150, size),
                *((side * x, y + share * shift, z, size) for x, y, share, z in ILIAC),
            ]
            distance, box = canvas.tube([(jitter(a, 2), b, c, r) for a, b, c, r in iliac])
            canvas.paint(name, distance < 1, box, only=("visceral fat", "muscle", "subcutaneous fat"))
    stem = before(-15, 22)
    branches: tuple[tuple[str, list[Node]], ...] = (
        ("arteries", [(aside, stem - 14, -6, 4), (aside + 4, stem + 4, -40, 4), (5, stem + 14, -120, 3)]),
        ("inferior vena cava", [(6, stem + 8, -110, 5), (8, stem, -30, 7), (16, 4, 0, 7.5), (34, 0, 22, 6)]),  # portal
        ("inferior vena cava", [(8, stem, -26, 5), (-40, -8, -8, 5), (-84, -30, 14, 4)]),  # splenic vein
    )
    for name, branch in branches:
        distance, box = canvas.tube(branch)
        canvas.paint(name, distance < 1, box, only=("visceral fat", "liver"))
