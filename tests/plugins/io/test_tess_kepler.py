"""Light-curve files of TESS, Kepler, K2 and QLP, written with the columns and keywords of the archive's files.

TESS Science Data Products Description Document (EXP-TESS-ARC-ICD-0014), Kepler Archive Manual (KDMC-10008) and the
product description of QLP (hlsp_qlp_tess_ffi).
"""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from specframe.api import nodes, validate_observation
from specframe.errors import InputFileError, ParameterError
from specframe_io import TessKepler
from specframe_io.tess_kepler.missions import MISSIONS

N = 30


def column(name, code, values, unit=None):
    return fits.Column(name, code, unit=unit, array=np.asarray(values))


def write(path, columns, primary, header, name="LIGHTCURVE"):
    table = fits.BinTableHDU.from_columns(columns, name=name)
    table.header.update(header)
    aperture = fits.ImageHDU(np.ones((11, 11), np.int32), name="APERTURE")
    fits.HDUList([fits.PrimaryHDU(header=fits.Header(primary)), table, aperture]).writeto(path, overwrite=True)
    return path


def spoc(directory, sector=1, tic=25_155_310, fast=False, **changes):
    """Write a 2-minute (20 s) light curve of SPOC."""
    rng = np.random.default_rng(sector)
    time = 1_325.3 + 27.4 * (sector - 1) + np.arange(N) / (4320 if fast else 720)
    time[5] = np.nan
    flux = rng.normal(12_000.0, 8.0, N)
    flux[8] = np.nan
    quality = np.zeros(N, np.int32)
    quality[[10, 11, 12]] = [128, 2048, 512]  # manual exclude, stray light, impulsive outlier
    columns = [
        column("TIME", "D", time, "BJD - 2457000, days"),
        column("TIMECORR", "E", np.zeros(N), "d"),
        column("CADENCENO", "J", 70_444 + np.arange(N)),
        column("SAP_FLUX", "E", flux - 300.0, "e-/s"),
        column("SAP_FLUX_ERR", "E", np.full(N, 7.0), "e-/s"),
        column("SAP_BKG", "E", np.full(N, 1_100.0), "e-/s"),
        column("SAP_BKG_ERR", "E", np.full(N, 2.0), "e-/s"),
        column("PDCSAP_FLUX", "E", flux, "e-/s"),
        column("PDCSAP_FLUX_ERR", "E", np.full(N, 8.0), "e-/s"),
        column("QUALITY", "J", quality),
        column("PSF_CENTR1", "D", np.full(N, np.nan), "pixel"),
        column("PSF_CENTR2", "D", np.full(N, np.nan), "pixel"),
        column("MOM_CENTR1", "D", 198.0 + np.arange(N) / 1e3, "pixel"),
        column("MOM_CENTR2", "D", 301.0 - np.arange(N) / 1e3, "pixel"),
        column("POS_CORR1", "E", np.arange(N) / 1e4, "pixel"),
        column("POS_CORR2", "E", np.arange(N) / 2e4, "pixel"),
    ]
    primary = {"TELESCOP": "TESS", "INSTRUME": "TESS Photometer", "OBJECT": f"TIC {tic}", "TICID": tic}
    primary |= {"SECTOR": sector, "CAMERA": 4, "CCD": 1, "RA_OBJ": 63.3739, "DEC_OBJ": -69.2268, "TESSMAG": 10.1}
    primary |= {"TEFF": 5745.97, "LOGG": 4.3, "RADIUS": 1.22, "ORIGIN": "NASA/Ames"}
    header = {"EXPOSURE": 20.1, "TIMEREF": "SOLARSYSTEM", "TIMESYS": "TDB", "BJDREFI": 2_457_000, "BJDREFF": 0.0}
    header |= {"TIMEUNIT": "d", "INT_TIME": 1.98, "READTIME": 0.02, "FRAMETIM": 2.0, "NUM_FRM": 10 if fast else 60}
    header |= {"TIMEDEL": 20 / 86_400 if fast else 120 / 86_400}
    for name, values in changes.items():
        columns = [c for c in columns if c.name != name] + (
            [] if values is None else [column(name, "D", values, "e-/s" if "FLUX" in name else None)]
        )
    kind = "fast-lc" if fast else "lc"
    return write(directory / f"tess2018-s{sector:04d}-{tic:016d}-0120-s_{kind}.fits", columns, primary, header)


