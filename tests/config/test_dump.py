"""A pipeline is written as YAML that reads back to the same pipeline, here and in other YAML readers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specframe.config import CrossValidation, Part, PipelineSpec, PluginChoice, Step, pipeline_from_data, to_yaml
from specframe.config.document import Source, compose
from specframe.config.node import from_data, plain
from specframe.config.problem import Problems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Texts that look like something else to some YAML reader, or to ours.
# fmt: off
TRICKY = st.sampled_from([
    "1e-3", "yes", "null", "~", "", " ", "5.3 um", "2024-01-01", "12:30:45", "1_000", "007", "0x1f", ".nan", "=", "<<",
    "- a", "a: b", "#", "a #b", "${vars.x}", "$${", "$$$", "${", "!x", "*a", "&a", "|", "'", '"', "\n", "a\n", "\x85",
    "\u2028", "\ufeff", "\x7f", "é", "日本", "😀", "%a", "@a", "`a", "---", "...", "[", "{}", "x" * 300, "a  b " * 40,
])
# fmt: on
TEXTS = TRICKY | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | FLOATS | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


def same(a: Any, b: Any) -> bool:
    """Equal, and of equal types: Python's ``1 == True == 1.0`` would hide a change."""
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return type(a) is type(b) and a == b


def component(registry: Any, kind: str, name: str, **params: Any) -> dict[str, Any]:
    registered = registry.resolve(kind, name)
    return {"component": registered, "params": registered.component.params.validate_data(params)}


@st.composite
def specs(draw: st.DrawFn, registry: Any) -> PipelineSpec:
    """Pipelines of the small registry with parameters of every type."""
    load = component(
        registry, "loader", "table", note=draw(TEXTS), options=draw(st.dictionaries(TEXTS, VALUES, max_size=4))
    )
    steps = [Step(id="data", **load)]
    if draw(st.booleans()):
        pairs = draw(st.lists(st.tuples(st.integers(), st.integers()), max_size=3))
        options = {"background_rows": pairs, "cutoff": draw(FLOATS), "keep_hot": draw(st.booleans())}
        steps.append(Step(id="d-1", **component(registry, "calibrator", "ariel-detector", **options)))
    models = draw(st.integers(0, 3))
    for number in range(models):
        alpha = draw(FLOATS | st.just("auto"))
        options = {"alpha": alpha, "max_iterations": draw(st.none() | st.integers(1))}
        sources = draw(st.sampled_from([(), ("m0",), ("m1", "m0")][: number + 1]))
        learns = draw(st.sampled_from(["target", "residual"])) if number and len(sources) < 2 else "target"
        name = draw(st.sampled_from(["ridge", "mine/gp"]))
        model = component(registry, "model", name, **options)
        steps.append(Step(id=f"m{number}", sources=sources, learns=learns, **model))
    levels = st.floats(0, 1, exclude_min=True, exclude_max=True)
    scores = [component(registry, "score", "coverage", level=level) for level in draw(st.lists(levels, max_size=2))]
    folds = st.builds(CrossValidation, st.integers(2, 100), TEXTS.filter(bool))
    names = st.lists(TEXTS.filter(bool), max_size=2).map(tuple)  # to block
    return PipelineSpec(
        steps=tuple(steps),
        seed=draw(st.integers(0, 2**70)),
        description=draw(TEXTS),
        cross_validation=draw(st.none() | folds) if models else None,
        scores=tuple(Part(**score) for score in scores),
        exports=tuple(draw(st.lists(st.just(Part(**component(registry, "exporter", "submission-adc24"))), max_size=1))),
        plugins=PluginChoice(draw(names), ()),
    )


def test_any_pipeline_reads_back_to_itself(folder: Path, registry: Any, make_registry: Any, read: Any) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(specs(registry))
    def check(spec: PipelineSpec) -> None:
        text = to_yaml(spec)
        again = read(text)
        assert again == spec
        assert same(again.to_data(), spec.to_data())
        assert pipeline_from_data(spec.to_data(), make_registry) == spec
        assert to_yaml(again) == text

    check()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_any_data_read_back_the_same_here_and_in_yaml_1_1(value: Any) -> None:
    class Spec:
        def to_data(self) -> Any:
            return {"value": value}

    text = to_yaml(Spec())  # type: ignore[arg-type]
    problems = Problems()
    node = compose(text, Source("p.yaml"), problems)
    assert not problems
    assert same(plain(node), {"value": value})
    assert same(yaml.safe_load(text), {"value": value})


@settings(deadline=None)
@given(VALUES)
def test_data_survive_becoming_nodes(value: Any) -> None:
    from pathlib import Path

    problems = Problems()
    assert same(plain(from_data(value, problems, Path())), value)
    assert not problems


def test_canonical_yaml_states_paths_defaults_and_names_in_full(read: Callable[..., Any], folder: Path) -> None:
    spec = read(
        "specframe: 1\nvars: {a: 1e-3}\nsteps:\n- load: ariel-challenge\n  with: {path: data/adc24}\n"
        "- calibrate: ariel-detector\n  with: {background_rows: [[0, 8], [24, 32]], cutoff: 5300 nm}\n"
        "- model: mine/gp\n  with: {alpha: '${vars.a}'}\n"
        "- export: submission-adc24\nevaluate: {cross_validation: {}, scores: [r2, coverage]}\n",
        "seed=3",
    )
    assert to_yaml(spec) == (
        f"""\
specframe: 1
seed: 3
steps:
  - id: ariel-challenge
    load: ariel-challenge
    with:
      path: {folder}/data/adc24
      split: train
  - id: ariel-detector
    calibrate: ariel-detector
    with:
      background_rows: [[0, 8], [24, 32]]
      cutoff: 5.3
      keep_hot: true
  - id: gp
    model: mine/gp
    with:
      alpha: 0.001
      components: 10
      max_iterations: null
    learns: target
    weights: equal
evaluate:
  cross_validation:
    folds: 5
    group: target
  scores:
    - r2
    - score: coverage
      with:
        level: 0.68
  bootstrap: 1000
export:
  - submission-adc24
"""
    )
