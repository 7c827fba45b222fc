"""Squeeze & excitation: blocks, the factories that name them, the networks of the paper, any other network, gates."""

from __future__ import annotations

from .gate_recorder import SEGateRecorder
from .recalibration import recalibrate
from .recalibration_report import RecalibrationReport, RecalibrationRow, describe_recalibration

__all__ = ["RecalibrationReport", "RecalibrationRow", "SEGateRecorder", "describe_recalibration", "recalibrate"]
