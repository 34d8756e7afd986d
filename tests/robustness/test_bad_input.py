"""Damaged, absurd and malicious inputs of every loader are refused by name, or load as valid Observations.

A seeded sample, of more mutants with ``SPECFRAME_MUTANTS``; ``benchmarks/bad_input.py`` tries thousands.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from pathlib import Path

import pytest

from specframe.registry import Registry

_FILE = Path(__file__).parents[2] / "benchmarks" / "bad_input.py"
_EACH = int(os.environ.get("SPECFRAME_MUTANTS", "4"))


@pytest.fixture(scope="module")
def found():
    spec = importlib.util.spec_from_file_location("bad_input", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.campaign(seed=1, each=_EACH, chosen=[])


def test_every_loader_is_tried(found):
    loaders = {offered.component.name for offered in Registry.discover().components("loader")}
    tried = {one["base"] for one in found if one["number"]}
    assert loaders - {"ariel-simulated"} <= tried  # which reads no files
    assert min(Counter(one["base"] for one in found if one["number"]).values()) == _EACH


def test_sound_inputs_load(found):
    """Else nothing would be learnt from the others."""
    sound = {one["base"]: (one["loaded"] != {}, one["why"]) for one in found if not one["number"]}
    assert {base: why for base, (loaded, why) in sound.items() if not loaded or why} == {}


def test_bad_inputs_are_refused_by_name_or_load_as_valid_observations(found):
    """No traceback, warning, hang or memory blow-up, and what is cut off never loads with other values."""
    failed = [f"{one['base']} | {one['mutant']} | {one['why']}" for one in found if one["outcome"] == "failed"]
    assert failed == []
    refused = sum(one["outcome"] == "refused" for one in found)
    assert len(found) / 4 < refused < len(found)  # mutations that no loader notices would show nothing
