"""``--set`` changes a pipeline from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIPELINE = """\
specframe: 1
vars: {n: 4, deep: {x: 1}}
steps:
  - {id: data, load: table, with: {paths: [data/labels.csv], options: {a: {b: 1}}}}
  - {id: fit, model: ridge, with: {components: '${vars.n}'}}
  - {id: again, model: ridge, with: }
"""


@pytest.fixture
def fit(read: Callable[..., Any]) -> Callable[..., Any]:
    """Return the spec with overrides."""
    return lambda *overrides: read(PIPELINE, *overrides)


@pytest.mark.parametrize(
    ("override", "value"),
    [("fit.alpha=1e-3", 0.001), ("fit.alpha=auto", "auto"), ("fit.alpha= 2 ", 2.0), ("fit.alpha='auto'", "auto")],
)
def test_a_parameter_is_set_by_the_id_of_its_step(fit: Any, override: str, value: object) -> None:
    assert fit(override).steps[1].params.alpha == value


def test_a_parameter_is_set_where_none_was_given(fit: Any) -> None:
    assert fit("again.components=2").steps[2].params.components == 2


def test_nested_parameters_and_items_are_set(fit: Any) -> None:
    params = fit("data.options.a.c=[1, {d: x}]", "data.options.e.f=~", "data.paths.0=data").steps[0].params
    assert params.options == {"a": {"b": 1, "c": [1, {"d": "x"}]}, "e": {"f": None}}
    assert [path.name for path in params.paths] == ["data"]


def test_top_level_keys_are_set(fit: Any) -> None:
    spec = fit(
        "seed=3", "evaluate.cross_validation.folds=2", "evaluate.scores=[r2]", "description=two words", "vars.n=9"
    )
    assert (spec.seed, spec.cross_validation.folds, len(spec.scores)) == (3, 2, 1)
    assert spec.description == "two words"
    assert spec.steps[1].params.components == 9


def test_the_last_of_several_wins(fit: Any) -> None:
    assert fit("seed=3", "seed=4").seed == 4


def test_a_value_may_refer_to_variables(fit: Any) -> None:
    assert fit("again.components=${vars.n}").steps[2].params.components == 4


def test_an_equals_sign_in_the_value_is_part_of_it(fit: Any) -> None:
    assert fit("description=a=b").description == "a=b"


def test_paths_are_relative_to_the_working_directory(
    fit: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, make_registry: Any
) -> None:
    from specframe.config import read_pipeline

    (folder / "p.yaml").write_text(PIPELINE)
    monkeypatch.chdir(folder / "data")
    spec = read_pipeline("../p.yaml", make_registry, ["data.labels=labels.csv"])
    assert spec.steps[0].params.labels == folder / "data" / "labels.csv"
    assert spec.steps[0].params.paths == [folder / "data" / "labels.csv"]


def test_each_override_is_an_origin(fit: Any) -> None:
    origins = fit("fit.alpha=3", "seed=2", "data.options.a.b=7").origins
    assert origins == {
        "fit.alpha": "--set fit.alpha=3",
        "seed": "--set seed=2",
        "data.options.a.b": "--set data.options.a.b=7",
    }


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("fti.alpha=3", "there is no step or key 'fti'; did you mean 'fit'?"),
        ("sed=3", "there is no step or key 'sed'; did you mean 'seed'?"),
        ("fit.alpah=3", "ridge has no parameter 'alpah'; did you mean 'alpha'?"),
        ("fit=3", "'fit' is a step; name a parameter of it: fit.PARAM=VALUE"),
        ("steps.0=3", "'steps' cannot be set; set a parameter by the id of its step: data, fit, again"),
        ("extends=x.yaml", "'extends' cannot be set; set a parameter by the id of its step: data, fit, again"),
        ("fit.alpha", "expected step.param=value or key=value; for example --set fit.alpha=0.1"),
        ("=3", "expected step.param=value or key=value; for example --set fit.alpha=0.1"),
        ("fit..alpha=3", "expected step.param=value or key=value; for example --set fit.alpha=0.1"),
        ("seed=x", "seed must be a whole number of at least 0, got the text 'x'"),
        ("fit.components='3'", "ridge: components must be a whole number, got the text '3'; take the quotes away"),
        ("fit.components=[3", "the value is not YAML in one line; expected ',' or ']' here"),
        ("description=a: b", "the value is not YAML in one line; put quotes around text that contains ': '"),
        ("description=- a", "the value is not YAML in one line; a list cannot begin on the line of its key"),
        (
            "description=run #3",
            "a '#' begins a YAML comment; put quotes around the value, for YAML too: --set 'key=\"a #1\"'",
        ),
        ("description=!x 3", "the tag !x is not allowed; only text, numbers, lists and mappings, without tags"),
        ("data.options={a: 1, a: 2}", "duplicate key 'a'; it stands there already"),
        ("fit.alpha=.inf", "a number must be finite, got .inf"),
        ("data.paths.3=x", "'3' is not the number of an item; the list has items 0 to 0"),
        ("data.paths.x=x", "'x' is not the number of an item; the list has items 0 to 0"),
        ("vars.n.x=3", "'x' cannot be set within 4; set the whole value"),
    ],
)
def test_a_wrong_override_is_told_at_itself(fit: Any, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fit(override)
    assert str(caught.value) == f"--set {override}: {message}"
