"""What the plugin says of itself."""

from __future__ import annotations

from specframe.registry import Registry
from specframe.registry.requirements import pip_line


def test_missing_requirements_are_answered_with_the_extra() -> None:
    component = Registry.discover().resolve("model", "gp").component
    assert pip_line(component.requires, "specframe") == 'pip install "specframe[gp]"'
