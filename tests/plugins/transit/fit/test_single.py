"""A photometer's one depth beside the white fit, which is a fit of the same light curve."""

from __future__ import annotations

import pytest

from specframe_transit.fit.transit_fit import TransitFit

ORBIT = {
    "period": 4.0,
    "mid_transit": {"uniform": [2459000.45, 2459000.55]},
    "semi_major_axis": {"normal": [11.4, 0.3]},
    "inclination": {"uniform": [85, 90]},
}


def _fit(observation, **params):
    return TransitFit(orbit=ORBIT, **params).apply(observation)


@pytest.mark.parametrize("method", ["laplace", "emcee"])
def test_the_only_channel_of_a_photometer_has_the_errors_of_the_white_fit(transit_node, observe, method):
    white = {"method": {"method": method, **({"n_effective": 200} if method == "emcee" else {})}}
    # with the star known, chains are short
    star = {"coefficients": [0.3, 0.2], "white": "fixed", "channels": "fixed"}
    data = _fit(observe({"A/0": transit_node([0.1])}), white=white, limb_darkening=star)["A/0"]
    assert float(data["depth"][0]) == float(data["white_depth"])
    assert float(data["depth_error"][0]) == pytest.approx(float(data["white_depth_error"]), rel=0.15)
    # a curve of two like channels has each with the orbit of the white fit: that is no bound on one alone
    both = _fit(observe({"A/0": transit_node([0.1, 0.1])}), limb_darkening=star)["A/0"]
    assert float(data["depth_error"][0]) > float(both["depth_error"][0])
    lower, upper = float(data["depth_error_lower"][0]), float(data["depth_error_upper"][0])
    assert 0.5 * (lower + upper) == pytest.approx(float(data["depth_error"][0]))


@pytest.mark.parametrize("channels", [{"systematics": []}, {"method": {"method": "emcee", "n_effective": 100}}])
def test_channels_of_another_model_keep_their_own_depth(transit_node, observe, channels):
    data = _fit(observe({"A/0": transit_node([0.1])}), channels=channels)["A/0"]
    own = float(data["depth"][0]) != float(data["white_depth"])
    assert own == ("systematics" in channels)


@pytest.mark.parametrize(
    ("limb", "alike"),
    [
        ({"white": "free"}, True),
        ({"coefficients": [0.3, 0.2], "white": {"std": 0.1}}, True),
        ({"coefficients": [0.3, 0.2], "white": "free"}, False),
    ],
)
def test_auto_is_what_it_stands_for(transit_node, observe, limb, alike):
    data = _fit(observe({"A/0": transit_node([0.1])}), limb_darkening=limb)["A/0"]
    assert (float(data["depth"][0]) == float(data["white_depth"])) == alike
