"""Where a white fit starts: the best of a grid over what its priors allow, with an event inside the data."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.fit.linear import solve_linear
from specframe_transit.inference.prior import Fixed, Normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from specframe_transit.fit.layout import Layout
    from specframe_transit.fit.problem import Problem
    from specframe_transit.inference.prior import Parameter

    Array = NDArray[np.float64]

__all__ = ["check_window", "started"]

#: Mid-transits are tried at steps of this part of the duration, over so many standard deviations of their prior.
_SCAN_STEP, _SCAN_STD = 0.2, 3.0
_MOST_SCANNED = 200
_MIN_IN_EVENT = 3
#: What else decides the shape of an event, and where it is tried: parts of a flat prior's width, multiples of a start
#: without bounds. The size follows.
_SHAPES = ("semi_major_axis", "stellar_density", "duration", "inclination", "impact_parameter")
_PARTS = (0.15, 0.5, 0.85)
_MULTIPLES = (0.6, 1.0, 1.6)
_WIDE = 0.2
#: So many of the best starts are followed to their minimum.
_FOLLOWED = 3
#: An eclipse is looked for by this depth, which is then scaled.
_TRIED_DEPTH = 1e-3


def started(problem: Problem, layout: Layout) -> Problem:
    """Return the problem with the start whose minimum is the lowest.

    The mid-transit is scanned over its prior, together with those parameters of the shape whose flat priors are wide.

    Raises
    ------
    DataError
        When no start has an event inside the data, or the planet misses its star in all.
    """
    first = problem.prior.start[0]
    refused: DataError | None = None
    trials: list[tuple[float, Array]] = []
    for shape in _shapes(problem, first):
        try:
            check_window(layout, shape, reach=True)
            trials.append(_scanned(problem, layout, shape))
        except DataError as error:
            refused = refused or error
    if not trials:
        assert refused is not None
        raise refused
    trials.sort(key=lambda trial: trial[0])
    if len(trials) == 1:
        return _from(problem, trials[0][1])
    minima = [_from(problem, start).minimise() for _, start in trials[:_FOLLOWED]]
    objective = [float(0.5 * m.chi2[0] + problem.prior.penalty(m.values)[0]) for m in minima]
    return _from(problem, minima[int(np.argmin(objective))].values[0])


def check_window(layout: Layout, values: Array, reach: bool = False) -> None:
    """Raise DataError where a node has no event in its data; with ``reach`` wherever its prior lets it be."""
    for i, node in enumerate(layout.white):
        centre, contacts, (back, on) = _event(layout, i, values)
        used = node.time[node.use[0]]
        within = (used > contacts[0] - back * reach) & (used < contacts[3] + on * reach)
        if within.sum() >= _MIN_IN_EVENT:
            continue
        kind = layout.params.signal
        first, last, middle = (x + node.reference for x in (used[0], used[-1], centre))
        raise DataError(
            f"node /{node.path}: {kind} outside the window: the data cover {first:.4f} to {last:.4f} on the file's "
            f"clock, the nearest mid-{kind} is at {middle:.4f} and lasts {contacts[3] - contacts[0]:.3f} d; correct "
            "orbit.mid_transit or orbit.period, give a wider prior, or leave this visit out"
        )


def _from(problem: Problem, start: Array) -> Problem:
    return replace(problem, prior=replace(problem.prior, start=start[None]))


def _shapes(problem: Problem, first: Array) -> Iterator[Array]:
    """Yield starts with all combinations of the shape's parameters, that of the user first."""
    choices = []
    for value, parameter in zip(first, problem.parameters[0], strict=True):
        own = [value]
        if parameter.name.partition("[")[0] in _SHAPES:
            own += [x for x in _tried(parameter) if x != value]
        choices.append(own)
    for combination in product(*choices):
        yield np.array(combination)


def _tried(parameter: Parameter) -> list[float]:
    prior = parameter.prior
    if isinstance(prior, Normal | Fixed):
        return []
    width = prior.upper - prior.lower
    if parameter.name == "inclination" and width < 20.0:
        return [prior.lower + part * width for part in _PARTS]
    if parameter.name == "inclination":
        return [85.0, 87.0, 89.0]
    if parameter.name == "impact_parameter":
        return [min(prior.upper, 1.0) * part for part in _PARTS]
    if np.isfinite(width) and width < _WIDE * abs(parameter.start):
        return []
    return [x for x in (m * parameter.start for m in _MULTIPLES) if prior.lower < x < prior.upper]


