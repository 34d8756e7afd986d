"""What the page on systematics shows is valid, has every term, and does to light curves of the ground what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

from specframe.api import nodes
from specframe_io import LightCurves
from specframe_transit import Clean, TransitFit
from specframe_transit.fit.params import AverageParams
from specframe_transit.scatter import point_to_point_scatter
from specframe_transit.systematics.params import TermParams

_PAGE = Path(__file__).resolve().parents[4] / "docs/how-to/systematics.md"
_BLOCKS = re.findall(r"(?ms)^ *```yaml[^\n]*\n(.*?)^ *```$", _PAGE.read_text())
_TERM = TypeAdapter(TermParams)


def _terms(node):
    """Return every mapping with a term, however deep."""
    if isinstance(node, dict):
        return [node] if "term" in node else [term for value in node.values() for term in _terms(value)]
    return [term for value in node for term in _terms(value)] if isinstance(node, list) else []


def test_every_term_of_the_page_is_valid_and_every_term_is_on_the_page():
    shown = [term for block in _BLOCKS for term in _terms(yaml.safe_load(block))]
    for term in shown:
        _TERM.validate_json(json.dumps(term))
    union = get_args(get_args(TermParams)[0])
    names = {get_args(term.model_fields["term"].annotation)[0] for term in union}
    assert len(names) >= 11
    assert {term["term"] for term in shown} == names


def test_the_average_of_the_page_is_valid():
    (block,) = (block for block in _BLOCKS if "average:" in block)
    assert set(AverageParams.validate_data(yaml.safe_load(block)["average"]).models) == {"line", "ramp", "position"}


@pytest.fixture
def wasp_80b(data_dir):
    """Light curves of the page's pipeline, cleaned, and the parameters of its fit."""
    (block,) = (block for block in _BLOCKS if "gtc_wasp80b" in block)
    load, _, fit = yaml.safe_load(block)["steps"]
    written = {**load["with"], "path": str(data_dir / load["with"]["path"])}
    return Clean().apply(LightCurves(**written).load("WASP-80b")), fit["with"]


def _fitted(observation, written, channels):
    result = TransitFit(**{**written, "channels": {"systematics": channels}}).apply(observation)
    ((_, node),) = nodes(result)
    # the 13th channel is within telluric oxygen
    return node.isel(wavelength=[i for i in range(21) if i != 12])


def test_wasp_80b_comes_down_to_the_noise_of_short_lags(wasp_80b):
    observation, written = wasp_80b
    node = _fitted(observation, written, written["channels"]["systematics"])
    use = ~(node["mask"].values | node["clipped"].values)
    # out of transit: the transit, model x detrended / flux, is 1
    transit = node["model"].values * node["detrended_flux"].values / node["flux"].values
    outside = use & (np.abs(transit - 1.0) < 1e-6)
    assert outside.sum(axis=1).min() > 200
    short = point_to_point_scatter(np.where(outside, node["detrended_flux"].values, 0.0), outside)
    residual = np.where(use, node["detrended_flux"].values - transit, 0.0)
    scatter = np.sqrt(np.square(residual).sum(axis=1) / use.sum(axis=1))
    assert (scatter / short).max() < 1.3
    assert np.median(scatter / short) < 1.1


def test_wasp_80b_is_the_same_with_a_gaussian_process(wasp_80b):
    observation, written = wasp_80b
    columns = written["channels"]["systematics"]
    plain = _fitted(observation, written, columns)
    process = _fitted(observation, written, [*columns, {"term": "gp"}])
    difference = (plain["depth"] - process["depth"]).values
    error = np.hypot(plain["depth_error"].values, process["depth_error"].values)
    assert np.sqrt(np.mean(np.square(difference / error))) < 1.0
    assert np.abs(difference / error).max() < 2.5
    # flat, as published (Parviainen et al. 2018)
    weight = 1.0 / np.square(plain["depth_error"].values)
    flat = np.sum(weight * np.square(plain["depth"].values - np.average(plain["depth"].values, weights=weight)))
    assert flat / 19 < 2.0
