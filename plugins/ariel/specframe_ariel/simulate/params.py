"""Parameters of the simulator, shared by the loader ``ariel-simulated`` and ``write_challenge``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from specframe.api import Field, InputPath, Params, Unit

__all__ = ["GivenSpectrum", "SimulatedParams"]


class GivenSpectrum(Params):
    """A spectrum written out: transit depths at some wavelengths."""

    wavelength: tuple[float, ...] = Field(min_length=2, description="Wavelengths in um, in any order.")
    depth: tuple[float, ...] = Field(min_length=2, description="Transit depth (Rp/Rs)^2 at each of them.")

    @model_validator(mode="after")
    def _one_depth_each(self) -> Self:
        if len(self.wavelength) != len(self.depth):
            raise ValueError(f"{len(self.wavelength)} wavelengths, but {len(self.depth)} depths")
        return self


class SimulatedParams(Params):
    """Which planets are simulated, and what the instrument does to their light.

    The instrument's defaults are what was measured on the real challenge files. With fewer pairs than the real ones
    (5,625 and 67,500) each stands for several real pairs added up on board: integration time, full well, reset level
    and ADC step grow with their number n and read noise with its root, jitter falls with its root and cosmic rays come
    as often per hour (a hit is 1/n of what it is in a real pair, n times as often). So the noise per hour stays that
    of the real data. Noise of the calibration files is of the detector, not of the visit, and does not depend on n.
    """

    n_targets: int = Field(64, ge=1, le=1_000_000, description="Number of planets.")
    seed: int = Field(0, ge=0, description="Decides everything random; a planet depends on it and its own number only.")
    year: Literal[2024, 2025] = Field(
        2024,
        description="Whose planets and converter: 2024 has small planets of a few stars and an ADC gain per planet; "
        "2025 has giants, each with a star of its own, and one ADC gain.",
    )
    split: Literal["train", "test"] = Field(
        "train", description="Two sets of planets that share none; written as files, test comes without labels."
    )
    stars: int | None = Field(
        None, ge=1, description="Number of stars that the planets share; null: 2 in 2024, one for each planet in 2025."
    )
    labels: InputPath | None = Field(
        None,
        description="CSV file with planet_id and wl_1 .. wl_283, as train_labels.csv of the challenges: the planets "
        "have these depths and identifiers, in the file's order, and begin again when there are more planets.",
    )
    spectra: tuple[InputPath | GivenSpectrum, ...] | None = Field(
        None,
        description="Spectra of the planets, in place of drawn ones, in this order and again from the first: files "
        "with wavelength (um) and depth in two columns, or {wavelength: [..], depth: [..]}. Linear in between; they "
        "must cover 1.952 to 3.895 um and are constant beyond their ends.",
    )
    own_orbit: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Fraction of the planets with an orbit of their own; the others share one around their star. null: "
        "0.12 in 2024, 1 in 2025, as the real ones.",
    )
    limb_darkening_scatter: float = Field(
        0.15,
        ge=0,
        le=0.2,
        description="Relative scatter from star to star of the limb darkening around the law in wavelength and "
        "temperature that all follow.",
    )
    airs_pairs: int = Field(187, ge=32, le=5_625, description="Pairs of reads (CDS) of AIRS-CH0 in the 7.5 h.")
    fgs1_pairs: int = Field(187, ge=32, le=67_500, description="Pairs of reads (CDS) of FGS1 in the 7.5 h.")
    second_visit: float = Field(
        0.1, ge=0, le=1, description="Fraction of the planets with a second visit; used in 2025 only."
    )
    airs_flux: float = Field(2.65e6, gt=0, description="Light of a typical star on AIRS-CH0's science columns, e-/s.")
    fgs1_flux: float = Field(3.5e6, gt=0, description="Light of a typical star on FGS1, e-/s.")
    airs_sky: float = Field(0.5, ge=0, description="Sky background on AIRS-CH0, e-/s per pixel.")
    fgs1_sky: float = Field(10.0, ge=0, description="Sky background on FGS1, e-/s per pixel.")
    read_noise: float = Field(13.0, gt=0, description="Median read noise of a real read, ADC steps included, e-.")
    dark: float = Field(0.0066, ge=0, description="Median dark current, e-/s.")
    hot_fraction: float = Field(
        0.007,
        ge=0,
        lt=1,
        description="Fraction of pixels with 0.02 to 10 e-/s of dark current, half of them below 0.05.",
    )
    dead_fraction: float = Field(0.001, ge=0, lt=1, description="Fraction of pixels that see no light.")
    missed_fraction: float = Field(
        0.0, ge=0, le=1, description="Fraction of the hot and dead pixels that the calibration files do not show."
    )
    flat_scatter: float = Field(0.012, ge=0, le=0.2, description="Standard deviation of the pixels' responses.")
    reset_level: float = Field(0.0, ge=0, description="Charge after a reset, the same in both reads of a pair, e-.")
    full_well: float = Field(
        100_000.0,
        gt=0,
        description="Charge at which a pixel of the real detector saturates, e-; the converter may before.",
    )
    cosmic_rays: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Particles per cm2 and s. The real frames show none; JWST meets 2.3 to 4.3 at L2.",
    )
    calibration: InputPath | None = Field(
        None,
        description="Folder with real calibration files (<instrument>_calibration or _calibration_0, in it or in its "
        "folder calibration), which then describe the detector of every planet and visit; null: drawn for each.",
    )
    calibration_frames: int = Field(
        0,
        ge=0,
        description="Number of frames from which each calibration file was measured: the fewer, the noisier. 0: exact.",
    )
    drift: float = Field(
        6.1e-4,
        ge=0,
        le=0.1,
        description="Standard deviation of the drift's linear term (P1 of time in -1..1 over the visit); those of P2, "
        "P3 and P4 are 0.52, 0.195 and 0.053 of it.",
    )
    drift_colour: float = Field(
        0.3, ge=0, le=1, description="How much the drift varies over AIRS-CH0's wavelengths, relative to its amplitude."
    )
    drift_shared: float = Field(
        0.5, ge=0, le=1, description="Share of the drift's variance that AIRS-CH0 and FGS1 have in common."
    )
    jitter: float = Field(
        1.0,
        ge=0,
        le=20,
        description="Fast pointing jitter relative to the real frames': in a real pair 0.014 and 0.006 pixels along "
        "the rows and the columns of AIRS-CH0, 0.11 and 0.09 of FGS1. 0: none. The image moves to first order, which "
        "holds to some 0.3 pixels.",
    )
    pointing_walk: float = Field(
        0.0,
        ge=0,
        le=0.3,
        description="Slow pointing: standard deviation of a random walk at the end of the visit, pixels.",
    )
    pointing_wave: float = Field(0.0, ge=0, le=0.3, description="Slow pointing: amplitude of a sine in time, pixels.")
    pointing_period: Annotated[float, Unit("s")] = Field(3_600.0, gt=0, description="Period of pointing_wave.")
    spectral_blur: float = Field(
        1.0,
        ge=0,
        le=3,
        description="Width of the point spread along the wavelengths, relative to that across them: it blends "
        "neighbouring columns of AIRS-CH0 and lets the pointing shift the spectrum. 0: neither.",
    )

    def first_planet(self) -> int:
        """Return the number of the split's first planet: far apart, so that no planet is in both."""
        return 0 if self.split == "train" else 1_000_000

    def star_count(self) -> int | None:
        """Return the number of shared stars, ``None`` where each planet has its own."""
        return self.stars if self.stars is not None else (2 if self.year == 2024 else None)

    def own_orbit_fraction(self) -> float:
        """Return the fraction of the planets with an orbit of their own."""
        return self.own_orbit if self.own_orbit is not None else (0.12 if self.year == 2024 else 1.0)

    @model_validator(mode="after")
    def _depths_from_one_place(self) -> Self:
        if self.labels is not None and self.spectra is not None:
            raise ValueError("give labels or spectra, not both: each decides the planets' depths")
        if self.spectra == ():
            raise ValueError("spectra is empty; give at least one, or null to have them drawn")
        return self

    def pairs(self, instrument: str) -> int:
        """Return the number of pairs of ``AIRS-CH0`` or ``FGS1``."""
        return self.airs_pairs if instrument == "AIRS-CH0" else self.fgs1_pairs
