"""Times count from anywhere: days since the first exposure, or whole Julian dates."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.api import nodes

NUMERICS = settings.get_profile("numerics")
#: Parameters that are times on the data's clock.
TIMES = ("mid_transit",)


def later(observation, by):
    """Add days to all times of an Observation."""
    observation = observation.copy(deep=True)
    for path, data in nodes(observation):
        moved = {}
        for name in ("contact_time", "mid_transit"):
            if name in data:
                moved[name] = (data[name].dims, data[name].values + by, data[name].attrs)
        if "time" in data.coords:
            data = data.assign_coords(time=("time", data["time"].values + by, data["time"].attrs))
        observation[path].dataset = data.assign(moved)
    return observation


def later_params(params, by):
    """Add days to the parameters that are times: {mid_transit: {uniform: [from, to]}}, {normal: [mean, std]}."""
    params = copy.deepcopy(params)
    for name in TIMES:
        prior = params.get("orbit", {}).get(name)
        if prior:
            ((law, (first, second)),) = prior.items()
            params["orbit"][name] = {law: [first + by, second + (by if law == "uniform" else 0.0)]}
    return params


@pytest.mark.numerics("time-shift")
@settings(NUMERICS, max_examples=3)
@given(by=st.sampled_from([50_000.0, 2_400_000.0]) | st.floats(2_300_000.0, 2_500_000.0))
def test_a_later_clock_changes_nothing_but_times(subject, bound, by):
    example = subject.example()
    component = subject.cls(**later_params(subject.params, by))
    result = later(component.apply(later(example, by)), -by)
    change = subject.change(subject.base(), result)
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.parametrize("unit", ["h", "min", "s"])
def test_times_in_other_units_give_the_same_depths(unit):
    from astropy import units

    from specframe.testing.problems import light_curve_observation
    from specframe_transit import TransitJoint, TransitPolynomial

    days = light_curve_observation()
    other = days.copy(deep=True)
    data = dict(nodes(days))["SPEC/0"]
    factor = units.d.to(unit)
    other["SPEC/0"].dataset = data.assign(
        contact_time=("contact", factor * data["contact_time"].values, {"units": unit})
    ).assign_coords(time=("time", factor * data["time"].values, {**data["time"].attrs, "units": unit}))
    for step in (TransitPolynomial(), TransitJoint()):
        first, second = ({p: d for p, d in nodes(step.apply(o)) if "depth" in d} for o in (days, other))
        for path, one in first.items():
            np.testing.assert_allclose(second[path]["depth"], one["depth"], rtol=1e-7)
            np.testing.assert_allclose(second[path]["depth_error"], one["depth_error"], rtol=1e-6)
