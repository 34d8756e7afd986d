"""Input paths are found wherever parameters hold them, read against the right folder, and must exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def table(options: str) -> str:
    return f"specframe: 1\nsteps:\n- id: t\n  load: table\n  with: {options}\n"


@pytest.mark.parametrize(
    "options",
    [
        "{paths: [data/labels.csv, %s]}",
        "{labels: %s}",
        "{columns: {a: {file: data/labels.csv, name: a}, b: {file: %s, name: b}}}",
        "{extra: {file: %s, name: a}}",
    ],
)
def test_a_missing_file_is_found_at_any_depth(read: Callable[..., Any], folder: Path, options: str) -> None:
    text = table(options % "data/lables.csv")
    with pytest.raises(ConfigError) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert problem.hint == "did you mean 'labels.csv'?"
    assert problem.message.endswith(f"no such file or folder: {folder}/data/lables.csv")
    assert problem.position.column == text.splitlines()[4].index("data/lables") + 1
    read(table(options % "data/labels.csv"))
    read(text, check_paths=False)


def test_text_that_is_no_path_is_left_alone(read: Callable[..., Any]) -> None:
    params = read(table("{note: data/none, options: {file: data/none}}")).steps[0].params
    assert (params.note, params.options) == ("data/none", {"file": "data/none"})


def test_paths_of_different_origins_mix_in_one_parameter(
    read: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, make_registry: Any
) -> None:
    from specframe.config import read_pipeline

    (folder / "sub").mkdir()
    (folder / "sub" / "a.csv").touch()
    (folder / "a.csv").touch()
    columns = "{x: {file: a.csv, name: x}, y: {file: a.csv, name: y}}"
    (folder / "sub" / "base.yaml").write_text(table(f"{{columns: {columns}}}"))
    (folder / "p.yaml").write_text("extends: sub/base.yaml\nsteps: [{id: t, with: {columns: {y: {file: a.csv}}}}]\n")
    monkeypatch.chdir(folder / "data")
    spec = read_pipeline("../p.yaml", make_registry, ["t.columns.z={file: labels.csv, name: z}"])
    assert {name: column.file for name, column in spec.steps[0].params.columns.items()} == {
        "x": folder / "sub" / "a.csv",
        "y": folder / "a.csv",
        "z": folder / "data" / "labels.csv",
    }


def test_a_path_of_the_working_directory_is_explained(
    read: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, make_registry: Any
) -> None:
    from specframe.config import read_pipeline

    (folder / "configs").mkdir()
    (folder / "configs" / "p.yaml").write_text(table("{labels: data/labels.csv}"))
    with pytest.raises(ConfigError, match="paths in a file are relative to its folder, not to the working directory"):
        read_pipeline("configs/p.yaml", make_registry)


def test_home_and_dots_are_resolved(read: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    params = read(table("{labels: data/adc24/../labels.csv, paths: [~/data]}")).steps[0].params
    assert (params.labels, params.paths) == (folder / "data/labels.csv", [folder / "data"])


def test_dots_behind_a_link_lead_where_the_system_says(read: Callable[..., Any], folder: Path) -> None:
    (folder / "elsewhere" / "inner").mkdir(parents=True)
    (folder / "elsewhere" / "x.csv").touch()
    (folder / "link").symlink_to(folder / "elsewhere" / "inner")
    path = read(table("{labels: link/../x.csv}")).steps[0].params.labels
    assert path.samefile(folder / "elsewhere" / "x.csv")


@pytest.mark.parametrize("text", ["x" * 5000, '"a\\0b"', "data/labels.csv/x"])
def test_text_that_no_file_can_have_as_its_name_is_just_missing(read: Callable[..., Any], text: str) -> None:
    with pytest.raises(ConfigError, match="no such file or folder"):
        read(table(f"{{labels: {text}}}"))


def test_within_a_union_the_member_that_was_meant_is_judged(read: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(table("{extra: {file: data/labels.csv, nam: a, scale: 0}}"))
    assert [problem.sentence for problem in caught.value.problems] == [
        "table has no parameter 'nam' in extra; did you mean 'name'?",
        "table: extra.scale must be greater than 0.0, got 0",
    ]
    with pytest.raises(ConfigError) as caught:
        read(table("{extra: {scale: 2, name: x}}"))
    assert [problem.sentence for problem in caught.value.problems] == [
        "table: extra needs 'file' (File of the column)",
    ]
    with pytest.raises(ConfigError) as caught:
        read(table("{extra: [1, x]}"))
    assert [problem.sentence for problem in caught.value.problems] == [
        "table: extra[1] must be a whole number, got the text 'x'"
    ]
    with pytest.raises(ConfigError) as caught:
        read(table("{extra: x}"))
    assert [problem.sentence for problem in caught.value.problems] == [
        "table: extra must be a mapping or a list, got the text 'x'"
    ]


def test_what_follows_from_a_reported_value_is_not_reported(read: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(table("{labels: '${env:NO_SUCH_VARIABLE}', note: '${vars.x}', paths: '${vars.y}'}"))
    assert len(caught.value.problems) == 3
