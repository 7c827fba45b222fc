"""
Recalibrate SegResNet and train it for a minute
===============================================

MONAI's SegResNet gets scSE blocks by one line, and learns six organs from synthetic CT.
"""

# %%
# Six torsos of six persons, in voxels of 4 mm. Five train, the last one tests. Labels 1 to 6 are liver, spleen, kidneys
# and lungs.

import matplotlib.pyplot as plt
import numpy as np
import torch
from monai.losses import DiceCELoss
from monai.networks.nets import SegResNet
from monai.transforms import RandAffined, ResizeWithPadOrCrop, ScaleIntensityRange
from monai.utils import set_determinism

from monai_scse import describe_recalibration, recalibrate
from monai_scse.metrics import score_structures
from monai_scse.synthetic.ct.structures import SYNTHETIC_STRUCTURES
from monai_scse.synthetic.ct.torso import synthetic_ct

STEPS = 150  # about a minute on two cores
ORGANS = SYNTHETIC_STRUCTURES[:7]

set_determinism(0)
fit = ResizeWithPadOrCrop((128, 112, -1))
window = ScaleIntensityRange(-200, 300, 0, 1, clip=True)
scans = []
for seed in range(1, 7):
    torso = synthetic_ct(seed, spacing=(4, 4, 4), field_of_view="thorax and abdomen")
    labels = np.where(torso.labels < len(ORGANS), torso.labels, 0)
    image, label = (volume[None].astype(np.float32) for volume in (torso.image, labels))
    scans.append((fit(window(image)).as_tensor(), fit(label).as_tensor()))
images, labels = (torch.cat([volume[0].permute(2, 0, 1)[:, None] for volume in kind]) for kind in zip(*scans[:5]))
print(f"{len(images)} slices of {images.shape[2]} x {images.shape[3]} voxels")

# %%
# One line puts a block after each encoder and each decoder block. The report names them.

network = SegResNet(spatial_dims=2, out_channels=len(ORGANS), init_filters=16)
network = recalibrate(network, "scse")
print(describe_recalibration(network))

# %%
# A plain training loop of ``STEPS`` steps.

augment = RandAffined(
    ["image", "label"],
    prob=1.0,
    rotate_range=0.2,
    scale_range=(0.15, 0.15),
    mode=["bilinear", "nearest"],
    padding_mode="zeros",
)
loss_function = DiceCELoss(to_onehot_y=True, softmax=True, batch=True)
optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
losses = []
for _ in range(STEPS):
    drawn = [augment({"image": images[i], "label": labels[i]}) for i in torch.randint(len(images), (8,))]
    image, label = (torch.stack([slices[key].as_tensor() for slices in drawn]) for key in ("image", "label"))
    loss = loss_function(network(image), label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(f"loss of the last step: {losses[-1]:.3f}")

# %%
# The torso that the network has not seen:

network.eval()
image, truth = (volume[0].permute(2, 0, 1) for volume in scans[-1])
with torch.no_grad():
    found = torch.cat([network(image[i : i + 1, None]).argmax(1) for i in range(len(image))])
scores = score_structures(found.numpy(), truth.numpy().astype(int), len(ORGANS), (4, 4, 4))
for score in scores:
    print(f"{ORGANS[score.index]:<14} Dice {score.dice:.3f}")

figure, (curve, *panels) = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained")
curve.plot(losses, color="#1b6ca8", linewidth=1)
curve.set(title="training", xlabel="step", ylabel="loss")
level = int((truth > 0).flatten(1).sum(dim=1).argmax())
for panel, title, classes in zip(panels, ("CT", "its organs", "found"), (None, truth, found)):
    panel.imshow(image[level].T, cmap="gray")
    if classes is not None:
        organs = np.ma.masked_equal(classes[level].T.numpy(), 0)
        panel.imshow(organs, cmap="Set1", vmin=1, vmax=9, alpha=0.7, interpolation="nearest")
    panel.set_title(title)
    panel.set_axis_off()
plt.show()

# %%
# *Left the loss of each step. Right a slice of the test torso, its organs, and what the network finds after a minute.*
#
# A minute is enough for air in a lung. The other organs need a longer training, with more torsos. A minute is no
# comparison of blocks either: :doc:`/docs/when_to_recalibrate` says what they bring.
