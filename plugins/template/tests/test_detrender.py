"""The detrender measures what was put into the light curves."""

import numpy as np
import pytest
from specframe.errors import DataError
from specframe.testing import light_curve_observation

from specframe_out_of_transit import OutOfTransit

PATH = "SPEC/0"
DEPTH = 0.01


def with_transit(drift: float) -> tuple[object, np.ndarray]:
    """Return an Observation without noise: a linear drift and a box-shaped transit, and where it is."""
    observation = light_curve_observation()
    data = observation[PATH].to_dataset()
    time = data["time"].values
    contacts = data["contact_time"].values
    inside = (time > contacts[0]) & (time < contacts[3])
    flux = 1e5 * (1.0 + drift * time) * np.where(inside, 1.0 - DEPTH, 1.0) * np.ones((data.sizes["wavelength"], 1))
    observation[PATH].dataset = data.assign(flux=(("wavelength", "time"), flux, {"units": "electron"}))
    return observation, inside


@pytest.mark.parametrize("drift", [0.0, 0.03, -0.1])
def test_the_depth_does_not_depend_on_the_drift(drift: float) -> None:
    observation, _ = with_transit(drift)
    result = OutOfTransit(order=1).apply(observation)[PATH]
    # without noise only rounding is left
    np.testing.assert_allclose(result["depth"].values, DEPTH, rtol=1e-9)


def test_errors_are_those_of_the_samples() -> None:
    observation, inside = with_transit(0.0)
    contacts = observation[PATH]["contact_time"].values
    time = observation[PATH]["time"].values
    between = (time > contacts[1]) & (time < contacts[2])
    data = observation[PATH].to_dataset()
    data["mask"][:] = False
    data["flux_error"][:] = 100.0
    observation[PATH].dataset = data
    error = OutOfTransit(order=0).apply(observation)[PATH]["depth_error"].values
    # the ratio of two means: that in transit, and (1 - depth) times that out of it
    expected = 1e-3 * np.sqrt(1.0 / between.sum() + (1.0 - DEPTH) ** 2 / (~inside).sum())
    np.testing.assert_allclose(error, expected, rtol=1e-6)


def test_the_transit_is_found_where_contacts_are_not_known() -> None:
    observation = light_curve_observation()
    known = OutOfTransit().apply(observation)[PATH]
    observation[PATH].dataset = observation[PATH].to_dataset().drop_vars("contact_time")
    found = OutOfTransit().apply(observation)[PATH]
    # other samples are left out at the edges, so that depths agree within their errors only
    assert float(np.abs((found["depth"] - known["depth"]) / known["depth_error"]).max()) < 2.0


def test_light_without_a_transit_is_refused() -> None:
    observation, _ = with_transit(0.01)
    data = observation[PATH].to_dataset().drop_vars("contact_time")
    data["flux"][:] = 1e5 * (1.0 + 0.01 * data["time"])
    observation[PATH].dataset = data
    with pytest.raises(DataError, match="no transit between the ends"):
        OutOfTransit().apply(observation)
