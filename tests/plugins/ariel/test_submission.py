"""Submission files, against the challenges' samples."""

import errno
import os

import numpy as np
import polars as pl
import pytest

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError, ParameterError
from specframe.testing import check_component
from specframe_ariel import SubmissionAdc24, SubmissionAdc25

OUTPUTS = [f"wl_{k}" for k in range(1, 284)]


@pytest.fixture
def prediction():
    rng = np.random.default_rng(0)
    mean = rng.uniform(1e-4, 0.05, (3, 283))
    like = make_labels(mean, ["785834", "14485303", "4286133832"], OUTPUTS)
    return make_prediction(like, mean, rng.uniform(1e-6, 1e-3, (3, 283)))


@pytest.mark.parametrize("exporter", [SubmissionAdc24, SubmissionAdc25])
def test_exporters_keep_their_contract(prediction, exporter):
    check_component(exporter, examples=[prediction]).raise_on_failure()


@pytest.mark.parametrize(("exporter", "folder"), [(SubmissionAdc24, "adc24"), (SubmissionAdc25, "adc25")])
def test_header_and_types_are_those_of_the_sample(data_dir, tmp_path, prediction, exporter, folder):
    (path,) = exporter().export(prediction, tmp_path)
    sample = pl.read_csv(data_dir / folder / "sample_submission.csv")
    ours = pl.read_csv(path)
    assert path == tmp_path / "submission.csv"
    assert ours.columns == sample.columns
    assert ours.dtypes == sample.dtypes


def test_values_read_back_as_they_were(tmp_path, prediction):
    (path,) = SubmissionAdc24().export(prediction, tmp_path)
    table = pl.read_csv(path)
    assert table["planet_id"].to_list() == [785834, 14485303, 4286133832]
    np.testing.assert_array_equal(table.select(OUTPUTS).to_numpy(), prediction["mean"].values)
    sigmas = [f"sigma_{k}" for k in range(1, 284)]
    np.testing.assert_array_equal(table.select(sigmas).to_numpy(), prediction["std"].values)


def test_outputs_are_put_in_order(tmp_path, prediction):
    (path,) = SubmissionAdc24().export(prediction.isel(output=slice(None, None, -1)), tmp_path)
    np.testing.assert_array_equal(pl.read_csv(path)["wl_2"], prediction["mean"].sel(output="wl_2"))


def test_measured_depths_without_labels_are_known_by_their_wavelengths(tmp_path, data_dir, prediction):
    """The test set has no labels to name its outputs; a pipeline that only measures can be submitted all the same."""
    wavelength = pl.read_csv(data_dir / "adc24" / "wavelengths.csv").row(0)
    channels = [f"channel_{i + 1}" for i in range(283)]
    measured = prediction.assign_coords(output=channels, wavelength=("output", np.array(wavelength)))
    (path,) = SubmissionAdc24().export(measured.isel(output=slice(None, None, -1)), tmp_path)
    np.testing.assert_array_equal(pl.read_csv(path).select(OUTPUTS).to_numpy(), prediction["mean"].values)
    shifted = measured.assign_coords(wavelength=("output", np.array(wavelength) + 0.009))
    with pytest.raises(DataError, match="283 are missing"):
        SubmissionAdc24().export(shifted, tmp_path)


def _with(prediction, **changes):
    changed = prediction.copy(deep=True)
    for name, value in changes.items():
        changed[name][1, 7] = value
    return changed


def _one_depth(prediction):
    like = make_labels(np.full((3, 1), 0.01), prediction["target"].values, ["depth"])
    return make_prediction(like, like, np.full((3, 1), 1e-4))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (_one_depth, r"needs the 283 outputs.*the prediction has 1 \(depth\)"),
        (lambda p: p.isel(output=slice(1, None)), r"1 are missing \(wl_1\)"),
        (lambda p: p.drop_vars("std"), "no std; add an uncertainty step"),
        (lambda p: _with(p, std=0.0), r"std must be positive.*target 14485303, wl_8"),
        (lambda p: _with(p, std=np.inf), "std must be positive and finite"),
        (lambda p: _with(p, mean=np.nan), "mean must be finite"),
        (lambda p: _with(p, mean=-1e-5), r"negative depths.*-1e-05 for target 14485303, wl_8; set negative: zero"),
        (lambda p: p.assign_coords(target=["1", "HD 1", "3"]), "planet ids .*'HD 1'"),
    ],
)
def test_what_cannot_be_submitted_is_said_and_nothing_written(tmp_path, prediction, wrong, message):
    with pytest.raises(DataError, match=message):
        SubmissionAdc24().export(wrong(prediction), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_negative_depths_become_zero_on_request(tmp_path, prediction):
    (path,) = SubmissionAdc24(negative="zero").export(_with(prediction, mean=-1e-5), tmp_path)
    table = pl.read_csv(path)
    assert table["wl_8"][1] == 0.0
    assert table["wl_8"][0] == prediction["mean"].values[0, 7]


def test_file_is_replaced_whole_or_kept(tmp_path, prediction, monkeypatch):
    (path,) = SubmissionAdc25(filename="mine.csv").export(prediction, tmp_path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        SubmissionAdc25(filename="mine.csv").export(prediction, tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("filename", ["../submission.csv", "a/b.csv", "submission.txt", ".csv/x"])
def test_filename_stays_in_its_folder(filename):
    with pytest.raises(ParameterError, match="filename"):
        SubmissionAdc24(filename=filename)
