"""Sound inputs of every loader: the examples of the components, and the same in the other formats that they read."""

from __future__ import annotations

import bz2
import gzip
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from side_files import side_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["bases"]


def bases() -> dict[str, tuple[type, Callable[[Path], dict[str, Any]]]]:
    """Return ``{name: (class, what writes its input and returns its parameters)}`` of loaders, and of side files."""
    from specframe.registry import Registry

    found: dict[str, tuple[type, Callable[[Path], dict[str, Any]]]] = {}
    classes = {}
    for offered in Registry.discover().components("loader"):
        component = offered.component
        if offered.distribution != "specframe" or component.example is None:
            continue
        module, _, name = component.example.partition(":")
        classes[component.name] = offered.load()
        found[component.name] = (classes[component.name], getattr(import_module(module), name))
    for name, example in _OTHERS.items():
        found[name] = (classes[name.partition(" ")[0]], example)
    return found | side_files()


_NAMES = [f"planet {letter}" for letter in "abcd"]
_TIME = 59_787.0 + np.arange(40) / 300.0


def _curves() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    inside = (np.arange(40) >= 12) & (np.arange(40) < 28)
    return {"flux": 1.0 - 0.01 * inside + rng.normal(0.0, 1e-3, (3, 40)), "error": np.full((3, 40), 1e-3)}


def _table_csv(directory: Path) -> dict[str, Any]:
    rows = [f"{name},{i}.5,{0.01 * i},{','.join('1.0' for _ in range(5))}" for i, name in enumerate(_NAMES)]
    text = "name,teff,depth," + ",".join(f"f_{i}" for i in range(5)) + "\n" + "\n".join(rows) + "\n"
    (directory / "table.csv").write_text(text)
    arrays = {"flux": "f_*", "target": "name", "labels": {"columns": "depth"}, "catalogue": {"columns": "teff"}}
    return {"params": {"path": str(directory / "table.csv"), **arrays}}


def _table_ecsv(directory: Path) -> dict[str, Any]:
    from astropy.table import Table

    table = Table({"name": _NAMES, "depth": np.arange(4) / 100, **{f"f_{i}": np.ones(4) for i in range(5)}})
    table.write(directory / "table.ecsv")
    return {
        "params": {
            "path": str(directory / "table.ecsv"), "flux": "f_*", "target": "name", "labels": {"columns": "depth"}
        }
    }  # fmt: skip


def _table_netcdf(directory: Path) -> dict[str, Any]:
    import xarray as xr

    names = ("target", np.array(_NAMES, dtype=object))
    flux = (("target", "wavelength", "time"), np.ones((4, 3, 40)) + np.arange(40) / 1e3)
    variables = {"name": names, "flux": flux, "depth": ("target", np.arange(4) / 100), "time": ("time", _TIME)}
    xr.Dataset(variables).to_netcdf(directory / "table.nc", engine="h5netcdf")
    return {
        "params": {
            "path": str(directory / "table.nc"), "target": "name", "labels": {"columns": "depth"}
        }
    }  # fmt: skip


def _curves_npz(directory: Path) -> dict[str, Any]:
    np.savez(directory / "a.npz", time=_TIME, wavelength=np.array([1.0, 2.0, 3.0]), **_curves())
    columns = {"time": "time", "flux": "flux", "flux_error": "error", "wavelength": "wavelength"}
    return {"params": {"path": str(directory / "a.npz"), "columns": columns, "time": "BMJD_TDB"}}


def _curves_hdf5(directory: Path) -> dict[str, Any]:
    import h5py

    with h5py.File(directory / "a.h5", "w") as file:
        file["time"], file["wavelength"] = _TIME, np.array([1.0, 2.0, 3.0])
        for name, array in _curves().items():
            file[name] = array
    columns = {"time": "time", "flux": "flux", "flux_error": "error", "wavelength": "wavelength"}
    return {"params": {"path": str(directory / "a.h5"), "columns": columns, "time": "BMJD_TDB"}}


def _curves_npy(directory: Path) -> dict[str, Any]:
    curves = _curves()
    np.save(directory / "a.npy", np.stack([_TIME, curves["flux"][0], curves["error"][0]]))
    columns = {"time": "0", "flux": "1", "flux_error": "2"}
    return {"params": {"path": str(directory / "a.npy"), "columns": columns, "time": "BMJD_TDB", "wavelength": 1.4}}


def _curves_table(write: Callable[[Any, Path], None], name: str) -> Callable[[Path], dict[str, Any]]:
    def example(directory: Path) -> dict[str, Any]:
        from astropy.table import Table

        curves = _curves()
        write(Table({"time": _TIME, "flux": curves["flux"][0], "error": curves["error"][0]}), directory / name)
        columns = {"time": "time", "flux": "flux", "flux_error": "error"}
        return {"params": {"path": str(directory / name), "columns": columns, "time": "BMJD_TDB", "wavelength": 1.4}}

    return example


