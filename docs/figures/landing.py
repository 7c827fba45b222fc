"""Cut the three pictures of the first page of the site out of those of the bundles and of the page on gates.

python docs/figures/landing.py [--output_dir docs]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
SIZE = (640, 420)
Box = tuple[int, int, int, int]
#: name: the picture, and the parts of it that are shown side by side: left, upper, right, lower
PARTS: dict[str, tuple[str, list[Box]]] = {
    "landing_brain": (
        "bundles/brain_mri_scse_segmentation/docs/icbm152_overlay.png",
        [(370, 388, 602, 590), (386, 686, 588, 936)],
    ),
    "landing_ct": (
        "bundles/wholebody_ct_scse_segmentation/docs/synthetic_ct_overlay.png",
        [(58, 394, 286, 700), (408, 394, 594, 700)],
    ),
    "landing_gates": ("docs/gate_maps.png", [(721, 50, 954, 283), (962, 50, 1195, 283)]),
}


def side_by_side(picture: Image.Image, boxes: list[Box]) -> Image.Image:
    """The parts, as large as fits on a black ground."""
    parts = [picture.crop(box) for box in boxes]
    scale = min(SIZE[1] / max(part.height for part in parts), SIZE[0] / sum(part.width for part in parts))
    parts = [part.resize((int(part.width * scale), int(part.height * scale))) for part in parts]
    ground, x = Image.new("RGB", SIZE), (SIZE[0] - sum(part.width for part in parts)) // 2
    for part in parts:
        ground.paste(part, (x, (SIZE[1] - part.height) // 2))
        x += part.width
    return ground


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output_dir", type=Path, default=Path(__file__).parents[1])
    folder = parser.parse_args().output_dir
    for name, (file, boxes) in PARTS.items():
        picture = side_by_side(Image.open(ROOT / file).convert("RGB"), boxes)
        picture.quantize(128).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
