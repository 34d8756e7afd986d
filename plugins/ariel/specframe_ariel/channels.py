"""The light of each channel, from the binned signal of its pixels: aperture, background, and what saturation took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import masked_median
from specframe.errors import DataError
from specframe_ariel.extraction import extraction_weights, sky_weights
from specframe_ariel.profile import light_shares, optimal_aperture
from specframe_ariel.summation import sum_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.extraction import Region
    from specframe_ariel.summation import BinnedPixels, PixelTable, Sampling

__all__ = ["ChannelLight", "extract_light", "lost_light"]

#: A channel of whose light saturated pixels see more than this share is masked: what is left is the edge of the
#: star's image, which the pointing moves.
LOST = 0.5
#: A visit is flagged from this share on.
FLAGGED = 0.01
#: Variance in electron^2 that a pixel has at least, where the read noise is not known.
_LEAST = 1.0


@dataclass(frozen=True)
class ChannelLight:
    """Flux and its variance by channel and bin, (n_channel, n_bin), and which channels (n_channel,) have any."""

    flux: NDArray[np.float64]
    variance: NDArray[np.float64]
    usable: NDArray[np.bool_]
    #: How many pixels were used, left out as saturated, and how many samples repaired.
    counts: dict[str, int]
    flags: list[str]


def extract_light(
    binned: BinnedPixels,
    pixels: PixelTable,
    sampling: Sampling,
    region: Region,
    flat: NDArray[np.float64] | None,
    *,
    optimal: bool,
    background: str,
    profile_columns: int,
    disperses: bool,
) -> ChannelLight:
    """Sum the pixels of each channel, a column or, where the instrument does not disperse, all of them.

    Raises
    ------
    DataError
        When saturation leaves no channel.
    """
    shape = region.star.shape

    def image(values: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.zeros(shape)
        whole[pixels.row, pixels.column] = values
        return whole

    response = np.ones(shape) if flat is None else np.where(image(np.ones(len(pixels.row))) > 0, flat, 1.0)
    gain, offset = sampling.converter
    dark = pixels.dark * sampling.exposure.mean()
    total = binned.mean.mean(axis=1) / gain + offset
    total = np.where(np.isfinite(total), total, 0.0)
    light = image(total - dark) / response
    read_variance = sampling.reads * pixels.read_noise**2

    saturated = image(binned.saturated.astype(float)) > 0
    whole, region = region, region.without(saturated)
    lost, usable = np.zeros(1), region.usable
    sky_level = _sky_level(light, region)
    if saturated.any():
        lost = lost_light(light - sky_level, saturated, whole.star & whole.usable, disperses=disperses)
        usable = usable & (lost <= LOST)
        if not usable.any():
            raise DataError(
                f"saturated: {int((saturated & whole.star).sum())} of {int(whole.star.sum())} pixels of the aperture "
                f"are at the top of the converter or of their wells too often, and see more than {LOST:.0%} of the "
                f"light of {'every channel' if disperses else 'the star'}. No light curve can be made of this: leave "
                "the target out, or this instrument"
            )

    sky = None
    if region.sky is not None and background != "median":
        levels = None
        if background == "weighted":
            charge = np.maximum(sky_level * response, 0.0) + image(np.maximum(dark, 0.0) + read_variance)
            levels = np.maximum(charge, _LEAST) / response**2
        sky = sky_weights(region.sky, levels)
    aperture = region.star.astype(float)
    if optimal:
        measured = np.maximum(image(np.maximum(total, 0.0) + read_variance), _LEAST) / response**2
        share = light_shares(light - sky_level, measured, region.star & usable, profile_columns if disperses else None)
        aperture = _optimal(
            share, light - sky_level, measured, image(dark + read_variance) + sky_level * response,
            response, region.star & usable, disperses=disperses,
        )  # fmt: skip
        usable = usable & (aperture > 0).any(axis=0 if disperses else None)
    weight = np.where(usable, extraction_weights(region, flat, aperture, sky), 0.0)
    flux, variance = sum_columns(binned, pixels, weight[pixels.row, pixels.column], shape[1], sampling)
    if region.sky is not None and background == "median":
        scale = np.where(usable, aperture.sum(axis=0), 0.0)[:, None]
        level, level_variance = _median_sky(binned, pixels, sampling, region.sky & usable, response)
        flux, variance = flux - scale * level, variance + scale**2 * level_variance
    if not disperses:
        flux, variance, usable = flux.sum(axis=0)[None], variance.sum(axis=0)[None], np.array([usable.any()])
    kept = ~binned.saturated
    counts = {
        "pixels_used": int((weight != 0).sum()),
        "saturated_pixels": int(binned.saturated.sum()),
        "saturated_samples": int(binned.clipped[kept].sum()),
        "cosmic_rays": int(binned.cosmic_rays[kept].sum()),
    }
    return ChannelLight(flux, variance, usable, counts, ["saturated"] if lost.max() > FLAGGED else [])


def lost_light(
    light: NDArray[np.float64], saturated: NDArray[np.bool_], star: NDArray[np.bool_], *, disperses: bool
) -> NDArray[np.float64]:
    """Return the share of each channel's light in saturated pixels: (x,), or (1,) without dispersion.

    A saturated pixel shows less than it saw, in both reads of a pair even nothing; it saw at least as much as the
    brightest one that is not. ``light`` is the image (y, x) without background, ``star`` the pixels of the aperture.
    """
    axis = 0 if disperses else None
    good = np.where(star & ~saturated, np.maximum(light, 0.0), 0.0)
    gone = star & saturated
    seen = np.where(gone, np.maximum(light, good.max(axis=axis)), 0.0)
    kept, missed = np.atleast_1d(good.sum(axis=axis)), np.atleast_1d(seen.sum(axis=axis))
    share = np.divide(missed, kept + missed, out=np.zeros_like(kept), where=kept + missed > 0)
    return np.where(np.atleast_1d(gone.any(axis=axis)) & (kept <= 0), 1.0, share)


def _sky_level(light: NDArray[np.float64], region: Region) -> NDArray[np.float64]:
    """Return the background of each column in the mean image, (x,), whatever single pixels show."""
    if region.sky is None:
        return np.zeros(light.shape[1])
    return masked_median(light.T, region.sky.T)


def _optimal(
    share: NDArray[np.float64],
    light: NDArray[np.float64],
    measured: NDArray[np.float64],
    constant: NDArray[np.float64],
    response: NDArray[np.float64],
    good: NDArray[np.bool_],
    *,
    disperses: bool,
) -> NDArray[np.float64]:
    """Return the optimal aperture (y, x) with the variance that the profile predicts.

    A variance from the pixel's own signal would give less weight to pixels that noise made bright, and so bias the
    flux (Horne 1986, section II). ``constant`` is the variance of all but the star, not flat-fielded.
    """
    first = optimal_aperture(share, measured, good, disperses=disperses)
    flux = (first * light).sum(axis=0 if disperses else None)
    variance = np.maximum(np.maximum(flux, 0.0) * share * response + np.maximum(constant, 0.0), _LEAST) / response**2
    return optimal_aperture(share, variance, good, disperses=disperses)


def _median_sky(
    binned: BinnedPixels, pixels: PixelTable, sampling: Sampling, sky: NDArray[np.bool_], response: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the median of the background pixels and its variance, by column and bin, (x, n_bin) each.

    It is the median of the pixels' means over time plus that of their changes: levels that differ (hot pixels, the
    wings of the star) would otherwise leave the one or two in the middle to decide. The variance is that of large
    samples of unlike normal variables, pi / 2 n / (sum 1 / sigma)^2.
    """
    gain, offset = sampling.converter
    n_x, n_bin = sky.shape[1], len(sampling.exposure)
    chosen = np.flatnonzero(sky[pixels.row, pixels.column])
    row, column = np.unique(pixels.row[chosen], return_inverse=True)[1], pixels.column[chosen]
    use = np.zeros((n_x, n_bin, row.max() + 1), bool)
    value, inverse = np.zeros(use.shape), np.zeros(use.shape)
    each = response[pixels.row, pixels.column][chosen, None]
    charge = np.maximum(binned.mean[chosen] / gain + offset, 0.0)
    variance = charge + sampling.reads * pixels.read_noise[chosen, None] ** 2
    use[column, :, row] = True
    signal = (binned.mean[chosen] - pixels.dark[chosen, None] * sampling.exposure) / each
    level = np.zeros((n_x, use.shape[2]))
    level[column, row] = signal.mean(axis=1)
    value[column, :, row] = signal - signal.mean(axis=1, keepdims=True)
    inverse[column, :, row] = each / (gain * np.sqrt(np.maximum(variance, _LEAST) / sampling.per_bin))
    flat = (n_x * n_bin, -1)
    middle = masked_median(value.reshape(flat), use.reshape(flat)).reshape(n_x, n_bin)
    middle += masked_median(level, use[:, 0])[:, None]
    sharpness, number = inverse.sum(axis=2) ** 2, use.sum(axis=2)
    return middle, np.divide(0.5 * np.pi * number, sharpness, out=np.zeros_like(middle), where=sharpness > 0)
