"""The loader reads both challenges' trees as they are, lazily, and says what is wrong with a file."""

from __future__ import annotations

import pickle
import shutil
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from specframe.api import LazyFrames, nodes, validate_observation
from specframe.errors import DataError, InputFileError, ParameterError
from specframe_ariel import ArielChallenge, ArielDetector
from specframe_ariel.parquet import ParquetFrames

if TYPE_CHECKING:
    from pathlib import Path


def frames_on_disk(path, shape):
    """What pyarrow reads, which the loader does not use."""
    return pq.read_table(path).to_pandas().to_numpy().reshape(-1, *shape)


@pytest.mark.parametrize("year", [2024, 2025])
@pytest.mark.parametrize("flattened", [("AIRS-CH0", "FGS1"), ()], ids=["one column", "column per pixel"])
def test_a_planet_is_read_as_it_lies_in_the_files(write_tree, year, flattened):
    root = write_tree(year, {"101": 1}, flattened=flattened)
    observation = ArielChallenge(path=root).load("101")
    validate_observation(observation, "load", ("frames",))
    suffix = "" if year == 2024 else "_0"
    for instrument, shape in (("AIRS-CH0", (32, 356)), ("FGS1", (32, 32))):
        node = observation[f"{instrument}/0"]
        expected = frames_on_disk(root / "train/101" / f"{instrument}_signal{suffix}.parquet", shape)
        assert np.array_equal(expected, node["frames"].data.read())
        folder = root / "train/101" / f"{instrument}_calibration{suffix}"
        for variable, name in (("dark", "dark"), ("flat", "flat"), ("read_noise", "read"), ("dead", "dead")):
            assert np.array_equal(pl.read_parquet(folder / f"{name}.parquet").to_numpy(), node[variable].values)
    assert observation["AIRS-CH0/0"].attrs["gain"] == 0.5
    assert observation["FGS1/0"].attrs["offset"] == -350.0


def test_linearity_goes_from_low_to_high_order(write_tree):
    node = ArielChallenge(path=write_tree()).load("101")["AIRS-CH0/0"]
    assert node["linearity"].dims == ("coefficient", "y", "x")
    assert np.all(node["linearity"][1] == 1.0)
    assert np.all(node["linearity"][[0, 2, 3, 4, 5]] == 0.0)


def test_integration_time_counts_from_the_reset(write_tree):
    """0.1 s, then 4.5 s more: the public reference takes 0.1 and 4.6 s for AIRS-CH0, 0.1 and 0.2 s for FGS1."""
    observation = ArielChallenge(path=write_tree()).load("101")
    assert np.allclose(observation["AIRS-CH0/0/integration_time"], np.tile([0.1, 4.6], 4), rtol=1e-12)
    assert np.allclose(observation["FGS1/0/integration_time"], np.tile([0.1, 0.2], 4), rtol=1e-12)


def test_a_file_with_fewer_frames_than_the_axis_has_the_first_ones(write_tree):
    time = ArielChallenge(path=write_tree()).load("101")["FGS1/0/time"]
    seconds = (np.arange(4)[:, None] * 0.4 + [0.1, 0.2]).ravel()
    assert np.allclose(time.values * 86400, seconds)
    assert time.attrs["units"] == "d"


def test_every_visit_is_a_node(write_tree):
    root = write_tree(2025, {"101": 2, "55": 1})
    loader = ArielChallenge(path=root)
    paths = [path for path, _ in nodes(loader.load("101"))]
    assert paths == ["AIRS-CH0/0", "AIRS-CH0/1", "FGS1/0", "FGS1/1"]
    assert [path for path, _ in nodes(loader.load("55"))] == ["AIRS-CH0/0", "FGS1/0"]
    visits = [loader.load("101")[f"FGS1/{visit}/frames"].data.read() for visit in (0, 1)]
    assert not np.array_equal(*visits)


