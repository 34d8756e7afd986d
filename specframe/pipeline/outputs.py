"""Files of a run directory, each written whole or not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.pipeline.netcdf import write_tree
from specframe.pipeline.quality import quality_table
from specframe.pipeline.store import atomic_write, safe_name

if TYPE_CHECKING:
    import xarray as xr

    from specframe.pipeline.gather import Gathered
    from specframe.pipeline.quality import Quality

__all__ = [
    "write_json",
    "write_light_curves",
    "write_predictions",
    "write_quality",
    "write_spectra",
    "write_text",
]


def write_text(path: Path, text: str) -> Path:
    """Write a text file."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def write_json(path: Path, data: Mapping[str, Any]) -> Path:
    """Write JSON that any reader takes: numbers that are not finite become ``null``."""
    return write_text(path, json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_predictions(path: Path, prediction: xr.Dataset) -> Path:
    """Write a Prediction as NetCDF."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(prediction.to_netcdf(engine="h5netcdf"))  # a full disk then raises, see netcdf.py
    return path


def write_light_curves(directory: Path, gathered: Gathered) -> list[Path]:
    """Write one NetCDF file per target with its light curves: the result of a pipeline that measures no depths."""
    written = []
    for observation in gathered.observations():
        path = directory / f"{safe_name(observation.attrs['target'])}.nc"
        with atomic_write(path) as temporary:
            write_tree(temporary, observation)
        written.append(path)
    return written


def write_quality(path: Path, gathered: Gathered) -> Path:
    """Write the table of :func:`~specframe.pipeline.quality.quality_table` as ECSV."""
    set_aside = {entry.target: (entry.step, entry.reason) for entry in gathered.set_aside}
    table = quality_table(gathered.worker.loader.targets(), gathered.quality, set_aside)
    with atomic_write(path) as temporary:
        table.write(temporary, format="ascii.ecsv", overwrite=True)
    return path


def write_spectra(directory: Path, prediction: xr.Dataset, quality: Mapping[str, Quality], **meta: str) -> list[Path]:
    """Write one ECSV table with units per target, where the outputs are channels of a spectrum.

    Columns: ``wavelength`` and the quantity (``depth`` when dimensionless, else ``flux``) with its ``_error`` and the
    bounds of its intervals (``depth_lower_68``, ``depth_upper_68`` ...). The header holds the target, its flags and
    what the steps found out about it, as in ``quality.ecsv``.
    """
    if "wavelength" not in prediction.coords or prediction.sizes["output"] < 2:
        return []
    from astropy import units
    from astropy.table import QTable

    unit = units.Unit(prediction["mean"].attrs.get("units", ""))
    quantity = "depth" if unit == units.dimensionless_unscaled else "flux"
    columns: dict[str, Any] = {quantity: prediction["mean"]}
    if "std" in prediction:
        columns[f"{quantity}_error"] = prediction["std"]
    if "lower" in prediction:
        for level in prediction["level"].values:
            for side in ("lower", "upper"):
                columns[f"{quantity}_{side}_{100 * level:.4g}"] = prediction[side].sel(level=level)
    values = {name: np.asarray(array.values) for name, array in columns.items()}
    written = []
    # while a file waits for the disk, the next one is made
    with ThreadPoolExecutor(1) as disk:
        for i, target in enumerate(prediction["target"].values):
            table = QTable(
                {
                    "output": prediction["output"].values.astype(str),
                    "wavelength": prediction["wavelength"].values * units.um,
                }
                | {name: array[i] * unit for name, array in values.items()},
                meta={"target": str(target), **meta, **_quality_meta(quality.get(str(target)))},
            )
            content = StringIO()
            table.write(content, format="ascii.ecsv")
            path = directory / f"{safe_name(str(target))}.ecsv"
            written.append(disk.submit(write_text, path, content.getvalue()))
    return [future.result() for future in written]


def _quality_meta(quality: Quality | None) -> dict[str, Any]:
    if quality is None:
        return {}
    return {"flags": " ".join(quality.flags), "quality": dict(quality.values)}


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value
