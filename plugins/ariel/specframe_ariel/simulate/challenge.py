"""Simulated planets in the files of the Ariel data challenges."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from specframe.errors import UsageError
from specframe_ariel.simulate.detector import detector_of, expose
from specframe_ariel.simulate.instrument import AIRS, FGS1, INSTRUMENTS, label_wavelengths
from specframe_ariel.simulate.loader import ArielSimulated
from specframe_ariel.simulate.planet import SimulatedPlanet, draw_planet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from specframe_ariel.simulate.calibration import CalibrationSet
    from specframe_ariel.simulate.params import SimulatedParams

__all__ = ["write_challenge"]

_OUTPUTS = [f"wl_{k}" for k in range(1, 284)]
#: Numbers of the test planets start here, so that no split shares a planet with the other.
_FIRST_TEST = 1_000_000


def write_challenge(
    path: Path | str,
    *,
    n_targets: int,
    year: Literal[2024, 2025] = 2024,
    seed: int = 0,
    split: Literal["train", "test"] = "train",
    airs_pairs: int = AIRS.full_pairs,
    fgs1_pairs: int = FGS1.full_pairs,
    **instrument: Any,
) -> list[str]:
    """Write planets in the layout of a challenge, at full size unless fewer pairs are asked for.

    Parameters
    ----------
    path
        Root of the tree; made where it is missing. A second call may add the other split.
    n_targets, year, seed, airs_pairs, fgs1_pairs, instrument
        As in :class:`~specframe_ariel.simulate.params.SimulatedParams`.
    split
        ``train`` comes with labels, ``test`` without. The two never hold the same planet.

    Returns
    -------
    list of str
        The planets' identifiers. Full size is 0.5 GB of frames per planet and visit, one instrument of which is in
        memory at a time.

    Raises
    ------
    UsageError
        When the split is there already, or the other one has other numbers of pairs; nothing is written then.
    ParameterError
        When a parameter is unknown or out of bounds.
    """
    params = ArielSimulated(
        n_targets=n_targets, year=year, seed=seed, airs_pairs=airs_pairs, fgs1_pairs=fgs1_pairs, **instrument
    ).params
    root = Path(path)
    if (root / split).exists():
        raise UsageError(f"{root / split}: is there already; simulate into another folder or remove it")
    axes = _axes(params)
    _check_same_axes(root, axes)
    first = 0 if split == "train" else _FIRST_TEST
    planets = [draw_planet(params, first + index) for index in range(n_targets)]
    partial = root / f".{split}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for planet in planets:
            _write_planet(partial / planet.name, params, planet)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    axes.write_parquet(root / "axis_info.parquet")
    wavelengths = label_wavelengths(params.year)
    pl.DataFrame([wavelengths], schema=_OUTPUTS, orient="row").write_csv(root / "wavelengths.csv")
    _write_tables(root, params, planets, split)
    partial.rename(root / split)
    return [planet.name for planet in planets]


def _write_planet(folder: Path, params: SimulatedParams, planet: SimulatedPlanet) -> None:
    for visit in range(len(planet.mid_transit)):
        suffix = "" if params.year == 2024 else f"_{visit}"
        for instrument in INSTRUMENTS.values():
            calibration, _ = detector_of(params, planet, instrument, visit)
            _write_calibration(folder / f"{instrument.name}_calibration{suffix}", calibration)
            frames = expose(params, planet, instrument, visit)
            _write_columns(folder / f"{instrument.name}_signal{suffix}.parquet", frames)


def _write_calibration(folder: Path, calibration: CalibrationSet) -> None:
    folder.mkdir(parents=True)
    for name in ("dark", "dead", "flat", "linear_corr", "read"):
        image = getattr(calibration, name)
        _write_columns(folder / f"{name}.parquet", image.reshape(-1, image.shape[-1]).T)


def _write_columns(path: Path, columns: Iterable[NDArray[Any]]) -> None:
    """Write each item as a column, named as in the challenges' files."""
    pl.DataFrame([pl.Series(f"column_{k}", column) for k, column in enumerate(columns)]).write_parquet(path)


def _axes(params: SimulatedParams) -> pl.DataFrame:
    """Return axis_info: read times in hours and wavelengths, padded to the longest."""
    airs, fgs1 = AIRS.readout(params.airs_pairs), FGS1.readout(params.fgs1_pairs)
    axes = {
        f"{AIRS.name}-axis0-h": airs.time / 3_600,
        f"{AIRS.name}-axis2-um": AIRS.wavelength,
        # the time that each read adds to the one before
        f"{AIRS.name}-integration_time": np.tile([airs.short, airs.long], airs.pairs),
        f"{FGS1.name}-axis0-h": fgs1.time / 3_600,
    }
    length = max(map(len, axes.values()))
    padded = {name: [*values.tolist(), *[None] * (length - len(values))] for name, values in axes.items()}
    return pl.DataFrame(padded, schema=dict.fromkeys(axes, pl.Float64))


def _check_same_axes(root: Path, axes: pl.DataFrame) -> None:
    path = root / "axis_info.parquet"
    if path.exists() and not pl.read_parquet(path).equals(axes):
        raise UsageError(f"{path}: was written with other numbers of pairs; both splits of a folder share its axes")


def _write_tables(root: Path, params: SimulatedParams, planets: list[SimulatedPlanet], split: str) -> None:
    identifiers = pl.Series("planet_id", [int(planet.name) for planet in planets])
    if split == "train":
        labels = pl.DataFrame(np.array([planet.labels() for planet in planets]), schema=_OUTPUTS, orient="row")
        name = "train_labels.csv" if params.year == 2024 else "train.csv"
        labels.insert_column(0, identifiers).sort("planet_id").write_csv(root / name)
    converters = pl.DataFrame([_converters(params, planet) for planet in planets])
    if params.year == 2024:
        stars = pl.Series("star", [planet.star_index for planet in planets])
        converters.with_columns(stars).insert_column(0, identifiers).sort("planet_id").write_csv(
            root / f"{split}_adc_info.csv"
        )
        return
    converters.head(1).write_csv(root / "adc_info.csv")
    info = pl.DataFrame([planet.star_info() for planet in planets]).insert_column(0, identifiers).sort("planet_id")
    if split == "test":  # where the real file has the identifiers as 1103775.0
        info = info.with_columns(pl.col("planet_id").cast(pl.Float64))
    info.write_csv(root / f"{split}_star_info.csv")


def _converters(params: SimulatedParams, planet: SimulatedPlanet) -> dict[str, float]:
    columns = {}
    for instrument in (FGS1, AIRS):
        _, converter = detector_of(params, planet, instrument, 0)
        columns[f"{instrument.name}_adc_offset"] = converter.offset
        columns[f"{instrument.name}_adc_gain"] = converter.gain
    return columns
