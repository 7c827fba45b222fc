"""What a run tells of a segmented case: tables and pages."""

from __future__ import annotations

from .volume_table import volume_table

__all__ = ["volume_table"]
