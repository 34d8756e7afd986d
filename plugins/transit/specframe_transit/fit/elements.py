"""Orbital parameters as users give them, turned into those of an orbit on the clock of each node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError, ParameterError
from specframe_transit.inference.params import FreePrior, LogUniformPrior, NormalPrior, UniformPrior
from specframe_transit.inference.prior import make_parameter
from specframe_transit.planet.elements import (
    inclination_of_impact_parameter,
    semi_major_axis_of_density,
    semi_major_axis_of_duration,
)
from specframe_transit.planet.orbit import ORBIT_PARAMETERS, Orbit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.params import OrbitParams
    from specframe_transit.inference.params import PriorParams
    from specframe_transit.inference.prior import Parameter

__all__ = ["Elements", "elements_of"]

#: Julian dates of the years 1858 (where MJD counts from) and later are above this; other clocks are far below.
_FULL_JULIAN_DATE = 2.0e6
_MODIFIED = 2400000.5
#: Time scales that are the same to 2 ms. UTC was 69.2 s behind TDB in 2017 to 2026, TAI is 32.2 s behind it.
_SCALES = {"TDB": "TDB", "TT": "TDB", "TAI": "TAI", "UTC": "UTC"}
#: A mid-transit further than this from the data (d) is on another clock.
_LONGEST_SPAN = 100 * 365.25
_UNITS = {
    "period": "d",
    "semi_major_axis": "R*",
    "stellar_density": "g / cm3",
    "duration": "d",
    "inclination": "deg",
    "impact_parameter": "R*",
    "eccentricity": "",
    "argument_of_periastron": "deg",
}
_BOUNDS = {
    "period": (1e-3, np.inf),
    "semi_major_axis": (1.0, np.inf),
    "stellar_density": (1e-6, np.inf),
    "duration": (1e-4, np.inf),
    "inclination": (0.0, 90.0),
    "impact_parameter": (0.0, 10.0),
    "eccentricity": (0.0, 0.99),
    "argument_of_periastron": (-360.0, 360.0),
}
_RELATIVE_STEP = 1e-6


@dataclass(frozen=True)
class Elements:
    """Orbital parameters, fixed ones included: ``parameters``, mid-transits first, one for each of ``clocks``.

    ``clock`` (n_node,) tells which mid-transit is a node's. A mid-transit is counted from where its fit starts; for
    node i it is ``mid_transit + origin[i] + epoch[i] x period``, in d since the node's reference.
    """

    parameters: tuple[Parameter, ...]
    clock: tuple[int, ...]
    origin: tuple[float, ...]
    epoch: tuple[int, ...]

    @property
    def n_clock(self) -> int:
        """Number of mid-transits."""
        return max(self.clock) + 1

    def orbit(self, values: NDArray[np.float64], node: int, radius_ratio: float) -> Orbit:
        """Return the orbit on a node's clock for values (n_parameter,).

        Raises DataError when the parameters belong to no orbit.
        """
        named = {p.name: float(v) for p, v in zip(self.parameters[self.n_clock :], values[self.n_clock :], strict=True)}
        period = named["period"]
        mid = float(values[self.clock[node]]) + self.origin[node] + self.epoch[node] * period
        a, inclination = _axis_and_inclination(named, radius_ratio)
        return Orbit(period, mid, a, inclination, named["eccentricity"], named["argument_of_periastron"])

    def gradient(
        self, values: NDArray[np.float64], node: int, radius_ratio: float, free: Sequence[int]
    ) -> NDArray[np.float64]:
        """Return derivatives of the six orbital elements (6, n_free + 1) by parameters and by the radius ratio."""
        result = np.zeros((6, len(free) + 1))
        whole = np.append(values, radius_ratio)
        for column, at in enumerate([*free, len(values)]):
            step = _RELATIVE_STEP * max(abs(whole[at]), 0.1)
            low, high = whole.copy(), whole.copy()
            if at < len(values):
                prior = self.parameters[at].prior
                high[at] = min(whole[at] + step, max(prior.upper, whole[at]))
                low[at] = max(whole[at] - step, min(prior.lower, whole[at]))
            else:
                high[at], low[at] = whole[at] + step, whole[at] - step
            if high[at] == low[at]:
                continue
            ends = [_six(self.orbit(x[:-1], node, float(x[-1]))) for x in (high, low)]
            result[:, column] = (ends[0] - ends[1]) / (high[at] - low[at])
        return result


def _six(orbit: Orbit) -> NDArray[np.float64]:
    return np.array([getattr(orbit, name) for name in ORBIT_PARAMETERS])


def _axis_and_inclination(named: dict[str, float], radius_ratio: float) -> tuple[float, float]:
    """Return semi-major axis in R* and inclination in deg from what is given."""
    period, eccentric = named["period"], (named["eccentricity"], named["argument_of_periastron"])
    if "duration" in named:
        a = semi_major_axis_of_duration(
            named["duration"],
            period,
            radius_ratio,
            impact_parameter=named.get("impact_parameter"),
            inclination=named.get("inclination"),
            eccentricity=eccentric[0],
            argument_of_periastron=eccentric[1],
        )
    elif "stellar_density" in named:
        a = semi_major_axis_of_density(named["stellar_density"], period)
    else:
        a = named["semi_major_axis"]
    if "inclination" in named:
        return a, named["inclination"]
    return a, inclination_of_impact_parameter(named["impact_parameter"], a, *eccentric)


def elements_of(orbit: OrbitParams, curves: Sequence[Curves], per_visit: bool = False) -> Elements:
    """Return the orbital parameters for these nodes.

    Raises
    ------
    DataError
        When the mid-transit cannot be on the clock of the data.
    ParameterError
        When a parameter has an impossible value or prior.
    """
    others = [
        make_parameter(name, getattr(orbit, name), _UNITS[name], *_BOUNDS[name])
        for name in _UNITS
        if getattr(orbit, name) is not None
    ]
    period = next(p.start for p in others if p.name == "period")
    spec: Any = orbit.mid_transit
    if spec is None:
        unclocked = [c.path for c in curves if c.time_system != "phase"]
        if unclocked:
            raise ParameterError(
                f"orbit.mid_transit is needed: node /{unclocked[0]} does not count from orbital phase 0; give it in d, "
                "on the file's clock or as full Julian date"
            )
        spec = 0.0
    start = _start(spec)
    origin = tuple(_in_node_time(start, c) for c in curves)
    offsets = {c.jd_offset for c in curves}
    if start < _FULL_JULIAN_DATE and len(offsets) > 1:
        raise DataError(
            f"orbit.mid_transit: {start:g} is on the clock of one node, but the nodes have different clocks "
            f"({', '.join(f'/{c.path}: JD - {c.jd_offset}' for c in curves)}); give it as full Julian date"
        )
    epoch = tuple(round(-where / period) for where in origin)
    labels = list(dict.fromkeys(c.visit for c in curves)) if per_visit else [""]
    clock = tuple(labels.index(c.visit) if per_visit else 0 for c in curves)
    _check_scales(curves, clock)
    shifted = _moved(spec, start)
    name = "mid_transit[{}]" if len(labels) > 1 else "mid_transit"
    mids = [make_parameter(name.format(label), shifted, "d", step=1e-4) for label in labels]
    return Elements((*mids, *others), clock, origin, epoch)


def _check_scales(curves: Sequence[Curves], clock: Sequence[int]) -> None:
    """Refuse nodes that share a mid-transit, but count on time scales that differ by more than milliseconds."""
    for which in dict.fromkeys(clock):
        scales: dict[str, str] = {}
        for one, own in zip(curves, clock, strict=True):
            if own == which and one.time_system in _SCALES:
                scales.setdefault(_SCALES[one.time_system], f"/{one.path} ({one.time_system})")
        if len(scales) > 1:
            raise DataError(
                f"nodes {' and '.join(scales.values())} are on different time scales, of which UTC is about a minute "
                "behind TDB, and share a mid-transit; bring their times to one scale (BJD_TDB) before loading, or, of "
                "different visits, fit a mid-transit each (timing: visit)"
            )


def _start(spec: PriorParams) -> float:
    if isinstance(spec, FreePrior):
        return spec.free
    if isinstance(spec, NormalPrior):
        return spec.normal[0] if spec.start is None else spec.start
    if isinstance(spec, UniformPrior):
        return 0.5 * (spec.uniform[0] + spec.uniform[1]) if spec.start is None else spec.start
    if isinstance(spec, LogUniformPrior):
        raise ParameterError("orbit.mid_transit: a time has no log_uniform prior; use uniform or normal")
    return float(spec)


def _moved(spec: PriorParams, by: float) -> PriorParams:
    """Return a prior counted from ``by``."""
    if isinstance(spec, FreePrior):
        return FreePrior(
            free=0.0,
            lower=None if spec.lower is None else spec.lower - by,
            upper=None if spec.upper is None else spec.upper - by,
        )
    if isinstance(spec, NormalPrior):
        return NormalPrior(
            normal=(spec.normal[0] - by, spec.normal[1]),
            lower=None if spec.lower is None else spec.lower - by,
            upper=None if spec.upper is None else spec.upper - by,
            start=0.0,
        )
    if isinstance(spec, UniformPrior):
        return UniformPrior(uniform=(spec.uniform[0] - by, spec.uniform[1] - by), start=0.0)
    return 0.0


def _in_node_time(value: float, curves: Curves) -> float:
    """Return a time as the user gave it, in d since the node's reference."""
    full = value > _FULL_JULIAN_DATE
    clock_is_full = curves.reference > _FULL_JULIAN_DATE
    if full and not clock_is_full:
        if curves.jd_offset is None:
            raise DataError(
                f"orbit.mid_transit: {value:.6f} looks like a full Julian date, but the clock of node /{curves.path} "
                f"(values near {curves.reference:g}) does not say its zero; give mid_transit on that clock, or set "
                "time_reference: JD <number> in the loader"
            )
        where = (value - curves.jd_offset) - curves.reference
    elif clock_is_full and not full:
        # only a modified Julian date can be meant
        where = (value + _MODIFIED) - curves.reference
    else:
        where = value - curves.reference
    if abs(where) > _LONGEST_SPAN:
        raise DataError(
            f"orbit.mid_transit: {value:.6f} is {abs(where) / 365.25:.0f} years from the data of node /{curves.path} "
            f"(near {curves.reference:.2f} on the file's clock); give it on the file's clock or as full Julian date"
        )
    return where
