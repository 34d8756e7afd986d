"""The transit model against batman and against finite differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from specframe_transit.joint.transit_model import Geometry, limb_darkened_dip, trapezoid_dip

_EXPOSURE = 144 / 86400
_TIME = (np.arange(187) + 0.5) * _EXPOSURE
_U1, _U2 = np.linspace(0.45, 0.05, 6), np.linspace(0.25, 0.15, 6)
_CASES = [
    # radius, impact parameter, duration in d
    (0.05, 0.3, 0.125),
    (0.1, 0.0, 0.125),
    (0.03, 0.6, 0.1),
    (0.15, 0.8, 0.08),
    (0.1, 0.97, 0.05),
]


def _dip(geometry, depth, u1=_U1, u2=_U2, exposure=_EXPOSURE):
    return limb_darkened_dip(_TIME, exposure, geometry, depth, depth, np.ones(len(depth)), u1, u2)


@pytest.mark.parametrize(("radius", "impact", "duration"), _CASES)
def test_agrees_with_batman(batman_transit, radius, impact, duration):
    """0.1 ppm but for the few samples in which a contact lies, whose mean over the exposure is good to 1 ppm."""
    depth = radius**2 * np.linspace(0.95, 1.05, 6)
    geometry = Geometry(0.1553, duration, impact**2, radius)
    expected = batman_transit(
        _TIME, depth, _U1, _U2, mid_transit=0.1553, duration=duration, impact=impact, radius=radius,
        exposure=_EXPOSURE, points=400,
    )  # fmt: skip
    difference = np.abs(1 - _dip(geometry, depth).value - expected)
    assert difference.max() < 1e-6
    x = np.abs(2 * (_TIME - 0.1553) / duration)
    z = np.sqrt(impact**2 * (1 - x**2) + (1 + radius) ** 2 * x**2)
    width = 4 * radius * 0.05 + 2 * (1 + radius) ** 2 * x * 2 * _EXPOSURE / duration / np.maximum(z, 0.1)
    away = (np.abs(z - 1 - radius) > width) & (np.abs(z - 1 + radius) > width)
    assert away.sum() > 100
    assert difference[:, away].max() < 1e-7


@pytest.mark.parametrize(("radius", "impact", "duration"), _CASES)
def test_derivatives_are_those_of_finite_differences(radius, impact, duration):
    """To 1 %: samples at a contact move their points when the orbit does, and the flux is not smooth there."""
    depth = radius**2 * np.linspace(0.95, 1.05, 6)
    geometry = Geometry(0.1553, duration, impact**2, radius)
    dip = _dip(geometry, depth)

    def slope(function, step):
        return (function(step) - function(-step)) / (2 * step)

    numeric = {
        "by_mid_transit": slope(lambda h: _dip(replace(geometry, mid_transit=0.1553 + h), depth).value, 1e-6),
        "by_duration": slope(lambda h: _dip(replace(geometry, duration=duration + h), depth).value, 1e-6),
        "by_impact": slope(lambda h: _dip(replace(geometry, impact_squared=impact**2 + h), depth).value, 1e-5),
        "by_depth": slope(lambda h: _dip(geometry, depth + h).value, 1e-7),
        "by_u1": slope(lambda h: _dip(geometry, depth, _U1 + h).value, 1e-4),
        "by_u2": slope(lambda h: _dip(geometry, depth, _U1, _U2 + h).value, 1e-4),
    }
    for name, expected in numeric.items():
        np.testing.assert_allclose(
            getattr(dip, name), expected, rtol=0, atol=1e-2 * np.abs(expected).max(), err_msg=name
        )


def test_central_transits_have_no_edge_at_impact_parameter_zero():
    """The flux goes on smoothly through b^2 = 0: second differences there are as small as beside it."""
    depth = np.full(6, 0.01)
    squares = np.linspace(-0.04, 0.04, 9)
    flux = np.array([_dip(Geometry(0.1553, 0.12, b2, 0.1), depth).value for b2 in squares])
    bend = np.abs(np.diff(flux, 2, axis=0)).max(axis=(1, 2))
    assert bend[3] < 2 * bend[-1] + 1e-7


def test_shape_of_another_depth_makes_the_dip_linear_in_the_depth():
    geometry, shape = Geometry(0.1553, 0.12, 0.09, 0.1), np.full(6, 0.01)
    zero = np.zeros(6)
    values = [
        limb_darkened_dip(_TIME, _EXPOSURE, geometry, factor * shape, shape, zero, _U1, _U2).value
        for factor in (-1.0, 0.0, 1.0, 2.0)
    ]
    np.testing.assert_allclose(values[0], -values[2], atol=1e-15)
    np.testing.assert_array_equal(values[1], 0.0)
    np.testing.assert_allclose(values[3], 2 * values[2], atol=1e-15)
    np.testing.assert_allclose(values[2], _dip(geometry, shape).value, atol=1e-15)


def test_trapezoid_is_the_mean_over_the_exposure():
    """Its integral over time is depth x (T14 - T12), whatever the sampling."""
    geometry = Geometry(0.1553, 0.12, 0.13, 0.1)
    value = trapezoid_dip(_TIME, _EXPOSURE, geometry, np.array([0.01])).value
    assert value.max() == pytest.approx(0.01)
    assert value.sum() * _EXPOSURE == pytest.approx(0.01 * 0.12 * (1 - 0.13), rel=1e-3)


def test_without_a_transit_in_the_window_nothing_is_occulted():
    value = _dip(Geometry(5.0, 0.12, 0.09, 0.1), np.full(6, 0.01)).value
    np.testing.assert_array_equal(value, 0.0)


def test_a_period_bends_the_path_as_batman_has_it(batman_transit):
    """A planet of 1.4 d at 3.6 stellar radii: within 1 ppm, where a straight chord is off by more than 100."""
    depth, radius, duration, impact = np.full(6, 0.01), 0.1, 0.125, 0.45
    expected = batman_transit(
        _TIME,
        depth,
        _U1,
        _U2,
        mid_transit=0.1553,
        duration=duration,
        impact=impact,
        radius=radius,
        exposure=_EXPOSURE,
        points=400,
        period=1.4,
    )
    straight = Geometry(0.1553, duration, impact**2, radius)
    bent = replace(straight, period=1.4)
    assert np.abs(1 - _dip(bent, depth).value - expected).max() < 1e-6
    assert np.abs(1 - _dip(straight, depth).value - expected).max() > 1e-4
    assert bent.time_of(-1.0) == pytest.approx(0.1553 - duration / 2)

    step = 1e-6
    for name in ("mid_transit", "duration"):
        value = getattr(bent, name)
        above, below = (_dip(replace(bent, **{name: value + h}), depth).value for h in (step, -step))
        numeric = (above - below) / (2 * step)
        found = getattr(_dip(bent, depth), f"by_{name}")
        np.testing.assert_allclose(found, numeric, atol=1e-2 * np.abs(numeric).max())