def test_a_visit_that_one_instrument_lacks_is_loaded_as_far_as_it_goes(write_tree):
    root = write_tree(2025, {"101": 2})
    (root / "train/101/FGS1_signal_1.parquet").unlink()
    loader = ArielChallenge(path=root)
    flags = {path: data.attrs.get("flags", "").split() for path, data in nodes(loader.load("101"))}
    assert list(flags) == ["AIRS-CH0/0", "AIRS-CH0/1", "FGS1/0"]
    assert [path for path in flags if "visit-missing" in flags[path]] == ["AIRS-CH0/1"]
    assert not any("FGS1_calibration_1" in str(file) for file in loader.files("101"))
    curves = ArielDetector(pairs_per_bin=1).apply(loader.load("101"))
    assert "visit-missing" in curves["AIRS-CH0/1"].attrs["flags"].split()
    # whoever did not ask for the other instrument does not miss it
    alone = ArielChallenge(path=root, instruments=["AIRS-CH0"]).load("101")
    assert not any("visit-missing" in data.attrs["flags"] for _, data in nodes(alone))
    assert [path for path, _ in nodes(ArielChallenge(path=root, instruments=["FGS1"]).load("101"))] == ["FGS1/0"]


def test_a_visit_without_the_one_before_it_is_flagged(write_tree):
    root = write_tree(2025, {"101": 2})
    for instrument in ("AIRS-CH0", "FGS1"):
        (root / f"train/101/{instrument}_signal_0.parquet").unlink()
    flags = {path: data.attrs["flags"].split() for path, data in nodes(ArielChallenge(path=root).load("101"))}
    assert list(flags) == ["AIRS-CH0/1", "FGS1/1"]
    assert all("visit-missing" in words for words in flags.values())


def test_a_visit_whose_calibration_is_missing_is_named(write_tree):
    root = write_tree(2025, {"101": 2})
    shutil.rmtree(root / "train/101/AIRS-CH0_calibration_1")
    with pytest.raises(InputFileError, match=r"AIRS-CH0_calibration_1: not found, .* visit 1, .* AIRS-CH0_signal_1"):
        ArielChallenge(path=root).load("101")


def test_frames_that_end_early_are_flagged(write_tree):
    """8 frames, and axis_info.parquet knows of 12."""
    root = write_tree(2024)
    assert ArielChallenge(path=root).load("101")["FGS1/0"].attrs["flags"] == "visit-incomplete"
    axis = pl.read_parquet(root / "axis_info.parquet")
    axis.with_columns(
        pl.when(pl.int_range(pl.len()) < 8).then(pl.col("FGS1-axis0-h")).otherwise(np.nan).alias("FGS1-axis0-h")
    ).write_parquet(root / "axis_info.parquet")
    assert "flags" not in ArielChallenge(path=root).load("101")["FGS1/0"].attrs


def test_frames_are_not_read_before_they_are_needed(write_tree, monkeypatch):
    def refuse(*args):
        raise AssertionError("frames were read")

    monkeypatch.setattr(ParquetFrames, "pixel_series", refuse)
    node = ArielChallenge(path=write_tree()).load("101")["FGS1/0"]
    assert isinstance(node["frames"].data, LazyFrames)
    assert node["frames"].shape == (8, 32, 32)


def test_frames_travel_to_another_process_as_a_path(write_tree):
    frames = ArielChallenge(path=write_tree()).load("101")["AIRS-CH0/0/frames"].data
    text = pickle.dumps(frames)
    assert len(text) < 1000
    assert np.array_equal(frames.read(), pickle.loads(text).read())


@pytest.mark.parametrize("flattened", [("AIRS-CH0", "FGS1"), ()], ids=["one column", "column per pixel"])
def test_some_pixels_are_read_in_the_order_asked_for(write_tree, flattened):
    frames = ArielChallenge(path=write_tree(flattened=flattened)).load("101")["AIRS-CH0/0/frames"].data
    everything = frames.read().reshape(8, -1)
    pixels = [7, 4000, 3]
    assert all(np.array_equal(everything[:, p], s) for p, s in zip(pixels, frames.pixel_series(pixels), strict=True))


def test_a_file_of_several_row_groups_is_read_whole(write_tree):
    root = write_tree()
    path = root / "train/101/FGS1_signal_0.parquet"
    before = pl.read_parquet(path)
    before.write_parquet(path, row_group_size=3)
    assert pq.read_metadata(path).num_row_groups > 1
    frames = ArielChallenge(path=root).load("101")["FGS1/0/frames"].data
    assert np.array_equal(before.to_numpy().reshape(8, 32, 32), frames.read())


def test_targets_are_the_planets_with_frames_in_numeric_order(write_tree):
    """Planet 999 has labels but no frames."""
    loader = ArielChallenge(path=write_tree(2024, {"101": 1, "20": 1, "9": 1}))
    assert loader.targets() == ["9", "20", "101"]
    assert list(loader.labels()["target"].values) == ["9", "20", "101"]


