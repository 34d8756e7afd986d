"""Compare the noise and the detectors of simulated planets with the real ones, in numbers and in a figure.

Run from the repository's root: ``python docs/figures/simulator_noise.py``. It reads ``adc24`` and ``adc25`` in
``$SPECFRAME_DATA``, else in ``../shared/data``, prints the table of ``docs/explanation/simulator.md`` and draws its
figure into ``docs/images``. It takes a minute.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from astropy.stats import sigma_clip

from specframe_ariel import ArielChallenge, ArielDetector
from specframe_ariel.simulate.detector import detector_of, true_detector
from specframe_ariel.simulate.instrument import AIRS, FGS1, SCIENCE, Instrument
from specframe_ariel.simulate.light import light_of
from specframe_ariel.simulate.loader import ArielSimulated
from specframe_ariel.simulate.noise import aperture_flux, flux_error
from specframe_ariel.simulate.orbit import Orbit
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet
from specframe_ariel.simulate.truth import planet_truth

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
DATA = Path(os.environ.get("SPECFRAME_DATA", ROOT.parent / "shared" / "data"))
PLANET = DATA / "adc25" / "train" / "342072318"
REAL, OURS = "#0072b2", "#d55e00"
FULL = {"airs_pairs": AIRS.full_pairs, "fgs1_pairs": FGS1.full_pairs}
#: The plain sum over the aperture minus the mean sky, as the real noise was measured, in pairs of AIRS-CH0 and FGS1.
BOX = {"extraction": "box", "background": "mean", "cosmic_ray_sigma": None}
BINS = {"AIRS-CH0": 5, "FGS1": 50}
NEVER = Orbit(5.0, 10.0, 60.0)  # misses the star


def residuals(settings: dict[str, object], **params: object) -> dict[str, np.ndarray]:
    """Return reduced over true light of a full-size planet of a star of mean brightness, (channel, bin), by node."""
    chosen = SimulatedParams(n_targets=1, seed=11, **FULL)
    brightness = draw_planet(chosen, 0).star.brightness
    fluxes = {"airs_flux": chosen.airs_flux / brightness, "fgs1_flux": chosen.fgs1_flux / brightness}
    loader = ArielSimulated(n_targets=1, seed=11, **FULL, **fluxes, **params)
    curves = ArielDetector(pairs_per_bin=BINS, **settings).apply(loader.load(loader.targets()[0]))
    truth = planet_truth(loader.params, draw_planet(loader.params, 0))
    result = {}
    for name, size in BINS.items():
        node = truth[f"{name}/0"]
        # what jitter does is noise here
        true = (node["flux"].mean("time") * node["transit"] * node["drift"]).transpose("wavelength", "time").values
        true = true[:, : true.shape[1] // size * size].reshape(len(true), -1, size).mean(axis=2)
        flux = curves[f"{name}/0"]["flux"].values
        # weights and sky scale the light; what varies is the star's and the noise
        result[name] = flux - true * (flux.mean(axis=1) / true.mean(axis=1))[:, None]
        result[name] /= flux.sum(axis=0).mean() if name == "AIRS-CH0" else flux.mean()
        result[f"{name} channels"] = (flux / true - (flux / true).mean(axis=1, keepdims=True)).std(axis=1)
    return result


def limits(jitter: float) -> dict[str, tuple[float, float, float]]:
    """Return sum's limit, optimal limit and what jitter adds in quadrature, white, in ppm per bin of BINS."""
    params = SimulatedParams(seed=11, airs_pairs=1_125, fgs1_pairs=1_350, drift=0.0, jitter=jitter)
    planet = draw_planet(params, 0)
    planet = replace(planet, orbit=NEVER, star=replace(planet.star, brightness=1.0))
    result = {}
    for instrument in (AIRS, FGS1):
        light = light_of(params, planet, instrument, 0)
        calibration, _ = true_detector(params, planet, instrument, 0)
        channels = SCIENCE if instrument.disperses else slice(None)
        flux = aperture_flux(light, calibration)[channels].sum(axis=0)
        errors = [
            1e6
            * np.sqrt((flux_error(light, calibration, optimal=best)[channels] ** 2).sum(axis=0).mean())
            / flux.mean()
            for best in (False, True)
        ]
        result[instrument.name] = (*errors, 1e6 * flux.std() / flux.mean())
    return result


def detectors() -> None:
    """Print the table's numbers of the calibration files, drawn and real."""
    drawn = SimulatedParams(seed=1, year=2025, **FULL)
    sets = {"simulated": drawn}
    for name in ("adc24", "adc25/train/342072318"):
        sets[name] = drawn.model_copy(update={"calibration": DATA / name})
    planet = draw_planet(drawn, 0)
    for name, params in sets.items():
        for instrument in (AIRS, FGS1):
            images = [
                detector_of(params, replace(planet, index=index), instrument, 0)[0]
                for index in range(8 if name == "simulated" else 1)
            ]
            corrected = sum(c * 60_000.0**k for k, c in enumerate(images[0].linear_corr))
            print(
                f"{name:24s}{instrument.name:9s} read {np.median([i.read for i in images]):.2f} e-, dark "
                f"{np.median([i.dark for i in images]):.5f} e-/s, hot "
                f"{100 * np.mean([sigma_clip(i.dark, sigma=5, maxiters=5).mask.mean() for i in images]):.2f} %, dead "
                f"{100 * np.mean([i.dead for i in images]):.2f} %, flat "
                f"{100 * np.std(np.concatenate([i.flat[~i.dead] for i in images])):.2f} %, linearity "
                f"{100 * (np.median(corrected) / 60_000 - 1):.2f} %"
            )


