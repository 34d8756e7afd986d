"""Draw by how much ``transit-polynomial`` measures limb-darkened transits too deep or too shallow.

Run from the repository's root: ``python docs/figures/limb_darkening_bias.py``.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from specframe.api import make_observation
from specframe_ariel.simulate.orbit import Orbit, transit_light_curves
from specframe_ariel.simulate.star import limb_darkening
from specframe_transit import TransitPolynomial

IMAGE = Path(__file__).parents[1] / "images" / "limb-darkening-bias.png"
#: Period in d and semi-major axis in stellar radii; a planet of a tenth of the star's radius, a star of 5,500 K.
PERIOD, AXIS, RADIUS_RATIO, TEMPERATURE = 4.0, 11.0, 0.1, 5_500.0
WAVELENGTHS = np.array([0.7, 1.2, 2.0, 3.9])


def measured_bias(impact: float) -> np.ndarray:
    """Return measured depth over (Rp/R*)^2, minus 1, of each wavelength, for noise-free light curves."""
    orbit = Orbit(PERIOD, AXIS, float(np.degrees(np.arccos(impact / AXIS))))
    time = np.linspace(-13_500.0, 13_500.0, 1_875)
    depth = np.full(len(WAVELENGTHS), RADIUS_RATIO**2)
    flux = transit_light_curves(orbit, time, depth, limb_darkening(WAVELENGTHS, TEMPERATURE))
    curves = xr.Dataset(
        {
            "flux": (("wavelength", "time"), flux, {"units": ""}),
            "flux_error": (("wavelength", "time"), np.full_like(flux, 1e-5), {"units": ""}),
            "mask": (("wavelength", "time"), np.zeros(flux.shape, bool)),
        },
        coords={
            "wavelength": ("wavelength", WAVELENGTHS, {"units": "um"}),
            "time": ("time", time / 86_400, {"units": "d", "time_system": "relative", "time_reference": "mid-transit"}),
        },
    )
    observation = make_observation("limb-darkened", {"photometer/0": curves})
    detrended = TransitPolynomial(order=3, clip_sigma=None).apply(observation)
    return np.asarray(detrended["photometer/0/depth"].values / depth - 1)


def main() -> None:
    """Draw the figure."""
    impacts = np.linspace(0.0, 0.85, 18)
    bias = 100 * np.array([measured_bias(impact) for impact in impacts])
    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained", dpi=120)
    for wavelength, values, colour, style in zip(
        WAVELENGTHS, bias.T, plt.get_cmap("viridis")(np.linspace(0.0, 0.85, 4)), ("-", "--", "-.", ":"), strict=True
    ):
        axes.plot(impacts, values, style, color=colour, lw=2, label=f"{wavelength:g} µm")
        print(f"{wavelength:4.1f} um:", " ".join(f"{b:4.2f}:{v:+6.2f}" for b, v in zip(impacts, values, strict=True)))
    axes.axhline(0.0, color="0.5", lw=1)
    axes.set(xlabel="impact parameter (stellar radii)", ylabel=r"measured depth / $(R_p/R_*)^2 - 1$ (%)")
    axes.legend(title="wavelength", frameon=False)
    figure.savefig(IMAGE)


if __name__ == "__main__":
    main()
