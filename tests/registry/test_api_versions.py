"""Components written for any supported version of the api are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specframe.registry import Registry, offer

if TYPE_CHECKING:
    from collections.abc import Callable


def _statuses() -> dict[str, str]:
    (plugin,) = (p for p in Registry.discover().plugins if p.name == "versions")
    return {c.component.name: c.status for c in plugin.components}


@pytest.fixture
def versions(install: Callable[..., Any]) -> None:
    """A plugin with a component for each version from 1 to 3, and one that states none."""
    source = "from specframe.api import Component, Params, hookimpl\n\n@hookimpl\ndef specframe_components():\n"
    for name, stated in (("none", ""), ("one", "api=1"), ("two", "api=2"), ("three", "api=3")):
        source += f"    yield Component(kind='model', name={name!r}, target='fake_v:M', params=Params, {stated})\n"
    install("versions", {"versions": "fake_v"}, {"fake_v": source})


@pytest.mark.usefixtures("versions")
def test_now_there_is_one_version() -> None:
    assert _statuses() == {"none": "ok", "one": "ok", "two": "incompatible-api", "three": "incompatible-api"}


@pytest.mark.usefixtures("versions")
def test_an_older_version_that_is_supported_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offer, "API_VERSION", 2)
    monkeypatch.setattr(offer, "SUPPORTED_API_VERSIONS", (1, 2))
    assert _statuses() == {"none": "ok", "one": "ok", "two": "ok", "three": "incompatible-api"}


@pytest.mark.usefixtures("versions")
def test_a_version_that_was_dropped_asks_for_a_newer_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offer, "API_VERSION", 3)
    monkeypatch.setattr(offer, "SUPPORTED_API_VERSIONS", (2, 3))
    assert _statuses() == {"none": "incompatible-api", "one": "incompatible-api", "two": "ok", "three": "ok"}
    reason = Registry.discover().resolve("model", "versions/one").reason
    assert reason == "it was written for api 1, this specframe takes api 2 and 3: upgrade versions"
