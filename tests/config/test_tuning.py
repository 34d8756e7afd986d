"""The ``tune`` section: what it says, and what is told of mistakes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specframe.config import json_schema, tuned_pipeline
from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = """specframe: 1
vars: {alpha: 2.0, unused: 1, few: 3, many: 30}
steps:
  - load: ariel-challenge
    with: {path: data/adc24}
  - id: poly
    detrend: transit-polynomial
  - id: fit
    model: ridge
    with: {components: '${vars.few}'}
evaluate: {cross_validation: {folds: 3}, scores: [r2, coverage]}
"""


def tuned(section: str) -> str:
    return HEAD + "tune:\n" + "".join(f"  {line}\n" for line in section.strip().splitlines())


def told(read: Callable[..., Any], section: str) -> list[str]:
    """Return the problems of a section, each with line, column and sentence."""
    with pytest.raises(ConfigError) as caught:
        read(tuned(section))
    return [f"{p.position.line}:{p.position.column} {p.sentence}" for p in caught.value.problems]


def test_a_section_says_space_score_and_how_to_search(read: Callable[..., Any]) -> None:
    tuning = read(
        tuned("""
trials: 12
timeout: 1.5 h
sampler: random
pruner: median
space:
  fit.alpha: {low: 0.1, high: 10, log: true}
  fit.components: {low: 1, high: 9, step: 3}
  poly.order: [1, 3, 5]
""")
    ).tuning
    assert (tuning.trials, tuning.timeout, tuning.sampler, tuning.pruner) == (12, 5400.0, "random", "median")
    assert (tuning.score, tuning.maximise) == ("r2", True)
    alpha, components, order = tuning.space
    assert (alpha.low, alpha.high, alpha.log, alpha.is_integer, alpha.values()) == (0.1, 10.0, True, False, None)
    assert components.values() == [1, 4, 7]
    assert order.values() == [1, 3, 5]
    # ridge's default alpha is 1, the polynomial's order 3, but 3 components are none of 1, 4, 7
    assert (alpha.default, order.default, components.has_default) == (1.0, 3, False)
    assert tuning.default() is None


def test_the_pipeline_of_a_trial_has_its_values_also_through_variables(
    read: Callable[..., Any], make_registry: Any
) -> None:
    spec = read(
        tuned("""
trials: 3
space:
  vars.few: {choices: ["${vars.many}", 5]}
  fit.alpha: {low: 0.5, high: 4.0}
