"""The same grid in every layout is the same grid."""

from __future__ import annotations

import bz2
import gzip
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np
import pytest
import xarray as xr
from astropy.io import fits

from specframe.errors import InputFileError
from specframe_retrieval.library import ModelGrid

if TYPE_CHECKING:
    from pathlib import Path

#: Twelve spectra: three temperatures, two gravities, two abundances that are texts in some files.
TEFF = np.repeat([900.0, 1200.0, 1500.0], 4)
LOGG = np.tile([3.5, 3.5, 5.0, 5.0], 3)
FSED = np.tile([1.0, 8.0], 6)
WAVELENGTH = np.array([0.9, 1.1, 1.25, 1.6, 2.1])
FLUX = np.random.default_rng(3).uniform(1.0, 9.0, (12, 5))


class Expected(NamedTuple):
    labels: dict[str, np.ndarray]


def written(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return str(path)


def check(loader: ModelGrid, names: tuple[str, ...] = ("teff", "logg", "fsed"), rtol: float = 1e-12) -> None:
    """The loader gives the grid above, whatever the order of its rows."""
    labels = loader.labels()
    assert labels is not None
    assert tuple(labels["output"].values) == names
    truth = dict(zip(("teff", "logg", "fsed"), (TEFF, LOGG, FSED), strict=True))
    assert labels.sizes["target"] == 12
    for target in loader.targets():
        values = dict(zip(names, labels.sel(target=target).values, strict=True))
        row = np.flatnonzero(np.all([np.isclose(truth[name], values[name]) for name in names], axis=0))
        assert len(row) == 1, target
        node = loader.load(target)["spectrum/0"]
        np.testing.assert_allclose(node["wavelength"], WAVELENGTH, rtol=1e-9)
        np.testing.assert_allclose(node["flux"], FLUX[row[0]], rtol=rtol)
        assert node["flux"].attrs["noise"] == "absent"
        assert not node["flux_error"].values.any()
        assert not node["mask"].values.any()


def test_npz_with_text_labels(tmp_path: Path) -> None:
    path = written(
        tmp_path / "g.npz", wave_um=WAVELENGTH, flux=FLUX, teff=TEFF, logg=LOGG, extra=[f"f{one:.2f}" for one in FSED]
    )
    loader = ModelGrid(path=path, rename={"extra": "fsed"}, label_units={"teff": "K"})
    check(loader)
    assert loader.labels()["unit"].values.tolist() == ["K", "", ""]
    assert loader.targets()[1] == "teff900-logg3.5-fsed8"


def test_npz_with_pixels_first_descending_in_angstrom(tmp_path: Path) -> None:
    path = written(tmp_path / "g.npz", lam=1e4 * WAVELENGTH[::-1], F=FLUX[:, ::-1].T, teff=TEFF, logg=LOGG, fsed=FSED)
    check(ModelGrid(path=path, wavelength_units="angstrom"))


def test_npz_with_frequencies(tmp_path: Path) -> None:
    frequency = 2.99792458e14 / WAVELENGTH  # c in um / s
    path = written(tmp_path / "g.npz", nu=frequency, flux=FLUX, teff=TEFF, logg=LOGG, fsed=FSED)
    check(ModelGrid(path=path, wavelength="nu", wavelength_units="Hz"))


def test_npz_with_a_matrix_of_labels_and_their_names(tmp_path: Path) -> None:
    path = written(
        tmp_path / "g.npz",
        wavelength=WAVELENGTH,
        spectra=FLUX,
        parameters=np.column_stack([TEFF, LOGG, FSED]),
        parameter_names=["teff", "logg", "fsed"],
    )
    check(ModelGrid(path=path))


def test_npz_hypercube(tmp_path: Path) -> None:
    path = written(
        tmp_path / "g.npz",
        wavelength=WAVELENGTH,
        flux=FLUX.reshape(3, 2, 2, 5),
        teff=np.unique(TEFF),
        logg=np.unique(LOGG),
        fsed=np.unique(FSED),
    )
    with pytest.raises(InputFileError, match="dims"):
        ModelGrid(path=path).targets()
    check(ModelGrid(path=path, dims=["teff", "logg", "fsed", "wavelength"]))


def test_netcdf_hypercube_told_by_its_dims(tmp_path: Path) -> None:
    flux = xr.DataArray(
        FLUX.reshape(3, 2, 2, 5).transpose(0, 3, 1, 2),
        dims=("teff", "wavelength", "logg", "fsed"),
        coords={
            "teff": ("teff", np.unique(TEFF), {"units": "K"}),
            "wavelength": ("wavelength", 1e3 * WAVELENGTH, {"units": "nm"}),
            "logg": np.unique(LOGG),
            "fsed": np.unique(FSED),
        },
        attrs={"units": "W m-2 um-1"},
    )
    flux.to_dataset(name="flux").to_netcdf(tmp_path / "g.nc", engine="h5netcdf")
    loader = ModelGrid(path=str(tmp_path / "g.nc"))
    check(loader)
    assert loader.labels()["unit"].values.tolist() == ["K", "", ""]
    assert loader.load(loader.targets()[0])["spectrum/0"]["flux"].attrs["units"] == "W / (um m2)"


def test_netcdf_hypercube_without_some_nodes(tmp_path: Path) -> None:
    cube = FLUX.reshape(3, 2, 2, 5).copy()
    cube[1, 0, 1] = np.nan
    data = xr.Dataset(
        {"flux": (("teff", "logg", "fsed", "wavelength"), cube)},
        coords={"teff": np.unique(TEFF), "logg": np.unique(LOGG), "fsed": np.unique(FSED), "wavelength": WAVELENGTH},
    )
    data.to_netcdf(tmp_path / "g.nc", engine="h5netcdf")
    loader = ModelGrid(path=str(tmp_path / "g.nc"))
    assert len(loader.targets()) == 11
    report = loader.report()
    assert report.missing == ({"teff": 1200.0, "logg": 3.5, "fsed": 8.0},)
    assert "1 of 12 nodes of the grid hold no spectrum" in loader.catalogue().attrs["findings"]


def test_netcdf_of_rows(tmp_path: Path) -> None:
    data = xr.Dataset(
        {"flux": (("spectrum", "wavelength"), FLUX), "teff": ("spectrum", TEFF), "logg": ("spectrum", LOGG)},
        coords={"wavelength": ("wavelength", WAVELENGTH, {"units": "um"}), "fsed": ("spectrum", FSED)},
    )
    data.to_netcdf(tmp_path / "g.h5", engine="h5netcdf")
    check(ModelGrid(path=str(tmp_path / "g.h5"), labels=["teff", "logg", "fsed"]))


@pytest.mark.parametrize("packed", ["", ".gz", ".bz2"])
def test_csv_with_descending_wavelengths_as_names(tmp_path: Path, packed: str) -> None:
    """The layout in which TelescopeML ships its grids."""
    path = csv_of(tmp_path / f"g.csv{packed}", packed)
    check(ModelGrid(path=str(path)), rtol=1e-6)


def csv_of(path: Path, packed: str = "", prefix: str = "", suffix: str = "") -> Path:
    names = [f"{prefix}{one:.3f}{suffix}" for one in WAVELENGTH[::-1]]
    lines = [",".join(["teff", "logg", "fsed", *names])]
    values = np.column_stack([TEFF, LOGG, FSED, FLUX[:, ::-1]])
    lines += [",".join(f"{value:.9g}" for value in row) for row in values]
    content = ("\n".join(lines) + "\n").encode()
    pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}[packed]
    path.write_bytes(pack(content))
    return path


