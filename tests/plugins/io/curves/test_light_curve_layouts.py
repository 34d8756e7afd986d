"""How light curves may lie in files, each with known numbers."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import xarray as xr
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time

from specframe.api import nodes, validate_observation
from specframe.errors import InputFileError, ParameterError
from specframe_io import LightCurves
from specframe_io.curves.limb_darkening import channel_coefficients
from specframe_io.curves.params import LightCurvesParams, LimbDarkeningParams

TIME = 2459787.0 + np.arange(40) / 200.0
FLUX = 1.0 + 0.01 * np.arange(40.0) / 40.0 + np.array([[0.0], [0.1], [0.2]])
ERROR = np.full((3, 40), 0.002)
WAVELENGTH = np.array([1.2, 1.1, 1.3])
BASE = {"time": "BJD_TDB"}


def load(path, **params):
    """Return the nodes of the only target."""
    loader = LightCurves(path=path, **BASE | params)
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "test", ("light-curves",))
    return dict(nodes(observation))


def only(path, **params):
    """Return the only node."""
    (data,) = load(path, **params).values()
    return data


def as_they_are(data, flux=FLUX):
    """Check that a node has the flux, sorted by wavelength."""
    order = np.argsort(WAVELENGTH)
    np.testing.assert_array_equal(data.flux, flux[order])
    np.testing.assert_array_equal(data.wavelength, WAVELENGTH[order])
    np.testing.assert_array_equal(data.time, TIME)


@pytest.fixture
def arrays(tmp_path):
    path = tmp_path / "curves.npz"
    airmass = np.linspace(2.0, 1.0, 40)
    np.savez(
        path,
        t=TIME,
        f=FLUX,
        e=ERROR,
        w=WAVELENGTH,
        airmass=airmass,
        y=FLUX * 2,
        bad=FLUX > 1.205,
        good=1.0 * (FLUX <= 1.205),
    )
    return path


def test_arrays_by_channel_and_time(arrays):
    columns = {"time": "t", "flux": "f", "flux_error": "e", "wavelength": "w", "mask": "bad"}
    data = only(arrays, columns=columns, regressors={"airmass": "airmass", "y": "y"})
    as_they_are(data)
    assert data.airmass.dims == ("time",)
    np.testing.assert_array_equal(data.y, 2 * data.flux)
    np.testing.assert_array_equal(data.mask, data.flux > 1.205)
    assert data.mask.any()
    assert data.flux.units == ""
    reverse = only(arrays, columns=columns | {"mask": None, "good": "good"})
    np.testing.assert_array_equal(reverse.mask, data.mask)


def test_arrays_by_time_and_channel(tmp_path):
    np.savez(tmp_path / "a.npz", time=TIME, flux=FLUX.T, e=ERROR.T, w=WAVELENGTH)
    as_they_are(only(tmp_path / "a.npz", columns={"flux_error": "e", "wavelength": "w"}))


@pytest.mark.parametrize(("dims", "turned"), [(["wavelength", "time"], False), (["time", "wavelength"], True)])
def test_square_arrays_need_their_dims(tmp_path, dims, turned):
    flux = np.random.default_rng(1).normal(1.0, 0.1, (3, 3))
    np.savez(tmp_path / "a.npz", time=TIME[:3], flux=flux, w=[1.0, 2.0, 3.0])
    with pytest.raises(InputFileError, match=r"shape \(3, 3\) and there are 3 times; give dims"):
        load(tmp_path / "a.npz", columns={"wavelength": "w"})
    data = only(tmp_path / "a.npz", columns={"wavelength": "w"}, dims=dims)
    np.testing.assert_array_equal(data.flux, flux.T if turned else flux)


def test_netcdf_and_hdf5(tmp_path):
    columns = {"flux_error": "error", "wavelength": "wavelength"}
    wavelength = ("wavelength", WAVELENGTH * 1000, {"units": "nm"})
    xr.Dataset(
        {"flux": (("wavelength", "time"), FLUX, {"units": "Jy"}), "error": (("wavelength", "time"), ERROR)},
        coords={"wavelength": wavelength, "time": ("time", TIME - 2400000.5, {"units": "BMJD_TDB"})},
    ).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["group/flux"], file["group/error"], file["group/time"], file["w"] = FLUX, ERROR, TIME, WAVELENGTH
    data = only(tmp_path / "a.nc", columns=columns, time=None)
    np.testing.assert_array_equal(data.flux, FLUX[np.argsort(WAVELENGTH)])
    np.testing.assert_allclose(data.wavelength, np.sort(WAVELENGTH), rtol=1e-15)
    assert data.flux.units == "Jy"
    assert data.time.attrs["time_reference"] == "JD 2400000.5"
    in_group = {"time": "group/time", "flux": "group/flux", "flux_error": "group/error", "wavelength": "w"}
    as_they_are(only(tmp_path / "a.h5", columns=in_group))


def test_fits_tables_and_images(tmp_path):
    time = fits.Column("TIME", "D", unit="d", array=TIME - 2457000.0)
    columns = [
        time,
        fits.Column("SPEC", "3D", unit="electron/s", array=FLUX.T),
        fits.Column("Q", "J", array=TIME[30] < TIME),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="CURVES")
    images = [fits.ImageHDU(WAVELENGTH, name="WAVE"), fits.ImageHDU(FLUX, name="FLUX")]
    fits.HDUList([fits.PrimaryHDU(), table, *images]).writeto(tmp_path / "a.fits")
    given = {"time": "TIME", "wavelength": "WAVE", "mask": "Q"}
    of_table = only(tmp_path / "a.fits", columns=given | {"flux": "SPEC"}, time="BTJD")
    of_image = only(tmp_path / "a.fits", columns=given | {"flux": "FLUX"}, time="BTJD")
    for data in (of_table, of_image):
        np.testing.assert_array_equal(data.flux, FLUX[np.argsort(WAVELENGTH)])
        np.testing.assert_array_equal(data.time, TIME - 2457000.0)
        assert np.flatnonzero(data.mask[0]).tolist() == list(range(31, 40))
    assert (of_table.flux.units, of_image.flux.units) == ("electron / s", "")


def test_ecsv_with_times_of_astropy_and_units(tmp_path):
    table = Table({"time": Time(TIME, format="jd", scale="tdb"), "flux": FLUX[0], "e": ERROR[0]})
    table["flux"].unit = table["e"].unit = "electron/s"
    table.write(tmp_path / "a.ecsv")
    data = only(tmp_path / "a.ecsv", columns={"flux_error": "e"}, time=None, wavelength="600 nm")
    np.testing.assert_allclose(data.time, TIME - 2400000.5, atol=1e-9)
    assert data.time.attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 2400000.5"}
    assert data.flux.units == "electron / s"
    assert data.wavelength.item() == pytest.approx(0.6)


@pytest.fixture
def wide(tmp_path):
    path = tmp_path / "wide.csv"
    names = ["time", *(f"flux_{w}" for w in WAVELENGTH), *(f"err_{w}" for w in WAVELENGTH[::-1])]
    rows = np.column_stack([TIME, FLUX.T, (ERROR * WAVELENGTH[:, None])[::-1].T])
    np.savetxt(path, rows, "%.17g", delimiter=",", header=",".join(names), comments="")
    return path


@pytest.mark.parametrize("braces", [True, False])
def test_a_column_for_each_channel(wide, braces):
    word = "{wavelength}" if braces else "*"
    given = {} if braces else {"wavelength": np.sort(WAVELENGTH)}
    data = only(wide, columns={"flux": f"flux_{word}", "flux_error": f"err_{word}"}, **given)
    as_they_are(data)
    # each error stands with its flux, whatever the order of the columns
    np.testing.assert_allclose(data.flux_error[:, 0], 0.002 * np.sort(WAVELENGTH))


def test_columns_that_do_not_belong_together_are_refused(wide):
    wide.write_text(wide.read_text().replace("err_1.3", "err_1.4"))
    with pytest.raises(InputFileError, match=r"columns.flux_error .* are not named as those of columns.flux .*1\.3"):
        load(wide, columns={"flux": "flux_{wavelength}", "flux_error": "err_{wavelength}"})


def test_a_long_table_with_a_line_for_each_channel_and_time(tmp_path):
    rows = [(t, w, f, 0.002) for i, t in enumerate(TIME) for w, f in zip(WAVELENGTH, FLUX[:, i], strict=True)]
    np.savetxt(tmp_path / "long.txt", rows, "%.17g", header="BJD wave flux err")
    columns = {"time": "BJD", "wavelength": "wave", "flux": "flux", "flux_error": "err"}
    as_they_are(only(tmp_path / "long.txt", columns=columns))


@pytest.fixture
def juliet(tmp_path):
    """Return a file as juliet has them, times of two instruments in turns."""
    path = tmp_path / "lc.dat"
    lines = [
        f"{t:.6f} {f:.6f} 0.001 {'TESS' if i % 2 else 'CHEOPS'}"
        for i, (t, f) in enumerate(zip(TIME, FLUX[0], strict=True))
    ]
    path.write_text("\n".join(lines))
    regressors = [f"{t:.6f} {i} {-i} {'TESS' if i % 2 else 'CHEOPS'}" for i, t in enumerate(TIME)]
    (tmp_path / "lm.dat").write_text("\n".join(regressors[::-1]))
    return {
        "path": path,
        "columns": {"time": 0, "flux": 1, "flux_error": 2, "instrument": 3},
        "bands": {"TESS": [0.6, 1.0], "CHEOPS": [0.33, 1.1]},
    }


def test_each_instrument_of_juliet_is_a_node(juliet):
    found = load(**juliet, exposure_time={"TESS": "2 min"})
    assert list(found) == ["CHEOPS/0", "TESS/0"]
    np.testing.assert_allclose(found["TESS/0"].time, TIME[1::2], atol=1e-6)
    np.testing.assert_allclose(found["CHEOPS/0"].flux[0], FLUX[0, ::2], atol=1e-6)
    assert found["TESS/0"].wavelength.item() == 0.8
    assert found["TESS/0"].attrs == {"exposure_time": 120.0}
    assert found["CHEOPS/0"].attrs == {}
    assert list(load(**juliet | {"bands": {"TESS": [0.6, 1.0]}}, instruments=["TESS"])) == ["TESS/0"]


def test_regressors_in_another_file_are_found_by_time_and_instrument(juliet):
    file = {"path": juliet["path"].with_name("lm.dat"), "instrument": -1, "columns": {"x": 1, "y": 2}}
    found = load(**juliet, regressor_file=file)
    np.testing.assert_array_equal(found["TESS/0"].x, np.arange(1, 40, 2))
    np.testing.assert_array_equal(found["CHEOPS/0"].y, -np.arange(0, 40, 2))
    assert found["TESS/0"].x.attrs["role"] == "regressor"


@pytest.mark.parametrize("header", ["", "# t f e\n"])
def test_targets_and_visits_from_the_names_of_files(tmp_path, header):
    rows = {
        w: header + "".join(f"{t} {f} 1e-3\n" for t, f in zip(TIME, FLUX[i], strict=True))
        for i, w in enumerate(WAVELENGTH)
    }
    later = {
        w: header + "".join(f"{t + 3.5} {f} 1e-3\n" for t, f in zip(TIME, FLUX[i], strict=True))
        for i, w in enumerate(WAVELENGTH)
    }
    for planet in ("a", "b"):
        # the night that is first by name is the later one
        for night, texts in (("first", later), ("second", rows)):
            (tmp_path / planet / night).mkdir(parents=True)
            for wavelength, text in texts.items():
                (tmp_path / planet / night / f"lc_{1000 * wavelength:.0f}nm.dat").write_text(text)
    (tmp_path / "a" / "README").write_text("about the data")
    loader = LightCurves(
        path=tmp_path,
        pattern="{target}/{visit}/lc_{wavelength}nm.dat",
        columns={"time": 0, "flux": 1, "flux_error": 2},
        wavelength={"units": "nm"},
        **BASE,
    )
    assert loader.targets() == ["a", "b"]
    found = dict(nodes(loader.load("b")))
    assert list(found) == ["light-curves/0", "light-curves/1"]
    np.testing.assert_allclose(found["light-curves/0"].wavelength, np.sort(WAVELENGTH), rtol=1e-15)
    np.testing.assert_array_equal(found["light-curves/0"].flux, FLUX[np.argsort(WAVELENGTH)])
    assert [found[f"light-curves/{i}"].attrs["visit"] for i in (0, 1)] == ["second", "first"]
    np.testing.assert_allclose(found["light-curves/1"].time, TIME + 3.5)
    assert len(loader.files("a")) == 6


def test_visits_by_a_column_and_at_gaps(tmp_path):
    time = np.concatenate([TIME, TIME + 10.0])
    np.savetxt(tmp_path / "a.txt", np.column_stack([time, np.tile(FLUX[0], 2), np.repeat([7, 3], 40)]), "%.17g")
    given = {"wavelength": 1.4, "columns": {"time": 0, "flux": 1}}
    by_column = load(tmp_path / "a.txt", **given | {"columns": given["columns"] | {"visit": 2}})
    at_gaps = load(tmp_path / "a.txt", **given, visits={"gap": "1 d"})
    for found in (by_column, at_gaps):
        assert [node.sizes["time"] for node in found.values()] == [40, 40]
    assert [node.attrs["visit"] for node in by_column.values()] == ["7", "3"]
    assert len(load(tmp_path / "a.txt", **given)) == 1


def test_the_error_of_a_ratio_is_that_of_many_draws(tmp_path):
    rng = np.random.default_rng(3)
    flux, error, reference, reference_error = 5.0e4, 400.0, 2.0e4, 300.0
    draws = rng.normal(flux, error, 200_000) / rng.normal(reference, reference_error, 200_000)
    rows = np.column_stack([TIME, *(np.full(40, x) for x in (flux, error, reference, reference_error))])
    np.savetxt(tmp_path / "a.txt", rows, "%.9f")
    columns = {"time": 0, "flux": 1, "flux_error": 2, "reference_flux": 3, "reference_flux_error": 4}
    data = only(tmp_path / "a.txt", columns=columns, wavelength=0.7, flux_units="electron")
    assert data.flux_error[0, 0].item() == pytest.approx(draws.std(), rel=0.01)  # 200,000 draws: 0.16 %
    assert (data.flux[0, 0].item(), data.flux.units) == (2.5, "")


def test_magnitudes_become_relative_fluxes(tmp_path):
    rng = np.random.default_rng(4)
    magnitude = np.where(np.arange(40) < 30, 11.3, 11.3 + 2.5 * np.log10(1 / 0.98))
    np.savetxt(tmp_path / "a.txt", np.column_stack([TIME, magnitude, np.full(40, 0.003)]), "%.12f")
    data = only(tmp_path / "a.txt", columns={"time": 0, "flux": 1, "flux_error": 2}, wavelength=0.7, flux_units="mag")
    np.testing.assert_allclose(data.flux[0], np.where(np.arange(40) < 30, 1.0, 0.98), rtol=1e-9)
    draws = 10 ** (-0.4 * rng.normal(0.0, 0.003, 200_000))
    assert data.flux_error[0, 0].item() == pytest.approx(draws.std(), rel=0.01)


def test_errors_that_are_not_given_are_those_injected(tmp_path):
    rng = np.random.default_rng(5)
    flux = 1.0 + rng.normal(0.0, 3e-4, (2, 4000)) * np.array([[1.0], [2.0]])
    np.savez(tmp_path / "a.npz", time=2459000 + np.arange(4000) / 1000, flux=flux, w=[1.0, 2.0])
    data = only(tmp_path / "a.npz", columns={"wavelength": "w"})
    np.testing.assert_allclose(data.flux_error[:, 0], [3e-4, 6e-4], rtol=0.06)  # MAD of 4000 differences: about 2 %
    assert data.attrs["flags"] == "errors-estimated"


def test_a_sample_without_a_regressor_is_masked(tmp_path):
    airmass = np.linspace(1.0, 2.0, 40)
    airmass[7] = np.nan
    np.savez(tmp_path / "a.npz", time=TIME, flux=FLUX, w=WAVELENGTH, airmass=airmass)
    data = only(tmp_path / "a.npz", columns={"wavelength": "w"}, regressors={"airmass": "airmass"})
    assert np.flatnonzero(data.mask.any("wavelength")).tolist() == [7]
    assert np.isfinite(data.airmass).all()


def test_channels_are_chosen_by_index_and_by_wavelength(arrays):
    columns = {"time": "t", "flux": "f", "flux_error": "e", "wavelength": "w"}
    assert only(arrays, columns=columns, channels={"index": [1, 3]}).wavelength.values.tolist() == [1.2, 1.3]
    assert only(arrays, columns=columns, channels={"wavelength": [1.15, "1250 nm"]}).wavelength.values.tolist() == [1.2]


@pytest.mark.parametrize(
    ("given", "lower", "upper"),
    [
        ({"width": 0.1}, [1.05, 1.15, 1.25], [1.15, 1.25, 1.35]),
        ({"edges": [1.05, 1.15, 1.25, 1.35]}, [1.05, 1.15, 1.25], [1.15, 1.25, 1.35]),
        ({"edges": [[1.25, 1.35], [1.05, 1.14], [1.15, 1.25]]}, [1.05, 1.15, 1.25], [1.14, 1.25, 1.35]),
        ({"units": "nm", "width": 100}, [1.05, 1.15, 1.25], [1.15, 1.25, 1.35]),
    ],
)
def test_edges_of_channels_whose_wavelength_is_known(tmp_path, given, lower, upper):
    factor = 1000 if given.get("units") == "nm" else 1
    np.savez(tmp_path / "a.npz", time=TIME, flux=FLUX, w=WAVELENGTH * factor)
    data = only(tmp_path / "a.npz", columns={"wavelength": "w"}, wavelength=given)
    np.testing.assert_allclose(data.wavelength_lower, lower)
    np.testing.assert_allclose(data.wavelength_upper, upper)


def test_channels_of_a_table_in_the_order_of_the_files(tmp_path):
    for i, name in enumerate(("lc2", "lc10", "lc1")):
        np.savetxt(tmp_path / f"{name}.txt", np.column_stack([TIME, FLUX[i]]), "%.17g")
    (tmp_path / "channels.csv").write_text("lower,upper\n1.25,1.35\n1.15,1.25\n1.05,1.15\n")
    table = {"path": tmp_path / "channels.csv", "lower": "lower", "upper": "upper"}
    data = only(tmp_path, pattern="lc*.txt", columns={"time": 0, "flux": 1}, wavelength=table)
    # lc1 is at 1.3 um, lc2 at 1.2, lc10 at 1.1: their names are sorted by number
    np.testing.assert_allclose(data.wavelength, [1.1, 1.2, 1.3])
    np.testing.assert_array_equal(data.flux, FLUX[[1, 0, 2]])


@pytest.mark.parametrize(
    ("word", "system", "reference"),
    [
        ("BJD_TDB", "TDB", "JD 0"),
        ("BJD", "", "JD 0"),
        ("HJD_UTC", "UTC", "JD 0"),
        ({"system": "TDB", "reference": "BJD"}, "TDB", "JD 0"),
    ],
)
def test_clocks(arrays, word, system, reference):
    columns = {"time": "t", "flux": "f", "wavelength": "w"}
    time = only(arrays, columns=columns, time=word).time
    assert time.attrs == {"units": "d", "time_system": system, "time_reference": reference}
    np.testing.assert_array_equal(time, TIME)


@pytest.mark.parametrize(
    ("values", "word", "reference"),
    [
        (TIME - 2400000.5, "BMJD", "JD 2400000.5"),
        (TIME - 2457000.0, "BTJD", "JD 2457000"),
        (TIME - 2454833.0, "BKJD", "JD 2454833"),
        (TIME - 2450000.0, "JD 2450000 TDB", "JD 2450000"),
        (TIME - 2450000.0, "BJD(TDB)-2450000", "JD 2450000"),
        (TIME - 2400000.0, "HJD_UTC - 2400000", "JD 2400000"),
    ],
)
def test_clocks_that_count_from_later(tmp_path, values, word, reference):
    np.savez(tmp_path / "a.npz", time=values, flux=FLUX, w=WAVELENGTH)
    time = only(tmp_path / "a.npz", columns={"wavelength": "w"}, time=word).time
    assert time.attrs["time_reference"] == reference
    np.testing.assert_array_equal(time, values)


@pytest.mark.parametrize(
    ("name", "less", "system"),
    [
        ("BJD(TDB)-2450000", 2450000.0, "TDB"),
        ("BJD_TDB", 0.0, "TDB"),
        ("bjdtdb", 0.0, "TDB"),
        ("Time(BMJD_TDB)", 2400000.5, "TDB"),
        ("MJD-UTC", 2400000.5, "UTC"),
        ("HJD", 0.0, ""),
    ],
)
def test_clocks_in_the_names_of_columns(tmp_path, name, less, system):
    np.savetxt(tmp_path / "a.txt", np.column_stack([TIME - less, FLUX[0]]), "%.17g", header=f"{name} flux")
    time = only(tmp_path / "a.txt", columns={"time": 0, "flux": 1}, time=None, wavelength=1.0).time
    assert (time.attrs["time_system"], time.attrs["time_reference"]) == (system, f"JD {less:.10g}")
    np.testing.assert_array_equal(time, TIME - less)


def test_times_that_count_from_nobody_knows(tmp_path):
    np.savez(tmp_path / "a.npz", time=np.arange(40.0), flux=FLUX, w=WAVELENGTH)
    hours = only(tmp_path / "a.npz", columns={"wavelength": "w"}, time="h").time
    np.testing.assert_allclose(hours, np.arange(40) / 24)
    assert hours.attrs == {"units": "d", "time_system": "", "time_reference": ""}
    given = {"units": "s", "system": "UTC", "reference": "start of the night"}
    seconds = only(tmp_path / "a.npz", columns={"wavelength": "w"}, time=given).time
    np.testing.assert_allclose(seconds, np.arange(40) / 86400)
    assert seconds.attrs == {"units": "d", "time_system": "UTC", "time_reference": "start of the night"}


def test_limb_darkening_by_the_nearest_wavelength_and_for_all_alike(tmp_path):
    (tmp_path / "ld.txt").write_text("# nm c1 c2 c3 c4\n1100 1 2 3 4\n1200 5 6 7 8\n1300 9 10 11 12\n")
    table = LimbDarkeningParams(path=tmp_path / "ld.txt", columns=("c1", "c2", "c3", "c4"), wavelength="nm", units="nm")
    found = channel_coefficients(table, np.array([1.29, 1.11]))
    np.testing.assert_array_equal(found, [[9, 1], [10, 2], [11, 3], [12, 4]])
    np.testing.assert_array_equal(channel_coefficients((0.3, 0.1), np.array([1.0, 2.0])), [[0.3, 0.3], [0.1, 0.1]])


def test_the_law_is_told_by_the_number_of_coefficients(arrays):
    columns = {"time": "t", "flux": "f", "wavelength": "w"}
    data = only(
        arrays, columns=columns, limb_darkening=[0.5, 0.1, 0.2, -0.1], limb_darkening_white=[0.5, 0.1, 0.2, 0.0]
    )
    assert data.attrs["law"] == "nonlinear"
    assert data.limb_darkening.shape == (4, 3)
    assert data.limb_darkening_white.values.tolist() == [0.5, 0.1, 0.2, 0.0]


def test_parameters_survive_yaml():
    data = {
        "path": "a",
        "columns": {"time": 5, "flux": ["a", 2]},
        "time": {"system": "TDB"},
        "channels": {"index": [0, 2]},
    }
    params = LightCurvesParams.validate_data(data)
    assert LightCurvesParams.validate_data(params.canonical()) == params


def test_instruments_have_clocks_of_their_own(tmp_path):
    days = np.arange(9) / 100
    for name, zero in (("TESS", 2001.0), ("ground", 2_459_001.0)):
        np.savetxt(tmp_path / f"wasp1_{name}.dat", np.c_[zero + days, 1 + days, np.full(9, 1e-3)], fmt="%.6f")
    given = {
        "path": tmp_path,
        "pattern": "{target}_{instrument}.dat",
        "columns": {"time": 0, "flux": 1, "flux_error": 2},
        "time": "BJD_TDB",
        "bands": {"TESS": [0.6, 1.0], "ground": [0.55, 0.7]},
    }
    observation = LightCurves(**given, clocks={"TESS": "BTJD"}).load("wasp1")
    references = {path: data.time.attrs["time_reference"] for path, data in nodes(observation)}
    assert references == {"TESS/0": "JD 2457000", "ground/0": "JD 0"}
    with pytest.raises(InputFileError, match=r"clocks names 'tess'; the files are of TESS, ground"):
        LightCurves(**given, clocks={"tess": "BTJD"}).targets()
    with pytest.raises(ParameterError, match=r"clocks are of instruments that \{instrument\} in pattern tells"):
        LightCurves(**given | {"pattern": "*"}, clocks={"TESS": "BTJD"})
