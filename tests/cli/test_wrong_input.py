"""Wrong input of every kind gets one clear message, the right exit status, and leaves nothing half-written."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from specframe import Run
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
    with: {bin_time: 600 s}
  - id: fit
    model: ridge
    with: {alpha: 10.0}
evaluate:
  cross_validation: {folds: 3}
  scores: [rmse-ppm]
"""


@pytest.fixture(scope="module")
def small_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight planets of 2024 with 45 read pairs, 10 minutes each."""
    path = tmp_path_factory.mktemp("challenge") / "tree"
    write_challenge(path, n_targets=8, year=2024, seed=5, airs_pairs=45, fgs1_pairs=45)
    return path


@pytest.fixture
def tree(small_tree: Path, tmp_path: Path) -> Path:
    """A copy of the tree that a test may spoil, beside a pipeline that reads it."""
    shutil.copytree(small_tree, tmp_path / "tree")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    return tmp_path / "tree"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("model: ridge", "model: rigde", "pipeline.yaml:10:12: unknown model 'rigde', did you mean 'ridge'?"),
        ("alpha: 10.0", "alpha: ten", "pipeline.yaml:11:19: ridge: alpha must be"),
        ("alpha: 10.0", "alpha: -1.0", "pipeline.yaml:11:19: ridge: alpha must be"),
        ("alpha: 10.0", "alhpa: 10.0", "ridge has no parameter 'alhpa'; did you mean 'alpha'?"),
        ("steps:", "stesp:", "pipeline.yaml:2:1: unknown key 'stesp'"),
        ("path: tree", "path: gone", "pipeline.yaml:5:18: ariel-challenge: path: no such file or folder"),
        ("folds: 3", "folds: 1", "pipeline.yaml:13:29:"),
    ],
)
def test_wrong_yaml(
    specframe: Callable[..., Any], tree: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(PIPELINE.replace(old, new))
    for command in ("check", "run"):
        extra = ("--out", tmp_path / "out") if command == "run" else ()
        result = specframe(command, path, *extra)
        assert result.status == 2
        assert message in result.err
        assert "^" in result.err
    assert not (tmp_path / "out").exists()


def _first_planet(tree: Path) -> Path:
    return min((path for path in (tree / "train").iterdir()), key=lambda path: int(path.name))


def _truncate(planet: Path) -> None:
    signal = planet / "AIRS-CH0_signal.parquet"
    signal.write_bytes(signal.read_bytes()[:-1000])


def _remove_dark(planet: Path) -> None:
    (planet / "AIRS-CH0_calibration" / "dark.parquet").unlink()


def _drop_columns(planet: Path) -> None:
    signal = planet / "AIRS-CH0_signal.parquet"
    frames = pl.read_parquet(signal)
    frames.select(frames.columns[:-32]).write_parquet(signal)


def _kill_all_pixels(planet: Path) -> None:
    for instrument in ("AIRS-CH0", "FGS1"):
        dead = planet / f"{instrument}_calibration" / "dead.parquet"
        pl.read_parquet(dead).select(pl.all() | True).write_parquet(dead)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_truncate, ("AIRS-CH0_signal.parquet",)),
        (_remove_dark, ("AIRS-CH0_calibration/dark.parquet", "not found")),
        (_drop_columns, ("AIRS-CH0_signal.parquet", "11360", "11392")),
        (_kill_all_pixels, ("dead",)),
    ],
)
def test_a_spoilt_target_is_set_aside(
    specframe: Callable[..., Any], tree: Path, tmp_path: Path, spoil: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    planet = _first_planet(tree)
    spoil(planet)
    result = specframe("run", tmp_path / "pipeline.yaml", "--out", tmp_path / "out")
    assert result.status == 3, result.err
    run = Run(tmp_path / "out")
    (entry,) = run.set_aside
    assert entry["target"] == planet.name
    for word in words:
        assert word in entry["reason"]
    assert entry["reason"] in result.err
    assert run.predictions.sizes["target"] == 7


def test_labels_missing_for_training(specframe: Callable[..., Any], tree: Path, tmp_path: Path) -> None:
    (tree / "train_labels.csv").unlink()
    result = specframe("run", tmp_path / "pipeline.yaml", "--out", tmp_path / "out")
    assert result.status == 1
    assert "has no labels" in result.err
    assert "specframe predict" in result.err
    assert not (tmp_path / "out" / "metrics.json").exists()


def test_nan_in_labels_sets_the_target_aside(specframe: Callable[..., Any], tree: Path, tmp_path: Path) -> None:
    path = tree / "train_labels.csv"
    labels = pl.read_csv(path)
    planet = labels["planet_id"][2]
    labels.with_columns(
        wl_7=pl.when(pl.col("planet_id") == planet).then(float("nan")).otherwise(pl.col("wl_7"))
    ).write_csv(path)
    result = specframe("run", tmp_path / "pipeline.yaml", "--out", tmp_path / "out")
    assert result.status == 3
    assert f"set aside {planet} at step 'data': its label is not finite: wl_7 is nan" in result.err
    assert np.isfinite(Run(tmp_path / "out").predictions["mean"]).all()
