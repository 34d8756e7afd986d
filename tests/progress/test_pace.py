"""How long work will still take, of workers whose times are known."""

from __future__ import annotations

import heapq
import random

import pytest

from specframe.progress.durations import clock, duration
from specframe.progress.pace import Pace


def simulated(seconds: list[float], workers: int, start: float = 0.0) -> tuple[list[tuple[float, float]], float]:
    """Have workers, which take some time to start, do pieces of these lengths; return when and with which estimate."""
    time = [0.0]
    pace = Pace(len(seconds), workers, now=lambda: time[0])
    free = [start] * workers
    ends = []
    for length in seconds:
        ends.append(heapq.heappop(free) + length)
        heapq.heappush(free, ends[-1])
    estimates = []
    for end in sorted(ends):
        time[0] = end
        pace.advance()
        left = pace.seconds_left()
        if left is not None:
            estimates.append((end, left))
    return estimates, max(ends)


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_equal_pieces_are_foreseen_whatever_the_workers_took_to_start(workers: int) -> None:
    estimates, end = simulated([3.0] * 50, workers, start=5.0)
    assert len(estimates) == 50 - workers  # from the second round on, as soon as its first piece is done
    last_of_round = {now: now + left for now, left in estimates}
    assert list(last_of_round.values()) == pytest.approx([end] * len(last_of_round), abs=3.0 * (50 % workers > 0))
    # within a round, some of those who end at the same time are still thought to be at work
    assert all(abs(now + left - end) <= 3.0 for now, left in estimates)


def test_bursts_of_workers_that_end_together_do_not_make_the_estimate_jump() -> None:
    draw = random.Random(1)
    estimates, end = simulated([draw.gauss(10.0, 0.5) for _ in range(60)], 8)
    assert all(now + left == pytest.approx(end, abs=10.0) for now, left in estimates)  # of 80 s, by one piece at most


def test_pieces_that_become_slower_are_followed() -> None:
    estimates, end = simulated([1.0] * 50 + [3.0] * 100, 1)
    now, left = estimates[110]
    assert now + left == pytest.approx(end, rel=0.01)  # the later half of 111 pieces is of the slow ones


def test_nothing_is_said_before_it_is_known() -> None:
    time = [0.0]
    pace = Pace(5, now=lambda: time[0])
    time[0] = 2.0
    pace.advance()
    assert pace.seconds_left() is None  # it also loaded and compiled
    slow = Pace(5, now=lambda: time[0])
    time[0] += 600.0
    slow.advance()
    assert slow.seconds_left() == pytest.approx(4 * 600.0)


def test_stored_pieces_took_no_time_and_are_no_measure() -> None:
    time = [0.0]
    pace = Pace(100, now=lambda: time[0])
    for _ in range(60):
        pace.advance(stored=True)
    for _ in range(10):
        time[0] += 2.0
        pace.advance()
    assert (pace.done, pace.stored) == (70, 60)
    assert pace.seconds_each() == pytest.approx(2.0)
    assert pace.seconds_left() == pytest.approx(30 * 2.0)


def test_what_is_left_goes_down_between_pieces_and_waits_for_one_that_is_late() -> None:
    time = [0.0]
    pace = Pace(10, now=lambda: time[0])
    for _ in range(4):
        time[0] += 10.0
        pace.advance()
    left = []
    for _ in range(3):
        time[0] += 6.0
        left.append(pace.seconds_left())
    assert left == [pytest.approx(54.0), pytest.approx(50.0), pytest.approx(50.0)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.04 s"), (0.42, "0.4 s"), (41.3, "41 s"), (370, "6 min"), (7300, "2 h 2 min"), (97_200, "1 d 3 h")],
)
def test_durations_are_said_with_two_digits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_clock_has_hours_only_where_there_are_any() -> None:
    assert (clock(41.7), clock(3725)) == ("0:41", "1:02:05")
