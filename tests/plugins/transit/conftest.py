"""Transits made by batman, an independent implementation, with drifts and noise of known size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from specframe.api import make_observation

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr


class Injected(NamedTuple):
    """An Observation and what is true of it: depths of FGS1 and AIRS-CH0, ascending in wavelength."""

    observation: xr.DataTree
    depth: np.ndarray
    limb_darkening: np.ndarray
    drift: dict[str, np.ndarray]
    clean: dict[str, np.ndarray]


@pytest.fixture(scope="session")
def batman_transit() -> Callable[..., np.ndarray]:
    """Return a function that gives relative flux (n_channel, n_time), means over the exposures.

    Semi-major axis and inclination follow from T14, b and the period; the one of 10,000 d is a straight path.
    """
    batman = pytest.importorskip("batman")

    def transit(time, depth, u1, u2, *, mid_transit, duration, impact, radius, exposure, points=24, period=1e4):
        parameters = batman.TransitParams()
        parameters.t0, parameters.per, parameters.ecc, parameters.w = 0.0, period, 0.0, 90.0
        parameters.limb_dark = "quadratic"
        # at first contact (1 + k)^2 = a^2 sin^2 phi + b^2 cos^2 phi
        contact = np.sin(np.pi * duration / period)
        parameters.a = np.sqrt(((1 + radius) ** 2 - impact**2 * (1 - contact**2)) / contact**2)
        parameters.inc = np.degrees(np.arccos(impact / parameters.a))
        offsets = ((np.arange(points) + 0.5) / points - 0.5) * exposure
        at = (np.asarray(time)[:, None] + offsets - mid_transit).ravel()
        flux = np.empty((len(depth), len(time)))
        parameters.rp, parameters.u = radius, [0.1, 0.1]
        model = batman.TransitModel(parameters, at)
        for channel in range(len(depth)):
            parameters.rp = float(np.sqrt(depth[channel]))
            parameters.u = [float(u1[channel]), float(u2[channel])]
            flux[channel] = model.light_curve(parameters).reshape(-1, points).mean(axis=1)
        return flux

    return transit


@pytest.fixture(scope="session")
def inject(batman_transit, light_curves) -> Callable[..., Injected]:
    """Return a function that makes a target with FGS1 (one channel) and AIRS-CH0.

    ``noise`` is the standard deviation of one sample of an AIRS channel, relative; that of FGS1 is a tenth of it.
    ``common`` is the standard deviation of noise that all channels of a node share, which flux_error leaves out.
    """

    def make(
        seed=0,
        *,
        n_channel=40,
        n_time=187,
        visits=(0.155,),
        noise=1.5e-3,
        common=0.0,
        radius=0.06,
        impact=0.3,
        duration=0.127,
        limb_offset=(0.0, 0.0),
        drift=6e-4,
        scatter=1e-2,
    ):
        rng = np.random.default_rng(seed)
        exposure = 0.3125 / n_time
        time = (np.arange(n_time) + 0.5) * exposure
        wavelength = np.concatenate([[0.7], np.linspace(1.95, 3.9, n_channel)])
        depth = radius**2 * (1 + scatter * rng.standard_normal(n_channel + 1))
        u1 = 0.28 * wavelength**-1.1 + limb_offset[0]
        u2 = 0.20 * wavelength**-0.25 + limb_offset[1]
        nodes, drifts, cleans = {}, {}, {}
        phase = 2 * time / 0.3125 - 1
        legendre = np.polynomial.legendre.legvander(phase, 3)[:, 1:]
        for visit, mid_transit in enumerate(visits):
            transit = batman_transit(
                time, depth, u1, u2, mid_transit=mid_transit, duration=duration, impact=impact, radius=radius,
                exposure=exposure,
            )  # fmt: skip
            for name, chosen, part in (("FGS1", slice(0, 1), 0.1), ("AIRS-CH0", slice(1, None), 1.0)):
                amplitude = drift * rng.standard_normal(3) * [1.0, 0.5, 0.2]
                slope = 0.3 * rng.standard_normal(3) * (name != "FGS1")
                w = np.linspace(-1, 1, depth[chosen].size) if name != "FGS1" else np.zeros(1)
                drifts[f"{name}/{visit}"] = 1 + (1 + w[:, None] * slope) @ (amplitude[:, None] * legendre.T)
                level = 1e6 * (1 + 0.3 * rng.random((depth[chosen].size, 1)))
                clean = level * transit[chosen] * drifts[f"{name}/{visit}"]
                error = part * noise * level
                flux = clean + error * rng.standard_normal(clean.shape)
                flux = flux * (1 + common * rng.standard_normal(n_time))
                cleans[f"{name}/{visit}"] = clean
                nodes[f"{name}/{visit}"] = light_curves(
                    time + 40.0 * visit, flux, error, wavelength=wavelength[chosen], units="d"
                )
        return Injected(make_observation("1", nodes), depth, np.stack([u1, u2]), drifts, cleans)

    return make
