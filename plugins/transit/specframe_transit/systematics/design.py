"""Design of a systematics model: the columns whose sum, with linear coefficients, multiplies the transit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import legendre

from specframe.errors import DataError, ParameterError
from specframe_transit.cleaning.node import find_regressor
from specframe_transit.inference.params import LogUniformPrior
from specframe_transit.inference.prior import Parameter, make_parameter
from specframe_transit.systematics.blocks import Block, FixedColumns, Ramp, Sinusoid
from specframe_transit.systematics.orbits import orbit_numbers, orbital_phase, telescope_period, time_in_orbit
from specframe_transit.systematics.params import (
    CommonModeTerm,
    ExponentialTerm,
    OrbitRampTerm,
    PolynomialTerm,
    PrincipalComponentsTerm,
    RegressorsTerm,
    ScanDirectionTerm,
    SinusoidTerm,
    StepTerm,
)
from specframe_transit.systematics.regressors import scale_angle, scale_regressor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.inference.params import PriorParams
    from specframe_transit.systematics.params import TermParams

    Array = NDArray[np.float64]

__all__ = ["Systematics"]

_MINUTE = 1.0 / 1440.0
#: Timescales in d of the ramp of an HST orbit: from an exposure or two to a whole orbit.
_ORBIT_RAMP_RANGE = (1.0 * _MINUTE, 60.0 * _MINUTE)
#: A column is a combination of others when its part that is not falls below this.
_COLLINEAR = 1e-8
#: Least eigenvalue of the columns' normalised products below which they are looked at closely.
_SUSPICIOUS = 1e-10


class Systematics:
    """Columns of the systematics of one node, as functions of time: flux = transit x (coefficients . columns).

    The first column is 1, the others are of order 1 (see ``scaling``). Coefficients are linear; only timescales and
    periods, ``parameters``, are not, fixed ones included (``parameter.prior.fixed``).

    Parameters
    ----------
    terms
        As YAML has them. ``gp`` has no columns; ``common-mode`` with ``how: divide`` has none either.
    curves
        Light curves of the node; the columns have their times.
    step_times
        Times of steps (d since ``curves.reference``) that were searched (``step`` with ``n``). Without them, and
        without the next two, such a term has no columns yet: ``pending`` names it.
    components
        Principal components of residuals, (n_component, n_time), for ``pca``.
    common_mode
        White flux over white transit model, (n_time,), for ``common-mode`` with ``how: fit``.

    Attributes
    ----------
    column_names : tuple of str
        As results name the coefficients; ``level`` is the first.
    parameters : tuple of Parameter
        Nonlinear ones, in the order of ``values``.
    pending : frozenset of str
        Of ``step``, ``pca`` and ``common-mode``: what needs a first fit.
    scaling : dict
        ``{input: (centre, scale)}`` of ``time`` (d since ``curves.reference``) and of each regressor: a coefficient
        over ``scale`` is that per unit of the input.

    Raises
    ------
    DataError
        When a regressor is missing, constant, not finite, or when columns are combinations of each other.
    ParameterError
        When a prior is outside what the parameter can be.
    """

    def __init__(
        self,
        terms: Sequence[TermParams],
        curves: Curves,
        *,
        step_times: Sequence[float] | None = None,
        components: Array | None = None,
        common_mode: Array | None = None,
    ) -> None:
        self.curves = curves
        self.scaling: dict[str, tuple[Array, Array]] = {}
        self._used: NDArray[np.bool_] = np.any(curves.use, axis=0)
        if not self._used.any():
            raise DataError(f"node /{curves.path}: no time has a sample that may be used")
        time = curves.time[self._used]
        centre, half = 0.5 * (time.min() + time.max()), 0.5 * (time.max() - time.min())
        self._scaled_time = (curves.time - centre) / (half if half > 0 else 1.0)
        self.scaling["time"] = (np.array([centre]), np.array([half]))
        blocks: list[Block] = [FixedColumns(("level",), np.ones((1, len(curves.time))))]
        pending = set()
        exponentials = [term for term in terms if isinstance(term, ExponentialTerm)]
        for term in terms:
            match term:
                case PolynomialTerm():
                    blocks.append(self._polynomial(term))
                case ExponentialTerm():
                    blocks.append(self._exponential(term, exponentials))
                case StepTerm():
                    searched = () if step_times is None else tuple(step_times)
                    if term.n and step_times is None:
                        pending.add("step")
                    blocks.append(self._steps(term, searched if term.n else ()))
                case RegressorsTerm():
                    blocks.append(self._regressors(term))
                case ScanDirectionTerm():
                    blocks.append(self._scan_direction(term))
                case OrbitRampTerm():
                    blocks.extend(self._orbit_ramp(term))
                case SinusoidTerm():
                    period = self._positive(make_parameter("sinusoid_period", term.period, "d", lower=0.0))
                    blocks.append(Sinusoid(("sine", "cosine"), curves.time, period))
                case PrincipalComponentsTerm() if components is None:
                    pending.add("pca")
                case PrincipalComponentsTerm() if components is not None:
                    names = tuple(f"component_{number + 1}" for number in range(len(components)))
                    blocks.append(FixedColumns(names, np.asarray(components, float)))
                case CommonModeTerm(how="fit") if common_mode is None:
                    pending.add("common-mode")
                case CommonModeTerm(how="fit") if common_mode is not None:
                    blocks.append(self._common_mode(common_mode))
        self.pending = frozenset(pending)
        self._blocks = tuple(block for block in blocks if block.names)
        self.column_names = _numbered([name for block in self._blocks for name in block.names])
        self.parameters = _renamed([parameter for block in self._blocks for parameter in block.parameters])
        self._check_rank()

    @property
    def n_column(self) -> int:
        """Number of linear coefficients."""
        return len(self.column_names)

    @property
    def start(self) -> Array:
        """Values of ``parameters`` at which a fit starts, (n_parameter,)."""
        return np.array([parameter.start for parameter in self.parameters])

    @property
    def per_channel(self) -> bool:
        """Whether columns differ from channel to channel even at the same values, as some regressors do."""
        return any(isinstance(block, FixedColumns) and block.fixed.ndim == 3 for block in self._blocks)

    def columns(self, values: Array | None = None) -> Array:
        """Return the columns at all times, used or not.

        Parameters
        ----------
        values
            Of ``parameters``, (n_parameter,) for all channels or (n_channel, n_parameter); by default ``start``.

        Returns
        -------
        array
            (n_column, n_time), or (n_channel, n_column, n_time) where values or a regressor differ between channels.
        """
        given = self.start if values is None else np.asarray(values, float)
        parts = [block.columns(part) for block, part in zip(self._blocks, self._split(given), strict=True)]
        return _stacked(parts)

    def gradient(self, values: Array | None = None) -> Array:
        """Return the derivatives of :meth:`columns` by the nonlinear parameters, with those in front of its shape."""
        given = self.start if values is None else np.asarray(values, float)
        shape = self.columns(given).shape
        derivative = np.zeros((len(self.parameters), *shape))
        first, row = 0, 0
        for block, part in zip(self._blocks, self._split(given), strict=True):
            n_parameter, n_column = len(block.parameters), len(block.names)
            if n_parameter:
                derivative[first : first + n_parameter, ..., row : row + n_column, :] = block.gradient(part)
            first, row = first + n_parameter, row + n_column
        return derivative

    def _split(self, values: Array) -> list[Array]:
        if values.shape[-1] != len(self.parameters):
            raise ValueError(f"expected {len(self.parameters)} values (..., n_parameter), got shape {values.shape}")
        ends = np.cumsum([len(block.parameters) for block in self._blocks])[:-1]
        return list(np.split(values, ends, axis=-1))

    def _polynomial(self, term: PolynomialTerm) -> FixedColumns:
        columns = np.asarray(legendre.legvander(self._scaled_time, term.order), float).T[1:]
        return FixedColumns(tuple(f"time_{order}" for order in range(1, term.order + 1)), columns)

    def _exponential(self, term: ExponentialTerm, exponentials: list[ExponentialTerm]) -> Ramp:
        time = self.curves.time[self._used]
        spec: PriorParams | None = term.timescale
        if spec is None:
            free = [other for other in exponentials if other.timescale is None]
            # equal terms would exchange their roles: each has its own part of the range
            number = next(index for index, other in enumerate(free) if other is term)
            low, high = 3.0 * float(np.median(np.diff(self.curves.time))), float(time.max() - time.min())
            edges = np.geomspace(low, max(high, 2.0 * low), len(free) + 1)
            spec = LogUniformPrior(log_uniform=(float(edges[number]), float(edges[number + 1])))
        elapsed = (self.curves.time - time.min()).clip(min=0.0)
        parameter = make_parameter("ramp_timescale", spec, "d", lower=0.0)
        return Ramp(("ramp",), elapsed, np.ones((1, len(elapsed))), self._positive(parameter))

    def _steps(self, term: StepTerm, searched: Sequence[float]) -> FixedColumns:
        used = self.curves.time[self._used]
        given = [time - self.curves.reference for time in term.times]
        for time in (*given, *searched):
            if not used.min() < time <= used.max():
                raise DataError(
                    f"node /{self.curves.path}: the step at {time + self.curves.reference:.6f} d is outside the data, "
                    f"which cover {used.min() + self.curves.reference:.6f} to "
                    f"{used.max() + self.curves.reference:.6f} d on their own clock"
                )
        times = sorted((*given, *searched))
        columns = np.array([self.curves.time >= time for time in times], float).reshape(-1, len(self.curves.time))
        return FixedColumns(tuple("step" for _ in times), columns)

    def _regressors(self, term: RegressorsTerm) -> FixedColumns:
        scaled = [scale_regressor(name, self.curves) for name in term.names]
        names, columns = [], []
        for regressor in scaled:
            self.scaling[regressor.name] = (regressor.centre, regressor.scale)
            for power in range(1, term.order + 1):
                names.append(regressor.name if power == 1 else f"{regressor.name}^{power}")
                columns.append(regressor.values**power)
        if term.cross:
            for index, first in enumerate(scaled):
                for second in scaled[index + 1 :]:
                    names.append(f"{first.name}*{second.name}")
                    columns.append(first.values * second.values)
        for angle in term.angles:
            for regressor in scale_angle(angle, self.curves):
                self.scaling[regressor.name] = (regressor.centre, regressor.scale)
                names.append(regressor.name)
                columns.append(regressor.values)
        return FixedColumns(tuple(names), _stacked([column[..., None, :] for column in columns]))

    def _scan_direction(self, term: ScanDirectionTerm) -> FixedColumns:
        values = find_regressor(term.name, self.curves.regressors, self.curves.path)
        values = values[0] if values.ndim == 2 else values
        levels = np.unique(values[self._used])
        if len(levels) != 2 or not np.isfinite(levels).all():
            listed = ", ".join(f"{level:g}" for level in levels[:5]) + (" ..." if len(levels) > 5 else "")
            raise DataError(
                f"node /{self.curves.path}: scan-direction needs a regressor with two values, one per direction, but "
                f"{term.name!r} has {len(levels)} where the flux is used ({listed}); scans in one direction need no "
                "such term"
            )
        side = np.where(values == levels[1], 0.5, -0.5)
        columns = [side, side * self._scaled_time] if term.slope else [side]
        return FixedColumns(("scan_direction", "scan_direction_slope")[: len(columns)], np.array(columns))

    def _orbit_ramp(self, term: OrbitRampTerm) -> list[Block]:
        orbit = orbit_numbers(self.curves, term.orbit)
        used = np.unique(orbit[self._used])
        if len(used) < 2:
            raise DataError(
                f"node /{self.curves.path}: orbit-ramp found one orbit in the data; it needs several, told by the "
                "regressor named in orbit or by gaps in time. For one ramp use exponential"
            )
        if term.amplitude == "per-orbit":
            names = [f"orbit_ramp_{number}" for number in used]
            where = [orbit == number for number in used]
        elif term.first_orbit:
            names, where = ["orbit_ramp_first", "orbit_ramp"], [orbit == used[0], orbit > used[0]]
        else:
            names, where = ["orbit_ramp"], [orbit >= 0]
        spec = LogUniformPrior(log_uniform=_ORBIT_RAMP_RANGE) if term.timescale is None else term.timescale
        timescale = self._positive(make_parameter("orbit_ramp_timescale", spec, "d", lower=0.0))
        elapsed = time_in_orbit(self.curves.time, orbit)
        blocks: list[Block] = [Ramp(tuple(names), elapsed, np.array(where, float), timescale)]
        if term.phase_order:
            period = term.orbital_period or telescope_period(self.curves.time, orbit)
            phase = orbital_phase(self.curves.time, period, self._used)
            columns = np.asarray(legendre.legvander(phase, term.phase_order), float).T[1:]
            names = [f"orbital_phase_{order}" for order in range(1, term.phase_order + 1)]
            blocks.append(FixedColumns(tuple(names), columns))
        return blocks

    def _common_mode(self, common_mode: Array) -> FixedColumns:
        centre = np.array([np.median(common_mode[self._used])])
        scale = np.array([np.std(common_mode[self._used])])
        scale[scale == 0] = 1.0
        self.scaling["common_mode"] = (centre, scale)
        return FixedColumns(("common_mode",), np.asarray((common_mode - centre) / scale, float)[None])

    def _positive(self, parameter: Parameter) -> Parameter:
        if parameter.start <= 0:
            raise ParameterError(f"{parameter.name}: a time must be above 0 d, got {parameter.start:g}")
        return parameter

    def _check_rank(self) -> None:
        """Refuse columns that are combinations of others: their coefficients have no value."""
        columns = self.columns()
        channels = columns[None] if columns.ndim == 2 else columns
        use = self._used[None] if columns.ndim == 2 else self.curves.use
        count = use.sum(axis=1)
        if (few := (count > 0) & (count < self.n_column)).any():
            raise DataError(
                f"node /{self.curves.path}: {self.n_column} systematics columns ({', '.join(self.column_names)}) for "
                f"{count[few].min()} usable times; use fewer terms"
            )
        there = np.where(use[:, None, :], channels, 0.0)
        size = np.sqrt(np.square(there).sum(axis=2, keepdims=True))
        there /= np.where(size > 0, size, 1.0)
        # quick for hundreds of channels, but exact to the root of the rounding only
        least = np.linalg.eigvalsh(there @ there.transpose(0, 2, 1))[:, 0]
        for part in there[(least < _SUSPICIOUS) & (count > 0)]:
            left, singular, _ = np.linalg.svd(part, full_matrices=False)
            if singular[-1] > _COLLINEAR:
                continue
            involved = np.abs(left[:, singular <= _COLLINEAR]).max(axis=1) > 1e-3
            listed = ", ".join(name for name, is_one in zip(self.column_names, involved, strict=True) if is_one)
            raise DataError(
                f"node /{self.curves.path}: the systematics columns {listed} are combinations of each other at the "
                "times that are used, so their coefficients cannot be told apart; leave one out"
            )


def _stacked(parts: list[Array]) -> Array:
    """Join columns (..., n_column, n_time) along n_column, those shared by all channels repeated."""
    leading = max((part.shape[:-2] for part in parts), key=len)
    return np.concatenate([np.broadcast_to(part, (*leading, *part.shape[-2:])) for part in parts], axis=-2)


def _numbered(names: list[str]) -> tuple[str, ...]:
    """Return the names, those that occur more than once with a number: ramp, ramp -> ramp_1, ramp_2."""
    counted: dict[str, int] = {}
    result = []
    for name in names:
        counted[name] = counted.get(name, 0) + 1
        result.append(f"{name}_{counted[name]}" if names.count(name) > 1 else name)
    return tuple(result)


def _renamed(parameters: list[Parameter]) -> tuple[Parameter, ...]:
    names = _numbered([parameter.name for parameter in parameters])
    return tuple(replace(parameter, name=name) for parameter, name in zip(parameters, names, strict=True))