def _event(layout: Layout, node: int, values: Array) -> tuple[float, Array, tuple[float, float]]:
    """Return the event's middle nearest to the data, its contacts, and how far the prior lets it move back and on."""
    signal, elements = layout.signals[node], layout.elements
    own = values[layout.signal_picks[node]]
    orbit = signal.orbit(own)
    eclipse = signal.kind == "eclipse"
    used = layout.white[node].time[layout.white[node].use[0]]
    near = 0.5 * (used[0] + used[-1])
    centre = orbit.mid_eclipse(near) if eclipse else orbit.nearest_transit(near)
    ratio = signal.radius_ratio if eclipse else signal.size_at(own)
    contacts = orbit.contacts(ratio, near, eclipse)
    if not np.isfinite(contacts[0]):
        b = orbit.eclipse_impact_parameter if eclipse else orbit.impact_parameter
        raise DataError(
            f"node /{layout.white[node].path}: with these orbital parameters the planet misses its star (impact "
            f"parameter {b:.3g}, radius ratio {ratio:.3g}); correct inclination, impact_parameter or semi_major_axis"
        )
    return centre, contacts, _reach(elements.parameters[elements.clock[node]], contacts[3] - contacts[0])


def _reach(mid_transit: Parameter, duration: float) -> tuple[float, float]:
    """Return how far before and after its start a mid-transit may be, in d."""
    prior = mid_transit.prior
    if prior.fixed:
        return 0.0, 0.0
    if isinstance(prior, Normal):
        back, on = prior.mean - _SCAN_STD * prior.std, prior.mean + _SCAN_STD * prior.std
    else:
        back, on = mid_transit.start - duration, mid_transit.start + duration
        back = prior.lower if np.isfinite(prior.lower) else back
        on = prior.upper if np.isfinite(prior.upper) else on
    return max(mid_transit.start - max(back, prior.lower), 0.0), max(min(on, prior.upper) - mid_transit.start, 0.0)


def _scanned(problem: Problem, layout: Layout, start: Array) -> tuple[float, Array]:
    """Return the objective and the start with mid-transits where it is least on a grid over their priors."""
    best = start.copy()
    least, sizes = _objective(problem, layout, best)
    for column, at in enumerate(layout.free):
        if at >= layout.elements.n_clock:
            continue
        node = layout.elements.clock.index(at)
        _, contacts, reach = _event(layout, node, start)
        step = _SCAN_STEP * (contacts[3] - contacts[0])
        n_back, n_on = (min(int(length / step), _MOST_SCANNED) for length in reach)
        centre = best[column]
        for offset in range(-n_back, n_on + 1):
            trial = best.copy()
            trial[column] = centre + step * offset
            objective, found = _objective(problem, layout, trial)
            if objective < least:
                least, best, sizes = objective, trial, found
    for at, size in sizes.items():
        best[at] = np.clip(size, problem.prior.lower[0, at], problem.prior.upper[0, at])
    return least, best


def _objective(problem: Problem, layout: Layout, values: Array) -> tuple[float, dict[int, float]]:
    """Return chi2 / 2 less the log prior, and the sizes that go with it, by their place among the parameters.

    The depth of an event of the shape given is solved with the linear coefficients, so that a planet of a wrong size
    is found as well; an event upside down counts as none.
    """
    zero = np.zeros(1, np.intp)
    total, sizes = float(problem.prior.penalty(values[None])[0]), {}
    for batch, pick, signal in zip(problem.batches, problem.picks, layout.signals, strict=True):
        at = signal.size_column
        if at is None:
            total += 0.5 * float(batch.solve(values[None, pick], zero)[0].chi2[0])
            continue
        own = values[pick].copy()
        eclipse = signal.kind == "eclipse"
        if eclipse:
            own[at] = _TRIED_DEPTH
        n = len(own) - len(batch.design.free)
        dip = signal.flux(own[None, :n], zero) - 1.0
        columns = batch.design.columns(own[None, n:], zero)
        both = np.concatenate([columns, dip[:, None], batch.flux[:, None]], axis=1)
        whitened, _ = batch.noise.whiten(both, zero)
        solution = solve_linear(whitened[:, :-1], whitened[:, -1])
        depth = float(solution.coefficients[0, -1])
        if depth <= 0 and not eclipse:
            solution = solve_linear(whitened[:, :-2], whitened[:, -1])
        elif eclipse:
            sizes[int(pick[at])] = depth * _TRIED_DEPTH
        else:
            sizes[int(pick[at])] = own[at] * np.sqrt(depth)
        total += 0.5 * float(solution.chi2[0])
    return total, sizes
