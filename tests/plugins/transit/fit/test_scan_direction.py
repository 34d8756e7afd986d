"""The two levels of a spatial scan are no noise."""

from __future__ import annotations

import numpy as np

from specframe_transit.fit.transit_fit import TransitFit

ORBIT = {
    "period": 4.0,
    "mid_transit": {"uniform": [2459000.45, 2459000.55]},
    "semi_major_axis": 11.4,
    "inclination": 87.7,
}


def test_alternating_levels_do_not_make_right_errors_too_small(transit_node, observe):
    data = transit_node([0.1, 0.1], noise=5e-4)
    direction = np.arange(data.sizes["time"]) % 2.0
    data["flux"] = data["flux"] * (1.0 + 5e-3 * direction)
    data["scan_direction"] = ("time", direction, {"units": "", "role": "regressor"})
    terms = [{"term": "polynomial"}, {"term": "scan-direction"}]
    star = {"coefficients": [0.3, 0.2], "white": "fixed", "channels": "fixed"}
    result = TransitFit(orbit=ORBIT, systematics=terms, limb_darkening=star).apply(observe({"A/0": data}))["A/0"]
    assert np.all(np.abs(result["error_ratio"].values - 1.0) < 0.25)
    assert "errors-underestimated" not in result.attrs["flags"]
