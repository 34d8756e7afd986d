"""``specframe plugins``: list, show and check."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from specframe.api import Field, InputPath, Params, Quantity
from specframe.cli.parameters import Parameter, parameters_of
from specframe.cli.table import table

if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN = Path(__file__).parents[1] / "broken_plugins"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPECFRAME_BLOCK_PLUGINS", raising=False)
    monkeypatch.delenv("SPECFRAME_PIN_PLUGINS", raising=False)


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that writes a plugin file."""

    def write(name: str, body: str) -> Path:
        path = tmp_path / f"{name}.py"
        path.write_text("from specframe.api import Component, Params, Score, hookimpl\n" + textwrap.dedent(body))
        return path

    return write


def score(name: str, target: str, more: str = "") -> str:
    return f"""
        @hookimpl
        def specframe_components():
            yield Component(kind="score", name="{name}", target="{target}:S", params=Params, summary="One", {more})
    """


def test_list_shows_every_component(specframe: Callable[..., Any]) -> None:
    done = specframe("plugins", "list")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["kind", "name", "plugin", "from", "summary"]
    assert any(line.split()[:5] == ["model", "ridge", "linear", "specframe", "0.1.0"] for line in lines)


def test_list_of_one_kind(specframe: Callable[..., Any]) -> None:
    done = specframe("plugins", "list", "--kind", "uncertainty")
    assert {line.split()[0] for line in done.out.splitlines()[1:]} == {"uncertainty"}


