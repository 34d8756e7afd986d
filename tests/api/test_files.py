"""Files that are written whole or not at all, and their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specframe.api import file_name, write_whole
from specframe.api.files import atomic_write
from specframe.errors import WriteError


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_any_target_name_becomes_a_file_name_of_its_own(one: str, other: str) -> None:
    name = file_name(one)
    assert Path(name).name == name
    assert name not in {"", ".", ".."}
    assert len(name.encode()) <= 200
    assert (name == file_name(other)) == (one == other)


def test_texts_are_joined_and_separators_written_otherwise() -> None:
    assert file_name("HD 3651B", "", "NIR/1") == "HD 3651B-NIR%2F1"
    assert file_name("../etc") == "%2E.%2Fetc"


def test_contents_are_written_with_their_folders_and_replace_older_ones(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "deep" / "b.txt"
    first.write_text("old")
    assert write_whole({first: b"one", second: b"two"}) == [first, second]
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    assert first.stat().st_mode & 0o777 == 0o644


def test_a_file_that_cannot_be_written_leaves_all_as_they_were(tmp_path: Path) -> None:
    first, folder = tmp_path / "a.txt", tmp_path / "a.txt" / "b.txt"
    first.write_text("old")
    with pytest.raises(OSError, match=r"exists|directory"):
        write_whole({tmp_path / "c.txt": b"new", first: b"new", folder: b"a file is in the way"})
    assert first.read_text() == "old"
    assert list(tmp_path.iterdir()) == [first]


def test_a_name_of_the_length_that_file_systems_take_is_written(tmp_path: Path) -> None:
    (written,) = write_whole({tmp_path / f"{file_name(300 * 'long')}.txt": b"text"})
    assert written.read_text() == "text"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text("old")

    def fail_half_way() -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half of the n")
            raise OSError(28, "No space left on device")

    with pytest.raises(WriteError, match=r"metrics\.json: No space left on device"):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