def test_csv_with_units_in_the_names(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "g.csv", prefix="flux_", suffix="um")
    check(ModelGrid(path=str(path)), rtol=1e-6)


def test_wide_csv_is_read_like_a_narrow_one(tmp_path: Path) -> None:
    """Above some columns another reader takes over, which must find the same, empty cells included."""
    n = 40
    names = [f"{1 + i / 100:.2f}" for i in range(n)]
    values = np.random.default_rng(0).uniform(size=(3, n)).round(6)
    rows = [f"{i},{900 + 100 * i}," + ",".join(map(str, one)) for i, one in enumerate(values)]
    rows[1] = rows[1].rpartition(",")[0] + ","
    (tmp_path / "g.csv").write_text(",".join(["", "teff", *names]) + "\n" + "\n".join(rows) + "\n")
    loader = ModelGrid(path=str(tmp_path / "g.csv"))
    assert loader.targets() == ["teff900", "teff1000", "teff1100"]
    node = loader.load("teff1000")["spectrum/0"]
    np.testing.assert_array_equal(node["mask"], [False] * (n - 1) + [True])
    np.testing.assert_array_equal(node["flux"][:-1], values[1, :-1])


def test_transposed_csv_with_labels_in_rows(tmp_path: Path) -> None:
    rows = [("name", *(f"m{i}" for i in range(12))), ("teff", *TEFF), ("logg", *LOGG), ("fsed", *FSED)]
    rows += [(w, *FLUX[:, i].round(8)) for i, w in enumerate(WAVELENGTH)]
    (tmp_path / "g.csv").write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    check(ModelGrid(path=str(tmp_path / "g.csv")), rtol=1e-6)


