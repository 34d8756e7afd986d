"""The loader light-curves on what observers really have, against readings by numpy alone."""

from __future__ import annotations

import csv
import zipfile

import numpy as np
import pytest

from specframe.api import nodes, validate_observation
from specframe.errors import InputFileError
from specframe_io import LightCurves

#: One regressor of WASP-80b differs between channels where the star is traced in each: y and the widths along it.
BY_CHANNEL = {"y": 6, "fwhm_y": 8}
SHARED = {"x": 5, "fwhm_x": 7, "airmass": 9, "rotator_angle": 10}


def _node(loader):
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "test", ("light-curves",))
    ((path, data),) = nodes(observation)
    return observation, path, data


@pytest.fixture
def wasp107(data_dir):
    """Return a function that makes the loader of WASP-107b, with further parameters."""
    folder = data_dir / "hst_wasp107b"

    def make(**params):
        return LightCurves(
            **{
                "path": folder / "spec_lc_22bin",
                "pattern": "*.txt",
                "target": "WASP-107b",
                "instrument": "WFC3-G141",
                "columns": {"time": 5, "flux": 1, "variance": 2, "wavelength": 3},
                "time": "BJD_TDB",
                "flux_units": "electron",
                "regressors": {"orbit": 7, "scan_direction": 8},
                "exposure_time": "103 s",
            }
            | params
        )

    return make


def test_wasp107_has_the_numbers_of_its_files(wasp107, data_dir):
    observation, path, data = _node(wasp107(system={"period": "5.7214742 d", "semi_major_axis": 18.164}))
    raw = np.array([np.loadtxt(file) for file in sorted((data_dir / "hst_wasp107b/spec_lc_22bin").glob("*.txt"))])
    assert path == "WFC3-G141/0"
    assert raw.shape == (22, 94, 9)
    np.testing.assert_array_equal(data.flux, raw[:, :, 1])
    np.testing.assert_allclose(data.flux_error**2, raw[:, :, 2], rtol=1e-14)
    np.testing.assert_array_equal(data.wavelength, raw[:, 0, 3])
    np.testing.assert_array_equal(data.time, raw[0, :, 5])
    np.testing.assert_array_equal(data.orbit, raw[0, :, 7])
    np.testing.assert_array_equal(data.scan_direction, raw[0, :, 8])
    assert data.time.attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 0"}
    assert data.orbit.attrs["role"] == "regressor"
    assert (data.flux.units, data.flux_error.units) == ("electron", "electron")
    assert data.attrs == {"exposure_time": 103.0}
    assert not data.mask.any()
    assert (observation.attrs["target"], observation.attrs["period"]) == ("WASP-107b", 5.7214742)
    assert observation.attrs["semi_major_axis"] == 18.164


def test_wasp107_limb_darkening_and_edges_are_the_published_ones(wasp107, data_dir):
    folder = data_dir / "hst_wasp107b"
    with (folder / "published_spectrum.csv").open() as file:
        published = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    loader = wasp107(
        channels={"index": [0, 20]},
        wavelength={"path": folder / "published_spectrum.csv", "lower": 0, "upper": "wavelength_upper_um"},
        limb_darkening={"path": folder / "LD_coefficients/W107_22bins.dat", "columns": [3, 4], "lower": 0, "upper": 1},
        limb_darkening_white={"path": folder / "LD_coefficients/W107_full_bandpass.dat", "columns": [3, 4]},
    )
    _, _, data = _node(loader)
    assert data.sizes["wavelength"] == 20
    for name, key in (("lower", "wavelength_lower_um"), ("upper", "wavelength_upper_um")):
        np.testing.assert_array_equal(data[f"wavelength_{name}"], [row[key] for row in published])
    # the paper rounds to 0.01; its ninth channel and others differ by a little more than half a unit
    expected = [[row[name] for row in published] for name in ("u1", "u2")]
    np.testing.assert_allclose(data.limb_darkening, expected, atol=0.011)
    np.testing.assert_allclose(data.limb_darkening_white, [0.285235890369, 0.20171703376])
    assert data.attrs["law"] == "quadratic"
    assert {file.name for file in loader.files("WASP-107b")} > {"published_spectrum.csv", "W107_22bins.dat"}


def test_wasp107_wavelengths_from_the_names_of_the_files(wasp107):
    columns = {"time": 5, "flux": 1, "variance": 2}
    _, _, named = _node(wasp107(pattern="speclc{wavelength}.txt", columns=columns))
    _, _, data = _node(wasp107())
    np.testing.assert_allclose(named.wavelength, data.wavelength, atol=6e-4)  # the names have three decimals
    np.testing.assert_array_equal(named.flux, data.flux)