def kepler(directory, quarter=1, mission="Kepler", start=131.5, cadence="llc"):
    rng = np.random.default_rng(quarter)
    quality = np.zeros(N, np.int32)
    quality[[3, 4, 5]] = [1 << 15, 1 << 7, 1 << 20]  # no fine point, cosmic ray, thruster firing
    columns = [
        column("TIME", "D", start + np.arange(N) / 48.9, "BJD - 2454833"),
        column("CADENCENO", "J", 1_105 + np.arange(N)),
        column("SAP_FLUX", "E", rng.normal(5e4, 5.0, N), "e-/s"),
        column("SAP_FLUX_ERR", "E", np.full(N, 5.0), "e-/s"),
        column("SAP_BKG", "E", np.full(N, 900.0), "e-/s"),
        column("PDCSAP_FLUX", "E", rng.normal(5.1e4, 5.0, N), "e-/s"),
        column("PDCSAP_FLUX_ERR", "E", np.full(N, 5.0), "e-/s"),
        column("SAP_QUALITY", "J", quality),
        column("MOM_CENTR1", "D", np.full(N, 500.1), "pixel"),
    ]
    primary = {"TELESCOP": "Kepler", "OBJECT": "KIC 11446443", "KEPLERID": 11_446_443, "TEFF": 5850, "RADIUS": 0.95}
    primary |= {"CAMPAIGN": quarter, "MISSION": "K2"} if mission == "K2" else {"QUARTER": quarter, "MISSION": mission}
    header = {"TIMESYS": "TDB", "BJDREFI": 2_454_833, "BJDREFF": 0.0, "INT_TIME": 6.019802903270}
    header |= {"READTIME": 0.518948526144, "FRAMETIM": 6.538751429414, "NUM_FRM": 270, "TIMEDEL": 0.020434}
    return write(directory / f"kplr011446443-{start:.2f}_{cadence}.fits", columns, primary, header)


def qlp(directory, sector=23):
    time = 1_930.1 + np.arange(N) / 48
    columns = [
        column("TIME", "D", time, "BJD-2457000, days"),
        column("CADENCENO", "J", np.arange(N)),
        column("SAP_FLUX", "E", np.full(N, 1.001)),
        column("KSPSAP_FLUX", "E", np.full(N, 0.999)),
        column("KSPSAP_FLUX_ERR", "E", np.full(N, 0.0005)),
        column("QUALITY", "J", np.zeros(N)),
        column("ORBITID", "J", np.full(N, 53)),
        column("SAP_X", "E", np.full(N, 101.2)),
        column("SAP_Y", "E", np.full(N, 55.5)),
        column("SAP_BKG", "E", np.full(N, 3.0)),
    ]
    primary = {"TELESCOP": "TESS", "OBJECT": "TIC 441420236", "TICID": 441_420_236, "SECTOR": sector}
    header = {"BJDREFI": 2_457_000, "BJDREFF": 0.0, "TIMEUNIT": "d"}
    name = f"hlsp_qlp_tess_ffi_s{sector:04d}-0000000441420236_tess_v01_llc.fits"
    return write(directory / name, columns, primary, header)


def load(path, **params):
    loader = TessKepler(path=path, **params)
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "test", ("light-curves",))
    return observation, dict(nodes(observation))


def test_sectors_of_a_star_are_visits(tmp_path):
    for sector in (2, 1):
        spoc(tmp_path, sector)
    observation, found = load(tmp_path)
    assert list(found) == ["TESS/1", "TESS/2"]
    star = {"stellar_temperature": 5745.97, "stellar_radius": 1.22, "stellar_log_g": 4.3}
    star |= {"right_ascension": 63.3739, "declination": -69.2268, "target": "TIC 25155310"}
    assert {name: observation.attrs[name] for name in star} == star
    for path, data in found.items():
        with fits.open(next(tmp_path.glob(f"*s000{path[-1]}*"))) as file:
            table = file[1].data
        known = np.isfinite(table["TIME"])
        assert data.sizes == {"wavelength": 1, "time": N - 1}
        assert data.attrs["dropped_cadences"] == 1
        np.testing.assert_array_equal(data.time, table["TIME"][known])
        np.testing.assert_array_equal(data.flux[0], table["PDCSAP_FLUX"][known])
        np.testing.assert_array_equal(data.flux_error[0], table["PDCSAP_FLUX_ERR"][known])
        assert data.flux.units == "electron / s"
        assert data.time.attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 2457000"}
        assert data.attrs["exposure_time"] == 120.0
        # row 5 has no time; 8 no flux, 10 is excluded by hand, 12 an impulsive outlier, 11 only has stray light
        assert np.flatnonzero(data.mask[0]).tolist() == [7, 9, 11]
        edges = [float(data[name][0]) for name in ("wavelength_lower", "wavelength", "wavelength_upper")]
        assert edges == [0.6, 0.7865, 1.0]


