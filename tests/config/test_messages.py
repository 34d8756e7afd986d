"""What a user reads when a pipeline is wrong: the exact text, so that a worse one is noticed."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

import pytest

from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIPELINE = """\
specframe: 1
seed: 7
steps:
  - id: data
    load: ariel-challenge
    with: {path: data/adc24, split: train}
  - calibrate: ariel-detector
    with: {background_rows: [[0, 8], [24, 32]], cutoff: 5300 nm}
  - id: transit
    detrend: transit-polynomial
    with: {order: 3}
  - id: fit
    model: ridge
  - uncertainty: conformal
evaluate:
  cross_validation: {folds: 5, group: target}
  scores: [r2, {score: coverage, with: {level: 0.95}}]
export: [submission-adc24]
"""


class Case(NamedTuple):
    """``old`` in :data:`PIPELINE` replaced by ``new`` gives ``message``."""

    name: str
    old: str
    new: str
    message: str


CASES = [
    Case(
        "misspelt component",
        "model: ridge",
        "model: rigde",
        """
        p.yaml:13:12: no model is named 'rigde'; did you mean 'ridge'?
          13 |     model: rigde
             |            ^^^^^
        """,
    ),
    Case(
        "component of another kind",
        "model: ridge",
        "model: conformal",
        """
        p.yaml:13:12: 'conformal' is not a model; it is an uncertainty: write 'uncertainty: conformal'
          13 |     model: conformal
             |            ^^^^^^^^^
        """,
    ),
    Case(
        "missing extra",
        "model: ridge",
        "model: cnn",
        """
        p.yaml:13:12: the model 'cnn' cannot be used (missing-extra): pip install 'specframe[torch]' provides torch
          13 |     model: cnn
             |            ^^^
        """,
    ),
    Case(
        "ambiguous component",
        "model: ridge",
        "model: gp",
        """
        p.yaml:13:12: several plugins offer the model 'gp'; write gp/gp or mine/gp
          13 |     model: gp
             |            ^^
        """,
    ),
    Case(
        "no component",
        "model: ridge",
        "model:",
        """
        p.yaml:13:11: expected the name of a model, got nothing; installed: flat, gp/gp, mine/gp, ridge
          13 |     model:
             |           ^
        """,
    ),
    Case(
        "misspelt key",
        "seed: 7",
        "sead: 7",
        """
        p.yaml:2:1: unknown key 'sead' in the pipeline; did you mean 'seed'?
          2 | sead: 7
            | ^^^^
        """,
    ),
    Case(
        "misspelt kind of step",
        "model: ridge",
        "modle: ridge",
        """
        p.yaml:13:5: unknown key 'modle' in a step; did you mean 'model'?
          13 |     modle: ridge
             |     ^^^^^
        """,
    ),
    Case(
        "option of the step in 'with'",
        "model: ridge",
        "model: ridge\n    with: {noisy_copies: 3}",
        """
        p.yaml:14:12: ridge has no parameter 'noisy_copies'; it belongs to the step: put it beside 'with:'
          14 |     with: {noisy_copies: 3}
             |            ^^^^^^^^^^^^
        """,
    ),
    Case(
        "parameter outside of 'with'",
        "model: ridge",
        "model: ridge\n    alpha: 3",
        """
        p.yaml:14:5: unknown key 'alpha' in a step; it is a parameter: put it under 'with:'
          14 |     alpha: 3
             |     ^^^^^
        """,
    ),
    Case(
        "step without a component",
        "    model: ridge\n",
        "",
        """
        p.yaml:12:9: the step names no component; it needs one of load, calibrate, detrend, model, uncertainty, export
          12 |   - id: fit
             |         ^^^
        """,
    ),
    Case(
        "two components in a step",
        "model: ridge",
        "model: ridge\n    detrend: transit-polynomial",
        """
        p.yaml:14:5: a step has one component, but 'model' and 'detrend' are given; make it two steps
          14 |     detrend: transit-polynomial
             |     ^^^^^^^
        """,
    ),
    Case(
        "unknown parameters",
        "{order: 3}",
        "{ordr: 3, width: 1}",
        """
        p.yaml:11:12: transit-polynomial has no parameter 'ordr'; did you mean 'order'?
          11 |     with: {ordr: 3, width: 1}
             |            ^^^^
        p.yaml:11:21: transit-polynomial has no parameter 'width'; it has: order
          11 |     with: {ordr: 3, width: 1}
             |                     ^^^^^
        2 problems
        """,
    ),
    Case(
        "missing parameter, and one that is none of the choices",
        "{path: data/adc24, split: train}",
        "{split: tran}",
        """
        p.yaml:6:5: ariel-challenge needs 'path' (Folder of the challenge)
          6 |     with: {split: tran}
            |     ^^^^
        p.yaml:6:19: ariel-challenge: split must be 'train' or 'test', got the text 'tran'
          6 |     with: {split: tran}
            |                   ^^^^
        2 problems
        """,
    ),
    Case(
        "no parameters at all",
        "    with: {path: data/adc24, split: train}\n",
        "",
        """
        p.yaml:5:11: ariel-challenge needs 'path' (Folder of the challenge); write 'with: {path: ...}'
          5 |     load: ariel-challenge
            |           ^^^^^^^^^^^^^^^
        """,
    ),
    Case(
        "quoted number",
        "{order: 3}",
        "{order: '3'}",
        """
        p.yaml:11:19: transit-polynomial: order must be a whole number, got the text '3'; take the quotes away
          11 |     with: {order: '3'}
             |                   ^^^
        """,
    ),
    Case(
        "number out of bounds",
        "{order: 3}",
        "{order: 9}",
        """
        p.yaml:11:19: transit-polynomial: order must be at most 6, got 9
          11 |     with: {order: 9}
             |                   ^
        """,
    ),
    Case(
        "fraction for a whole number",
        "{order: 3}",
        "{order: 2.50}",
        """
        p.yaml:11:19: transit-polynomial: order must be a whole number, got 2.50
          11 |     with: {order: 2.50}
             |                   ^^^^
        """,
    ),
    Case(
        "yes is no truth value",
        "cutoff: 5300 nm",
        "keep_hot: yes",
        """
        p.yaml:8:59: ariel-detector: keep_hot must be true or false, got the text 'yes'; write true
          8 |     with: {background_rows: [[0, 8], [24, 32]], keep_hot: yes}
            |                                                           ^^^
        """,
    ),
    Case(
        "quantity of another dimension",
        "5300 nm",
        "5300 ms",
        """
        p.yaml:8:57: ariel-detector: cutoff: expected a number or a quantity in 'um', got '5300 ms': \
