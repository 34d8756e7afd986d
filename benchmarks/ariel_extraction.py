"""What the choices of the detector calibration do to the error of a transit depth, on simulated planets.

Simulates planets with known spectra (``ariel-simulated``: photon and read noise, sky, hot and dead pixels, a
calibration measured from a few hundred frames, drift, pointing jitter; then also with cosmic rays, under a brighter
sky, and with a pointing that wanders), reduces the same frames in many ways and measures depths in the same way each
time: weighted least squares of a + b x (1 - transit), both times the true drift. So what differs is the reduction.

Printed for each way: the error of the depth, which is the scatter around the fit carried to the depth, of AIRS-CH0 as
a whole, FGS1 and a channel (root mean square over channels and planets); that of a channel relative to the first line;
the ratio of a channel's scatter to ``flux_error``; the bias, the weighted mean over channels of measured / true depth
- 1, with the error of its mean over planets, and how it differs from the first line's, where noise is the same; and
the cosmic rays that were repaired in a planet.

    python benchmarks/ariel_extraction.py [--planets 8] [--seed 1] [--pairs 562]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import make_observation, nodes
from specframe_ariel import ArielDetector, ArielSimulated
from specframe_ariel.simulate.planet import draw_planet
from specframe_ariel.simulate.truth import planet_truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr
    from numpy.typing import NDArray

PPM = 1e6
#: Particles per cm2 and s: the mean of what JWST meets at L2.
COSMIC_RAYS = 3.3
#: Pixels: what a random walk comes to in a visit, and the amplitude of a wave of one hour.
POINTING = {"pointing_walk": 0.05, "pointing_wave": 0.02}
#: Electrons per s and pixel, ten times the defaults of the simulator.
SKY = {"airs_sky": 5.0, "fgs1_sky": 100.0}
#: Background rows for the widest aperture.
OUTER = ((0, 4), (28, 32))

#: The first line is the defaults; every other one differs in what it names alone.
WAYS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "box 4:28": {"extraction": "box", "rows": (4, 28), "background_rows": OUTER},
    "box 8:24": {"extraction": "box"},
    "box 10:22": {"extraction": "box", "rows": (10, 22)},
    "box 12:20": {"extraction": "box", "rows": (12, 20)},
    "optimal 4:28": {"rows": (4, 28), "background_rows": OUTER},
    "optimal 8:24": {"extraction": "optimal"},
    "optimal 10:22": {"rows": (10, 22)},
    "optimal 12:20": {"rows": (12, 20)},
    "background none": {"background_rows": ()},
    "background mean": {"background": "mean"},
    "background weighted": {"background": "weighted"},
    "background median": {"background": "median"},
    "box 8:24, background none": {"extraction": "box", "background_rows": ()},
    "hot pixels keep": {"hot_pixels": "keep"},
    "hot pixels mask": {"hot_pixels": "mask"},
    "bins of 48 s": {"bin_time": 48.0},
    "bins of 96 s": {"bin_time": 96.0},
    "bins of 144 s": {"bin_time": 144.0},
    "bins of 288 s": {"bin_time": 288.0},
    "bins of 576 s": {"bin_time": 576.0},
    "cosmic rays left": {"cosmic_ray_sigma": None},
    "cosmic rays 4 sigma": {"cosmic_ray_sigma": 4.0},
    "cosmic rays 5 sigma": {"cosmic_ray_sigma": 5.0},
    "cosmic rays 6 sigma": {"cosmic_ray_sigma": 6.0},
    "cosmic rays 8 sigma": {"cosmic_ray_sigma": 8.0},
}
WITH_HITS = [name for name in WAYS if name.startswith(("default", "cosmic"))]
BACKGROUNDS = [name for name in WAYS if "background" in name or name == "defaults"]
APERTURES = [name for name in WAYS if name.startswith(("default", "box", "optimal"))]


@dataclass
class Result:
    """What one way made of all planets, lists of one item per planet and channel."""

    white: list[float] = field(default_factory=list)
    fgs1: list[float] = field(default_factory=list)
    channel: list[NDArray[np.float64]] = field(default_factory=list)
    pull: list[float] = field(default_factory=list)
    bias: list[float] = field(default_factory=list)
    hits: int = 0


def simulate(arguments: argparse.Namespace, systematics: dict[str, float]) -> Iterator[tuple[xr.DataTree, xr.DataTree]]:
    """Yield frames, read once, and truth of each planet."""
    loader = ArielSimulated(
        n_targets=arguments.planets,
        seed=arguments.seed,
        airs_pairs=arguments.pairs,
        fgs1_pairs=arguments.pairs,
        calibration_frames=300,
        **systematics,
    )
    for index, target in enumerate(loader.targets()):
        read = {
            path: data.assign(frames=data["frames"].copy(data=data["frames"].data.read()))
            for path, data in nodes(loader.load(target))
        }
        yield make_observation(target, read), planet_truth(loader.params, draw_planet(loader.params, index))


def fit(time: Any, flux: Any, error: Any, truth: xr.Dataset, transit: Any, drift: Any, depth: Any) -> tuple[Any, ...]:
    """Return depth, its error from the scatter, and the ratio of scatter to ``error``, of each channel (n,)."""
    known = truth["time"].values
    found = []
    for row in range(len(flux)):
        base = np.interp(time, known, drift[row])
        shape = np.interp(time, known, (1 - transit[row]) / depth[row])
        design = np.stack([base, -base * shape], axis=1) / error[row][:, None]
        normal = np.linalg.inv(design.T @ design)
        solution = normal @ design.T @ (flux[row] / error[row])
        ratio = np.sqrt(np.sum((flux[row] / error[row] - design @ solution) ** 2) / (len(time) - 2))
        level, dip = solution
        gradient = np.array([-dip / level**2, 1 / level])
        found.append((dip / level, ratio * np.sqrt(gradient @ normal @ gradient), ratio))
    return tuple(np.array(found).T)


def judge(result: Result, curves: xr.DataTree, truth: xr.DataTree) -> None:
    """Add what is found in the light curves of a planet."""
    for instrument in ("AIRS-CH0", "FGS1"):
        node, true = (tree[f"{instrument}/0"].dataset for tree in (curves, truth))
        use = ~node["mask"].values.all(axis=1)
        time, flux, error = (node[name].values for name in ("time", "flux", "flux_error"))
        transit, drift, depth = (true[name].values[use] for name in ("transit", "drift", "depth"))
        found, scatter, ratio = fit(time, flux[use], error[use], true, transit, drift, depth)
        result.hits += node.attrs["cosmic_rays"]
        if instrument == "FGS1":
            result.fgs1.append(float(scatter[0]))
            continue
        result.channel.append(scatter)
        result.pull.append(float(np.median(ratio)))
        weight = 1 / scatter**2
        result.bias.append(float(np.sum(weight * (found / depth - 1)) / weight.sum()))
        light = true["flux"].values[use].mean(axis=1)
        light /= light.sum()
        white = (light @ transit)[None], (light @ drift)[None], np.array([light @ depth])
        total_error = np.sqrt((error[use] ** 2).sum(axis=0))[None]
        result.white.append(float(fit(time, flux[use].sum(axis=0)[None], total_error, true, *white)[1][0]))


def report(title: str, ways: list[str], arguments: argparse.Namespace, **systematics: float) -> None:
    """Reduce all planets in all ways and print a line for each."""
    results = {name: Result() for name in ways}
    for observation, truth in simulate(arguments, systematics):
        for name in ways:
            judge(results[name], ArielDetector(**WAYS[name]).apply(observation), truth)
    print(f"\n{title}: {arguments.planets} planets, {arguments.pairs} pairs each\n")
    print(
        "| | AIRS-CH0, ppm | FGS1, ppm | channel, ppm | relative | scatter / error | bias, % | less the first | hits |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    first = np.sqrt(np.mean(np.concatenate(results[ways[0]].channel) ** 2))
    for name, result in results.items():
        channel = np.sqrt(np.mean(np.concatenate(result.channel) ** 2))
        white, fgs1 = (np.sqrt(np.mean(np.square(v))) * PPM for v in (result.white, result.fgs1))
        bias = np.array(result.bias) * 100
        shift = bias - np.array(results[ways[0]].bias) * 100
        print(
            f"| {name} | {white:.1f} | {fgs1:.1f} | {channel * PPM:.1f} | {channel / first:.3f} | "
            f"{np.mean(result.pull):.3f} | {bias.mean():+.2f} ± {bias.std(ddof=1) / np.sqrt(len(bias)):.2f} | "
            f"{shift.mean():+.2f} ± {shift.std(ddof=1) / np.sqrt(len(bias)):.2f} | "
            f"{result.hits / arguments.planets:.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--planets", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=562, help="pairs of reads of each instrument; 562 are 48 s apart")
    arguments = parser.parse_args()
    report("Without cosmic rays", list(WAYS), arguments)
    report(f"{COSMIC_RAYS} particles per cm2 and s", WITH_HITS, arguments, cosmic_rays=COSMIC_RAYS)
    report("A sky ten times as bright", BACKGROUNDS, arguments, **SKY)
    report("Pointing that wanders by 0.05 pixels and waves by 0.02", APERTURES, arguments, **POINTING)


if __name__ == "__main__":
    main()
