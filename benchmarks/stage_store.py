"""Storing and reading back an Observation as large as a reduced planet: ours beside xarray's own NetCDF writers.

Run: ``python benchmarks/stage_store.py``. Medians of runs taken in turn, in one process.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from specframe.pipeline.stages.netcdf import read_tree, write_tree

if TYPE_CHECKING:
    from collections.abc import Callable

REPETITIONS = 15


def observation() -> xr.DataTree:
    """Make what a detrender leaves of AIRS (282 channels x 187 samples) and FGS1 (1 x 187)."""
    rng = np.random.default_rng(0)

    def node(channels: int) -> xr.Dataset:
        grid = ("wavelength", "time")
        images = {name: (grid, rng.normal(size=(channels, 187)), {"units": "electron"}) for name in "abcd"}
        masks = {name: (grid, rng.random((channels, 187)) < 0.01) for name in ("mask", "clipped")}
        vectors = {name: ("wavelength", rng.normal(size=channels), {"units": ""}) for name in ("depth", "depth_error")}
        coords = {
            "wavelength": ("wavelength", np.linspace(1.9, 3.9, channels), {"units": "um"}),
            "wavelength_lower": ("wavelength", np.linspace(1.9, 3.9, channels), {"units": "um"}),
            "wavelength_upper": ("wavelength", np.linspace(1.9, 3.9, channels), {"units": "um"}),
            "time": ("time", np.arange(187.0), {"units": "h"}),
        }
        return xr.Dataset({**images, **masks, **vectors}, coords=coords, attrs={"instrument": "x", "chi2": 1.0})

    return xr.DataTree.from_dict({"/AIRS-CH0/0": node(282), "/FGS1/0": node(1)})


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    tree = observation()
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours.nc", Path(folder) / "xarray.nc"
        work: dict[str, Callable[[], object]] = {
            "write, specframe": lambda: write_tree(ours, tree),
            "write, xarray + h5netcdf": lambda: tree.to_netcdf(theirs, engine="h5netcdf"),
            "read, specframe": lambda: read_tree(ours),
            "read depths, specframe": lambda: read_tree(ours, {"depth", "depth_error"}),
            "read, xarray + h5netcdf": lambda: xr.load_datatree(theirs, engine="h5netcdf"),
        }
        times = {name: [] for name in work}
        for _ in range(REPETITIONS):
            for name, call in work.items():
                times[name].append(seconds(call))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:28} {1e3 * median:7.1f} ms")
    print(f"write {medians['write, xarray + h5netcdf'] / medians['write, specframe']:.1f} x as fast")
    print(f"read  {medians['read, xarray + h5netcdf'] / medians['read, specframe']:.1f} x as fast")


if __name__ == "__main__":
    main()