'ms' (time) and 'um' (length) are not convertible
          8 |     with: {background_rows: [[0, 8], [24, 32]], cutoff: 5300 ms}
            |                                                         ^^^^^^^
        """,
    ),
    Case(
        "lists of the wrong length and type",
        "[[0, 8], [24, 32]]",
        "[[0, 8, 9], [24], 3, [a, 32]]",
        """
        p.yaml:8:30: ariel-detector: background_rows[0] must be a list of at most 2 items, got a list of 3
          8 |     with: {background_rows: [[0, 8, 9], [24], 3, [a, 32]], cutoff: 5300 nm}
            |                              ^^^^^^^^^
        p.yaml:8:41: ariel-detector: background_rows[1] must be a list of at least 2 items, got a list of 1
          8 |     with: {background_rows: [[0, 8, 9], [24], 3, [a, 32]], cutoff: 5300 nm}
            |                                         ^^^^
        p.yaml:8:47: ariel-detector: background_rows[2] must be a list, got 3
          8 |     with: {background_rows: [[0, 8, 9], [24], 3, [a, 32]], cutoff: 5300 nm}
            |                                               ^
        p.yaml:8:51: ariel-detector: background_rows[3][0] must be a whole number, got the text 'a'
          8 |     with: {background_rows: [[0, 8, 9], [24], 3, [a, 32]], cutoff: 5300 nm}
            |                                                   ^
        4 problems
        """,
    ),
    Case(
        "members of a union are joined",
        "model: ridge",
        "model: ridge\n    with: {alpha: none, max_iterations: 0}",
        """
        p.yaml:14:19: ridge: alpha must be a number or 'auto', got the text 'none'
          14 |     with: {alpha: none, max_iterations: 0}
             |                   ^^^^
        p.yaml:14:41: ridge: max_iterations must be greater than 0, got 0
          14 |     with: {alpha: none, max_iterations: 0}
             |                                         ^
        2 problems
        """,
    ),
    Case(
        "missing folder",
        "data/adc24",
        "data/adc42",
        """
        p.yaml:6:18: ariel-challenge: path: no such file or folder: {folder}/data/adc42; did you mean 'adc24'?
          6 |     with: {path: data/adc42, split: train}
            |                  ^^^^^^^^^^
        """,
    ),
    Case(
        "missing folder in a missing folder",
        "data/adc24",
        "raw/adc24/x",
        """
        p.yaml:6:18: ariel-challenge: path: no such file or folder: {folder}/raw/adc24/x; \
{folder} is the last folder on the way that exists
          6 |     with: {path: raw/adc24/x, split: train}
            |                  ^^^^^^^^^^^
        """,
    ),
    Case(
        "wrong order of steps",
        "  - uncertainty: conformal\n",
        "  - uncertainty: conformal\n  - calibrate: ariel-detector\n  - load: table\n",
        """
        p.yaml:15:5: 'calibrate' cannot come after 'uncertainty' (step 'conformal'); \
