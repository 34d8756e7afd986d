"""YAML keeps its positions, builds nothing but plain data, and never surprises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specframe.config.document import Source, compose, read_file
from specframe.config.node import MapNode, plain
from specframe.config.problem import Problems
from specframe.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def data_of(text: str) -> Any:
    problems = Problems()
    node = compose(text, Source("p.yaml"), problems)
    problems.raise_if_any()
    return plain(node)


def failure(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        data_of(text)
    return str(caught.value)


def test_plain_data_are_read() -> None:
    text = "a: 1e-3\nb: [x, 'y', \"z\\n\", ~]\nc: {d: true}\ne: |\n  two\n  lines\nf: 5.3 um\n"
    expected = {"a": 0.001, "b": ["x", "y", "z\n", None], "c": {"d": True}, "e": "two\nlines\n", "f": "5.3 um"}
    assert data_of(text) == expected


def test_quoted_and_block_scalars_are_text() -> None:
    assert data_of("a: '1'\nb: \"true\"\nc: |-\n  3\nd: >-\n  null\n") == {"a": "1", "b": "true", "c": "3", "d": "null"}


def test_every_key_and_value_knows_its_place() -> None:
    node = compose("steps:\n  - {load: table}\n", Source("p.yaml"), Problems())
    assert isinstance(node, MapNode)
    step = node.get("steps").items[0]  # type: ignore[union-attr]
    key, value = step.entries["load"].at, step.get("load").at
    assert (key.label, key.width, key.source) == ("p.yaml:2:6", 4, "  - {load: table}")
    assert (value.label, value.width) == ("p.yaml:2:12", 5)


def test_lines_are_counted_as_yaml_breaks_them() -> None:
    node = compose("a: 1\r\nb: 2\rc: 3\u2028d: 4\x85e: 5\n", Source("p.yaml"), Problems())
    assert isinstance(node, MapNode)
    assert {key: (entry.at.line, entry.at.source) for key, entry in node.entries.items()} == {
        "a": (1, "a: 1"),
        "b": (2, "b: 2"),
        "c": (3, "c: 3"),
        "d": (4, "d: 4"),
        "e": (5, "e: 5"),
    }


def test_an_alias_repeats_a_value() -> None:
    assert data_of("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_ten_to_the_ninth_aliases_are_refused_without_being_written_out() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "more than 100,000 values" in failure("\n".join(lines))


def test_aliases_cannot_nest_beyond_the_limit() -> None:
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [[[[[[[[[*a{i - 1}]]]]]]]]]" for i in range(1, 20))]
    assert "levels deep" in failure("\n".join(lines))


@pytest.mark.parametrize("text", ["&a [*a]", "a: &a {b: *a}", "&a {*a : 1}"])
def test_an_alias_of_itself_is_refused(text: str) -> None:
    assert re.search("alias of itself|key must be text", failure(text))


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "? " * 5000, "{a: " * 5000])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "nested more than 60 levels deep" in failure(text)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "!anything x",
        "! x",
        "!!str 5",
        "!!timestamp 2024-01-01",
        "!!binary aGk=",
        "a: !!set {x, y}",
        "!!str a: 1",
    ],
)
def test_tags_are_refused(text: str) -> None:
    assert "is not allowed; only text, numbers, lists and mappings" in failure(text)


@pytest.mark.parametrize("key", ["1", "true", "~", "1.5", "[a]", "{a: 1}", "<<"])
def test_a_key_is_text(key: str) -> None:
    assert re.search("key must be text|merge key", failure(f"{{? {key} : x}}"))


def test_keys_that_only_look_odd_are_text() -> None:
    assert data_of("on: 1\n2024-01-01: 2\n'3': 3\n") == {"on": 1, "2024-01-01": 2, "3": 3}


def test_all_mistakes_of_a_readable_file_are_told() -> None:
    message = failure("a: 1\na: 2\nb: !x 3\nc: .nan\n4: 5\n")
    assert re.findall(r"p\.yaml:(\d+:\d+)", message) == ["2:1", "3:4", "4:4", "5:1"]


def test_half_a_surrogate_pair_is_refused() -> None:
    assert "surrogate" in failure(r'a: "\ud800"')


def test_an_escape_beyond_unicode_is_refused() -> None:
    assert "not a character" in failure(r'a: "\UFFFFFFFF"')
    assert "not a character" in failure(r'a: "\U00110000"')


def read(path: Path) -> Any:
    problems = Problems()
    node = read_file(path, path.name, 0, problems)
    problems.raise_if_any()
    return plain(node)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read(tmp_path / "p.yaml") == {"a": 1}


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_bytes(b"a: 1\r\nb:\r\n  - x\r\n")
    assert read(tmp_path / "p.yaml") == {"a": 1, "b": ["x"]}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"a: 1\nb: caf\xe9\n", "p.yaml:2:7: not UTF-8: the byte 0xe9; save it as UTF-8"),
        ("a: 1".encode("utf-16"), "p.yaml: the file is UTF-16; save it as UTF-8"),
        (b"a: 1\nb: \x00\n", "p.yaml:2:4: the character #x0000 is not text"),
        (b"a: 1 #" + b"x" * 600_000, "p.yaml: larger than 500 kB, which no pipeline is"),
    ],
)
def test_files_that_are_no_text_are_refused(tmp_path: Path, raw: bytes, message: str) -> None:
    (tmp_path / "p.yaml").write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "p.yaml")
    assert str(caught.value).splitlines()[0] == message


def test_a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "quickstart.yaml").touch()
    with pytest.raises(ConfigError, match=r"^quickstart\.yml: no such file; did you mean 'quickstart\.yaml'\?$"):
        read(tmp_path / "quickstart.yml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r": cannot be read: Is a directory$"):
        read(tmp_path)


#: Pieces of YAML syntax, which random text would hardly ever put together.
# fmt: off
_PIECES = st.sampled_from([
    "steps", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ", ", "&a ", "*a", "!x ", "!!str ", "'", '"', "|\n", "#",
    ">\n", "? ", "<<: ", "--- ", "\n...\n", "%YAML 1.2\n", "\t", "1e999", ".nan", "${vars.x}", "\\U", "\x85",
    "\ud7ff", "é",
])
# fmt: on


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=25).map("".join)))
def test_any_text_is_data_or_a_config_error(text: str) -> None:
    problems = Problems()
    try:
        node = compose(text, Source("p.yaml"), problems)
    except ConfigError:
        return
    assert plain(node) is not NotImplemented
    for problem in problems.sorted():
        assert problem.position.line >= 1