def real_channels(axis: plt.Axes) -> None:
    """Draw the scatter of the real planet's 25 pairs, and the limit of the same star on the same detector."""
    real = ArielDetector(pairs_per_bin=1, background_rows=[], **BOX).apply(
        ArielChallenge(path=str(DATA / "adc25")).load("342072318")
    )["AIRS-CH0/0"]["flux"]
    scatter = 100 * (real.std("time", ddof=1) / real.mean("time")).values
    params = SimulatedParams(year=2025, airs_pairs=64, drift=0.0, jitter=0.0, calibration=PLANET)
    planet = draw_planet(params, 0)
    star = replace(planet.star, temperature=4_798.0, brightness=3.54e6 / params.airs_flux)
    planet, short = replace(planet, orbit=NEVER, star=star), replace(AIRS, full_pairs=64)
    light, (calibration, _) = light_of(params, planet, short, 0), true_detector(params, planet, short, 0)
    expected = 100 * (flux_error(light, calibration)[SCIENCE] / aperture_flux(light, calibration)[SCIENCE]).mean(axis=1)
    axis.plot(real["wavelength"], scatter, ".", ms=4, color=REAL, label="real, scatter of 25 pairs")
    axis.plot(AIRS.wavelength[SCIENCE], expected, color=OURS, label="simulator, noise limit")
    axis.set(xlabel="wavelength (µm)", ylabel="noise of a pair (%)", yscale="log", title="Channels, planet 342072318")
    axis.legend(frameon=False)
    print(f"real scatter / simulated limit, median of channels: {np.median(scatter / expected[::-1]):.3f}")


def binned(axis: plt.Axes) -> None:
    """Draw white noise against the length of a bin, with and without jitter and cosmic rays."""
    lengths = np.array([1, 2, 3, 6, 12, 24])
    repaired = {**BOX, "cosmic_ray_sigma": 6.0}
    cases = {
        "no jitter": (BOX, {"jitter": 0.0}, "0.6", ":"),
        "defaults": (BOX, {}, OURS, "-"),
        "jitter: 3": (BOX, {"jitter": 3.0}, "#009e73", "--"),
        "cosmic_rays: 4.3": (BOX, {"cosmic_rays": 4.3}, "#cc79a7", "--"),
        "cosmic_rays: 4.3, repaired": (repaired, {"cosmic_rays": 4.3}, "#cc79a7", "-"),
    }
    for label, (settings, params, colour, style) in cases.items():
        series = residuals(settings, **params)
        ppm = {name: 1e6 * series[name].sum(axis=0) for name in BINS}
        print(f"{label:28s}" + "".join(f" {name} {one.std():.0f} ppm" for name, one in ppm.items()))
        if label == "defaults":
            print("   channels, 1 and 99 %:", np.percentile(100 * series["AIRS-CH0 channels"], [1, 99]).round(3), "%")
        one = ppm["AIRS-CH0"]
        deviations = [one[: len(one) // n * n].reshape(-1, n).mean(axis=1).std() for n in lengths]
        axis.plot(24 * lengths, deviations, style, color=colour, label=label)
    axis.plot(24, 152, "o", color=REAL, label="real, 152 ppm per 5 pairs")
    axis.set(xscale="log", yscale="log", xlabel="bin (s)", ylabel="white noise, AIRS-CH0 (ppm)", title="White light")
    axis.set_xticks(24 * lengths, map(str, 24 * lengths), minor=False)
    axis.minorticks_off()
    axis.set_yticks([30, 50, 100, 200, 300], ["30", "50", "100", "200", "300"])
    axis.legend(frameon=False, fontsize=8)


def pointing(axis: plt.Axes, instrument: Instrument) -> None:
    """Draw centroids of the real star's first 25 pairs beside simulated pointings."""
    frames = pl.read_parquet(PLANET / f"{instrument.name}_signal_0.parquet").to_numpy()
    reads = frames.reshape(-1, 32, instrument.columns).astype(float)
    core = (reads[1::2] - reads[::2])[:, 12:21, 12:21]
    place = np.arange(12, 21) - 16.0
    centroids = np.stack([(core.sum(axis=3 - k) * place).sum(axis=1) / core.sum(axis=(1, 2)) for k in (1, 2)])
    short = replace(instrument, full_pairs=500)
    params = SimulatedParams(seed=5, fgs1_pairs=500)
    ours = light_of(params, draw_planet(params, 0), short, 0).pointing
    axis.plot(*ours[::-1], ".", ms=3, color=OURS, alpha=0.5, label="simulated, 500 pairs")
    axis.plot(*(centroids - centroids.mean(axis=1, keepdims=True))[::-1], "o", ms=5, color=REAL, label="real, 25 pairs")
    axis.set(xlabel="column (pixel)", ylabel="row (pixel)", title="Pointing, FGS1", aspect="equal")
    axis.legend(frameon=False, loc="upper right", fontsize=8)


def main() -> None:
    """Print the table and draw the figure."""
    detectors()
    for jitter in (0.0, 1.0):
        for name, (plain, best, moved) in limits(jitter).items():
            print(
                f"limit, jitter {jitter:g}: {name} sum {plain:.0f} ppm, optimal {best:.0f} ppm, jitter {moved:.1f} ppm"
            )
    figure, axes = plt.subplots(1, 3, figsize=(13.0, 4.2), layout="constrained", dpi=100)
    real_channels(axes[0])
    binned(axes[1])
    pointing(axes[2], FGS1)
    figure.savefig(IMAGES / "simulator-noise.png")


if __name__ == "__main__":
    main()
