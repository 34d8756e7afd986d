"""Planets with given spectra: labels of a challenge, and tables of wavelength and depth."""

import numpy as np
import polars as pl
import pytest

from specframe.errors import InputFileError, ParameterError, UsageError
from specframe_ariel import ArielSimulated
from specframe_ariel.simulate.instrument import AIRS, FGS1, label_wavelengths
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet

OUTPUTS = [f"wl_{k}" for k in range(1, 284)]


@pytest.fixture
def labels(tmp_path):
    """Three planets whose depth rises with wavelength."""
    path = tmp_path / "labels.csv"
    depth = np.array([[0.001], [0.004], [0.002]]) + np.linspace(0.0, 1e-4, 283)
    table = pl.DataFrame(depth, schema=OUTPUTS, orient="row").insert_column(0, pl.Series("planet_id", [70, 5, 900]))
    table.write_csv(path)
    return path, depth


def test_planets_carry_the_labels_and_their_identifiers_and_begin_again(labels):
    path, depth = labels
    loader = ArielSimulated(n_targets=5, seed=1, labels=path)
    assert loader.targets()[:3] == ["70", "5", "900"]
    assert len(set(loader.targets())) == 5
    np.testing.assert_array_equal(loader.labels().values, depth[[0, 1, 2, 0, 1]])
    assert loader.labels()["target"].values.tolist() == loader.targets()
    assert loader.files("5") == [path]


def test_planets_of_the_test_split_take_no_identifier_of_the_labels(labels):
    path, _ = labels
    assert not set(ArielSimulated(n_targets=3, labels=path, split="test").targets()) & {"70", "5", "900"}


def test_depth_of_every_raw_column_follows_the_labels(labels):
    path, depth = labels
    planet = draw_planet(SimulatedParams(labels=path), 1)
    columns = planet.depth(AIRS)
    np.testing.assert_array_equal(columns[39:321][::-1], depth[1, 1:])
    assert planet.depth(FGS1)[0] == depth[1, 0]
    # red columns keep the last label's depth, blue ones lie between FGS1's and the first of AIRS-CH0
    assert (columns[:39] == depth[1, -1]).all()
    assert ((columns[321:] > depth[1, 0]) & (columns[321:] < depth[1, 1])).all()


def test_real_labels_come_back(data_dir):
    path = data_dir / "adc24/train_labels.csv"
    real = pl.read_csv(path)
    loader = ArielSimulated(n_targets=20, labels=path)
    assert loader.targets() == [str(name) for name in real["planet_id"][:20]]
    np.testing.assert_array_equal(loader.labels().values, real.to_numpy()[:20, 1:])


def test_orbit_of_a_given_planet_is_of_its_size(labels):
    """Mass and orbit are drawn for the planet's own radius: four times the depth is twice the radius."""
    path, _ = labels
    small, large = (draw_planet(SimulatedParams(labels=path, stars=1), i) for i in (0, 1))
    assert large.atmosphere.radius / small.atmosphere.radius == pytest.approx(np.sqrt(4.05 / 1.05), rel=1e-2)


@pytest.mark.parametrize(
    "text",
    [
        "0.6 0.01\n5.0 0.02\n",
        "# my planet\n5.0, 0.02\n0.6, 0.01\n",
        "name,depth,Wavelength\na,0.01,0.6\nb,0.02,5.0\n",
        '"wavelength" "depth"\n0.6 1e-2\n5 2e-2\n',
    ],
)
def test_table_of_wavelength_and_depth_is_interpolated(tmp_path, text):
    path = tmp_path / "planet.txt"
    path.write_text(text)
    planet = draw_planet(SimulatedParams(spectra=(path,)), 0)
    np.testing.assert_allclose(planet.labels(), 0.01 + 0.01 * (label_wavelengths(2024) - 0.6) / 4.4, rtol=1e-12)