def test_wasp80_is_divided_by_its_comparison_star(data_dir):
    folder = data_dir / "gtc_wasp80b/n2nb"
    names = {"x": "Pos_X", "y": "Pos_Y", "fwhm_x": "FWHM_X", "fwhm_y": "FWHM_Y", "airmass": "Airm"}
    loader = LightCurves(
        path=folder,
        columns={
            "time": "BJD_TDB",
            "flux": "F_sci",
            "flux_error": "e_F_sci",
            "reference_flux": "F_ref",
            "reference_flux_error": "e_F_ref",
        },
        wavelength={"edges": [*np.arange(52, 77, 2) / 100, 0.767, *np.arange(78, 93, 2) / 100]},
        regressors=names | {"rotator_angle": "RotAng"},
    )
    assert loader.targets() == ["n2nb"]
    _, path, data = _node(loader)
    raw = np.array([np.loadtxt(file) for file in sorted(folder.glob("*.dat"))])
    assert path == "light-curves/0"
    assert data.flux.shape == (21, 649)
    np.testing.assert_allclose(data.flux, raw[:, :, 1] / raw[:, :, 3], rtol=1e-15)
    relative = np.sqrt((raw[:, :, 2] / raw[:, :, 1]) ** 2 + (raw[:, :, 4] / raw[:, :, 3]) ** 2)
    np.testing.assert_allclose(data.flux_error / data.flux, relative, rtol=1e-12)
    np.testing.assert_array_equal(data.time, raw[0, :, 0])
    for name, column in BY_CHANNEL.items():
        assert data[name].dims == ("wavelength", "time")
        np.testing.assert_array_equal(data[name], raw[:, :, column])
    for name, column in SHARED.items():
        assert data[name].dims == ("time",)
        np.testing.assert_array_equal(data[name], raw[0, :, column])
    assert data.flux.units == ""
    assert data.time.attrs["time_system"] == "TDB"  # from the column's name
    np.testing.assert_allclose(data.wavelength[:2], [0.53, 0.55])
    np.testing.assert_allclose([data.wavelength_lower[-1], data.wavelength_upper[-1]], [0.90, 0.92])


def test_wasp39_has_errors_from_its_scatter(data_dir):
    path = data_dir / "jwst_wasp39b/WASP-39b_WhiteLight.npy"
    loader = LightCurves(
        path=path, target="WASP-39b", columns={"time": 0, "flux": 1}, time="BMJD_TDB", wavelength={"edges": [0.85, 2.8]}
    )
    _, _, data = _node(loader)
    time, flux = np.load(path)
    np.testing.assert_array_equal(data.time, time)
    np.testing.assert_array_equal(data.flux, flux[None])
    assert data.time.attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 2400000.5"}
    assert (data.wavelength_lower.item(), data.wavelength_upper.item()) == (0.85, 2.8)
    # the issue asks that a fit of this curve leaves at most 135 ppm; point to point it is that of its photons
    error = data.flux_error.values / np.median(flux)
    assert np.unique(error).size == 1
    assert 110e-6 < error[0, 0] < 145e-6
    assert data.attrs["flags"] == "errors-estimated"
    assert "neighbouring samples" in data.attrs["flux_error_origin"]


@pytest.fixture
def wasp43(data_dir):
    """Return the parameters of WASP-43b."""
    columns = {"time": "phase", "flux": "flux", "flux_error": "fluxerr", "wavelength": "wave"}
    return {
        "path": data_dir / "hst_wasp43b/W43b-Eclipse.npz",
        "target": "WASP-43b",
        "instrument": "WFC3-G141",
        "columns": columns | {"wavelength_lower": "wavelow", "wavelength_upper": "wavehi"},
        "system": {"period": 0.813475},
        "sort": True,
    }


def test_wasp43_phases_become_days(wasp43):
    _, _, data = _node(LightCurves(**wasp43))
    with np.load(wasp43["path"]) as raw:
        order = np.argsort(raw["phase"])
        np.testing.assert_allclose(data.time, raw["phase"][order] * 0.813475, rtol=1e-15)
        np.testing.assert_array_equal(data.flux, raw["flux"][:, order])
        np.testing.assert_array_equal(data.flux_error, raw["fluxerr"][:, order])
        np.testing.assert_array_equal(data.wavelength_lower, raw["wavelow"])
    assert data.time.attrs == {"units": "d", "time_system": "phase", "time_reference": "phase 0"}


def test_wasp43_must_be_sorted(wasp43):
    with pytest.raises(InputFileError, match=r"W43b-Eclipse.npz: times must ascend, .*row 36 and row 37.*sort: true"):
        LightCurves(**wasp43 | {"sort": False}).load("WASP-43b")


def test_wasp43_white_curves_of_five_visits(data_dir, tmp_path):
    with zipfile.ZipFile(data_dir / "hst_wasp43b/whiteLC.zip") as packed:
        packed.extractall(tmp_path)
    loader = LightCurves(
        path=tmp_path,
        pattern="wa043b{visit}_1125_1650.npz",
        target="WASP-43b",
        instrument="WFC3-G141",
        columns={"time": "bjdtdb", "flux": "flux", "flux_error": "fluxerr", "good": "good"},
        regressors={"phase": "phase"},
        wavelength={"edges": [1.125, 1.65]},
    )
    found = dict(nodes(loader.load("WASP-43b")))
    assert list(found) == [f"WFC3-G141/{i}" for i in range(5)]
    assert sorted(data.sizes["time"] for data in found.values()) == [75, 75, 243, 265, 265]
    starts = [float(data.time[0]) for data in found.values()]
    assert starts == sorted(starts)
    for data in found.values():
        with np.load(tmp_path / f"wa043b{data.attrs['visit']}_1125_1650.npz") as raw:
            np.testing.assert_array_equal(data.flux[0], raw["flux"])
            np.testing.assert_array_equal(data.mask[0], raw["good"] == 0)
            np.testing.assert_array_equal(data.time, raw["bjdtdb"])
        assert data.time.attrs["time_system"] == "TDB"
        assert (
            2_400_000 < float(data.time[0]) + float(data.time.attrs["time_reference"].removeprefix("JD ")) < 2_500_000
        )


def test_a_copy_for_other_data_takes_their_name(wasp107, data_dir, tmp_path):
    for file in (data_dir / "hst_wasp107b/spec_lc_22bin").glob("*.txt"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    copy = wasp107().relocated(tmp_path)
    assert copy.targets() == [tmp_path.name]
    _, path, data = _node(copy)
    assert (path, data.sizes["wavelength"]) == ("WFC3-G141/0", 22)
