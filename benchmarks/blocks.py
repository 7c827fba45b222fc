"""What squeeze & excitation costs: blocks against the plain formula and others, and networks with and without.

    python benchmarks/blocks.py --json results/performance/blocks.json [--rounds 9] [--compile]

Ratios are paired, see ``interleaved.py``. Of a block the reference is a copy of its input: one read and one write.
Others are MONAI's ``ChannelSELayer``, and ``SCSEModule`` of segmentation_models.pytorch, whose formula is restated here
because that package needs torchvision. *kept* is what autograd keeps of a block, as a multiple of its input.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from interleaved import in_turn, write
from monai.networks.blocks import ChannelSELayer
from torch import nn
from tqdm import tqdm

from monai_scse.networks.blocks import ChannelSqueezeExcite, SpatialChannelSqueezeExcite
from monai_scse.networks.nets import SEUNet
from monai_scse.runtime import prepare_processor

SHAPES = {2: (4, 64, 160, 160), 3: (1, 32, 64, 96, 96)}
CHANNELS_LAST = {2: torch.channels_last, 3: torch.channels_last_3d}
NETWORKS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "brain bundle, 4 x 160 x 160": ({"in_channels": 5, "kernel_size": 3}, (4, 5, 160, 160)),
    "paper, 1 x 256 x 256": ({"in_channels": 1, "kernel_size": 5}, (1, 1, 256, 256)),
}


class PlainSCSE(nn.Module):
    """The formula as it is printed, with the weights of a block of ours."""

    def __init__(self, block: SpatialChannelSqueezeExcite) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        cse, sse = self.block.cse, self.block.sse
        z = x.mean(tuple(range(2, x.ndim)))
        channel = torch.sigmoid(cse.excite(torch.relu(cse.squeeze(z))))
        convolve = torch.nn.functional.conv2d if x.ndim == 4 else torch.nn.functional.conv3d
        spatial = torch.sigmoid(convolve(x, sse.squeeze.weight))
        return x * channel.view(*channel.shape, *[1] * (x.ndim - 2)) + x * spatial


class SMPFormula(nn.Module):
    """The formula of ``SCSEModule``: 1x1 convolutions on pooled values, with biases, reduction 16."""

    def __init__(self, spatial_dims: int, channels: int) -> None:
        super().__init__()
        convolution = nn.Conv2d if spatial_dims == 2 else nn.Conv3d
        pool = nn.AdaptiveAvgPool2d if spatial_dims == 2 else nn.AdaptiveAvgPool3d
        squeezed = channels // 16
        layers = (pool(1), convolution(channels, squeezed, 1), nn.ReLU(), convolution(squeezed, channels, 1))
        self.channel = nn.Sequential(*layers, nn.Sigmoid())
        self.spatial = nn.Sequential(convolution(channels, 1, 1), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.channel(x) + x * self.spatial(x)


def kept(module: nn.Module, x: torch.Tensor) -> float:
    """Bytes that autograd keeps, the parameters left out, divided by those of the input."""
    ours = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
    storages: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in ours:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = module(x.requires_grad_())  # keeps the graph, and with it the storages, alive
    return sum(storages.values()) / (x.numel() * x.element_size()) if output.requires_grad else 0.0


def forward(module: nn.Module, x: torch.Tensor, amp: bool) -> Callable[[], object]:
    """Forward pass."""

    def call() -> object:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=amp):
            return module(x)

    return call


def step(module: nn.Module, x: torch.Tensor, amp: bool) -> Callable[[], object]:
    """Forward and backward pass."""

    def call() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=amp):
            output = module(x)
        output.backward(torch.ones_like(output))

    return call


def block_rows(dims: int, dtype: torch.dtype, last: bool, rounds: int, compiled: bool) -> dict[str, Any]:
    """Forward, and forward and backward, of all blocks on one kind of input."""
    shape = SHAPES[dims]
    x = torch.rand(shape).to(dtype)
    x = x.to(memory_format=CHANNELS_LAST[dims]) if last else x
    copy, amp = torch.empty_like(x), dtype is torch.bfloat16
    ours = SpatialChannelSqueezeExcite(dims, shape[1])
    modules: dict[str, nn.Module] = {
        "scSE": ours,
        "scSE, plain formula": PlainSCSE(ours),
        "scSE, formula of SMP": SMPFormula(dims, shape[1]),
        "cSE": ChannelSqueezeExcite(dims, shape[1]),
        "cSE of MONAI": ChannelSELayer(dims, shape[1]),
    }
    what = f"{dims}D {str(dtype).removeprefix('torch.')} {'channels_last' if last else 'contiguous'}"
    floor = {"copy": lambda: copy.copy_(x)}
    # a module of others may not run in bfloat16 on its own: autocast as in a network
    calls = {name: forward(module, x, amp) for name, module in modules.items()}
    if compiled:
        calls["scSE, compiled"] = forward(torch.compile(ours), x, amp)
    rows = {f"{what}, forward": in_turn({**floor, **calls}, "copy", rounds)}
    if not compiled:
        y = x.clone(memory_format=torch.preserve_format).requires_grad_()
        steps = {name: step(module, y, amp) for name, module in modules.items()}
        rows[f"{what}, forward and backward"] = in_turn({**floor, **steps}, "copy", rounds)
        for name, module in modules.items():
            if dtype is torch.float32:
                rows[f"{what}, forward and backward"][name]["kept"] = round(kept(module, x.clone()), 2)
    return rows


def network_rows(rounds: int) -> dict[str, Any]:
    """Networks with scSE against the same without, forward and a step."""
    rows = {}
    for name, (options, shape) in NETWORKS.items():
        x = torch.rand(shape).to(memory_format=torch.channels_last)
        networks = {
            recal or "none": SEUNet(2, out_channels=28, recal=recal, **options).to(memory_format=torch.channels_last)
            for recal in (None, "cse", "scse")
        }
        for amp in (True, False):
            precision = "bfloat16" if amp else "float32"
            steps = {recal: step(network.train(), x, amp) for recal, network in networks.items()}
            rows[f"{name}, {precision}, forward and backward"] = in_turn(steps, "none", rounds)
            calls = {recal: forward(network.eval(), x, amp) for recal, network in networks.items()}
            rows[f"{name}, {precision}, forward"] = in_turn(calls, "none", 2 * rounds)
    return rows


def main() -> None:
    """Print the medians, and write all numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--compile", action="store_true", help="scSE with torch.compile too, in 2D")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    prepare_processor()
    rows = network_rows(options.rounds)
    kinds = [
        (dims, dtype, last) for dims in SHAPES for dtype in (torch.float32, torch.bfloat16) for last in (True, False)
    ]
    for dims, dtype, last in tqdm(kinds, desc="blocks"):
        rows |= block_rows(dims, dtype, last, options.rounds, compiled=False)
        if options.compile and last and dims == 2:
            rows |= {
                f"{name}, compiled": row for name, row in block_rows(dims, dtype, last, options.rounds, True).items()
            }
    flat = {
        f"{what}: {name}": {"ms": round(1000 * row.pop("seconds")["median"], 2), "ratio": row.pop("ratio"), **row}
        for what, ways in rows.items()
        for name, row in ways.items()
    }
    write(options.json, flat)


if __name__ == "__main__":
    main()
