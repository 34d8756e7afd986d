"""Nothing that was there is overwritten silently, and no half of a distribution is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from specframe.errors import UsageError, WriteError
from specframe.scaffold import new_distribution, write_distribution

if TYPE_CHECKING:
    from pathlib import Path

NEW = new_distribution("score", "mine")


def test_files_stand_in_a_new_folder(tmp_path: Path) -> None:
    written, replaced = write_distribution(NEW, tmp_path / "a" / "b")
    found = sorted(str(path.relative_to(tmp_path / "a" / "b")) for path in (tmp_path / "a" / "b").rglob("*.*"))
    assert {"pyproject.toml", "specframe_mine/score.py", "tests/test_contract.py"} <= set(found)
    assert sorted(written) == sorted(NEW.files())
    assert replaced == []


def test_a_new_repository_is_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write_distribution(NEW, tmp_path)
    assert (tmp_path / "pyproject.toml").is_file()


def test_a_folder_with_files_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"it holds README\.md; choose another, or replace README\.md with --force"):
        write_distribution(NEW, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_files_of_other_names_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"it holds notes\.txt; choose another, or write beside them with --force"):
        write_distribution(NEW, tmp_path)


def test_a_hidden_file_is_not_overwritten_either(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine")
    with pytest.raises(UsageError, match=r"replace \.gitignore with --force"):
        write_distribution(NEW, tmp_path)


def test_force_says_what_it_replaced(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    assert write_distribution(NEW, tmp_path, force=True)[1] == ["README.md"]
    assert (tmp_path / "notes.txt").read_text() == "mine"
    # the same again changes nothing
    assert write_distribution(NEW, tmp_path, force=True)[1] == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="this is a file"):
        write_distribution(NEW, tmp_path / "file")
    with pytest.raises(WriteError, match="nothing was made"):
        write_distribution(NEW, tmp_path / "file" / "below")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(files: object) -> None:
        raise PermissionError(13, "Permission denied")

    # permissions do not stop the root user, under whom tests may run
    monkeypatch.setattr("specframe.scaffold.folder.write_whole", refuse)
    with pytest.raises(WriteError, match="Permission denied"):
        write_distribution(NEW, tmp_path / "new")
