"""What surrounds a torso in the scanner: the table, sheets and clothes."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas

__all__ = ["cover_with_sheet", "lay_on_table"]


def lay_on_table(canvas: Canvas) -> None:
    """Put a table under the body, a plate or two shells, flat or curved, wherever the scan shows it."""
    random, x = canvas.random, canvas.axes[0][:, None]
    depth, radius, thick = random.uniform(2, 12), random.choice([np.inf, 900, 500]), random.uniform(2, 9)
    body = np.flatnonzero((canvas.labels > 0).any(axis=(0, 2)))
    back = float(canvas.axes[1][body[0]]) if body.size else -140.0
    surface = back - depth + x**2 / (2 * radius)
    below = surface - canvas.axes[1][None, :]
    half, hollow = random.uniform(190, 240), random.uniform(15, 80)
    if random.random() < 0.5:  # the shells meet at the sides
        hollow = hollow * np.sqrt(np.clip(1 - (x / half) ** 2, 0, 1))
    shell = ((below > 0) & (below < thick)) | ((below > hollow) & (below < hollow + thick))
    plate = shell & (np.abs(x) < half)
    canvas.paint("table", np.broadcast_to(plate[..., None], canvas.labels.shape), only=["background"])


def cover_with_sheet(canvas: Canvas) -> None:
    """Lay sheets or clothes, with air below them, over parts of the body."""
    from scipy.ndimage import maximum_filter

    body = canvas.labels > 0
    far = 2 * canvas.random.integers(1, 8) + 3  # voxels
    sheet = maximum_filter(body, (far, far, 1)) & ~maximum_filter(body, (far - 2, far - 2, 1))
    canvas.paint("table", sheet & (canvas.noise(90) > canvas.random.normal(0, 0.7)), only=["background"])