the order is load, calibrate, detrend, model, uncertainty, export
          15 |   - calibrate: ariel-detector
             |     ^^^^^^^^^
        p.yaml:16:5: a second 'load'; a pipeline loads once, in its first step
          16 |   - load: table
             |     ^^^^
        2 problems
        """,
    ),
    Case(
        "nothing to be uncertain about",
        "  - id: fit\n    model: ridge\n",
        "",
        """
        p.yaml:12:5: 'uncertainty' needs a model before it; add a step '- model: ...'
          12 |   - uncertainty: conformal
             |     ^^^^^^^^^^^
        p.yaml:14:3: cross-validation needs a model; add a step '- model: ...', or remove it
          14 |   cross_validation: {folds: 5, group: target}
             |   ^^^^^^^^^^^^^^^^
        2 problems
        """,
    ),
    Case(
        "ids",
        "- id: fit",
        "- id: data\n    from: transt\n    learns: residul",
        """
        p.yaml:12:9: duplicate id 'data'; the step on line 5 has it already
          12 |   - id: data
             |         ^^^^
        p.yaml:13:11: from must be the id of an earlier model or detrend step, got the text 'transt'; \
did you mean 'transit'?
          13 |     from: transt
             |           ^^^^^^
        p.yaml:14:13: learns must be 'target' or 'residual', got the text 'residul'
          14 |     learns: residul
             |             ^^^^^^^
        3 problems
        """,
    ),
    Case(
        "links of a model",
        "- id: fit",
        "- id: fit\n    from: [transit, transit]\n    learns: residual\n    weights: error",
        """
        p.yaml:13:21: from names 'transit' twice; remove one
          13 |     from: [transit, transit]
             |                     ^^^^^^^
        p.yaml:15:14: weights must be 'equal' or 'errors', got the text 'error'
          15 |     weights: error
             |              ^^^^^
        2 problems
        """,
    ),
    Case(
        "nothing to build on",
        "- id: fit",
        "- id: fit\n    from: []",
        """
        p.yaml:13:11: from is an empty list; name earlier model or detrend steps, or remove it
          13 |     from: []
             |           ^^
        """,
    ),
    Case(
        "id that no command line could tell from a key",
        "id: transit",
        "id: seed",
        """
        p.yaml:9:9: the id 'seed' is also a key of the pipeline; choose another
          9 |   - id: seed
            |         ^^^^
        """,
    ),
    Case(
        "malformed id",
        "id: transit",
        "id: my step",
        """
        p.yaml:9:9: an id is a letter, then letters, digits, '_' or '-', got the text 'my step'
          9 |   - id: my step
            |         ^^^^^^^
        """,
    ),
    Case(
        "number with underscores",
        "seed: 7",
        "seed: 1_000",
        """
        p.yaml:2:7: seed must be a whole number of at least 0, got the text '1_000'; write 1000
          2 | seed: 1_000
            |       ^^^^^
        """,
    ),
    Case(
        "cross-validation",
        "{folds: 5, group: target}",
        "{folds: 1, grup: target}",
        """
        p.yaml:16:29: cross_validation: folds must be a whole number of at least 2, got 1
          16 |   cross_validation: {folds: 1, grup: target}
             |                             ^
        p.yaml:16:32: unknown key 'grup' in cross_validation; did you mean 'group'?
          16 |   cross_validation: {folds: 1, grup: target}
             |                                ^^^^
        2 problems
        """,
    ),
    Case(
        "scores",
        "[r2, {score: coverage, with: {level: 0.95}}]",
        "[r22, {scor: r2}, {score: coverage, with: {level: 95}}, {with: {}}]",
        """
        p.yaml:17:12: no score is named 'r22'; did you mean 'r2'?
          17 |   scores: [r22, {scor: r2}, {score: coverage, with: {level: 95}}, {with: {}}]
             |            ^^^
        p.yaml:17:18: unknown key 'scor' in an item of scores; did you mean 'score'?
          17 |   scores: [r22, {scor: r2}, {score: coverage, with: {level: 95}}, {with: {}}]
             |                  ^^^^
        p.yaml:17:61: coverage: level must be less than 1.0, got 95
          17 |   scores: [r22, {scor: r2}, {score: coverage, with: {level: 95}}, {with: {}}]
             |                                                             ^^
        p.yaml:17:67: an item of scores is a name, or has 'score' and 'with'
          17 |   scores: [r22, {scor: r2}, {score: coverage, with: {level: 95}}, {with: {}}]
             |                                                                   ^^^^^^^^^^
        4 problems
        """,
    ),
    Case(
        "one exporter without its list",
        "[submission-adc24]",
        "submission-adc24",
        """
        p.yaml:18:9: export must be a list, got the text 'submission-adc24'; write [submission-adc24]
          18 | export: submission-adc24
             |         ^^^^^^^^^^^^^^^^
        """,
    ),
    Case(
        "format of the future",
        "specframe: 1",
        "specframe: 2",
        """
        p.yaml:1:12: specframe must be 1, the format of the file, got 2; a newer specframe may read it
          1 | specframe: 2
            |            ^
        """,
    ),
    Case(
        "no format",
        "specframe: 1\n",
        "",
        """
        p.yaml:1:1: the pipeline does not state its format; write 'specframe: 1'
          1 | seed: 7
            | ^^^^^^^
        """,
    ),
    Case(
        "duplicate key",
        "seed: 7",
        "seed: 7\nseed: 8",
        """
        p.yaml:3:1: duplicate key 'seed'; it stands on line 2 already
          3 | seed: 8
            | ^^^^
        """,
    ),
    Case(
        "tag",
        "seed: 7",
        "seed: !!python/object/apply:os.system [ls]",
        """
        p.yaml:2:7: the tag !!python/object/apply:os.system is not allowed; \
