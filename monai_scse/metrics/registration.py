"""Rigid registration of two scans of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from monai.data import MetaTensor
from monai.data.itk_torch_bridge import metatensor_to_itk_image
from monai.transforms import CropForeground, ResampleToMatch

from ..runtime import InputError

__all__ = ["RigidMotion", "motion_corrected", "register_rigidly", "registered_correlation", "require_registration"]

_SWAP_RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class RigidMotion:
    """How the contents of one scan are turned and shifted in another.

    Args:
        matrix: (4, 4), from the place of a point in the first scan to its place in the second, in mm, RAS.
        rotation_deg: angles in degrees about the axes that point right, anterior and superior, in this order.
        translation_mm: how far the centre of mass of the first scan, its minimum without weight, moves to the right,
            anterior and superior, in mm.
    """

    matrix: np.ndarray
    rotation_deg: tuple[float, float, float]
    translation_mm: tuple[float, float, float]


def require_registration() -> None:
    """Check that ITK's registration is installed.

    Raises:
        InputError: when it is not.
    """
    import itk

    if "ImageRegistrationMethodv4" not in dir(itk):  # hasattr would load it, which takes seconds
        raise InputError("registration needs itk-registration; install it with: pip install itk-registration")


def _darkest(image: torch.Tensor) -> float:
    """The value of a dark background. A few voxels below it make no difference."""
    return float(np.percentile(image.numpy(), 0.5))


def _centre_of_mass(image: MetaTensor) -> np.ndarray:
    """Centre of mass in mm, LPS. The darkest voxels weigh nothing."""
    from scipy.ndimage import center_of_mass

    weights = (image[0].numpy() - _darkest(image)).clip(min=0)
    return (_SWAP_RAS_LPS @ image.affine.numpy() @ [*center_of_mass(weights), 1])[:3]


def register_rigidly(
    fixed: MetaTensor, moving: MetaTensor, resolutions_mm: Sequence[float] = (8, 4, 2), samples: int = 30_000
) -> RigidMotion:
    """Find the rotation and the translation that lay one scan over another.

    ITK maximises the mutual information of Mattes (32 bins) from coarse to fine, starting with the centres of mass on
    each other. The same two scans give the same result up to rounding.

    Reference: D. Mattes et al., "PET-CT image registration in the chest using free-form deformations", IEEE
    Transactions on Medical Imaging 22 (2003).

    Args:
        fixed: a scan, (1, x, y, z), on the CPU.
        moving: another scan of the same person, (1, x, y, z), on the CPU. Grids and voxel sizes may differ.
        resolutions_mm: voxel size in mm of each step. Voxels are never made smaller than they are.
        samples: largest number of voxels that a step compares.
    """
    import itk
    from scipy.spatial.transform import Rotation

    # the background would outweigh the rest, where a scan was padded most of all
    crop = CropForeground(lambda image: image > _darkest(image), margin=4, allow_smaller=True)
    fixed, moving = cast(MetaTensor, crop(fixed)), cast(MetaTensor, crop(moving))
    images = [metatensor_to_itk_image(image) for image in (fixed, moving)]
    kind = type(images[0])
    centre = _centre_of_mass(fixed)
    transform = itk.Euler3DTransform[itk.D].New(Center=centre, Translation=_centre_of_mass(moving) - centre)
    metric = itk.MattesMutualInformationImageToImageMetricv4[kind, kind].New(
        NumberOfHistogramBins=32, UseMovingImageGradientFilter=False, UseFixedImageGradientFilter=False
    )
    optimizer = itk.RegularStepGradientDescentOptimizerv4[itk.D].New(
        ScalesEstimator=itk.RegistrationParameterScalesFromPhysicalShift[type(metric)].New(Metric=metric),
        NumberOfIterations=100,
        MaximumStepSizeInPhysicalUnits=2.0,
        MinimumStepLength=0.005,
        RelaxationFactor=0.8,  # with a half, steps get small before the goal is reached
        ReturnBestParametersAndValue=True,
    )
    method = itk.ImageRegistrationMethodv4[kind, kind].New(
        FixedImage=images[0], MovingImage=images[1], Metric=metric, Optimizer=optimizer, InitialTransform=transform
    )
    factors = [[max(1, round(mm / size)) for size in fixed.pixdim.tolist()] for mm in resolutions_mm]
    method.SetNumberOfLevels(len(factors))
    for level, factor in enumerate(factors):
        method.SetShrinkFactorsPerDimension(level, factor)
    method.SetSmoothingSigmasPerLevel([mm / 2 for mm in resolutions_mm])
    method.SetMetricSamplingStrategy(itk.ImageRegistrationMethodv4Enums.MetricSamplingStrategy_REGULAR)
    method.SetMetricSamplingPercentagePerLevel(
        [min(1.0, samples * float(np.prod(factor)) / fixed.numel()) for factor in factors]
    )
    method.MetricSamplingReinitializeSeed(0)
    method.Update()
    transform.SetParameters(method.GetTransform().GetParameters())
    in_lps = np.eye(4)
    in_lps[:3, :3] = itk.array_from_matrix(transform.GetMatrix())
    in_lps[:3, 3] = list(transform.GetOffset())
    matrix = _SWAP_RAS_LPS @ in_lps @ _SWAP_RAS_LPS
    shift = _SWAP_RAS_LPS[:3, :3] @ list(transform.GetTranslation())
    angles = Rotation.from_matrix(matrix[:3, :3]).as_euler("xyz", degrees=True)
    return RigidMotion(matrix, tuple(angles.tolist()), tuple(shift.tolist()))


def motion_corrected(moving: MetaTensor, fixed: MetaTensor, motion: RigidMotion, mode: str) -> MetaTensor:
    """Resample a scan or its segmentation to the place and the grid of the scan that it was registered to.

    Args:
        moving: the volume, (1, x, y, z).
        fixed: a volume on the wanted grid, (1, x, y, z).
        motion: from ``fixed`` to ``moving``.
        mode: ``"bilinear"`` or, for class indices, ``"nearest"``.

    Returns:
        The volume as float32 on the grid of ``fixed``, 0 where ``moving`` does not reach.
    """
    affine = torch.as_tensor(np.linalg.inv(motion.matrix) @ moving.affine.numpy())
    repositioned = MetaTensor(moving.as_tensor(), affine=affine)
    moved = ResampleToMatch()(repositioned, fixed, mode=mode, padding_mode="zeros", dtype=np.float32)
    return cast(MetaTensor, moved)


def registered_correlation(fixed: MetaTensor, moving: MetaTensor, motion: RigidMotion) -> float:
    """Pearson's correlation of the intensities of two registered scans.

    Voxels count that both fields of view cover and that are above the minimum in either scan. A common dark background
    alone would correlate, too.

    Args:
        fixed: a scan, (1, x, y, z).
        moving: the scan that was registered to it, (1, x, y, z).
        motion: from ``fixed`` to ``moving``.
    """
    covered = motion_corrected(cast(MetaTensor, torch.ones_like(moving)), fixed, motion, mode="nearest") > 0
    moved = motion_corrected(moving, fixed, motion, mode="bilinear")
    counted = (covered & ((fixed > _darkest(fixed)) | (moved > _darkest(moving)))).numpy()
    return float(np.corrcoef(fixed.numpy()[counted], moved.numpy()[counted])[0, 1])
