"""The files of a simulated challenge, against the real ones' names, columns and types."""

import numpy as np
import polars as pl
import pytest

from specframe.errors import ParameterError, UsageError
from specframe_ariel import ArielSimulated, write_challenge
from specframe_ariel.simulate import challenge

PAIRS = {"airs_pairs": 32, "fgs1_pairs": 250}


@pytest.fixture(scope="module")
def tree_2024(tmp_path_factory):
    root = tmp_path_factory.mktemp("sim") / "adc24"
    write_challenge(root, n_targets=3, seed=4, **PAIRS)
    write_challenge(root, n_targets=2, seed=4, split="test", **PAIRS)
    return root


@pytest.fixture(scope="module")
def tree_2025(tmp_path_factory):
    root = tmp_path_factory.mktemp("sim") / "adc25"
    write_challenge(root, n_targets=4, seed=4, year=2025, second_visit=0.5, **PAIRS)
    write_challenge(root, n_targets=1, seed=4, year=2025, split="test", **PAIRS)
    return root


def test_tree_2024(tree_2024):
    assert sorted(path.name for path in tree_2024.iterdir()) == [
        *("axis_info.parquet", "test", "test_adc_info.csv", "train", "train_adc_info.csv", "train_labels.csv"),
        "wavelengths.csv",
    ]
    train = pl.read_csv(tree_2024 / "train_labels.csv")["planet_id"]
    assert train.is_sorted()
    assert sorted(int(path.name) for path in (tree_2024 / "train").iterdir()) == train.to_list()
    for planet in (tree_2024 / "train").iterdir():
        files = sorted(str(path.relative_to(planet)) for path in planet.rglob("*.parquet"))
        calibration = ["dark", "dead", "flat", "linear_corr", "read"]
        expected = [f"{i}_calibration/{name}.parquet" for i in ("AIRS-CH0", "FGS1") for name in calibration]
        assert files == sorted([*expected, "AIRS-CH0_signal.parquet", "FGS1_signal.parquet"])


def test_tree_2025_has_second_visits(tree_2025):
    assert sorted(path.name for path in tree_2025.iterdir()) == [
        *("adc_info.csv", "axis_info.parquet", "test", "test_star_info.csv", "train", "train.csv"),
        *("train_star_info.csv", "wavelengths.csv"),
    ]
    signals = {
        planet.name: sorted(path.name for path in planet.glob("*_signal_*"))
        for planet in (tree_2025 / "train").iterdir()
    }
    one = ["AIRS-CH0_signal_0.parquet", "FGS1_signal_0.parquet"]
    two = ["AIRS-CH0_signal_0.parquet", "AIRS-CH0_signal_1.parquet", "FGS1_signal_0.parquet", "FGS1_signal_1.parquet"]
    assert one in signals.values()
    assert two in signals.values()
    assert all(files in (one, two) for files in signals.values())


def test_frames_are_a_column_per_pixel(tree_2024):
    planet = next((tree_2024 / "train").iterdir())
    airs = pl.read_parquet(planet / "AIRS-CH0_signal.parquet")
    assert airs.shape == (64, 11_392)
    assert set(airs.dtypes) == {pl.UInt16}
    assert airs.columns[:2] == ["column_0", "column_1"]
    assert pl.read_parquet(planet / "FGS1_signal.parquet").shape == (500, 1_024)


@pytest.mark.parametrize(
    ("year", "names"),
    [
        (2024, ["train_labels.csv", "train_adc_info.csv", "test_adc_info.csv", "wavelengths.csv"]),
        (2025, ["train.csv", "train_star_info.csv", "test_star_info.csv", "adc_info.csv", "wavelengths.csv"]),
    ],
)
def test_tables_have_the_real_columns_and_types(data_dir, request, year, names):
    root = request.getfixturevalue(f"tree_{year}")
    for name in names:
        real = pl.read_csv(data_dir / f"adc{year - 2000}" / name)
        ours = pl.read_csv(root / name)
        assert ours.columns == real.columns
        assert ours.dtypes == real.dtypes


