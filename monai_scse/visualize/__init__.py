"""Pictures of segmentations and gates."""

from __future__ import annotations

from .gate_maps import save_gate_maps
from .overlay import display_window, save_overlay

__all__ = [
    "display_window",
    "save_gate_maps",
    "save_overlay",
]
