"""Squeeze & excitation blocks, the factories that name them, the networks of the paper, and a look at their gates."""

from __future__ import annotations

from .gate_recorder import SEGateRecorder

__all__ = ["SEGateRecorder"]
