"""A name that was renamed keeps working, and says what to use instead."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import pytest

from specframe.api import API_VERSION, SUPPORTED_API_VERSIONS, Component, Deprecation
from specframe.errors import SpecframeDeprecationWarning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = """
from specframe.api import Deprecation, lazy_names

__getattr__, __dir__ = lazy_names(
    __name__, {"curve": ("smooth",)}, renamed={"soften": Deprecation(since="0.3", until=2, instead="smooth")}
)
__all__ = ["smooth"]
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package whose ``smooth`` was called ``soften``."""
    (tmp_path / "renaming").mkdir()
    (tmp_path / "renaming" / "__init__.py").write_text(PACKAGE)
    (tmp_path / "renaming" / "curve.py").write_text("def smooth():\n    return 5\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "renaming"
    for name in ("renaming", "renaming.curve"):
        sys.modules.pop(name, None)


def test_the_old_name_works_and_is_warned_of_where_it_is_used(package: str, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text("import renaming\n\nfound = renaming.soften()\n")
    with pytest.warns(SpecframeDeprecationWarning) as caught:
        import user  # type: ignore[import-not-found]
    del sys.modules["user"]
    assert user.found == 5
    (warning,) = caught
    assert str(warning.message) == "renaming.soften is deprecated since 0.3 and goes with api 2: use smooth"
    assert (warning.filename, warning.lineno) == (str(tmp_path / "user.py"), 3)


def test_importing_the_old_name_blames_the_line_of_the_import(package: str, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("\nfrom renaming import soften\n")
    with pytest.warns(SpecframeDeprecationWarning) as caught:
        import other  # type: ignore[import-not-found]
    del sys.modules["other"]
    assert other.soften() == 5
    assert {(w.filename, w.lineno) for w in caught} == {(str(tmp_path / "other.py"), 2)}


def test_the_new_name_is_not_warned_of_and_the_old_one_is_not_listed(package: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        import renaming  # type: ignore[import-not-found]

        assert renaming.smooth() == 5
    assert "soften" not in dir(renaming)
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = renaming.other


def test_a_function_blames_its_caller() -> None:
    old = Deprecation(since="0.3", until=2, instead="smooth()")

    def soften() -> int:
        old.warn("soften()")
        return 5

    with pytest.warns(SpecframeDeprecationWarning, match=r"use smooth\(\)") as caught:
        assert soften() == 5
    assert caught[0].filename == __file__


def test_only_who_runs_tests_sees_it(package: str, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text("import renaming\nfound = renaming.soften()\n")
    program = "import sys; sys.path.insert(0, sys.argv[1]); import user"
    for options, seen in (((), False), (("-W", "default"), True)):
        done = subprocess.run(
            [sys.executable, *options, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert ("SpecframeDeprecationWarning" in done.stderr) == seen


def test_the_version_of_the_api_is_supported_and_the_first_is_the_default() -> None:
    assert max(SUPPORTED_API_VERSIONS) == API_VERSION
    # a component that states no version must not silently become one of the next
    assert Component.__dataclass_fields__["api"].default == 1
