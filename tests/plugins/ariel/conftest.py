"""Small files in the layouts of the two challenges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DETECTORS = {"AIRS-CH0": (32, 356), "FGS1": (32, 32)}


def write_calibration(folder: Path, shape: tuple[int, int], rng: np.random.Generator) -> None:
    n_y, n_x = shape
    linearity = np.zeros((6, n_y, n_x))
    linearity[1] = 1.0
    dead = np.zeros(shape, bool)
    dead[3, 5] = True
    images = {
        "dark": rng.normal(0.006, 0.002, shape),
        "dead": dead,
        "flat": rng.normal(1.0, 0.01, shape),
        "linear_corr": linearity.reshape(6 * n_y, n_x),
        "read": np.full(shape, 13.0),
    }
    folder.mkdir(parents=True)
    for name, image in images.items():
        pl.DataFrame(image, schema=[f"column_{i}" for i in range(n_x)]).write_parquet(folder / f"{name}.parquet")


def write_frames(path: Path, frames: np.ndarray, *, flattened: bool) -> None:
    if flattened:
        table = pl.DataFrame({"0": frames.ravel()})
    else:
        table = pl.DataFrame(frames.reshape(len(frames), -1), schema=[f"column_{i}" for i in range(frames[0].size)])
    table.write_parquet(path)


@pytest.fixture
def write_tree(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of a challenge's tree; ``planets`` gives the number of visits of each id."""

    def write(
        year: int = 2025,
        planets: dict[str, int] | None = None,
        split: str = "train",
        flattened: tuple[str, ...] = ("AIRS-CH0",),  # writing 11,392 columns takes a while
    ) -> Path:
        root = tmp_path / f"adc{year}"
        planets = planets or {"101": 1}
        rng = np.random.default_rng(5)
        root.mkdir(exist_ok=True)

        axis = np.full((400, 4), np.nan)
        pairs = np.arange(6)[:, None]
        axis[:12, 0] = (pairs * 4.8 + [0.1, 0.2]).ravel() / 3600
        axis[:356, 1] = np.linspace(4.078, 1.633, 356)
        axis[:12, 2] = np.tile([0.1, 4.5], 6)
        axis[:12, 3] = (pairs * 0.4 + [0.1, 0.2]).ravel() / 3600
        names = ["AIRS-CH0-axis0-h", "AIRS-CH0-axis2-um", "AIRS-CH0-integration_time", "FGS1-axis0-h"]
        pl.DataFrame(axis, schema=names).write_parquet(root / "axis_info.parquet")
        outputs = [f"wl_{k}" for k in range(1, 284)]
        label_wavelengths = [0.7, *axis[39:321, 1][::-1]]
        pl.DataFrame([label_wavelengths], schema=outputs, orient="row").write_csv(root / "wavelengths.csv")

        ids = pl.Series("planet_id", [int(planet) for planet in planets] + [999])
        converter = {
            "FGS1_adc_offset": -350.0,
            "FGS1_adc_gain": 0.8,
            "AIRS-CH0_adc_offset": -1000.0,
            "AIRS-CH0_adc_gain": 0.5,
        }
        if year == 2024:
            table = pl.DataFrame([{**converter, "star": i % 2} for i in range(len(ids))])
            table.insert_column(0, ids).write_csv(root / f"{split}_adc_info.csv")
        else:
            pl.DataFrame([converter]).write_csv(root / "adc_info.csv")
            stars = pl.DataFrame({"planet_id": ids, "Rs": 0.5 + np.arange(len(ids)), "P": 3.0})
            stars.with_columns(pl.col("planet_id").cast(pl.Float64)).write_csv(root / f"{split}_star_info.csv")
        if split == "train":
            depths = pl.DataFrame(0.01 + 1e-5 * rng.standard_normal((len(ids), 283)), schema=outputs)
            depths.insert_column(0, ids).write_csv(root / ("train_labels.csv" if year == 2024 else "train.csv"))

        for planet, visits in planets.items():
            for visit in range(visits):
                suffix = "" if year == 2024 else f"_{visit}"
                for instrument, shape in DETECTORS.items():
                    folder = root / split / planet
                    write_calibration(folder / f"{instrument}_calibration{suffix}", shape, rng)
                    frames = rng.integers(300, 60_000, (8, *shape), dtype=np.uint16)
                    write_frames(
                        folder / f"{instrument}_signal{suffix}.parquet", frames, flattened=instrument in flattened
                    )
        return root

    return write
