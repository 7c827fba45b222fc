"""Data sets in BIDS, the convention of neuroimaging: images in, derivatives out."""

from __future__ import annotations

from .dataset import BidsImage, dataset_description, find_images, participant_labels, read_filters
from .derivatives import Derivatives
from .group import write_group, write_group_page

__all__ = [
    "BidsImage",
    "Derivatives",
    "dataset_description",
    "find_images",
    "participant_labels",
    "read_filters",
    "write_group",
    "write_group_page",
]
