"""Packages that are missing, too old, broken, crash, hang or are hidden are told, with the command that mends them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from specframe.diagnosis.requirement import Required, requirements

if TYPE_CHECKING:
    from conftest import Environment

PIP = f"{sys.executable} -m pip install"
#: So that only the packages of a test are imported: specframe as it would be, with these requirements.
LEAN = ("numpy>=1.26", "packaging>=24", "pluggy>=1.5")


@pytest.fixture
def lean(environment: Environment) -> Environment:
    environment.distribution("specframe", "0.1.0", requires=(*LEAN, 'torch>=2.5; extra == "cnn"'))
    return environment


def found(environment: Environment, *arguments: object) -> list[tuple[str, str]]:
    told = environment.problems("dependencies", "examine_dependencies", *arguments)
    assert {finding["level"] for finding in told} <= {"problem"}
    return [(finding["text"], finding["mend"]) for finding in told]


def test_a_sound_installation_has_no_problem(lean: Environment) -> None:
    assert found(lean) == []


def test_what_a_package_prints_when_it_is_imported_is_no_problem(lean: Environment) -> None:
    lean.distribution("packaging", "25.0")
    lean.module("packaging", "print('half a line', end='')")
    assert found(lean) == []


def test_a_missing_package(environment: Environment) -> None:
    environment.distribution("specframe", "0.1.0", requires=("no-such-package>=3",))
    assert found(environment) == [
        ("no-such-package is not installed, specframe needs no-such-package>=3", f"{PIP} 'no-such-package>=3'")
    ]


def test_several_missing_packages_have_one_command(environment: Environment) -> None:
    environment.distribution("specframe", "0.1.0", requires=("no-such-package>=3", "nor-this"))
    assert found(environment) == [
        (
            "no-such-package, nor-this are not installed, and specframe needs them",
            f"{PIP} 'no-such-package>=3' nor-this",
        )
    ]


def test_a_version_out_of_bounds(lean: Environment) -> None:
    lean.distribution("packaging", "21.3")
    lean.module("packaging", "")
    assert found(lean) == [
        ("packaging 21.3 is installed, specframe needs packaging>=24", f"{PIP} --upgrade 'packaging>=24'")
    ]


def test_a_package_whose_import_fails(lean: Environment) -> None:
    lean.distribution("numpy", "2.0")
    lean.module("numpy", "raise ImportError('compiled for ABI 9, this is ABI 10')")
    assert found(lean) == [
        (
            "numpy 2.0 is installed, but 'import numpy' fails: ImportError: compiled for ABI 9, this is ABI 10",
            f"{PIP} --force-reinstall --no-cache-dir 'numpy>=1.26'",
        )
    ]


def test_a_package_that_crashes_is_told_and_blamed_for_the_others(lean: Environment) -> None:
    lean.distribution("numpy", "2.0")
    lean.module("numpy", "import os\nos.abort()")
    lean.distribution("pluggy", "2.0")
    lean.module("pluggy", "import numpy")
    crash, follower = found(lean)
    assert crash == (
        "numpy 2.0 is installed, but 'import numpy' fails: it crashed (SIGABRT)",
        f"{PIP} --force-reinstall --no-cache-dir 'numpy>=1.26'",
    )
    assert follower[0].startswith("pluggy cannot be imported for the same reason")
    assert follower[1] == "mend what is told above first; then specframe doctor"


def test_a_package_that_hangs(lean: Environment) -> None:
    lean.distribution("pluggy", "2.0")
    lean.module("pluggy", "import time\ntime.sleep(600)")
    assert found(lean, 3.0) == [
        (
            "pluggy 2.0 is installed, but 'import pluggy' fails: it did not end within 3 s",
            f"{PIP} --force-reinstall --no-cache-dir 'pluggy>=1.5'",
        )
    ]


def test_a_file_that_hides_a_package(lean: Environment) -> None:
    path = lean.module("pluggy", "raise RuntimeError('my own notes')")
    ((text, mend),) = found(lean)
    assert text.startswith(f"'import pluggy' gives {path}, which is not the pluggy")
    assert mend == f"rename {path}, or leave its folder out of PYTHONPATH"


def test_extras_are_a_choice(environment: Environment) -> None:
    environment.distribution(
        "specframe",
        "0.1.0",
        requires=(
            "pluggy>=1.5",
            'pluggy>=1; extra == "tune"',
            'no-such-package; extra == "splat"',
            'gone; extra == "docs"',
        ),
    )
    told = environment.examined("dependencies", "examine_dependencies")
    assert {finding["level"] for finding in told} == {"ok"}
    assert "extras that are installed: tune" in {finding["text"] for finding in told}
    (absent,) = [finding for finding in told if finding["mend"]]
    assert absent["text"] == "extras that are not, and can be left so: splat"
    assert absent["mend"] == f"{PIP} 'specframe[splat]'"


def test_the_real_requirements_are_read() -> None:
    core = {required.name for required in requirements() if not required.extra}
    assert {"numpy", "xarray", "click", "scikit-learn"} <= core
    assert "torch" in {required.name for required in requirements() if required.extra == "cnn"}


@pytest.mark.parametrize(
    ("versions", "version", "expected"),
    [
        (">=1.26", "1.26.0", True),
        (">=1.26", "1.9", False),
        (">=2,<3", "2.4.1", True),
        (">=2,<3", "3.0", False),
        ("~=2.1", "2.9", True),
        ("~=2.1.0", "2.2", False),
        ("==1.15.*", "1.15.2", True),
        ("!=2.0", "2.0.0", False),
        (">=2.5", "2.13.0+cpu", True),
        ("", "0.1", True),
    ],
)
def test_bounds(versions: str, version: str, expected: bool) -> None:
    assert Required("numpy", versions).allows(version) == expected
