"""What models say of a target besides its outputs stands in the quality table, whoever reads the target again."""

from __future__ import annotations

import numpy as np

from specframe.api import make_labels, make_prediction
from specframe.pipeline.targets.quality import Quality, flagged, quality_predicted, quality_table


def predicted(**variables):
    labels = make_labels(np.zeros((3, 1)), ["a", "b", "c"], ["depth"])
    return make_prediction(labels, np.zeros((3, 1)), **variables)


def test_distance_and_flag_are_a_target_s_own():
    found = quality_predicted(
        predicted(distance=("target", [0.5, 2.0, np.nan]), extrapolating=("target", [False, True, True]))
    )
    assert found == {
        "a": Quality({"distance": 0.5}),
        "b": Quality({"distance": 2.0}, flags=("extrapolating",)),
        "c": Quality(flags=("extrapolating",)),
    }
    assert flagged(found, ["a", "b", "c"]) == {"extrapolating": ["b", "c"]}


def test_a_model_that_says_nothing_adds_nothing():
    assert quality_predicted(predicted()) == {}
    assert quality_predicted(None) == {}


def test_targets_noisier_than_what_was_learned_from_are_flagged():
    found = quality_predicted(predicted(noise_ratio=("target", [0.9, 2.0, np.nan])))
    assert found["a"] == Quality({"noise_ratio": 0.9})
    assert found["b"] == Quality({"noise_ratio": 2.0}, flags=("noisier-than-training",))
    assert found["c"] == Quality()


def test_they_join_what_the_steps_found():
    measured = Quality({"chi2_reduced": 1.2}, {"chi2_reduced": ""}, ("saturated",))
    row = measured.joined(Quality({"distance": 2.0}, flags=("extrapolating", "saturated")))
    assert row.flags == ("saturated", "extrapolating")
    table = quality_table(["a", "b"], {"a": row}, {})
    assert table["flags"][0] == "saturated extrapolating"
    assert float(table["distance"][0]) == 2.0
    assert np.isnan(table["distance"][1])
