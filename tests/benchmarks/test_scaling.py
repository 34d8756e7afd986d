"""The simulated run times agree with what can be calculated where one part alone limits them."""

from __future__ import annotations

import importlib.util
import sys
from itertools import pairwise
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[2] / "benchmarks" / "scaling.py"


@pytest.fixture(scope="module")
def scaling():
    spec = importlib.util.spec_from_file_location("scaling", _FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["scaling"] = module  # where its dataclass looks for it
    spec.loader.exec_module(module)
    yield module
    del sys.modules["scaling"]


def test_few_workers_take_the_time_of_the_work(scaling):
    pieces = scaling.Pieces(planet=1.0, scatter=0.0, outcome=0.0, tail=0.0, fixed=5.0, file_system=1e30)
    found = scaling.simulated(pieces, 1000, 4)
    assert found["total"] == pytest.approx(255.0)
    assert found["workers"] == pytest.approx(1.0)


def test_many_workers_take_the_time_of_the_file_system(scaling):
    pieces = scaling.Pieces(planet=1.0, scatter=0.0, outcome=0.0, tail=0.0, fixed=0.0, read=1e9, written=0.0)
    found = scaling.simulated(pieces, 1000, 500)  # 10 GB/s: 10 planets a second, and the last is worked on for 1 s
    assert found["total"] == pytest.approx(101.0)
    assert scaling.limit(found, pieces, 1000) == "file system"


def test_outcomes_go_through_one_process(scaling):
    pieces = scaling.Pieces(planet=1.0, scatter=0.0, outcome=0.05, tail=0.0, fixed=0.0, file_system=1e30)
    found = scaling.simulated(pieces, 1000, 500)  # the first after 1 s
    assert found["total"] == pytest.approx(51.0)
    assert scaling.limit(found, pieces, 1000) == "main process, outcomes"


def test_what_is_done_alone_cannot_be_shared(scaling):
    pieces = scaling.Pieces(tail=1.0, fixed=10.0, file_system=1e30)
    found = scaling.simulated(pieces, 200, 100)
    assert 210 < found["total"] < 215
    assert scaling.limit(found, pieces, 200) == "main process, alone"


@pytest.mark.parametrize("workers", [1, 3, 17, 200])
def test_no_run_is_faster_than_its_slowest_part(scaling, workers):
    for pieces in scaling.CASES.values():
        found, least = scaling.simulated(pieces, 3000, workers)["total"], scaling.bound(pieces, 3000, workers)
        assert 0.99 * least < found < 1.3 * least  # 0.99: times scatter by 10 %, their mean of 3000 by 0.2 %


def test_an_exponent_is_that_of_the_time(scaling):
    sizes = [1000, 4000, 16000]
    steps = list(pairwise(sizes))
    for power in (1.0, 2.0):
        slopes = [1e-5 * (n**power - m**power) / (n - m) + 1.0 * (power == 1) for m, n in steps]
        assert float(scaling.exponent(slopes, steps)) == pytest.approx(power, abs=0.01)
