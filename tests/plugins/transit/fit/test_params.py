"""Parameters of transit-fit that are refused, and those of several targets."""

from __future__ import annotations

import json

import pytest

from specframe.api import make_observation
from specframe.errors import ParameterError
from specframe_transit.fit.transit_fit import TransitFit

ORBIT = {"period": 4.0, "mid_transit": {"uniform": [2459000.45, 2459000.55]}, "semi_major_axis": 11.4}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"depth": {"uniform": [0, 0.01]}},
            "depth is that of an eclipse, but the signal is a transit; give radius_ratio",
        ),
        ({"targets": {"P": {"depth": {"free": 0.01}}}}, "targets.P.depth is that of an eclipse"),
        ({"signal": "eclipse"}, "radius_ratio must be a number where the signal is an eclipse"),
        (
            {"signal": "eclipse", "radius_ratio": 0.1, "targets": {"P": {"radius_ratio": {"free": 0.1}}}},
            "targets.P.radius_ratio must be a number",
        ),
        ({"limb_darkening": {"coefficients": [0.9, 0.3]}}, "make the limb darker than black"),
        ({"targets": {"P": {"orbit": {"period": 1.0, "inclination": 90}}}}, "semi_major_axis"),
    ],
)
def test_what_cannot_be_is_refused(params, message):
    with pytest.raises(ParameterError, match=message):
        TransitFit(orbit={**ORBIT, "inclination": 87.7}, **params)


def test_eclipses_of_several_targets_are_told_apart():
    given = {"signal": "eclipse", "radius_ratio": 0.1, "targets": {"P": {"depth": {"free": 0.01}}}}
    fit = TransitFit(orbit={**ORBIT, "inclination": 87.7}, **given)
    again = TransitFit(**fit.params.canonical())
    assert again.params.of_target("P").depth.free == 0.01
    assert again.params.of_target("Q").depth.free == 0.0


def test_a_target_may_have_an_orbit_of_its_own(transit_node):
    wrong = {**ORBIT, "mid_transit": 2459002.5, "inclination": 87.7}
    own = {**ORBIT, "inclination": 87.7}
    fit = TransitFit(orbit=wrong, targets={"P": {"orbit": own}}, limb_darkening={"coefficients": [0.3, 0.2]})
    data = fit.apply(make_observation("P", {"A/0": transit_node()}))["A/0"]
    assert abs(float(data["mid_transit"]) - 2459000.503) < 0.001
    told = json.loads(data.attrs["fit"])
    assert told["orbit"]["mid_transit"]["uniform"] == [2459000.45, 2459000.55]
    assert told["targets"] == {}  # injection-recovery fits with what was true of this target
