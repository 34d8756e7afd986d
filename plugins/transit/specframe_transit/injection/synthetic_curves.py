"""Light curves with transits of known depth on the real residuals of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]
    #: Takes depths (n_injection,) and channels (n_injection,); returns relative flux (n_injection, n_time).
    Signal = Callable[[Array, Rows], Array]
    #: Takes flux (n_injection, n_time) and channels; returns the fitted model (n_injection, n_time).
    Refit = Callable[[Array, Rows], Array]

__all__ = ["Fitted", "Injections", "inject"]

#: Fewest samples of a channel whose residuals are used.
_LEAST = 10
#: A depth of fewer errors is lost in its noise: the injected ones reach so many errors to either side.
_REACH = 3.0
#: Fits that tell what a fit takes out of the noise. The first takes it out of white noise; each further one is nearer
#: to what it takes out of this noise. With a box of 0.4 of the time and 20 channels the variance of pulls is after one,
#: two and three 0.97, 0.98 and 1.00 of the true one in white noise, 0.80, 0.93 and 0.98 in noise correlated over 2.5 %
#: of the time, and 0.63, 0.78 and 0.82 over 25 %.
_PASSES = 3


@dataclass(frozen=True)
class Fitted:
    """A fit of channels, all arrays ``(n_channel, n_time)`` or ``(n_channel,)``.

    ``systematics`` is the relative flux without the signal, ``residual`` flux over model less 1 where ``use``,
    ``error`` the relative error, ``n_parameter`` how many numbers the fit took per channel.
    """

    systematics: Array
    residual: Array
    error: Array
    use: NDArray[np.bool_]
    depth: Array
    depth_error: Array
    n_parameter: Array


@dataclass(frozen=True)
class Injections:
    """Synthetic curves: ``flux`` (n_injection, n_time), 0 where the channel is not used, with the ``depth`` injected.

    ``channel`` (n_injection,) says whose systematics, residuals, errors and mask each has.
    """

    flux: Array
    depth: Array
    channel: Rows


def inject(
    fitted: Fitted,
    signal: Signal,
    refit: Refit,
    *,
    number: int,
    depth_range: tuple[float, float] = (0.5, 1.5),
    seed: int = 0,
    positive: bool = True,
) -> Injections:
    """Make curves = systematics x signal of a random depth x (1 + residuals moved in time).

    The residuals of a channel move along its used samples by a random number of them, those that leave at the end
    come in at the start (prayer bead; Moutou et al. 2004), upside down by chance. So they keep their size and their
    correlation in time, but fall elsewhere on the transit; gaps stay where they are. Residuals are moved in units of
    the error of each sample.

    A fit leaves residuals from which all that resembles a transit at its place is gone, half of what a neighbouring
    place has of it too: of themselves they would make any errors look large. So what fits take out of noise is put
    back: white noise on the model is fitted and what the fit takes of it is added to the residuals; then again with
    those moved in time in place of the white noise, and once more.

    Parameters
    ----------
    fitted
        The fit whose residuals are used. Channels without a depth or with fewer than ten samples are not.
    signal, refit
        The model, and the fit under test. ``refit`` gets and returns flux on the scale of ``systematics``.
    number
        Number of curves.
    depth_range
        Range of injected depths as factors of the measured one. Where that is below three errors, they reach three
        errors to either side of it.
    seed
        Of the random numbers.
    positive
        Inject no depth below a tenth of the range's upper end (transits).

    Raises
    ------
    DataError
        When no channel has a depth and ten used samples.
    """
    random = np.random.default_rng(seed)
    depth, error = fitted.depth, fitted.depth_error
    usable = np.isfinite(depth) & np.isfinite(error) & (error > 0) & (fitted.use.sum(axis=1) >= _LEAST)
    if not usable.any():
        raise DataError(f"no channel has a measured depth and at least {_LEAST} samples to take residuals from")
    channel = random.choice(np.flatnonzero(usable), number)
    injected = random.uniform(*_range(depth[channel], error[channel], depth_range, positive))
    use, systematics = fitted.use[channel], fitted.systematics[channel]
    model = systematics * signal(depth[channel], channel)
    residual, own_error = fitted.residual[channel], fitted.error[channel]
    moved = np.where(use, _white_size(fitted)[channel, None] * own_error * random.standard_normal(use.shape), 0.0)
    for _ in range(_PASSES):
        taken = refit(np.where(use, model * (1.0 + moved), 0.0), channel) / model - 1.0
        noise = residual + np.where(use & np.isfinite(taken), taken, 0.0)
        moved = _moved(noise, own_error, use, random)
    flux = systematics * signal(injected, channel) * (1.0 + moved)
    return Injections(np.where(use, flux, 0.0), injected, channel)


def _range(depth: Array, error: Array, factors: tuple[float, float], positive: bool) -> tuple[Array, Array]:
    clear = depth >= _REACH * error
    low = np.where(clear, factors[0] * depth, depth - _REACH * error)
    high = np.where(clear, factors[1] * depth, depth + _REACH * error)
    if positive:
        high = np.maximum(high, error)
        low = np.maximum(low, 0.1 * high)
    return low, high


def _white_size(fitted: Fitted) -> Array:
    """Return the standard deviation of each channel's noise over its errors, from residuals with fewer freedoms."""
    units = np.where(fitted.use, fitted.residual / fitted.error, 0.0)
    number = fitted.use.sum(axis=1)
    return np.asarray(np.sqrt((units**2).sum(axis=1) / np.maximum(number - fitted.n_parameter, 1)))


def _moved(noise: Array, error: Array, use: NDArray[np.bool_], random: np.random.Generator) -> Array:
    """Return each curve's noise moved by a random number of used samples, its sign by chance; 0 where not used."""
    moved = np.zeros_like(noise)
    for i, used in enumerate(use):
        there = np.flatnonzero(used)
        units = noise[i, there] / error[i, there]
        sign = 1.0 if random.random() < 0.5 else -1.0
        moved[i, there] = sign * np.roll(units, random.integers(there.size)) * error[i, there]
    return moved
