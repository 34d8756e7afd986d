"""Labels, names, selection and bad pixels of grids."""

from __future__ import annotations

import logging
import pickle
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from specframe.errors import InputFileError
from specframe.pipeline.stages.keys import file_digest
from specframe_retrieval.library import ModelGrid

if TYPE_CHECKING:
    from pathlib import Path

WAVELENGTH = np.linspace(1.0, 2.0, 6)


def grid(folder: Path, n: int = 6, **arrays: Any) -> str:
    flux = np.random.default_rng(0).uniform(1.0, 2.0, (n, 6))
    given = {"wavelength": WAVELENGTH, "flux": flux, "teff": 500.0 + 100 * np.arange(n)} | arrays
    np.savez(folder / "grid.npz", **given)
    return str(folder / "grid.npz")


def test_what_is_no_label_goes_to_the_catalogue_and_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = grid(
        tmp_path,
        cloud=["nc", "nc", "f100", "f100", "nc", "f100"],
        model=[f"run-{i}" for i in range(6)],
        index=np.arange(6),
        z=np.zeros(6),
    )
    loader = ModelGrid(path=path)
    with caplog.at_level(logging.INFO):
        assert loader.labels()["output"].values.tolist() == ["teff"]
    assert "'cloud' is text ('nc', 'f100')" in caplog.text
    assert "'model' is another text in each row" in caplog.text
    assert "'index' merely counts" in caplog.text
    assert "'z' is 0 in all rows" in caplog.text
    assert set(loader.catalogue()) == {"teff", "cloud", "model", "index", "z", "duplicate"}


def test_text_with_one_number_is_that_number_and_it_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loader = ModelGrid(path=grid(tmp_path, extra=["f1.00", "f10.00", "f2.00", "f1.00", "f1.00", "f8.00"]))
    with caplog.at_level(logging.INFO):
        labels = loader.labels()
    assert labels.sel(output="extra").values.tolist() == [1, 10, 2, 1, 1, 8]
    assert "label 'extra' is the number in texts such as 'f1.00'" in caplog.text


def test_a_minus_before_the_number_is_its_sign(tmp_path: Path) -> None:
    loader = ModelGrid(path=grid(tmp_path, extra=["en-0.20", "en0.20", "en0.40", "en-0.00", "en0.00", "en0.20"]))
    assert loader.labels().sel(output="extra").values.tolist() == [-0.2, 0.2, 0.4, 0.0, 0.0, 0.2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nc", "f1", "f2", "f3", "f4", "f5"], "row 1 has the text 'nc' with no number in it"),
        (["f1-2", "f1", "f2", "f3", "f4", "f5"], "row 1 has the text 'f1-2' with 2 numbers in it"),
        (["a1", "b1", "a2", "a3", "a4", "a5"], "row 1 has 'a1' and row 2 'b1'"),
    ],
)
def test_a_text_that_is_asked_for_as_label_and_is_none_is_an_error(
    tmp_path: Path, words: list[str], message: str
) -> None:
    with pytest.raises(InputFileError, match=message):
        ModelGrid(path=grid(tmp_path, extra=words), labels=["teff", "extra"]).labels()


def test_labels_have_names_units_and_logarithms(tmp_path: Path) -> None:
    path = grid(tmp_path, temperature=np.full(6, 7.0), kzz=10.0 ** np.arange(6))
    loader = ModelGrid(
        path=path,
        labels={"T": {"column": "teff", "units": "K"}, "log_kzz": {"column": "kzz", "as": "log10"}},
    )
    labels = loader.labels()
    assert labels["output"].values.tolist() == ["T", "log_kzz"]
    assert labels["unit"].values.tolist() == ["K", ""]
    np.testing.assert_allclose(labels.sel(output="log_kzz"), np.arange(6), atol=1e-12)
    assert loader.targets()[3] == "T800-log_kzz3"


def test_labels_stand_in_the_order_of_the_list_or_of_the_file(tmp_path: Path) -> None:
    path = grid(tmp_path, logg=[1.0, 2, 3, 4, 5, 7], z=[0.0, 1, 2, 3, 4, 6])

    def order(labels: Any) -> list[str]:
        return ModelGrid(path=path, labels=labels).labels()["output"].values.tolist()

    assert order(["z", "teff", "logg"]) == ["z", "teff", "logg"]
    assert order({"b": "z", "a": "logg", "c": "teff"}) == ["c", "a", "b"]


def test_parameters_survive_being_written_and_read(tmp_path: Path) -> None:
    given = {
        "path": grid(tmp_path),
        "labels": {"T": {"column": "teff", "as": "log10"}},
        "select": {"teff": {"min": 600}},
    }
    loader = ModelGrid(**given)
    again = ModelGrid(**loader.params.canonical())
    assert again.params == loader.params
    np.testing.assert_array_equal(again.labels(), np.log10(600.0 + 100 * np.arange(5))[:, None])


def test_names_do_not_change_with_the_selection(tmp_path: Path) -> None:
    path = grid(tmp_path, z=[-0.5, 0.0, 0.5, -0.5, 0.0, 0.5])
    assert ModelGrid(path=path, select={"z": 0.0}).targets() == ["teff600-z0", "teff900-z0"]
    assert ModelGrid(path=path).targets()[1] == "teff600-z0"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([600, 800], [600, 700, 800]),
        (900.0, [900]),
        ([500, 700, 1000], [500, 700, 1000]),
        ({"min": 800}, [800, 900, 1000]),
        ({"values": [500, 1000]}, [500, 1000]),
        ({"max": 700, "exclude": [600]}, [500, 700]),
    ],
)
def test_selection(tmp_path: Path, wanted: Any, expected: list[float]) -> None:
    labels = ModelGrid(path=grid(tmp_path), select={"teff": wanted}).labels()
    assert labels.values.ravel().tolist() == expected


