"""What the white fit says of the planet: numbers derived from its parameters, with errors, and posterior draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.inference.params import LaplaceParams
from specframe_transit.inference.sampling import sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.white import WhiteFit

    Array = NDArray[np.float64]

__all__ = ["WhiteDraws", "WhiteSummary", "draw_white", "summarise"]

_MOST_DRAWS = 4000
#: Derivatives of derived numbers are taken over this part of a parameter's standard deviation.
_STEP = 0.1


@dataclass(frozen=True)
class WhiteDraws:
    """Posterior draws (n_draw, n) of the free parameters ``names``; ``values`` and ``covariance`` of the first ``n``.

    ``values`` are the optimum (laplace) or the medians.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    draws: Array
    values: Array
    covariance: Array
    diagnostics: dict[str, float]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class WhiteSummary:
    """Derived numbers of one node: ``name: (value, error, unit)``."""

    numbers: dict[str, tuple[float, float, str]]
    contacts: Array


def draw_white(white: WhiteFit, params: TransitFitParams) -> WhiteDraws:
    """Draw from the posterior of the white fit by the method asked for."""
    posterior = white.posterior()
    if not posterior.parameters:
        none = np.zeros((0, 0))
        return WhiteDraws((), (), none, np.zeros(0), none, {}, ())
    samples = sample(posterior, params.white.method, params.seed)
    draws, n = samples.draws[:_MOST_DRAWS], len(white.values)
    values, covariance = white.values, white.covariance
    if not isinstance(params.white.method, LaplaceParams):
        values = np.median(samples.draws[:, :n], axis=0)
        covariance = np.atleast_2d(np.cov(samples.draws[:, :n], rowvar=False))
    diagnostics = dict(samples.diagnostics)
    if samples.log_evidence is not None:
        diagnostics["log_evidence"] = samples.log_evidence
    names = tuple(parameter.name for parameter in posterior.parameters)
    units = tuple(parameter.unit for parameter in posterior.parameters)
    return WhiteDraws(names, units, draws, values, covariance, diagnostics, samples.flags)


def summarise(white: WhiteFit, draws: WhiteDraws, node: int) -> WhiteSummary:
    """Return depth, times and shape of a node's event, with errors propagated from the parameters' covariance.

    ``mid_transit`` is in d on the file's clock, of the transit nearest to the data; ``duration`` is T14 in d.
    """
    signal, curves = white.signals[node], white.curves[node]
    pick = white.signal_picks[node]
    eclipse = signal.kind == "eclipse"
    near = 0.5 * (curves.time[0] + curves.time[-1])

    def derived(values: Array) -> dict[str, float]:
        own = values[pick]
        orbit = signal.orbit(own)
        size = signal.size_at(own)
        ratio = signal.radius_ratio if eclipse else size
        numbers = {
            "white_depth": size if eclipse else size**2,
            "mid_transit": orbit.nearest_transit(near),
            "impact_parameter": orbit.impact_parameter,
            "duration": orbit.duration(ratio, eclipse),
            "semi_major_axis": orbit.semi_major_axis,
            "inclination": orbit.inclination,
            "period": orbit.period,
        }
        if eclipse:
            numbers["mid_eclipse"] = orbit.mid_eclipse(near)
        else:
            numbers["radius_ratio"] = size
        return numbers

    units = {
        "mid_transit": "d", "mid_eclipse": "d", "duration": "d", "period": "d", "inclination": "deg",
        "semi_major_axis": "", "impact_parameter": "", "white_depth": "", "radius_ratio": "",
    }  # fmt: skip
    values = draws.values
    centre = derived(values)
    jacobian = _jacobian(derived, values, draws.covariance, white, centre)
    numbers = {}
    for at, (name, value) in enumerate(centre.items()):
        error = float(np.sqrt(max(jacobian[at] @ draws.covariance @ jacobian[at], 0.0))) if len(values) else 0.0
        shift = curves.reference if name.startswith("mid_") else 0.0
        numbers[name] = (value + shift, error, units[name])
    orbit = signal.orbit(values[pick])
    ratio = signal.radius_ratio if eclipse else signal.size_at(values[pick])
    return WhiteSummary(numbers, orbit.contacts(ratio, near, eclipse))


def _jacobian(
    derived: Callable[[Array], dict[str, float]],
    values: Array,
    covariance: Array,
    white: WhiteFit,
    centre: dict[str, float],
) -> Array:
    jacobian = np.zeros((len(centre), len(values)))
    for column, parameter in enumerate(white.parameters):
        step = _STEP * float(np.sqrt(covariance[column, column]))
        high, low = values.copy(), values.copy()
        high[column] = min(values[column] + step, parameter.prior.upper)
        low[column] = max(values[column] - step, parameter.prior.lower)
        if high[column] <= low[column]:
            continue
        try:
            ends = [np.array(list(derived(x).values())) for x in (high, low)]
        except DataError:
            continue
        change = (ends[0] - ends[1]) / (high[column] - low[column])
        jacobian[:, column] = np.where(np.isfinite(change), change, 0.0)
    return jacobian
