"""Sound inputs with files beside the data: tables of loaders, and files of calibrators and detrenders."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import BaseComponent, Loader, make_observation
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import xarray as xr

__all__ = ["side_files"]


def side_files() -> dict[str, tuple[type, Callable[[Path], dict[str, Any]]]]:
    """Return ``{name: (class, what writes its input and returns its parameters)}``.

    A calibrator or detrender stands as a loader of one target whose data it is applied to.
    """
    from specframe.registry import Registry

    offered = {one.component.name: one for one in Registry.discover().components() if one.distribution == "specframe"}
    found: dict[str, tuple[type, Callable[[Path], dict[str, Any]]]] = {}
    for name, (component, example) in _EXAMPLES.items():
        cls = offered[component].load()
        found[name] = (cls if issubclass(cls, Loader) else applied(cls), example)
    return found


@cache
def applied(cls: type[BaseComponent]) -> type:
    """Return a class that looks like a loader to the worker."""

    class Applied:
        name = cls.name
        stands_for = cls

        def __init__(self, **params: Any) -> None:
            self._component: Any = cls(**params)

        def targets(self) -> list[str]:
            return ["a target"]

        def files(self, target: str) -> list[Any]:
            return []

        def load(self, target: str) -> xr.DataTree:
            if target != "a target":
                raise DataError(f"there is no target {target!r}")
            result: xr.DataTree = self._component.apply(_curves() if cls.kind == "detrender" else _spectrum())
            return result

        def labels(self) -> None:
            return None

        def catalogue(self) -> None:
            return None

    return Applied


def _curves() -> xr.DataTree:
    """Return three light curves at 1, 1.5 and 2 um."""
    import xarray as xr

    rng = np.random.default_rng(1)
    grid = ("wavelength", "time")
    data = {
        "flux": (grid, 1.0 + rng.normal(0.0, 1e-3, (3, 40)), {"units": ""}),
        "flux_error": (grid, np.full((3, 40), 1e-3), {"units": ""}),
        "mask": (grid, np.zeros((3, 40), bool)),
    }
    coords = {
        "wavelength": ("wavelength", [1.0, 1.5, 2.0], {"units": "um"}),
        "time": ("time", 59_787.0 + np.arange(40) / 300.0, {"units": "d"}),
    }
    return make_observation("a target", {"spectrograph/0": xr.Dataset(data, coords)})


def _spectrum() -> xr.DataTree:
    """Return a model's spectrum from 0.9 to 2.5 um."""
    import xarray as xr

    wavelength = np.linspace(0.9, 2.5, 80)
    units = {"units": "W m-2 um-1"}
    data = {
        "flux": ("wavelength", wavelength**-3.0, {**units, "noise": "absent"}),
        "flux_error": ("wavelength", np.zeros(80), units),
        "mask": ("wavelength", np.zeros(80, bool)),
    }
    return make_observation(
        "a target", {"spectrum/0": xr.Dataset(data, {"wavelength": ("wavelength", wavelength, {"units": "um"})})}
    )


def _edges(name: str) -> Callable[[Path], dict[str, Any]]:
    def example(directory: Path) -> dict[str, Any]:
        from astropy import units as u
        from astropy.table import Table

        table = Table({"wavelength_lower": [0.75, 1.25] * u.um, "wavelength_upper": [1.25, 2.25] * u.um})
        table.write(directory / name, format="ascii.ecsv" if name.endswith("ecsv") else "ascii.csv")
        return {"params": {"edges": {"path": str(directory / name)}}}

    return example


def _stars(directory: Path) -> dict[str, Any]:
    from astropy.io import fits

    mu, wavelength = np.linspace(0.05, 1.0, 8), np.linspace(5000.0, 30_000.0, 60)  # Angstrom
    for temperature in (4000, 5000):
        limb = 0.6 * (wavelength / 5000.0) ** -0.5 * (4500.0 / temperature)
        primary = fits.PrimaryHDU((1.0 - limb * (1.0 - mu[:, None])) / wavelength**2)
        primary.header.update(PHXTEFF=temperature, PHXLOGG=4.5, PHXM_H=0.0)
        extensions = [fits.ImageHDU(mu, name="MU"), fits.ImageHDU(wavelength, name="WAVELENGTH")]
        fits.HDUList([primary, *extensions]).writeto(directory / f"star_{temperature}.fits")
    lines = "".join(f"{w:.2f} {0.5 + 0.1 * i}\n" for i, w in enumerate(np.arange(0.6, 2.6, 0.4)))
    (directory / "throughput.txt").write_text(f"# um, throughput\n{lines}")
    star = {"temperature": 4300.0, "gravity": 4.5, "metallicity": 0.0}
    return {"params": {"grid": str(directory), "throughput": str(directory / "throughput.txt"), **star}}


