"""
A block on a slice, with its gates
==================================

One trained scSE block, taken out of the brain bundle: what goes in, its gates, and what comes out.
"""

# %%
# The scan is the ICBM 152 template, which nilearn carries. The bundle's preprocessing makes slabs of five slices of it.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from nilearn.datasets import load_mni152_template

from monai_scse import SEGateRecorder
from monai_scse.runtime import BundleRun, read_weights

scan = Path(tempfile.mkdtemp()) / "icbm152_t1.nii.gz"
load_mni152_template(resolution=1).to_filename(scan)
bundle = BundleRun("brain", ["inference.json"], {"dataset_dir": str(scan), "device": "cpu"}).parser()
network = bundle.get_parsed_content("network").eval()
path, hint = (bundle.get_parsed_content(name) for name in ("ckpt_path", "ckpt_hint"))
network.load_state_dict(read_weights(path, network, hint))
slabs = bundle.get_parsed_content("dataset")[0]["image"].as_tensor()  # (5, x, y, z)
slab = slabs[:, :, slabs.shape[2] // 2]

# %%
# A hook keeps the feature maps before and behind the block of the second encoder level.
# :class:`~monai_scse.networks.SEGateRecorder` keeps the gates.

BLOCK = "encoders.1.recal"
maps = {}
block = network.get_submodule(BLOCK)
block.register_forward_hook(lambda module, inputs, output: maps.update(before=inputs[0][0], behind=output[0]))
with SEGateRecorder(network) as gates, torch.no_grad():
    network(slab[None])
channel_gates = gates.channel[BLOCK][-1][0]  # cSE: a gate for each of 64 channels
spatial_gate = gates.spatial[BLOCK][-1][0, 0]  # sSE: a gate for each position
print(f"channel gates: {channel_gates.min():.2f} to {channel_gates.max():.2f}")
print(f"spatial gate:  {spatial_gate.min():.2f} to {spatial_gate.max():.2f}")

# %%
# scSE multiplies each map by the sum of both gates: its channel's, and its position's.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
left.imshow(slab[2].T, cmap="gray", origin="lower")
left.set_title("coronal slice")
middle.bar(range(len(channel_gates)), channel_gates.sort(descending=True).values, color="#1b6ca8", width=1)
middle.set(title="cSE: gates of the channels, sorted", xlabel="channel", ylabel="gate", ylim=(0, 1))
shown = right.imshow(spatial_gate.T, cmap="inferno", origin="lower", vmin=0, vmax=1)
right.set_title("sSE: gate of each position")
figure.colorbar(shown, ax=right, shrink=0.8)
for panel in (left, right):
    panel.set_axis_off()

# %%
# *Channels differ in their gates. The spatial gate opens for tissue and closes for the ventricles.*
#
# Three channels before and behind the block: that with the widest open gate, one in the middle, and that with the
# most closed one.

order = channel_gates.argsort(descending=True)
figure, panels = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
for column, channel in zip(panels.T, order[[0, len(order) // 2, -1]]):
    limit = maps["before"][channel].abs().max()
    for panel, when in zip(column, ("before", "behind")):
        panel.imshow(maps[when][channel].T.float(), cmap="RdBu_r", origin="lower", vmin=-limit, vmax=limit)
        panel.set_title(f"{when} the block\nchannel {channel}, gate {channel_gates[channel]:.2f}", fontsize=9)
        panel.set_axis_off()
plt.show()

# %%
# *Both rows share a scale. A channel with a closed gate keeps what the spatial gate lets through.*