def test_selection_of_words_and_of_numbers_in_texts(tmp_path: Path) -> None:
    path = grid(
        tmp_path, cloud=["no", "no", "thin", "thick", "no", "thin"], extra=[f"f{i}" for i in (1, 1, 2, 3, 4, 4)]
    )
    assert len(ModelGrid(path=path, select={"cloud": ["thin", "thick"]}).targets()) == 3
    assert len(ModelGrid(path=path, select={"extra": [2, 4]}).targets()) == 4
    assert len(ModelGrid(path=path, select={"extra": "f4"}).targets()) == 2


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ({"teff": 17}, "no spectrum has such 'teff'; there is 500 to 1000"),
        ({"tef": 500}, "no column 'tef'"),
        ({"teff": "hot"}, "'teff' holds numbers"),
    ],
)
def test_a_selection_that_cannot_be_is_an_error(tmp_path: Path, select: dict[str, Any], message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        ModelGrid(path=grid(tmp_path), select=select).targets()


def test_wavelength_range(tmp_path: Path) -> None:
    loader = ModelGrid(path=grid(tmp_path), wavelength_range=["1150 nm", 1.65])
    np.testing.assert_allclose(loader.load("teff500")["spectrum/0"]["wavelength"], [1.2, 1.4, 1.6])
    with pytest.raises(InputFileError, match=r"no pixel between 3 and 4 um: it covers 1 to 2 um"):
        ModelGrid(path=grid(tmp_path), wavelength_range=[3, 4]).load("teff500")


def test_pixels_that_are_not_finite_are_masked_and_a_spectrum_without_others_has_a_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flux = np.random.default_rng(0).uniform(1.0, 2.0, (6, 6))
    flux[1, 2], flux[4] = np.inf, np.nan
    loader = ModelGrid(path=grid(tmp_path, flux=flux))
    assert loader.load("teff600")["spectrum/0"]["mask"].values.tolist() == [False, False, True, False, False, False]
    with pytest.raises(InputFileError, match="none of its 6 pixels can be used"):
        loader.load("teff900")
    with caplog.at_level(logging.WARNING):
        loader.catalogue()
    assert "2 spectra have pixels that are not finite, which are masked (7 in all, first teff600)" in caplog.text


def test_names_are_numbers_of_rows_where_labels_are_scattered(tmp_path: Path) -> None:
    loader = ModelGrid(path=grid(tmp_path, teff=np.random.default_rng(1).uniform(500, 900, 6)))
    assert loader.targets()[-1] == "spectrum-0006"


def test_names_of_a_column_are_safe(tmp_path: Path) -> None:
    path = grid(tmp_path, model=["a/b c", "nüll", "../x", "x", "y", "z"])
    assert ModelGrid(path=path, target="model").targets() == ["a_b_c", "n_ll", "x", "x-2", "y", "z"]


def test_names_that_stand_twice_are_refused(tmp_path: Path) -> None:
    path = grid(tmp_path, model=["a", "b", "c", "d", "e", "b"])
    with pytest.raises(InputFileError, match="'model' has 'b' in rows 2 and 6"):
        ModelGrid(path=path, target="model").targets()


def test_units_that_nobody_stated_are_said(tmp_path: Path) -> None:
    path = grid(tmp_path)
    assert ModelGrid(path=path).load("teff500")["spectrum/0"]["flux"].attrs["comment"] == "the file states no units"
    known = ModelGrid(path=path, flux_units="erg/s/cm2/A").load("teff500")["spectrum/0"]["flux"]
    assert "comment" not in known.attrs
    assert known.attrs["units"] == "erg / (Angstrom s cm2)"


def test_a_grid_applied_to_other_data_needs_no_labels(tmp_path: Path) -> None:
    loader = ModelGrid(
        path=grid(tmp_path, extra=np.arange(6) * 2.5),
        rename={"extra": "fsed"},
        select={"fsed": [0, 9]},
        labels=["fsed"],
    )
    (tmp_path / "other").mkdir()
    np.savez(tmp_path / "other" / "new.npz", wavelength=WAVELENGTH, flux=np.ones((2, 6)))
    moved = loader.relocated(tmp_path / "other" / "new.npz")
    moved = pickle.loads(pickle.dumps(moved))
    assert moved.targets() == ["spectrum-0001", "spectrum-0002"]
    assert moved.labels() is None
    assert moved.load("spectrum-0002")["spectrum/0"]["flux"].values.tolist() == [1.0] * 6


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    assert len(ModelGrid(path=grid(tmp_path)).targets()) == 6
    assert len(ModelGrid(path=grid(tmp_path, n=4)).targets()) == 4


def test_loading_many_is_fast(tmp_path: Path) -> None:
    """1440 spectra of 810 pixels: opening, and each spectrum with the digest of its file, take milliseconds."""
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "g.npz",
        wavelength=np.linspace(0.7, 2.5, 810),
        flux=rng.uniform(size=(1440, 810)).astype(np.float32),
        teff=np.arange(1440) * 1.5,
    )
    loader = ModelGrid(path=str(tmp_path / "g.npz"))
    targets = loader.targets()
    loader.load(targets[0])
    begin = time.process_time()
    for target in targets[:200]:
        loader.load(target)
        for file in loader.files(target):
            file_digest(file)
    assert (time.process_time() - begin) / 200 < 0.004  # 1 ms when the machine is free
