"""What ``specframe plugins new`` writes works as it is, for every kind."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from specframe.registry import Registry
from specframe.scaffold import LICENSES, TEMPLATES, new_distribution, write_distribution

if TYPE_CHECKING:
    from collections.abc import Callable

OWN_RULES = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["tool"]["ruff"]
#: Checks every pipeline that it is given, and prints what of each is wrong.
CHECK = """
import json, sys
from specframe import load_pipeline
found = {}
for path in sys.argv[1:]:
    try:
        load_pipeline(path)
    except Exception as error:
        found[path] = str(error)
print(json.dumps(found))
"""
#: Runs every pipeline that it is given, and prints of how many targets each predicts something.
RUN = """
import json, sys
from specframe import load_pipeline
runs = [load_pipeline(path).run(f"runs/{number}") for number, path in enumerate(sys.argv[1:])]
print(json.dumps([run.predictions.sizes["target"] for run in runs]))
"""


@pytest.fixture
def written(tmp_path: Path, installed: Callable[[Path], Path]) -> list[Path]:
    """Folders with a distribution of each kind."""
    folders = []
    for kind in TEMPLATES:
        folder = tmp_path / kind
        write_distribution(new_distribution(kind, f"my-{kind}", author="Ada Example"), folder)
        folders.append(installed(folder))
    return folders


def test_the_tests_of_every_kind_pass_at_once(written: list[Path], python: Callable[..., Any]) -> None:
    # one process for all kinds: most of the time goes into imports
    done = python(
        written,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib", "-rA"),
        *("--rootdir", written[0].parent),
        *(folder / "tests" for folder in written),
        cwd=written[0].parent,
    )
    passed = re.findall(r"^PASSED (\S+)", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout + done.stderr
    for kind in TEMPLATES:
        # the contract, and what the component is to do
        assert f"{kind}/tests/test_contract.py::test_it_keeps_the_contract" in passed
        assert any(f"{kind}/tests/test_{kind}.py::" in name for name in passed), kind


def test_every_readme_says_what_it_is() -> None:
    said = {kind: new_distribution(kind, "mine", author="Ada Example").files()["README.md"] for kind in TEMPLATES}
    assert "\nAn uncertainty estimator for specframe.\n" in said["uncertainty"]
    assert "\nAn exporter for specframe.\n" in said["exporter"]
    assert "\nA loader for specframe.\n" in said["loader"]


def test_the_example_pipelines_of_every_kind_are_valid(written: list[Path], python: Callable[..., Any]) -> None:
    done = python(written, "-c", CHECK, *(f / "examples" / "pipeline.yaml" for f in written), cwd=written[0].parent)
    assert json.loads(done.stdout) == {}, done.stderr


def test_example_pipelines_run(written: list[Path], python: Callable[..., Any]) -> None:
    chosen = [folder for folder in written if folder.name in ("loader", "detrender")]
    done = python(chosen, "-c", RUN, *(folder / "examples" / "pipeline.yaml" for folder in chosen), cwd=chosen[0])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [12, 2]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_behaviour_test_can_fail(kind: str) -> None:
    text = new_distribution(kind, "mine").files()[f"tests/test_{kind}.py"]
    assert len(re.findall(r"(?m)^def test_\w+", text)) >= 2
    assert re.search(r"assert_allclose|assert_array_equal|==", text)


def test_the_rules_of_style_are_specframes_own() -> None:
    rules = tomllib.loads(new_distribution("score", "mine").files()["pyproject.toml"])["tool"]["ruff"]
    assert rules["line-length"] == OWN_RULES["line-length"]
    assert rules["lint"]["select"] == OWN_RULES["lint"]["select"]
    assert set(rules["lint"]["ignore"]) <= set(OWN_RULES["lint"]["ignore"])


@pytest.mark.parametrize("license_name", LICENSES)
def test_metadata_say_what_was_asked_for(license_name: str) -> None:
    odd = r'Fits \ "lines" & <bands>, 5 µm'
    new = new_distribution(
        "model", "2d-fit", package="fits_2d", author="Ada Ex'ample <ada@example.org>", summary=odd, license=license_name
    )
    files = new.files()
    stated = tomllib.loads(files["pyproject.toml"])["project"]
    assert (stated["name"], stated["description"], stated["license"]) == ("specframe-2d-fit", odd, license_name)
    assert stated["authors"] == [{"name": "Ada Ex'ample", "email": "ada@example.org"}]
    assert stated["entry-points"]["specframe.plugins"] == {"2d-fit": "fits_2d.plugin"}
    assert "Copyright (c) Ada Ex'ample" in files["LICENSE"]
    assert "summary='Fits" in files["fits_2d/plugin.py"] or 'summary="Fits' in files["fits_2d/plugin.py"]
    for path, text in files.items():
        if path.endswith(".py"):
            compile(text, path, "exec")
    assert "class Model2dFit(Model):" in files["fits_2d/model.py"]


def test_the_requirement_takes_this_specframe_and_states_its_api() -> None:
    from packaging.requirements import Requirement

    from specframe import __version__
    from specframe.api import API_VERSION

    files = new_distribution("score", "mine").files()
    needed = [Requirement(r) for r in tomllib.loads(files["pyproject.toml"])["project"]["dependencies"]]
    (bound,) = (r for r in needed if r.name == "specframe")
    assert __version__ in bound.specifier
    assert "2.0" not in bound.specifier
    assert f"api={API_VERSION}," in files["specframe_mine/plugin.py"]


def test_no_bundled_component_or_plugin_has_a_templates_name() -> None:
    offered = Registry.discover()
    assert not {"specframe-out-of-transit"} & {plugin.distribution for plugin in offered.plugins}


def test_there_is_a_template_for_every_kind_of_component_and_the_command_offers_all() -> None:
    from specframe.api import KINDS
    from specframe.cli.plugins_new import new

    (offered,) = (option.type.choices for option in new.params if option.name == "kind")
    assert set(TEMPLATES) == {*KINDS, "simulator"} == set(offered)
