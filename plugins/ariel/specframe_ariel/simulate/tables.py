"""The challenges' tables of simulated planets: axes, wavelengths, labels, stars, converters, the form to submit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from specframe.errors import UsageError
from specframe_ariel.outputs import OUTPUTS
from specframe_ariel.simulate.detector import detector_of
from specframe_ariel.simulate.instrument import AIRS, FGS1, INSTRUMENTS, label_wavelengths
from specframe_ariel.simulate.whole import whole_file, write_parquet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from specframe_ariel.layout import ChallengeTree
    from specframe_ariel.simulate.params import SimulatedParams
    from specframe_ariel.simulate.planet import SimulatedPlanet

__all__ = ["axis_info", "check_shared", "write_shared", "write_split"]

#: Every depth and every error of the challenges' sample_submission.csv.
_SAMPLE = {2024: 0.123, 2025: 0.456}


def axis_info(params: SimulatedParams) -> pl.DataFrame:
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


def check_shared(tree: ChallengeTree, params: SimulatedParams, some: SimulatedPlanet) -> None:
    """Raise :class:`UsageError` when tables that both splits share are there and are not those of ``params``."""
    for path, table in _shared(tree, params, some).items():
        if path.exists() and not _read(path).equals(table):
            raise UsageError(
                f"{path}: was made with other parameters, and both splits of a folder share it; simulate into another "
                "folder, or give both the same year, airs_pairs and fgs1_pairs"
            )


def write_shared(tree: ChallengeTree, params: SimulatedParams, some: SimulatedPlanet) -> list[Path]:
    """Write the tables that both splits share; ``some`` planet's converter is that of all in 2025."""
    tables = _shared(tree, params, some)
    for path, table in tables.items():
        with whole_file(path) as partial:
            if path.suffix == ".parquet":
                write_parquet(partial, table, "snappy")
            else:
                table.write_csv(partial)
    return list(tables)


def write_split(tree: ChallengeTree, params: SimulatedParams, planets: Sequence[SimulatedPlanet]) -> list[Path]:
    """Write the tables of one split: labels of train, a sample submission of test, converters and stars."""
    identifiers = pl.DataFrame({"planet_id": [int(planet.name) for planet in planets]})
    tables: dict[Path, pl.DataFrame] = {}
    if tree.split == "train":
        depths = np.array([planet.labels() for planet in planets])
        tables[tree.labels] = identifiers.hstack(pl.DataFrame(depths, schema=OUTPUTS, orient="row"))
    else:
        columns = [*OUTPUTS, *(f"sigma_{k}" for k in range(1, len(OUTPUTS) + 1))]
        flat = [pl.lit(_SAMPLE[tree.year]).alias(name) for name in columns]
        tables[tree.root / "sample_submission.csv"] = identifiers.with_columns(flat)
    if tree.year == 2024:
        converters = pl.DataFrame([_converters(params, planet) for planet in planets])
        stars = pl.DataFrame({"star": [planet.star_index for planet in planets]})
        tables[tree.adc_info] = identifiers.hstack(converters).hstack(stars)
    else:
        tables[tree.star_info] = identifiers.hstack(pl.DataFrame([planet.star_info() for planet in planets]))
    for path, table in tables.items():
        ordered = table.sort("planet_id")
        if path == tree.star_info and tree.split == "test":  # where the real file has the identifiers as 1103775.0
            ordered = ordered.with_columns(pl.col("planet_id").cast(pl.Float64))
        with whole_file(path) as partial:
            ordered.write_csv(partial)
    return list(tables)


def _shared(tree: ChallengeTree, params: SimulatedParams, some: SimulatedPlanet) -> dict[Path, pl.DataFrame]:
    wavelengths = pl.DataFrame([label_wavelengths(params.year)], schema=OUTPUTS, orient="row")
    tables = {tree.axis_info: axis_info(params), tree.wavelengths: wavelengths}
    if tree.year == 2025:
        tables[tree.adc_info] = pl.DataFrame([_converters(params, some)])
    return tables


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path}: cannot be read ({reason}); simulate into another folder") from None


def _converters(params: SimulatedParams, planet: SimulatedPlanet) -> dict[str, float]:
    """Return offset and gain of both instruments, under the names of the challenges' tables."""
    row = {}
    for instrument in reversed(INSTRUMENTS.values()):  # FGS1 comes first
        _, converter = detector_of(params, planet, instrument, 0)
        row[f"{instrument.name}_adc_offset"] = converter.offset
        row[f"{instrument.name}_adc_gain"] = converter.gain
    return row
