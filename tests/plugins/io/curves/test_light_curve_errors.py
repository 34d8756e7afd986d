"""What people get wrong, and what they are told: file, column, line, parameter and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.errors import InputFileError, ParameterError
from specframe_io import LightCurves

TIME = 2459787.0 + np.arange(30) / 200.0
COLUMNS = {"time": "BJD", "flux": "F_sci", "flux_error": "e_F", "wavelength": "wave"}


def text(time=TIME, flux=1.0, error=0.001, wave=1.4, airmass=1.2, header="# BJD F_sci e_F wave Airm\n"):
    columns = (np.broadcast_to(column, np.shape(time)) for column in (time, flux, error, wave, airmass))
    return header + "".join(" ".join(map(repr, map(float, row))) + "\n" for row in zip(*columns, strict=True))


@pytest.fixture
def load(tmp_path):
    """Return a function that loads files of the given contents, by name."""

    def load(files=None, path=tmp_path, **params):
        for name, content in (files or {"a.txt": text()}).items():
            (tmp_path / name).write_text(content)
        loader = LightCurves(path=path, **{"pattern": "*.txt", "columns": COLUMNS, "time": "BJD_TDB"} | params)
        return [loader.load(target) for target in loader.targets()]

    return load


def test_the_case_that_is_right(load):
    (observation,) = load()
    assert observation["light-curves/0"].sizes == {"wavelength": 1, "time": 30}


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("flux", 9, r"a.txt: columns.flux is 9, but there are 5 columns, 0 to 4"),
        ("flux", -6, r"a.txt: columns.flux is -6, but there are 5 columns"),
        ("flux", "f_sci", r"a.txt: columns.flux: has no 'f_sci' .*did you mean 'F_sci'"),
        ("flux_error", "e_FS", r"a.txt: columns.flux_error: has no 'e_FS' .*did you mean 'e_F'"),
        ("flux", "flux_*", r"a.txt: has no 'flux_\*' "),
        (
            "wavelength",
            "BJD",
            r"split the 30 lines into 30 light curves, .*line 2\) has 1 samples: is a column the wrong",
        ),
        ("visit", "BJD", r"columns.visit, columns.wavelength split the 30 lines into 30 light curves"),
        ("time", "Airm", r"columns.time \('Airm'\): the numbers are 1.2 to 1.2, .* no dates .*is it the right column"),
        ("mask", "F_sci", r"every sample is masked: 100% by columns.mask"),
    ],
)
def test_wrong_columns(load, column, value, message):
    with pytest.raises(InputFileError, match=message):
        load(columns=COLUMNS | {column: value})


def test_names_without_a_wavelength(load):
    columns = {"time": "BJD", "flux": "F_{wavelength}"}
    with pytest.raises(InputFileError, match=r"columns.flux: no column is called 'F_\{wavelength\}' with a number"):
        load(columns=columns)


def test_columns_without_names_are_given_by_number(load):
    with pytest.raises(InputFileError, match=r"columns.time is 'BJD', but the columns have no names: .* 0 to 4"):
        load({"a.txt": text(header="")})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"time": "BMJD_TDB"}, r"columns.time \('BJD'\): .* no dates of our time .*they look like BJD_TDB"),
        ({"time": "BJD_TBD"}, r"expected a time system such as BJD_TDB.* got 'BJD_TBD'"),
        ({"time": "um"}, r"expected a time system such as BJD_TDB.* got 'um'"),
        ({"time": {"units": "um"}}, r"time.units is 'um', expected a unit of time"),
        ({"wavelength": {"units": "nm"}}, r"channels are from 0.0014 to 0.0014 um, .*wavelength: \{units: nm\}"),
        ({"wavelength": {"units": "s"}}, r"wavelengths are in 's', expected a unit of length"),
        ({"wavelength": 1.4}, r"the files tell the wavelengths, and wavelength does, too: keep one"),
        ({"wavelength": {"edges": [2.0, 3.0]}}, r"no edges of wavelength enclose the channel at 1.4 um"),
        ({"bands": {"TESS": [0.6, 1.0]}}, r"bands names 'TESS', but there are 'light-curves'"),
        ({"instruments": ["TESS"]}, r"instruments names 'TESS', but there are 'light-curves'"),
        ({"exposure_time": {"TESS": 20}}, r"exposure_time names 'TESS', but there are 'light-curves'"),
        ({"flux_units": "apples"}, r"flux_units: expected a unit convertible to .*got 'apples'; or 'mag'"),
        ({"channels": {"index": [0, 2]}}, r"channels.index is \[0, 2\], but there are 1 channels"),
        ({"channels": {"wavelength": [2, 3]}}, r"no channel is from 2 to 3 um .*from 1.4 to 1.4 um"),
        ({"regressors": {"airmass": "airm"}}, r"regressors.airmass: has no 'airm' .*did you mean 'Airm'"),
        ({"pattern": "*.dat"}, r"holds no file '\*.dat'; see the parameter pattern"),
        ({"pattern": "{wavelength}.txt", "columns": {"time": 0, "flux": 1}}, r"no file has a name as pattern .*a.txt"),
    ],
)
def test_wrong_parameters_that_only_the_data_tell(load, params, message):
    with pytest.raises(InputFileError, match=message):
        load(**params)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"time": "phase"}, "time: phase needs the period"),
        ({"pattern": "{wave}.txt"}, r"pattern has \{wave\}; in braces are target, instrument, visit, wavelength"),
        ({"pattern": "{wavelength}.txt"}, "wavelengths are given by two of"),
        ({"target": "a", "pattern": "{target}/*"}, "keep one"),
        ({"columns": COLUMNS | {"variance": 2}}, "give flux_error or variance, not both"),
        ({"columns": {"reference_flux_error": 2}}, "reference_flux_error needs reference_flux"),
        ({"columns": {"error": 2}}, "columns.error: Extra inputs"),
        ({"columns": {"wavelength_lower": 2}}, "give wavelength_lower and wavelength_upper, or neither"),
        ({"wavelength": {"lower": 2}}, "give lower and upper, or neither"),
        ({"wavelength": {"wavelength": 2}}, "a table needs path"),
        ({"wavelength": {"width": 0.1, "edges": [1, 2]}}, "only one of them"),
        ({"limb_darkening": [0.1, 0.2, 0.3]}, "expected 2 coefficients .* or 4"),
        ({"limb_darkening": [0.1, 0.2], "limb_darkening_white": [0.1, 0.2, 0.3, 0.4]}, "follow different laws"),
        ({"regressors": {"flux": "Airm"}}, "a regressor cannot be called 'flux'"),
        ({"exposure_time": "103 m"}, "'m' .length. and 's' .time. are not convertible"),
        ({"system": {"eccentricity": 1.0}}, "less than 1"),
    ],
)
def test_wrong_parameters(load, params, message):
    with pytest.raises(ParameterError, match=message):
        load(**params)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"a.txt: is empty"),
        (text().replace(" 1.4 1.2\n", "\n", 1), r"a.txt: line 3 has 5 fields, but line 2 has 3"),
        (text().replace("0.001", "?", 1), r"a.txt: 'e_F', line 2: expected a number, got '\?'"),
        (
            text(time=np.where(TIME[4] == TIME, np.nan, TIME)),
            r"columns.time .'BJD'.: 1 of 30 have no time, first line 6",
        ),
        (
            text(time=TIME[::-1]),
            r"a.txt: times must ascend, .*line 2 and line 3; 29 steps back in all.; write sort: true",
        ),
        (text(time=np.sort(np.append(TIME, TIME[9]))), r"two samples are at the time .*line 11 and line 12"),
        (text(flux=np.nan), r"columns.flux: every sample is masked: .*100% without a finite flux"),
        (text(error=0.0), r"every sample is masked: .*100% without an error above 0 .columns.flux_error"),
        (text(wave=-1.4), r"wavelength of channel 0 is -1.4, expected it above 0"),
        (text(airmass=np.nan), r"regressors.airmass has no number at all"),
        (text(time=TIME[:2]), r"has 2 samples, expected at least 3"),
    ],
)
def test_wrong_files(load, content, message):
    with pytest.raises(InputFileError, match=message):
        load({"a.txt": content}, regressors={"airmass": "Airm"})


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (text(TIME[:-4], wave=1.5), r"b.txt: a light curve has 26 samples, another has 30 in .*a.txt; .*ends after 26"),
        (text(TIME + (np.arange(30) == 7) / 1000, wave=1.5), r"b.txt: .*first at line 9: 2459787.036, .*line 9"),
        (text(wave=1.4), r"two channels are at 1.4 um"),
        (text(flux=np.nan, wave=1.5), r"1 of 2 channels have no usable sample, the first at 1.5 um; .*leave-out"),
    ],
)
def test_channels_that_do_not_belong_together(load, other, message):
    with pytest.raises(InputFileError, match=message):
        load({"a.txt": text(), "b.txt": other})


def test_empty_channels_may_be_left_out(load):
    files = {"a.txt": text(), "b.txt": text(flux=np.nan, wave=1.3), "c.txt": text(wave=1.2)}
    (observation,) = load(files, empty_channels="leave-out", limb_darkening=[0.3, 0.1])
    assert observation["light-curves/0"].wavelength.values.tolist() == [1.2, 1.4]
    assert observation["light-curves/0"].limb_darkening.shape == (2, 2)


@pytest.mark.parametrize(
    ("columns", "wavelength", "message"),
    [
        ({"flux": "flux"}, None, r"nobody says where the 3 channels of light-curves are; give columns.wavelength"),
        ({"flux": "flux"}, [1.0, 2.0], r"wavelength gives 2 wavelengths, but the light curves have 3 channels"),
        ({"flux": "flux"}, {"edges": [1.0, 2.0, 3.0]}, r"there are edges of 2 channels, but the light curves have 3"),
        ({"flux": "flux"}, [5200.0, 5400.0, 5600.0], r"channels are from 5200 to 5600 um"),
        ({"flux": "one"}, None, r"nobody says where the one channel of light-curves is; write wavelength: 1.4"),
        (
            {"flux": "flux", "wavelength": "one"},
            None,
            r"columns.wavelength \('one'\) has shape \(30,\); expected \(3,\)",
        ),
        ({"flux": "flux", "flux_error": "short"}, [1.0, 2.0, 3.0], r"flux_error .*\(7,\), but there are 30 times"),
        ({"flux": "one", "time": "flux"}, 1.0, r"columns.time \('flux'\) has shape \(3, 30\), expected a column"),
        ({"flux": "objects"}, 1.0, r"'objects' holds Python objects, which are not read"),
        ({"flux": "one", "time": "single"}, 1.0, r"columns.time .*float32 resolves such dates to 21600 s only"),
    ],
)
def test_wrong_arrays(tmp_path, columns, wavelength, message):
    objects = np.array([{"a": 1}], object)
    arrays = {"flux": np.ones((3, 30)), "one": np.ones(30), "short": np.ones(7), "single": TIME.astype("f4")}
    np.savez(tmp_path / "a.npz", allow_pickle=True, time=TIME, objects=objects, **arrays)
    with pytest.raises(InputFileError, match=message):
        LightCurves(path=tmp_path / "a.npz", columns=columns, wavelength=wavelength, time="BJD_TDB").load("a")


@pytest.mark.parametrize(
    ("table", "given", "message"),
    [
        (
            "1 1.2 0.3 0.1\n",
            {"lower": 0, "upper": 1},
            r"no line of limb_darkening has the channel at 1.4 um .*1 to 1.2",
        ),
        ("1300 1500 0.3 0.1\n", {"lower": 0, "upper": 1}, r".* they are from 1300 to 1500 um: are lower, upper and"),
        ("1 1 0.3 0.1\n1.1 1 0.3 0.1\n", {"wavelength": 0}, r"no line of limb_darkening is near .* 1.4 um"),
        ("1 1 0.3 0.1\n1.1 1 0.3 0.1\n", {}, r"limb_darkening has 2 lines for 1 channels; say which is whose"),
        ("1 1 0.3 nan\n", {}, r"limb_darkening.columns \('3'\), line 1: is not a finite number"),
        ("1 1 0.3\n", {}, r"limb_darkening.columns is 3, but there are 3 columns"),
    ],
)
def test_wrong_tables_of_limb_darkening(load, tmp_path, table, given, message):
    (tmp_path / "ld.dat").write_text(table)
    with pytest.raises(InputFileError, match=r"ld.dat: " + message):
        load(limb_darkening={"path": tmp_path / "ld.dat", "columns": [2, 3], **given})


def test_white_limb_darkening_has_one_line(load, tmp_path):
    (tmp_path / "ld.dat").write_text("0.3 0.1\n0.4 0.1\n")
    with pytest.raises(InputFileError, match=r"ld.dat: limb_darkening_white: expected one line.*got 2"):
        load(limb_darkening_white={"path": tmp_path / "ld.dat", "columns": [0, 1]})


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("2459800.0 1 A\n2459801.0 1 A\n", r"no line of instrument 'light-curves'; there: A"),
        ("2459800.0 1 light-curves\n2459801.0 2 light-curves\n", r"no line at 30 of 30 times .*nearest 2459800"),
        ("59800.0 1 light-curves\n59801.0 2 light-curves\n", r"regressor_file.time .*they look like BMJD_TDB"),
    ],
)
def test_wrong_files_of_regressors(load, tmp_path, lines, message):
    (tmp_path / "lm.dat").write_text(lines)
    with pytest.raises(InputFileError, match=r"lm.dat: .*" + message):
        load(regressor_file={"path": tmp_path / "lm.dat", "columns": {"x": 1}, "instrument": -1})


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.mat", "unknown format '.mat'"), ("a.zip", "unpack it first"), ("a.fits", "not a whole FITS")],
)
def test_formats_that_are_not_read(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"something")
    with pytest.raises(InputFileError, match=message):
        LightCurves(path=tmp_path / name).load("a")
