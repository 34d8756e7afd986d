"""Priors in YAML: what is read, and what a user reads where one is wrong."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from specframe.api import Field, Params
from specframe_transit.inference.params import (
    EmceeParams,
    FreePrior,
    LaplaceParams,
    LogUniformPrior,
    MethodParams,
    NormalPrior,
    PriorParams,
    UniformPrior,
)


class ExampleParams(Params):
    """Parameters with a prior and a method."""

    radius_ratio: PriorParams = Field(UniformPrior(uniform=(0.0, 0.5)), description="Rp/R*.")
    inference: MethodParams = Field(LaplaceParams(), description="How.")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (0.1, 0.1),
        (3, 3.0),
        ({"free": 0.1}, FreePrior(free=0.1)),
        ({"free": 1, "lower": 0}, FreePrior(free=1.0, lower=0.0)),
        ({"normal": [1, 2]}, NormalPrior(normal=(1.0, 2.0))),
        ({"normal": [1, 2], "lower": 0, "start": 0.5}, NormalPrior(normal=(1.0, 2.0), lower=0.0, start=0.5)),
        ({"uniform": [0, 1], "start": 0.2}, UniformPrior(uniform=(0.0, 1.0), start=0.2)),
        ({"log_uniform": [0.01, 1]}, LogUniformPrior(log_uniform=(0.01, 1.0))),
    ],
)
def test_every_form_is_read_and_written_back(written: Any, read: Any) -> None:
    params = ExampleParams.validate_data({"radius_ratio": written})
    assert params.radius_ratio == read
    assert params.canonical()["radius_ratio"] == written
    assert ExampleParams.validate_data(params.canonical()) == params
    jsonschema.validate({"radius_ratio": written}, ExampleParams.model_json_schema())


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"normal": [1]}, "expected {normal: [0.1, 0.02]}, mean and standard deviation; got {normal: [1]}"),
        ({"normal": 1}, "expected {normal: [0.1, 0.02]}, mean and standard deviation; got {normal: 1}"),
        ({"normal": [1, "a"]}, "expected {normal: [0.1, 0.02]}, mean and standard deviation; got {normal: [1, 'a']}"),
        ({"normal": [1, 0]}, "must be above 0, got 0; a parameter that is known exactly is written as a number: 1"),
        ({"normal": [1, -2]}, "the standard deviation of normal must be above 0, got -2"),
        ({"unifrom": [0, 1]}, "got {unifrom: [0, 1]} (did you mean 'uniform'?)"),
        ({"uniform": [2, 1]}, "the lowest value must come first and be below the highest, got {uniform: [2, 1]}"),
        ({"uniform": [1, 1]}, "the lowest value must come first and be below the highest"),
        ({"log_uniform": [0, 1]}, "the values of log_uniform must be above 0, got {log_uniform: [0, 1]}"),
        ({"uniform": [0, 1], "start": 3}, "the fit cannot start at 3, outside the allowed 0 to 1"),
        ({"free": 1, "lower": 2}, "the fit cannot start at 1, outside the allowed 2 and above"),
        ({"free": 1, "lower": 3, "upper": 2}, "lower must be below upper, got lower: 3 and upper: 2"),
        ({"uniform": [2459786.95, 2459787.15], "start": 2459788.25}, "2459788.25, outside the allowed 2459786.95 to"),
        ({"free": None}, "expected {free: 0.1}, the value the fit starts from; got {free: null}"),
        ({"normal": [1, 2], "uniform": [0, 1]}, "expected a number (the parameter is fixed), {free: 0.1}"),
        ({"uniform": [0, 1], "lower": 0}, "uniform may have start beside it, not 'lower'"),
        ({"normal": [1, 2], "start": "x"}, "start of normal must be a number, got 'x'"),
        ({}, "expected a number (the parameter is fixed)"),
        ("wide", "expected a number (the parameter is fixed), {free: 0.1}, {normal: [0.1, 0.02]}"),
        ([0, 1], "or {log_uniform: [0.001, 1.0]}; got [0, 1]"),
        (True, "got true"),
        (None, "got null"),
    ],
)
def test_wrong_prior_gives_one_message_that_names_it_and_shows_how(written: Any, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ExampleParams.validate_data({"radius_ratio": written})
    errors = caught.value.errors()
    assert len(errors) == 1
    assert errors[0]["loc"] == ("radius_ratio",)
    assert said in errors[0]["msg"]


def test_method_is_chosen_by_its_name() -> None:
    params = ExampleParams.validate_data({"inference": {"method": "emcee", "n_effective": 500}})
    assert params.inference == EmceeParams(n_effective=500)


@pytest.mark.parametrize("written", [{"method": "mcmc"}, {}, "emcee", None])
def test_unknown_method_lists_those_that_exist(written: Any) -> None:
    with pytest.raises(
        ValidationError, match=r"expected \{method: laplace\}, \{method: emcee\} or \{method: dynesty\}"
    ):
        ExampleParams.validate_data({"inference": written})