def test_an_empty_folder_of_a_planet_is_a_target_and_other_folders_are_not(write_tree):
    """A download that broke off leaves one: that the planet is missing must not go unnoticed."""
    root = write_tree(2024, {"101": 1})
    (root / "train/77").mkdir()
    (root / "train/.ipynb_checkpoints").mkdir()
    (root / "train/12").write_text("a file")
    assert ArielChallenge(path=root).targets() == ["77", "101"]
    assert ArielChallenge(path=root).catalogue()["target"].values.tolist() == ["77", "101"]


def test_a_planet_with_two_rows_is_refused_alone(write_tree):
    root = write_tree(2025, {"101": 1, "20": 1})
    stars = (root / "train_star_info.csv").read_text().splitlines()
    (row,) = [line for line in stars if line.startswith("101")]
    (root / "train_star_info.csv").write_text("\n".join([*stars, row]))
    loader = ArielChallenge(path=root)
    assert loader.load("20").attrs["stellar_radius"] == 1.5
    with pytest.raises(InputFileError, match=r"train_star_info.csv: planet_id 101 occurs more than once; keep one"):
        loader.load("101")
    catalogue = loader.catalogue()
    assert np.isnan(catalogue["Rs"].sel(target="101"))
    assert catalogue["Rs"].sel(target="20") == 1.5


def test_labels_that_stand_twice_are_refused(write_tree):
    root = write_tree(2025, {"101": 1})
    lines = (root / "train.csv").read_text().splitlines()
    (row,) = [line for line in lines if line.startswith("101,")]
    (root / "train.csv").write_text("\n".join([*lines, row]))
    with pytest.raises(InputFileError, match=r"train.csv: planet_id 101 occurs more than once"):
        ArielChallenge(path=root).labels()


def test_targets_can_be_chosen(write_tree):
    root = write_tree(2024, {"101": 1, "20": 1, "9": 1})
    loader = ArielChallenge(path=root, targets=[20, "9"])
    assert loader.targets() == ["20", "9"]
    with pytest.raises(ParameterError, match=r"targets 999 have no folder in .*3 planets"):
        ArielChallenge(path=root, targets=["999"]).targets()


@pytest.mark.parametrize("year", [2024, 2025])
def test_labels_are_those_of_the_planet(write_tree, year):
    root = write_tree(year, {"101": 1, "20": 1})
    labels = ArielChallenge(path=root).labels()
    table = pl.read_csv(root / ("train_labels.csv" if year == 2024 else "train.csv"))
    expected = table.filter(pl.col("planet_id") == 20).row(0)[1:]
    assert np.allclose(expected, labels.sel(target="20"), rtol=0, atol=1e-15)
    assert labels["wavelength"].values[0] == 0.7
    assert np.all(np.diff(labels["wavelength"].values) > 0)


def test_a_missing_label_is_nan_and_test_planets_have_none(write_tree):
    root = write_tree()
    table = pl.read_csv(root / "train.csv")
    table.with_columns(
        pl.when(pl.col("planet_id") == 101).then(None).otherwise(pl.col("wl_7")).alias("wl_7")
    ).write_csv(root / "train.csv")
    labels = ArielChallenge(path=root).labels()
    assert np.isnan(labels.sel(target="101", output="wl_7"))
    assert int(np.isnan(labels).sum()) == 1
    write_tree(2025, {"7": 1}, "test")
    assert ArielChallenge(path=root, split="test").labels() is None


def test_the_catalogue_knows_stars_and_converters(write_tree):
    star = ArielChallenge(path=write_tree(2024, {"101": 1, "20": 1})).catalogue()
    assert star["star"].sel(target="20") == 1
    assert star["star"].dtype.kind == "i"
    assert star["FGS1_adc_gain"].sel(target="101") == 0.8
    info = ArielChallenge(path=write_tree(2025, {"101": 1, "20": 1})).catalogue()  # ids are written as 101.0
    assert info["Rs"].sel(target="20") == 1.5
    assert info["P"].attrs["units"] == "d"
    assert info["AIRS-CH0_adc_gain"].sel(target="20") == 0.5


