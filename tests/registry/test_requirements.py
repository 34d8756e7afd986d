"""A component whose requirements are not installed answers with the exact pip line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from specframe.errors import UnavailableComponentError
from specframe.registry import Registered, Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Install = Callable[..., Path]
    Offering = Callable[..., dict[str, str]]

METADATA = """\
Provides-Extra: everything
Provides-Extra: deep
Provides-Extra: plots
Requires-Dist: no-such-base
Requires-Dist: No.Such_Torch>=2.4; extra == 'deep'
Requires-Dist: no-such-plot; (python_version > '3') and extra == 'plots'
Requires-Dist: not readable at all!
Requires-Dist: no-such-torch>=2.4; extra == 'everything'
Requires-Dist: no-such-plot; extra == 'everything'
Requires-Dist: no-such-third; extra == 'everything'
"""


def component(install: Install, offering: Offering, *requires: str, metadata: str = "") -> Registered:
    install("kit", {"kit": "fake_kit"}, offering("fake_kit", "deep", f"requires={requires!r}"), metadata=metadata)
    return Registry.discover().resolve("model", "kit/deep")


@pytest.mark.parametrize(
    ("requires", "line"),
    [
        (("no-such-torch>=2.4",), 'pip install "kit[deep]"'),
        (("no_such_torch",), 'pip install "kit[deep]"'),
        (("no-such-torch>=2.4", "no-such-plot"), 'pip install "kit[everything]"'),
        (("no-such-torch", "no-such-elsewhere>=1"), 'pip install "kit[deep]" "no-such-elsewhere>=1"'),
        (("no-such-base",), 'pip install "no-such-base"'),
        (("numpy", "no-such-elsewhere>=1"), 'pip install "no-such-elsewhere>=1"'),
    ],
)
def test_a_missing_extra_is_answered_with_the_pip_line(
    requires: tuple[str, ...], line: str, install: Install, offering: Offering
) -> None:
    found = component(install, offering, *requires, metadata=METADATA)
    assert found.status == "missing-extra"
    assert found.reason.endswith(f"run: {line}")
    with pytest.raises(UnavailableComponentError, match="missing-extra") as caught:
        found.load()
    assert line in str(caught.value)


def test_without_extras_in_its_metadata_the_requirement_itself_is_named(install: Install, offering: Offering) -> None:
    found = component(install, offering, "no-such-torch>=2.4")
    assert found.reason == 'needs no-such-torch>=2.4 (not installed); run: pip install "no-such-torch>=2.4"'


def test_an_installed_version_that_is_too_old_is_named(install: Install, offering: Offering) -> None:
    found = component(install, offering, "pluggy>=1000")
    assert found.status == "missing-extra"
    assert "pluggy>=1000 (installed: " in found.reason


@pytest.mark.parametrize("requires", ["pluggy>=1", "PyYAML", "no-such-thing; python_version < '3'"])
def test_requirements_that_are_met(requires: str, install: Install, offering: Offering) -> None:
    assert component(install, offering, requires).status == "ok"


def test_a_plugin_none_of_whose_components_can_be_used_has_their_status(install: Install, offering: Offering) -> None:
    component(install, offering, "no-such-torch")
    (record,) = [p for p in Registry.discover().plugins if p.name == "kit"]
    assert record.status == "missing-extra"
    assert "no-such-torch" in record.reason
