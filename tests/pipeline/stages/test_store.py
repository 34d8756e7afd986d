"""The stage store gives back what was put, and never half of it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from specframe.pipeline.stages.store import StageStore, atomic_folder, remove_unfinished

KEY, OTHER = "0" * 64, "1" * 64


def _tree() -> xr.DataTree:
    flux = xr.Dataset({"flux": (("wavelength", "time"), np.arange(6.0).reshape(2, 3), {"units": "electron"})})
    tree = xr.DataTree.from_dict({"/AIRS-CH0/0": flux})
    tree.attrs["target"] = "342072318"
    return tree


def test_a_tree_comes_back_as_it_was(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    store.put("curves", "342072318", KEY, _tree())
    back = store.get_tree("curves", "342072318", KEY)
    assert back is not None
    xr.testing.assert_identical(back["AIRS-CH0/0"].to_dataset(), _tree()["AIRS-CH0/0"].to_dataset())
    assert back.attrs["target"] == "342072318"


def test_another_key_is_not_found_and_replaces_the_older_result(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    store.put("curves", "a", KEY, _tree())
    assert store.get_tree("curves", "a", OTHER) is None
    store.put("curves", "a", OTHER, _tree())
    assert store.get_tree("curves", "a", KEY) is None
    assert len(list((tmp_path / "curves").iterdir())) == 1


def test_what_a_killed_run_did_not_get_to_remove_is_removed_by_the_next(tmp_path: Path) -> None:
    StageStore(tmp_path, keep_older=True).put("curves", "a", KEY, _tree())
    StageStore(tmp_path, keep_older=True).put("curves", "a", OTHER, _tree())
    StageStore(tmp_path).replace_older("curves", "a", OTHER)
    assert [path.name for path in (tmp_path / "curves").iterdir()] == [f"a-{OTHER[:16]}.nc"]


def test_a_target_whose_name_begins_like_another_keeps_its_result(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    store.put("curves", "a", KEY, _tree())
    store.put("curves", f"a-{OTHER[:16]}", KEY, _tree())
    store.put("curves", "a", OTHER, _tree())
    assert store.has("curves", f"a-{OTHER[:16]}", KEY)


def test_a_damaged_result_counts_as_not_stored(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    path = store.put("curves", "a", KEY, _tree())
    path.write_bytes(path.read_bytes()[:500])
    assert store.get_tree("curves", "a", KEY) is None
    assert not store.has("curves", "a", KEY)


def test_a_folder_of_a_fresh_step_is_not_listed_and_others_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    scandir = os.scandir

    def counted(path: Path) -> object:
        listed.append(Path(path).name)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    store = StageStore(tmp_path, fresh=("curves",))
    for name in "abcd":
        store.put("curves", name, KEY, _tree())
        store.put("transit", name, KEY, _tree())
    assert listed == ["transit"]  # not once for each target: that would grow with their square


class TestFolders:
    def test_one_takes_the_place_of_another_when_it_is_whole(self, tmp_path: Path) -> None:
        for text in ("old", "new"):
            with atomic_folder(tmp_path / "fit") as beside:
                beside.mkdir()
                (beside / f"{text}.txt").touch()
        assert [path.name for path in (tmp_path / "fit").iterdir()] == ["new.txt"]
        assert list(tmp_path.iterdir()) == [tmp_path / "fit"]

    def test_half_a_one_leaves_that_which_was_there(self, tmp_path: Path) -> None:
        (tmp_path / "fit").mkdir()
        with pytest.raises(FileNotFoundError), atomic_folder(tmp_path / "fit") as beside:
            (beside / "model" / "weights").touch()
        assert list(tmp_path.iterdir()) == [tmp_path / "fit"]

    def test_what_killed_writers_left_is_removed_and_nothing_else(self, tmp_path: Path) -> None:
        for name in ("fit/.a.12345678.tmp/model", "fit/a", "detrend/.b.nc.12345678.tmp", "detrend/b.nc"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        remove_unfinished(tmp_path)
        left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
        assert left == ["detrend/b.nc", "fit/a"]
