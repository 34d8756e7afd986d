"""Problems show the place: label, source line, carets under the value."""

from __future__ import annotations

import pytest

from specframe.config import styled
from specframe.config.problem import Position, Problem, Problems, nearest
from specframe.errors import ConfigError


def at(source: str, value: str, line: int = 3, **more: int) -> Position:
    return Position("p.yaml", line, source.index(value) + 1, source, len(value), **more)


def test_a_caret_stands_under_every_character_of_the_value() -> None:
    problem = Problem(at("seed: x1", "x1"), "seed is wrong", "write 1")
    assert str(problem) == "p.yaml:3:7: seed is wrong; write 1\n  3 | seed: x1\n    |       ^^"


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    source = "{日本: e\u0301x}"
    lines = str(Problem(at(source, "e\u0301x"), "m")).splitlines()
    # Terminal columns before the value: "{" 1 + two wide characters 4 + ": " 2 = 7.
    assert lines[2] == "    | " + " " * 7 + "^^"


def test_tabs_and_control_characters_do_not_move_the_caret() -> None:
    lines = str(Problem(at("\ta:\x1b[31m x", "x"), "m")).splitlines()
    assert lines[1] == "  3 | →a:\N{REPLACEMENT CHARACTER}[31m x"
    assert lines[2].index("^") == lines[1].index("x")


def test_a_long_line_is_cut_around_the_value() -> None:
    source = "a" * 300 + " VALUE " + "b" * 300
    lines = str(Problem(at(source, "VALUE"), "m")).splitlines()
    assert len(lines[1]) <= 110
    start = lines[1].index("VALUE")
    assert lines[2] == "    | " + " " * (start - 6) + "^^^^^"


def test_the_gutter_grows_with_the_line_number() -> None:
    lines = str(Problem(at("a: x", "x", line=1234), "m")).splitlines()
    assert lines[1:] == ["  1234 | a: x", "       |    ^"]


def test_problems_are_told_in_reading_order_and_once() -> None:
    problems = Problems()
    problems.add(Position("--set a=1", order=1000), "third")
    problems.add(at("abc", "b", line=9), "second")
    problems.add(at("abc", "c", line=2), "first")
    problems.add(at("abc", "c", line=2), "first")
    with pytest.raises(ConfigError) as caught:
        problems.raise_if_any()
    assert [problem.message for problem in caught.value.problems] == ["first", "second", "third"]
    assert str(caught.value).endswith("--set a=1: third\n3 problems")


def test_nothing_is_raised_when_nothing_is_wrong() -> None:
    Problems().raise_if_any()


def test_the_nearest_name_is_suggested_whatever_its_case() -> None:
    assert nearest("RIGDE", ["ridge", "flat"]) == "did you mean 'ridge'?"


def test_without_a_near_name_all_are_listed_up_to_a_dozen() -> None:
    assert nearest("zzz", ["ridge", "flat"], "it has") == "it has: ridge, flat"
    assert nearest("zzz", [f"name{i}" for i in range(15)]).endswith("name11 and 3 more")
    assert nearest("zzz", []) == ""


def test_further_lines_of_a_message_are_notes_below_the_excerpt() -> None:
    problem = Problem(at("a: x", "x"), "unknown model 'x'\ninstalled models: ridge")
    expected = "p.yaml:3:4: unknown model 'x'\n  3 | a: x\n    |    ^\n    installed models: ridge"
    assert str(problem) == expected
    assert styled([problem]).plain == f"{expected}\n"


def test_coloured_text_says_the_same() -> None:
    problem = Problem(at("seed: x1", "x1"), "seed is wrong", "write 1")
    text = styled([problem])
    assert text.plain == f"{problem}\n"
    assert "bold red" in {str(span.style) for span in text.spans}