def test_list_says_what_cannot_be_used_and_why(
    specframe: Callable[..., Any], plugin: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPECFRAME_BLOCK_PLUGINS", "uncertainty")
    broken = plugin("moons", "raise RuntimeError('no licence')")
    waiting = plugin("stars", score("stellar", "stars", "requires=('no-such-torch>=2',)"))
    rival = plugin("suns", score("rmse-ppm", "suns"))
    done = specframe("plugins", "list", "--plugin", broken, "--plugin", waiting, "--plugin", rival)
    assert done.status == 0
    said = " ".join(done.out.split())
    assert f"plugin moons ({broken} 0+" in said
    assert "broken it raised RuntimeError: no licence" in said.replace("): ", ") ")
    assert "plugin uncertainty (specframe 0.1.0): blocked blocked as 'uncertainty' by SPECFRAME_BLOCK_PLUGINS" in said
    assert 'missing-extra needs no-such-torch>=2 (not installed); run: pip install "no-such-torch>=2"' in said
    assert "score evaluate/rmse-ppm (specframe 0.1.0): clash" in said
    assert "(clash) Root of the mean squared error" in said
    assert said.endswith("'specframe doctor' looks for what is wrong and how to mend it.")


def test_list_as_json(specframe: Callable[..., Any], plugin: Callable[[str, str], Path]) -> None:
    broken = plugin("moons", "print('loud')\nraise RuntimeError('no licence')")
    done = specframe("plugins", "list", "--json", "--plugin", broken)
    plugins = {found["name"]: found for found in json.loads(done.out)["plugins"]}
    assert plugins["moons"]["status"] == "broken"
    assert "no licence" in plugins["moons"]["reason"]
    (ridge,) = [c for c in plugins["linear"]["components"] if c["name"] == "ridge"]
    assert {**ridge, "summary": "", "tags": [], "target": ""} == {
        "kind": "model",
        "name": "ridge",
        "qualified_name": "linear/ridge",
        "plugin": "linear",
        "distribution": "specframe",
        "version": "0.1.0",
        "status": "ok",
        "reason": "",
        "summary": "",
        "tags": [],
        "requires": ["scikit-learn>=1.6"],
        "target": "",
        "api": 1,
    }


@pytest.mark.parametrize("name", ["ariel-detector", "ariel/ariel-detector"])
def test_show_tells_the_parameters(specframe: Callable[..., Any], name: str) -> None:
    done = specframe("plugins", "show", name)
    assert done.status == 0
    assert "calibrator ariel/ariel-detector" in done.out
    (row,) = [line for line in done.out.splitlines() if line.strip().startswith("hot_sigma")]
    assert row.split() == ["hot_sigma", "number", "5.0", ">", "0"]
    assert "Clip of the dark" in done.out


def test_show_of_a_plugin_shows_all_it_offers(specframe: Callable[..., Any]) -> None:
    shown = json.loads(specframe("plugins", "show", "linear", "--json").out)["components"]
    assert {"ridge", "pca-ridge", "pca-shrinkage", "naive"} <= {component["name"] for component in shown}
    (ridge,) = [component for component in shown if component["name"] == "ridge"]
    assert all(parameter["description"] for parameter in ridge["parameters"])


def test_show_of_a_broken_plugin_says_why(specframe: Callable[..., Any], plugin: Callable[[str, str], Path]) -> None:
    done = specframe("plugins", "show", "moons", "--plugin", plugin("moons", "raise RuntimeError('no licence')"))
    assert done.status == 0
    assert "broken" in done.out
    assert "no licence" in done.out


@pytest.mark.parametrize("command", ["show", "check"])
def test_an_unknown_name_is_a_usage_error(specframe: Callable[..., Any], command: str) -> None:
    done = specframe("plugins", command, "rigde")
    assert done.status == 2
    assert "did you mean 'ridge'?" in done.err
    assert done.out == ""


def test_check_of_what_is_right(specframe: Callable[..., Any]) -> None:
    done = specframe("plugins", "check", "gll-adc24")
    assert done.status == 0
    assert done.out.splitlines()[-1].startswith("score ariel/gll-adc24: 25 passed, 0 failed")


def test_check_of_what_is_wrong(specframe: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = specframe("plugins", "check", "constant", "--plugin", BROKEN / "scores.py")
    assert done.status == 1
    assert "FAILED  perfect-is-best" in done.out
    assert "no difference" in done.out
    done = specframe("plugins", "check", "constant", "--json", "--plugin", BROKEN / "scores.py")
    assert done.status == 1
    (report,) = json.loads(done.out)["components"]
    assert (report["ok"], report["failed"]) == (False, 1)


def test_check_with_a_parameter(specframe: Callable[..., Any]) -> None:
    files = ("--plugin", BROKEN / "scores.py")
    assert specframe("plugins", "check", "needs-a-parameter", *files).status == 1
    assert specframe("plugins", "check", "needs-a-parameter", "--set", "power=2.5", *files).status == 0
    done = specframe("plugins", "check", "needs-a-parameter", "--set", "power=-1", *files)
    assert done.status == 1
    assert "greater than 0" in done.out


@pytest.mark.parametrize("setting", ["power", "=3", "power=[1", "power=.nan"])
def test_a_setting_that_cannot_be_read(specframe: Callable[..., Any], setting: str) -> None:
    done = specframe("plugins", "check", "r2", "--set", setting)
    assert done.status == 2
    assert setting in done.err


def test_settings_are_for_one_component(specframe: Callable[..., Any]) -> None:
    done = specframe("plugins", "check", "linear", "--set", "alpha=1")
    assert done.status == 2
    assert "model linear/ridge" in done.err


def test_check_of_a_plugin_that_does_not_load_fails(
    specframe: Callable[..., Any], plugin: Callable[[str, str], Path]
) -> None:
    done = specframe("plugins", "check", "moons", "--plugin", plugin("moons", "raise RuntimeError('no licence')"))
    assert "doctor" not in done.out  # which knows of installed plugins only
    assert done.status == 1
    assert "no licence" in done.out


class InnerParams(Params):
    key: str = Field(description="Name of the array.")


class AllParams(Params):
    alpha: float | None = Field(None, gt=0, le=2, description="Strength\nof the penalty.")
    order: int = Field(3, ge=0, description="Order.")
    mode: Literal["rms", "mad"] = Field("rms", description="How.")
    levels: tuple[float, ...] = Field((0.68,), min_length=1, description="Levels.")
    rows: tuple[int, int] = Field((0, 8), description="Rows.")
    cutoff: Quantity("um") = Field(5.3, description="Cutoff.")  # type: ignore[valid-type]
    path: InputPath = Field(description="File.")
    flux: str | InnerParams = Field("flux", description="Flux.")
    by: dict[str, int] = Field({}, description="By name.")
    on: bool = Field(True, description="On.")
    empty: str = Field("", description="Empty.")


@pytest.mark.parametrize(
    "expected",
    [
        Parameter("alpha", "number | null", False, None, "> 0, <= 2", "", "Strength of the penalty."),
        Parameter("order", "integer", False, 3, ">= 0", "", "Order."),
        Parameter("mode", "rms | mad", False, "rms", "", "", "How."),
        Parameter("levels", "list of number", False, [0.68], "at least 1", "", "Levels."),
        Parameter("rows", "[integer, integer]", False, [0, 8], "", "", "Rows."),
        Parameter("cutoff", "number or quantity", False, 5.3, "", "um", "Cutoff."),
        Parameter("path", "path", True, None, "", "", "File."),
        Parameter("flux", "text | mapping", False, "flux", "", "", "Flux."),
        Parameter("flux.key", "text", True, None, "", "", "Name of the array."),
        Parameter("by", "mapping of integer", False, {}, "", "", "By name."),
        Parameter("on", "true or false", False, True, "", "", "On."),
    ],
    ids=lambda parameter: parameter.name,
)
def test_what_is_said_of_a_parameter(expected: Parameter) -> None:
    assert expected in parameters_of(AllParams)


class TwiceParams(Params):
    flux: InnerParams = Field(description="Flux.")
    background: str | InnerParams = Field("none", description="Background.")


def test_a_mapping_is_told_once() -> None:
    told = {parameter.name: parameter.like for parameter in parameters_of(TwiceParams)}
    assert told == {"flux": "", "flux.key": "", "background": "flux"}


def test_what_is_shown_of_a_component_of_many_priors_can_be_read(specframe: Callable[..., Any]) -> None:
    shown = specframe("plugins", "show", "transit-fit").out
    assert "Takes the same as orbit.period" in " ".join(shown.split())
    assert shown.count("Mean and standard deviation.") == 1
    assert len(shown.splitlines()) < 400


def test_defaults_are_written_as_in_yaml() -> None:
    written = {parameter.name: parameter.written_default() for parameter in parameters_of(AllParams)}
    assert written["mode"] == "rms"
    assert written["empty"] == '""'
    assert written["levels"] == "[0.68]"
    assert written["on"] == "true"
    assert written["alpha"] == "null"
    assert written["path"] == "(required)"


def test_a_table_wraps_long_cells_and_keeps_notes_under_their_row() -> None:
    rows = [("a", "bb"), ("one two three", "x")]
    assert table(rows, "  ", widest=8, notes=[[], ["    note"]]) == [
        "  a        bb",
        "  one two  x",
        "  three",
        "    note",
    ]
