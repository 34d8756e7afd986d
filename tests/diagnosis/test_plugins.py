"""Plugins that cannot be used are told with the reason and the command; to wait for packages is not wrong."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Environment

ROOT = Path(__file__).parents[2]
PIP = f"{sys.executable} -m pip"
SCORE = """
class Moon(Score):
    "Counts moons."
    name = "moon"

@hookimpl
def specframe_components():
    yield Component(kind="score", name="moon", target="{module}:Moon", params=Params, summary="Moons", {more})
"""


def told(environment: Environment) -> list[tuple[str, str, str]]:
    found = environment.problems("plugins", "examine_plugins")
    return [(finding["level"], finding["text"], finding["mend"]) for finding in found]


def test_an_entry_point_that_leads_nowhere(environment: Environment) -> None:
    environment.distribution("moons", "1.0", entry_points="moons = no_such_module.plugin")
    ((level, text, mend),) = told(environment)
    assert level == "problem"
    assert text.startswith("plugin moons (moons 1.0) cannot be used: it raised ModuleNotFoundError: No module named")
    assert 'its entry point is moons = "no_such_module.plugin", correct it in its pyproject.toml' in text
    assert mend == f"{PIP} install --force-reinstall moons; or SPECFRAME_BLOCK_PLUGINS=moons to do without it"
    assert "'specframe doctor' says how to mend it." in environment.specframe("plugins", "check", "moons").stdout


def test_an_entry_point_of_an_editable_install_is_corrected_in_its_source(environment: Environment) -> None:
    info = environment.distribution("moons", "1.0", entry_points="moons = no_such_module.plugin")
    (info / "direct_url.json").write_text('{"dir_info": {"editable": true}, "url": "file:///home/you/my%20moons"}')
    ((_, _, mend),) = told(environment)
    install = f"{PIP} install -e '/home/you/my moons'"
    assert mend == (
        f"correct it in /home/you/my moons, then {install}; or SPECFRAME_BLOCK_PLUGINS=moons to do without it"
    )


def test_a_component_whose_module_cannot_be_imported(environment: Environment) -> None:
    environment.plugin("moons", SCORE.format(module="moon_scores", more=""))
    environment.module("moon_scores", "import no_such_library")
    ((level, text, mend),) = told(environment)
    assert level == "problem"
    assert text.startswith("score 'moons/moon' of moons-plugin 1.0 cannot be imported from 'moon_scores:Moon': ")
    assert text.endswith("No module named 'no_such_library'")
    assert mend.startswith(f"{PIP} install --force-reinstall moons-plugin; or SPECFRAME_BLOCK_PLUGINS=moons")


def test_a_component_that_ends_python_when_imported(environment: Environment) -> None:
    environment.plugin("moons", SCORE.format(module="moon_scores", more=""))
    environment.module("moon_scores", "import os\nos.abort()")
    ((level, text, mend),) = told(environment)
    assert (level, text) == ("problem", "importing the components of moons fails: it crashed (SIGABRT)")
    assert "specframe plugins check" in mend


def test_what_was_written_for_another_api(environment: Environment) -> None:
    environment.plugin("moons", SCORE.format(module="moons", more="api=99"))
    environment.plugin("suns", SCORE.format(module="suns", more="api=0"))
    newer, older = told(environment)
    assert newer[0] == older[0] == "problem"
    assert "score moons/moon (moons-plugin 1.0) cannot be used: it was written for api 99" in newer[1]
    assert newer[2] == f"{PIP} install --upgrade specframe"
    assert older[2] == f"{PIP} install --upgrade suns-plugin"


def test_two_distributions_with_the_same_component(environment: Environment) -> None:
    environment.plugin("moons", SCORE.format(module="moons", more=""))
    environment.plugin("suns", SCORE.format(module="suns", more=""))
    found = told(environment)
    assert {level for level, _, _ in found} == {"warning"}
    _, text, mend = found[0]
    assert text == "the score 'moon' is offered by moons/moon (moons-plugin 1.0) and suns/moon (suns-plugin 1.0)"
    assert "write one of these names in full" in mend
    assert "SPECFRAME_BLOCK_PLUGINS=suns" in mend


def test_two_distributions_with_the_same_plugin(environment: Environment) -> None:
    environment.plugin("moons", SCORE.format(module="moons", more=""))
    environment.distribution("other-moons", "2.0", entry_points="moons = moons")
    found = [finding for finding in told(environment) if finding[0] == "problem"]
    assert len(found) == 2
    assert "the plugin name 'moons' is claimed by moons-plugin 1.0 and by other-moons 2.0" in found[0][1]
    assert found[0][2].startswith(f"{PIP} uninstall moons-plugin")


def test_a_distribution_that_is_installed_twice(environment: Environment, tmp_path: Path) -> None:
    environment.plugin("moons", SCORE.format(module="moons", more=""))
    copy = tmp_path / "copy"
    shutil.copytree(environment.folder / "moons_plugin-1.0.dist-info", copy / "moons_plugin-1.0.dist-info")
    environment.variables["PYTHONPATH"] = os.pathsep.join(map(str, (environment.folder, copy, ROOT)))
    ((level, text, mend),) = told(environment)
    assert level == "warning"
    assert text == (
        f"moons-plugin is installed 2 times, 1.0 in {environment.folder} and 1.0 in {copy}: the first is used"
    )
    assert mend.startswith(f"{PIP} uninstall moons-plugin, repeated")


def test_a_missing_extra_is_a_choice(environment: Environment) -> None:
    environment.plugin("moons", SCORE.format(module="moons", more="requires=('no-such-torch>=2',)"))
    assert told(environment) == [
        (
            "warning",
            "score moons/moon: need what is not installed, and can be left so",
            f'{PIP} install "no-such-torch>=2"',
        )
    ]


def test_discovery_that_crashes(environment: Environment) -> None:
    environment.module("pluggy", "import os\nos.abort()")
    ((level, text, mend),) = told(environment)
    assert (level, text) == ("problem", "plugins cannot be looked for: it crashed (SIGABRT)")
    assert "dependencies first" in mend
