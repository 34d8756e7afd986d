"""Orbital parameters on the clocks of files, and in the forms in which papers give them."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.errors import DataError, ParameterError
from specframe_transit.curves import curves_of
from specframe_transit.fit.elements import elements_of
from specframe_transit.fit.params import OrbitParams

ORBIT = {"period": 4.0, "mid_transit": 2459000.503, "semi_major_axis": 11.4, "inclination": 87.7}


def _orbit(given, node, radius_ratio=0.1):
    curves = curves_of("A/0", node)
    elements = elements_of(OrbitParams.validate_data(given), [curves])
    values = np.array([p.start for p in elements.parameters])
    return elements.orbit(values, 0, radius_ratio), curves


@pytest.mark.parametrize("clock", ["JD 0", "JD 2400000.5", "JD 2457000"])
@pytest.mark.parametrize("epoch", [0, 7])
def test_a_full_julian_date_is_moved_to_the_transit_in_the_data_on_any_clock(transit_node, clock, epoch):
    orbit, curves = _orbit(ORBIT, transit_node(clock=clock, epoch=epoch))
    first = {"JD 0": 0.0, "JD 2400000.5": 2400000.5, "JD 2457000": 2457000.0}[clock]
    expected = 2459000.503 + epoch * 4.0 - first
    assert abs(orbit.mid_transit + curves.reference - expected) < 1e-8


def test_a_modified_julian_date_is_understood_beside_full_ones(transit_node):
    orbit, curves = _orbit({**ORBIT, "mid_transit": 59000.003}, transit_node())
    assert abs(orbit.mid_transit + curves.reference - 2459000.503) < 1e-8


def test_a_julian_date_for_a_clock_that_does_not_say_its_zero_is_refused(transit_node):
    with pytest.raises(DataError, match="does not say its zero"):
        _orbit(ORBIT, transit_node(clock="start of the visit"))


def test_a_time_on_another_clock_is_refused(transit_node):
    with pytest.raises(DataError, match="years from the data"):
        _orbit({**ORBIT, "mid_transit": 12.5}, transit_node())


def test_density_duration_and_impact_parameter_give_the_same_orbit(transit_node):
    """a/R* = 11.4 and i = 87.7: density by Kepler's third law, b = a cos i, T14 by Winn (2010) eq. 14."""
    node = transit_node()
    orbit, _ = _orbit(ORBIT, node)
    density = 3 * np.pi * 11.4**3 / (6.6743e-8 * (4.0 * 86400.0) ** 2)
    by_density, _ = _orbit(
        {"period": 4.0, "mid_transit": 2459000.503, "stellar_density": density, "inclination": 87.7}, node
    )
    assert abs(by_density.semi_major_axis - 11.4) < 1e-6
    impact, sine = 11.4 * np.cos(np.radians(87.7)), np.sin(np.radians(87.7))
    duration = 4.0 / np.pi * np.arcsin(np.sqrt(1.1**2 - impact**2) / (11.4 * sine))
    for other in ({"inclination": 87.7}, {"impact_parameter": impact}):
        found, _ = _orbit({"period": 4.0, "mid_transit": 2459000.503, "duration": duration, **other}, node)
        assert abs(found.semi_major_axis - 11.4) < 1e-9
        assert abs(found.inclination - 87.7) < 1e-9
    assert abs(orbit.duration(0.1) - duration) < 1e-6


def test_an_eccentric_orbit_keeps_its_impact_parameter(transit_node):
    given = {"period": 4.0, "mid_transit": 2459000.503, "semi_major_axis": 11.4, "impact_parameter": 0.4}
    orbit, _ = _orbit({**given, "eccentricity": 0.3, "argument_of_periastron": 40.0}, transit_node())
    separation, _ = orbit.separation(np.array([orbit.mid_transit]))
    assert abs(separation[0] - 0.4) < 1e-12


def test_derivatives_follow_from_shifted_parameters(transit_node):
    curves = curves_of("A/0", transit_node(epoch=7))
    given = {"period": {"normal": [4.0, 0.01]}, "mid_transit": {"free": 2459000.503}, "duration": {"free": 0.11},
             "impact_parameter": {"uniform": [0.0, 1.0]}, "eccentricity": {"uniform": [0.0, 0.5]}}  # fmt: skip
    elements = elements_of(OrbitParams.validate_data(given), [curves])
    values = np.array([p.start for p in elements.parameters])
    free = [i for i, p in enumerate(elements.parameters) if not p.prior.fixed]
    names = [elements.parameters[i].name for i in free]
    assert names == ["mid_transit", "period", "duration", "impact_parameter", "eccentricity"]
    gradient = elements.gradient(values, 0, 0.1, free)
    for column, at in enumerate(free):
        ends = []
        for sign in (1, -1):
            moved = values.copy()
            moved[at] += sign * 1e-5
            orbit = elements.orbit(moved, 0, 0.1)
            ends.append([orbit.period, orbit.mid_transit, orbit.semi_major_axis, orbit.inclination])
        expected = (np.array(ends[0]) - ends[1]) / 2e-5
        np.testing.assert_allclose(gradient[:4, column], expected, rtol=1e-4, atol=1e-6)
    assert abs(gradient[1, names.index("period")] - 7) < 1e-6


def test_a_missing_or_impossible_parameter_is_named(transit_node):
    with pytest.raises(ParameterError, match="mid_transit is needed"):
        _orbit({"period": 4.0, "semi_major_axis": 11.4, "inclination": 87.7}, transit_node())
    with pytest.raises(ParameterError, match=r"inclination.*outside"):
        _orbit({**ORBIT, "inclination": 95.0}, transit_node())
    with pytest.raises(ParameterError, match="no log_uniform"):
        _orbit({**ORBIT, "mid_transit": {"log_uniform": [2459000.0, 2459001.0]}}, transit_node())


def test_nodes_on_utc_and_tdb_share_no_mid_transit(transit_node):
    nodes = []
    for path, system in (("A/0", "TDB"), ("B/1", "UTC"), ("C/2", "TT"), ("D/3", "")):
        data = transit_node()
        data["time"].attrs["time_system"] = system
        nodes.append(curves_of(path, data))
    given = OrbitParams(period=4.0, mid_transit=2459000.5, semi_major_axis=11.4, inclination=87.7)
    elements_of(given, [nodes[0], nodes[2], nodes[3]])
    elements_of(given, nodes, per_visit=True)
    with pytest.raises(DataError, match=r"/A/0 \(TDB\) and /B/1 \(UTC\) are on different time scales.*timing: visit"):
        elements_of(given, nodes)