only text, numbers, lists and mappings, without tags
          2 | seed: !!python/object/apply:os.system [ls]
            |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        """,
    ),
    Case(
        "tab",
        "  - id: fit",
        "\t- id: fit",
        """
        p.yaml:12:1: a tab cannot indent YAML; use spaces
          12 | →- id: fit
             | ^
        """,
    ),
    Case(
        "too little indentation",
        "    model: ridge",
        "   model: ridge",
        """
        p.yaml:13:4: this line is not indented like the others of the list begun on line 4; check its indentation
          13 |    model: ridge
             |    ^
        """,
    ),
    Case(
        "too much indentation",
        "    model: ridge",
        "      model: ridge",
        """
        p.yaml:13:7: a key is not expected here; check its indentation, or the line above lacks a space after its ':'
          13 |       model: ridge
             |       ^
        """,
    ),
    Case(
        "unclosed bracket",
        "{order: 3}",
        "{order: 3",
        """
        p.yaml:11:11: this mapping is not closed; expected ',' or '}' before line 12
          11 |     with: {order: 3
             |           ^
        """,
    ),
    Case(
        "missing comma",
        "folds: 5, group",
        "folds: 5 group",
        """
        p.yaml:16:36: expected ',' or '}' here; or quotes around text that contains brackets or commas
          16 |   cross_validation: {folds: 5 group: target}
             |                                    ^
        """,
    ),
    Case(
        "unclosed quote",
        "seed: 7",
        "description: 'planets",
        """
        p.yaml:2:14: this quote is never closed
          2 | description: 'planets
            |              ^
        """,
    ),
    Case(
        "colon in a text",
        "seed: 7",
        "description: planets: many",
        """
        p.yaml:2:21: a second ': ' on one line; put quotes around a value that contains ': '
          2 | description: planets: many
            |                     ^
        """,
    ),
    Case(
        "text that begins like syntax",
        "seed: 7",
        "description: @home",
        """
        p.yaml:2:14: an unquoted value cannot begin with '@'; put quotes around it
          2 | description: @home
            |              ^
        """,
    ),
    Case(
        "key without a colon",
        "seed: 7",
        "seed",
        """
        p.yaml:2:1: a key without a ':'; write 'key: value'
          2 | seed
            | ^
        """,
    ),
    Case(
        "list on the line of its key",
        "seed: 7",
        "plugins: - linear",
        """
        p.yaml:2:10: a list cannot begin on the line of its key; put '- ' on the next line, or write [a, b]
          2 | plugins: - linear
            |          ^
        """,
    ),
    Case(
        "asterisk",
        "seed: 7",
        "description: *important",
        """
        p.yaml:2:14: there is no anchor &important above; put quotes around text that begins with '*'
          2 | description: *important
            |              ^
        """,
    ),
    Case(
        "backslash in double quotes",
        "seed: 7",
        'description: "C:\\data"',
        """
        p.yaml:2:18: unknown escape in double quotes; use single quotes, or double the backslash
          2 | description: "C:\\data"
            |                  ^
        """,
    ),
    Case(
        "second document",
        "seed: 7",
        "---\nseed: 7",
        """
        p.yaml:2:1: a second YAML document begins here; a pipeline is one document
          2 | ---
            | ^
        """,
    ),
    Case(
        "unquoted reference in brackets",
        "order: 3",
        "order: ${vars.order}",
        """
        p.yaml:11:20: '${...}' within [ ] or { } needs quotes; write "${...}"
          11 |     with: {order: ${vars.order}}
             |                    ^
        """,
    ),
    Case(
        "steps without dashes",
        PIPELINE[PIPELINE.index("  - id: data") :],
        "  load: table\n",
        """
        p.yaml:4:3: steps must be a list, got a mapping; begin every step with '- '
          4 |   load: table
            |   ^^^^^^^^^^^
        """,
    ),
    Case(
        "step that is a text",
        "  - uncertainty: conformal\n",
        "  - conformal\n",
        """
        p.yaml:14:5: a step is a mapping such as 'model: ridge', got the text 'conformal'
          14 |   - conformal
             |     ^^^^^^^^^
        """,
    ),
    Case(
        "no load",
        PIPELINE[PIPELINE.index("  - id: data") : PIPELINE.index("  - calibrate")],
        "",
        """
        p.yaml:3:1: a pipeline begins with a 'load' step; add '- load: ...' as the first step
          3 | steps:
            | ^^^^^
        """,
    ),
    Case(
        "options of another kind of step",
        "- uncertainty: conformal",
        "- uncertainty: conformal\n    from: fit",
        """
        p.yaml:15:5: only a model has 'from'; remove it
          15 |     from: fit
             |     ^^^^
        """,
    ),
    Case(
        "plugins",
        "seed: 7",
        "plugins: {blok: [x], block: linear, pin: [3]}",
        """
        p.yaml:2:11: unknown key 'blok' in plugins; did you mean 'block'?
          2 | plugins: {blok: [x], block: linear, pin: [3]}
            |           ^^^^
        p.yaml:2:29: plugins: block must be a list, got the text 'linear'; write [linear]
          2 | plugins: {blok: [x], block: linear, pin: [3]}
            |                             ^^^^^^
        p.yaml:2:43: plugins: pin: an item must be text, got 3
          2 | plugins: {blok: [x], block: linear, pin: [3]}
            |                                           ^
        3 problems
        """,
    ),
    Case("empty file", PIPELINE, "", "p.yaml: the pipeline is empty; it begins with 'specframe: 1'"),
    Case("comment only", PIPELINE, "# soon\n", "p.yaml: the pipeline is empty; it begins with 'specframe: 1'"),
    Case(
        "no mapping",
        PIPELINE,
        "hello\n",
        """
        p.yaml:1:1: a pipeline is a mapping, got the text 'hello'; it begins with 'specframe: 1'
          1 | hello
            | ^^^^^
        """,
    ),
]


TERMS = [
    ("[{term: lin}]", "transit-terms: terms[0]: no term is called 'lin'; did you mean 'line'?"),
    ("[{term: gp}]", "transit-terms: terms[0]: no term is called 'gp'; there are: line, ramp"),
    ("[{line: 1}]", "transit-terms: terms[0] needs 'term', which says what it is; one of line, ramp"),
    ("[line]", "transit-terms: terms[0] must be a mapping, got the text 'line'; write {term: line}"),
    ("{term: line}", "transit-terms: terms must be a list, got a mapping; write [{...}], or begin each item with '- '"),
    ("[{term: line, degree: 2}]", "transit-terms has no parameter 'degree' in terms[0]; it has: term, order"),
]


@pytest.mark.parametrize(("terms", "message"), TERMS)
def test_mappings_that_a_word_tells_apart(terms: str, message: str, read: Callable[..., object]) -> None:
    old = "transit-polynomial\n    with: {order: 3}"
    with pytest.raises(ConfigError) as caught:
        read(PIPELINE.replace(old, f"transit-terms\n    with: {{terms: {terms}}}"))
    assert str(caught.value).splitlines()[0].partition(": ")[2] == message


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_message(case: Case, read: Callable[..., object], folder: Path) -> None:
    assert PIPELINE.count(case.old) == 1
    with pytest.raises(ConfigError) as caught:
        read(PIPELINE.replace(case.old, case.new))
    expected = dedent(case.message).strip("\n").replace("{folder}", str(folder))
    assert str(caught.value) == expected
    assert caught.value.exit_status == 2


def test_the_pipeline_that_the_cases_change_is_right(read: Callable[..., object]) -> None:
    read(PIPELINE)
