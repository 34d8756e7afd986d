"""When frames were read, from the axes that ExoSim writes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specframe_io.exosim.ramps import Ramps

#: Channels of the simulated Ariel payload: 3 groups of 2 reads, 0.1 s clock (docs of ExoSim, "Reading scheme").
START = np.array([0.1, 0.3, 1.2, 2.3, 2.5, 3.4])
INTEGRATION = np.tile([0.1, 0.1, 0.8, 0.1, 0.8, 0.1], 2)


@given(
    n_group=st.integers(1, 6),
    n_read=st.integers(1, 5),
    n_ramp=st.integers(1, 4),
    clocks=st.tuples(*[st.integers(1, 300)] * 5),
    cut=st.integers(0, 5),
)
def test_reads_are_where_a_clock_would_put_them(n_group, n_read, n_ramp, clocks, cut):
    ground, first, read, between, reset = (0.1 * clock for clock in clocks)
    start, integration, stamps, since = [], [], [], []
    now = 0.0
    for _ in range(n_ramp):
        now += ground
        begin = now
        for group in range(n_group):
            for i in range(n_read):
                lasts = read if i else (between if group else first)
                start.append(now)
                integration.append(lasts)
                now += lasts
                stamps.append(now)
                since.append(now - begin)
        now += reset
    n_frame = n_ramp * n_group - min(cut, (n_ramp - 1) * n_group)
    ramps = Ramps.from_axes(np.array(start)[::n_read], np.array(integration), n_group, n_frame)
    n_kept = n_frame // n_group
    assert (ramps.n_read, ramps.n_ramp, ramps.n_group) == (n_read, n_kept, n_group)

    def mean(values):
        return np.array(values).reshape(n_ramp, n_group, n_read).mean(axis=2)[:n_kept]

    np.testing.assert_allclose(ramps.read_time, mean(stamps), rtol=1e-9)
    np.testing.assert_allclose(ramps.integration_time, mean(since), rtol=1e-9)


def test_the_published_reading_scheme():
    ramps = Ramps.from_axes(START, INTEGRATION, 3, 6)
    assert ramps.n_read == 2
    np.testing.assert_allclose(ramps.read_time, [[0.25, 1.15, 2.05], [2.45, 3.35, 4.25]])


@pytest.mark.parametrize("n_group", [2, 6])
def test_another_number_of_groups_puts_a_reset_into_a_ramp(n_group):
    with pytest.raises(ValueError, match=f"reset falls within a ramp of {n_group} groups"):
        Ramps.from_axes(START, INTEGRATION, n_group, 6)


def test_times_rounded_to_single_precision_are_good_enough():
    hours = (START / 3600.0).astype(np.float32).astype(float)
    assert Ramps.from_axes(hours * 3600.0, INTEGRATION, 3, 6).n_read == 2


@pytest.mark.parametrize(
    ("start", "integration", "n_frame", "message"),
    [
        (START, INTEGRATION, 2, "2 frames are fewer than one ramp of 3"),
        (START[:4], INTEGRATION, 6, "has 4 times for 6 frames"),
        (START, INTEGRATION[:9], 6, "has 9 integration times for 6 frames that average 2 reads"),
        (START, -INTEGRATION, 6, "not negative"),
        (START, 0 * INTEGRATION, 6, "do not belong together"),
        (START, INTEGRATION[:0], 6, "do not belong together"),
        (np.where(START == 2.3, 1.9, START), INTEGRATION, 6, "ramp 1|reset"),
        (START - [0, 0, 0, 1.0, 1.0, 1.0], INTEGRATION, 6, "ramp 1 begins at 1.3 s, before the one before it ends"),
    ],
)
def test_axes_that_do_not_agree_are_refused(start, integration, n_frame, message):
    with pytest.raises(ValueError, match=message):
        Ramps.from_axes(start, integration, 3, n_frame)