def _spectrum(name: str) -> Callable[[Path], dict[str, Any]]:
    """Return what writes a published spectrum in a table of the format that the file's name says."""

    def example(directory: Path) -> dict[str, Any]:
        from astropy import units as u
        from astropy.table import Table

        wavelength = np.linspace(1.0, 2.0, 8)
        table = Table({"wavelength": wavelength * u.um, "depth": np.full(8, 0.01), "depth_error": np.full(8, 1e-4)})
        kind = {"tbl": "ascii.ipac", "ecsv": "ascii.ecsv", "txt": "ascii.commented_header"}.get(name.rpartition(".")[2])
        if kind:
            table.write(directory / name, format=kind)
        else:
            _hdf5(directory / name, {column: np.array(table[column]) for column in table.colnames})
        return {"params": {"path": str(directory / name)}}

    return example


def _hdf5(path: Path, arrays: dict[str, Any]) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array


def _observed(name: str) -> Callable[[Path], dict[str, Any]]:
    """Return what writes an observed spectrum in the format that the file's name says."""

    def example(directory: Path) -> dict[str, Any]:
        from astropy.io import fits
        from astropy.table import Table

        wavelength = np.linspace(1.0, 2.4, 30)
        flux, error = wavelength**-3.0, np.full(30, 0.02)
        arrays = {"wavelength": wavelength, "flux": flux, "error": error}
        path = directory / name
        text = "# wavelength flux error\n" + "".join(f"{w} {f} {e}\n" for w, f, e in zip(*arrays.values(), strict=True))
        if name == "image.fits":
            fits.PrimaryHDU(np.array([wavelength, flux, error])).writeto(path)
        elif name == "axis.fits":
            header = fits.Header({"CRVAL1": 1.0, "CDELT1": 0.05, "CTYPE1": "WAVE-LOG", "CUNIT1": "um", "CRPIX1": 1})
            fits.PrimaryHDU(flux, header).writeto(path)
        elif name.endswith(".fits"):
            Table(arrays).write(path)
        elif name.endswith(".npz"):
            np.savez(path, **arrays)
        elif name.endswith(".npy"):
            np.save(path, np.array(list(arrays.values())))
        elif name.endswith(".h5"):
            _hdf5(path, arrays)
        elif name.endswith(".ecsv"):
            Table(arrays).write(path)
        else:
            path.write_bytes({"gz": gzip.compress, "z2": bz2.compress}.get(name[-2:], bytes)(text.encode()))
        return {"params": {"path": str(path), "flux_units": "W m-2 um-1"}}

    return example


def _grid(name: str) -> Callable[[Path], dict[str, Any]]:
    """Return what writes a grid of models in the format that the file's name says."""

    def example(directory: Path) -> dict[str, Any]:
        wavelength = np.linspace(1.0, 2.4, 24)
        teff = np.array([900.0, 1200.0, 1500.0, 1800.0])
        flux = np.exp(-14_388.0 / (wavelength * teff[:, None]))
        params: dict[str, Any] = {"path": str(directory / name), "flux_units": "W m-2 um-1"}
        if name.endswith(".h5"):
            _hdf5(directory / name, {"wavelength": wavelength, "flux": flux, "teff": teff})
        elif name.endswith(".csv"):
            lines = [",".join(["teff", *(f"{w:.4f}" for w in wavelength)])]
            lines += [",".join(map(str, [t, *row])) for t, row in zip(teff, flux, strict=True)]
            (directory / name).write_text("\n".join(lines) + "\n")
        else:
            for t, row in zip(teff, flux, strict=True):
                lines = [f"{w} {f}" for w, f in zip(wavelength, row, strict=True)]
                (directory / f"model_t{t:.0f}.txt").write_text("\n".join(lines) + "\n")
            params |= {"path": str(directory), "pattern": "model_t{teff}.txt"}
        return {"params": params}

    return example


_OTHERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "table csv": _table_csv,
    "table ecsv": _table_ecsv,
    "table netcdf": _table_netcdf,
    "light-curves npz": _curves_npz,
    "light-curves npy": _curves_npy,
    "light-curves hdf5": _curves_hdf5,
    "light-curves ecsv": _curves_table(lambda table, path: table.write(path), "a.ecsv"),
    "light-curves fits": _curves_table(lambda table, path: table.write(path), "a.fits"),
    "light-curves csv": _curves_table(lambda table, path: table.write(path, format="ascii.csv"), "a.csv"),
    "spectrum-table ecsv": _spectrum("a.ecsv"),
    "spectrum-table ipac": _spectrum("a.tbl"),
    "spectrum-table text": _spectrum("a.txt"),
    "spectrum-table hdf5": _spectrum("a.h5"),
    "observed-spectra fits": _observed("table.fits"),
    "observed-spectra image": _observed("image.fits"),
    "observed-spectra axis": _observed("axis.fits"),
    "observed-spectra npz": _observed("a.npz"),
    "observed-spectra npy": _observed("a.npy"),
    "observed-spectra hdf5": _observed("a.h5"),
    "observed-spectra ecsv": _observed("a.ecsv"),
    "observed-spectra gz": _observed("a.txt.gz"),
    "observed-spectra bz2": _observed("a.txt.bz2"),
    "model-grid csv": _grid("grid.csv"),
    "model-grid hdf5": _grid("grid.h5"),
    "model-grid folder": _grid("folder"),
}
