"""Compare simulated planets with the real ones of the Ariel data challenges, in numbers and figures.

Run from the repository's root: ``python docs/figures/simulator_validation.py``. It reads ``adc24``, ``adc25`` and
``atlas9_limb_darkening`` in ``$SPECFRAME_DATA``, else in ``../shared/data``, prints the tables of
``docs/explanation/simulator.md`` and draws its figures into ``docs/images``. It takes a minute.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from astropy.io import fits
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from scipy.optimize import least_squares
from scipy.stats import spearmanr

from specframe.api import MAD_TO_STD
from specframe_ariel.simulate.instrument import AIRS, label_wavelengths
from specframe_ariel.simulate.orbit import Orbit, orbit_of_crossing, transit_light_curves
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import SimulatedPlanet, draw_planet
from specframe_ariel.simulate.star import draw_star, limb_darkening
from specframe_ariel.simulate.systematics import draw_systematics

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
DATA = Path(os.environ.get("SPECFRAME_DATA", ROOT.parent / "shared" / "data"))
LABELS = {2024: "adc24/train_labels.csv", 2025: "adc25/train.csv"}
#: Simulated planets per year; those of one seed share stars.
SEEDS, PLANETS = 4, 538
REAL, OURS = "#0072b2", "#d55e00"
VISIT = 27_000.0
DEFINITIONS = {
    "depth - mean": lambda d: d - d.mean(axis=1, keepdims=True),
    "depth / mean": lambda d: d / d.mean(axis=1, keepdims=True),
    "Rp/R* - mean": lambda d: np.sqrt(d) - np.sqrt(d).mean(axis=1, keepdims=True),
    "(depth - mean) / std": lambda d: (d - d.mean(axis=1, keepdims=True)) / d.std(axis=1, keepdims=True),
}


@cache
def real_labels(year: int) -> np.ndarray:
    """Return the real depths, shape (n_planet, 283)."""
    return pl.read_csv(DATA / LABELS[year]).to_numpy()[:, 1:].astype(float)


@cache
def simulated(year: int) -> list[list[SimulatedPlanet]]:
    """Return the planets of each seed."""
    return [
        [draw_planet(SimulatedParams(seed=seed, year=year), index) for index in range(PLANETS)] for seed in range(SEEDS)
    ]


@cache
def simulated_labels(year: int) -> np.ndarray:
    """Return simulated depths, shape (n_seed, n_planet, 283)."""
    return np.array([[planet.labels() for planet in planets] for planets in simulated(year)])


def contrast(depth: np.ndarray) -> np.ndarray:
    """Return the standard deviation over the wavelengths over the mean, of each planet."""
    return np.asarray(depth.std(axis=-1) / depth.mean(axis=-1))


def components(spectra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return cumulative shares of variance in per cent and the principal components."""
    _, singular, vectors = np.linalg.svd(spectra - spectra.mean(axis=0), full_matrices=False)
    return 100 * np.cumsum(singular**2) / (singular**2).sum(), vectors


def depths() -> None:
    """Draw histograms of mean depth and contrast."""
    figure, axes = plt.subplots(2, 2, figsize=(8.4, 5.6), layout="constrained", dpi=110)
    for row, year in zip(axes, LABELS, strict=True):
        real, ours = real_labels(year), simulated_labels(year).reshape(-1, 283)
        for axis, label, values in (
            (row[0], "mean depth (%)", (100 * real.mean(axis=1), 100 * ours.mean(axis=1))),
            (row[1], "contrast: std over wavelength / mean (%)", (100 * contrast(real), 100 * contrast(ours))),
        ):
            low, high = np.percentile(np.concatenate(values), [0.5, 99.5])
            bins = np.geomspace(low, high, 30)
            axis.hist(values[0], bins, density=True, color=REAL, alpha=0.45, label=f"real {year}")
            axis.hist(values[1], bins, density=True, histtype="step", color=OURS, lw=1.8, label="simulated")
            axis.set(xscale="log", yscale="log", xlabel=label, ylabel="density")
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if "mean depth" in label else (1,)))
            axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axis.xaxis.set_minor_formatter(NullFormatter())
            axis.yaxis.set_minor_formatter(NullFormatter())
            axis.legend(frameon=False)
        print(f"{year} depth: mean, std, median", *(describe(d.mean(axis=1)) for d in (real, ours)), sep="\n  ")
        print("  contrast in %: 5, 25, 50, 75, 95 % of the planets")
        for values in (real, ours):
            print("   ", np.round(100 * np.percentile(contrast(values), [5, 25, 50, 75, 95]), 2))
    figure.savefig(IMAGES / "simulator-depths.png")


