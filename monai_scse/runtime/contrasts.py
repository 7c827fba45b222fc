"""The weights that a contrast of MRI asks for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from .errors import InputError

__all__ = ["CONTRASTS", "contrast_configs"]

#: Weights for T1, weights for any contrast, and those for T1 where the scan looks like it.
CONTRASTS = ("t1", "any", "auto")


def contrast_configs(task: str, contrast: str | None) -> tuple[list[str], dict[str, Any]]:
    """The configs of a bundle, and the entries, that segment scans of a contrast.

    Args:
        task: ``"brain"`` or ``"body"``.
        contrast: one of :data:`CONTRASTS`. None is ``"t1"`` of brains, and all there is of bodies.

    Raises:
        InputError: when there is no such contrast, or the task has no contrasts.

    Example:
        >>> contrast_configs("brain", "auto")
        (['any_contrast_inference.yaml'], {'contrast': 'auto'})
    """
    if contrast is None:
        return [], {}
    if contrast not in CONTRASTS:
        nearest = get_close_matches(str(contrast).lower(), CONTRASTS, n=1, cutoff=0.6)
        cure = f"did you mean {nearest[0]}?" if nearest else "take any for what is no T1."
        raise InputError(f"contrast must be one of {', '.join(CONTRASTS)}, got {contrast!r}; {cure}")
    if task != "brain":
        raise InputError("contrast works with brain only; leave it out.")
    return ([], {}) if contrast == "t1" else (["any_contrast_inference.yaml"], {"contrast": contrast})
