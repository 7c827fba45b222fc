"""The table of the recalibration blocks of a network: where they are, and how many parameters they add."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from .attachment import CHILD, MARK, attached, built_in

__all__ = ["RecalibrationReport", "RecalibrationRow", "describe_recalibration"]


@dataclass(frozen=True)
class RecalibrationRow:
    """One block in a network.

    Args:
        site: name of the module that the block follows.
        block: class of the block.
        channels: number of channels of the feature map, 0 when the block does not say.
        parameters: number of parameters of the block.
        share: of all parameters of the network, 0 to 1.
    """

    site: str
    block: str
    channels: int
    parameters: int
    share: float


@dataclass(frozen=True)
class RecalibrationReport:
    """The recalibration blocks of a network, printed as a table.

    Args:
        rows: one for each block, in the order of the network.
        parameters: number of parameters of the network, blocks included.
    """

    rows: tuple[RecalibrationRow, ...]
    parameters: int

    @property
    def added(self) -> int:
        """Number of parameters of all blocks."""
        return sum(row.parameters for row in self.rows)

    def __str__(self) -> str:
        width = max([len(row.site) for row in self.rows] + [len("all blocks")])
        lines = [f"{'site':<{width}}  {'block':<28}{'channels':>8}{'parameters':>12}{'share':>8}"]
        for row in self.rows:
            lines.append(f"{row.site:<{width}}  {row.block:<28}{row.channels:>8}{row.parameters:>12,}{row.share:>8.2%}")
        share = self.added / max(self.parameters, 1)
        lines.append(f"{'all blocks':<{width}}  {'':<28}{'':>8}{self.added:>12,}{share:>8.2%}")
        return "\n".join(lines)


def _input_channels(block: nn.Module) -> int:
    sizes = (getattr(module, "in_channels", getattr(module, "in_features", None)) for module in block.modules())
    return next((size for size in sizes if size is not None), 0)


def describe_recalibration(network: nn.Module) -> RecalibrationReport:
    """List the recalibration blocks of a network, with the parameters that they add.

    It takes any network, also those of this package.

    Example:
        >>> from monai.networks.nets import UNet
        >>> from monai_scse import recalibrate
        >>> network = UNet(2, 1, 2, channels=(8, 16, 32), strides=(2, 2), num_res_units=2)
        >>> print(describe_recalibration(recalibrate(network)))
        site                 block                       channels  parameters   share
        model.0              SpatialChannelSqueezeExcite        8          72   0.29%
        model.1.submodule.0  SpatialChannelSqueezeExcite       16         272   1.10%
        model.1.submodule.2  SpatialChannelSqueezeExcite        8          72   0.29%
        all blocks                                                        416   1.69%
    """
    total = sum(parameter.numel() for parameter in network.parameters())
    sites = attached(network) | built_in(network)
    rows = []
    for site, module in network.named_modules():
        if site in sites:
            block = module.get_submodule(CHILD)
            own = sum(parameter.numel() for parameter in block.parameters())
            channels = getattr(module, MARK, _input_channels(block))
            rows.append(RecalibrationRow(site, type(block).__name__, channels, own, own / max(total, 1)))
    return RecalibrationReport(tuple(rows), total)
