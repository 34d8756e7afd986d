"""Parameters of the simulator, shared by the loader ``ariel-simulated`` and ``write_challenge``."""

from __future__ import annotations

from typing import Literal

from specframe.api import Field, Params

__all__ = ["SimulatedParams"]


class SimulatedParams(Params):
    """Which planets are simulated, and what the instrument does to their light.

    The instrument's defaults are what was measured on the real challenge files. With fewer pairs than the real ones
    (5,625 and 67,500) each stands for several real pairs added up on board: integration time, full well and ADC step
    grow with their number and read noise with its root, so that the noise per hour stays that of the real data.
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
        0.005, ge=0, lt=1, description="Fraction of pixels with 0.1 to 10 e-/s of dark current."
    )
    dead_fraction: float = Field(0.001, ge=0, lt=1, description="Fraction of pixels that see no light.")
    flat_scatter: float = Field(0.012, ge=0, le=0.2, description="Standard deviation of the pixels' responses.")
    reset_level: float = Field(0.0, ge=0, description="Charge after a reset, the same in both reads of a pair, e-.")
    drift: float = Field(
        7e-4, ge=0, le=0.1, description="Standard deviation of the drift's linear and quadratic terms over the visit."
    )
    jitter: float = Field(0.01, ge=0, le=1, description="Standard deviation of the pointing in a real pair, pixels.")
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

    def pairs(self, instrument: str) -> int:
        """Return the number of pairs of ``AIRS-CH0`` or ``FGS1``."""
        return self.airs_pairs if instrument == "AIRS-CH0" else self.fgs1_pairs
