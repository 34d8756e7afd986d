"""What the conformance suite runs the loader on: a few white light curves with labels and a catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["light_curves"]


def light_curves(directory: Path) -> dict[str, Any]:
    """Write four light curves with a box-shaped transit, their depths, and their stars."""
    rng = np.random.default_rng(1)
    names = np.array(["a", "b", "c", "d"])
    depth = np.array([0.001, 0.004, 0.010, 0.016])
    inside = (np.arange(60) >= 20) & (np.arange(60) < 40)
    path = directory / "light_curves.npz"
    np.savez(
        path,
        name=names,
        flux=1.0 - depth[:, None] * inside + rng.normal(0.0, 1e-4, (4, 60)),
        depth=depth,
        star=np.array([0, 0, 1, 1]),
    )
    labels, catalogue = {"columns": "depth"}, {"columns": "star"}
    return {"params": {"path": str(path), "target": "name", "labels": labels, "catalogue": catalogue}}
