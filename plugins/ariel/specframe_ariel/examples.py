"""What the conformance suite runs the components on: a small challenge tree, and predictions of whole spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import make_labels, make_prediction
from specframe_ariel.outputs import OUTPUTS
from specframe_ariel.simulate import write_challenge

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["challenge", "scored_spectra", "simulation", "spectra"]

#: Read pairs of each instrument: enough for a transit, few enough for a second.
_SMALL: dict[str, Any] = {"airs_pairs": 32, "fgs1_pairs": 48}


def challenge(directory: Path) -> dict[str, Any]:
    """Write two planets in the files of the 2024 challenge."""
    write_challenge(directory, n_targets=2, seed=1, **_SMALL)
    return {"params": {"path": str(directory)}}


def simulation(directory: Path) -> dict[str, Any]:  # noqa: ARG001 - it needs no files
    """Return parameters for three small planets."""
    return {"params": {"n_targets": 3, "seed": 1, **_SMALL}}


def spectra(directory: Path) -> dict[str, Any]:  # noqa: ARG001 - it needs no files
    """Return predictions of whole spectra."""
    return {"examples": [prediction for prediction, _ in map(_predicted, (1, 2))]}


def scored_spectra(directory: Path) -> dict[str, Any]:  # noqa: ARG001 - it needs no files
    """Return predictions of whole spectra, with the truth."""
    return {"examples": [_predicted(1), _predicted(2)]}


def _predicted(seed: int) -> tuple[xr.Dataset, xr.DataArray]:
    """Return predictions of eight planets with honest errors of 50 ppm, and the truth."""
    rng = np.random.default_rng(seed)
    depth = rng.uniform(1e-3, 6e-3, (8, 1)) + rng.normal(0.0, 1e-4, (8, len(OUTPUTS)))
    truth = make_labels(depth, [str(1000 + i) for i in range(8)], OUTPUTS)
    return make_prediction(truth, rng.normal(depth, 5e-5), np.full(depth.shape, 5e-5)), truth
