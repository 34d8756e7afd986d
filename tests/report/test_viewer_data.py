"""The viewer shows what was predicted, and of very many targets a fair selection."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from specframe.report.encoding import decode_table
from specframe.report.page import island
from specframe.report.parameters_svg import parameters_svg
from specframe.report.predicted import Predicted
from specframe.report.viewer_data import selected_targets, viewer_data


def predicted(n_target: int, n_output: int, **more: object) -> Predicted:
    rng = np.random.default_rng(3)
    truth = 0.002 + 1e-4 * rng.normal(size=(n_target, n_output))
    std = np.full(truth.shape, 2e-5)
    arrays = {"mean": truth + std * rng.normal(size=truth.shape), "std": std, "truth": truth}
    coords = {
        "target": [f"t{i}" for i in range(n_target)],
        "output": [f"wl_{i}" for i in range(n_output)],
        "wavelength": ("output", np.linspace(3.0, 1.0, n_output)),
    }
    made = xr.Dataset({name: (("target", "output"), values) for name, values in arrays.items()}, coords=coords)
    return Predicted.of(made, **more)


def test_few_targets_are_all_shown() -> None:
    assert selected_targets(predicted(100, 283)).tolist() == list(range(100))


def test_of_many_targets_both_ends_and_some_between_are_shown() -> None:
    found = predicted(3000, 283)
    rows = selected_targets(found, always=["t1234"])
    _, order = found.ranking()
    fifth = len(rows) // 5
    place = {int(row): i for i, row in enumerate(order)}
    places = np.sort([place[int(row)] for row in rows])
    assert len(rows) < 600
    assert np.array_equal(places[: fifth - 1], np.arange(fifth - 1))  # the worst
    assert np.array_equal(places[1 - fifth :], np.arange(3001 - fifth, 3000))  # the best
    between = np.diff(places[fifth + 1 : -fifth - 1])
    assert between.max() < 2 * np.median(between) + 1
    assert 1234 in rows


def test_tables_hold_the_prediction_in_order_of_wavelength_to_a_hundredth_of_its_errors() -> None:
    found = predicted(5, 40)
    data = json.loads(island(viewer_data(found, np.array([1, 4]), {"odd": ["t4"]})))
    assert data["names"] == ["t1", "t4"]
    assert data["flags"] == [[], ["odd"]]
    assert data["wavelength"] == pytest.approx(np.linspace(1.0, 3.0, 40), rel=1e-6)
    assert data["outputs"][0] == "wl_39"
    for name, values in (("mean", found.mean), ("truth", found.truth), ("std", found.std)):
        shown = decode_table(data["tables"][name])
        assert np.abs(shown - 1e6 * values[[1, 4]]).max() < 0.01 * 20
    # 0.9945 is the half width of 68 % of a normal distribution
    assert decode_table(data["tables"]["down68"]) == pytest.approx(np.full((2, 40), 19.889), abs=0.1)
    assert "up68" not in data["tables"]


def test_depths_of_the_light_curves_are_those_at_the_same_wavelengths() -> None:
    at = np.linspace(3.0, 1.0, 6)
    found = predicted(3, 6, estimates={"t1": (at, at / 1e3, at / 1e5), "t2": (at[:4], at[:4], at[:4])})
    depth, error = found.estimate
    assert depth[1] == pytest.approx(at[::-1] / 1e3)
    assert error[1] == pytest.approx(at[::-1] / 1e5)
    assert np.isnan(depth[[0, 2]]).all()


def test_a_single_depth_is_drawn_and_listed_in_ppm() -> None:
    arrays = {"mean": [[0.0025], [0.0031]], "std": [[1e-5], [2e-5]], "truth": [[0.00252], [0.00309]]}
    coords = {"target": ["a", "b"], "output": ["transit_depth"]}
    made = xr.Dataset({name: (("target", "output"), values) for name, values in arrays.items()}, coords=coords)
    found = Predicted.of(made)
    assert not found.is_spectrum
    data = viewer_data(found, np.array([0, 1]), {})
    assert (data["units"], data["unit"]) == (["ppm"], "ppm")
    assert decode_table(data["tables"]["mean"]).ravel() == pytest.approx([2500, 3100], abs=0.1)
    assert "transit_depth 2500, 68 % between 2490 and 2510, true 2520 ppm." in parameters_svg(found, 0)


def test_scores_of_a_target_are_those_of_its_own_errors() -> None:
    truth = np.zeros((2, 4))
    mean = np.array([[1.0, -1.0, 1.0, -1.0], [4.0, 0.0, 0.0, 0.0]])
    arrays = {"mean": mean, "std": np.full((2, 4), 2.0), "truth": truth}
    coords = {"target": ["a", "b"], "output": list("wxyz"), "wavelength": ("output", [1.0, 2, 3, 4])}
    made = xr.Dataset({name: (("target", "output"), values) for name, values in arrays.items()}, coords=coords)
    made["mean"].attrs["units"] = "K"
    found = Predicted.of(made)
    assert found.scores["rmse"].tolist() == [1.0, 2.0]
    assert found.scores["pull_rms"].tolist() == [0.5, 1.0]
    assert found.scores["inside_68"].tolist() == [1.0, 0.75]
    assert found.ranking()[1].tolist() == [1, 0]


def test_no_text_ends_the_element_that_holds_the_data() -> None:
    hostile = "</script><!-- \u2028 & \ud800"
    text = island({"name": hostile})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["name"] == hostile


def test_numbers_that_json_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        island({"x": float("nan")})