@pytest.mark.parametrize("year", [2024, 2025])
def test_wavelengths_are_the_real_ones(data_dir, request, year):
    ours = pl.read_csv(request.getfixturevalue(f"tree_{year}") / "wavelengths.csv").row(0)
    real = pl.read_csv(data_dir / f"adc{year - 2000}/wavelengths.csv").row(0)
    np.testing.assert_allclose(ours, real, rtol=0, atol=1e-9)


@pytest.mark.parametrize("instrument", ["AIRS-CH0", "FGS1"])
def test_calibration_has_the_real_shapes_and_types(data_dir, tree_2024, instrument):
    ours = next((tree_2024 / "train").iterdir()) / f"{instrument}_calibration"
    real = data_dir / "adc24/calibration" / f"{instrument}_calibration"
    for path in real.iterdir():
        expected, got = pl.read_parquet(path), pl.read_parquet(ours / path.name)
        assert got.shape == expected.shape
        assert got.schema == expected.schema


def test_axis_info_at_full_size_is_the_real_one(data_dir):
    real = pl.read_parquet(data_dir / "adc24/axis_info.parquet")
    full = challenge._axes(ArielSimulated(airs_pairs=5_625, fgs1_pairs=67_500).params)
    assert full.schema == real.schema
    for name in real.columns:
        np.testing.assert_array_equal(full[name].is_null(), real[name].is_null())
        np.testing.assert_allclose(full[name].drop_nulls(), real[name].drop_nulls(), rtol=0, atol=1e-9)


def test_splits_share_no_planet_and_test_has_no_labels(tree_2024):
    train, test = ({path.name for path in (tree_2024 / split).iterdir()} for split in ("train", "test"))
    assert len(train) == 3
    assert len(test) == 2
    assert not train & test


def test_files_hold_what_the_loader_makes_on_the_fly(tree_2024):
    loader = ArielSimulated(n_targets=3, seed=4, **PAIRS)
    target = loader.targets()[1]
    node = loader.load(target)["AIRS-CH0/0"]
    folder = tree_2024 / "train" / target
    columns = pl.read_parquet(folder / "AIRS-CH0_signal.parquet")
    frames = node["frames"].data.read()
    np.testing.assert_array_equal(columns.to_numpy().reshape(frames.shape), frames)
    flat = pl.read_parquet(folder / "AIRS-CH0_calibration/flat.parquet").to_numpy()
    np.testing.assert_array_equal(flat, node["flat"])
    linearity = pl.read_parquet(folder / "AIRS-CH0_calibration/linear_corr.parquet").to_numpy().reshape(6, 32, 356)
    np.testing.assert_array_equal(linearity, node["linearity"])
    info = pl.read_csv(tree_2024 / "train_adc_info.csv").filter(pl.col("planet_id") == int(target)).row(0, named=True)
    assert info["AIRS-CH0_adc_gain"] == node.attrs["gain"]
    assert info["AIRS-CH0_adc_offset"] == node.attrs["offset"]
    labels = pl.read_csv(tree_2024 / "train_labels.csv").filter(pl.col("planet_id") == int(target)).row(0)[1:]
    np.testing.assert_array_equal(labels, loader.labels().sel(target=target))


def test_written_split_is_not_overwritten(tree_2024):
    before = (tree_2024 / "train_labels.csv").read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        write_challenge(tree_2024, n_targets=1, seed=5, **PAIRS)
    assert (tree_2024 / "train_labels.csv").read_bytes() == before


def test_splits_of_different_sizes_do_not_share_a_folder(tmp_path):
    write_challenge(tmp_path, n_targets=1, airs_pairs=32, fgs1_pairs=32)
    with pytest.raises(UsageError, match="other numbers of pairs"):
        write_challenge(tmp_path, n_targets=1, airs_pairs=32, fgs1_pairs=33, split="test")
    assert not (tmp_path / "test").exists()


def test_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(challenge, "expose", full)
    with pytest.raises(OSError, match="No space"):
        write_challenge(tmp_path / "sim", n_targets=1, **PAIRS)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_wrong_parameter_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ParameterError, match="n_targets"):
        write_challenge(tmp_path / "sim", n_targets=0)
    assert not (tmp_path / "sim").exists()
