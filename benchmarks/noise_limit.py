"""What photon and read noise alone would allow: errors of depths, and scores, when everything else is known.

The Fisher information of a channel's depth with its star's level free, from the simulator's truth (fluxes without
noise, the errors that optimal extraction leaves, and the shape of the transit), and with a polynomial drift free
besides. No unbiased fit can have smaller errors (Cramer 1946, Mathematical Methods of Statistics, 32.3; Rao 1945). A
prior can do better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_linear.depth_noise import DepthNoise, Reported
from specframe_linear.posterior import posterior
from specframe_linear.spectrum_prior import SpectrumPrior

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["allowed_shrinkage", "channel_limit", "depth_limits", "white_limit"]

#: Arguments of :func:`channel_limit` as the truth has them.
_TRUTH = ("flux", "flux_error_optimal", "transit", "depth")


def channel_limit(
    flux: NDArray[np.float64],
    flux_error: NDArray[np.float64],
    transit: NDArray[np.float64],
    depth: NDArray[np.float64],
    order: int = 0,
) -> NDArray[np.float64]:
    """Return the smallest standard error of the depth of every channel, shape (n_channel,).

    Parameters
    ----------
    flux, flux_error, transit
        Noise-free flux, its error, and the relative flux in the transit alone, each of shape (n_channel, n_time).
    depth
        True depths, shape (n_channel,).
    order
        Order of a polynomial in time that is fitted along with the depth; 0 is the star's level alone. Orbit and limb
        darkening are known.

    Notes
    -----
    With flux = exp(polynomial) * T(depth) a sample's logarithm changes by the Legendre polynomials and by
    dT/ddepth / T. The light that the planet hides is taken to grow with its area, dT/ddepth = (T - 1) / depth, which
    is a few percent off only where the planet stands on the limb.

    A drift costs because it resembles the transit: if the polynomial explains the part R^2 of the dip (after the star's
    level), the error grows by 1 / sqrt(1 - R^2), whatever the drift's amplitude is.
    """
    basis = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, flux.shape[1]), order)
    limits = np.empty(len(depth))
    for channel, true in enumerate(depth):
        response = (transit[channel] - 1.0) / (true * transit[channel])
        design = np.column_stack([basis, response * true]) * (flux[channel] / flux_error[channel])[:, None]
        # The depth's column is scaled to a size of one, so that the matrix can be inverted safely.
        limits[channel] = true * np.sqrt(np.linalg.inv(design.T @ design)[-1, -1])
    return limits


def depth_limits(truth: xr.DataTree, order: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return effective true depths and their :func:`channel_limit`, in ascending wavelength; visits are averaged.

    The noise is ``flux_error_optimal``: no extraction leaves less. A sum of the aperture (``flux_error``) has more, so
    a limit from that could be beaten.
    """
    parts: dict[str, list[tuple[NDArray[np.float64], ...]]] = {}
    for node in truth.subtree:
        if "flux" in node:
            data = node.to_dataset()
            flux, error, transit, depth = (data[name].values for name in _TRUTH)
            limit = channel_limit(flux, error, transit, depth, order)
            parts.setdefault(node.path.split("/")[1], []).append((data["wavelength"].values, depth, limit))
    rows = []
    for visits in parts.values():
        precision = np.sum([1.0 / np.square(limit) for _, _, limit in visits], axis=0)
        rows.append(np.stack([visits[0][0], visits[0][1], 1.0 / np.sqrt(precision)]))
    wavelength, depth, limit = np.concatenate(rows, axis=1)
    ascending = np.argsort(wavelength)
    return depth[ascending], limit[ascending]


def white_limit(limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smallest error of one depth that all channels share: (..., n_channel) to (...)."""
    return np.asarray(1.0 / np.sqrt(np.sum(1.0 / np.square(limits), axis=-1)))


def allowed_shrinkage(
    depth: NDArray[np.float64], error: NDArray[np.float64], population: NDArray[np.float64], n_components: int = 30
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and std of spectra after shrinkage with the prior of the whole population, noise known exactly.

    ``depth`` and ``error`` have shape (n_target, n_channel); ``population`` (n, n_channel) are true spectra of many
    other targets from the same simulator.
    """
    prior = SpectrumPrior.fit(population, np.ones(len(population)), n_components)
    n_channel = depth.shape[1]
    noise = DepthNoise(np.zeros(n_channel), np.zeros((n_channel, 0)), 1.0)
    white = np.average(depth, axis=1, weights=1.0 / np.square(error).mean(axis=0))
    data = Reported(depth, np.square(error), np.zeros((*depth.shape, 0)), white)
    found = posterior(data, prior, noise, float(population.mean()))
    return found.mean, np.sqrt(found.variance)
