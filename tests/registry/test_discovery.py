"""Discovery over fake distributions: every plugin ends in a record, and none disturbs another."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from specframe.errors import UnavailableComponentError
from specframe.registry import PluginRecord, Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Install = Callable[..., Path]
    Offering = Callable[..., dict[str, str]]


def only(name: str, registry: Registry | None = None) -> PluginRecord:
    """Return the one record of this name."""
    (record,) = [p for p in (registry or Registry.discover()).plugins if p.name == name]
    return record


def test_a_strangers_plugin_is_found_and_loads(install: Install, offering: Offering) -> None:
    install("stars", {"stars": "fake_stars"}, offering("fake_stars", "stellar", "summary='Fits stars'"), version="2.3")
    record = only("stars")
    assert (record.status, record.distribution, record.version) == ("ok", "stars", "2.3")
    (registered,) = record.components
    assert registered.qualified_name == "stars/stellar"
    assert registered.load().__name__ == "Model"


def test_an_entry_point_may_be_an_object(install: Install) -> None:
    source = """
        from specframe.api import Component, Params, hookimpl

        class Plugin:
            @hookimpl
            def specframe_components(self):
                return [Component(kind="model", name="stellar", target="fake_object:Model", params=Params)]

        plugin = Plugin()
    """
    install("stars", {"stars": "fake_object:plugin"}, {"fake_object": source})
    assert only("stars").components[0].component.name == "stellar"


def test_records_are_sorted_by_name_and_distribution(install: Install, offering: Offering) -> None:
    install("zeta", {"m-b": "fake_b"}, offering("fake_b", "b"))
    install("alpha", {"m-c": "fake_c", "m-a": "fake_a"}, {**offering("fake_c", "c"), **offering("fake_a", "a")})
    found = [(p.name, p.distribution) for p in Registry.discover().plugins]
    assert found == sorted(found)
    assert [p for p in found if p[0].startswith("m-")] == [("m-a", "alpha"), ("m-b", "zeta"), ("m-c", "alpha")]


BROKEN = {
    "raises on import": ("\nraise RuntimeError('no licence')", ["RuntimeError: no licence", "fake_bad.py:2"]),
    "exits on import": ("import sys\nsys.exit(3)", ["SystemExit: 3", "fake_bad.py:2"]),
    "imports what is absent": ("import no_such_library", ["No module named 'no_such_library'", "fake_bad.py:1"]),
    "has a syntax error": ("def f(:", ["SyntaxError"]),
    "implements no hook": ("def specframe_components():\n    yield 1", ["no hook", "@hookimpl"]),
    "implements an unknown hook": (
        "from specframe.api import hookimpl\n@hookimpl\ndef before_setp(step, target): ...",
        ["unknown hook 'before_setp'", "before_step"],
    ),
    "takes an argument that the hook has not": (
        "from specframe.api import hookimpl\n@hookimpl\ndef before_step(step, planet): ...",
        ["planet"],
    ),
    "wraps a hook": (
        "from specframe.api import hookimpl\n@hookimpl(wrapper=True)\ndef before_step():\n    yield",
        ["wrapper"],
    ),
    "yields a wrong type": ("yield {'name': 'ridge'}", ["must yield Components", "dict", "'ridge'"]),
    "yields a class": ("yield Component", ["must yield Components", "type"]),
    "returns a number": ("return 3", ["must yield Components", "3"]),
    "raises half-way": ("yield good('first')\n    raise OSError('disk full')", ["OSError: disk full", "fake_bad.py"]),
    "exits half-way": ("yield good('first')\n    raise SystemExit", ["SystemExit"]),
    "leaves a field out": ("yield Component(kind='model', name='x')", ["TypeError", "target"]),
    "has an unknown kind": ("yield good('x', kind='planet')", ["kind must be one of loader, ", "'planet'"]),
    "has a bad name": ("yield good('My_Model')", ["lower case", "'My_Model'"]),
    "has a name with a slash": ("yield good('a/b')", ["'a/b'"]),
    "has a name that is no string": ("yield good(3)", ["name must be", "3"]),
    "has a class as target": ("yield good('x', target=Params)", ["package.module:Class"]),
    "has a target without class": ("yield good('x', target='fake_bad')", ["package.module:Class", "'fake_bad'"]),
    "has other params": ("yield good('x', params=dict)", ["subclass of specframe.api.Params"]),
    "has an instance as params": ("yield good('x', params=Params())", ["subclass of specframe.api.Params"]),
    "requires a plain string": ("yield good('x', requires='torch')", ["tuple of strings"]),
    "requires what pip cannot read": ("yield good('x', requires=('torch =! 2',))", ["'torch =! 2'"]),
    "has an example that is no target": ("yield good('x', example='fake_bad.example')", ["package.module:function"]),
    "yields a name twice": ("yield good('x')\n    yield good('x')", ["twice"]),
    "has two faults": ("yield good('X', kind='planet')", ["kind must be", "name must be"]),
}
PREAMBLE = """\
from specframe.api import Component, Params, hookimpl
def good(name, **more):
    return Component(**{"kind": "model", "name": name, "target": "fake_bad:M", "params": Params, **more})
