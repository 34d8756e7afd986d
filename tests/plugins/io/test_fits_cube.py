"""FITS cubes: the real one of HAT-P-18b against astropy alone, and the layouts of others."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from astropy.io import fits

from specframe.api import MAD_TO_STD, nodes, validate_observation
from specframe.errors import InputFileError, ParameterError
from specframe_io import FitsCube
from specframe_io.examples import fits_cubes

TIME = 59_743.2 + np.arange(7) / 1500
WAVE = np.array([0.9, 0.8, 0.7, 0.6])
_RNG = np.random.default_rng(12)
FLUX, ERROR = _RNG.normal(1.0, 1e-3, (4, 7)), _RNG.uniform(1e-3, 2e-3, (4, 7))


def write(path, **images):
    """Write extensions; a value is an array, or an array and keywords."""
    hdus = [fits.PrimaryHDU()]
    for name, value in images.items():
        array, keywords = value if isinstance(value, tuple) else (value, {})
        hdus.append(fits.ImageHDU(np.asarray(array), header=fits.Header(keywords), name=name.replace("__", " ")))
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return path


def standard(**changes):
    images = {"TIME_A": TIME, "WAVE_A": WAVE, "DATA_A": np.array([FLUX, ERROR]), "MASK_A": np.ones((4, 7), int)}
    return {name: value for name, value in (images | changes).items() if value is not None}


def load(path, **params):
    loader = FitsCube(path=path, **params)
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "test", ("light-curves",))
    return dict(nodes(observation))


def test_real_hatp18b(data_dir):
    path = data_dir / "jwst_hatp18b" / "hat-p-18b-2022-06-niriss-o2.fits"
    assert FitsCube(path=path.parent, target="HAT-P-18b").targets() == ["HAT-P-18b"]
    ((where, data),) = load(path, time_system="TDB").items()
    assert where == "NIRISS-O2/0"
    with fits.open(path) as file:
        time, wave, cube, out = (file[f"{name}_NIRISS-O2"].data for name in ("TIME", "WAVE", "DATA", "OOTM"))
    assert data.flux.shape == (86, 469)
    np.testing.assert_array_equal(data.flux, cube[0])
    np.testing.assert_array_equal(data.flux_error, cube[1])
    np.testing.assert_array_equal(data.time, time)
    np.testing.assert_array_equal(data.wavelength, wave)
    assert data.time.attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 2400000.5"}
    assert not data.mask.any()  # MASK is 1 everywhere: 1 is good
    # OOTM is 1 out of transit: the light is lower where it is 0, and in the middle of the series
    white = data.flux.mean("wavelength")
    inside = ~data.out_of_transit
    assert float(white[inside].median()) < 0.985 < 0.995 < float(white[data.out_of_transit].median())
    assert np.flatnonzero(inside)[[0, -1]].tolist() == [157, 336]
    np.testing.assert_array_equal(data.out_of_transit, out == 1)
    # the error plane is some twenty times what the samples scatter, and is loaded as it is
    scatter = MAD_TO_STD * np.median(np.abs(np.diff(cube[0])), axis=1) / np.sqrt(2.0)
    assert 15.0 < np.median(np.median(data.flux_error, axis=1) / scatter) < 30.0


def test_each_suffix_is_a_node(tmp_path):
    fits_cubes(tmp_path)
    loader = FitsCube(path=tmp_path)
    assert loader.targets() == ["a", "b"]
    assert [path for path, _ in nodes(loader.load("a"))] == ["NIRISS-O1/0", "NIRISS-O2/0"]
    chosen = FitsCube(path=tmp_path, instrument="JWST-{suffix}", instruments=["JWST-NIRISS-O2"])
    assert [path for path, _ in nodes(chosen.load("a"))] == ["JWST-NIRISS-O2/0"]
    with pytest.raises(InputFileError, match=r"has no 'O3'; there: NIRISS-O1, NIRISS-O2"):
        FitsCube(path=tmp_path, instruments=["O3"]).load("a")


def test_channels_are_sorted_and_the_mask_is_what_is_not_1(tmp_path):
    mask = np.ones((4, 7), int)
    mask[0, 3] = 0
    data = load(write(tmp_path / "a.fits", **standard(MASK_A=mask)))["A/0"]
    np.testing.assert_array_equal(data.wavelength, WAVE[::-1])
    np.testing.assert_array_equal(data.flux, FLUX[::-1])
    assert np.argwhere(data.mask.values).tolist() == [[3, 3]]
    path = write(tmp_path / "a.fits", **standard(MASK_A=1 - mask))
    np.testing.assert_array_equal(load(path, good="zero")["A/0"].mask, data.mask)
    with pytest.raises(InputFileError, match="MASK_A: masks 96% of the samples"):
        load(path)
    assert load(path, good="nonzero", empty_channels="leave-out")["A/0"].sizes["wavelength"] == 1


def test_flux_and_error_in_extensions_of_their_own_by_time(tmp_path):
    """As exoTEDRF writes spectra: axes (time, wavelength), edges of channels, one time for both orders, called BJD."""
    low, high = WAVE - 0.04, WAVE + 0.04
    images = {"Time": (TIME, {"UNITS": "BJD"})}
    for order, factor in (("1", 1.0), ("2", 2.0)):
        images |= {
            f"Wave__Low__O{order}": (low, {"UNITS": "Micron"}),
            f"Wave__Up__O{order}": (high, {"UNITS": "Micron"}),
            f"Flux__O{order}": (factor * FLUX.T, {"UNITS": "Electrons"}),
            f"Flux__Err__O{order}": (factor * ERROR.T, {"UNITS": "Electrons"}),
        }
    found = load(
        write(tmp_path / "a.fits", **images),
        data=None,
        flux="Flux O*",
        flux_error="Flux Err O*",
        time="Time",
        wavelength=None,
        wavelength_lower="Wave Low O*",
        wavelength_upper="Wave Up O*",
        instrument="NIRISS-{suffix}",
    )
    assert list(found) == ["NIRISS-1/0", "NIRISS-2/0"]
    data = found["NIRISS-2/0"]
    np.testing.assert_array_equal(data.flux, 2.0 * FLUX[::-1])
    np.testing.assert_array_equal(data.flux_error, 2.0 * ERROR[::-1])
    np.testing.assert_allclose(data.wavelength, WAVE[::-1], rtol=1e-12)
    np.testing.assert_array_equal(data.wavelength_upper, high[::-1])
    assert data.flux.units == "electron"
    assert data.time.attrs == {"units": "d", "time_system": "", "time_reference": "JD 2400000.5"}


def test_wavelengths_by_time_are_their_median(tmp_path):
    drift = np.outer(np.array([-1e-6, 0.0, 1e-6, 0.0, 0.0, 0.0, 0.0]), np.ones(4))
    data = load(write(tmp_path / "a.fits", **standard(WAVE_A=WAVE + drift)))["A/0"]
    np.testing.assert_array_equal(data.wavelength, WAVE[::-1])


def test_time_system_of_the_header(tmp_path):
    path = write(tmp_path / "a.fits", **standard(TIME_A=(TIME + 2_400_000.5, {"TIMESYS": "TDB", "BUNIT": "d"})))
    assert load(path)["A/0"].time.attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 0"}


def test_units_regressors_and_exposure_time(tmp_path):
    images = standard(WAVE_A=1e3 * WAVE, TIME_A=(24.0 * TIME, {"BUNIT": "hours"}), X_A=np.arange(7.0), MASK_A=None)
    images["BKG_A"] = (FLUX * 5, {"BUNIT": "electron"})
    params = {"wavelength_units": "nm", "regressors": {"x": "X_*", "background": "BKG_*"}, "exposure_time": "1.5 min"}
    data = load(write(tmp_path / "a.fits", **images), **params)["A/0"]
    np.testing.assert_allclose(data.wavelength, WAVE[::-1], rtol=1e-12)
    np.testing.assert_allclose(data.time, TIME, rtol=1e-14)
    assert data.attrs["exposure_time"] == pytest.approx(90.0)
    np.testing.assert_array_equal(data.background, 5 * FLUX[::-1])
    assert data.background.attrs == {"units": "electron", "role": "regressor"}
    assert data.x.dims == ("time",)


def test_names_without_a_star_make_one_node(tmp_path):
    images = {"TIME": TIME, "WAVE": WAVE, "CUBE": np.moveaxis(np.array([ERROR, FLUX]), 0, -1)}
    data = load(write(tmp_path / "a.fits", **images), data="CUBE", planes=[1, 0], instrument="SOSS")["SOSS/0"]
    np.testing.assert_array_equal(data.flux, FLUX[::-1])
    np.testing.assert_array_equal(data.flux_error, ERROR[::-1])


def test_as_many_wavelengths_as_times_need_axes(tmp_path):
    square = FLUX[:, :4]
    path = write(tmp_path / "a.fits", TIME=TIME[:4], WAVE=WAVE, FLUX=square.T)
    with pytest.raises(InputFileError, match=r"FLUX: has as many wavelengths as times .4.; write axes"):
        load(path, data=None, flux="FLUX", instrument="X")
    data = load(path, data=None, flux="FLUX", axes=["time", "wavelength"], instrument="X")["X/0"]
    np.testing.assert_array_equal(data.flux, square[::-1])


@pytest.mark.parametrize(
    ("images", "params", "message"),
    [
        ({"DATA_A": None}, {}, r"has no extension DATA_\*; there: TIME_A .7,., WAVE_A .4,., MASK_A .4, 7.. The param"),
        ({"TIME_A": None}, {}, r"has no extension TIME_A .parameter time.; there: WAVE_A, DATA_A"),
        ({"WAVE_A": WAVE[:3]}, {}, r"DATA_A: no axis of .2, 4, 7. is as long as wavelength .3.; write axes"),
        ({"DATA_A": FLUX}, {}, r"DATA_A: expected .planes, 4 wavelengths, 7 times., in any order, got shape .4, 7."),
        ({"DATA_A": np.array([FLUX])}, {}, r"DATA_A: has 1 planes, which does not fit planes .0, 1."),
        (
            {"MASK_A": np.zeros((4, 7), int)},
            {},
            "MASK_A: masks 100% of the samples; if .* write good: zero, otherwise good: nonzero",
        ),
        ({"TIME_A": TIME[::-1]}, {}, "TIME_A: times must ascend, but .* is followed by an earlier one"),
        ({"TIME_A": np.where(TIME[3] == TIME, np.nan, TIME)}, {}, "TIME_A: 1 of 7 times are not finite, the first at"),
        ({"TIME_A": (TIME, {"BUNIT": "m"})}, {}, "TIME_A: expected units convertible to 'd', got 'm'"),
        ({"TIME_A": (TIME, {"TIMESYS": "GPS"})}, {}, "TIME_A: expected a time system.*see the parameter time_system"),
        ({}, {"wavelength_units": "s"}, "WAVE_A: expected units convertible to 'um', got 's'"),
        (
            {"WAVE_A": 1e3 * WAVE},
            {},
            "WAVE_A: expected wavelengths of 0.05 to 100 um, got 600 to 900 um; write wavelength",
        ),
        ({"WAVE_A": np.array([0.9, 0.9, 0.7, 0.6])}, {}, "WAVE_A: two channels are at 0.9 um"),
        ({"WAVE_A": np.array([0.9, np.nan, 0.7, 0.6])}, {}, "WAVE_A: expected wavelengths above 0, but .* channels 1"),
        (
            {"DATA_A": np.array([FLUX * np.nan, ERROR])},
            {},
            "DATA_A: every sample is masked: 100% without",
        ),
        ({}, {"units": "parsec"}, "DATA_A: expected a unit convertible to one of"),
        ({}, {"regressors": {"x": "XPOS_*"}}, r"has no extension XPOS_A .parameter regressors: x."),
        ({"X_A": np.arange(6.0)}, {"regressors": {"x": "X_*"}}, "X_A: expected 7 values, one per time, got 6"),
        ({"OOTM_A": np.arange(6.0)}, {}, "OOTM_A: expected 7 values"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, images, params, message):
    path = write(tmp_path / "a.fits", **standard(**images))
    with pytest.raises(InputFileError, match=message) as error:
        load(path, **params)
    assert str(path) in str(error.value)


def test_channels_without_samples(tmp_path):
    flux = FLUX.copy()
    flux[1] = np.nan
    path = write(tmp_path / "a.fits", **standard(DATA_A=np.array([flux, ERROR])))
    with pytest.raises(
        InputFileError, match=r"DATA_A: 1 of 4 channels have no usable sample, the first at 0\.8 um; write"
    ):
        load(path)
    assert load(path, empty_channels="leave-out")["A/0"].sizes["wavelength"] == 3
    unknown = np.where(np.arange(4) == 3, np.nan, WAVE)
    data = load(write(path, **standard(WAVE_A=unknown)), empty_channels="leave-out")["A/0"]
    np.testing.assert_array_equal(data.flux, FLUX[2::-1])
    assert data.attrs["empty_channels"] == 1


def test_damaged_files_and_pickles(tmp_path):
    path = write(tmp_path / "a.fits", **standard())
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(InputFileError, match=r"a\.fits: .*(get it again)"):
        load(path)
    path.write_bytes(pickle.dumps([1]))
    with pytest.raises(InputFileError, match="pickled Python objects"):
        load(path)
    path.write_text("time flux\n")
    with pytest.raises(InputFileError, match="is not a whole FITS file"):
        load(path)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"data": None}, "give data or flux"),
        ({"wavelength": None}, "without wavelength give wavelength_lower and wavelength_upper"),
        ({"wavelength_lower": "LOW"}, "give wavelength_lower and wavelength_upper, or neither"),
        ({"axes": ["time", "wavelength"]}, "axes of data are plane, time, wavelength, each once"),
        ({"data": "CUBE", "time": "TIMES_*"}, r"time has a \*, but 'CUBE' has none"),
        ({"flux": "A*B*"}, "flux"),
    ],
)
def test_parameters_that_cannot_be(tmp_path, params, message):
    with pytest.raises(ParameterError, match=message):
        FitsCube(path=tmp_path, **params)


def test_extensions_without_an_instrument_and_what_the_resolved_pipeline_says_of_them(tmp_path):
    path = write(tmp_path / "c.fits", TIME=TIME, WAVE=WAVE, FLUX=FLUX)
    loader = FitsCube(path=path, data=None, flux="FLUX", time="TIME", wavelength="WAVE", instrument="NRS1")
    again = FitsCube(**loader.params.model_dump(mode="json"))  # every default stated, mask: MASK_* too
    assert again.load("c")["NRS1/0"].flux.shape == (4, 7)


def test_cubes_of_two_detectors_are_joined(tmp_path):
    for name in ("nrs1", "nrs2"):
        write(tmp_path / f"{name}_cube.fits", **standard())
    loader = FitsCube(path=tmp_path, pattern="{instrument}_cube.fits", target="WASP-39b")
    assert [path for path, _ in nodes(loader.load("WASP-39b"))] == ["nrs1/0", "nrs2/0"]
