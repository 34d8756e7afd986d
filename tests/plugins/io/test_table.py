"""The loader table on real files and on small ones with known contents."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest
import xarray as xr

from specframe.api import nodes, validate_labels, validate_observation
from specframe.errors import InputFileError, ParameterError
from specframe.testing import check_component
from specframe_io import Table


def _node(loader, target):
    observation = loader.load(target)
    validate_observation(observation, "data")
    ((path, data),) = nodes(observation)
    assert path == f"{loader.params.instrument}/0"
    return data


@pytest.fixture
def curves(tmp_path):
    """Three light curves in two channels: times in hours, errors, a mask, contacts and labels in one file."""
    rng = np.random.default_rng(0)
    arrays = {
        "planet": np.array([11, 7, 30]),
        "flux": 1000 + rng.normal(0, 3, (3, 2, 50)),
        "error": np.full((3, 2, 50), 3.0),
        "bad": np.zeros((3, 2, 50), np.uint8),
        "wave": np.array([2.0, 0.7]),
        "hours": np.linspace(0, 5, 50),
        "contacts": np.array([[10, 12, 30, 32], [11, 13, 31, 33], [10.5, 12, 30, 49]]),
        "depth": np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]),
    }
    arrays["flux"][0, 1, 4] = np.nan
    arrays["error"][0, 0, 5] = 0.0
    arrays["bad"][0, 0, 6] = 1

    def save(**changes):
        kept = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
        np.savez(tmp_path / "curves.npz", **kept)
        return tmp_path / "curves.npz"

    save.arrays = arrays
    save()
    return save


def _full(path, **changes):
    params = {
        "path": path,
        "target": "planet",
        "flux": {"key": "flux", "units": "electron"},
        "flux_error": "error",
        "mask": "bad",
        "wavelength": "wave",
        "time": {"key": "hours", "units": "h"},
        "contacts": "contacts",
        "labels": {"columns": "depth"},
    }
    return Table(**{name: value for name, value in {**params, **changes}.items() if value is not None})


def test_real_white_light_curves(data_dir):
    """The few lines that load the 538 real ADC24 white light curves."""
    loader = Table(
        path=data_dir / "adc24/white_light_curves.npz",
        target="planet_id",
        flux="white",
        contacts="breakpoints",
        labels={"path": data_dir / "adc24/train_labels.csv", "columns": "wl_*", "reduce": "mean", "name": "depth"},
        catalogue={"path": data_dir / "adc24/train_adc_info.csv", "columns": ["star"]},
    )
    targets = loader.targets()
    assert len(targets) == 538
    assert targets[:2] == ["785834", "14485303"]

    node = _node(loader, "785834")
    with np.load(data_dir / "adc24/white_light_curves.npz") as archive:
        np.testing.assert_array_equal(node["flux"].values[0], archive["white"][0])
        np.testing.assert_array_equal(node["contact_time"].values, archive["breakpoints"][0])
    assert "scatter" in node["flux_error"].attrs["comment"]
    assert "sample numbers" in node["time"].attrs["comment"]
    assert "channel numbers" in node["wavelength"].attrs["comment"]

    labels = loader.labels()
    validate_labels(labels, "data")
    expected = np.loadtxt(data_dir / "adc24/train_labels.csv", delimiter=",", skiprows=1)
    assert [str(int(i)) for i in expected[:, 0]] == list(labels["target"].values)
    np.testing.assert_allclose(labels.values[:, 0], expected[:, 1:].mean(axis=1), rtol=1e-12)
    assert list(labels["output"].values) == ["depth"]
    info = np.loadtxt(data_dir / "adc24/train_adc_info.csv", delimiter=",", skiprows=1, usecols=5)
    np.testing.assert_array_equal(loader.catalogue()["star"].values, info)


def test_real_labels_as_channels_with_wavelengths(data_dir):
    loader = Table(
        path=data_dir / "adc24/white_light_curves.npz",
        target="planet_id",
        flux="white",
        labels={
            "path": data_dir / "adc24/train_labels.csv",
            "columns": "wl_*",
            "wavelength": {"key": "wl_*", "path": data_dir / "adc24/wavelengths.csv"},
        },
    )
    labels = loader.labels()
    assert labels.shape == (538, 283)
    assert list(labels["output"].values[[0, -1]]) == ["wl_1", "wl_283"]
    assert labels["wavelength"].values[0] == pytest.approx(0.705)
    assert np.all(np.diff(labels["wavelength"].values) > 0)


@pytest.mark.parametrize(
    ("name", "prefix", "shape", "extra"),
    [("dback24", "f", (1440, 810), {1, 2, 3, 4, 8, 10}), ("btsettl08", "en", (485, 564), {-0.0, 0.2, 0.4})],
)
def test_real_grids_of_brown_dwarf_spectra(data_dir, name, prefix, shape, extra):
    loader = Table(
        path=data_dir / f"browndwarf/{name}.npz",
        level="spectrum",
        flux={"key": "flux", "units": "erg s-1 cm-2 um-1"},
        wavelength="wave_um",
        labels={"columns": ["teff", "logg", "z", "extra"], "strip": {"extra": prefix}},
    )
    assert len(loader.targets()) == shape[0]
    node = _node(loader, "5")
    assert node["flux"].shape == shape[1:]
    assert np.isnan(node["flux_error"].values).all()
    assert not node["mask"].values.any()
    labels = loader.labels()
    validate_labels(labels, "data")
    assert list(labels["output"].values) == ["teff", "logg", "z", "extra"]
    assert set(labels.sel(output="extra").values) == extra
    assert labels.sel(output="teff").values.min() >= 400


def test_real_observed_spectra_on_their_own_wavelengths(data_dir):
    """1522 SpeX spectra, each with its own wavelengths, NaN where nothing was measured, and a catalogue in CSV."""
    loader = Table(
        path=data_dir / "browndwarf/spex_published.npz",
        level="spectrum",
        flux={"key": "flux", "units": "erg s-1 cm-2 um-1"},
        flux_error="err",
        wavelength="wave",
        catalogue={"path": data_dir / "browndwarf/spex_published.csv", "columns": ["NAME", "SPEX_TYPE", "SNR"]},
        instrument="SpeX",
    )
    with np.load(data_dir / "browndwarf/spex_published.npz") as archive:
        flux, error, wave = archive["flux"], archive["err"], archive["wave"]
    worst = int(np.argmax(np.isnan(flux).sum(axis=1)))
    node = _node(loader, str(worst))
    np.testing.assert_array_equal(node["mask"].values, ~np.isfinite(flux[worst]) | ~(error[worst] > 0))
    np.testing.assert_allclose(node["wavelength"].values, wave[worst], rtol=1e-6)
    catalogue = loader.catalogue()
    assert catalogue["NAME"].values[0] == "SDSSp J053951.99-005902.0"
    assert catalogue["SNR"].values[0] == 224.0
    assert catalogue.sizes == {"target": 1522}


def test_a_real_single_observation_in_hdf5(data_dir):
    """An Eureka! file holds one target (wavelength, time), without dimension scales."""
    loader = Table(
        path=data_dir / "eureka_h5/nirspec_spectroscopy/LCData.h5",
        dims=["wavelength", "time"],
        flux="data",
        flux_error="err",
        mask="mask",
        wavelength="wave_mid",
        time={"key": "time", "units": "d"},
        instrument="NIRSpec",
    )
    assert loader.targets() == ["LCData"]
    assert _node(loader, "LCData")["flux"].shape == (2, 24)


#: Twelve channels: enough that the alphabet puts wl_10 before wl_2. Their flux tells the channel.
_CHANNELS = range(1, 13)
_WAVELENGTHS = [0.5 + 0.1 * i for i in _CHANNELS]
_FLUX = [[float(i) for i in _CHANNELS], [100.0 + i for i in _CHANNELS]]


def _write_csv(path, names, rows):
    text = [",".join(names), *(",".join(f"{value:.9g}" for value in row) for row in rows)]
    path.write_text("\n".join(text) + "\n")


def _spectra(path, **changes):
    grid = path.parent / "grid.csv"
    if not grid.exists():
        _write_csv(grid, [f"wl_{i}" for i in _CHANNELS], [_WAVELENGTHS])
    params = {"flux": "wl_*", "wavelength": {"key": "wl_*", "path": grid}, **changes}
    return Table(path=path, level="spectrum", target="id", **params)


def _shuffled(prefix="wl_"):
    order = np.random.default_rng(3).permutation(12)
    return [f"{prefix}{i + 1}" for i in order], order


def test_channels_of_shuffled_columns_get_their_own_wavelengths(tmp_path):
    names, order = _shuffled()
    _write_csv(tmp_path / "s.csv", ["id", *names], [[t, *np.array(_FLUX[t])[order]] for t in (0, 1)])
    node = _node(_spectra(tmp_path / "s.csv"), "1")
    np.testing.assert_allclose(node["wavelength"].values, _WAVELENGTHS)
    np.testing.assert_array_equal(node["flux"].values, _FLUX[1])
    without_names = _spectra(tmp_path / "s.csv", wavelength=tuple(_WAVELENGTHS))
    np.testing.assert_array_equal(_node(without_names, "1")["flux"].values, _FLUX[1])


def test_channels_in_hdf5_get_their_own_wavelengths(tmp_path):
    """HDF5 lists wl_1, wl_10, wl_11, wl_12, wl_2 ..."""
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["id"] = [0, 1]
        for i in _CHANNELS:
            file[f"wl_{i}"] = [_FLUX[0][i - 1], _FLUX[1][i - 1]]
            file[f"sigma_{i:02d}"] = [0.1 * i, 0.2 * i]
            file[f"err_{i}x"] = [0.1 * i, 0.2 * i]
    node = _node(_spectra(tmp_path / "s.h5", flux_error="err_*x"), "1")
    np.testing.assert_allclose(node["wavelength"].values, _WAVELENGTHS)
    np.testing.assert_array_equal(node["flux"].values, _FLUX[1])
    np.testing.assert_allclose(node["flux_error"].values, [0.2 * i for i in _CHANNELS])
    with pytest.raises(
        InputFileError, match=r"s\.h5: the columns 'sigma_\*' \(12\) are not named as .* missing: 1, 2, 3"
    ):
        _spectra(tmp_path / "s.h5", flux_error="sigma_*").load("1")


def test_columns_are_paired_by_name(tmp_path):
    _write_csv(tmp_path / "s.csv", ["id", "flux_10", "flux_2"], [[0, 10.0, 20.0]])
    _write_csv(tmp_path / "grid.csv", ["v1.2", "v1.10"], [[2.0, 1.0]])  # as numbers, 1.10 comes before 1.2
    grid = {"key": "v1.*", "path": tmp_path / "grid.csv"}
    node = _node(_spectra(tmp_path / "s.csv", flux="flux_*", wavelength=grid), "0")
    np.testing.assert_array_equal(node["wavelength"].values, [1.0, 2.0])
    np.testing.assert_array_equal(node["flux"].values, [10.0, 20.0])

    _write_csv(tmp_path / "l.csv", ["id", "v1.2", "v1.10"], [[0, 0.2, 0.1]])
    labels = {"path": tmp_path / "l.csv", "target": "id", "wavelength": grid, "columns": ["v1.2", "v1.10"]}
    chosen = _spectra(tmp_path / "s.csv", flux="flux_*", wavelength=grid, labels=labels).labels()
    assert list(chosen["output"].values) == ["v1.2", "v1.10"]
    np.testing.assert_array_equal(chosen["wavelength"].values, [2.0, 1.0])


def test_labels_of_shuffled_columns_get_their_own_wavelengths(tmp_path):
    names, order = _shuffled()
    _write_csv(tmp_path / "s.csv", ["id", *(f"wl_{i}" for i in _CHANNELS)], [[t, *_FLUX[t]] for t in (0, 1)])
    _write_csv(tmp_path / "l.csv", ["id", *names], [[1, *np.array(_FLUX[1])[order]]])
    grid = {"key": "wl_*", "path": tmp_path / "grid.csv"}
    wanted = {"path": tmp_path / "l.csv", "target": "id", "columns": "wl_*", "wavelength": grid}
    labels = _spectra(tmp_path / "s.csv", labels=wanted).labels()
    np.testing.assert_array_equal(labels.values, [_FLUX[1]])
    np.testing.assert_allclose(labels["wavelength"].values, _WAVELENGTHS)
    _write_csv(tmp_path / "l.csv", ["id", *(f"wl_{i + 1}" for i in _CHANNELS)], [[1, *_FLUX[1]]])
    with pytest.raises(InputFileError, match=r"grid\.csv: the columns 'wl_\*' .* missing: 13; too much: 1$"):
        _spectra(tmp_path / "s.csv", labels=wanted).labels()


def test_wavelengths_of_other_channels_are_refused(tmp_path):
    _write_csv(tmp_path / "s.csv", ["id", *(f"wl_{i}" for i in _CHANNELS)], [[0, *_FLUX[0]]])
    _write_csv(tmp_path / "grid.csv", [f"wl_{i + 6}" for i in _CHANNELS], [_WAVELENGTHS])
    message = (
        r"grid\.csv: the columns 'wl_\*' \(12\) are not named as the columns 'wl_\*' \(12\) of .*s\.csv, to which they "
        r"belong; missing: 1, 2, 3, 4, 5, 6; too much: 13, 14, 15, 16, 17, 18"
    )
    with pytest.raises(InputFileError, match=message):
        _spectra(tmp_path / "s.csv").load("0")


def test_channels_ascend_and_samples_that_cannot_be_used_are_masked(curves):
    node = _node(_full(curves()), "11")
    np.testing.assert_array_equal(node["wavelength"].values, [0.7, 2.0])
    np.testing.assert_array_equal(node["flux"].values, curves.arrays["flux"][0, ::-1])
    np.testing.assert_array_equal(np.argwhere(node["mask"].values), [[0, 4], [1, 5], [1, 6]])
    assert node["flux"].attrs["units"] == node["flux_error"].attrs["units"] == "electron"
    np.testing.assert_allclose(node["contact_time"].values, np.array([10, 12, 30, 32]) * 5 / 49)
    assert node["contact_time"].attrs["units"] == "h"


def test_fractional_contacts_and_contacts_in_units_of_time(curves):
    loader = _full(curves())
    np.testing.assert_allclose(_node(loader, "30")["contact_time"].values, np.array([10.5, 12, 30, 49]) * 5 / 49)
    minutes = np.array([[60.0, 70, 180, 190]] * 3)
    timed = _full(curves(contacts=minutes), contacts={"key": "contacts", "units": "min"})
    np.testing.assert_allclose(_node(timed, "7")["contact_time"].values, minutes[0] / 60)


def test_axes_in_another_order(curves):
    path = curves(
        flux=curves.arrays["flux"].transpose(2, 0, 1),
        error=curves.arrays["error"].transpose(2, 0, 1),
        bad=curves.arrays["bad"].transpose(2, 0, 1),
    )
    turned = _full(path, dims=["time", "target", "wavelength"])
    np.testing.assert_array_equal(_node(turned, "7")["flux"].values, curves.arrays["flux"][1, ::-1])


def test_units_are_converted(curves):
    path = curves(wave=np.array([20000.0, 7000.0]))
    loader = _full(
        path, wavelength={"key": "wave", "units": "Angstrom"}, flux={"key": "flux", "units": "Jy"},
        flux_error={"key": "error", "units": "mJy"},
    )  # fmt: skip
    node = _node(loader, "7")
    np.testing.assert_allclose(node["wavelength"].values, [0.7, 2.0])
    np.testing.assert_allclose(node["flux_error"].values, 3e-3)


def test_estimated_errors_are_the_noise_in_spite_of_a_transit(curves):
    rng = np.random.default_rng(1)
    flux = 1 + rng.normal(0, [[[1e-3], [4e-3]]], (3, 2, 4000))
    flux[:, :, 1500:2500] *= 0.97
    flux[:, 0, 7] = np.nan
    path = curves(flux=flux)
    loader = _full(path, flux_error=None, mask=None, time=None, contacts=None, flux="flux", wavelength=(0.7, 2.0))
    node = _node(loader, "7")
    # 4000 samples know their scatter to about 2 % by this estimator.
    np.testing.assert_allclose(node["flux_error"].values[:, 0], [1e-3, 4e-3], rtol=0.08)
    assert np.all(node["flux_error"].values == node["flux_error"].values[:, :1])
    assert node["mask"].values.sum() == 1


def test_times_from_a_cadence(curves):
    loader = _full(curves(), time=None, cadence="2 min")
    node = _node(loader, "7")
    np.testing.assert_allclose(node["time"].values, 120.0 * np.arange(50))
    assert node["time"].attrs["units"] == "s"


def test_labels_in_the_same_file_follow_its_rows(curves):
    labels = _full(curves(), labels={"columns": "depth", "units": "%"}).labels()
    np.testing.assert_array_equal(labels.values, curves.arrays["depth"])
    assert list(labels["output"].values) == ["depth_1", "depth_2"]
    assert labels.attrs["units"] == "%"


def test_labels_in_another_file_are_found_by_name(curves, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("id,d1,d2\n30.0,0.5,\n99,9,9\n11.0,0.1,0.2\n")
    labels = _full(curves(), labels={"path": table, "target": "id", "columns": ["d2", "d1"]}).labels()
    assert list(labels["target"].values) == ["11", "30"]
    np.testing.assert_array_equal(labels.values, [[0.2, 0.1], [np.nan, 0.5]])
    every = _full(curves(), labels={"path": table, "target": "id", "columns": "*"}).labels()
    assert list(every["output"].values) == ["d1", "d2"]


def test_catalogue_lacking_a_target_is_an_error_unless_filled(curves, tmp_path):
    table = tmp_path / "stars.csv"
    table.write_text("planet,Rs,kind\n30,1.5,G2\n11,0.8,M1\n")
    wanted = {"path": table, "columns": ["Rs", "kind"]}
    with pytest.raises(InputFileError, match=r"stars\.csv: the catalogue lacks 1 of 3 targets, first 7"):
        _full(curves(), catalogue=wanted).catalogue()
    filled = _full(curves(), catalogue={**wanted, "missing": "fill"}).catalogue()
    assert list(filled["target"].values) == ["11", "7", "30"]
    np.testing.assert_array_equal(filled["Rs"].values, [0.8, np.nan, 1.5])
    assert list(filled["kind"].values) == ["M1", "", "G2"]


def test_relocated_data_need_no_labels_and_no_catalogue(curves, tmp_path):
    table = tmp_path / "stars.csv"
    table.write_text("planet,Rs\n30,1.5\n11,0.8\n7,1.0\n")
    loader = _full(curves(), catalogue={"path": table, "columns": ["Rs"]})
    new = tmp_path / "new.npz"
    arrays = {k: v for k, v in curves.arrays.items() if k not in ("planet", "depth")}
    np.savez(new, planet=np.array(["x", "11", "y"]), **arrays)
    moved = loader.relocated(new)
    assert moved.labels() is None
    assert moved.targets() == ["x", "11", "y"]
    xr.testing.assert_identical(_node(moved, "x"), _node(loader, "11"))
    np.testing.assert_array_equal(moved.catalogue()["Rs"].values, [np.nan, 0.8, np.nan])
    assert loader.labels() is not None

    np.savez(new, planet=np.array([1, 2, 3]), **{k: v for k, v in arrays.items() if k != "contacts"})
    with pytest.raises(InputFileError, match=r"new\.npz: has no 'contacts' .* leave out contacts where they are not"):
        loader.relocated(new).load("1")
    in_file = _full(curves(Rs=np.ones(3)), catalogue={"columns": ["Rs"]})
    assert in_file.relocated(new).catalogue() is None


def test_a_file_is_read_once_and_copies_are_small(curves, monkeypatch):
    loader = _full(curves())
    loads = []
    real_load = np.load
    monkeypatch.setattr(np, "load", lambda *args, **kwargs: loads.append(args) or real_load(*args, **kwargs))
    first = loader.load("7")
    count = len(loads)
    for target in loader.targets():
        loader.load(target)
    assert len(loads) == count
    packed = pickle.dumps(loader)
    assert len(packed) < 3000
    xr.testing.assert_identical(pickle.loads(packed).load("7"), first)


def test_files_are_those_that_load_reads(curves, tmp_path):
    np.savez(tmp_path / "grid.npz", wave=[1.0, 2.0])
    path = curves()
    assert _full(path).files("7") == [path]
    elsewhere = _full(path, wavelength={"key": "wave", "path": tmp_path / "grid.npz"})
    assert elsewhere.files("7") == [path, tmp_path / "grid.npz"]
    np.testing.assert_array_equal(_node(elsewhere, "7")["wavelength"].values, [1.0, 2.0])


def test_conformance(curves, tmp_path):
    table = tmp_path / "stars.csv"
    table.write_text("planet,Rs\n30,1.5\n11,0.8\n7,1.0\n")
    params = _full(curves(), catalogue={"path": str(table), "columns": ["Rs"]}).params.canonical()
    check_component(Table, params=params).raise_on_failure()


@pytest.mark.parametrize(
    ("changes", "params", "message"),
    [
        ({"error": np.ones((3, 2, 49))}, {}, r"'error' has shape \(3, 2, 49\), but 'flux' has \(3, 2, 50\)"),
        ({"planet": np.array([1, 2])}, {}, r"'planet' has 2 targets, but 'flux' has 3"),
        ({"wave": np.ones(3)}, {}, r"'wave' has 3 values, but 'flux' has 2 channels"),
        ({"hours": np.ones(9)}, {}, r"'hours' has 9 values, but 'flux' has 50 samples"),
        ({}, {"time": "hours"}, r"'hours' has no units; write time: \{key: hours, units: h\}"),
        ({}, {"wavelength": {"key": "wave", "units": "s"}}, r"'wave' has units 's', expected some convertible to 'um'"),
        ({"contacts": np.ones((3, 3))}, {}, r"'contacts' has shape \(3, 3\), expected four contacts"),
        ({"contacts": np.full((3, 4), 60)}, {}, r"'contacts', row 2: contacts .* not among the samples 0 \.\.\. 49"),
        ({"contacts": np.full((3, 4), np.nan)}, {}, r"'contacts', row 2: expected four ascending contacts"),
        ({}, {"flux": "flx"}, r"has no 'flx' \(there: .*\); did you mean 'flux'\?"),
        ({}, {"dims": ["target", "time"]}, r"'flux' has 3 axes, which does not fit dims \['target', 'time'\]"),
        ({"flux": np.array([["a"]])}, {}, r"'flux' holds <U1 of shape \(1, 1\), expected numbers"),
    ],
)
def test_wrong_arrays_are_told(curves, changes, params, message):
    loader = _full(curves(**changes), **params)
    with pytest.raises(InputFileError, match=rf"curves\.npz: {message}"):
        loader.load("7")


def test_wrong_labels_are_told(curves, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("id,d1,d2\n30,0.5,1\n11,low,1\n")

    def labels(**params):
        return _full(curves(), labels={"path": table, "target": "id", **params}).labels()

    with pytest.raises(InputFileError, match=r"labels\.csv: 'd1', row 2: expected a number, got 'low'"):
        labels(columns="d1")
    with pytest.raises(InputFileError, match=r"has no 'd3' \(there: id, d1, d2\)"):
        labels(columns=["d2", "d3"])
    with pytest.raises(InputFileError, match=r"labels\.name is for a single label, but there are 2"):
        _full(curves(), labels={"columns": "depth", "name": "depth"}).labels()
    with pytest.raises(InputFileError, match=r"labels\.strip names 'd1', which is not among the labels"):
        labels(columns="d2", strip={"d1": "f"})
    with pytest.raises(InputFileError, match=r"labels\.wavelength has 2 values for 1 labels"):
        labels(columns="d2", wavelength=(1.0, 2.0))
    table.write_text("id,d1\n1,0.5\n")
    with pytest.raises(InputFileError, match=r"labels\.csv: has labels of none of the 3 targets in .*curves\.npz"):
        labels(columns="d1")
    table.write_text("id,d1\n7,0.5\n7,0.6\n")
    with pytest.raises(InputFileError, match=r"labels\.csv: 'id': target 7 stands twice, in rows 1 and 2"):
        labels(columns="d1")


def test_labels_without_rows_or_columns_are_told(curves, tmp_path):
    table = tmp_path / "labels.csv"
    for text, columns, message in [
        ("", "d1", "cannot be read as a table: empty CSV"),
        ("id,d1\n", "d1", "has no rows, expected one per target"),
        ("id,d1\n", "*", "has no rows, expected one per target"),
        ("id\n7\n", "*", r"has no labels: nothing but the targets' names matches \*"),
    ]:
        table.write_text(text)
        loader = _full(curves(), labels={"path": table, "target": "id", "columns": columns})
        with pytest.raises(InputFileError, match=rf"labels\.csv: {message}"):
            loader.labels()


@pytest.mark.parametrize("shape", [(0, 2, 50), (0, 50), (0,), (3, 0)])
def test_data_without_targets_are_told(tmp_path, shape):
    np.savez(tmp_path / "none.npz", planet=np.zeros(shape[0], int), flux=np.zeros(shape))
    for target in ("planet", None):
        with pytest.raises(InputFileError, match=r"none\.npz: holds no targets: 'flux' is empty, its shape is \("):
            Table(path=tmp_path / "none.npz", target=target).targets()


def test_a_table_without_rows_holds_no_targets(tmp_path):
    (tmp_path / "none.csv").write_text("id,f1,f2\n")
    with pytest.raises(InputFileError, match=r"none\.csv: holds no targets"):
        Table(path=tmp_path / "none.csv", target="id", flux="f*").targets()


def test_a_mask_that_is_not_a_number_masks(curves):
    bad = np.zeros((3, 2, 50))
    bad[1, 0, 7], bad[1, 1, 8] = np.nan, np.inf
    mask = _node(_full(curves(bad=bad)), "7")["mask"].values
    np.testing.assert_array_equal(np.argwhere(mask), [[0, 8], [1, 7]])


def test_an_empty_cell_of_a_mask_masks(tmp_path):
    (tmp_path / "t.csv").write_text("f1,f2,f3,m1,m2,m3\n1,2,3,true,,\n1,2,3,false,false,\n")
    loader = Table(path=tmp_path / "t.csv", level="spectrum", flux="f*", mask="m*", wavelength=(1.0, 2.0, 3.0))
    np.testing.assert_array_equal(_node(loader, "0")["mask"].values, [True, True, True])
    np.testing.assert_array_equal(_node(loader, "1")["mask"].values, [False, False, True])


def test_wrong_parameters_are_told(tmp_path):
    path = tmp_path / "t.npz"
    for params, message in [
        ({"level": "spectrum"}, "spectra need wavelength"),
        ({"level": "spectrum", "wavelength": "w", "contacts": "c"}, "spectra have no contacts"),
        ({"time": "t", "cadence": 3.0}, "give time or cadence, not both"),
        ({"dims": ["target", "wavelength"]}, "dims of light-curves hold time"),
        ({"dims": ["time", "time"]}, "each name once"),
        ({"cadence": "5 um"}, "expected a number or a quantity in 's'"),
        ({"instrument": "a/b"}, "instrument"),
        ({"labels": {"column": "a"}}, "labels"),
    ]:
        with pytest.raises(ParameterError, match=message):
            Table(path=path, **params)


def test_unknown_target_is_refused(curves):
    with pytest.raises(InputFileError, match=r"curves\.npz: has no target '12' among its 3"):
        _full(curves()).load("12")
