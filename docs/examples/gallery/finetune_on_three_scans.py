"""
Fine-tune the brain bundle on three scans
=========================================

Three labelled scans of another contrast are enough to show what fine-tuning does.
"""

# %%
# The scans are generated: the ICBM 152 template, deformed four times, with a flat and noisy contrast that the
# weights have not seen. Their labels are the bundle's segmentation of the template, deformed likewise. A slab of 24
# coronal slices keeps the script short. Of your scans, ``data/images`` and ``data/labels`` hold the same file names.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import nibabel
import numpy as np
import pandas as pd
from monai.transforms import Rand3DElasticd
from nilearn.datasets import load_mni152_template

from monai_scse import segment
from monai_scse.cli import main as monai_scse

EPOCHS = 3
folder = Path(tempfile.mkdtemp())
template = folder / "template.nii.gz"
load_mni152_template(resolution=1).to_filename(template)
classes = segment(template, "brain", device="cpu").classes[0].numpy()
brain = nibabel.load(template).get_fdata()
slab = (slice(None), slice(108, 132), slice(None))
brain, classes = brain[slab] / brain.max(), classes[slab]
affine = nibabel.load(template).slicer[slab].affine

deform = Rand3DElasticd(
    ["images", "labels"],
    (5, 7),
    (60, 120),
    prob=1.0,
    rotate_range=0.1,
    scale_range=0.06,
    mode=["bilinear", "nearest"],
    padding_mode="zeros",
).set_random_state(0)
noise = np.random.default_rng(0)
for case in range(4):
    part = "test" if case == 3 else "data"
    deformed = deform({"images": brain[None], "labels": classes[None]})
    image, label = (deformed[name][0].numpy() for name in ("images", "labels"))
    image = np.where(image > 0.05, image**0.35 + noise.normal(0, 0.05, image.shape), 0)
    for name, volume in (("images", image.astype(np.float32)), ("labels", label.astype(np.uint8))):
        (folder / part / name).mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(volume, affine), folder / part / name / f"scan{case}.nii.gz")

# %%
# Before: the weights of the bundle on the fourth scan. The call is what a shell calls
# ``monai-scse evaluate brain test -o before --set label_protocol=classes``.

PROTOCOL = ["--set", "label_protocol=classes", "--device", "cpu"]


def call(*words: str | Path) -> None:
    """Run a command as a shell does."""
    monai_scse([str(word) for word in words], standalone_mode=False)


call("evaluate", "brain", folder / "test", "-o", folder / "before", *PROTOCOL)

# %%
# Fine-tune on three scans, from the weights of the bundle.

options = ["--config", "finetune.yaml", "--set", f"epochs={EPOCHS}", "--set", "validation_cases=0"]
call("train", "brain", folder / "data", "-o", folder / "finetuned", *options, *PROTOCOL)

# %%
# After:

weights = folder / "finetuned/model.pt"
call("evaluate", "brain", folder / "test", "-o", folder / "after", "--weights", weights, *PROTOCOL)

# %%
# The Dice of each structure, before and after:

tables = {when: pd.read_csv(folder / when / "summary.csv", index_col="structure") for when in ("before", "after")}
scores = pd.DataFrame({when: table["dice_mean"] for when, table in tables.items()}).dropna()
print(scores.mean().round(3).to_string())

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5), layout="constrained", width_ratios=[1, 1.6])
left.imshow(image[:, 12].T, cmap="gray", origin="lower")
left.set_title("a slice of the test scan")
left.set_axis_off()
pairs = scores[scores.index.str.startswith("left ")].rename(index=lambda name: name.removeprefix("left "))
pairs.sort_values("after").plot.barh(ax=right, color=["#8a929b", "#1b6ca8"], width=0.8)
right.set(title="structures of the left side", xlabel="Dice", ylabel="", xlim=(0, 1))
plt.show()

# %%
# *Grey bars: the weights of the bundle. Blue bars: fine-tuned for three epochs.*
#
# Generated scans are more alike than people are. :doc:`/docs/train` says what to expect of real ones.
