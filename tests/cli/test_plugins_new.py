"""``specframe plugins new``, as it is typed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_it_says_what_to_type_next(specframe: Callable[..., object], tmp_path: Path) -> None:
    folder = tmp_path / "my thing"
    done = specframe("plugins", "new", folder, "--kind", "score", "--name", "my-thing")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"Wrote 14 files to {folder}: the score 'my-thing', in package specframe_my_thing. Next:",
        f"  pip install -e '{folder}[test]'",
        f"  pytest '{folder}'",
        "  specframe plugins check my-thing",
    ]
    assert (folder / "specframe_my_thing" / "score.py").is_file()


def test_the_folder_names_the_component(
    specframe: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = specframe("plugins", "new", "specframe-deep", "--kind", "model")
    assert "the model 'deep', in package specframe_deep" in done.out
    assert "pip install -e './specframe-deep[test]'" in done.out


def test_the_folder_may_be_where_one_stands(
    specframe: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    done = specframe("plugins", "new", ".", "--kind", "model")
    assert "the model 'deep'" in done.out
    assert "  pip install -e '.[test]'\n  pytest .\n" in done.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--name", "my thing"], "error: --name 'my thing': expected lower case letters, digits and single hyphens"),
        (["--name", "linear"], "has a plugin of this name"),
        (["--name", "mine", "--package", "import"], "a word of Python's own"),
        (["--name", "mine", "--author", "a\nb"], "--author"),
    ],
)
def test_a_wrong_name_writes_nothing(
    arguments: list[str], says: str, specframe: Callable[..., object], tmp_path: Path
) -> None:
    done = specframe("plugins", "new", tmp_path / "new", "--kind", "model", *arguments)
    assert done.status == 2
    assert says in done.err
    assert not (tmp_path / "new").exists()


def test_an_unknown_kind_lists_the_kinds(specframe: Callable[..., object], tmp_path: Path) -> None:
    done = specframe("plugins", "new", tmp_path / "new", "--kind", "detrendr")
    assert done.status == 2
    assert "'detrender'" in done.err


def test_a_kind_that_is_missing_lists_the_kinds_in_lines(specframe: Callable[..., object], tmp_path: Path) -> None:
    done = specframe("plugins", "new", tmp_path / "new")
    assert done.status == 2
    assert "\n  detrender,\n" in done.err


def test_nothing_is_overwritten_without_being_told(specframe: Callable[..., object], tmp_path: Path) -> None:
    arguments = ("plugins", "new", tmp_path, "--kind", "score", "--name", "mine")
    assert specframe(*arguments).status == 0
    (tmp_path / "README.md").write_text("mine")
    done = specframe(*arguments)
    assert done.status == 2
    assert "with --force" in done.err
    done = specframe(*arguments, "--force")
    assert done.out.startswith("replaced README.md\nWrote 14 files")
    assert "left " not in done.out


def test_force_under_another_name_names_the_package_that_it_leaves(
    specframe: Callable[..., object], tmp_path: Path
) -> None:
    specframe("plugins", "new", tmp_path / "new", "--kind", "score", "--name", "first")
    done = specframe("plugins", "new", tmp_path / "new", "--kind", "score", "--name", "second", "--force")
    assert "left specframe_first/, which seems to be the package of another plugin" in done.out


def test_a_name_that_is_shared_is_written_in_full(specframe: Callable[..., object], tmp_path: Path) -> None:
    done = specframe("plugins", "new", tmp_path / "new", "--kind", "model", "--name", "ridge")
    assert done.status == 0
    assert "warning: specframe " in done.err
    assert "  specframe plugins check ridge/ridge" in done.out
    assert "  - model: ridge/ridge" in (tmp_path / "new" / "examples" / "pipeline.yaml").read_text()


def test_templates_are_read_only_when_one_is_written() -> None:
    program = "import sys, specframe.cli.plugins; print('jinja2' in sys.modules, 'specframe.scaffold' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