def test_transposed_table_with_labels_in_the_names(tmp_path: Path) -> None:
    names = [f"t{TEFF[i]:.0f}g{LOGG[i]}f{FSED[i]:.0f}" for i in range(12)]
    lines = [" ".join(["wave_um", *names])]
    lines += [" ".join(map(str, (w, *FLUX[:, i].round(8)))) for i, w in enumerate(WAVELENGTH)]
    (tmp_path / "g.txt").write_text("\n".join(lines) + "\n")
    check(ModelGrid(path=str(tmp_path / "g.txt"), pattern="t{teff}g{logg}f{fsed}"), rtol=1e-6)


def test_matrix_without_names_of_depths(tmp_path: Path) -> None:
    """Transmission spectra of 13 channels beside 5 parameters, as published for machine learning: an npy file."""
    rng = np.random.default_rng(1)
    depths, parameters = rng.uniform(0.01, 0.02, (50, 13)), rng.uniform(0, 1, (50, 5))
    np.save(tmp_path / "training.npy", np.hstack([depths, parameters]))
    wavelength = np.linspace(0.84, 1.67, 13)
    names = ("T", "H2O", "HCN", "NH3", "kappa")
    loader = ModelGrid(
        path=str(tmp_path / "training.npy"),
        quantity="depth",
        wavelength=wavelength.tolist(),
        labels={name: str(13 + i) for i, name in enumerate(names)},
        label_units={"T": "K"},
    )
    assert loader.targets()[:2] == ["spectrum-0001", "spectrum-0002"]
    np.testing.assert_array_equal(loader.labels(), parameters)
    node = loader.load("spectrum-0003")["spectrum/0"]
    np.testing.assert_array_equal(node["depth"], depths[2])
    assert node["depth"].attrs == {"units": "", "noise": "absent"}
    np.testing.assert_array_equal(node["wavelength"], wavelength)
    assert not loader.report().regular
    np.save(tmp_path / "observed.npy", depths[:3])  # fewer rows than channels, and no parameters
    observed = loader.relocated(tmp_path / "observed.npy")
    assert observed.labels() is None
    assert len(observed.targets()) == 3
    np.testing.assert_array_equal(observed.load(observed.targets()[2])["spectrum/0"]["depth"], depths[2])


def test_depths_in_ppm_are_told_by_their_name(tmp_path: Path) -> None:
    path = written(tmp_path / "g.npz", wavelength=WAVELENGTH, transit_depth=1e3 * FLUX, T=TEFF + np.arange(12))
    node = (loader := ModelGrid(path=path, flux_units="ppm")).load(loader.targets()[0])["spectrum/0"]
    np.testing.assert_allclose(node["depth"], 1e-3 * FLUX[0])


def folder_of(folder: Path, name: str = "t{0:.0f}g{1}f{2:.0f}.spec") -> Path:
    folder.mkdir()
    for row in range(12):
        file = folder / name.format(TEFF[row], LOGG[row], FSED[row])
        text = "\n".join(f"{w} {f:.9g}" for w, f in zip(WAVELENGTH, FLUX[row], strict=True))
        file.write_text(text + "\n") if file.suffix != ".gz" else file.write_bytes(gzip.compress(text.encode()))
    return folder


@pytest.mark.parametrize("suffix", [".spec", ".txt.gz"])
def test_folder_with_labels_in_the_names(tmp_path: Path, suffix: str) -> None:
    folder = folder_of(tmp_path / "grid", f"t{{0:.0f}}g{{1}}f{{2:.0f}}{suffix}")
    (folder / "README").write_text("a grid\n")
    loader = ModelGrid(path=str(folder), pattern=f"t{{teff}}g{{logg}}f{{fsed}}{suffix}")
    check(loader, rtol=1e-6)
    assert loader.files("teff900-logg3.5-fsed8") == [folder / f"t900g3.5f8{suffix}"]


