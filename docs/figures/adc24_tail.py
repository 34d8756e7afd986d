"""Draw why a few planets carry the error of white curves: their spectra have strong features.

Run from the repository's root, with two runs of ``benchmarks/adc24_models.py``:
``SPECFRAME_DATA=DATA python docs/figures/adc24_tail.py RUNS/ridge RUNS/best``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl

from specframe import Run

IMAGE = Path(__file__).parents[1] / "images" / "adc24-tail.png"
#: Principal components of the spectra around their means that are removed, and folds in which this is fitted.
COMPONENTS, FOLDS = 2, 10


def without_features(error: np.ndarray, spectra: np.ndarray, star: np.ndarray) -> np.ndarray:
    """Return what is left of errors when the true spectrum's shape is known: linear per star, held-out planets."""
    shape = spectra - spectra.mean(axis=1, keepdims=True)
    strength = shape @ np.linalg.svd(shape, full_matrices=False)[2][:COMPONENTS].T
    design = np.column_stack([strength, np.ones(len(error))])
    fold = np.random.default_rng(0).permutation(len(error)) % FOLDS
    left = np.empty_like(error)
    for k in range(FOLDS):
        for kind in np.unique(star):
            train, test = (star == kind) & (fold != k), (star == kind) & (fold == k)
            left[test] = error[test] - design[test] @ np.linalg.lstsq(design[train], error[train], rcond=None)[0]
    return left


def main(runs: list[str]) -> None:
    """Draw the figure and print its numbers."""
    data = Path(os.environ["SPECFRAME_DATA"]) / "adc24"
    labels = pl.read_csv(data / "train_labels.csv")
    stars = pl.read_csv(data / "train_adc_info.csv")
    names = [str(i) for i in labels["planet_id"]]
    star_of = dict(zip((str(i) for i in stars["planet_id"]), stars["star"], strict=True))
    star = np.array([star_of[name] for name in names])
    spectra = labels.select(pl.exclude("planet_id")).to_numpy() * 1e6
    spread = np.maximum(spectra.std(axis=1), 1.0)

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for run, colour, marker in zip(runs, ("#E69F00", "#0072B2"), ("o", "s"), strict=True):
        prediction = Run(run).predictions.sel(target=names)
        error = prediction["mean"].values[:, 0] * 1e6 - spectra.mean(axis=1)
        left = without_features(error, spectra, star)
        for axis, values in zip(axes, (error, left), strict=True):
            rmse, median = np.sqrt(np.mean(values**2)), np.median(np.abs(values))
            label = f"{Path(run).name}: rms {rmse:.1f}, median {median:.1f} ppm"
            axis.scatter(spread, values, s=8, c=colour, marker=marker, alpha=0.6, linewidths=0, label=label)
            ten = np.sort(values**2)[-10:].sum() / np.sum(values**2)
            print(f"{label}; ten planets carry {ten:.0%} of the squares")
    for axis, title in zip(axes, ("as predicted", "shape of the spectrum known"), strict=True):
        axis.set(xscale="log", xlabel="standard deviation of the true spectrum (ppm)", title=title)
        axis.axhline(0.0, color="0.5", linewidth=0.8)
        axis.legend(loc="lower left", fontsize=8)
    axes[0].set_ylabel("predicted - true mean depth (ppm)")
    figure.savefig(IMAGE, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1:])
