"""Published spectra in tables: the real ones against a reading by hand, and the layouts of archives and pipelines."""

from __future__ import annotations

import csv

import h5py
import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable

from specframe.api import nodes, validate_observation
from specframe.errors import InputFileError, ParameterError
from specframe_io import SpectrumTable
from specframe_io.spectrum_table.layout import guess_columns

#: Channels of each file of WASP-39b.
WASP39B = {
    "NIRCam_F322W2": 550,
    "NIRISS_Order1": 808,
    "NIRISS_Order2": 220,
    "NIRSpec_G395H_NRS1": 488,
    "NIRSpec_G395H_NRS2": 675,
    "NIRSpec_PRISM": 147,
}


def load(path, **params):
    loader = SpectrumTable(path=path, **params)
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "test", ("depths",))
    return observation, dict(nodes(observation))


def one(path, **params):
    (data,) = load(path, **params)[1].values()
    return data


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_who_published_it_is_kept(data_dir):
    path = data_dir / "hst_wasp107b" / "published_spectrum.csv"
    assert load(path, reference="Kreidberg et al. (2018)")[0].attrs["reference"] == "Kreidberg et al. (2018)"
    assert "reference" not in load(path)[0].attrs


def test_real_spectra_of_wasp39b_are_one_target(data_dir):
    observation, found = load(data_dir / "jwst_wasp39b", target="WASP-39b", instruments={"NIRSpec_PRISM": "PRISM"})
    assert observation.attrs["target"] == "WASP-39b"
    names = {name.replace("NIRSpec_PRISM", "PRISM"): n for name, n in WASP39B.items()}
    assert {path.removesuffix("/0"): data.sizes["wavelength"] for path, data in found.items()} == names
    for name in ("NIRISS_Order1", "NIRSpec_G395H_NRS2"):
        with (data_dir / "jwst_wasp39b" / f"{name}.csv").open() as file:
            rows = sorted(csv.DictReader(file), key=lambda row: float(row["wave"]))
        columns = ("wave", "wave_low", "wave_hig", "rp/rs", "rp/rs_err_low", "rp/rs_err_hih")
        wave, low, high, ratio, down, up = (np.array([float(row[name]) for row in rows]) for name in columns)
        data = found[f"{name}/0"]
        np.testing.assert_array_equal(data.wavelength, wave)
        np.testing.assert_array_equal(data.wavelength_lower, low)
        np.testing.assert_array_equal(data.wavelength_upper, high)
        np.testing.assert_allclose(data.depth, ratio**2, rtol=1e-14)
        np.testing.assert_allclose(data.depth_error_lower, ratio**2 - (ratio - down) ** 2, rtol=1e-9)
        np.testing.assert_allclose(data.depth_error_upper, (ratio + up) ** 2 - ratio**2, rtol=1e-9)
        # to first order 2 r sigma; the rest is sigma^2, less than 4 % of the errors here
        np.testing.assert_allclose(data.depth_error, ratio * (down + up), rtol=0.04)
        assert data.attrs["quantity"] == "transit depth (Rp/R*)^2"
    # the transit depth of WASP-39b is 2.1 % in every mode (Rustamkulov et al. 2023, Nature 614, 659)
    assert all(0.0208 < float(data.depth.median()) < 0.0216 for data in found.values())


def test_real_spectrum_of_wasp107b(data_dir):
    path = data_dir / "hst_wasp107b" / "published_spectrum.csv"
    data = one(path, target="WASP-107b", instruments={"published_spectrum": "WFC3-G141"})
    raw = np.genfromtxt(path, delimiter=",", names=True)
    np.testing.assert_allclose(data.wavelength, (raw["wavelength_lower_um"] + raw["wavelength_upper_um"]) / 2)
    np.testing.assert_array_equal(data.depth, raw["transit_depth"])
    np.testing.assert_array_equal(data.depth_error, raw["transit_depth_error"])
    assert "depth_error_lower" not in data
    assert (float(data.depth.median()), data.sizes["wavelength"]) == (pytest.approx(0.0206505), 20)


