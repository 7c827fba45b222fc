"""
Compare two segmentations
=========================

Dice, distance and volumes of each organ, for two segmentations of one scan.
"""

# %%
# A synthetic CT, whose organs are known, and the segmentation of the CT bundle.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import nibabel
import numpy as np
import pandas as pd

from monai_scse import segment
from monai_scse.labels import label_protocol
from monai_scse.reports import comparison_table
from monai_scse.synthetic.ct.torso import synthetic_ct

folder = Path(tempfile.mkdtemp())
torso = synthetic_ct(2018, spacing=(3, 3, 3), field_of_view="thorax and abdomen")
nibabel.save(nibabel.Nifti1Image(torso.image, torso.affine), folder / "ct.nii.gz")
result = segment(folder / "ct.nii.gz", "body", device="cpu")
found = result.save(folder, report=False)

truth = np.where(torso.labels < len(result.structures), torso.labels, 0)  # the organs of the bundle come first
nibabel.save(nibabel.Nifti1Image(truth, torso.affine), folder / "truth.nii.gz")

# %%
# The table is that of ``monai-scse compare``. Differences are second minus first.

protocol = label_protocol("classes", result.structures)
table = pd.DataFrame(comparison_table(folder / "truth.nii.gz", found, (protocol, protocol))).set_index("structure")
print(table[["dice", "hd95_mm", "volume_a_ml", "volume_b_ml", "difference_percent"]].round(2).to_string())

# %%
# Outlines on the slice with most kidney:

level = int(np.isin(truth, (3, 4)).sum(axis=(0, 1)).argmax())
classes = result.classes[0].numpy().astype(int)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained", width_ratios=[1.2, 1])
left.imshow(torso.image[:, :, level].T, cmap="gray", vmin=-200, vmax=300)
for segmentation, colour in ((truth, "#ffd166"), (classes, "#4cc9f0")):
    plane = segmentation[:, :, level].T
    for index in np.unique(plane)[1:]:
        left.contour(plane == index, levels=[0.5], colors=colour, linewidths=1.2)
left.set_title("known organs (yellow), found (blue)")
left.set_axis_off()
table["dice"].dropna().sort_values().plot.barh(ax=right, color="#1b6ca8")
right.set(xlabel="Dice", ylabel="", xlim=(0, 1))
plt.show()

# %%
# *Where both outlines meet, the segmentations agree. The scan is synthetic, as were those that the weights have learnt
# from: it says nothing about patients.*
