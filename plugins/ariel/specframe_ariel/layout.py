"""Where the files of a challenge lie: the trees of 2024 and 2025.

::

    2024                                        2025
    <root>/axis_info.parquet, wavelengths.csv   <root>/axis_info.parquet, wavelengths.csv
    <root>/train_adc_info.csv                   <root>/adc_info.csv
    <root>/train_labels.csv                     <root>/train.csv, train_star_info.csv
    <root>/train/<id>/FGS1_signal.parquet       <root>/train/<id>/FGS1_signal_0.parquet
    <root>/train/<id>/FGS1_calibration/         <root>/train/<id>/FGS1_calibration_0/

In 2025 a planet may have a second visit, ``_1``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DETECTORS", "FGS1_BAND", "SCIENCE_COLUMNS", "ChallengeTree", "find_tree"]

#: Rows and columns of the detectors, as in the challenges' files.
DETECTORS = {"AIRS-CH0": (32, 356), "FGS1": (32, 32)}
#: Columns of AIRS-CH0 that the labels describe; in reverse order they are wl_2 .. wl_283.
SCIENCE_COLUMNS = slice(39, 321)
#: Band of FGS1 in um: Ariel's Fine Guidance System channel 1, ESA's definition study report (2020).
FGS1_BAND = (0.60, 0.80)

#: Longest name of a file on most systems, in bytes.
_NAME_LENGTH = 255

_SIGNAL = re.compile(r"(?P<instrument>.+)_signal(?:_(?P<visit>\d+))?\.parquet")


@dataclass(frozen=True)
class ChallengeTree:
    """The files of one split. Paths are made, not opened."""

    root: Path
    #: Holds a folder for each planet.
    folder: Path
    split: str
    year: Literal[2024, 2025]

    def targets(self) -> list[str]:
        """Return the folders that are named by a number, as planets are, or hold signal files, in numeric order."""
        if not self.folder.is_dir():
            raise InputFileError(
                self.folder,
                f"not found. The frames of split {self.split!r} are expected in {self.split}/<planet_id>/; point "
                "'path' to the folder that holds it, or set 'split'",
            )
        names = [entry.name for entry in self.folder.iterdir() if _is_planet(entry)]
        return sorted(names, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name))

    def visits(self, target: str) -> list[str]:
        """Return the visits of which any instrument has a signal file: ``["0"]`` or ``["0", "1"]``."""
        if target in ("", ".", "..") or "/" in target or "\0" in target or len(target) > _NAME_LENGTH:
            raise InputFileError(self.folder, f"has no planet {target[:80]!r}: a planet is a folder here")
        found = (_SIGNAL.fullmatch(file.name) for file in (self.folder / target).glob("*_signal*.parquet"))
        return sorted({match["visit"] or "0" for match in found if match}, key=int)

    def signal(self, target: str, instrument: str, visit: str) -> Path:
        """Return the path of a visit's raw frames."""
        return self.folder / target / f"{instrument}_signal{self._suffix(visit)}.parquet"

    def calibration(self, target: str, instrument: str, visit: str) -> Path:
        """Return the path of the folder with a visit's calibration files."""
        return self.folder / target / f"{instrument}_calibration{self._suffix(visit)}"

    def _suffix(self, visit: str) -> str:
        return "" if self.year == 2024 else f"_{visit}"

    @property
    def axis_info(self) -> Path:
        """Times of the reads, wavelengths of the columns, integration times."""
        return self.root / "axis_info.parquet"

    @property
    def wavelengths(self) -> Path:
        """Wavelengths of the labels."""
        return self.root / "wavelengths.csv"

    @property
    def labels(self) -> Path:
        """Spectra, if the split has any."""
        return self.root / (f"{self.split}_labels.csv" if self.year == 2024 else f"{self.split}.csv")

    @property
    def adc_info(self) -> Path:
        """Gain and offset of the converters, per planet (2024) or for all (2025)."""
        return self.root / (f"{self.split}_adc_info.csv" if self.year == 2024 else "adc_info.csv")

    @property
    def star_info(self) -> Path:
        """Stars and orbits; there is none in 2024."""
        return self.root / f"{self.split}_star_info.csv"


def find_tree(path: Path, split: str, year: Literal["auto", 2024, 2025] = "auto") -> ChallengeTree:
    """Find the tree at ``path``, which is the root or a split's folder in it.

    Raises
    ------
    InputFileError
        When there is no such folder, or it is not that of a challenge.
    """
    if not path.is_dir():
        raise InputFileError(path, "not found. Expected the folder with the files of an Ariel data challenge")
    root, folder = path, path / split
    if not folder.is_dir() and not _is_root(path) and _is_root(path.resolve().parent):
        root, folder = path.resolve().parent, path
        split = folder.name if folder.name in ("train", "test") else split
    return ChallengeTree(root, folder, split, _year_of(root) if year == "auto" else year)


def _is_planet(entry: Path) -> bool:
    if entry.name.isdigit() and entry.is_dir():
        return True
    return next(entry.glob("*_signal*.parquet"), None) is not None


def _is_root(path: Path) -> bool:
    return (path / "axis_info.parquet").exists() or (path / "wavelengths.csv").exists()


def _year_of(root: Path) -> Literal[2024, 2025]:
    if (root / "adc_info.csv").exists():
        return 2025
    if any(root.glob("*_adc_info.csv")):
        return 2024
    raise InputFileError(
        root,
        "not the files of an Ariel data challenge: expected adc_info.csv (2025) or train_adc_info.csv and "
        "test_adc_info.csv (2024) here. If the converter's table is elsewhere, copy it here",
    )