def test_files_are_all_that_a_planet_needs(write_tree):
    root = write_tree(2025, {"101": 2, "20": 1})
    loader = ArielChallenge(path=root)
    files = loader.files("101")
    assert set((root / "train/101").rglob("*.parquet")) < set(files)
    tables = ("axis_info.parquet", "adc_info.csv", "wavelengths.csv", "train_star_info.csv")
    assert {root / name for name in tables} < set(files)
    assert len(files) == len(set(files)) == 4 + 2 * 2 * 6


def test_an_observation_knows_its_star_and_orbit_where_the_challenge_tells(write_tree):
    known = ArielChallenge(path=write_tree(2025, {"101": 1, "20": 1})).load("20").attrs
    assert known["stellar_radius"] == 1.5
    assert known["period"] == 3.0
    assert "period" not in ArielChallenge(path=write_tree(2024, {"101": 1})).load("101").attrs


def test_other_data_are_a_root_or_a_split(write_tree):
    root = write_tree(2024, {"101": 1})
    loader = ArielChallenge(path=root, targets=["101"])
    assert loader.relocated(root).targets() == ["101"]
    only_train = ArielChallenge(path=root, split="test").relocated(root)
    assert (only_train.targets(), only_train.params.split) == (["101"], "train")
    write_tree(2024, {"7": 1, "8": 1}, "test")
    assert loader.relocated(root).targets() == ["101"]  # with both splits there it stays with its own
    assert ArielChallenge(path=root, split="test").relocated(root).targets() == ["7", "8"]
    assert loader.relocated(root / "train").targets() == ["101"]
    assert ArielChallenge(path=root, split="test").relocated(root / "train").targets() == ["101"]
    elsewhere = loader.relocated(root / "test")
    assert elsewhere.targets() == ["7", "8"]
    assert elsewhere.labels() is None
    assert elsewhere.load("7")["FGS1/0"].attrs["gain"] == 0.8


def _remove(name):
    return lambda root: (root / name).unlink()


def _truncate(root):
    path = root / "train/101/AIRS-CH0_signal.parquet"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _damage(root):
    path = root / "train/101/FGS1_signal.parquet"
    content = bytearray(path.read_bytes())
    content[200:9000] = bytes(8800)
    path.write_bytes(content)


def _rewrite(name, change):
    def apply(root):
        path = root / name
        change(pl.read_parquet(path)).write_parquet(path)

    return apply


def _edit(name, old, new):
    def apply(root):
        path = root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return apply


