"""The loader ``ariel-simulated``."""

import pickle

import numpy as np
import polars as pl
import pytest

from specframe.api import LazyFrames, nodes, validate_labels, validate_observation
from specframe.errors import DataError, ParameterError, UsageError
from specframe.testing import check_component
from specframe_ariel import ArielChallenge, ArielDetector, ArielSimulated

SMALL = {"n_targets": 6, "seed": 3, "airs_pairs": 32, "fgs1_pairs": 48}


def test_loader_keeps_its_contract():
    check_component(ArielSimulated, params={**SMALL, "n_targets": 2}).raise_on_failure()


def test_targets_are_observations_of_frames_with_calibration():
    loader = ArielSimulated(**SMALL)
    observation = loader.load(loader.targets()[4])
    validate_observation(observation, "test", ("frames",))
    data = dict(nodes(observation))
    assert list(data) == ["AIRS-CH0/0", "FGS1/0"]
    assert data["AIRS-CH0/0"]["frames"].shape == (64, 32, 356)
    assert data["FGS1/0"]["frames"].shape == (96, 32, 32)
    assert data["AIRS-CH0/0"]["linearity"].shape == (6, 32, 356)
    assert observation.attrs["target"] == loader.targets()[4]


def test_frames_are_made_when_read_and_travel_as_a_recipe():
    loader = ArielSimulated(**SMALL)
    frames = dict(nodes(loader.load(loader.targets()[0])))["FGS1/0"]["frames"].data
    assert isinstance(frames, LazyFrames)
    recipe = pickle.dumps(frames)
    assert len(recipe) < 5_000
    there = pickle.loads(recipe)
    np.testing.assert_array_equal(frames.read(), there.read())
    np.testing.assert_array_equal(frames.time_series()[5], frames.read()[:, 0, 5])


def test_order_and_number_of_targets_do_not_matter():
    few, many = ArielSimulated(**SMALL), ArielSimulated(**{**SMALL, "n_targets": 60})
    assert few.targets() == many.targets()[:6]

    def frames(loader, index):
        return dict(nodes(loader.load(loader.targets()[index])))["AIRS-CH0/0"]["frames"].data.read()

    last_first = {index: frames(many, index) for index in (5, 2)}
    np.testing.assert_array_equal(last_first[2], frames(few, 2))
    np.testing.assert_array_equal(last_first[5], frames(few, 5))


def test_labels_and_catalogue_cover_the_targets():
    loader = ArielSimulated(**SMALL)
    labels, catalogue = loader.labels(), loader.catalogue()
    validate_labels(labels, "test")
    assert labels["target"].values.tolist() == loader.targets() == catalogue["target"].values.tolist()
    assert labels["output"].values[[0, 282]].tolist() == ["wl_1", "wl_283"]
    assert (np.diff(labels["wavelength"].values) > 0).all()
    assert set(catalogue["star"].values) <= {0, 1}
    assert {"Rs", "Ms", "Ts", "Mp", "e", "P", "sma", "i"} <= set(catalogue)


def test_some_planets_of_2025_are_visited_twice():
    loader = ArielSimulated(n_targets=30, seed=1, year=2025, second_visit=0.5, airs_pairs=32, fgs1_pairs=32)
    visits = [len(list(nodes(loader.load(target)))) // 2 for target in loader.targets()]
    assert 8 <= visits.count(2) <= 22
    assert visits.count(1) + visits.count(2) == 30
    once = ArielSimulated(n_targets=30, seed=1, second_visit=0.5, airs_pairs=32, fgs1_pairs=32)
    assert {len(list(nodes(once.load(target)))) for target in once.targets()} == {2}


def test_stranger_is_refused_by_name():
    with pytest.raises(DataError, match=r"no simulated planet 'x'.*seed 3 has 6"):
        ArielSimulated(**SMALL).load("x")


def test_splits_share_stars_and_no_planet():
    train, test = ArielSimulated(**SMALL), ArielSimulated(**SMALL, split="test")
    assert not set(train.targets()) & set(test.targets())
    assert test.load(test.targets()[0]).attrs["source"] == "simulated, seed 3, planet 1000000"
    radii = [set(loader.catalogue()["Rs"].values) for loader in (train, test)]
    assert len(radii[0] | radii[1]) == 2
    assert test.labels().sizes["target"] == 6


def test_files_that_parameters_name_decide_what_is_simulated(data_dir, tmp_path):
    labels, detector = tmp_path / "labels.csv", data_dir / "adc24"
    labels.write_bytes((data_dir / "adc24/train_labels.csv").read_bytes())
    loader = ArielSimulated(**{**SMALL, "n_targets": 1}, labels=str(labels), calibration=str(detector))
    (target,) = loader.targets()
    files = loader.files(target)
    assert labels in files
    assert detector / "calibration/FGS1_calibration/dark.parquet" in files
    assert len(files) == 11  # labels, and five images of two detectors
    assert ArielSimulated(**SMALL).files("any") == []

    loader.write(tmp_path / "sim")
    read = ArielChallenge(path=tmp_path / "sim")
    assert read.targets() == [target] == [pl.read_csv(labels)["planet_id"].cast(str)[0]]
    np.testing.assert_allclose(read.labels()[0], pl.read_csv(labels).row(0)[1:], rtol=1e-12)
    dark = pl.read_parquet(detector / "calibration/FGS1_calibration/dark.parquet").to_numpy()
    np.testing.assert_array_equal(read.load(target)["FGS1/0"]["dark"], dark)

    moved = tmp_path / "elsewhere" / "labels.csv"
    moved.parent.mkdir()
    labels.rename(moved)
    again = ArielSimulated(**{**SMALL, "n_targets": 1}, labels=str(moved), calibration=str(detector))
    assert again.written(tmp_path / "sim") == again.write(tmp_path / "sim")
    moved.write_text(moved.read_text().replace("0.001", "0.002"))
    with pytest.raises(UsageError, match=r"labels is \"labels\.csv, sha256 .* there"):
        again.write(tmp_path / "sim")


@pytest.mark.parametrize("wrong", [{"airs_pairs": 6_000}, {"year": 2026}, {"read_noise": 0.0}, {"colour": "red"}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        ArielSimulated(**wrong)


def test_wells_that_fill_before_the_converter_are_flagged_and_typical_stars_are_not():
    """The converter of 2025 ends at 149,000 electrons, beyond the wells of 100,000."""
    small = {"n_targets": 1, "year": 2025, "second_visit": 0.0, "airs_pairs": 32, "fgs1_pairs": 32, "seed": 3}
    for flux, flagged in ((2.65e6, False), (2.65e7, True)):
        loader = ArielSimulated(**small, airs_flux=flux)
        curves = ArielDetector().apply(loader.load(loader.targets()[0]))
        assert ("saturated" in curves["AIRS-CH0/0"].attrs.get("flags", "").split()) == flagged