def test_centroids_motion_and_background_are_regressors(tmp_path):
    spoc(tmp_path)
    data = load(tmp_path)[1]["TESS/1"]
    found = {name for name in data.data_vars if data[name].attrs.get("role") == "regressor"}
    assert found == {"x", "y", "pos_corr_x", "pos_corr_y", "background"}  # PSF_CENTR has no numbers
    np.testing.assert_array_equal(data.x, np.delete(198.0 + np.arange(N) / 1e3, 5))
    assert (data.x.units, data.background.units) == ("pix", "electron / s")
    few = load(tmp_path, regressors=["pos_corr_x"])[1]["TESS/1"]
    assert list(few.filter_by_attrs(role="regressor")) == ["pos_corr_x"]
    with pytest.raises(InputFileError, match="has no regressor 'fwhm'; there: none of x, y, pos_corr_x"):
        load(tmp_path, regressors=["fwhm"])


@pytest.mark.parametrize(
    ("quality", "masked"),
    [("none", [7]), ("default", [7, 9, 11]), ("hard", [7, 9, 10, 11]), (2048, [7, 10]), (0, [7])],
)
def test_bits_of_quality(tmp_path, quality, masked):
    spoc(tmp_path)
    data = load(tmp_path, quality=quality)[1]["TESS/1"]
    assert np.flatnonzero(data.mask[0]).tolist() == masked


def test_the_sets_are_those_of_lightkurve():
    """Numbers that lightkurve 2.6 has as TessQualityFlags and KeplerQualityFlags."""
    assert MISSIONS["TESS"].sets == {"none": 0, "default": 17_087, "hard": 24_319, "hardest": 65_535}
    kepler_sets = {"none": 0, "default": 1_130_799, "hard": 1_664_431, "hardest": 2_096_639}
    assert MISSIONS["Kepler"].sets == MISSIONS["K2"].sets == kepler_sets


def test_other_columns(tmp_path):
    path = spoc(tmp_path)
    data = load(path, flux="sap_flux")[1]["TESS/1"]
    assert float(data.flux_error[0, 0]) == 7.0
    assert data.attrs["flux_column"] == "SAP_FLUX"
    with pytest.raises(InputFileError, match="column KSPSAP_FLUX: no such column; there: TIME, TIMECORR"):
        load(path, flux="KSPSAP_FLUX")


def test_kepler(tmp_path):
    observation, found = load(kepler(tmp_path))
    (where,), data = found, found["Kepler/1"]
    assert (where, observation.attrs["target"]) == ("Kepler/1", "KIC 11446443")
    assert data.time.attrs["time_reference"] == "JD 2454833"
    # 29.4244 minutes from the start of the first frame to the end of the last
    assert data.attrs["exposure_time"] == pytest.approx(60 * 29.4244, abs=0.01)
    assert np.flatnonzero(data.mask[0]).tolist() == [5]
    assert float(data.wavelength_lower[0]) == 0.42


def test_k2_and_months_of_a_quarter(tmp_path):
    assert list(load(kepler(tmp_path, 5, "K2"))[1]) == ["K2/5"]
    kepler(tmp_path, 5, "K2", start=200.0)
    assert list(load(tmp_path)[1]) == ["K2/5-1", "K2/5-2"]
    kepler(tmp_path, 5, "K2", start=200.1)
    with pytest.raises(InputFileError, match=r"is of the same time as .*_llc.fits .K2 5.; choose one of them"):
        load(tmp_path)


def test_two_cadences_of_a_sector_are_refused_unless_one_is_chosen(tmp_path):
    spoc(tmp_path)
    spoc(tmp_path, fast=True)
    with pytest.raises(InputFileError, match="with the parameter pattern"):
        load(tmp_path)
    assert load(tmp_path, pattern="*_fast-lc.fits")[1]["TESS/1"].attrs["exposure_time"] == 20.0


def test_qlp_has_the_flux_without_a_spline_by_default(tmp_path):
    data = load(qlp(tmp_path))[1]["TESS/23"]
    assert data.attrs["flux_column"] == "SAP_FLUX"
    np.testing.assert_allclose(data.flux, 1.001, rtol=1e-6)
    np.testing.assert_allclose(data.flux_error, 0.0005, rtol=1e-6)
    assert (data.flux.units, data.time.attrs["time_reference"]) == ("", "JD 2457000")
    assert "exposure_time" not in data.attrs
    other = load(tmp_path, flux="KSPSAP_FLUX", exposure_time="30 min", wavelength="700 nm")[1]["TESS/23"]
    assert other.attrs["exposure_time"] == 1800.0
    assert float(other.wavelength[0]) == pytest.approx(0.7)


def test_stars_are_targets_with_names_of_ones_own(tmp_path):
    spoc(tmp_path, 1)
    spoc(tmp_path, 1, tic=38_846_515)
    loader = TessKepler(path=tmp_path, names={"TIC 25155310": "WASP-126"}, targets=["WASP-126"])
    assert loader.targets() == ["WASP-126"]
    assert len(loader.files("WASP-126")) == 1
    assert TessKepler(path=tmp_path).targets() == ["TIC 25155310", "TIC 38846515"]


