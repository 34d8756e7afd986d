"""Draw what the detector calibration makes of a real ExoSim file, and its errors beside the scatter.

Run from the repository's root with the test data: ``SPECFRAME_DATA=... python docs/figures/exosim.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from specframe_ariel import ArielDetector
from specframe_io import ExosimNdr

IMAGE = Path(__file__).parents[1] / "images" / "exosim.png"
#: Read noise of the simulation in electron: without it errors are of photon noise alone.
READ_NOISE = 12.0


def main() -> None:
    """Draw the figure."""
    path = Path(os.environ["SPECFRAME_DATA"]) / "exosim" / "s004_first200_ndr.h5"
    figure, (white, channels) = plt.subplots(1, 2, figsize=(10.0, 3.8), layout="constrained", dpi=100)
    for read_noise, colour in ((0.0, "C1"), (READ_NOISE, "C0")):
        observation = ExosimNdr(path=path, read_noise=read_noise).load(path.stem)
        node = ArielDetector(dark=False, pairs_per_bin=1).apply(observation)["AIRS-CH0/0"]
        flux, error = node["flux"].values, node["flux_error"].values
        scatter = np.diff(flux, axis=1).std(axis=1) / np.sqrt(2)
        ratio = np.median(scatter / error.mean(axis=1))
        print(f"read noise {read_noise:g}: scatter / error {ratio:.3f} (median of channels)")
        label = f"flux_error, read_noise: {read_noise:g}"
        channels.plot(node["wavelength"], error.mean(axis=1), color=colour, label=label)
    channels.plot(node["wavelength"], scatter, ".", color="0.4", ms=4, zorder=0, label="scatter from pair to pair")
    channels.set(xlabel="wavelength (µm)", ylabel="electrons per pair", ylim=(0, None))
    channels.legend(frameon=False)
    total, noise = flux.sum(axis=0), np.sqrt((error**2).sum(axis=0))
    hours = node["time"].values * 24
    white.errorbar(hours, 1e6 * (total / total.mean() - 1), 1e6 * noise / total.mean(), fmt=".", color="C0")
    white.set(xlabel="time (h)", ylabel="AIRS-CH0, sum of channels (ppm)")
    figure.savefig(IMAGE)


if __name__ == "__main__":
    main()
