"""Light curves of transits and eclipses made by batman, an independent implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation

if TYPE_CHECKING:
    from collections.abc import Callable

#: What is true of every transit here: times in d, mid-transit of epoch 0 as Julian date.
TRUE_ORBIT = {"period": 4.0, "mid_transit": 2459000.503, "semi_major_axis": 11.4, "inclination": 87.7}
TRUE_STAR = (0.3, 0.2)
CLOCKS = {"JD 0": 0.0, "JD 2400000.5": 2400000.5, "JD 2457000": 2457000.0, "start of the visit": 2459000.0}


@pytest.fixture(scope="session")
def transit_node() -> Callable[..., xr.Dataset]:
    """Return a function that makes a node; ``radius_ratio`` (n_channel,) and ``noise`` relative to the star."""
    batman = pytest.importorskip("batman")

    def make(
        radius_ratio: Any = 0.1,
        *,
        seed: int = 0,
        n_time: int = 150,
        noise: float = 5e-4,
        error: float | None = None,
        clock: str = "JD 0",
        epoch: int = 0,
        slope: float = 1e-3,
        drift: Any = 1.0,
        mid_transit: float = TRUE_ORBIT["mid_transit"],
    ) -> xr.Dataset:
        rng = np.random.default_rng(seed)
        ratios = np.atleast_1d(np.asarray(radius_ratio, float))
        time = 2459000.5 + np.linspace(-0.12, 0.12, n_time) - CLOCKS[clock]
        star = batman.TransitParams()
        star.t0, star.per, star.a = mid_transit - CLOCKS[clock], TRUE_ORBIT["period"], TRUE_ORBIT["semi_major_axis"]
        star.inc, star.ecc, star.w, star.limb_dark, star.u = (
            TRUE_ORBIT["inclination"],
            0.0,
            90.0,
            "quadratic",
            TRUE_STAR,
        )
        star.rp = 0.1
        model = batman.TransitModel(star, time, supersample_factor=11, exp_time=time[1] - time[0])
        flux = np.empty((len(ratios), n_time))
        for channel, ratio in enumerate(ratios):
            star.rp = ratio
            flux[channel] = model.light_curve(star)
        level = 1e5 * (1.0 + rng.random((len(ratios), 1)))
        flux = level * (
            flux * (1.0 + slope * np.linspace(-1, 1, n_time)) * drift + noise * rng.standard_normal(flux.shape)
        )
        dims = ("wavelength", "time")
        errors = np.full(flux.shape, noise if error is None else error) * level
        attrs = {"units": "d", "time_system": "TDB", "time_reference": clock}
        return xr.Dataset(
            {
                "flux": (dims, flux, {"units": "electron"}),
                "flux_error": (dims, errors, {"units": "electron"}),
                "mask": (dims, np.zeros(flux.shape, bool)),
            },
            coords={
                "wavelength": ("wavelength", np.linspace(1.0, 2.0, len(ratios)), {"units": "um"}),
                "time": ("time", time + epoch * TRUE_ORBIT["period"], attrs),
            },
        )

    return make


@pytest.fixture(scope="session")
def observe() -> Callable[..., xr.DataTree]:
    """Return a function that makes an observation of nodes by path."""
    return lambda nodes: make_observation("planet", nodes)
