"""When the detector was read: sub-exposures, the groups that average them, and the ramps between two resets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ramps"]


@dataclass(frozen=True)
class Ramps:
    """The complete ramps of a channel, each of as many groups.

    ExoSim accumulates light in sub-exposures, one after the other without a gap: each ends with a read (NDR). After a
    ramp the detector is reset. The reads of a group are averaged into one stored frame, whose ``time`` in the file is
    the *start* of its first sub-exposure, while ``integration_times`` are those of the single sub-exposures: with two
    reads per group there are twice as many of them as frames.

    Parameters
    ----------
    n_read
        Reads that were averaged into a frame.
    read_time
        Mean time of the reads of each frame in s since the start of the observation, (ramp, group).
    integration_time
        The same, in s since the beginning of the ramp: for how long the light was collected.
    """

    n_read: int
    read_time: NDArray[np.float64]
    integration_time: NDArray[np.float64]

    @property
    def n_ramp(self) -> int:
        """Number of complete ramps."""
        return len(self.read_time)

    @property
    def n_group(self) -> int:
        """Frames per ramp."""
        return self.read_time.size // len(self.read_time)

    @classmethod
    def from_axes(
        cls, start: NDArray[np.float64], integration: NDArray[np.float64], n_group: int, n_frame: int
    ) -> Ramps:
        """Find the reads of ``n_frame`` stored frames from the axes of the file.

        ``start`` (frame) and ``integration`` (sub-exposure) are in s, and may be longer than the frames. How many
        reads a frame averages follows from the time between the first two frames of a ramp, which is the sum of their
        integration times; where a ramp is a single frame, from the axes' lengths. Frames of a last ramp that is not
        complete are left out.

        Raises
        ------
        ValueError
            When the axes are too short, do not agree, or a reset falls within a ramp.
        """
        n_ramp = n_frame // n_group
        if not n_ramp:
            raise ValueError(f"{n_frame} frames are fewer than one ramp of {n_group}")
        n_used = n_ramp * n_group
        if len(start) < n_used:
            raise ValueError(f"has {len(start)} times for {n_frame} frames")
        if not (np.isfinite(start[:n_used]).all() and np.isfinite(integration).all() and np.all(integration >= 0)):
            raise ValueError("times must be finite, and integration times not negative")
        n_read = _reads_per_group(start, integration, n_group)
        n_sub = n_used * n_read
        if len(integration) < n_sub:
            raise ValueError(
                f"has {len(integration)} integration times for {n_used} frames that average {n_read} reads each"
            )
        collected = integration[:n_sub].reshape(n_ramp, n_group * n_read).cumsum(axis=1)
        collected = collected.reshape(n_ramp, n_group, n_read)
        began = start[:n_used].reshape(n_ramp, n_group)
        _check_contiguous(began, collected, _tolerance(integration))
        since_reset = collected.mean(axis=2)
        return cls(n_read, began[:, :1] + since_reset, since_reset)


def _tolerance(integration: NDArray[np.float64]) -> float:
    """Return how far times may be off, in s: less than any reading scheme could make them differ."""
    positive = integration[integration > 0]
    return 0.25 * float(positive.min()) if len(positive) else 0.0


def _reads_per_group(start: NDArray[np.float64], integration: NDArray[np.float64], n_group: int) -> int:
    if n_group == 1:
        n_read, left = divmod(len(integration), len(start))
        if left or not n_read:
            raise ValueError(
                f"has {len(integration)} integration times for {len(start)} frames, expected a multiple of them"
            )
        return n_read
    apart = start[1] - start[0]
    off = np.abs(integration.cumsum() - apart)
    if not len(off) or off.min() > _tolerance(integration):
        shown = ", ".join(f"{value:g}" for value in integration[:4])
        raise ValueError(
            f"the first two frames of a ramp are {apart:g} s apart, which is no sum of the first integration times "
            f"({shown} ... s): times, integration times and n_groups_per_ramp do not belong together"
        )
    return int(off.argmin()) + 1


def _check_contiguous(began: NDArray[np.float64], collected: NDArray[np.float64], tolerance: float) -> None:
    """Raise unless each frame of a ramp begins where the one before ends, and no ramp before the last one's end."""
    after = began[:, :1] + collected[:, :-1, -1]
    off = np.abs(began[:, 1:] - after) > tolerance
    if off.any():
        ramp, group = (int(i) for i in np.argwhere(off)[0])
        raise ValueError(
            f"frame {group + 1} of ramp {ramp} begins at {began[ramp, group + 1]:g} s, but its integration times let "
            f"it begin at {after[ramp, group]:g} s: a reset falls within a ramp of {began.shape[1]} groups, so "
            "n_groups_per_ramp is not that of these frames"
        )
    early = began[1:, 0] < began[:-1, 0] + collected[:-1, -1, -1] - tolerance
    if early.any():
        ramp = int(np.argmax(early)) + 1
        raise ValueError(f"ramp {ramp} begins at {began[ramp, 0]:g} s, before the one before it ends")
