"""Blocking and pinning plugins, by argument and by environment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from specframe.errors import PluginError
from specframe.registry import PluginRecord, Registry
from specframe.registry.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Install = Callable[..., Path]
    Offering = Callable[..., dict[str, str]]


@pytest.fixture
def stars(install: Install, offering: Offering) -> None:
    install("star-kit", {"stars": "fake_stars"}, offering("fake_stars", "stellar"), version="1.4.2")


def record(**settings: object) -> PluginRecord:
    (found,) = [p for p in Registry.discover(**settings).plugins if p.name == "stars"]  # type: ignore[arg-type]
    return found


@pytest.mark.usefixtures("stars")
@pytest.mark.parametrize("said", ["stars", "star-kit", "Star_Kit", "star-kit:stars", " stars "])
def test_a_blocked_plugin_is_not_imported(said: str) -> None:
    blocked = record(block=[said])
    assert (blocked.status, blocked.components) == ("blocked", ())
    assert "fake_stars" not in sys.modules
    assert said.strip() in blocked.reason


@pytest.mark.usefixtures("stars")
@pytest.mark.parametrize("said", ["star", "other:stars", "star-kit:ridge", "stars:star-kit"])
def test_blocking_something_else_leaves_it(said: str) -> None:
    assert record(block=[said]).status == "ok"


@pytest.mark.usefixtures("stars")
def test_the_environment_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECFRAME_BLOCK_PLUGINS", "moons, stars,")
    blocked = record()
    assert blocked.status == "blocked"
    assert "SPECFRAME_BLOCK_PLUGINS" in blocked.reason


@pytest.mark.usefixtures("stars")
@pytest.mark.parametrize("pin", ["stars==1.4.2", "stars == 1.4.*", "star-kit>=1.4,<2", "star-kit:stars~=1.4"])
def test_a_pin_that_fits_changes_nothing(pin: str) -> None:
    assert record(pin=[pin]).status == "ok"


@pytest.mark.usefixtures("stars")
@pytest.mark.parametrize("pin", ["stars==1.4.1", "star-kit<1.4", "star-kit:stars>=2"])
def test_a_pin_that_does_not_fit_blocks(pin: str) -> None:
    blocked = record(pin=[pin])
    assert blocked.status == "blocked"
    assert pin in blocked.reason
    assert "star-kit 1.4.2" in blocked.reason
    assert "fake_stars" not in sys.modules


@pytest.mark.usefixtures("stars")
def test_the_environment_pins_and_keeps_commas_inside_a_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECFRAME_PIN_PLUGINS", "stars>=1, <1.3 , star-kit>=1")
    blocked = record()
    assert blocked.status == "blocked"
    assert "SPECFRAME_PIN_PLUGINS" in blocked.reason
    assert [p.name for p in Selection.from_settings().pins] == ["stars", "star-kit"]


@pytest.mark.usefixtures("stars")
def test_a_pinned_plugin_that_is_not_installed_is_a_problem() -> None:
    registry = Registry.discover(pin=["moons==1.0"])
    (absent,) = [p for p in registry.problems() if isinstance(p, PluginRecord) and p.name == "moons"]
    assert absent.status == "blocked"
    assert "moons==1.0" in absent.reason
    assert "no plugin or distribution" in absent.reason


def test_a_version_that_cannot_be_read_does_not_fit(install: Install, offering: Offering) -> None:
    install("star-kit", {"stars": "fake_stars"}, offering("fake_stars"), version="nightly")
    assert record(pin=["stars>=1"]).status == "blocked"


def test_a_pin_settles_a_clash(install: Install, offering: Offering) -> None:
    install("first", {"stars": "fake_first"}, offering("fake_first"), version="1.0")
    install("second", {"stars": "fake_second"}, offering("fake_second"), version="2.0")
    status = {p.distribution: p.status for p in Registry.discover(pin=["stars==2.0"]).plugins if p.name == "stars"}
    assert status == {"first": "blocked", "second": "ok"}


@pytest.mark.parametrize("pin", ["linear", "linear=0.1", "linear==", "==1.0", "linear==1,2", ""])
def test_a_pin_that_cannot_be_read_is_a_usage_error(pin: str) -> None:
    if not pin:
        assert Selection.from_settings(pin=[pin]).pins == ()
        return
    with pytest.raises(PluginError, match="cannot read the pin") as caught:
        Registry.discover(pin=[pin])
    assert caught.value.exit_status == 2
    assert "linear==0.1.0" in str(caught.value)