_FGS1 = "train/101/FGS1_signal.parquet"
_NULL = pl.when(pl.int_range(pl.len()) == 2).then(None).otherwise(pl.col("column_3")).alias("column_3")
WRONG_FILES = {
    "truncated frames": (_truncate, r"AIRS-CH0_signal.parquet: is not a whole parquet file"),
    "damaged frames": (_damage, r"FGS1_signal.parquet: is not a whole parquet file"),
    "no frames": (_remove(_FGS1), r"FGS1_signal.parquet: not found"),
    "no dark": (_remove("train/101/AIRS-CH0_calibration/dark.parquet"), r"dark.parquet: not found"),
    "too few pixels": (
        _rewrite(_FGS1, lambda t: t.drop("column_9")),
        r"expected frames of 32 x 32 pixels: 1024 columns .* got 1023 columns and 8 rows",
    ),
    "other detector": (
        lambda root: shutil.copy(root / "train/101/AIRS-CH0_calibration/dark.parquet", root / _FGS1),
        r"expected frames of 32 x 32 pixels: .* got 356 columns",
    ),
    "not whole frames": (
        _rewrite(_FGS1, lambda t: pl.DataFrame({"0": t.to_numpy().ravel()[:-1]})),
        r"got 1 columns and 8191 rows",
    ),
    "no rows": (_rewrite(_FGS1, lambda t: t.head(0)), r"got 1024 columns and 0 rows"),
    "frames of floats": (
        _rewrite(_FGS1, lambda t: t.cast(pl.Float32)),
        r"expected frames of type UInt16, .* got Float32",
    ),
    "gaps in the frames": (
        _rewrite(_FGS1, lambda t: t.with_columns(_NULL)),
        r"FGS1_signal.parquet: holds missing values",
    ),
    "calibration of another shape": (
        _rewrite("train/101/FGS1_calibration/flat.parquet", lambda t: t.head(31)),
        r"flat.parquet: expected 32 x 32 values, got 31 x 32",
    ),
    "dead pixels as numbers": (
        _rewrite("train/101/FGS1_calibration/dead.parquet", lambda t: t.cast(pl.Int8)),
        r"dead.parquet: expected true or false without gaps, got Int8",
    ),
    "no axis": (_remove("axis_info.parquet"), r"axis_info.parquet: not found"),
    "axis without a column": (
        _rewrite("axis_info.parquet", lambda t: t.drop("FGS1-axis0-h")),
        r"expected columns .*; got",
    ),
    "axis with a gap": (
        _rewrite("axis_info.parquet", lambda t: t.with_columns(pl.col("FGS1-axis0-h").shift(1))),
        r"column 'FGS1-axis0-h' has a gap in row 0",
    ),
    "axis too short": (_rewrite("axis_info.parquet", lambda t: t.head(6)), r"has 8 frames, but .* times of 6 reads"),
    "no wavelengths": (_remove("wavelengths.csv"), r"wavelengths.csv: not found"),
    "no converters": (_remove("train_adc_info.csv"), r"not the files of an Ariel data challenge"),
    "planet without converter": (_edit("train_adc_info.csv", "101,", "102,"), r"has no planet_id 101"),
    "converter twice": (_edit("train_adc_info.csv", "999,", "101,"), r"planet_id 101 occurs more than once"),
    "empty folder": (
        lambda root: [shutil.rmtree(root / "train/101"), (root / "train/101").mkdir()],
        r"101: holds no signal files, .* or remove its folder",
    ),
    "gain of zero": (
        _edit("train_adc_info.csv", "0.8,", "0.0,"),
        r"planet 101, FGS1: expected a gain above 0 .* got gain 0",
    ),
    "negative gain": (
        _edit("train_adc_info.csv", "0.8,", "-0.8,"),
        r"train_adc_info.csv: planet 101, FGS1: expected a gain above 0 .* got gain -0.8",
    ),
    "gain that is not a number": (_edit("train_adc_info.csv", "0.8,", "nan,"), r"planet 101, FGS1: .* got gain nan"),
    "gain left empty": (_edit("train_adc_info.csv", "0.8,", ","), r"planet 101, FGS1: .* got gain nan and offset -350"),
    "offset left empty": (_edit("train_adc_info.csv", "-350.0,", ","), r"planet 101, FGS1: .* and offset nan"),
    "no offset": (
        _edit("train_adc_info.csv", "AIRS-CH0_adc_offset", "offset"),
        r"expected columns AIRS-CH0_adc_gain, AIRS-CH0_adc_offset; got",
    ),
    "times of another instrument": (
        _rewrite("axis_info.parquet", lambda t: t.with_columns(pl.col("FGS1-axis0-h").alias("AIRS-CH0-axis0-h"))),
        r"'AIRS-CH0-axis0-h' has a pair of reads every 0.4 s, in which the 4.6 s that AIRS-CH0 integrates do not fit",
    ),
    "times longer than the integration times": (
        _rewrite(
            "axis_info.parquet",
            lambda t: t.with_columns(pl.Series("AIRS-CH0-axis0-h", np.r_[np.arange(14), [np.nan] * 386])),
        ),
        r"has 14 times of AIRS-CH0 reads, but 12 integration times",
    ),
    "times that do not ascend": (
        _rewrite("axis_info.parquet", lambda t: t.with_columns(-pl.col("FGS1-axis0-h"))),
        r"'FGS1-axis0-h' does not hold ascending times",
    ),
    "too few wavelengths": (
        _rewrite(
            "axis_info.parquet",
            lambda t: t.with_columns(pl.Series("AIRS-CH0-axis2-um", np.r_[np.linspace(4, 2, 282), [np.nan] * 118])),
        ),
        r"expected 356 values in column 'AIRS-CH0-axis2-um', one for each column of the detector .* got 282",
    ),
    "wavelengths out of order": (
        _rewrite("axis_info.parquet", lambda t: t.with_columns((pl.col("AIRS-CH0-axis2-um") - 2.5).abs().name.keep())),
        r"'AIRS-CH0-axis2-um' does not hold wavelengths above 0 in order",
    ),
    "wavelengths of another channel": (
        _rewrite("axis_info.parquet", lambda t: t.with_columns(pl.col("AIRS-CH0-axis2-um") * 1.5)),
        r"the wavelengths of AIRS-CH0, columns 39:321 in reverse, are not wl_2 .. wl_283 of .*wavelengths.csv",
    ),
    "no calibration": (
        lambda root: shutil.rmtree(root / "train/101/FGS1_calibration"),
        r"FGS1_calibration: not found, so that the frames of FGS1, visit 0, .* move FGS1_signal.parquet away",
    ),
    "gain in words": (
        _edit("train_adc_info.csv", "0.8,", "much,"),
        r"row 1, column 'FGS1_adc_gain', planet 101: .* 'much'",
    ),
    "no gain": (_edit("train_adc_info.csv", "FGS1_adc_gain", "gain"), r"expected columns FGS1_adc_gain"),
    "one instrument's frames": (_remove("train/101/AIRS-CH0_signal.parquet"), r"AIRS-CH0_signal.parquet: not found"),
    "ragged table": (_edit("train_adc_info.csv", "\n101,", "\n101,1,"), r"row 1 has 7 cells, expected 6"),
}


