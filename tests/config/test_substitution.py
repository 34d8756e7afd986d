"""``${vars.x}``, ``${env:X}`` and ``$${``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.config.document import Source, compose
from specframe.config.node import MapNode, plain
from specframe.config.problem import Problems
from specframe.config.substitution import Substitution, escape
from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENVIRONMENT = {"DATA": "/data", "N": "5", "RATE": "1e-3", "EMPTY": "", "TEXT": "a: b", "BAD": ".nan", "BYTE": "\udcff"}


def substitute(text: str) -> tuple[Any, list[str]]:
    """Return the data with references filled in, and what was wrong."""
    problems = Problems()
    root = compose(text, Source("p.yaml"), problems)
    assert isinstance(root, MapNode)
    variables = root.get("vars")
    substitution = Substitution(variables if isinstance(variables, MapNode) else None, problems, ENVIRONMENT)
    data = plain(substitution.apply(root.without("vars")))
    return data, [problem.sentence for problem in problems.sorted()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("vars: {x: 1e-3}\na: ${vars.x}", 0.001),
        ("vars: {x: '5'}\na: ${vars.x}", "5"),
        ("vars: {x: true}\na: '${vars.x}'", True),
        ("vars: {x: ~}\na: ${vars.x}", None),
        ("vars: {x: [1, {y: 2}]}\na: ${vars.x}", [1, {"y": 2}]),
        ("vars: {x: {y: {z: 3}}}\na: ${vars.x.y.z}", 3),
        ("vars: {x: [4, 5]}\na: ${vars.x.1}", 5),
        ("vars: {x: 1.10, y: b}\na: v${vars.x}-${vars.y}", "v1.10-b"),
        ("vars: {x: [1], y: ['${vars.x}', 2]}\na: ${vars.y}", [[1], 2]),
        ("vars: {x: {y: 1, z: '${vars.x.y}'}}\na: ${vars.x}", {"y": 1, "z": 1}),
        ("vars: {m: {k: 7}, x: '${vars.m}'}\na: ${vars.x.k}", 7),
        ("vars: {x: '${env:N}', y: b}\na: ${vars.y}${vars.x}", "b5"),
        ("a: ${env:N}", 5),
        ("a: '${env:N}'", "5"),
        ("a: ${env:RATE}", 0.001),
        ("a: ${env:TEXT}", "a: b"),
        ("a: ${env:DATA}/adc24", "/data/adc24"),
        ("a: ${env:NONE:-../shared}/adc24", "../shared/adc24"),
        ("a: ${env:EMPTY:-7}", 7),
        ("a: ${env:NONE:-}", None),
        ("a: '${env:NONE:-}'", ""),
        ("a: ${env:DATA:-x:-y}", "/data"),
        ("a: ${env:NONE:-x:-y}", "x:-y"),
        ("a: $${vars.x}", "${vars.x}"),
        ("a: $$${vars.x}", "$${vars.x}"),
        ("a: cost $5 {a}", "cost $5 {a}"),
        ("a: ['${env:N}', {b: x${env:N}}]".replace("x${env:N}", "'x${env:N}'"), ["5", {"b": "x5"}]),
    ],
)
def test_references_are_filled_in(text: str, value: object) -> None:
    data, wrong = substitute(text)
    assert wrong == []
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_keys_are_left_as_they_are() -> None:
    assert substitute("vars: {x: 1}\n'${vars.x}': 2")[0] == {"${vars.x}": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vars: {order: 1}\na: ${vars.ordr}", "vars has no 'ordr'; did you mean 'order'?"),
        ("vars: {x: {order: 1}}\na: ${vars.x.ordr}", "vars.x has no 'ordr'; did you mean 'order'?"),
        ("vars: {x: [1]}\na: ${vars.x.1}", "vars.x has no '1'"),
        ("vars: {x: 3}\na: ${vars.x.y}", "vars.x is 3, it has no 'y'"),
        ("vars: {order: 1}\na: ${order}", "${order} is not a reference; did you mean 'vars.order'?"),
        (
            "vars: {}\na: ${HOME}",
            "${HOME} is not a reference; write ${vars.NAME}, ${env:NAME} or ${env:NAME:-default}; "
            "'$${' is a literal '${'",
        ),
        ("a: ${vars.x}", "${vars.x} cannot be used here; use ${env:NAME}"),
        ("a: ${env:NONE}", "the environment variable NONE is not set; set it, or write ${env:NONE:-default}"),
        ("a: x${env:EMPTY}", "the environment variable EMPTY is empty; set it, or write ${env:EMPTY:-default}"),
        ("a: ${env:BAD}", "the environment variable BAD: a number must be finite, got .nan"),
        ("a: ${env:BYTE}", "the environment variable BYTE is not valid text"),
        (
            "vars: {x: [1]}\na: x${vars.x}",
            "${vars.x} is a list of 1, which cannot stand within text; use it as the whole value",
        ),
        (
            "vars: {x: }\na: x${vars.x}",
            "${vars.x} is nothing, which cannot stand within text; use it as the whole value",
        ),
        ("a: x${env:N", "a '${' without its '}'; references cannot be nested; write '$${' for a literal '${'"),
        (
            "a: '${env:NONE:-${env:N}}'",
            "a '${' without its '}'; references cannot be nested; write '$${' for a literal '${'",
        ),
        (
            "vars: {a: '${vars.b}', b: '${vars.a}'}\nx: ${vars.a}",
            "variables refer to each other: vars.a -> vars.b -> vars.a",
        ),
        ("vars: {a: 'x${vars.a}'}\nx: ${vars.a}", "variables refer to each other: vars.a -> vars.a"),
        ("vars: {a: ['${vars.a}']}\nx: ${vars.a}", "variables refer to each other: vars.a -> vars.a"),
    ],
)
def test_what_cannot_be_filled_in_is_told_once(text: str, message: str) -> None:
    assert substitute(text)[1] == [message]


def test_a_long_chain_of_variables_is_refused_without_recursing_for_ever() -> None:
    chain = "\n".join(f"  v{i}: ${{vars.v{i + 1}}}" for i in range(5000))
    assert "more than 30 variables" in substitute(f"vars:\n{chain}\n  v5000: 1\na: ${{vars.v0}}")[1][0]


def test_text_that_doubles_thirty_times_is_refused() -> None:
    doubling = "\n".join(f"  v{i}: ${{vars.v{i + 1}}}${{vars.v{i + 1}}}" for i in range(28))
    assert "more than 100,000 characters" in substitute(f"vars:\n{doubling}\n  v28: xx\na: ${{vars.v0}}")[1][0]


def test_lists_that_double_thirty_times_are_refused(read: Callable[..., Any]) -> None:
    doubling = "\n".join(f"  v{i}: ['${{vars.v{i + 1}}}', '${{vars.v{i + 1}}}']" for i in range(25))
    text = (
        f"specframe: 1\nvars:\n{doubling}\n  v25: 1\nsteps: [{{load: table, with: {{options: {{a: '${{vars.v0}}'}}}}}}]"
    )
    with pytest.raises(ConfigError, match="more than 100,000 values"):
        read(text)


@settings(deadline=None)
@given(st.text(alphabet="${}v.:-ars x") | st.text())
def test_an_escaped_text_reads_back_unchanged(text: str) -> None:
    problems = Problems()
    node = compose("a: ''", Source("p.yaml"), problems)
    assert isinstance(node, MapNode)
    scalar = node.get("a")
    from dataclasses import replace

    filled = Substitution(None, problems).apply(replace(scalar, value=escape(text)))  # type: ignore[arg-type,type-var]
    assert plain(filled) == text
    assert not problems


def test_a_filled_in_path_is_relative_to_where_its_beginning_is_stated(read: Callable[..., Any], folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "base.yaml").write_text(
        "specframe: 1\nvars: {root: ../data, file: labels.csv}\n"
        "steps: [{id: t, load: table, with: {labels: '${vars.root}/${vars.file}', paths: ['../data/${vars.file}']}}]\n"
    )
    params = read("extends: deep/base.yaml\n").steps[0].params
    assert (params.labels, params.paths) == (folder / "data/labels.csv", [folder / "data/labels.csv"])
    assert read("extends: deep/base.yaml\nvars: {root: data}\n").steps[0].params == params
    assert read("extends: deep/base.yaml\n", "vars.root=data").steps[0].params == params


def test_a_default_of_the_environment_is_relative_to_the_file(
    read: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPECFRAME_DATA", raising=False)
    text = "specframe: 1\nsteps:\n- load: table\n  with:\n    labels: ${env:SPECFRAME_DATA:-data}/labels.csv\n"
    spec = read(text)
    assert spec.steps[0].params.labels == folder / "data/labels.csv"
    assert spec.origins == {"table.labels": "${env:SPECFRAME_DATA:-data}/labels.csv"}
    spec = read(
        text.replace("steps:", "vars: {d: 'x/../${env:SPECFRAME_DATA:-data}'}\nsteps:").replace(
            "${env:SPECFRAME_DATA:-data}/l", "${vars.d}/l"
        )
    )
    assert spec.origins == {"table.labels": "x/../${env:SPECFRAME_DATA:-data}/labels.csv"}
    monkeypatch.setenv("SPECFRAME_DATA", str(folder / "data"))
    assert read(text).steps[0].params.labels == folder / "data/labels.csv"


def test_a_wrong_value_is_shown_where_the_variable_is_set(read: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match=r"^p\.yaml:2:11: ridge: components must be a whole number, got the text 'x'"):
        read("specframe: 1\nvars: {n: x}\nsteps: [load: table, {model: ridge, with: {components: '${vars.n}'}}]\n")
