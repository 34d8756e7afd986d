"""Parameters of the detrenders ``clean`` and ``bin``."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import field_validator, model_validator

from specframe.api import Field, InputPath, Params, Unit

__all__ = ["BinParams", "ChannelRule", "CleanParams", "DropRule", "EdgesTable", "GridParams", "TimeRule"]

_GAP = "Times further apart than this have a gap between them, in s; null: 5 times the median step."
_INSTRUMENTS = (
    "Instruments that the step works on, as in /<instrument>/<visit>; null: all. The others stay as they are."
)


class TimeRule(Params):
    """Times that are not to be used: by one of ``regressor``, ``first_of_orbit``, ``time`` and ``indices``."""

    regressor: str | None = Field(
        None, description="Name of a regressor over time; goes with values, above or below, or several of them."
    )
    values: tuple[float, ...] | None = Field(
        None, min_length=1, description="Values of the regressor that are not to be used."
    )
    above: float | None = Field(None, description="Times at which the regressor is larger than this.")
    below: float | None = Field(None, description="Times at which the regressor is smaller than this.")
    first_of_orbit: int | None = Field(None, ge=1, description="The first n exposures of each orbit.")
    orbit: str | None = Field(
        None, description="Regressor that numbers the orbits (first_of_orbit); null: orbits are parted by gaps in time."
    )
    time: tuple[float, float] | None = Field(
        None, description="Times from start to stop, both included, on the data's own clock (d)."
    )
    indices: tuple[int, ...] | None = Field(
        None,
        min_length=1,
        description="These exposures, counted from 0 before anything is dropped; -1 is the last.",
    )

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        chosen = [n for n in ("regressor", "first_of_orbit", "time", "indices") if getattr(self, n) is not None]
        if len(chosen) != 1:
            got = " and ".join(chosen) or "none"
            raise ValueError(f"a rule has one of regressor, first_of_orbit, time and indices, got {got}")
        limits = [n for n in ("values", "above", "below") if getattr(self, n) is not None]
        if self.regressor is not None and not limits:
            raise ValueError(f"regressor {self.regressor!r} needs values, above or below to say which times")
        if self.regressor is None and limits:
            raise ValueError(f"{limits[0]} belongs to regressor, which is not given")
        if self.orbit is not None and self.first_of_orbit is None:
            raise ValueError("orbit belongs to first_of_orbit, which is not given")
        if self.time is not None and self.time[0] > self.time[1]:
            raise ValueError(f"time is [start, stop], got a start of {self.time[0]} after a stop of {self.time[1]}")
        return self


class DropRule(TimeRule):
    """Times that ``clean`` takes out or masks."""

    action: Literal["remove", "mask"] = Field(
        "remove", description="'remove' takes the times out of the data, 'mask' leaves them there, masked."
    )


class ChannelRule(Params):
    """Channels that are not to be used: a range of wavelengths, or indices."""

    wavelength: tuple[float, float] | None = Field(
        None, description="Channels whose centres lie from the first to the second, in um."
    )
    indices: tuple[int, ...] | None = Field(
        None, min_length=1, description="Channels counted from 0 in ascending wavelength; -1 is the last."
    )

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.wavelength is None) == (self.indices is None):
            raise ValueError("a rule has either wavelength: [shortest, longest] in um or indices")
        if self.wavelength is not None and self.wavelength[0] > self.wavelength[1]:
            raise ValueError(f"wavelength is [shortest, longest], got {list(self.wavelength)}")
        return self


class CleanParams(Params):
    """Parameters of ``clean``."""

    drop: tuple[DropRule, ...] = Field(
        (),
        description="Times that are not to be used, a list of rules: {regressor: orbit, values: [0]}, "
        "{first_of_orbit: 1, orbit: orbit}, {time: [start, stop]}, {indices: [0, -1]}. All are read before any acts.",
    )
    mask_channels: tuple[ChannelRule, ...] = Field(
        (), description="Channels that are not to be used: {wavelength: [0.60, 0.65]} in um, or {indices: [0, 1]}."
    )
    min_good: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="A channel with a smaller part of its times usable is masked altogether (flag channels-lost).",
    )
    clip_sigma_time: float | None = Field(
        5.0,
        ge=2.0,
        description="Mask samples that leave the range that their neighbours in time allow by more than this many "
        "times the channel's scatter, and exposures whose white light does; null: none.",
    )
    clip_sigma_wavelength: float | None = Field(
        5.0,
        ge=2.0,
        description="Mask samples that leave the range that their neighbours in wavelength allow by more than this "
        "many times the scatter of the exposure, and the one of their neighbours in time by half as much; null: none.",
    )
    window: int = Field(
        20,
        ge=8,
        description="Neighbours a sample is compared with, half of them on each side; fewer at gaps and ends. An "
        "outlier lasts at most a tenth of it.",
    )
    iterations: int = Field(5, ge=1, le=50, description="Most rounds of clipping.")
    gap: Annotated[float, Unit("s")] | None = Field(None, gt=0.0, description=_GAP)
    errors: Literal["keep", "rescale", "scatter"] = Field(
        "keep",
        description="'keep' leaves flux_error as it is; 'rescale' multiplies it by one factor per channel, so that its "
        "median is the point-to-point scatter; 'scatter' puts the scatter in its place, also where a file has none.",
    )
    instruments: tuple[str, ...] | None = Field(None, min_length=1, description=_INSTRUMENTS)


class EdgesTable(Params):
    """Bins from a table, a row for each."""

    path: InputPath = Field(description="CSV or ECSV file.")
    lower: str = Field("wavelength_lower", description="Column of the lower edges.")
    upper: str = Field("wavelength_upper", description="Column of the upper edges.")
    units: str | None = Field(None, description="Unit of the edges where the file states none; null: um.")


class GridParams(Params):
    """The bins of one instrument: at most one width in time, and one way to bin the wavelengths."""

    time: Annotated[float, Unit("s")] | None = Field(
        None, gt=0.0, description="Width of bins in time, in s; bins of a stretch without gaps are equally wide."
    )
    time_samples: int | None = Field(None, ge=1, description="Exposures in a bin in time.")
    resolution: float | None = Field(
        None, gt=0.0, description="Bins of constant resolving power R = wavelength / width."
    )
    width: Annotated[float, Unit("um")] | None = Field(None, gt=0.0, description="Bins of constant width, in um.")
    channels: int | None = Field(None, ge=1, description="Bins of this many channels.")
    edges: tuple[float, ...] | tuple[tuple[float, float], ...] | EdgesTable | None = Field(
        None,
        description="Edges of the bins in um, ascending: [1.1, 1.2, 1.4] for bins that touch, [[1.1, 1.2], [1.3, 1.4]] "
        "for others, or a table: {path: bins.csv, lower: column, upper: column}.",
    )
    range: tuple[float, float] | None = Field(
        None,
        description="Where bins of constant resolution or width begin, and where they end at most, in um; null: all "
        "channels.",
    )

    @field_validator("edges")
    @classmethod
    def _edges_ascend(cls, value: object) -> object:
        if not isinstance(value, tuple):
            return value
        if not value or isinstance(value[0], tuple):
            if not value:
                raise ValueError("needs at least one bin, got none")
            for index, (low, high) in enumerate(value):
                if low >= high:
                    raise ValueError(f"bin {index} must have a lower edge below its upper one, got {[low, high]}")
            for index, (first, second) in enumerate(pairwise(value)):
                if second[0] + second[1] <= first[0] + first[1]:
                    raise ValueError(f"bins must ascend, but bin {index + 1} {list(second)} lies before {list(first)}")
            return value
        if len(value) < 2:
            raise ValueError(f"needs at least two edges, got {list(value)}")
        for first, second in pairwise(value):
            if second <= first:
                raise ValueError(f"edges must ascend, but {second} follows {first}")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.time is not None and self.time_samples is not None:
            raise ValueError("time and time_samples both say how long bins are; give one of them")
        ways = [n for n in ("resolution", "width", "channels", "edges") if getattr(self, n) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(ways)} all say how wide bins are; give one of them")
        if self.range is not None and not {"resolution", "width"} & set(ways):
            raise ValueError("range goes with resolution or width")
        if self.range is not None and not 0 < self.range[0] < self.range[1]:
            raise ValueError(f"range is [shortest, longest] wavelength in um, got {list(self.range)}")
        return self

    @property
    def bins_time(self) -> bool:
        """Whether times are binned."""
        return self.time is not None or self.time_samples is not None

    @property
    def bins_wavelength(self) -> bool:
        """Whether wavelengths are binned."""
        return any(value is not None for value in (self.resolution, self.width, self.channels, self.edges))


class BinParams(GridParams):
    """Parameters of ``bin``."""

    max_masked: float = Field(
        0.5,
        ge=0.0,
        lt=1.0,
        description="A bin's sample is masked where more than this part of its light, or in time of its exposures, is; "
        "of less, what is missing is filled in from the rest of the bin.",
    )
    average: Literal["auto", "width", "inverse-variance"] = Field(
        "auto",
        description="Weights of channels where flux is not counts, which are summed: 'width' is the mean over "
        "wavelength, 'inverse-variance' that with the least noise; 'auto' takes the latter for relative flux.",
    )
    shared_noise: Literal["include", "ignore"] = Field(
        "include",
        description="Depths without a covariance: 'include' raises the errors of bins by what their residuals scatter "
        "beyond those of independent channels; 'ignore' takes the channels for independent.",
    )
    gap: Annotated[float, Unit("s")] | None = Field(None, gt=0.0, description=_GAP)
    instruments: tuple[str, ...] | dict[str, GridParams] | None = Field(
        None,
        description="Instruments that are binned, the others stay as they are; or bins of their own for some: "
        "{NRS1: {resolution: 100}, NRS2: {width: 0.02 um}}, the others as above; null: all alike.",
    )

    @model_validator(mode="after")
    def _something_to_do(self) -> Self:
        grids: list[GridParams] = [self]
        if isinstance(self.instruments, dict):
            grids += self.instruments.values()
        if not any(grid.bins_time or grid.bins_wavelength for grid in grids):
            raise ValueError(
                "nothing says how to bin; give time or time_samples, or one of resolution, width, channels and edges"
            )
        return self

    def of(self, instrument: str) -> GridParams | None:
        """Return the bins of an instrument, ``None`` where it is left as it is."""
        grid: GridParams = self
        if isinstance(self.instruments, tuple) and instrument not in self.instruments:
            return None
        if isinstance(self.instruments, dict):
            grid = self.instruments.get(instrument, self)
        return grid if grid.bins_time or grid.bins_wavelength else None
