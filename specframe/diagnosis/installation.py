"""specframe's own installation: which one runs, whether there are several, whose command ``specframe`` is."""

from __future__ import annotations

import json
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from specframe import __version__
from specframe.diagnosis.command_line import pip
from specframe.diagnosis.finding import Finding
from specframe.diagnosis.requirement import canonical, requirements

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["examine_installation"]

_TOPIC = "specframe"
_PACKAGE = Path(__file__).resolve().parents[1]


def examine_installation() -> Iterator[Finding]:
    """Look at the package that runs, the metadata beside it, other copies and the command."""
    found = list(metadata.distributions(name="specframe"))
    if not found:
        yield Finding(
            _TOPIC,
            "problem",
            f"specframe runs from {_PACKAGE}, but is not installed: without its entry points no component is found",
            pip("install", "-e", str(_PACKAGE.parent)),
        )
    else:
        yield _described(found[0])
        if found[0].version != __version__:
            yield Finding(
                _TOPIC,
                "problem",
                f"the code that runs is {__version__}, what is installed says {found[0].version}: {_PACKAGE} hides it "
                "or was updated after it",
                _again(found[0]),
            )
        yield from _outdated(found[0])
    yield from _copies(found)
    yield from _command()


def _described(distribution: metadata.Distribution) -> Finding:
    editable = _source(distribution)
    how = f"editable, from {editable}" if editable else "installed"
    inside = Path(str(distribution.locate_file("specframe"))).resolve() == _PACKAGE
    if not inside and not (editable and Path(editable).resolve() == _PACKAGE.parent):
        return Finding(
            _TOPIC,
            "problem",
            f"'import specframe' gives {_PACKAGE}, which is not the copy that is {how} at "
            f"{Path(str(distribution.locate_file(''))).resolve()}: a folder of this name is found first (the working "
            "directory, PYTHONPATH)",
            f"cd {Path.home()} && {sys.executable} -m specframe doctor, whether the working directory is to blame; "
            f"or {pip('install', '-e', str(_PACKAGE.parent))} to use this one",
        )
    return Finding(_TOPIC, "ok", f"specframe {__version__}, {how}, {_PACKAGE}")


def _outdated(distribution: metadata.Distribution) -> Iterator[Finding]:
    """Compare an editable installation's metadata with the file that they were made from when it was installed."""
    source = _source(distribution)
    try:
        import tomllib  # a Python that is too old has it not, and is to be told so

        project = tomllib.loads((Path(source) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (ImportError, OSError, ValueError, KeyError):
        return
    stated = {(point.group, point.name, point.value) for point in distribution.entry_points}
    written = {("console_scripts", name, value) for name, value in project.get("scripts", {}).items()}
    written |= {(group, *pair) for group, points in project.get("entry-points", {}).items() for pair in points.items()}
    extras = set(project.get("optional-dependencies", {})) - set(distribution.metadata.get_all("Provides-Extra") or ())
    names = {canonical(required.name) for required in requirements() if not required.extra}
    needed = {canonical(re.split(r"[\s<>=!~;\[]", text, maxsplit=1)[0]) for text in project.get("dependencies", ())}
    new = [f"entry point {name}" for _, name, _ in sorted(written - stated)]
    new += [f"extra {name}" for name in sorted(extras)] + [f"requirement {name}" for name in sorted(needed - names)]
    if new:
        told = ", ".join(new[:5]) + (f" and {len(new) - 5} more" if len(new) > 5 else "")
        yield Finding(
            _TOPIC,
            "warning",
            f"the code was updated after it was installed: {told} are not known here yet",
            pip("install", "-e", source),
        )


def _copies(found: list[metadata.Distribution]) -> Iterator[Finding]:
    places = list(dict.fromkeys(str(Path(str(one.locate_file(""))).resolve()) for one in found))
    if len(places) > 1:
        yield Finding(
            _TOPIC,
            "problem",
            f"it is installed {len(places)} times, in {' and in '.join(places)}: the first is used, its plugins may be "
            "those of another version",
            f"{pip('uninstall', 'specframe')}, repeated until none is left, then {_again(found[0])}",
        )


def _command() -> Iterator[Finding]:
    script = shutil.which("specframe")
    if script is None:
        yield Finding(
            _TOPIC,
            "warning",
            "the command 'specframe' is not on the PATH of this shell",
            f"{sys.executable} -m specframe, which is the same" + _activated("; or "),
        )
        return
    belongs = _interpreter(Path(script))
    if belongs is not None and belongs.parent != Path(sys.executable).parent:
        yield Finding(
            _TOPIC,
            "problem",
            f"the command {script} belongs to another Python, {belongs}, than the one that runs, {sys.executable}",
            f"hash -r{_activated(' && ')}; or {sys.executable} -m specframe",
        )
    else:
        yield Finding(_TOPIC, "ok", f"command {script}")


def _activated(joined: str) -> str:
    """Return the command that puts this environment's commands first, after ``joined``, where it has one."""
    script = Path(sys.prefix) / "bin" / "activate"
    return f"{joined}source {script}" if script.is_file() else ""


def _interpreter(script: Path) -> Path | None:
    """Return the Python that a console script names in its first line, or that its second line starts."""
    try:
        lines = script.read_bytes()[:1000].decode("utf-8", "replace").splitlines()[:3]
    except OSError:
        return None
    for line in lines:
        words = line.removeprefix("#!").replace("'''exec' ", "").replace('"', "").split()
        if words and Path(words[0]).name.startswith("python") and Path(words[0]).is_absolute():
            return Path(words[0])
    return None


def _source(distribution: metadata.Distribution) -> str:
    """Return the folder of an editable installation, ``""`` of any other."""
    try:
        told = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return ""
    if not isinstance(told, dict) or not told.get("dir_info", {}).get("editable"):
        return ""
    return str(told.get("url", "")).removeprefix("file://")


def _again(distribution: metadata.Distribution) -> str:
    source = _source(distribution)
    return pip("install", "-e", source) if source else pip("install", "--force-reinstall", "--no-deps", "specframe")
