"""The loader of JWST's extracted spectra, on files in both layouts as the pipeline's documentation describes them."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from specframe.api.observation import validate_observation
from specframe.errors import DataError, InputFileError
from specframe_io import JwstX1dints

N_CHANNEL, EXPOSURE = 5, "jw01366004001_04101_00001"
WAVE = np.linspace(2.8, 0.8, N_CHANNEL)  # descending, as of SOSS


def truth(order, number):
    """Flux of each channel, made of numbers that tell order, integration and channel apart."""
    return 100.0 * order + np.asarray(number, float)[:, None] + np.arange(N_CHANNEL) / 10


def middle(number):
    return 59_787.0 + np.asarray(number) / 100, 59_787.004 + np.asarray(number) / 100


def column(name, values, unit=None):
    values = np.asarray(values)
    code = {"f": "D", "u": "J", "i": "J"}[values.dtype.kind]
    length = str(values.shape[1]) if values.ndim == 2 else ""
    bzero = 2**31 if values.dtype.kind == "u" else None
    return fits.Column(name, f"{length}{code}", unit=unit, bzero=bzero, array=values)


def int_times(number):
    utc, tdb = middle(number)
    columns = [column("integration_number", np.asarray(number))]
    for name, at in (("MJD_UTC", utc), ("BJD_TDB", tdb)):
        columns += [column(f"int_{k}_{name}", at + s, "d") for k, s in (("start", -2e-3), ("mid", 0.0), ("end", 2e-3))]
    return fits.BinTableHDU.from_columns(columns, name="INT_TIMES")


def spectral(wave, flux, dq, unit="Jy"):
    return [
        column("WAVELENGTH", wave, "um"),
        column("FLUX", flux, unit),
        column("FLUX_ERROR", np.full(np.shape(flux), 0.5), unit),
        column("DQ", np.asarray(dq, np.uint32)),
    ]


def write(directory, layout, numbers=(1, 2, 3), segment=1, orders=(1, 2), *, unit="Jy", dq=None, wave=WAVE, **options):
    """Write one segment and return its path."""
    number = np.array(numbers)
    dq = np.zeros((len(number), N_CHANNEL), np.uint32) if dq is None else dq
    instrument = options.get("instrument", "NIRISS")
    detector = options.get("detector", "NIS")
    primary = fits.PrimaryHDU()
    primary.header.update({"INSTRUME": instrument, "DETECTOR": detector, "CAL_VER": "1.18.0", "TARGPROP": "WASP-39"})
    primary.header["INTSTART"] = int(number[0])
    tables = []
    for order in orders:
        flux = truth(order, number)
        if layout == "rows":
            utc, tdb = middle(number)
            meta = [column("INT_NUM", number), column("MJD-AVG", utc, "d"), column("TDB-MID", tdb, "d")]
            meta.append(column("N_ALONGDISP", np.full(len(number), N_CHANNEL)))
            grid = np.tile(wave, (len(number), 1))
            tables.append(fits.BinTableHDU.from_columns(meta + spectral(grid, flux, dq, unit), name="EXTRACT1D"))
            tables[-1].header["SPORDER"] = order
        else:
            for i in range(len(number)):
                hdu = fits.BinTableHDU.from_columns(spectral(wave, flux[i], dq[i], unit), name="EXTRACT1D")
                hdu.header["SPORDER"] = order
                tables.append(hdu)
    for i, hdu in enumerate(tables):
        hdu.ver = i + 1
    hdus = [primary, *tables] + ([int_times(number)] if layout == "tables" else [])
    path = directory / f"{EXPOSURE}-seg{segment:03d}_{detector.lower()}_x1dints.fits"
    fits.HDUList(hdus).writeto(path)
    return path


def loaded(path, **params):
    loader = JwstX1dints(path=path, **params)
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "data", ("light-curves",))
    return observation


def edited(path, change):
    with fits.open(path, memmap=False) as file:
        hdus = fits.HDUList([hdu.copy() for hdu in file])
    change(hdus)
    hdus.writeto(path, overwrite=True)
    return path


def drop(hdus, table, name):
    at = hdus.index_of(table)
    columns = [column for column in hdus[at].columns if column.name != name]
    header = fits.Header({key: hdus[at].header[key] for key in ("SPORDER", "EXTVER") if key in hdus[at].header})
    hdus[at] = fits.BinTableHDU.from_columns(columns, header=header, name=table)


@pytest.mark.parametrize("layout", ["tables", "rows"])
def test_the_length_of_an_integration_is_the_exposure_time(tmp_path, layout):
    path = write(tmp_path, layout)
    assert "exposure_time" not in loaded(path)["NIRISS-1/0"].attrs
    edited(path, lambda hdus: hdus[0].header.update(EFFINTTM=49.446))
    assert loaded(path)["NIRISS-2/0"].attrs["exposure_time"] == 49.446


@pytest.mark.parametrize("layout", ["tables", "rows"])
def test_segments_are_joined_in_time_and_orders_are_kept_apart(tmp_path, layout):
    write(tmp_path, layout, (4, 5), segment=1)  # the names' order is not that of time
    write(tmp_path, layout, (1, 2, 3), segment=2)
    observation = loaded(tmp_path)
    assert observation.attrs["target"] == EXPOSURE
    assert sorted(observation.children) == ["NIRISS-1", "NIRISS-2"]
    for order in (1, 2):
        node = observation[f"NIRISS-{order}/0"].to_dataset()
        np.testing.assert_array_equal(node["flux"], truth(order, np.arange(1, 6))[:, ::-1].T)
        np.testing.assert_array_equal(node["wavelength"], WAVE[::-1])
        np.testing.assert_array_equal(node["time"], middle(np.arange(1, 6))[1])
        assert node["time"].attrs == {"units": "d", "time_system": "TDB", "time_reference": "JD 2400000.5"}
        assert (node["flux"].attrs["units"], float(node["flux_error"].min())) == ("Jy", 0.5)
        assert not node["mask"].any()
        assert "flags" not in node.attrs


@pytest.mark.parametrize("layout", ["tables", "rows"])
def test_times_at_the_telescope_are_taken_when_asked_for(tmp_path, layout):
    node = loaded(write(tmp_path, layout), time_system="MJD_UTC")["NIRISS-1/0"]
    np.testing.assert_array_equal(node["time"], middle([1, 2, 3])[0])
    assert node["time"].attrs["time_system"] == "UTC"


@pytest.mark.parametrize("layout", ["tables", "rows"])
def test_only_the_bits_asked_for_mask_and_what_is_not_known_does(tmp_path, layout):
    dq = np.zeros((3, N_CHANNEL), np.uint32)
    dq[0, 0], dq[1, 1], dq[2, 2] = 1, 4, 2**31 + 1  # DO_NOT_USE, JUMP_DET, both with the highest bit
    path = write(tmp_path, layout, dq=dq)
    expected = np.zeros((3, N_CHANNEL), bool)
    expected[0, 0] = expected[2, 2] = True
    np.testing.assert_array_equal(loaded(path)["NIRISS-1/0"]["mask"], expected[:, ::-1].T)
    expected[1, 1] = True
    np.testing.assert_array_equal(loaded(path, dq_bits=5)["NIRISS-1/0"]["mask"], expected[:, ::-1].T)


def test_nan_and_zero_errors_are_masked(tmp_path):
    def change(hdus):
        hdus[1].data["FLUX"][0, 0], hdus[1].data["FLUX_ERROR"][1, 1] = np.nan, 0.0

    mask = loaded(edited(write(tmp_path, "rows"), change))["NIRISS-1/0"]["mask"].values[::-1].T
    assert sorted(map(tuple, np.argwhere(mask))) == [(0, 0), (1, 1)]


@pytest.mark.parametrize(("unit", "factor", "units"), [("DN/s", 1.0, "adu / s"), ("mJy", 1e-3, "Jy")])
def test_flux_is_converted(tmp_path, unit, factor, units):
    node = loaded(write(tmp_path, "rows", unit=unit))["NIRISS-1/0"]
    np.testing.assert_allclose(node["flux"], factor * truth(1, [1, 2, 3])[:, ::-1].T)
    np.testing.assert_allclose(node["flux_error"], factor * 0.5)
    assert node["flux"].attrs["units"] == node["flux_error"].attrs["units"] == units


def test_detectors_of_an_exposure_are_nodes_of_one_target_and_can_be_chosen(tmp_path):
    for detector in ("NRS1", "NRS2"):
        write(tmp_path, "rows", orders=(1,), instrument="NIRSPEC", detector=detector)
    loader = JwstX1dints(path=tmp_path)
    assert loader.targets() == [EXPOSURE]
    assert [path.name[-17:-13] for path in loader.files(EXPOSURE)] == ["nrs1", "nrs2"]
    assert sorted(loader.load(EXPOSURE).children) == ["NIRSPEC-NRS1", "NIRSPEC-NRS2"]
    assert list(loaded(tmp_path, instruments=("NIRSPEC-NRS2",)).children) == ["NIRSPEC-NRS2"]
    with pytest.raises(InputFileError, match=r"has no 'NIRSPEC-3'; there: NIRSPEC-NRS1, NIRSPEC-NRS2"):
        loaded(tmp_path, instruments=("NIRSPEC-3",))


def test_targets_are_named_by_the_header_and_two_of_one_name_are_refused(tmp_path):
    path = write(tmp_path, "rows")
    assert JwstX1dints(path=tmp_path, name_from="header").targets() == ["WASP-39"]
    path.with_name(path.name.replace("_00001-", "_00002-")).write_bytes(path.read_bytes())
    assert len(JwstX1dints(path=tmp_path).targets()) == 2
    with pytest.raises(InputFileError, match="both of 'WASP-39'; use name_from: file"):
        JwstX1dints(path=tmp_path, name_from="header").targets()


def test_padding_of_shorter_spectra_is_left_out(tmp_path):
    def change(hdus):
        hdus[1].data["N_ALONGDISP"][:] = 3

    node = loaded(edited(write(tmp_path, "rows"), change))["NIRISS-1/0"]
    np.testing.assert_array_equal(node["wavelength"], WAVE[:3][::-1])


def test_integrations_without_time_are_left_out_and_flagged(tmp_path):
    def change(hdus):
        hdus[1].data["INT_NUM"][1], hdus[1].data["TDB-MID"][1] = 0, np.nan

    node = loaded(edited(write(tmp_path, "rows"), change))["NIRISS-1/0"]
    np.testing.assert_array_equal(node["time"], middle([1, 3])[1])
    assert (node.attrs["flags"], node.attrs["dropped_integrations"]) == ("dropped-integrations", 1)


def test_wavelengths_within_the_tolerance_are_one_grid(tmp_path):
    write(tmp_path, "rows", (1, 2, 3), segment=1)
    write(tmp_path, "rows", (4, 5), segment=2, wave=WAVE + 1e-4)
    with pytest.raises(InputFileError, match=r"seg002.*NIRISS-1: wavelengths differ .* wavelength_tolerance of 1e-05"):
        loaded(tmp_path)
    np.testing.assert_array_equal(loaded(tmp_path, wavelength_tolerance="1 nm")["NIRISS-1/0"]["wavelength"], WAVE[::-1])


@pytest.mark.parametrize(
    ("layout", "change", "message"),
    [
        (
            "rows",
            lambda hdus: drop(hdus, "EXTRACT1D", "DQ"),
            r"EXTRACT1D,1, column DQ: no such column \(there: INT_NUM",
        ),
        ("rows", lambda hdus: drop(hdus, "EXTRACT1D", "FLUX_ERROR"), "column FLUX_ERROR: no such column"),
        ("rows", lambda hdus: hdus.__delitem__(slice(1, None)), r"has no table EXTRACT1D, .* \(there: PRIMARY\)"),
        ("rows", lambda hdus: hdus[1].header.remove("SPORDER"), "EXTRACT1D,1: the header has no SPORDER"),
        ("rows", lambda hdus: hdus[0].header.remove("INSTRUME"), "no INSTRUME"),
        ("rows", lambda hdus: hdus[1].data["DQ"].fill(1), r"NIRISS-1: every sample is masked: 100% by DQ bits 1, 0%"),
        (
            "rows",
            lambda hdus: hdus[1].data["TDB-MID"].fill(np.nan),
            "no integration has a time in BJD_TDB; see .* time_",
        ),
        ("rows", lambda hdus: hdus[1].data["TDB-MID"].fill(59787.0), "two integrations are at 59787.0"),
        ("tables", lambda hdus: drop(hdus, "INT_TIMES", "int_mid_BJD_TDB"), "no column int_mid_BJD_TDB"),
        ("tables", lambda hdus: hdus.__delitem__(len(hdus) - 1), "no integration has a time in BJD_TDB"),
    ],
)
def test_wrong_files_are_refused_with_what_is_wrong(tmp_path, layout, change, message):
    path = edited(write(tmp_path, layout), change)
    with pytest.raises(InputFileError, match=message) as caught:
        loaded(path)
    assert str(caught.value).startswith(str(path))


def test_times_of_single_precision_are_refused(tmp_path):
    path = write(tmp_path, "rows", tuple(range(1, 11)))

    def change(hdus):
        hdus[1].data["TDB-MID"][:] = hdus[1].data["TDB-MID"].astype(np.float32)

    with pytest.raises(InputFileError, match="NIRISS-1: the times have single precision"):
        loaded(edited(path, change))


@pytest.mark.parametrize("layout", ["tables", "rows"])
def test_damaged_files_are_refused_wherever_they_end(tmp_path, layout):
    path = write(tmp_path, layout)
    whole = path.read_bytes()
    for size in (0, 100, 2880, 2880 * 3 + 17, len(whole) // 2, len(whole) - 2880 - 100):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"x1dints\.fits"):
            loaded(path)


def test_units_are_asked_for_where_the_file_has_none(tmp_path):
    path = write(tmp_path, "rows", unit=None)
    with pytest.raises(InputFileError, match=r"column FLUX: states no unit .* give the parameter units"):
        loaded(path)
    assert loaded(path, units="MJy")["NIRISS-1/0"]["flux"].values[-1, 0] == pytest.approx(101e6)
    with pytest.raises(InputFileError, match=r"expected a unit convertible to one of Jy.*got 'm'"):
        loaded(path, units="m")


def test_relocated_forgets_the_chosen_targets(tmp_path):
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", "rows")
    loader = JwstX1dints(path=tmp_path, targets=("a",)).relocated(tmp_path / "other")
    assert loader.targets() == [EXPOSURE]
    with pytest.raises(InputFileError, match="has no target 'a'; there: jw01366004001"):
        loader.files("a")