def sector_with_gap(path, tic=1):
    """Write 20 d at 2 minutes with a gap from day 9.9 to 10.5; transits of 1 % every 3 d from day 1.5."""
    time = np.arange(0.0, 20.0, 1 / 720)
    time = time[(time < 9.9) | (time > 10.5)]
    inside = np.abs((time - 1.5 + 1.5) % 3.0 - 1.5) < 0.05
    rng = np.random.default_rng(3)
    columns = [
        column("TIME", "D", 2_000.0 + time, "BJD - 2457000, days"),
        column("PDCSAP_FLUX", "E", (1.0 - 0.01 * inside) * rng.normal(1e4, 4.0, len(time)), "e-/s"),
        column("PDCSAP_FLUX_ERR", "E", np.full(len(time), 4.0), "e-/s"),
        column("QUALITY", "J", np.zeros(len(time))),
    ]
    primary = {"TELESCOP": "TESS", "OBJECT": f"TIC {tic}", "SECTOR": 30}
    return write(path, columns, primary, {"BJDREFI": 2_457_000, "BJDREFF": 0.0})


def test_each_transit_is_a_visit(tmp_path):
    path = sector_with_gap(tmp_path / "a_lc.fits")
    # a mid-transit two periods before the data: 2459000 is TIME 2000
    transits = {"mid_transit": 2_459_000.0 + 1.5 - 6.0, "period": "72 h", "window": "12 h"}
    _, found = load(path, transits=transits)
    # transit 5, at day 10.5, has no first half
    assert list(found) == [f"TESS/30-t{number}" for number in (2, 3, 4, 6, 7, 8)]
    for where, data in found.items():
        middle = 2_000.0 + 1.5 + 3.0 * (int(where[-1]) - 2)
        assert np.abs(data.time - middle).max() <= 0.25
        assert data.sizes["time"] == pytest.approx(360, abs=1)
        inside = np.abs(data.time - middle) < 0.045
        depth = 1.0 - float(
            data.flux[0][inside].mean() / data.flux[0][~inside & (np.abs(data.time - middle) > 0.06)].mean()
        )
        assert depth == pytest.approx(0.01, abs=1e-4)


def test_transits_outside_the_data(tmp_path):
    path = sector_with_gap(tmp_path / "a_lc.fits")
    with pytest.raises(InputFileError, match=r"no transit of TIC 1 is covered by the data: see mid_transit .BJD, TDB."):
        load(path, transits={"mid_transit": 2_459_100.0, "period": "300 d", "window": "12 h"})
    with pytest.raises(ParameterError, match=r"window .=5 d. is longer than the period .=3 d."):
        TessKepler(path=path, transits={"mid_transit": 2_459_100.0, "period": 3.0, "window": 5.0})
    with pytest.raises(ParameterError, match="mid_transit"):
        TessKepler(path=path, transits={"mid_transit": 2_001.5, "period": 3.0, "window": 0.5})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"TIME": None}, "LIGHTCURVE, column TIME: no such column; there: TIMECORR"),
        ({"PDCSAP_FLUX": None, "SAP_FLUX": None}, "column PDCSAP_FLUX or SAP_FLUX: no such column"),
        ({"TIME": np.full(N, np.nan)}, "column TIME: no cadence has a time"),
        ({"TIME": np.repeat(np.arange(N / 2), 2)}, "column TIME: times must ascend, but 0.0 at index 0 stands twice"),
        ({"PDCSAP_FLUX": np.full(N, np.nan)}, "column PDCSAP_FLUX: every sample is masked: 7% by QUALITY, bits 17087"),
        ({"PDCSAP_FLUX_ERR": np.zeros(N)}, "100% without an error above 0 .PDCSAP_FLUX_ERR"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, changes, message):
    path = spoc(tmp_path, **changes)
    with pytest.raises(InputFileError, match=message) as error:
        load(path)
    assert str(path) in str(error.value)


def test_damaged_and_other_files(tmp_path):
    path = spoc(tmp_path)
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(InputFileError, match="get it again"):
        TessKepler(path=path).targets()
    fits.PrimaryHDU(header=fits.Header({"TELESCOP": "JWST"})).writeto(path, overwrite=True)
    with pytest.raises(InputFileError, match="TELESCOP 'JWST', expected TESS, Kepler, K2"):
        TessKepler(path=path).targets()
    fits.PrimaryHDU(header=fits.Header({"TELESCOP": "TESS", "OBJECT": "TIC 1"})).writeto(path, overwrite=True)
    with pytest.raises(InputFileError, match="has no table LIGHTCURVE with rows"):
        TessKepler(path=path).load("TIC 1")
    with pytest.raises(ParameterError, match="quality"):
        TessKepler(path=path, quality="soft")