""")
    )
    made = tuned_pipeline(spec, {"vars.few": "${vars.many}", "fit.alpha": 0.75}, make_registry)
    assert (made.steps[-1].params.components, made.steps[-1].params.alpha) == (30, 0.75)
    assert made.tuning is None
    made = tuned_pipeline(spec, {"vars.few": 5, "fit.alpha": 2.0}, make_registry)
    assert made.steps[-1].params.components == 5


def test_it_is_no_part_of_what_runs(read: Callable[..., Any]) -> None:
    with_section = read(tuned("trials: 3\nspace: {fit.alpha: [1, 2]}"))
    assert with_section.to_data() == read(HEAD).to_data()
    assert read(tuned("trials: 3\nspace: {fit.alpha: [1, 2]}"), "tune.trials=9").tuning.trials == 9


def test_the_score_may_be_any_value_of_a_score_and_its_direction_is_stated_where_it_is_not_known(
    read: Callable[..., Any],
) -> None:
    assert not read(tuned("trials: 3\nscore: rmse-teff\nspace: {fit.alpha: [1, 2]}")).tuning.maximise
    section = "trials: 3\nscore: coverage-68\ndirection: minimise\nspace: {fit.alpha: [1, 2]}"
    assert read(tuned(section)).tuning.score == "coverage-68"
    assert told(read, "trials: 3\nscore: coverage-68\nspace: {fit.alpha: [1, 2]}") == [
        "14:10 whether more or less of the score 'coverage-68' is better is not known; "
        "state 'direction: maximise', or 'direction: minimise'"
    ]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (
            "space: {fit.alpha: [1, 2]}",
            "12:1 tune does not say how long to search; state 'trials: 50', or 'timeout: 2 h'",
        ),
        ("trials: 0\nspace: {fit.alpha: [1, 2]}", "13:11 tune: trials must be a whole number of at least 1, got 0"),
        (
            "trials: 3",
            "12:1 tune needs a 'space': keys as --set takes them; fit.alpha: {low: 0.01, high: 100, log: true}",
        ),
        (
            "timeout: 2 hours\nspace: {fit.alpha: [1, 2]}",
            "13:12 tune: timeout must be a time such as 30 min or 2 h, got the text '2 hours'; units: s, min, h, d",
        ),
        (
            "trials: 3\nsampler: bohb\nspace: {fit.alpha: [1, 2]}",
            "14:12 tune: sampler must be 'tpe' or 'random' or 'grid', got the text 'bohb'",
        ),
        (
            "trials: 3\ndirection: maximize\nspace: {fit.alpha: [1, 2]}",
            "14:14 tune: direction must be 'maximise' or 'minimise', got the text 'maximize'; did you mean 'maximise'?",
        ),
        (
            "trials: 3\nspace: {fti.alpha: [1, 2]}",
            "14:11 there is no step 'fti' whose parameters could be searched; did you mean 'fit'?",
        ),
        ("trials: 3\nspace: {fit: [1, 2]}", "14:11 'fit' is a step; name a parameter of it: fit.PARAM"),
        ("trials: 3\nspace: {vars.alfa: [1, 2]}", "14:11 there is no variable 'vars.alfa'; did you mean 'vars.alpha'?"),
        (
            "trials: 3\nspace: {vars.unused: [1, 2]}",
            "14:11 the variable 'vars.unused' is used nowhere; write ${vars.unused} where it is meant",
        ),
        (
            "trials: 3\nspace: {fit.alpah: [1, 2]}",
            "14:11 fit.alpah: ridge has no parameter 'alpah'; did you mean 'alpha'?",
        ),
        (
            "trials: 3\nspace: {poly.order: [1, 99]}",
            "14:27 poly.order: transit-polynomial: order must be at most 6, got 99",
        ),
        (
            "trials: 3\nspace:\n  poly.order: {low: 1, high: 9}",
            "15:32 poly.order: transit-polynomial: order must be at most 6, got 9",
        ),
        (
            "trials: 3\nspace: {fit.components: [1, many]}",
            "14:31 fit.components: ridge: components must be a whole number, got the text 'many'",
        ),
        (
            "trials: 3\nspace: {ariel-challenge.split: [train, test]}",
            "14:11 ariel-challenge.split changes the data themselves, on which all trials are judged; "
            "search parameters of the steps behind 'load'",
        ),
        ("trials: 3\nspace: {fit.alpha: [1]}", "14:22 fit.alpha: choices must be a list of at least 2 values"),
        ("trials: 3\nspace: {fit.alpha: [1, 2, 1]}", "14:29 fit.alpha: the choice 1 stands twice; remove one"),
        (
            "trials: 3\nspace: {fit.alpha: {low: 1}}",
            "14:11 fit.alpha: needs 'high'; a range is {low: 1, high: 4}, else {choices: [...]}",
        ),
        (
            "trials: 3\nspace: {fit.alpha: {low: 2, high: 1}}",
            "14:11 fit.alpha: low must be less than high, got 2 and 1",
        ),
        (
            "trials: 3\nspace: {fit.alpha: {low: 0.0, high: 1.0, log: true}}",
            "14:11 fit.alpha: a logarithmic range must be greater than 0, got low 0",
        ),
        (
            "trials: 3\nspace: {fit.alpha: {low: 1, high: 2, step: 3}}",
            "14:11 fit.alpha: step must be greater than 0 and at most high - low, got 3",
        ),
        (
            "trials: 3\nspace: {fit.alpha: {choices: [1, 2], log: true}}",
            "14:40 fit.alpha: choices have no 'log'; remove one of them",
        ),
        (
            "sampler: grid\nspace: {fit.alpha: {low: 0.1, high: 1.0}}",
            "14:11 a grid needs values that can be counted, fit.alpha has none; state its step",
        ),
        (
            "trials: 3\nspaces: {}\nspace: {fit.alpha: [1, 2]}",
            "14:3 unknown key 'spaces' in tune; did you mean 'space'?",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(read: Callable[..., Any], section: str, problem: str) -> None:
    assert told(read, section) == [problem]


def test_what_only_does_not_go_with_other_values_is_left_to_the_trials(read: Callable[..., Any]) -> None:
    """The number of components must fit that of the data; on its own each choice is right."""
    assert read(tuned("trials: 3\nspace: {fit.max_iterations: [null, 5], fit.alpha: [auto, 3.0]}")).tuning is not None


def test_pruning_needs_folds(read: Callable[..., Any]) -> None:
    text = tuned("trials: 3\npruner: hyperband\nspace: {fit.alpha: [1, 2]}")
    text = text.replace("cross_validation: {folds: 3}", "holdout: {fraction: 0.2}")
    with pytest.raises(ConfigError, match="compares trials fold by fold, but the pipeline is not cross-validated"):
        read(text)


def test_a_search_needs_a_model_and_a_score(read: Callable[..., Any]) -> None:
    text = tuned("trials: 3\nspace: {poly.order: [1, 2]}")
    without = text.replace(", scores: [r2, coverage]", "")
    with pytest.raises(ConfigError, match=r"tune needs a score; state it in evaluate\.scores"):
        read(without)
    bare = text[: text.index("  - id: fit")] + text[text.index("evaluate") :]
    with pytest.raises(ConfigError, match="needs a model"):
        read(bare.replace("cross_validation: {folds: 3}, ", ""))


def test_the_schema_takes_what_the_reader_takes(registry: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema(registry))
    base = {"specframe": 1, "steps": [{"load": "ariel-challenge", "with": {"path": "."}}, {"model": "ridge"}]}
    space = {
        "ridge.alpha": {"low": 0.1, "high": 1.0, "log": True},
        "vars.x": [1, 2],
        "ridge.components": {"choices": [1, 2]},
    }
    right = {**base, "tune": {"trials": 5, "timeout": "2 h", "pruner": "hyperband", "space": space}}
    assert list(validator.iter_errors(right)) == []
    for wrong in (
        {"sampler": "bohb"},
        {"trials": 0},
        {"space": {"a.b": {"low": 1}}},
        {"space": {"a.b": 3}},
        {"spaces": {}},
    ):
        assert list(validator.iter_errors({**base, "tune": wrong})), wrong
