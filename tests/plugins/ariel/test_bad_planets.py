"""Raw frames to depths where some planets are not as they should be: the others go on, each of these has its reason."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from specframe import Run
from specframe.cli import main
from specframe_ariel import write_challenge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIPELINE = """\
specframe: 1
steps:
  - id: data
    load: ariel-challenge
    with: {path: tree}
  - id: curves
    calibrate: ariel-detector
  - id: transit
    detrend: transit-polynomial
    with: {order: 2}
"""
INSTRUMENTS = ("AIRS-CH0", "FGS1")


def rewrite(planet: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Change the frames (time, pixel) of both instruments."""
    for path in planet.glob("*_signal*.parquet"):
        table = pl.read_parquet(path)
        pl.DataFrame(change(table.to_numpy()), schema=table.columns).write_parquet(path)


def calibration(planet: Path, name: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    path = planet / "AIRS-CH0_calibration" / f"{name}.parquet"
    change(pl.read_parquet(path)).write_parquet(path)


def before_the_transit(frames: np.ndarray) -> np.ndarray:
    """Draw all pairs of reads from the first quarter of the visit, in which nothing happens."""
    pairs = frames.reshape(-1, 2, frames.shape[1])
    drawn = np.random.default_rng(1).integers(0, len(pairs) // 4, len(pairs))
    return pairs[drawn].reshape(frames.shape)


def two_hours_later(frames: np.ndarray) -> np.ndarray:
    """Move the transit to the end of the visit."""
    return np.roll(frames, 2 * (3 * len(frames) // 20), axis=0)


def full(frames: np.ndarray) -> np.ndarray:
    return np.full_like(frames, 65_535)


def no_gain(planet: Path) -> None:
    path = planet.parents[1] / "train_adc_info.csv"
    table = pl.read_csv(path)
    here = pl.col("planet_id") == int(planet.name)
    table.with_columns(pl.when(here).then(0.0).otherwise(pl.col("FGS1_adc_gain")).alias("FGS1_adc_gain")).write_csv(
        path
    )


#: What is done to a planet, the step that sets it aside and words of the reason; no step where it goes on.
SPOILT: list[tuple[Callable[[Path], object], str, str]] = [
    (lambda planet: None, "", ""),
    (no_gain, "data", "expected a gain above 0 and a finite offset, got gain 0"),
    (lambda planet: shutil.rmtree(planet / "AIRS-CH0_calibration"), "data", "AIRS-CH0_calibration: not found"),
    (lambda planet: rewrite(planet, full), "curves", "pixels of the aperture are at the top of the converter"),
    (lambda planet: rewrite(planet, before_the_transit), "transit", "no transit found"),
    (lambda planet: rewrite(planet, two_hours_later), "transit", "the transit touches the last sample"),
    (
        lambda planet: calibration(
            planet, "flat", lambda t: t.with_columns(pl.lit(float("nan")).alias(t.columns[100]))
        ),
        "",
        "channels-lost",
    ),
]


def run(tmp_path: Path) -> tuple[int, Run]:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    with pytest.raises(SystemExit) as stop:
        main(["run", str(tmp_path / "pipeline.yaml"), "--out", str(tmp_path / "out")])
    return int(stop.value.code or 0), Run(tmp_path / "out")


def test_each_bad_planet_is_set_aside_with_its_reason_or_flagged(tmp_path: Path) -> None:
    names = write_challenge(tmp_path / "tree", n_targets=len(SPOILT), year=2024, seed=5, airs_pairs=60, fgs1_pairs=60)
    expected = {}
    for name, (spoil, step, words) in zip(names, SPOILT, strict=True):
        spoil(tmp_path / "tree" / "train" / name)
        expected[name] = (step, words)
    status, result = run(tmp_path)
    assert status == 3
    aside = {entry["target"]: entry for entry in result.set_aside}
    assert set(aside) == {name for name, (step, _) in expected.items() if step}
    for name, entry in aside.items():
        step, words = expected[name]
        assert entry["step"] == step
        assert words in entry["reason"]
    flags = result.manifest["flags"]
    (lost,) = (name for name, (_, words) in expected.items() if words == "channels-lost")
    assert flags["channels-lost"] == [lost]
    assert np.isnan(depths(tmp_path / "out", lost)).sum() == 1
    assert np.isfinite(depths(tmp_path / "out", names[0])).all()


def test_a_visit_that_one_instrument_lacks_is_flagged_and_the_planet_goes_on(tmp_path: Path) -> None:
    (name,) = write_challenge(
        tmp_path / "tree", n_targets=1, year=2025, seed=5, airs_pairs=60, fgs1_pairs=60, second_visit=1.0
    )
    (tmp_path / "tree" / "train" / name / "FGS1_signal_1.parquet").unlink()
    status, result = run(tmp_path)
    assert status == 0
    assert result.manifest["flags"] == {"visit-missing": [name]}
    assert np.isfinite(depths(tmp_path / "out", name)).all()


def depths(out: Path, name: str) -> np.ndarray:
    from astropy.table import Table

    return np.ma.filled(Table.read(out / "spectra" / f"{name}.ecsv")["depth"], np.nan)
