"""Time of transit-fit on the real light curves of configs/, white fit and channels apart, and the notebook's way.

The notebook's way is batman in scipy.optimize.least_squares, channel by channel, with depth, level, slope and an offset
for the second scan direction free and the common mode divided out, as ``configs/wasp-107b-hst.yaml`` has it.

    python benchmarks/transit_fit.py [--repeat 5]

The data folder is $SPECFRAME_DATA, or ../shared/data beside the repository.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import batman
import numpy as np
from scipy.optimize import least_squares

from specframe import load_pipeline
from specframe.api import nodes
from specframe_transit.fit.channels import fit_channels
from specframe_transit.fit.white import fit_white

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from specframe_transit import TransitFit
    from specframe_transit.fit.white import WhiteFit

CONFIGS = Path(__file__).parents[1] / "configs"
CASES = ("wasp-107b-hst", "hat-p-18b-niriss", "wasp-43b-hst", "wasp-80b-gtc")


def prepared(name: str) -> tuple[TransitFit, xr.DataTree]:
    """Return the fit of a configuration, and the light curves as its earlier steps leave them."""
    loader, *steps = load_pipeline(CONFIGS / f"{name}.yaml").spec.steps
    source: Any = loader.component.load().from_params(loader.params)
    observation = source.load(source.targets()[0])
    *before, last = (step.component.load().from_params(step.params) for step in steps)
    for step in before:
        observation = step.apply(observation)
    return last, observation


def stages(fit: TransitFit, observation: xr.DataTree) -> dict[str, Callable[[], Any]]:
    """Return the white fit, the fit of all channels, and the whole step with its posterior draws."""
    curves = [fit.curves(path, data) for path, data in nodes(observation)]
    white: WhiteFit = fit_white(curves, fit.params)
    terms = fit.params.systematics if fit.params.channels.systematics is None else fit.params.channels.systematics
    return {
        "white": lambda: fit_white(curves, fit.params),
        "channels": lambda: [fit_channels(own, white, i, fit.params, terms) for i, own in enumerate(curves)],
        "step": lambda: fit.apply(observation),
    }


def by_notebook(fit: TransitFit, observation: xr.DataTree) -> Callable[[], Any]:
    """Return the fit of the 20 channels of WASP-107b with batman and scipy, the white fit given."""
    fitted = fit.apply(observation)["WFC3-G141/0"].to_dataset()
    white = fitted["white_flux"] / (fitted["white_model"] / fitted["white_systematics"])
    common = (white / white.median()).values
    clock = fitted["time"].values - float(fitted["mid_transit"])
    scan = fitted["scan_direction"].values
    star = batman.TransitParams()
    star.t0, star.per, star.a, star.inc, star.ecc, star.w = 0.0, 5.7214742, 18.164, 89.8, 0.0, 90.0
    star.rp, star.limb_dark, star.u = 0.1437, "quadratic", [0.3, 0.2]
    model = batman.TransitModel(star, clock, supersample_factor=5, exp_time=103.0 / 86400.0)

    def residual(values: np.ndarray, flux: np.ndarray, error: np.ndarray) -> np.ndarray:
        star.rp = values[0]
        baseline = values[1] + values[2] * clock + values[3] * scan
        return (flux - model.light_curve(star) * baseline * common) / error

    def fit_all() -> list[float]:
        depths = []
        for row, law in zip(range(fitted.sizes["wavelength"]), fitted["limb_darkening"].values.T, strict=True):
            star.u = list(law)
            level = float(fitted["flux"][row].median())
            flux, error = fitted["flux"].values[row] / level, fitted["flux_error"].values[row] / level
            found = least_squares(
                residual, [0.1437, 1.0, 0.0, 0.0], args=(flux, error), x_scale=[1e-3, 1e-3, 1e-2, 1e-3]
            )
            depths.append(float(found.x[0]) ** 2)
        return depths

    return fit_all


def median_time(run: Callable[[], Any], repeat: int) -> float:
    """Return the median time of a call in s, after one that is not counted."""
    run()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print a line for each configuration, and the notebook's way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    os.environ.setdefault("SPECFRAME_DATA", str(Path(__file__).parents[2] / "shared" / "data"))
    print(f"{'':<18} {'channels x times':>17} {'white':>9} {'channels':>9} {'step':>9}")
    for name in CASES:
        fit, observation = prepared(name)
        size = " + ".join(f"{d.sizes['wavelength']} x {d.sizes['time']}" for _, d in nodes(observation))
        taken = {key: median_time(run, repeat) for key, run in stages(fit, observation).items()}
        print(f"{name:<18} {size:>17} " + " ".join(f"{taken[key]:8.3f}s" for key in ("white", "channels", "step")))
        if name == "wasp-107b-hst":
            notebook = by_notebook(fit, observation)
            seconds = median_time(notebook, repeat)
            ours = fit.apply(observation)["WFC3-G141/0/depth"].values
            apart = 1e6 * np.abs(np.array(notebook()) - ours).max()
            print(
                f"{'  batman + scipy':<18} {size:>17} {'':>9} {seconds:8.3f}s   {seconds / taken['channels']:.0f} x;",
                end=" ",
            )
            print(f"depths differ by {apart:.1f} ppm at most")


if __name__ == "__main__":
    main()