def _read_everything(loader):
    return [node["frames"].data.read() for _, node in nodes(loader.load("101"))]


@pytest.mark.parametrize("wrong", WRONG_FILES)
def test_a_wrong_file_is_named_with_what_was_expected(write_tree, wrong):
    root = write_tree(2024)
    damage, message = WRONG_FILES[wrong]
    damage(root)
    with pytest.raises(InputFileError, match=message):
        _read_everything(ArielChallenge(path=root))


def test_labels_that_cannot_be_read_are_named(write_tree):
    root = write_tree(2024)
    text = (root / "train_labels.csv").read_text()
    (root / "train_labels.csv").write_text(text.replace("wl_283", "wl_284", 1))
    with pytest.raises(InputFileError, match=r"train_labels.csv: expected columns .* missing: wl_283"):
        ArielChallenge(path=root).labels()
    lines = text.splitlines()
    (root / "train_labels.csv").write_text("\n".join([lines[0], "101," + ",".join(["deep"] * 283)]))
    with pytest.raises(InputFileError, match=r"row 1, column 'wl_1', planet 101: expected a number, got 'deep'"):
        ArielChallenge(path=root).labels()


def test_a_path_that_is_not_a_challenge_is_refused(tmp_path, write_tree):
    with pytest.raises(InputFileError, match="not found"):
        ArielChallenge(path=tmp_path / "nowhere").targets()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputFileError, match="not the files of an Ariel data challenge"):
        ArielChallenge(path=tmp_path / "empty").targets()
    with pytest.raises(InputFileError, match=r"test: not found.*set 'split'"):
        ArielChallenge(path=write_tree(), split="test").targets()


def test_an_unknown_target_is_refused(write_tree):
    with pytest.raises(DataError, match="holds no signal files"):
        ArielChallenge(path=write_tree()).load("31415")


def test_the_real_planet_of_2025(data_dir: Path):
    loader = ArielChallenge(path=data_dir / "adc25")
    assert loader.targets() == ["342072318"]
    observation = loader.load("342072318")
    validate_observation(observation, "load", ("frames",))
    frames = observation["AIRS-CH0/0/frames"].data
    assert frames.shape == (50, 32, 356)
    assert (frames.read().min(), frames.read().max()) == (293, 26871)  # the file's own statistics
    assert observation["FGS1/0/frames"].shape == (50, 32, 32)
    assert int(observation["AIRS-CH0/0/dead"].sum()) == 12
    wavelengths = np.loadtxt(data_dir / "adc25" / "wavelengths.csv", delimiter=",", skiprows=1)
    assert np.allclose(wavelengths[1:], observation["AIRS-CH0/0/wavelength"].values[39:321][::-1], rtol=1e-12)
    assert observation["FGS1/0"].attrs["wavelength"] == wavelengths[0]
    assert loader.labels().shape == (1, 283)
    assert float(loader.catalogue()["P"].sel(target="342072318")) == pytest.approx(2.867, abs=1e-3)


def test_the_real_tables_of_2024_and_2025(data_dir: Path):
    """Ids are whole numbers in the folders, and 1103775.0 in one of the tables."""
    from specframe_ariel.tables import read_table

    converters = read_table(data_dir / "adc24" / "train_adc_info.csv")
    assert len(converters.planets) == 538
    assert converters.row("785834")["FGS1_adc_gain"] == pytest.approx(0.83724366, abs=1e-8)
    stars = read_table(data_dir / "adc25" / "test_star_info.csv")
    assert stars.planets == ("1103775",)
