"""A name is resolved to one component, or to an error that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from specframe.errors import AmbiguousComponentError, UnavailableComponentError, UnknownComponentError
from specframe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Install = Callable[..., Path]
    Offering = Callable[..., dict[str, str]]


@pytest.fixture
def stars(install: Install, offering: Offering) -> None:
    install("star-kit", {"stars": "fake_stars"}, offering("fake_stars", "stellar"), version="1.4.2")


@pytest.mark.usefixtures("stars")
def test_short_and_qualified_names_mean_the_same() -> None:
    registry = Registry.discover()
    assert registry.resolve("model", "stellar") is registry.resolve("model", "stars/stellar")


@pytest.mark.usefixtures("stars")
def test_a_shared_short_name_is_ambiguous(install: Install, offering: Offering) -> None:
    install("moon-kit", {"moons": "fake_moons"}, offering("fake_moons", "stellar"), version="0.3")
    registry = Registry.discover()
    with pytest.raises(AmbiguousComponentError) as caught:
        registry.resolve("model", "stellar")
    for text in (
        "moons/stellar (moon-kit 0.3)",
        "stars/stellar (star-kit 1.4.2)",
        "plugins: {block: [stars]}",
        "SPECFRAME_BLOCK_PLUGINS=stars",
    ):
        assert text in str(caught.value)
    assert {"moons/stellar", "stars/stellar"} <= set(registry.names("model"))
    assert "stellar" not in registry.names("model")
    assert Registry.discover(block=["stars"]).resolve("model", "stellar").plugin == "moons"


@pytest.mark.usefixtures("stars")
def test_a_component_that_waits_for_its_extra_keeps_its_claim(install: Install, offering: Offering) -> None:
    more = "requires=('no-such-torch',)"
    install("moon-kit", {"moons": "fake_moons"}, offering("fake_moons", "stellar", more))
    registry = Registry.discover()
    with pytest.raises(AmbiguousComponentError):
        registry.resolve("model", "stellar")
    assert registry.resolve("model", "moons/stellar").status == "missing-extra"


@pytest.mark.usefixtures("stars")
@pytest.mark.parametrize("more", ["api=2", "target='nowhere'"])
def test_a_component_that_nothing_makes_usable_has_no_claim(more: str, install: Install, offering: Offering) -> None:
    source = offering("fake_moons", "stellar", "api=2") if more == "api=2" else offering("fake_moons", "stellar")
    if more != "api=2":
        source = {"fake_moons": source["fake_moons"].replace("params=Params, ", "params=Params)\n    yield 3\n    (")}
    install("moon-kit", {"moons": "fake_moons"}, source)
    registry = Registry.discover()
    assert registry.resolve("model", "stellar").plugin == "stars"
    assert not registry.resolve("model", "moons/stellar").usable
    assert "stellar" in registry.names("model")


@pytest.mark.usefixtures("stars")
@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("model", "stelar", ["unknown model 'stelar'", "did you mean 'stellar'?", "installed models: "]),
        ("model", "stars/stelar", ["did you mean 'stars/stellar'?"]),
        ("detrender", "stellar", ["there is a model of this name"]),
        ("model", "zzzzzz", ["installed models: "]),
        ("uncertainty", "zzzzzz", ["installed uncertainty estimators: "]),
    ],
)
def test_an_unknown_name_is_answered_with_what_there_is(kind: str, name: str, expected: list[str]) -> None:
    with pytest.raises(UnknownComponentError) as caught:
        Registry.discover().resolve(kind, name)
    for text in expected:
        assert text in str(caught.value)
    assert caught.value.exit_status == 2


def test_an_unknown_name_mentions_plugins_that_could_not_be_used(install: Install) -> None:
    install("moon-kit", {"moons": "fake_moons"}, {"fake_moons": "raise RuntimeError('no licence')"})
    with pytest.raises(UnknownComponentError, match=r"plugin 'moons' cannot be used \(broken\).*no licence"):
        Registry.discover().resolve("model", "lunar")


@pytest.mark.usefixtures("stars")
def test_find_takes_components_of_any_kind_and_plugins(install: Install, offering: Offering) -> None:
    body = offering("fake_moons", "stellar")["fake_moons"].replace('kind="model"', 'kind="loader"')
    install("moon-kit", {"moons": "fake_moons"}, {"fake_moons": body})
    install("sun-kit", {"suns": "fake_suns"}, {"fake_suns": "raise RuntimeError"})
    registry = Registry.discover()
    assert [c.qualified_name for c in registry.find("stellar")] == ["moons/stellar", "stars/stellar"]
    assert [c.qualified_name for c in registry.find("stellar", "model")] == ["stars/stellar"]
    assert [c.qualified_name for c in registry.find("moons/stellar")] == ["moons/stellar"]
    assert [c.qualified_name for c in registry.find("moons")] == ["moons/stellar"]
    assert registry.find("suns") == []
    with pytest.raises(UnknownComponentError, match="unknown component 'stelar', did you mean 'stellar'"):
        registry.find("stelar")


@pytest.mark.usefixtures("stars")
def test_components_are_sorted_by_kind_and_name(install: Install, offering: Offering) -> None:
    install("moon-kit", {"moons": "fake_moons"}, offering("fake_moons", "a-model"))
    registry = Registry.discover()
    names = [c.component.name for c in registry.components("model")]
    assert names == sorted(names)
    assert {"a-model", "stellar"} <= set(names)
    assert {c.component.kind for c in registry.components("model")} == {"model"}
    assert set(registry.components("model")) <= set(registry.components())


def test_a_class_of_another_kind_is_refused_when_loaded(install: Install, offering: Offering) -> None:
    source = offering("fake_moons", "lunar")["fake_moons"].replace("kind = 'model'", "kind = 'loader'")
    install("moon-kit", {"moons": "fake_moons"}, {"fake_moons": source})
    with pytest.raises(UnavailableComponentError, match="is not a model"):
        Registry.discover().resolve("model", "lunar").load()


@pytest.mark.parametrize("body", ["raise RuntimeError('no GPU')", "raise SystemExit(1)", "import no_such_library"])
def test_a_component_whose_module_fails_names_the_module(body: str, install: Install, offering: Offering) -> None:
    source = offering("fake_moons", "lunar")["fake_moons"].replace('"fake_moons:Model"', '"fake_heavy:Model"')
    install("moon-kit", {"moons": "fake_moons"}, {"fake_moons": source, "fake_heavy": body})
    with pytest.raises(UnavailableComponentError, match=r"model 'moons/lunar' of moon-kit 1\.0.*fake_heavy:Model"):
        Registry.discover().resolve("model", "lunar").load()