def test_real_spectrum_of_eureka(data_dir):
    path = data_dir / "jwst_wasp39b" / "Eureka!-wasp-39b-spectrum.h5"
    data = one(path)
    with h5py.File(path) as file:
        raw = {name: file[name][()] for name in file}
    np.testing.assert_allclose(data.depth, raw["dppm"] * 1e-6, rtol=1e-14)
    np.testing.assert_allclose(data.depth_error, raw["dppm_error"] * 1e-6, rtol=1e-14)
    np.testing.assert_allclose(data.wavelength_upper - data.wavelength_lower, 2 * raw["wavelength_error"], rtol=1e-12)


def test_our_own_tables_split_by_instrument(tmp_path):
    """As spectra/<target>.ecsv of a run: two instruments that overlap, asymmetric errors, flags."""
    table = QTable(
        {
            "output": ["a", "b", "c"],
            "wavelength": [1.0, 2.0, 2.0] * u.um,
            "wavelength_lower": [0.5, 1.5, 1.9] * u.um,
            "wavelength_upper": [1.5, 2.5, 2.1] * u.um,
            "instrument": ["SOSS", "SOSS", "PRISM"],
            "depth": [0.01, 0.011, 0.012] * u.dimensionless_unscaled,
            "depth_error": [1e-4, 2e-4, 3e-4] * u.dimensionless_unscaled,
            "depth_error_lower": [0.9e-4, 2e-4, 3e-4] * u.dimensionless_unscaled,
            "depth_error_upper": [1.1e-4, 2e-4, 3e-4] * u.dimensionless_unscaled,
            "flags": ["", "", "saturated"],
        },
        meta={"target": "HAT-P-18b", "quantity": "eclipse depth Fp/F*"},
    )
    table.write(tmp_path / "x.ecsv", format="ascii.ecsv")
    observation, found = load(tmp_path, pattern="*.ecsv")
    assert observation.attrs["target"] == "HAT-P-18b"
    assert list(found) == ["SOSS/0", "PRISM/0"]
    assert found["SOSS/0"].depth.values.tolist() == [0.01, 0.011]
    np.testing.assert_allclose(found["SOSS/0"].depth_error_lower, [0.9e-4, 2e-4])
    np.testing.assert_allclose(found["SOSS/0"].depth_error, [1e-4, 2e-4])
    assert found["PRISM/0"].attrs["quantity"] == "eclipse depth Fp/F*"


#: As the NASA Exoplanet Archive writes spectra: depths in per cent, the lower error negative, one channel empty.
IPAC = r"""\SPEC_TYPE = 'Transmission'
\PL_NAME   = 'WASP-96 b'
\FACILITY  = 'JWST'
\INSTRUMENT= 'NIRISS SOSS'
|CENTRALWAVELNG|BANDWIDTH|PL_TRANDEP|PL_TRANDEPERR1|PL_TRANDEPERR2|PL_RATROR|
|        double|   double|    double|        double|        double|   double|
|       microns|  microns|         %|             %|             %|         |
|          null|     null|      null|          null|          null|     null|
         1.1500    0.0500     1.4312         0.0120        -0.0100      null
         1.2500    0.0500     1.4401         0.0110        -0.0110      null
         1.3500    0.0500       null           null           null      null
"""


def test_tables_of_the_nasa_exoplanet_archive(tmp_path):
    observation, found = load(write(tmp_path / "x.tbl", IPAC))
    assert observation.attrs["target"] == "WASP-96 b"
    data = found["NIRISS-SOSS/0"]
    np.testing.assert_allclose(data.depth, [0.014312, 0.014401, np.nan])
    np.testing.assert_allclose(data.depth_error_upper, [1.2e-4, 1.1e-4, np.nan])
    np.testing.assert_allclose(data.depth_error_lower, [1.0e-4, 1.1e-4, np.nan])
    np.testing.assert_allclose(data.depth_error, [1.1e-4, 1.1e-4, np.nan])
    np.testing.assert_allclose(data.wavelength_lower, [1.125, 1.225, 1.325])


