"""What the report says of a run of one target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astropy.table import Table

from specframe.pipeline.quality_numbers import numbers_of_one

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, rows: int) -> Path:
    table = Table(
        {
            "target": ["b"] * rows,
            "NIRISS/0/clipped_time": [0] * rows,
            "NIRISS/0/beta_white": [1.27713] * rows,
            "NIRISS/0/mid_transit": [59787.056755] * rows,
            "NIRISS/0/mid_transit_error": [1.6e-5] * rows,
            "NIRISS/0/period": [4.0552941] * rows,
            "NIRISS/0/period_error": [0.0] * rows,
        }
    )
    table["NIRISS/0/mid_transit"].unit = "d"
    path = folder / "quality.ecsv"
    table.write(path, format="ascii.ecsv")
    return path


def test_numbers_of_one_target_stand_beside_their_errors(tmp_path: Path) -> None:
    assert list(numbers_of_one(written(tmp_path, 1)).items()) == [
        ("NIRISS/0/mid_transit", "59787.056755 ± 0.000016 d"),
        ("NIRISS/0/beta_white", "1.27713"),
        ("NIRISS/0/period", "4.05529"),
    ]


def test_numbers_of_several_targets_are_summarised_elsewhere(tmp_path: Path) -> None:
    assert numbers_of_one(written(tmp_path, 2)) == {}
    assert numbers_of_one(tmp_path / "absent.ecsv") == {}
