"""The detector calibration: raw frames to light curves with errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import xarray as xr

from specframe.api import Calibrator, LazyFrames, make_observation, nodes
from specframe.errors import DataError, ParameterError
from specframe_ariel import params as defaults
from specframe_ariel.buffers import ColumnBuffers
from specframe_ariel.calibration import (
    converter,
    lost_columns,
    needed_flat,
    needed_image,
    needed_values,
    refuse_pixels,
)
from specframe_ariel.channels import ChannelLight, extract_light
from specframe_ariel.extraction import Region, find_region, hot_pixels
from specframe_ariel.kernel import pair_coefficients, raw_polynomial, read_coefficients
from specframe_ariel.layout import DETECTORS
from specframe_ariel.params import ArielDetectorParams
from specframe_ariel.summation import PixelTable, Sampling, bin_pixels, response_slopes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from specframe.api import Params

__all__ = ["ArielDetector"]

_Value = TypeVar("_Value")
_DAY = 86_400.0
#: A pixel with saturated reads in more than this share of its bins is left out.
_SATURATED_SHARE = 0.05
#: Exposures of the samples that differ by no more than this, relative, show the same light.
_ALIKE = 0.01


class ArielDetector(Calibrator):
    """The complete chain from raw frames of Ariel's detectors to light curves, in one pass over the frames.

    In this order, each step with a switch:

    1. ``gain_offset``: electrons = adu / gain + offset. Off, light curves and errors are in adu, and ``linearity`` and
       ``dark``, which are in electrons, must be off too.
    2. ``columns``: only those of the science channels are used (and read).
    3. ``dead_pixels``, ``hot_pixels``: left out at all times. Hot ones, whose dark is an outlier (5-sigma clip over the
       columns in use), are kept by default: with their dark subtracted they add less noise than the light that leaving
       them out would lose.
    4. ``linearity``: a polynomial per pixel.
    5. ``dark``: dark current x integration time.
    6. ``cds``: correlated double sampling, the second read of each pair minus the first. Resets and bias cancel.
    7. Binning: the mean (not the sum) over ``bin_time`` or ``pairs_per_bin``, so that the flux does not depend on the
       length of a bin. The pairs left over at the end, fewer than a bin, are not used; ``attrs["unused_pairs"]``
       says how many.
    8. Saturation (the converter's top, or ``full_well``): a pixel with saturated reads in more than 5 % of its bins is
       left out at all times, a single bin is replaced by the median of the pixel's bins around it. A channel of whose
       light saturated pixels see more than half is masked.
    9. ``cosmic_ray_sigma``: samples of a pixel that stand out above those around them are replaced by their median.
    10. ``flat``: division by the flat field.
    11. ``background_rows``, ``background``: minus the background of each column.
    12. ``extraction``: the sum over ``rows``, and over columns where the instrument does not disperse, of all pixels
        alike, or with the weights of Horne (1986, PASP 98, 609), constant in time. The optimal flux is that of all
        pixels in the aperture, those left out too.

    Returns light curves (wavelength, time) in electrons (adu) per pair: ``flux``, ``flux_error``, ``mask``, wavelengths
    ascending with the edges of the channels half way between them, ``time`` the mean of a bin's reads.

    ``flux_error`` is one standard deviation: per pair and pixel the variance is 2 read_noise^2 plus the electrons
    collected between the reads (Poisson; star, sky and dark alike), divided by the number of pairs, and carried through
    flat, background and sum; times gain^2 where the result is in adu. Noise of the flat, of the dark and of the
    linearity's coefficients is common to all times and not in it, nor is that of the pointing.

    A channel without any good pixel, or with a column of a calibration image that is not finite anywhere, is masked,
    its flux NaN. Where the node has no ``read_noise``, photon noise alone makes the error.

    ``attrs`` count ``pixels_used``, ``saturated_pixels``, ``saturated_samples``, ``cosmic_rays`` and ``channels_lost``.
    Flags: ``saturated`` where saturated pixels see more than 1 % of the light of any channel, ``channels-lost`` where
    channels are masked at all times; those of the frames stay.

    Raises
    ------
    DataError
        When a calibration variable that a step needs is missing, or in a pixel that is used not finite or impossible (a
        flat not above 0, a read noise below 0, a linearity that does not rise at the pixel's counts); when no pixel is
        left, saturation masks every channel, the frames are fewer than ``pairs_per_bin`` or do not pair up.
    ParameterError
        When rows or columns are not on the detector, a mapping names an instrument that there is not, or steps would
        mix adu and electrons.

    Notes
    -----
    ``electrons = adu / gain + offset``; ``signal = (linearised(second read) - dark t2) - (linearised(first read) - dark
    t1)``; ``flux = sum over rows of (mean over pairs of signal / flat - background)``; ``variance = (2 read_noise^2 +
    electrons collected) / n_pairs`` for each pixel and bin.

    References
    ----------
    - Horne 1986, PASP 98, 609 (optimal extraction), doi:10.1086/131801
    """

    name: ClassVar[str] = "ariel-detector"
    Params: ClassVar[type[Params]] = ArielDetectorParams
    params: ArielDetectorParams

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the light curves of every node of frames."""
        target = observation.attrs["target"]
        curves: dict[str, xr.Dataset] = {}
        self._check_instruments({path.partition("/")[0] for path, _ in nodes(observation)})
        for path, data in nodes(observation):
            try:
                curves[path] = self._light_curves(path.partition("/")[0], data)
            except DataError as error:
                if type(error) is not DataError:
                    raise
                raise DataError(f"target {target}, node /{path}: {error}") from None
        return make_observation(target, curves, **{str(k): v for k, v in observation.attrs.items() if k != "target"})

    def _check_instruments(self, there: set[str]) -> None:
        known = there | set(DETECTORS)
        for name in ("rows", "columns", "background_rows", "pairs_per_bin"):
            value = getattr(self.params, name)
            unknown = sorted(set(value) - known) if isinstance(value, dict) else []
            if unknown:
                raise ParameterError(
                    f"ariel-detector: {name} names {', '.join(unknown)}; instruments: {', '.join(sorted(known))}"
                )

    def _light_curves(self, instrument: str, data: xr.Dataset) -> xr.Dataset:
        params = self.params
        n_time, n_y, n_x = data["frames"].shape
        tall, wide = (n == usual for n, usual in zip((n_y, n_x), DETECTORS.get(instrument, (0, 0)), strict=True))
        columns = _of(params.columns, instrument, defaults.COLUMNS if wide else {}, (0, n_x))
        rows = _of(params.rows, instrument, defaults.ROWS if tall else {}, (0, n_y))
        _on_detector("columns", columns, n_x)
        _on_detector("rows", rows, n_y)
        sky = _of(params.background_rows, instrument, defaults.BACKGROUND_ROWS if tall else {}, ())
        for one in sky:
            _on_detector("background_rows", one, n_y)
        per_bin, n_bin = self._bins(instrument, data["time"])
        cut = data.drop_vars("frames").isel(x=slice(*columns))  # indexing lazy frames would read them all

        good = self._good_pixels(cut)
        region = find_region(good, rows, sky)
        needed = [name for name in ("dark", "flat", "linearity") if getattr(params, name)] + ["read_noise"]
        lost = lost_columns(cut, needed, region.star)
        if lost.any():
            region = find_region(good & ~lost, rows, sky)
        light = self._extract(data, cut, region, columns[0], self._sampling(data, per_bin, n_bin))

        wavelength, lower, upper = _channels(data, columns)
        order = np.argsort(wavelength)
        flux, variance = light.flux[order], light.variance[order]
        mask = ~light.usable[order, None] | ~np.isfinite(flux)
        frames_per_bin = per_bin * (2 if params.cds else 1)
        time = data["time"]
        middle = time.values[: n_bin * frames_per_bin].reshape(n_bin, -1).mean(axis=1)
        units = "electron" if params.gain_offset else data["frames"].attrs["units"]
        kind = np.dtype(params.precision)
        dims = ("wavelength", "time")
        um = {"units": "um"}
        found = light.flags + (["channels-lost"] if mask.all(axis=1).any() else [])
        flags = dict.fromkeys([*str(data.attrs.get("flags", "")).split(), *found])
        return xr.Dataset(
            {
                "flux": (dims, np.where(mask, np.nan, flux).astype(kind), {"units": units}),
                "flux_error": (dims, np.where(mask, np.nan, np.sqrt(variance)).astype(kind), {"units": units}),
                "mask": (dims, mask),
            },
            coords={
                "wavelength": ("wavelength", wavelength[order], um),
                "wavelength_lower": ("wavelength", lower[order], um),
                "wavelength_upper": ("wavelength", upper[order], um),
                "time": ("time", middle, time.attrs),
            },
            attrs={
                "instrument": data.attrs.get("instrument", instrument),
                "visit": data.attrs.get("visit", ""),
                "pairs_per_bin": per_bin,
                "unused_pairs": n_time // (2 if params.cds else 1) - n_bin * per_bin,
                **light.counts,
                "channels_lost": int(mask.all(axis=1).sum()),
                **({"flags": " ".join(flags)} if flags else {}),
            },
        )

    def _bins(self, instrument: str, time: xr.DataArray) -> tuple[int, int]:
        """Return how many samples (pairs, or frames where cds is off) make a bin, and the number of bins."""
        stride, word = (2, "read pairs") if self.params.cds else (1, "frames")
        n_sample, unpaired = divmod(len(time), stride)
        if unpaired:
            raise DataError(
                f"expected pairs of reads, got {len(time)} frames, an odd number; set cds: false for single reads"
            )
        per_bin = None
        if self.params.pairs_per_bin is not None:
            per_bin = _of(self.params.pairs_per_bin, instrument, {}, None)
        if per_bin is None:
            cadence = float(np.ptp(time.values[::stride])) * _seconds(time.attrs["units"]) / max(n_sample - 1, 1)
            per_bin = max(round(self.params.bin_time / cadence), 1) if cadence > 0 else 1
            if n_sample < per_bin:  # not even one sample of this length: there is nothing to bin
                per_bin = 1
        if n_sample < per_bin:
            raise DataError(
                f"{n_sample} {word} are fewer than one bin of {per_bin}: set pairs_per_bin to at most {n_sample}"
            )
        return per_bin, n_sample // per_bin

    def _good_pixels(self, cut: xr.Dataset) -> NDArray[np.bool_]:
        good = np.ones((cut.sizes["y"], cut.sizes["x"]), bool)
        if self.params.dead_pixels == "mask":
            good &= ~needed_image(cut, "dead", switch="dead_pixels: keep").astype(bool)
        if self.params.hot_pixels == "mask":
            good &= ~hot_pixels(needed_image(cut, "dark", switch="hot_pixels: keep"), self.params.hot_sigma)
        return good

    def _extract(
        self, data: xr.Dataset, cut: xr.Dataset, region: Region, first_column: int, sampling: Sampling
    ) -> ChannelLight:
        """Return the light of each channel: of each column, or of all where the instrument does not disperse."""
        params = self.params
        used = region.pixels()
        flat = needed_flat(cut, used) if params.flat else None
        row, column = used.T
        gain, offset = converter(data)
        linearity = needed_values(cut, "linearity", used) if params.linearity else None
        stays = not params.gain_offset  # in adu, and gain and offset are for the noise only
        polynomial = raw_polynomial(linearity, *((1.0, 0.0) if stays else (gain, offset)), (len(used),))
        none = np.zeros(len(used))
        table = PixelTable(
            row,
            column,
            dark=needed_values(cut, "dark", used) if params.dark else none,
            read_noise=needed_values(cut, "read_noise", used, lowest=0.0) if "read_noise" in cut.variables else none,
            coefficients=(pair_coefficients if params.cds else read_coefficients)(polynomial, params.precision),
        )
        series = _pixel_series(data["frames"].data, row * data.sizes["x"] + column + first_column)
        full_well = params.full_well if params.full_well is not None else data.attrs.get("full_well")
        full = np.inf if full_well is None else (float(full_well) - offset) * gain
        highest = np.iinfo(series.dtype).max if series.dtype.kind in "iu" else np.inf
        alike = np.ptp(sampling.exposure) <= _ALIKE * sampling.exposure.mean()
        binned = bin_pixels(
            series,
            table,
            sampling,
            top=min(full, highest),
            saturated_share=_SATURATED_SHARE,
            cosmic_ray_sigma=params.cosmic_ray_sigma if params.cds and alike else None,
        )
        if linearity is not None:
            slopes = response_slopes(series, polynomial) * gain
            refuse_pixels(
                (slopes <= 0) & ~binned.saturated,
                used,
                slopes,
                "the slope of linearity, at the counts of its frames, must be above 0",
            )
        return extract_light(
            binned,
            table,
            sampling,
            region,
            flat,
            optimal=params.extraction == "optimal",
            background=params.background,
            profile_columns=params.profile_columns,
            disperses="wavelength" in data.variables,
        )

    def _sampling(self, data: xr.Dataset, per_bin: int, n_bin: int) -> Sampling:
        """Return how reads make samples and bins."""
        integrated = data["integration_time"].values
        if self.params.cds:
            integrated = integrated[1::2] - integrated[::2]
            if np.any(integrated <= 0):
                raise DataError(
                    "expected the integration time to grow within each pair of reads, but that of pair "
                    f"{int(np.argmax(integrated <= 0))} does not; set cds: false if frames do not come in pairs"
                )
        exposure: NDArray[np.float64] = integrated[: n_bin * per_bin].reshape(n_bin, per_bin).mean(axis=1)
        in_electrons = (1.0, 0.0)
        if not self.params.gain_offset:
            gain, offset = converter(data)
            in_electrons = (gain, 0.0 if self.params.cds else offset)
        return Sampling(exposure, per_bin, self.params.cds, in_electrons)


def _of(value: Mapping[str, _Value] | _Value, instrument: str, default: Mapping[str, Any], other: Any) -> _Value:
    """Return an instrument's value of a parameter that may be a mapping by instrument."""
    if not isinstance(value, dict):
        return value  # type: ignore[return-value]
    chosen: _Value = value.get(instrument, default.get(instrument, other))
    return chosen


def _seconds(unit: str) -> float:
    if unit == "d":
        return _DAY
    from astropy import units

    return float(units.Unit(unit).to("s"))


def _on_detector(name: str, span: tuple[int, int], size: int) -> tuple[int, int]:
    if span[1] > size:
        raise ParameterError(
            f"ariel-detector: {name} {list(span)} are not on the detector, which has {size}; detectors of different "
            "size take a mapping by instrument"
        )
    return span


def _pixel_series(frames: Any, pixels: NDArray[np.intp]) -> ColumnBuffers:
    if not isinstance(frames, LazyFrames):
        flat = np.asarray(frames).reshape(len(frames), -1)
        return ColumnBuffers.from_arrays(list(flat[:, pixels].T))
    series = frames.pixel_series(pixels)
    return series if isinstance(series, ColumnBuffers) else ColumnBuffers.from_arrays(series)


def _channels(data: xr.Dataset, columns: tuple[int, int]) -> tuple[NDArray[np.float64], ...]:
    """Return wavelength and its lower and upper edges of each channel in um."""
    if "wavelength" not in data.variables:
        names = ("wavelength", "wavelength_lower", "wavelength_upper")
        middle = data.attrs.get(names[0])
        if middle is None:
            raise DataError(
                "expected a coordinate wavelength (x) or, without dispersion, an attribute wavelength in um"
            )
        return tuple(np.array([float(data.attrs.get(name, middle))]) for name in names)
    wavelength = np.asarray(data["wavelength"].values, float)
    between = (wavelength[1:] + wavelength[:-1]) / 2
    edges = np.concatenate([[2 * wavelength[0] - between[0]], between, [2 * wavelength[-1] - between[-1]]])
    pair = np.stack([edges[:-1], edges[1:]])[:, slice(*columns)]
    return wavelength[slice(*columns)], pair.min(axis=0), pair.max(axis=0)
