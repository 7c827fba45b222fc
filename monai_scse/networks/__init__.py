"""Squeeze & excitation blocks, the factories that name them, and the networks of the paper."""

from __future__ import annotations
