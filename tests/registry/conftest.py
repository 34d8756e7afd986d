"""Fake distributions: a folder with a module and a ``dist-info``, which is all that discovery reads."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMPONENT = """
from specframe.api import Component, Params, hookimpl

@hookimpl
def specframe_components():
    yield Component(kind="model", name={name!r}, target="{module}:Model", params=Params, {more})
"""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPECFRAME_BLOCK_PLUGINS", raising=False)
    monkeypatch.delenv("SPECFRAME_PIN_PLUGINS", raising=False)


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("fake_", "specframe_local_")):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return ``install(distribution, {entry point: value}, {module: source})``, which puts a folder on ``sys.path``."""

    def install(
        distribution: str,
        entry_points: dict[str, str] | str,
        modules: dict[str, str] | None = None,
        version: str = "1.0",
        metadata: str = "",
        folder: str = "",
    ) -> Path:
        site = tmp_path / (folder or f"site-{distribution}-{version}")
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n{textwrap.dedent(metadata)}"
        )
        if isinstance(entry_points, dict):
            entry_points = "[specframe.plugins]\n" + "".join(f"{n} = {v}\n" for n, v in entry_points.items())
        (info / "entry_points.txt").write_text(entry_points)
        for name, source in (modules or {}).items():
            (site / f"{name}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(site))
        return site

    return install


@pytest.fixture
def offering() -> Callable[..., dict[str, str]]:
    """Return ``offering(module, name)``: the source of a module that offers one model."""

    def offering(module: str, name: str = "ridge", more: str = "") -> dict[str, str]:
        return {
            module: COMPONENT.format(module=module, name=name, more=more)
            + "\nclass Model:\n    kind = 'model'\n    name = "
            + repr(name)
            + "\n"
        }

    return offering