def test_an_archive_table_with_radius_ratios_alone(tmp_path):
    text = IPAC.replace("PL_TRANDEP|", "PL_NOTHING|").replace("PL_RATROR|", "PL_RADJ  |")
    text = text.replace("PL_NOTHING|PL_TRANDEPERR1|PL_TRANDEPERR2", " PL_RATROR|PL_RATRORERR1 |PL_RATRORERR2 ")
    text = text.replace("         %|             %|             %", "          |              |              ")
    text = text.replace("1.4312         0.0120        -0.0100", "0.1196         0.0005        -0.0004")
    text = text.replace("1.4401         0.0110        -0.0110", "0.1200         0.0005        -0.0005")
    data = one(write(tmp_path / "x.tbl", text))
    np.testing.assert_allclose(data.depth, [0.1196**2, 0.12**2, np.nan])
    np.testing.assert_allclose(data.depth_error_lower[0], 0.1196**2 - 0.1192**2)


def test_eclipse_depths_are_told_by_the_name(tmp_path):
    path = write(tmp_path / "a.csv", "wavelength,fpfs_ppm,fpfs_err_ppm\n5.0,250,30\n6.0,300,40\n")
    data = one(path)
    np.testing.assert_allclose(data.depth, [250e-6, 300e-6])
    assert data.attrs["quantity"] == "eclipse depth Fp/F*"
    assert one(path, quantity="transit").attrs["quantity"] == "transit depth (Rp/R*)^2"


def test_columns_without_names(tmp_path):
    """Middle and half width in um, depth and error, as many retrieval codes read spectra."""
    path = write(tmp_path / "a.dat", "# spectrum\n1.2 0.1 0.0101 0.0001\n1.0 0.1 0.0100 0.0002\n")
    columns = {"wavelength": "0", "half_width": "1", "depth": "2", "error": "3"}
    data = one(path, columns=columns)
    np.testing.assert_allclose(data.wavelength, [1.0, 1.2])
    np.testing.assert_allclose(data.depth, [0.0100, 0.0101])
    np.testing.assert_allclose(data.depth_error, [2e-4, 1e-4])
    np.testing.assert_allclose(data.wavelength_lower, [0.9, 1.1])
    with pytest.raises(
        InputFileError, match=r"columns '0', '1', '2', '3' do not tell wavelength and depth; write e.g."
    ):
        one(path)


@pytest.mark.parametrize(
    ("depth_units", "values"), [("ppm", "14312,120"), ("percent", "1.4312,0.012"), ("", "0.014312,0.00012")]
)
def test_units_of_depth(tmp_path, depth_units, values):
    path = write(tmp_path / "a.csv", f"wavelength_nm,depth,depth_error\n1500,{values}\n")
    data = one(path, depth_units=depth_units)
    np.testing.assert_allclose(data.depth, 0.014312)
    np.testing.assert_allclose(data.depth_error, 1.2e-4)
    np.testing.assert_allclose(data.wavelength, 1.5)


def test_symmetric_errors_of_a_radius_ratio(tmp_path):
    data = one(write(tmp_path / "a.csv", "wave,Rp/R*,Rp/R*_err\n1.5,0.12,0.001\n"))
    np.testing.assert_allclose(data.depth, 0.0144)
    np.testing.assert_allclose(data.depth_error, 2 * 0.12 * 0.001)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # Eureka! stage 6, exoTEDRF stage 4, and what many write by hand
        (
            ["wavelength", "bin_width", "rp^2_value", "rp^2_errorneg", "rp^2_errorpos"],
            {
                "width": "bin_width",
                "depth": "rp^2_value",
                "error_lower": "rp^2_errorneg",
                "error_upper": "rp^2_errorpos",
            },
        ),
        (["wave", "wave_err", "dppm", "dppm_err"], {"half_width": "wave_err", "depth": "dppm", "error": "dppm_err"}),
        (["Wavelength (um)", "Depth (ppm)", "Error"], {"depth": "Depth (ppm)", "error": "Error"}),
        (["wl_low", "wl_high", "RpRs", "RpRs_err"], {"radius_ratio": "RpRs", "error": "RpRs_err"}),
        # machine-readable tables of the AAS journals
        (
            ["b_Wave", "Wave", "B_Wave", "Depth", "e_Depth", "E_Depth"],
            {
                "wavelength_lower": "b_Wave",
                "wavelength_upper": "B_Wave",
                "error": None,
                "error_lower": "e_Depth",
                "error_upper": "E_Depth",
            },
        ),
        (["Wave", "Depth", "e_Depth"], {"error": "e_Depth", "error_lower": None}),
    ],
)
def test_layouts_that_are_known(names, expected):
    found = guess_columns(names)
    assert {name: getattr(found, name) for name in expected} == expected