@pytest.mark.parametrize(
    "named", ["t{0:.0f}g{1}f{2:.0f}.spec", "t{0:.0f}g{1}f{2:.0f}", "grid/t{0:.0f}g{1}f{2:.0f}.spec"]
)
def test_folder_with_labels_in_a_table(tmp_path: Path, named: str) -> None:
    folder_of(tmp_path / "grid")
    name = named.removeprefix("grid/")
    order = np.random.default_rng(2).permutation(12)
    rows = ["file,teff,logg,fsed"]
    rows += [f"{name.format(TEFF[i], LOGG[i], FSED[i])},{TEFF[i]},{LOGG[i]},{FSED[i]}" for i in order]
    table = tmp_path / "grid" / "labels.csv"
    table.write_text("\n".join(rows) + "\n")
    check(ModelGrid(path=str(tmp_path / "grid"), table=str(table)), rtol=1e-6)


def test_wavelengths_in_a_file_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path / "g.npz", flux=FLUX, teff=TEFF, logg=LOGG, fsed=FSED)
    np.savetxt(tmp_path / "wave.txt", WAVELENGTH)
    check(ModelGrid(path=path, wavelength={"path": str(tmp_path / "wave.txt")}))


def test_errors_of_a_grid_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "g.npz", wavelength=WAVELENGTH, flux=FLUX, flux_err=0.1 * FLUX, teff=np.arange(12) * 9.5)
    loader = ModelGrid(path=path)
    node = loader.load(loader.targets()[4])["spectrum/0"]
    np.testing.assert_allclose(node["flux_error"], 0.1 * FLUX[4])
    assert node["flux"].attrs["noise"] == "absent"


def test_plain_hdf5_has_no_names_of_dims(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        for name, values in {"flux": FLUX, "wavelength": WAVELENGTH, "teff": TEFF, "logg": LOGG, "fsed": FSED}.items():
            file[name] = values
    check(ModelGrid(path=str(tmp_path / "rows.h5"), labels=["teff", "logg", "fsed"]))
    with h5py.File(tmp_path / "cube.h5", "w") as file:
        file["flux"], file["wavelength"] = FLUX.reshape(3, 4, 5), WAVELENGTH
        file["teff"], file["state"] = np.unique(TEFF), np.arange(4.0)
    loader = ModelGrid(path=str(tmp_path / "cube.h5"))
    assert loader.labels().sel(target="teff1200-state2").values.tolist() == [1200, 2]
    np.testing.assert_array_equal(loader.load("teff1200-state2")["spectrum/0"]["flux"], FLUX[6])


def test_as_many_spectra_as_pixels(tmp_path: Path) -> None:
    """Shapes tell nothing then: the last axis is the wavelength, unless dims say otherwise."""
    path = written(tmp_path / "g.npz", wavelength=WAVELENGTH, flux=FLUX[:5], teff=np.arange(5) * 100.0 + 700)
    assert ModelGrid(path=path).load("teff900")["spectrum/0"]["flux"].values.tolist() == FLUX[2].tolist()
    turned = ModelGrid(path=path, dims=["wavelength", "teff"])
    assert turned.load("teff900")["spectrum/0"]["flux"].values.tolist() == FLUX[:5, 2].tolist()
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["flux"], file["wavelength"], file["teff"] = FLUX[:5], WAVELENGTH, np.arange(5) * 100.0 + 700
    same = ModelGrid(path=str(tmp_path / "g.h5"))
    assert same.load("teff900")["spectrum/0"]["flux"].values.tolist() == FLUX[2].tolist()


def test_channels_that_are_counted_need_a_list_of_wavelengths(tmp_path: Path) -> None:
    rows = [",".join(["T", "CH4", *(f"wl_{i}" for i in range(5))])]
    rows += [",".join(map(str, (900 + i, -4.0 - i, *FLUX[i].round(6)))) for i in range(12)]
    (tmp_path / "g.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(InputFileError, match="no columns hold wavelengths in their names"):
        ModelGrid(path=str(tmp_path / "g.csv")).targets()
    for flux in (None, "wl_*", "2:"):
        loader = ModelGrid(path=str(tmp_path / "g.csv"), wavelength=WAVELENGTH.tolist(), flux=flux, quantity="depth")
        assert loader.labels()["output"].values.tolist() == ["T", "CH4"]
        np.testing.assert_allclose(loader.load("T903-CH4-7")["spectrum/0"]["depth"], FLUX[3], atol=1e-6)


def test_a_fits_table_of_spectra(tmp_path: Path) -> None:
    columns = [
        fits.Column("WAVE", "5D", unit="angstrom", array=np.tile(1e4 * WAVELENGTH, (12, 1))),
        fits.Column("FLUX", "5D", unit="Jy", array=FLUX),
        *(fits.Column(name, "D", array=values) for name, values in (("teff", TEFF), ("logg", LOGG), ("fsed", FSED))),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "g.fits")
    check(ModelGrid(path=str(tmp_path / "g.fits")))
