"""The conformance suite catches each fault by the check that is meant for it, and finds nothing in what is right."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from specframe.registry import Registered, Registry
from specframe.testing import check_component
from specframe.testing.suite import checks_of

FOLDER = Path(__file__).parents[1] / "broken_plugins"
#: Faults of a plugin's own module, which a local file has not: these are installed instead.
INSTALLED = {
    "heavy": ("rank-correlation", r"importing heavy imports scipy"),
    "slow": ("mean-error", r"importing slow takes 0\.[6-9]\d s, 0\.5 s are allowed"),
}
FILES = sorted(path for path in FOLDER.glob("*.py") if path.stem not in INSTALLED)
REGISTRY = Registry.discover(files=FILES)
BROKEN = [c for plugin in REGISTRY.plugins if plugin.distribution.endswith(".py") for c in plugin.components]


def test_every_file_is_a_usable_plugin() -> None:
    found = {plugin.distribution: plugin for plugin in REGISTRY.plugins}
    assert FILES
    assert [(found[str(path)].status, found[str(path)].reason) for path in FILES] == [("ok", "")] * len(FILES)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.qualified_name)
def test_the_fault_is_caught(broken: Registered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = check_component(broken)
    assert {result.name for result in report.failed} == set(broken.component.tags), str(report)
    assert report.ok == (not broken.component.tags)


@pytest.mark.parametrize("module", INSTALLED)
def test_what_listing_would_cost_is_caught(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, reason = INSTALLED[module]
    shutil.copy(FOLDER / f"{module}.py", tmp_path)
    info = tmp_path / f"{module}_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[specframe.plugins]\n{module} = {module}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    report = check_component(Registry.discover().resolve("score", f"{module}/{name}"))
    assert [result.name for result in report.failed] == ["import-budget"]
    assert re.fullmatch(reason, report.failed[0].reason)


def test_every_check_catches_something() -> None:
    kinds = {broken.component.kind for broken in BROKEN}
    groups = {*kinds, "simulator"}
    checks = {check.__name__.replace("_", "-") for name in groups for group in checks_of(name) for check in group}
    caught = {check for broken in BROKEN for check in broken.component.tags} | {"import-budget"}
    assert kinds == {"loader", "calibrator", "detrender", "model", "uncertainty", "exporter", "score"}
    assert checks - caught == set()
    assert caught - checks == {"loads"}
