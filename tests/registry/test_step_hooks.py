"""Run hooks of plugins are called, and cannot end a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from specframe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Install = Callable[..., Path]

SEEN = """
    from specframe.api import hookimpl
    calls = []

    @hookimpl
    def before_step(step, target):
        calls.append(("before", step, target))

    @hookimpl
    def after_step(step, seconds, result):
        calls.append(("after", step, seconds, result))

    @hookimpl
    def on_step_error(error):
        calls.append(("error", error))
"""


def test_hooks_get_the_arguments_they_name(install: Install) -> None:
    install("seen", {"seen": "fake_seen"}, {"fake_seen": SEEN})
    hooks = Registry.discover().hooks
    error = ValueError("bad")
    hooks.before_step("curves", "planet-1")
    hooks.after_step("curves", "planet-1", result="light", seconds=2.0)
    hooks.on_step_error("fit", None, error)
    import fake_seen  # type: ignore[import-not-found]

    assert fake_seen.calls == [("before", "curves", "planet-1"), ("after", "curves", 2.0, "light"), ("error", error)]


@pytest.mark.parametrize("failure", ["1 / 0", "raise SystemExit(2)"])
def test_a_hook_that_raises_is_reported_once_and_others_still_run(failure: str, install: Install) -> None:
    source = f"from specframe.api import hookimpl\n@hookimpl\ndef before_step(step):\n    {failure}\n"
    install("seen", {"seen": "fake_seen"}, {"fake_seen": SEEN})
    install("bad", {"bad": "fake_bad"}, {"fake_bad": source})
    install("worse", {"worse": "fake_worse"}, {"fake_worse": source})
    hooks = Registry.discover().hooks
    messages: list[str] = []
    hooks.on_problem = messages.append
    for target in ("a", "b", "c"):
        hooks.before_step("curves", target)
    import fake_seen

    assert fake_seen.calls == [("before", "curves", "a"), ("before", "curves", "b"), ("before", "curves", "c")]
    assert sorted(message.split(":")[0] for message in messages) == ["plugin bad", "plugin worse"]
    assert all("before_step" in message and "step 'curves', target a" in message for message in messages)


def test_by_default_a_problem_goes_to_the_log(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    source = "from specframe.api import hookimpl\n@hookimpl\ndef before_step():\n    raise OSError('no network')\n"
    install("bad", {"bad": "fake_bad"}, {"fake_bad": source})
    with caplog.at_level(logging.WARNING, "specframe.registry"):
        Registry.discover().hooks.before_step("curves", None)
    assert "OSError: no network" in caplog.text


def test_control_c_in_a_hook_ends_the_run(install: Install) -> None:
    source = "from specframe.api import hookimpl\n@hookimpl\ndef before_step():\n    raise KeyboardInterrupt\n"
    install("bad", {"bad": "fake_bad"}, {"fake_bad": source})
    with pytest.raises(KeyboardInterrupt):
        Registry.discover().hooks.before_step("curves", None)
