"""The error that all depths of a node share, against refits with other orbits and the white depth."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_transit.fit.transit_fit import TransitFit

ORBIT = {
    "period": 4.0,
    "mid_transit": {"uniform": [2459000.45, 2459000.55]},
    "semi_major_axis": {"normal": [11.4, 0.3]},
    "inclination": {"normal": [87.7, 0.3]},
}
KNOWN = {"period": 4.0, "mid_transit": 2459000.503, "semi_major_axis": 11.4, "inclination": 87.7}
RATIOS = np.linspace(0.098, 0.102, 12)


def _fit(node, observe, **params):
    params = {"orbit": ORBIT, "limb_darkening": {"coefficients": (0.3, 0.2)}, **params}
    return TransitFit(**params).apply(observe({"A/0": node}))["A/0"].to_dataset()


def test_an_uncertain_orbit_moves_all_depths_alike(transit_node, observe):
    """The other estimate fits the channels again with the orbit moved by its errors."""
    node = transit_node(RATIOS, noise=2e-4)
    fixed, prior = (_fit(node, observe, channels={"orbit": orbit}) for orbit in ("fixed", "prior"))
    covariance = prior["depth_covariance"].values
    shared = np.sqrt(np.median(covariance[~np.eye(len(RATIOS), dtype=bool)]))
    assert float(fixed["depth_offset_error"]) == pytest.approx(shared, rel=0.2)
    assert float(prior["depth_offset_error"]) == 0
    assert ("shared-offset" in fixed.attrs["flags"]) == bool(shared > np.median(fixed["depth_error"]))


def test_a_known_orbit_moves_none(transit_node, observe):
    data = _fit(transit_node(RATIOS), observe, orbit=KNOWN)
    assert float(data["depth_offset_error"]) == 0
    assert "shared-offset" not in data.attrs["flags"]


def test_over_a_common_mode_the_level_is_that_of_the_white_curve(transit_node, observe):
    """A wave that the white fit cannot follow moves all depths by far more than their errors."""
    time = np.linspace(-0.12, 0.12, 150)
    wave = 1.0 + 1e-3 * np.sin(2 * np.pi * time / 0.11 + 1.0)
    channels = {"systematics": [{"term": "common-mode"}, {"term": "polynomial"}]}
    data = _fit(transit_node(RATIOS, drift=wave), observe, orbit=KNOWN, channels=channels)
    offset = float(data["depth_offset_error"])
    assert offset == pytest.approx(float(data["white_depth_error"]))
    assert offset > float(data["depth_error"].median())
    assert "shared-offset" in data.attrs["flags"].split()
    shape = (data["depth"] - RATIOS**2) / data["depth_error"]
    assert float((shape - shape.mean()).std()) < 1.6
