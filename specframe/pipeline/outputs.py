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

from specframe.api.files import atomic_write, file_name
from specframe.pipeline.stages.netcdf import write_tree
from specframe.pipeline.targets.quality import quality_table

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.pipeline.targets.gather import Gathered
    from specframe.pipeline.targets.quality import Quality

__all__ = [
    "json_text",
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
        # a file's name may hold bytes that are no text: as \\udcff they are JSON still
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def write_json(path: Path, data: Mapping[str, Any]) -> Path:
    """Write JSON that any reader takes: numbers that are not finite become ``null``."""
    return write_text(path, json_text(data))


def json_text(data: Mapping[str, Any], ascii_only: bool = False) -> str:
    """Return JSON that any reader takes: numbers that are not finite become ``null``."""
    return json.dumps(_finite(data), indent=2, ensure_ascii=ascii_only, allow_nan=False) + "\n"


def write_predictions(path: Path, prediction: xr.Dataset) -> Path:
    """Write a Prediction as NetCDF."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(prediction.to_netcdf(engine="h5netcdf"))  # a full disk then raises, see netcdf.py
    return path


def write_light_curves(directory: Path, gathered: Gathered) -> list[Path]:
    """Write one NetCDF file per target with its light curves: the result of a pipeline that measures no depths."""
    written = []
    for observation in gathered.observations():
        path = directory / f"{file_name(observation.attrs['target'])}.nc"
        with atomic_write(path) as temporary:
            write_tree(temporary, observation)
        written.append(path)
    return written


def write_quality(path: Path, gathered: Gathered) -> Path:
    """Write the table of :func:`~specframe.pipeline.targets.quality.quality_table` as ECSV."""
    set_aside = {entry.target: (entry.step, entry.reason) for entry in gathered.set_aside}
    table = quality_table(gathered.worker.loader.targets(), gathered.quality, set_aside)
    with atomic_write(path) as temporary:
        table.write(temporary, format="ascii.ecsv", overwrite=True)
    return path


def write_spectra(directory: Path, prediction: xr.Dataset, quality: Mapping[str, Quality], **meta: str) -> list[Path]:
    """Write one ECSV table with units per target, where the outputs are channels of a spectrum.

    Columns: ``wavelength``, its bounds ``wavelength_lower`` and ``wavelength_upper`` and the ``instrument`` where they
    are known, and the quantity (``depth`` when dimensionless, else ``flux``) with its ``_error``, asymmetric errors
    ``_error_lower`` and ``_error_upper``, the bounds of its intervals (``depth_lower_68``, ``depth_upper_68`` ...),
    ``chi2_reduced``, ``beta`` and ``flags``. The header holds the target, its flags and what the steps found out
    about it, as in ``quality.ecsv``. Channels that a target does not have are left out of its table.
    """
    if "wavelength" not in prediction.coords or (prediction.sizes["output"] < 2 and "measured" not in prediction.attrs):
        return []
    from astropy import units
    from astropy.table import QTable

    unit = units.Unit(prediction["mean"].attrs.get("units", ""))
    quantity = "depth" if unit == units.dimensionless_unscaled else "flux"
    channels = _channel_columns(prediction)
    columns = {name: values * unit for name, values in _columns(prediction, quantity).items()}
    columns |= {name: prediction[name].values for name in ("chi2_reduced", "beta") if name in prediction}
    if "output_flags" in prediction:
        columns["flags"] = prediction["output_flags"].values.astype(str)
    if "long_name" in prediction["mean"].attrs:
        meta["quantity"] = str(prediction["mean"].attrs["long_name"])
    written = []
    # while a file waits for the disk, the next one is made
    with ThreadPoolExecutor(1) as disk:
        for i, target in enumerate(prediction["target"].values):
            own = _own_channels(prediction, i)
            table = QTable(
                {name: values[own] for name, values in channels.items()}
                | {name: values[i][own] for name, values in columns.items()},
                meta={"target": str(target), **meta, **_quality_meta(quality.get(str(target)))},
            )
            content = StringIO()
            table.write(content, format="ascii.ecsv")
            path = directory / f"{file_name(str(target))}.ecsv"
            written.append(disk.submit(write_text, path, content.getvalue()))
    return [future.result() for future in written]


def _channel_columns(prediction: xr.Dataset) -> dict[str, Any]:
    """Return the columns that describe the channels, (n_output,)."""
    from astropy import units

    columns: dict[str, Any] = {
        "output": prediction["output"].values.astype(str),
        "wavelength": prediction["wavelength"].values * units.um,
    }
    for edge in ("wavelength_lower", "wavelength_upper"):
        if edge in prediction.coords:
            columns[edge] = prediction[edge].values * units.um
    if "instrument" in prediction.coords:
        columns["instrument"] = prediction["instrument"].values.astype(str)
    return columns


def _columns(prediction: xr.Dataset, quantity: str) -> dict[str, NDArray[np.float64]]:
    """Return the columns in the unit of the spectrum, (n_target, n_output)."""
    columns = {quantity: prediction["mean"].values}
    called = {"std": "error", "error_lower": "error_lower", "error_upper": "error_upper"}
    columns |= {f"{quantity}_{name}": prediction[key].values for key, name in called.items() if key in prediction}
    if "lower" in prediction:
        for level in prediction["level"].values:
            for side in ("lower", "upper"):
                columns[f"{quantity}_{side}_{100 * level:.4g}"] = prediction[side].sel(level=level).values
    return columns


def _own_channels(prediction: xr.Dataset, row: int) -> NDArray[np.bool_]:
    """Return which of the outputs are channels of a target, measured or not."""
    if "observed" in prediction:
        return np.asarray(prediction["observed"].values[row], dtype=bool)
    return np.ones(prediction.sizes["output"], dtype=bool)


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