def describe(values: np.ndarray) -> str:
    """Return mean, standard deviation and median in one line."""
    return f"{values.mean():.5f} {values.std():.5f} {np.median(values):.5f}"


def principal_components() -> None:
    """Print shares of variance by definition, with the bootstrap error of the real ones, and draw components."""
    rng = np.random.default_rng(0)
    figure, axes = plt.subplots(2, 3, figsize=(10.5, 5.4), layout="constrained", dpi=110, sharex=True)
    for row, year in zip(axes, LABELS, strict=True):
        for name, change in DEFINITIONS.items():
            real = change(real_labels(year))
            drawn = [components(real[rng.integers(len(real), size=len(real))])[0][:3] for _ in range(40)]
            ours = np.array([components(change(depth))[0][:3] for depth in simulated_labels(year)])
            print(
                f"{year} {name:22s} real {np.round(components(real)[0][:3], 1)} +- {np.std(drawn, axis=0).round(1)}"
                f"   simulated {ours.mean(axis=0).round(1)} +- {ours.std(axis=0, ddof=1).round(1)} between seeds"
            )
        change = DEFINITIONS["(depth - mean) / std"]
        wavelength = label_wavelengths(year)
        pair = [
            components(change(depth)[:, 1:]) for depth in (real_labels(year), simulated_labels(year).reshape(-1, 283))
        ]
        for number, axis in enumerate(row):
            for (share, vectors), colour, label, style in zip(
                pair, (REAL, OURS), (f"real {year}", "simulated"), ("-", "--"), strict=True
            ):
                vector = vectors[number] * np.sign(vectors[number] @ pair[0][1][number])
                parts = np.diff(share, prepend=0.0)
                axis.plot(wavelength[1:], vector, style, color=colour, lw=1.5, label=f"{label}, {parts[number]:.0f} %")
            axis.set(title=f"component {number + 1}")
            axis.legend(frameon=False, fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("wavelength (µm)")
    figure.savefig(IMAGES / "simulator-components.png")


@cache
def white_curves() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the real white light curves of 2024 (n_planet, 187), the planets' mean depths and stars."""
    file = np.load(DATA / "adc24/white_light_curves.npz", allow_pickle=False)
    labels = pl.read_csv(DATA / LABELS[2024])
    table = pl.DataFrame({"planet_id": file["planet_id"]}).join(
        pl.read_csv(DATA / "adc24/train_adc_info.csv"), on="planet_id", how="left", maintain_order="left"
    )
    depth = dict(zip(labels["planet_id"], labels.drop("planet_id").to_numpy()[:, 1:].mean(axis=1), strict=True))
    return file["white"], np.array([depth[name] for name in file["planet_id"]]), table["star"].to_numpy()


TIME = (np.arange(187) + 0.5) / 187 * VISIT - VISIT / 2
LEGENDRE = np.polynomial.legendre.legvander(2 * TIME / VISIT, 4)


def fit_curves(shape: np.ndarray, curves: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit a transit of known depth x Legendre polynomials to each curve.

    ``shape`` is crossing time (s), impact parameter, u1, u2 and mid-transit (s). Returns residuals and coefficients
    relative to that of P0.
    """
    crossing, impact, u1, u2, middle = shape
    # the light curve of a crossing depends hardly on the period, which the stars' properties would decide
    orbit = orbit_of_crossing(crossing, abs(impact), 1.0, 1.0)
    model = transit_light_curves(
        orbit, TIME - middle, depth, (np.full(len(depth), u1), np.full(len(depth), u2)), exposure=144.0
    )
    columns = model[:, :, None] * LEGENDRE
    gram = np.einsum("ctk,ctl->ckl", columns, columns)
    coefficients = np.linalg.solve(gram, np.einsum("ctk,ct->ck", columns, curves)[..., None])[..., 0]
    return curves - np.einsum("ctk,ck->ct", columns, coefficients), coefficients / coefficients[:, :1]


@cache
def shared_orbits() -> dict[int, np.ndarray]:
    """Return the orbit that most planets of each real star share: what minimises a robust sum over all curves."""
    curves, depth, star = white_curves()
    found = {}
    for number in (0, 1):
        of = star == number
        fit = least_squares(
            lambda shape, of=of: fit_curves(shape, curves[of], depth[of])[0].ravel() / 8e-5,
            [0.41 * VISIT, 0.45, 0.05, 0.05, 30.0],
            x_scale=[100.0, 0.05, 0.05, 0.05, 10.0],
            loss="soft_l1",
        )
        found[number] = fit.x
        rms = fit_curves(fit.x, curves[of], depth[of])[0].std(axis=1)
        print(
            f"star {number}: {of.sum()} planets, crossing {fit.x[0] / VISIT:.4f} of the visit, b {abs(fit.x[1]):.3f}, "
            f"u1 {fit.x[2]:.3f}, u2 {fit.x[3]:.3f}, mid-transit {fit.x[4]:.1f} s after the middle; median rms "
            f"{1e6 * np.median(rms):.0f} ppm; {(rms > 2 * np.median(rms)).mean():.3f} of the planets do not follow it"
        )
    return found


def durations() -> None:
    """Fit every real planet of 2024 by itself and draw durations, real and simulated."""
    curves, depth, star = white_curves()
    real = []
    for curve, d, number in zip(curves, depth, star, strict=True):
        shared = shared_orbits()[int(number)]
        fits_ = [
            least_squares(
                lambda p, c=curve, d=d, u=shared[2:4]: (
                    fit_curves(np.array([p[0], p[1], *u, p[2]]), c[None], np.array([d]))[0].ravel() / 8e-5
                ),
                [shared[0], impact, shared[4]],
                x_scale=[100.0, 0.05, 10.0],
                bounds=([3_000.0, 0.0, -2_000.0], [27_000.0, 0.85, 2_000.0]),
                max_nfev=20,
            )
            for impact in (0.5, 0.25)
        ]
        crossing, impact, _ = min(fits_, key=lambda fit: fit.cost).x
        real.append(crossing * np.sqrt((1 + np.sqrt(d)) ** 2 - impact**2) / VISIT)
    info = pl.read_csv(DATA / "adc25/train_star_info.csv").join(pl.read_csv(DATA / LABELS[2025]), on="planet_id")
    ratio = np.sqrt(info.select([f"wl_{k}" for k in range(2, 284)]).to_numpy().mean(axis=1))
    later = [
        Orbit(period, axis, inclination).duration(r) / VISIT
        for period, axis, inclination, r in zip(info["P"], info["sma"], info["i"], ratio, strict=True)
    ]
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained", dpi=110)
    for axis, year, values, bins in (
        (axes[0], 2024, np.array(real), np.linspace(0.27, 0.5, 47)),
        (axes[1], 2025, np.array(later), np.linspace(0.1, 1.2, 45)),
    ):
        ours = np.array([p.orbit.duration(p.atmosphere.radius) / VISIT for planets in simulated(year) for p in planets])
        axis.hist(values, bins, density=True, color=REAL, alpha=0.45, label=f"real {year}")
        axis.hist(ours, bins, density=True, histtype="step", color=OURS, lw=1.8, label="simulated")
        axis.set(xlabel="$T_{14}$ / 27,000 s", ylabel="density")
        axis.legend(frameon=False)
        print(f"T14 {year}: 5, 25, 50, 75, 95 % real", np.percentile(values, [5, 25, 50, 75, 95]).round(3), end=" ")
        print("simulated", np.percentile(ours, [5, 25, 50, 75, 95]).round(3))
    figure.savefig(IMAGES / "simulator-durations.png")


def robust(values: np.ndarray) -> np.ndarray:
    """Return 1.4826 MAD of each column."""
    return np.asarray(MAD_TO_STD * np.median(np.abs(values - np.median(values, axis=0)), axis=0))


def drift() -> None:
    """Draw distributions of the drift's coefficients, real and simulated."""
    curves, depth, star = white_curves()
    real, formal = [], []
    for number, shape in shared_orbits().items():
        residual, found = fit_curves(shape, curves[star == number], depth[star == number])
        rms = residual.std(axis=1)
        keep = rms < 2 * np.median(rms)
        real.append(found[keep, 1:])
        # the polynomials' columns are orthogonal but for the transit: the error of a coefficient without it
        formal.append(np.median(rms) * np.sqrt((2 * np.arange(1, 5) + 1) / 187))
        print(f"drift of star {number}: {keep.sum()} planets, robust std (ppm)", (1e6 * robust(real[-1])).round(0))
        print("  of which the fit's own error", (1e6 * formal[-1]).round(0))
    values = np.concatenate(real)
    params, ours = SimulatedParams(), []
    readout = AIRS.readout(187)
    for index in range(SEEDS * PLANETS):
        factor = draw_systematics(params, index, AIRS, 0, readout).drift.mean(axis=0)
        ours.append(np.linalg.lstsq(LEGENDRE, factor, rcond=None)[0][1:])
    both = (values, np.array(ours))
    for name, of in zip(("real", "simulated"), both, strict=True):
        print(f"{name}: robust std", (1e6 * robust(of)).round(0), "std", (1e6 * of.std(axis=0)).round(0), "ppm;")
        print("  rank correlations P1-P2, P2-P3, P3-P4", [round(spearmanr(of)[0][k, k + 1], 2) for k in range(3)])
    figure, axes = plt.subplots(1, 4, figsize=(11.5, 2.9), layout="constrained", dpi=110)
    for k, axis in enumerate(axes):
        reach = 1e6 * 4.5 * robust(values)[k]
        bins = np.linspace(-reach, reach, 41)
        for of, style in zip(both, ("stepfilled", "step"), strict=True):
            axis.hist(
                np.clip(1e6 * of[:, k], -reach, reach),
                bins,
                density=True,
                histtype=style,
                color=REAL if style == "stepfilled" else OURS,
                alpha=0.45 if style == "stepfilled" else 1.0,
                lw=1.8,
                label="real 2024" if style == "stepfilled" else "simulated",
            )
        axis.set(xlabel=f"coefficient of $P_{k + 1}$ (ppm)", yticks=[])
    axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(IMAGES / "simulator-drift.png")


def darkening() -> None:
    """Draw limb darkening: the law, stars around it, and model atmospheres."""
    grid = np.linspace(0.69, 4.0, 100)
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained", dpi=110, sharex=True)
    stars = [draw_star(SimulatedParams(year=2025), index) for index in range(300)]
    ratio = np.array([np.array(s.limb_darkening(grid)) / limb_darkening(grid, s.temperature) for s in stars])
    law = np.array(limb_darkening(grid, 4_125.0))
    low, high = np.percentile(ratio, [5, 95], axis=0) * law
    for axis, k in zip(axes, (0, 1), strict=True):
        axis.fill_between(grid, low[k], high[k], color=OURS, alpha=0.25, lw=0, label="90 % of simulated stars")
        axis.plot(grid, law[k], color=OURS, lw=2, label="law at 4,125 K")
        axis.plot(grid, limb_darkening(grid, 5_500.0)[k], "--", color=OURS, lw=1.2, label="law at 5,500 K")
        axis.set(xlabel="wavelength (µm)", ylabel=f"$u_{k + 1}$", ylim=(0, (0.85, 0.4)[k]))
    centres = np.array([0.7, 0.8, 1.0, 1.3, 1.6, 2.0, 2.4, 2.8, 3.2, 3.6])
    for number, path in enumerate(sorted((DATA / "atlas9_limb_darkening").glob("*.fits"))):
        with fits.open(path) as file:
            intensity, mu, at = file[0].data, file["MU"].data, file["WAVELENGTH"].data / 1e4
        band = np.stack([intensity[:, np.abs(at / centre - 1) < 0.03].mean(axis=1) for centre in centres], axis=1)
        columns = np.stack([1 - mu, (1 - mu) ** 2], axis=1) * np.sqrt(mu)[:, None]
        u = np.linalg.lstsq(columns, (1 - band / band[np.argmax(mu)]) * np.sqrt(mu)[:, None], rcond=None)[0]
        for axis, values in zip(axes, u, strict=True):
            label = "ATLAS9, 4,000 and 4,250 K" if number == 0 else None
            axis.plot(centres, values, ".-", color=REAL, lw=0.6, ms=4, alpha=0.7, label=label)
    axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(IMAGES / "simulator-limb-darkening.png")


def main() -> None:
    """Print the tables and draw the figures."""
    for part in (depths, principal_components, durations, drift, darkening):
        part()


if __name__ == "__main__":
    main()