def test_spectra_are_used_in_order_and_again(tmp_path):
    path = tmp_path / "flat.csv"
    path.write_text("1.9,0.002\n3.9,0.002\n")
    written = {"wavelength": [3.0, 0.5, 5.0], "depth": [0.01, 0.01, 0.01]}
    loader = ArielSimulated(n_targets=3, spectra=[str(path), written])
    np.testing.assert_allclose(loader.labels().values.T, [[0.002, 0.01, 0.002]] * 283)
    # FGS1 lies beyond the table, which keeps its first depth there
    assert loader.labels().values[0, 0] == 0.002


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wl,depth\n1,0.1\n", "columns are wl, depth; name the two"),
        (",".join(f"c{k}" for k in range(300)), r"columns are c0, c1, .*, c7 \.\.\.; name"),
        ("planet_id,wl_1,wl_2\n1,0.1,0.1\n", "go into 'labels'"),
        ("1.9 0.01\n4.0\n", "line 2: expected a wavelength"),
        ("1.9 0.01\n4.0 deep\n", "line 2: expected a wavelength"),
        ("1.9 0.01\n3.0 0.01\n", "reach from 1.9 to 3 um"),
        ("1900 0.01\n4000 0.01\n", "are they in um"),
        ("1.9 1.0\n4.0 1.1\n", "per cent or ppm"),
        ("1.9 0.01\n4.0 nan\n", "depth at 4 um is nan"),
        ("1.9 0.01\n1.9 0.02\n4.0 0.01\n", "all of them different"),
        ("", "two or more wavelengths"),
    ],
)
def test_wrong_tables_are_refused_with_a_reason(tmp_path, text, message):
    path = tmp_path / "planet.txt"
    path.write_text(text)
    with pytest.raises(InputFileError, match=message) as caught:
        draw_planet(SimulatedParams(spectra=(path,)), 0)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop("wl_7"), "'wl_7'"),
        (lambda t: t.rename({"planet_id": "id"}), "'planet_id'"),
        (lambda t: t.with_columns(planet_id=pl.lit(3)), "more than once"),
        (lambda t: t.with_columns(planet_id=pl.Series([1.5, 2.0, 3.0])), "whole numbers of at least 0, got '1.5'"),
        (lambda t: t.with_columns(wl_9=pl.lit(None)), "planet 70: depth at"),
        (lambda t: t.with_columns(wl_9=pl.lit("deep")), "planet 70: depth at"),
        (lambda t: t.with_columns(pl.col(OUTPUTS) * 100), "per cent"),
        (lambda t: t.head(0), "no planet"),
    ],
)
def test_wrong_labels_are_refused_with_a_reason(labels, change, message):
    path, _ = labels
    change(pl.read_csv(path)).write_csv(path)
    with pytest.raises(InputFileError, match=message):
        ArielSimulated(labels=path).targets()


def test_missing_and_undecodable_files_are_refused(tmp_path):
    for name in ("labels", "spectra"):
        path = tmp_path / "absent.csv"
        with pytest.raises(InputFileError, match=r"absent\.csv: cannot be read"):
            ArielSimulated(**{name: path if name == "labels" else (path,)}).labels()
    binary = tmp_path / "frames.parquet"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(InputFileError, match="no text file"):
        ArielSimulated(spectra=(binary,)).labels()


def test_depths_come_from_one_place(labels):
    with pytest.raises(ParameterError, match="labels or spectra, not both"):
        ArielSimulated(labels=labels[0], spectra=[labels[0]])
    with pytest.raises(ParameterError, match="spectra is empty"):
        ArielSimulated(spectra=[])
    with pytest.raises(ParameterError, match="2 wavelengths, but 3 depths"):
        ArielSimulated(spectra=[{"wavelength": [1.0, 4.0], "depth": [0.01, 0.01, 0.01]}])
    with pytest.raises(UsageError, match=r"spectra\[0\]: wavelengths reach from 1 to 3"):
        ArielSimulated(spectra=[{"wavelength": [1.0, 3.0], "depth": [0.01, 0.01]}]).labels()


def test_changed_file_is_read_again(labels):
    path, depth = labels
    loader = ArielSimulated(n_targets=1, labels=path)
    assert loader.labels().values[0, 0] == depth[0, 0]
    pl.read_csv(path).with_columns(wl_1=pl.lit(0.0123456)).write_csv(path)
    assert loader.labels().values[0, 0] == 0.0123456
