"""Flux in other units: depths and what else has no unit are the same, flux is as many times larger."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.api import nodes

NUMERICS = settings.get_profile("numerics")


def rescaled(observation, factor, names=("flux", "flux_error", "model", "white_flux")):
    """Multiply what is in the unit of flux, and what is relative to nothing else."""
    observation = observation.copy(deep=True)
    for path, data in nodes(observation):
        unit = data["flux"].attrs["units"]
        scaled = {
            str(n): (a.dims, factor * a.values, a.attrs)
            for n, a in data.data_vars.items()
            if n in names and a.attrs.get("units") == unit
        }
        observation[path].dataset = data.assign(scaled)
    return observation


@pytest.mark.numerics("flux-scale")
@settings(NUMERICS, max_examples=6)
@given(exponent=st.floats(-6.0, 12.0))
def test_flux_in_other_units_changes_no_depth(subject, bound, exponent):
    factor = 10.0**exponent
    example = subject.example()
    unit = next(data["flux"].attrs["units"] for _, data in nodes(example))
    change = subject.change(subject.base(), subject.run(rescaled(example, factor)), factor, unit=unit)
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("error-scale")
@settings(NUMERICS, max_examples=4)
@given(factor=st.floats(0.7, 1.4))
def test_errors_that_are_all_wrong_alike_change_no_depth_and_no_error(subject, bound, factor):
    """The error of a depth is that of the scatter, as the defaults are."""
    first = subject.base()
    second = subject.run(rescaled(subject.example(), factor, ("flux_error",)))
    for (_, one), (path, two) in zip(nodes(first), nodes(second), strict=True):
        for name in ("depth", "depth_error", "depth_error_lower", "depth_error_upper"):
            if name in one:
                size = float(np.nanmax(np.abs(one[name] - two[name])) / np.nanmax(np.abs(one[name])))
                assert size <= bound, f"{name} of {path}"


@pytest.mark.parametrize("factor", [0.25, 3.0, 1000.0])
def test_formal_errors_of_depths_follow_those_of_the_flux(factor):
    """Where errors are believed, not taken from the scatter."""
    from specframe.testing.problems import light_curve_observation
    from specframe_transit import TransitPolynomial

    fit = TransitPolynomial(error_scale="formal", clip_sigma=None)
    first, second = (
        dict(nodes(fit.apply(rescaled(light_curve_observation(), c, ("flux_error",)))))["SPEC/0"] for c in (1.0, factor)
    )
    np.testing.assert_allclose(second["depth_error"], factor * first["depth_error"], rtol=1e-9)
    np.testing.assert_allclose(second["depth"], first["depth"], rtol=1e-9)