def _like(**params: Any) -> Callable[[Path], dict[str, Any]]:
    def example(directory: Path) -> dict[str, Any]:
        wavelength = np.linspace(1.0, 2.4, 30)
        lines = "".join(f"{w} {w**-3.0} 0.02\n" for w in wavelength)
        (directory / "like.txt").write_text(f"# wavelength flux error\n{lines}")
        return {"params": {"like": str(directory / "like.txt"), **params}}

    return example


def _curves_and_tables(directory: Path) -> dict[str, Any]:
    time = 59_787.0 + np.arange(40) / 300.0
    rows = "".join(f"{t:.6f} 1.0 0.99 0.001 0.001\n" for t in time)
    (directory / "curves.txt").write_text(f"# time f1 f2 e1 e2\n{rows}")
    (directory / "jitter.csv").write_text("time,x\n" + "".join(f"{t:.6f},{i % 7}\n" for i, t in enumerate(time)))
    (directory / "law.dat").write_text("# wave u1 u2\n1.0 0.2 0.1\n2.0 0.1 0.1\n")
    (directory / "white.dat").write_text("# u1 u2\n0.15 0.1\n")
    (directory / "channels.csv").write_text("centre\n1.0\n2.0\n")
    columns = {"time": "time", "flux": ["f1", "f2"], "flux_error": ["e1", "e2"]}
    return {
        "params": {
            "path": str(directory / "curves.txt"),
            "columns": columns,
            "time": "BMJD_TDB",
            "wavelength": {"path": str(directory / "channels.csv"), "wavelength": "centre"},
            "regressor_file": {"path": str(directory / "jitter.csv"), "columns": {"x": "x"}, "time": "time"},
            "limb_darkening": {
                "path": str(directory / "law.dat"), "columns": ["u1", "u2"], "wavelength": "wave"
            },
            "limb_darkening_white": {"path": str(directory / "white.dat"), "columns": ["u1", "u2"]},
        }
    }  # fmt: skip


def _table_and_others(directory: Path) -> dict[str, Any]:
    names = [f"planet {letter}" for letter in "abcd"]
    np.savez(directory / "flux.npz", flux=np.ones((4, 5, 8)), name=np.array(names))
    (directory / "labels.csv").write_text("name,depth\n" + "".join(f"{n},0.0{i}\n" for i, n in enumerate(names)))
    (directory / "stars.csv").write_text("name,teff\n" + "".join(f"{n},50{i}0\n" for i, n in enumerate(names)))
    (directory / "grid.txt").write_text("1.0\n1.5\n2.0\n2.5\n3.0\n")
    return {
        "params": {
            "path": str(directory / "flux.npz"),
            "target": "name",
            "wavelength": {"path": str(directory / "grid.txt"), "key": "0"},
            "labels": {"path": str(directory / "labels.csv"), "target": "name", "columns": "depth"},
            "catalogue": {"path": str(directory / "stars.csv"), "target": "name", "columns": "teff"},
        }
    }


_SMALL: dict[str, Any] = {"airs_pairs": 32, "fgs1_pairs": 48}


def _challenge_2025(directory: Path) -> dict[str, Any]:
    """Write two planets in the files of the 2025 challenge, with a second visit."""
    from specframe_ariel.simulate import write_challenge

    write_challenge(directory, n_targets=2, seed=1, year=2025, second_visit=1.0, **_SMALL)
    return {"params": {"path": str(directory)}}


def _spectra_to_simulate(directory: Path) -> dict[str, Any]:
    wavelength = np.linspace(0.5, 8.0, 40)
    lines = "".join(f"{w:.4f},{0.01 + 1e-4 * np.sin(w):.6f}\n" for w in wavelength)
    (directory / "planet.csv").write_text(f"wavelength,depth\n{lines}")
    return {"params": {"n_targets": 1, "seed": 1, "spectra": [str(directory / "planet.csv")], **_SMALL}}


def _labels_to_simulate(directory: Path) -> dict[str, Any]:
    names = ",".join(f"wl_{i}" for i in range(1, 284))
    rows = "".join(f"{planet},{','.join(['0.0104'] * 283)}\n" for planet in (11, 12))
    (directory / "labels.csv").write_text(f"planet_id,{names}\n{rows}")
    return {"params": {"n_targets": 2, "seed": 1, "labels": str(directory / "labels.csv"), **_SMALL}}


_EXAMPLES: dict[str, tuple[str, Callable[[Path], dict[str, Any]]]] = {
    "bin csv": ("bin", _edges("edges.csv")),
    "bin ecsv": ("bin", _edges("edges.ecsv")),
    "limb-darkening": ("limb-darkening", _stars),
    "resample like": ("resample", _like()),
    "observation-noise like": ("observation-noise", _like(realise=True)),
    "light-curves tables": ("light-curves", _curves_and_tables),
    "table tables": ("table", _table_and_others),
    "ariel-challenge 2025": ("ariel-challenge", _challenge_2025),
    "ariel-simulated spectra": ("ariel-simulated", _spectra_to_simulate),
    "ariel-simulated labels": ("ariel-simulated", _labels_to_simulate),
}
