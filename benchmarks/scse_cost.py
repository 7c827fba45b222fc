"""What scSE costs in the paper's U-Net: parameters, forward time, and memory kept for the backward pass.

Every figure is a ratio against the same network without recalibration, measured in one run, the two networks in turn.

    python benchmarks/scse_cost.py [--size 256] [--rounds 15] [--device cuda:0 --batch_size 16 --amp]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time

import torch
from tqdm import tqdm

from monai_scse.networks.blocks import SpatialChannelSqueezeExcite
from monai_scse.networks.nets import SEUNet


def _seconds(network: torch.nn.Module, image: torch.Tensor, amp: bool) -> float:
    wait = torch.cuda.synchronize if image.is_cuda else lambda: None
    wait()
    start = time.perf_counter()
    with torch.inference_mode(), torch.autocast(image.device.type, dtype=torch.bfloat16, enabled=amp):
        network(image)
    wait()
    return time.perf_counter() - start


def forward_ratio(args: argparse.Namespace) -> float:
    """Median over the rounds of the time with scSE divided by the time without, on channels_last input."""
    networks = [SEUNet(2, 1, 28, recal=recal).eval() for recal in (None, "scse")]
    networks = [network.to(args.device, memory_format=torch.channels_last) for network in networks]
    image = torch.rand(args.batch_size, 1, args.size, args.size, device=args.device)
    image = image.to(memory_format=torch.channels_last)
    for network in networks:
        _seconds(network, image, args.amp)
    ratios = []
    for _ in tqdm(range(args.rounds), desc="forward time"):
        bare, recalibrated = (_seconds(network, image, args.amp) for network in networks)
        ratios.append(recalibrated / bare)
    return statistics.median(ratios)


def saved_ratio(size: int) -> float:
    """Bytes that autograd keeps for one scSE block divided by the bytes of its input U."""
    block = SpatialChannelSqueezeExcite(2, 64)
    u = torch.rand(4, 64, size // 2, size // 2, requires_grad=True)
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = block(u)  # keeps the graph, and with it the storages, alive
    return sum(kept.values()) / (u.numel() * u.element_size()) if output.requires_grad else 0.0


def main() -> None:
    """Print the three ratios and their budgets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256, help="slice size in pixels")
    parser.add_argument("--rounds", type=int, default=15, help="timed pairs of forward passes")
    parser.add_argument("--device", default="cpu", help="where the forward pass is timed")
    parser.add_argument("--batch_size", type=int, default=1, help="slices in a forward pass")
    parser.add_argument("--amp", action="store_true", help="time the forward pass in bfloat16")
    args = parser.parse_args()
    parameters = [sum(p.numel() for p in SEUNet(2, 1, 28, recal=recal).parameters()) for recal in (None, "scse")]
    cpu = f"{platform.machine()}, {torch.get_num_threads()} threads"
    where = torch.cuda.get_device_name(args.device) if torch.device(args.device).type == "cuda" else cpu
    print(f"{where}, torch {torch.__version__}")
    print(f"parameters      +{100 * (parameters[1] / parameters[0] - 1):.2f} %  (budget 1.6 %)")
    print(f"forward time    +{100 * (forward_ratio(args) - 1):.1f} %  (budget 4 %)")
    print(f"saved memory    {saved_ratio(args.size):.3f} x U  (budget 1.1 x)")


if __name__ == "__main__":
    main()
