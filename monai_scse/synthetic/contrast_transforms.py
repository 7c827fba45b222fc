"""Images of any contrast from label maps."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import MapTransform, Randomizable

from ..runtime.arguments import check_number
from .contrast import TISSUE_COUNT, tissue_contrast

__all__ = ["RandContrastd"]


class RandContrastd(Randomizable, MapTransform):
    """Draw an image from a label map: a Gaussian for each tissue, of :func:`.contrast.tissue_contrast`.

    All keys of a sample share the contrast. MONAI has no transform that does this.

    Args:
        keys: slabs or volumes of tissue numbers, of any shape. They become float32.
        sample_key: tissue numbers of some voxels of the whole brain and what is around it, negative outside the
            brain. The image is scaled by their percentile ``upper``, as a whole scan is before its slices are
            segmented. It is dropped. None to scale by the image itself.
        upper: percentile that becomes 1.
        like_brain: see :func:`.contrast.tissue_contrast`.
        like_t1: see there.
        dark_air: see there.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        ValueError: when a number is no tissue.

    Example:
        >>> numbers = torch.tensor([[[2, 41, 3, 42]]])
        >>> image = RandContrastd("image").set_random_state(0)({"image": numbers})["image"]
        >>> image.dtype, image.shape
        (torch.float32, torch.Size([1, 1, 4]))
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        sample_key: str | None = None,
        upper: float = 99.5,
        like_brain: float = 0.6,
        like_t1: float = 0.4,
        dark_air: float = 0.5,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        check_number("upper", upper, 0, 100, above=True)
        check_number("like_brain", like_brain, 0, 1)
        check_number("like_t1", like_t1, 0, 1)
        check_number("dark_air", dark_air, 0, 1)
        self.sample_key = sample_key
        self.upper = upper
        self.like_brain = like_brain
        self.like_t1 = like_t1
        self.dark_air = dark_air

    def randomize(self, data: Any = None) -> None:
        mean, deviation = tissue_contrast(self.R, self.like_brain, self.like_t1, self.dark_air)
        # the last entry, of all negative numbers, is the background
        self._mean = torch.from_numpy(np.append(mean, np.float32(0)))
        self._deviation = torch.from_numpy(np.append(deviation, np.float32(0)))
        self._seed = int(self.R.randint(2**31))

    def _draw(self, numbers: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        index = numbers.to(torch.int32).flatten()
        lowest, highest = int(index.min()), int(index.max())
        if highest >= TISSUE_COUNT:
            raise ValueError(f"tissue numbers must be below {TISSUE_COUNT}, got {highest}.")
        if lowest < 0:
            index = torch.where(index < 0, TISSUE_COUNT, index)
        noise = torch.randn(index.shape, generator=generator)
        return noise.mul_(self._deviation[index]).add_(self._mean[index]).view(numbers.shape)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize()
        drawn = dict(data)
        generator = torch.Generator().manual_seed(self._seed)
        bright = None
        if self.sample_key is not None:
            sample = self._draw(torch.as_tensor(drawn.pop(self.sample_key)).as_subclass(torch.Tensor), generator)
            bright = np.percentile(sample.numpy(), self.upper)
        for key in self.key_iterator(data):
            image = self._draw(torch.as_tensor(data[key]).as_subclass(torch.Tensor), generator)
            drawn[key] = image / float(np.percentile(image.numpy(), self.upper) if bright is None else bright)
        return drawn
