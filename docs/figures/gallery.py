"""Make the pictures of the gallery that no other page shows, from real data.

Run from the repository's root: ``SPECFRAME_DATA=... python docs/figures/gallery.py``. It takes a minute or two.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from specframe import load_pipeline
from specframe_ariel import ArielChallenge, ArielDetector

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
DATA = Path(os.environ["SPECFRAME_DATA"])
PLANET = "342072318"


def draw_frames() -> None:
    """Draw a pair of raw reads of Ariel's spectrometer, and the light curves that the calibration makes of fifty."""
    raw = ArielChallenge(path=str(DATA / "adc25"), instruments=["AIRS-CH0"]).load(PLANET)
    node = raw["AIRS-CH0/0"].to_dataset()
    first, second = (np.asarray(node["frames"][i], float) for i in (0, 1))
    curves = ArielDetector(pairs_per_bin=1).apply(raw)["AIRS-CH0/0"].to_dataset()
    flux = curves["flux"].where(~curves["mask"])

    figure, axes = plt.subplots(3, figsize=(6.4, 6.4), layout="constrained", height_ratios=[1, 1, 1.3])
    pictures = [
        (first, "first read after the reset", "adu", None),
        (second - first, "second read minus first: the light of 4.5 s", "adu", LogNorm(1, None)),
    ]
    for axis, (image, title, unit, norm) in zip(axes, pictures, strict=False):
        shown = np.clip(image, 1, None) if norm else image
        mapped = axis.imshow(shown, aspect="auto", origin="lower", cmap="cividis", norm=norm)
        figure.colorbar(mapped, ax=axis, label=unit)
        axis.set(title=title, xlabel="column", ylabel="row")
    mesh = axes[2].pcolormesh(
        curves["wavelength"], 3600 * 24 * (curves["time"] - curves["time"][0]), flux.T, cmap="cividis", norm=LogNorm()
    )
    figure.colorbar(mesh, ax=axes[2], label=f"{curves['flux'].attrs['units']} per pair")
    axes[2].set(title="after the calibration", xlabel="wavelength (µm)", ylabel="time (s)")
    figure.savefig(IMAGES / "ariel-frames.png", dpi=110)


def copy_figure(config: str, pattern: str, picture: str) -> None:
    """Run one of the bundled pipelines and keep the first of its figures that a pattern matches."""
    with tempfile.TemporaryDirectory() as folder:
        run = load_pipeline(ROOT / "configs" / f"{config}.yaml").run(Path(folder) / "run")
        figure = sorted((run.path / "figures").glob(f"{pattern}.png"))[0]
        shutil.copy(figure, IMAGES / picture)
        print(f"{figure.name} -> {picture}")


if __name__ == "__main__":
    draw_frames()
    copy_figure("adc24-white", "calibration*", "adc24-calibration.png")
    copy_figure("adc24-cnn", "training*", "adc24-training.png")
