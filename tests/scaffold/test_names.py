"""Names that cannot be used are refused, with one that can."""

from __future__ import annotations

import pytest

from specframe.errors import UsageError
from specframe.scaffold import new_distribution
from specframe.scaffold.names import class_name, person


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("my thing", "for example 'my-thing'"),
        ("My_Thing", "for example 'my-thing'"),
        ("-thing-", "for example 'thing'"),
        ("a--b", "for example 'a-b'"),
        ("", "expected lower case"),
        ("../../etc", "for example 'etc'"),
        ("é", "expected lower case"),
        ("a" * 33, "at most 32 characters, got 33"),
    ],
)
def test_a_components_name(name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        new_distribution("model", name)


@pytest.mark.parametrize(
    ("package", "says"),
    [
        ("class", "word of Python's own"),
        ("specframe", "a part of specframe"),
        ("tests", "a part of specframe or the new distribution"),
        ("json", "a part of the standard library"),
        ("my-thing", "expected lower case letters"),
        ("2d", "not beginning with a digit"),
        ("a.b", "expected lower case letters"),
    ],
)
def test_a_package(package: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        new_distribution("model", "mine", package=package)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("my-thing", "model", "MyThing"),
        ("detrender", "detrender", "DetrenderDetrender"),  # the base class has the name
        ("none", "score", "NoneScore"),  # a word of Python's own
        ("2d", "model", "Model2d"),
        ("test-bench", "score", "ScoreTestBench"),  # pytest would look for tests in it
    ],
)
def test_the_class_hides_nothing(name: str, kind: str, expected: str) -> None:
    assert class_name(name, kind) == expected


@pytest.mark.parametrize("summary", ["two\nlines", "\x1b[31mred", "x" * 81, "  "])
def test_a_summary_is_one_line(summary: str) -> None:
    with pytest.raises(UsageError, match="--summary"):
        new_distribution("model", "mine", summary=summary)


def test_an_author_has_a_name_and_perhaps_an_address() -> None:
    assert person("Ada Example <ada@example.org>") == ("Ada Example", "ada@example.org")
    assert person("Ada Example") == ("Ada Example", "")
    for wrong in ("<ada@example.org>", "Ada <ada>", "ada@example.org"):
        with pytest.raises(UsageError, match="--author"):
            person(wrong)
