"""Noise and tissues of drawn CTs beside those of real scans: a figure of curves, and their numbers.

    OMP_NUM_THREADS=1 python benchmarks/ct_noise.py --image CT --label LABELS --scans SCAN ... --output results/ct_noise

All are compared at the 3 mm of the bundle. The noise power spectrum is that of slices of even soft tissue, less their
mean: J. H. Siewerdsen et al., A framework for noise-power spectrum analysis, Medical Physics 29 (2002) 2655-2671.
Tissues are found by the smoothed image alone, away from their borders, as in scans without labels.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas
from scipy import ndimage
from tqdm import tqdm

from monai_scse.synthetic.ct.anatomy import anatomy_ct, load_anatomy
from monai_scse.synthetic.ct.torso import synthetic_ct

STEP, PATCH = 3.0, 12  # mm, voxels
TISSUES = {"air": (-1100, -900), "lung": (-900, -600), "fat": (-130, -60), "soft tissue": (10, 150), "bone": (180, 900)}
PATCHES = 60  # the most even ones of a scan


def read(file: Path) -> np.ndarray:
    """A scan at 3 mm, as the bundle prepares it."""
    from monai.transforms import LoadImage, Orientation, Spacing

    from monai_scse.transforms import AntiAliasd

    image = Orientation("RAS", labels=None)(LoadImage(image_only=True, ensure_channel_first=True)(file))
    image = AntiAliasd("image", (STEP,) * 3)({"image": image})["image"]
    return Spacing((STEP,) * 3, mode="bilinear")(image)[0].numpy()


def power(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Radial mean of the noise power spectrum in HU2 mm2 at frequencies in 1/mm."""
    patches = []
    for index in range(0, image.shape[2], 2):
        plane = image[: image.shape[0] // PATCH * PATCH, : image.shape[1] // PATCH * PATCH, index]
        tiles = plane.reshape(plane.shape[0] // PATCH, PATCH, -1, PATCH).swapaxes(1, 2).reshape(-1, PATCH, PATCH)
        mean = tiles.mean(axis=(1, 2))
        patches.append(tiles[(mean > 10) & (mean < 200)])
    tiles = np.concatenate(patches)
    tiles = tiles[np.argsort(tiles.std(axis=(1, 2)))[:PATCHES]]
    x, y = (part.ravel() - (PATCH - 1) / 2 for part in np.indices((PATCH, PATCH)))
    surface = np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=1)  # slow changes are no noise
    flat = tiles.reshape(len(tiles), -1).T
    noise = (flat - surface @ np.linalg.lstsq(surface, flat, rcond=None)[0]).T.reshape(tiles.shape)
    spectrum = (np.abs(np.fft.fft2(noise)) ** 2).mean(axis=0) * STEP**2 / PATCH**2
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(PATCH, STEP)] * 2))
    rings = np.rint(frequency * PATCH * STEP).astype(int)
    kept = range(1, PATCH // 2 + 1)
    return np.array(kept) / (PATCH * STEP), np.array([spectrum[rings == ring].mean() for ring in kept])


def tissues(image: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The voxels of each tissue."""
    smooth = ndimage.gaussian_filter(image, 1.0)
    for name, (low, high) in TISSUES.items():
        inside = (smooth > low) & (smooth < high)
        values = image[ndimage.binary_erosion(inside, iterations=1 if name == "bone" else 2)]
        if values.size > 500:
            yield name, values


def main() -> None:
    """Write OUTPUT.png and OUTPUT.csv."""
    from matplotlib import pyplot as plt

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--label", type=Path, required=True, help="numbers of TotalSegmentator, version 2")
    parser.add_argument("--scans", type=Path, nargs="+", required=True, help="real scans, labelled or not")
    parser.add_argument("--cases", type=int, default=6, help="drawn CTs of each generator")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    anatomy = load_anatomy(options.image, options.label)

    def scans() -> Iterator[tuple[str, str, np.ndarray]]:
        for file in (options.image, *options.scans):
            yield "real", file.name.removesuffix(".gz").removesuffix(".nii"), read(file)
        for seed in range(options.cases):
            yield "drawn", f"torso {seed}", synthetic_ct(seed).image.astype(np.float32)
            yield "drawn", f"anatomy {seed}", anatomy_ct(anatomy, seed).image.astype(np.float32)

    figure, axes = plt.subplots(1, len(TISSUES) + 1, figsize=(18, 3.2))
    rows = []
    for kind, name, image in tqdm(scans(), total=1 + len(options.scans) + 2 * options.cases):
        colour = {"real": "tab:red", "drawn": "tab:blue"}[kind]
        look = {"color": colour, "lw": 1.6 if kind == "real" else 0.8, "alpha": 0.8}
        frequency, spectrum = power(image)
        axes[0].semilogy(frequency, spectrum, **look)
        row = {"kind": kind, "scan": name, "noise HU": np.sqrt(spectrum.mean()) / STEP}
        row["middle frequency"] = (frequency * spectrum).sum() / spectrum.sum()
        found = dict(tissues(image))
        for panel, tissue in zip(axes[1:], TISSUES):
            values = found.get(tissue)
            if values is None:
                continue
            low, high = TISSUES[tissue]
            width = max((high - low) // 50, 2)  # whole Hounsfield units, since drawn CTs have no others
            shares, edges = np.histogram(np.rint(values), np.arange(low, high + 1, width) - 0.5, density=True)
            panel.plot((edges[1:] + edges[:-1]) / 2, shares, **look)
            row[f"{tissue} median"] = np.median(values)
            row[f"{tissue} deviation"] = values.std()
        rows.append(row)
    for panel, title in zip(axes, ("noise power, HU$^2$ mm$^2$, by 1/mm", *(f"{name}, HU" for name in TISSUES))):
        panel.set_title(title, fontsize=9)
        panel.tick_params(labelsize=7)
    figure.suptitle("red: real scans, blue: drawn", fontsize=9)
    figure.tight_layout()
    figure.savefig(options.output.with_suffix(".png"), dpi=70)
    pandas.DataFrame(rows).round(4).to_csv(options.output.with_suffix(".csv"), index=False)


if __name__ == "__main__":
    main()