@hookimpl
def specframe_components():
    """


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_recorded_with_its_reason(case: str, install: Install, offering: Offering) -> None:
    body, expected = BROKEN[case]
    generator = body.startswith(("yield", "return"))
    install("bad", {"bad": "fake_bad"}, {"fake_bad": PREAMBLE + body if generator else body})
    install("good", {"good": "fake_good"}, offering("fake_good"))
    registry = Registry.discover()
    record = only("bad", registry)
    assert record.status == "broken"
    for text in expected:
        assert text in record.reason
    assert only("good", registry).status == "ok"
    assert registry.resolve("model", "good/ridge").usable
    assert record in registry.problems()


@pytest.mark.parametrize(
    ("entry_point", "body", "is_told"),
    [
        ("fake_bad.plugins", "", True),
        ("fake_bat", "", True),
        ("fake_bad:plugim", "", True),
        ("fake_bad", "import no_such_library", False),
        ("fake_bad:plugin", "import os\nos.no_such_name", False),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_told_as_it_is_written(
    entry_point: str, body: str, is_told: bool, install: Install
) -> None:
    install("bad", {"bad": entry_point}, {"fake_bad": body})
    record = only("bad")
    assert record.status == "broken"
    assert (f'its entry point is bad = "{entry_point}", correct it in its pyproject.toml' in record.reason) == is_told


def test_what_a_broken_plugin_did_name_says_why_it_cannot_be_used(install: Install) -> None:
    install("bad", {"bad": "fake_bad"}, {"fake_bad": PREAMBLE + BROKEN["raises half-way"][0]})
    with pytest.raises(UnavailableComponentError, match="OSError: disk full"):
        Registry.discover().resolve("model", "first").load()


def test_a_broken_plugins_run_hooks_are_not_called(install: Install) -> None:
    hook = "\n@hookimpl\ndef before_step(step):\n    raise AssertionError('called')\n"
    install("bad", {"bad": "fake_bad"}, {"fake_bad": PREAMBLE + "yield 3\n" + hook})
    registry = Registry.discover()
    registry.hooks.on_problem = pytest.fail
    registry.hooks.before_step("fit", None)


def test_control_c_is_not_swallowed(install: Install) -> None:
    install("bad", {"bad": "fake_bad"}, {"fake_bad": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        Registry.discover()


@pytest.mark.parametrize("value", ["fake_absent", "fake_good:absent", "fake good", "fake_good:a:b"])
def test_an_entry_point_to_nowhere_is_broken(value: str, install: Install, offering: Offering) -> None:
    install("bad", {"bad": value}, offering("fake_good"))
    assert only("bad").status == "broken"


def test_unreadable_metadata_are_recorded_under_the_distributions_name(install: Install) -> None:
    install("bad", "[specframe.plugins]\nthis line has no equals sign\n")
    record = only("bad")
    assert record.status == "broken"
    assert "metadata cannot be read" in record.reason


def test_a_distribution_without_metadata_file_is_recorded(install: Install, offering: Offering) -> None:
    site = install("bad", {"bad": "fake_bad"}, offering("fake_bad"))
    (site / "bad-1.0.dist-info" / "METADATA").unlink()
    record = only("bad")
    assert (record.distribution, record.version) == ("bad", "")
    # Python 3.11 reads on without a version, later ones raise
    assert record.status == "ok" or "metadata cannot be read" in record.reason


def test_one_object_under_two_entry_points_is_used_once(install: Install, offering: Offering) -> None:
    install("twice", {"m-a": "fake_one", "m-b": "fake_one"}, offering("fake_one"))
    registry = Registry.discover()
    assert (only("m-a", registry).status, only("m-b", registry).status) == ("ok", "broken")
    assert "'m-a'" in only("m-b", registry).reason


def test_a_future_api_makes_the_component_incompatible(install: Install) -> None:
    body = "yield good('now')\n    yield good('later', api=2, kind='telescope')"
    install("mixed", {"mixed": "fake_bad"}, {"fake_bad": PREAMBLE + body})
    record = only("mixed")
    assert record.status == "ok"
    assert {c.component.name: c.status for c in record.components} == {"now": "ok", "later": "incompatible-api"}
    later = record.components[1]
    assert "api 2" in later.reason
    assert "upgrade specframe" in later.reason
    with pytest.raises(UnavailableComponentError, match="incompatible-api"):
        later.load()


def test_a_plugin_all_of_a_future_api_is_incompatible(install: Install) -> None:
    install("later", {"later": "fake_bad"}, {"fake_bad": PREAMBLE + "yield good('later', api=2)"})
    assert only("later").status == "incompatible-api"


def test_an_older_api_asks_for_a_newer_plugin(install: Install) -> None:
    install("older", {"older": "fake_bad"}, {"fake_bad": PREAMBLE + "yield good('old', api=0)"})
    assert "upgrade older" in only("older").reason


def test_two_distributions_that_claim_a_plugin_name_are_both_clashes(install: Install, offering: Offering) -> None:
    install("first", {"same": "fake_first"}, offering("fake_first", "one"))
    install("second", {"same": "fake_second"}, offering("fake_second", "two"), version="2.0")
    registry = Registry.discover()
    clashing = [p for p in registry.plugins if p.name == "same"]
    assert [(p.distribution, p.status) for p in clashing] == [("first", "clash"), ("second", "clash")]
    for record in clashing:
        assert "first 1.0" in record.reason
        assert "second 2.0" in record.reason
        assert 'block: ["second:same"]' in record.reason
    assert "fake_first" not in sys.modules
    assert "fake_second" not in sys.modules


@pytest.mark.parametrize(("blocked", "left"), [("first:same", "second"), ("second:same", "first"), ("first", "second")])
def test_blocking_one_of_two_claimants_settles_the_clash(
    blocked: str, left: str, install: Install, offering: Offering
) -> None:
    install("first", {"same": "fake_first"}, offering("fake_first", "one"))
    install("second", {"same": "fake_second"}, offering("fake_second", "two"))
    status = {p.distribution: p.status for p in Registry.discover(block=[blocked]).plugins if p.name == "same"}
    assert status == {"first": "blocked", "second": "blocked", left: "ok"}


def test_two_plugins_may_offer_one_component_name(install: Install, offering: Offering) -> None:
    install("first", {"m-first": "fake_first"}, offering("fake_first", "stellar"))
    install("second", {"m-second": "fake_second"}, offering("fake_second", "stellar"))
    registry = Registry.discover()
    for plugin in ("m-first", "m-second"):
        record = only(plugin, registry)
        assert record.status == "ok"
        assert record.components[0].status == "clash"
        assert registry.resolve("model", f"{plugin}/stellar").load().__module__ == f"fake_{plugin[2:]}"


def test_one_name_for_two_kinds_is_no_clash(install: Install) -> None:
    body = "yield good('stellar')\n    yield good('stellar', kind='loader')"
    install("both", {"both": "fake_bad"}, {"fake_bad": PREAMBLE + body})
    assert [c.status for c in only("both").components] == ["ok", "ok"]


def test_a_stale_copy_behind_an_editable_install_is_no_clash(install: Install, offering: Offering) -> None:
    install("stars", {"stars": "fake_stale", "gone": "fake_gone"}, offering("fake_stale", "old"), version="1.0")
    install("Stars", {"stars": "fake_now"}, offering("fake_now", "new"), version="2.0")
    registry = Registry.discover()
    record = only("stars", registry)
    assert (record.status, record.version) == ("ok", "2.0")
    assert [c.component.name for c in record.components] == ["new"]
    assert not [p for p in registry.plugins if p.name == "gone"]


def test_a_current_copy_without_plugins_hides_a_stale_one_with_them(install: Install, offering: Offering) -> None:
    install("stars", {"stars": "fake_stale"}, offering("fake_stale", "old"), version="1.0")
    install("stars", "[console_scripts]\nstars = fake_now:main\n", {"fake_now": ""}, version="2.0")
    assert not [p for p in Registry.discover().plugins if p.name == "stars"]


def test_what_plugins_print_stays_out_of_the_output(
    install: Install, offering: Offering, capsys: pytest.CaptureFixture[str]
) -> None:
    install("loud", {"loud": "fake_loud"}, {"fake_loud": "print('hello')\n" + offering("fake_loud")["fake_loud"]})
    assert only("loud").status == "ok"
    assert capsys.readouterr().out == ""


def test_discovery_imports_nothing_heavy() -> None:
    heavy = ["torch", "sklearn", "matplotlib", "xarray", "numba", "polars", "scipy", "astropy", "numpy"]
    code = (
        "import sys; from specframe.registry import Registry; Registry.discover().components();"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
