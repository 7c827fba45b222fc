"""Draw samples of both generators of synthetic CT beside a slice of the real scan that one of them starts from.

    python docs/examples/synthetic_ct_picture.py --image CT --label LABELS --output docs/synthetic_ct.png

The page docs/synthetic_ct.md shows the example CT of TotalSegmentator.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib
import numpy as np

from monai_scse.synthetic.ct.anatomy import anatomy_ct, load_anatomy
from monai_scse.synthetic.ct.torso import synthetic_ct

matplotlib.use("Agg")
WINDOW = (-200, 300)
ABDOMINAL = (1, 2, 3, 4)  # liver, spleen, kidneys


def middle_of_organs(labels: np.ndarray) -> tuple[int, int]:
    """The slices of the second and the last axis with most voxels of liver, spleen and kidneys."""
    organs = np.isin(labels, ABDOMINAL)
    return int(organs.sum(axis=(0, 2)).argmax()), int(organs.sum(axis=(0, 1)).argmax())


def main() -> None:
    """Write the picture: a column a scan, above an axial and below a coronal slice."""
    from matplotlib import pyplot as plt
    from monai.transforms import LoadImage, Orientation, Spacing
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--label", type=Path, required=True, help="numbers of TotalSegmentator, version 2")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()

    anatomy = load_anatomy(options.image, options.label)
    image = LoadImage(image_only=True, ensure_channel_first=True)(options.image)
    real = Spacing(anatomy.spacing, mode="bilinear")(Orientation("LPS", labels=None)(image))[0].numpy()
    columns = [("real CT", real, anatomy.structures[::-1, ::-1])]
    for seed in (1, 2):
        scan = anatomy_ct(anatomy, seed)
        columns.append((f"its anatomy, seed {seed}", scan.image, scan.labels))
    for seed, sex in ((12, "male"), (14, "female"), (7, "male"), (21, "female")):
        scan = synthetic_ct(seed, field_of_view="whole torso", sex=sex)
        columns.append((f"torso, {sex}, seed {seed}", scan.image, scan.labels))

    figure, axes = plt.subplots(2, len(columns), figsize=(2.0 * len(columns), 5.4), facecolor="black")
    for (title, image, labels), (above, below) in zip(columns, axes.T):
        coronal, axial = middle_of_organs(labels)
        above.set_title(title, color="white", fontsize=9)
        for panel, plane in ((above, image[:, :, axial].T), (below, image[:, coronal].T[::-1])):
            panel.imshow(plane, cmap="gray", vmin=WINDOW[0], vmax=WINDOW[1])
            panel.axis("off")
    figure.tight_layout(pad=0.4)
    figure.savefig(options.output, dpi=75, facecolor="black")
    Image.open(options.output).convert("L").save(options.output, optimize=True)  # it is grey


if __name__ == "__main__":
    main()
