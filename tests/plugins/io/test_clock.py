"""What files call their clocks, and from which Julian date they then count."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_io.clock import Clock, clock_of, too_coarse


@pytest.mark.parametrize(
    ("word", "system", "reference"),
    [
        ("BJD_TDB", "TDB", "JD 0"),
        ("BMJD_TDB", "TDB", "JD 2400000.5"),
        ("bmjd-tdb", "TDB", "JD 2400000.5"),
        ("MJD_UTC", "UTC", "JD 2400000.5"),
        ("HJD UTC", "UTC", "JD 0"),
        ("BTJD", "TDB", "JD 2457000"),
        ("BKJD_TDB", "TDB", "JD 2454833"),
        ("JD 2450000 TDB", "TDB", "JD 2450000"),
        ("JD 2400000.5", "", "JD 2400000.5"),
        ("TDB", "TDB", ""),
        ("", "", ""),
    ],
)
def test_words(word, system, reference):
    assert clock_of(word) == Clock(system, reference)


@pytest.mark.parametrize(
    ("first", "reference"),
    [(2_459_743.7, "JD 0"), (59_743.2, "JD 2400000.5"), (1_325.3, ""), (0.0, ""), (2.4e9, "")],
)
def test_whole_and_modified_dates_are_told_by_their_size(first, reference):
    time = first + np.arange(5) / 100
    assert clock_of("TDB", time) == Clock("TDB", reference)
    assert clock_of(None, time) == Clock("", reference)


def test_what_is_called_bjd_and_is_bmjd():
    """The JWST pipeline calls BJD - 2400000.5 BJD; nobody saw a transit in 4549 BC."""
    assert clock_of("BJD_TDB", np.array([59_743.0])) == Clock("TDB", "JD 2400000.5")
    assert clock_of("BJD_TDB", np.array([2_459_743.0])) == Clock("TDB", "JD 0")


def test_other_references_are_as_stated_whatever_the_size():
    assert clock_of("RJD", np.array([59_743.0])) == Clock("", "JD 2400000")
    assert clock_of("BTJD", np.array([59_743.0])) == Clock("TDB", "JD 2457000")


@pytest.mark.parametrize("word", ["days", "BJD_GPS", "2457000", "JD"])
def test_others_are_refused_except_a_bare_jd(word):
    if word == "JD":
        assert clock_of(word) == Clock("", "JD 0")
        return
    with pytest.raises(ValueError, match=f"expected a time system such as BJD_TDB.*got '{word}'"):
        clock_of(word)


@pytest.mark.parametrize(("start", "cadence"), [(60123.4, 20.0), (2460123.4, 7200.0), (2000.25, 20.0)])
def test_dates_of_single_precision_are_refused(start, cadence):
    """60123.4 in float32 is 60123.3984; what lies between 5.6 minutes is one time or another."""
    time = start + np.arange(4000) * cadence / 86400.0
    coarse = np.unique(time.astype(np.float32).astype(float))

    assert "single precision" in too_coarse(coarse)
    assert too_coarse(time) == ""


@pytest.mark.parametrize("time", [np.arange(200.0), np.linspace(0, 0.5, 200).astype(np.float32).astype(float)])
def test_small_numbers_may_have_single_precision(time):
    assert too_coarse(time) == ""