def test_two_files_of_one_instrument_are_visits(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.tbl", IPAC)
    assert list(load(tmp_path, pattern="*.tbl")[1]) == ["NIRISS-SOSS/0", "NIRISS-SOSS/1"]


def test_targets(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.csv", "wavelength,depth\n1.0,0.01\n")
    assert SpectrumTable(path=tmp_path).targets() == [tmp_path.name]
    assert SpectrumTable(path=tmp_path, target="{stem}").targets() == ["a", "b"]
    assert SpectrumTable(path=tmp_path / "a.csv").targets() == ["a"]
    data = one(tmp_path / "a.csv")
    assert np.isnan(data.depth_error).all()
    assert data.depth_error.attrs["comment"] == "unknown: the table has no errors"


HEAD = "wavelength,wave_low,wave_hi,depth,depth_err\n"


@pytest.mark.parametrize(
    ("text", "params", "message"),
    [
        ("time,flux\n1,2\n", {}, "columns 'time', 'flux' do not tell wavelength and depth; write e.g. columns:"),
        (HEAD + "1,0.9,1.1,14000,100\n", {}, "column 'depth': has no units, and 14000 is hardly a fraction; write"),
        (HEAD + "1000,900,1100,0.01,1e-4\n", {}, "'wavelength': expected wavelengths of 0.05 to 100 um, got 1000 to"),
        (HEAD + "1,1.2,1.4,0.01,1e-4\n", {}, "'wavelength': row 1: 1 um is not between its edges 1.2 and 1.4 um"),
        (HEAD + "1,0.9,1.1,0.01,1e-4\n" * 2, {}, "'wavelength': two channels are at 1 um; if they are of different"),
        (
            HEAD + "1,0.9,1.1,0.01,1e-4\n",
            {"depth_units": "mag"},
            "'depth': expected units '', ppm or percent, got 'mag'",
        ),
        (HEAD + "1,0.9,1.1,0.01,1e-4\n", {"wavelength_units": "s"}, "expected units convertible to 'um', got 's'"),
        (HEAD + "1,0.9,1.1,x,1e-4\n", {}, "'depth', row 1: expected a number, got 'x'"),
        (HEAD + "1,0.9,1.1,0.01,1e-4\n2,1.9", {}, "row 2 has 2 of 5 fields: the file may be cut off"),
        (HEAD + "1,0.9,1.1,,\n", {"columns": {"wavelength": "wavelength", "depth": "depth"}}, "no channel has a value"),
        (HEAD + "1,0.9,1.1,0.01,1e-4\n", {"columns": {"wavelength": "w", "depth": "depth"}}, "has no 'w' .there: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, params, message):
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(InputFileError, match=message) as error:
        one(path, **params)
    assert str(path) in str(error.value)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "a.pkl"
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(InputFileError, match="pickled Python objects"):
        SpectrumTable(path=path).load("a")
    (tmp_path / "b.mat").write_bytes(b"MATLAB")
    with pytest.raises(InputFileError, match=r"unknown format '.mat'"):
        SpectrumTable(path=tmp_path / "b.mat").load("b")
    with pytest.raises(InputFileError, match="its last line has no end: the file may be cut off"):
        SpectrumTable(path=write(tmp_path / "c.tbl", IPAC[:-60])).targets()
    with pytest.raises(InputFileError, match="column 'depth': no channel has a value"):
        SpectrumTable(path=write(tmp_path / "d.tbl", "|wavelength|depth|\n 1.0\n")).targets()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"wavelength": "w"}, "give depth or radius_ratio"),
        ({"wavelength": "w", "depth": "d", "radius_ratio": "r"}, "give depth or radius_ratio"),
        ({"wavelength_lower": "l", "depth": "d"}, "give wavelength, or wavelength_lower and wavelength_upper"),
        ({"wavelength": "w", "depth": "d", "error_lower": "e"}, "give error_lower and error_upper, or neither"),
    ],
)
def test_columns_that_cannot_be(tmp_path, columns, message):
    with pytest.raises(ParameterError, match=message):
        SpectrumTable(path=tmp_path, columns=columns)
