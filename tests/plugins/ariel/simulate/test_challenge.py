"""The files of a simulated challenge, against the real ones' names, columns, types and layout."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
import xarray as xr

from specframe.api import nodes
from specframe.errors import InputFileError, ParameterError, UsageError
from specframe_ariel import ArielChallenge, ArielSimulated, write_challenge
from specframe_ariel.simulate import challenge, tables, whole

PAIRS = {"airs_pairs": 32, "fgs1_pairs": 250}
TRAIN_2025 = {"n_targets": 4, "seed": 4, "year": 2025, "second_visit": 0.5, **PAIRS}


@pytest.fixture(scope="module")
def tree_2024(tmp_path_factory):
    root = tmp_path_factory.mktemp("sim") / "adc24"
    write_challenge(root, n_targets=3, seed=4, **PAIRS)
    write_challenge(root, n_targets=2, seed=4, split="test", **PAIRS)
    return root


@pytest.fixture(scope="module")
def tree_2025(tmp_path_factory):
    root = tmp_path_factory.mktemp("sim") / "adc25"
    write_challenge(root, **TRAIN_2025)
    write_challenge(root, n_targets=1, seed=4, year=2025, split="test", **PAIRS)
    return root


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def contents_without_test(folder):
    return {name: content for name, content in contents(folder).items() if "test" not in name and "sample" not in name}


def layout(path):
    """What readers see of a parquet file, but for sizes."""
    file = pq.ParquetFile(path)
    columns = [file.schema.column(k) for k in range(len(file.schema))]
    chunk = file.metadata.row_group(0).column(0)
    return {
        "columns": [(c.name, c.physical_type, str(c.logical_type), c.max_repetition_level) for c in columns],
        "row groups": file.metadata.num_row_groups,
        "compression": chunk.compression,
        "arrow": file.schema_arrow.remove_metadata(),
    }


def test_tree_2024(tree_2024):
    assert sorted(path.name for path in tree_2024.iterdir()) == [
        *("axis_info.parquet", "sample_submission.csv", "test", "test_adc_info.csv", "train", "train_adc_info.csv"),
        *("train_labels.csv", "truth", "wavelengths.csv"),
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
        *("adc_info.csv", "axis_info.parquet", "sample_submission.csv", "test", "test_star_info.csv", "train"),
        *("train.csv", "train_star_info.csv", "truth", "wavelengths.csv"),
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


def test_frames_are_a_column_per_pixel_in_one_row_group(tree_2024):
    planet = next((tree_2024 / "train").iterdir())
    for instrument, shape in {"AIRS-CH0": (64, 11_392), "FGS1": (500, 1_024)}.items():
        path = planet / f"{instrument}_signal.parquet"
        frames = pl.read_parquet(path)
        assert frames.shape == shape
        assert set(frames.dtypes) == {pl.UInt16}
        assert frames.columns == [f"column_{k}" for k in range(shape[1])]
        assert pq.ParquetFile(path).metadata.num_row_groups == 1


def test_frames_have_the_type_of_the_real_ones(data_dir, tree_2025):
    real = pq.ParquetFile(data_dir / "adc25/train/342072318/FGS1_signal_0.parquet").schema.column(0)
    planet = next((tree_2025 / "train").iterdir())
    ours = pq.ParquetFile(planet / "FGS1_signal_0.parquet").schema.column(0)
    assert (ours.physical_type, str(ours.logical_type)) == (real.physical_type, str(real.logical_type))


@pytest.mark.parametrize(
    ("year", "names"),
    [
        (2024, ["train_labels.csv", "train_adc_info.csv", "test_adc_info.csv"]),
        (2025, ["train.csv", "train_star_info.csv", "test_star_info.csv", "adc_info.csv"]),
    ],
)
def test_tables_have_the_real_columns_and_types(data_dir, request, year, names):
    root = request.getfixturevalue(f"tree_{year}")
    for name in (*names, "wavelengths.csv", "sample_submission.csv"):
        real = pl.read_csv(data_dir / f"adc{year - 2000}" / name)
        ours = pl.read_csv(root / name)
        assert ours.columns == real.columns
        assert ours.dtypes == real.dtypes


@pytest.mark.parametrize("year", [2024, 2025])
def test_sample_submission_names_the_test_planets_and_predicts_what_the_real_one_does(data_dir, request, year):
    root = request.getfixturevalue(f"tree_{year}")
    ours = pl.read_csv(root / "sample_submission.csv")
    real = pl.read_csv(data_dir / f"adc{year - 2000}/sample_submission.csv")
    assert {str(planet) for planet in ours["planet_id"]} == {path.name for path in (root / "test").iterdir()}
    assert set(ours.row(0)[1:]) == set(real.row(0)[1:])


@pytest.mark.parametrize("year", [2024, 2025])
def test_wavelengths_are_the_real_ones(data_dir, request, year):
    ours = pl.read_csv(request.getfixturevalue(f"tree_{year}") / "wavelengths.csv").row(0)
    real = pl.read_csv(data_dir / f"adc{year - 2000}/wavelengths.csv").row(0)
    np.testing.assert_allclose(ours, real, rtol=0, atol=1e-9)


@pytest.mark.parametrize("instrument", ["AIRS-CH0", "FGS1"])
@pytest.mark.parametrize("year", [2024, 2025])
def test_calibration_has_the_real_shapes_types_and_compression(data_dir, request, year, instrument):
    tree = request.getfixturevalue(f"tree_{year}")
    suffix = "" if year == 2024 else "_0"
    ours = next((tree / "train").iterdir()) / f"{instrument}_calibration{suffix}"
    real = data_dir / ("adc24/calibration" if year == 2024 else "adc25/train/342072318") / ours.name
    assert {path.name for path in ours.iterdir()} == {path.name for path in real.iterdir()}
    for path in real.iterdir():
        assert pl.read_parquet(ours / path.name).shape == pl.read_parquet(path).shape
        expected, got = layout(path), layout(ours / path.name)
        # whether a column could hold missing values, which none does, depends on polars' version
        expected["arrow"], got["arrow"] = expected["arrow"].types, got["arrow"].types
        assert got == expected


@pytest.mark.parametrize("year", [2024, 2025])
def test_axis_info_at_full_size_is_the_real_one(data_dir, tmp_path, year):
    real = data_dir / f"adc{year - 2000}/axis_info.parquet"
    ours = tmp_path / "axis_info.parquet"
    whole.write_parquet(ours, tables.axis_info(ArielSimulated(airs_pairs=5_625, fgs1_pairs=67_500).params), "snappy")
    assert layout(ours) == layout(real)
    real, ours = pl.read_parquet(real), pl.read_parquet(ours)
    assert ours.shape == real.shape == (135_000, 4)
    for name in real.columns:
        np.testing.assert_array_equal(ours[name].is_null(), real[name].is_null())
        np.testing.assert_allclose(ours[name].drop_nulls(), real[name].drop_nulls(), rtol=0, atol=1e-9)


def test_splits_share_no_planet_and_test_has_no_labels(tree_2024):
    train, test = ({path.name for path in (tree_2024 / split).iterdir()} for split in ("train", "test"))
    assert len(train) == 3
    assert len(test) == 2
    assert not train & test
    assert ArielChallenge(path=tree_2024, split="test").labels() is None
    assert {path.stem for path in (tree_2024 / "truth" / "test").iterdir()} == test


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("year", [2024, 2025])
def test_the_challenge_loader_reads_what_the_simulator_gives_to_the_last_bit(tree_2024, tree_2025, year, split):
    root = tree_2024 if year == 2024 else tree_2025
    count = {"train": {2024: 3, 2025: 4}, "test": {2024: 2, 2025: 1}}[split][year]
    visits = {"second_visit": 0.5} if (year, split) == (2025, "train") else {}
    simulated = ArielSimulated(n_targets=count, seed=4, year=year, split=split, **visits, **PAIRS)
    read = ArielChallenge(path=root, split=split)
    assert sorted(simulated.targets(), key=int) == read.targets()
    for target in simulated.targets():
        made, there = dict(nodes(simulated.load(target))), dict(nodes(read.load(target)))
        assert list(made) == list(there)
        for path, node in made.items():
            assert {name: str(node[name].dtype) for name in node.variables} == {
                name: str(there[path][name].dtype) for name in there[path].variables
            }
            for name in node.variables:
                np.testing.assert_array_equal(node[name].values, there[path][name].values, err_msg=f"{path} {name}")
            # the challenge's files have no place for the full well
            assert {name: value for name, value in node.attrs.items() if name != "full_well"} == there[path].attrs
    if split == "train":
        labels = read.labels().sel(target=simulated.targets())
        xr.testing.assert_identical(labels, simulated.labels())


def test_truth_is_what_the_labels_say_and_no_loader_reads_it(tree_2025):
    read = ArielChallenge(path=tree_2025)
    target = read.targets()[0]
    path = tree_2025 / "truth" / "train" / f"{target}.nc"
    with xr.open_datatree(path, engine="h5netcdf") as truth:
        labels = read.labels().sel(target=target)
        airs, fgs1 = truth["AIRS-CH0/0"], truth["FGS1/0"]
        np.testing.assert_array_equal(fgs1["depth_label"].values, labels.values[:1])
        np.testing.assert_array_equal(airs["depth_label"].values, labels.values[1:])
        np.testing.assert_allclose(airs["wavelength"].values, labels["wavelength"].values[1:], rtol=1e-12)
        assert truth.attrs["target"] == target
        # a transit is as deep in the noise-free light as its effective depth says, but for limb darkening
        drop = 1 - airs["transit"].values.min(axis=1)
        np.testing.assert_allclose(drop, airs["depth"].values, rtol=0.2)
    assert not [file for file in read.files(target) if "truth" in file.parts]


def test_what_is_read_and_its_keys_do_not_depend_on_the_truth(tmp_path):
    write_challenge(tmp_path, n_targets=1, seed=4, **PAIRS)
    read = ArielChallenge(path=tmp_path)
    (target,) = read.targets()
    before, files, labels = read.load(target), read.files(target), read.labels()
    (tmp_path / "truth" / "train" / f"{target}.nc").write_bytes(b"nothing")
    (tmp_path / "truth" / "train.json").unlink()
    assert read.files(target) == files
    assert read.targets() == [target]
    xr.testing.assert_identical(read.labels(), labels)
    xr.testing.assert_identical(read.load(target), before)


def test_files_are_the_same_whatever_the_order_and_however_often_it_was_interrupted(tree_2025, tmp_path):
    in_parts = tmp_path / "in-parts"
    simulator = ArielSimulated(**TRAIN_2025)
    for target in reversed(simulator.targets()[1:]):
        again = ArielSimulated(**TRAIN_2025)
        again.check_folder(in_parts)
        assert target not in again.written(in_parts)
        written = again.write_target(target, in_parts)
        assert {path.relative_to(in_parts) for path in written} == {
            path.relative_to(in_parts) for path in in_parts.rglob("*") if target in str(path) and path.is_file()
        }
    assert set(simulator.written(in_parts)) == set(simulator.targets()[1:])
    assert simulator.write(in_parts) == simulator.targets()
    assert contents(in_parts) == contents_without_test(tree_2025)


def test_a_failure_leaves_complete_planets_only_and_the_same_call_goes_on(tree_2024, tmp_path, monkeypatch):
    root, calls = tmp_path / "sim", []
    simulator = ArielSimulated(n_targets=3, seed=4, **PAIRS)

    def full(*args):
        calls.append(args)
        if len(calls) == 4:  # the second instrument of the second planet
            raise OSError(28, "No space left on device")
        return expose(*args)

    expose = challenge.expose
    monkeypatch.setattr(challenge, "expose", full)
    with pytest.raises(OSError, match="No space"):
        simulator.write(root)
    assert [path.name for path in (root / "train").iterdir()] == simulator.written(root) == simulator.targets()[:1]
    assert not (root / "train_labels.csv").exists()
    assert not [path for path in (root / ".partial").rglob("*") if path.is_file()]
    calls.clear()
    monkeypatch.setattr(challenge, "expose", lambda *args: calls.append(args) or expose(*args))
    simulator.write(root)
    assert len(calls) == 4  # two planets, two instruments
    assert contents(root) == contents_without_test(tree_2024)
    assert not (root / ".partial").exists()


def test_parameters_that_nothing_could_be_made_with_do_not_claim_the_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputFileError, match="AIRS-CH0_calibration"):
        write_challenge(tmp_path / "sim", n_targets=1, calibration=str(tmp_path / "empty"), **PAIRS)
    assert contents(tmp_path / "sim") == {}
    (name,) = write_challenge(tmp_path / "sim", n_targets=1, **PAIRS)
    (tmp_path / "sim" / "truth" / "train" / f"{name}.nc").unlink()
    before = (tmp_path / "sim" / "train" / name).stat().st_mtime_ns
    assert ArielSimulated(n_targets=1, **PAIRS).written(tmp_path / "sim") == []
    write_challenge(tmp_path / "sim", n_targets=1, **PAIRS)
    assert ArielSimulated(n_targets=1, **PAIRS).written(tmp_path / "sim") == [name]
    assert (tmp_path / "sim" / "train" / name).stat().st_mtime_ns == before


def test_what_a_killed_simulation_left_is_no_planet(tmp_path):
    root = tmp_path / "sim"
    half = root / ".partial" / "train-3445585646"
    half.mkdir(parents=True)
    (half / "AIRS-CH0_signal.parquet").write_bytes(b"PAR1")
    names = write_challenge(root, n_targets=2, **PAIRS)
    assert sorted(names, key=int) == ArielChallenge(path=root).targets()
    assert not (root / ".partial").exists()


def test_a_full_disk_is_told_by_the_system_and_not_by_the_parquet_writer():
    with pytest.raises(OSError, match="No space left on device") as raised:
        whole.write_columns(Path("/dev/full"), np.arange(200_000, dtype=np.uint16).reshape(2, -1))
    assert raised.value.errno == 28


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 5}, "seed is 4 there, 5 here"),
        ({"n_targets": 4}, "n_targets is 3 there, 4 here"),
        ({"read_noise": 20.0}, r"read_noise is 13\.0 there, 20\.0 here"),
        ({"fgs1_pairs": 251}, "fgs1_pairs is 250 there, 251 here"),
        ({"year": 2025}, "year is 2024 there, 2025 here"),
    ],
)
def test_planets_of_other_parameters_are_not_mixed_in(tree_2024, change, message):
    before = contents(tree_2024)
    with pytest.raises(UsageError, match=f"simulated differently: .*{message}"):
        write_challenge(tree_2024, **{"n_targets": 3, "seed": 4, **PAIRS, **change})
    assert contents(tree_2024) == before


def test_planets_of_other_code_or_versions_are_not_mixed_in(tmp_path):
    write_challenge(tmp_path, n_targets=1, **PAIRS)
    path = tmp_path / "truth" / "train.json"
    record = json.loads(path.read_text())
    for key, value, message in (
        ("versions", {**record["versions"], "numpy": "1.26.0"}, r'version of numpy is "1\.26\.0" there'),
        ("code", "0" * 64, "simulated by other code"),
    ):
        path.write_text(json.dumps({**record, key: value}))
        with pytest.raises(UsageError, match=message):
            write_challenge(tmp_path, n_targets=1, **PAIRS)
    path.write_text("not json")
    with pytest.raises(UsageError, match=r"train\.json cannot be read"):
        write_challenge(tmp_path, n_targets=1, **PAIRS)


def test_splits_of_different_sizes_do_not_share_a_folder(tmp_path):
    write_challenge(tmp_path, n_targets=1, airs_pairs=32, fgs1_pairs=32)
    with pytest.raises(UsageError, match=r"axis_info\.parquet: was made with other parameters"):
        write_challenge(tmp_path, n_targets=1, airs_pairs=32, fgs1_pairs=33, split="test")
    assert not (tmp_path / "test").exists()


def test_test_planets_may_differ_in_what_no_table_shares(tmp_path):
    write_challenge(tmp_path, n_targets=1, airs_pairs=32, fgs1_pairs=32)
    write_challenge(tmp_path, n_targets=1, airs_pairs=32, fgs1_pairs=32, split="test", drift=2e-3, seed=9)
    assert len(ArielChallenge(path=tmp_path, split="test").targets()) == 1


@pytest.mark.parametrize("stranger", ["notes.txt", "train/12/AIRS-CH0_signal.parquet"])
def test_folders_of_others_are_refused(tmp_path, stranger):
    path = tmp_path / stranger
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    with pytest.raises(UsageError, match=r"holds other files|were not simulated here"):
        write_challenge(tmp_path, n_targets=1, **PAIRS)
    assert contents(tmp_path) == {stranger: b"mine"}


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file; name a folder"):
        write_challenge(tmp_path / "file", n_targets=1, **PAIRS)


def test_wrong_parameter_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ParameterError, match="n_targets"):
        write_challenge(tmp_path / "sim", n_targets=0)
    assert not (tmp_path / "sim").exists()
