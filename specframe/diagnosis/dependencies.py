"""The packages that specframe needs: there, of a version that will do, and fit to be imported."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.diagnosis.command_line import pip
from specframe.diagnosis.finding import Finding
from specframe.diagnosis.isolated import tried
from specframe.diagnosis.requirement import Required, canonical, requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["examine_dependencies", "import_name"]

_TOPIC = "dependencies"
#: Distributions whose module is called otherwise.
_MODULES = {"scikit-learn": "sklearn", "pyyaml": "yaml", "jupyterlab": "jupyterlab", "batman-package": "batman"}
#: Extras that nobody needs who uses specframe.
_FOR_DEVELOPERS = ("benchmark", "docs", "test")
#: What most others import, so that it is tried, and blamed, before them.
_FIRST = ("numpy",)
#: Imports each module named, and says where it is as soon as it is there: a crash ends the process. An error is that of
#: the last of the modules that it went through. What crashed before is not tried again for the others' sake.
_IMPORT_ALL = """
import importlib, importlib.util, json, sys
sys.path[:] = [folder for folder in sys.path if folder]
crashed, known = (set(text.split()) for text in sys.argv[2:4])
sys.modules.update(dict.fromkeys(crashed))
def blamed(error, name):
    for module in crashed:
        if f"import of {module}" in str(error):
            return module
    frame = error.__traceback__
    while frame:
        module = str(frame.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        name = module if module in known else name
        frame = frame.tb_next
    return name
def told(**facts):
    print("\\nspecframe:" + json.dumps(facts), flush=True)  # modules print, too, and not always whole lines
for name in sys.argv[1].split():
    spec = importlib.util.find_spec(name)
    told(name=name, file=spec.origin or "" if spec else "")
for name in sys.argv[1].split():
    try:
        importlib.import_module(name)
        told(name=name, error="", blamed=name)
    except BaseException as error:
        text = f"{type(error).__name__}: {error}".partition("\\n")[0]
        told(name=name, error=text, blamed=blamed(error, name))
"""
#: What one process may take for all of them, in s; a first import compiles bytecode.
_SECONDS = 120.0


def examine_dependencies(seconds: float = _SECONDS) -> Iterator[Finding]:
    """Look whether each package that specframe requires is there, within bounds, and can be imported."""
    core = [required for required in requirements() if not required.extra]
    if not core:
        return
    there: list[Required] = []
    absent = [required for required in core if _version(required) is None]
    if absent:
        names = ", ".join(required.name for required in absent)
        texts = [required.text for required in absent]
        one = f"{names} is not installed, specframe needs {texts[0]}"
        text = one if len(absent) == 1 else f"{names} are not installed, and specframe needs them"
        yield Finding(_TOPIC, "problem", text, pip("install", *texts))
    wrong = bool(absent)
    for required in (required for required in core if required not in absent):
        finding = _out_of_bounds(required)
        if finding is None:
            there.append(required)
        else:
            wrong = True
            yield finding
    unfit = list(_imported(there, seconds))
    yield from unfit
    if not wrong and not unfit:
        yield Finding(_TOPIC, "ok", f"all {len(core)} required packages are there, within bounds, and can be imported")
    yield from _extras()


def import_name(distribution: str) -> str:
    """Return the name of a distribution's module."""
    name = canonical(distribution)
    return _MODULES.get(name, name.replace("-", "_"))


def _extras() -> Iterator[Finding]:
    """Say which extras are there, and how to get the others."""
    by_extra: dict[str, list[Required]] = {}
    for required in requirements():
        if required.extra and required.extra not in _FOR_DEVELOPERS:
            by_extra.setdefault(required.extra, []).append(required)
    absent = [extra for extra, needed in by_extra.items() if not all(map(_satisfied, needed))]
    there = [extra for extra in by_extra if extra not in absent]
    if there:
        yield Finding(_TOPIC, "ok", f"extras that are installed: {', '.join(sorted(there))}")
    if absent:
        text = f"extras that are not, and can be left so: {', '.join(sorted(absent))}"
        yield Finding(_TOPIC, "ok", text, pip("install", f"specframe[{','.join(sorted(absent))}]"))


def _satisfied(required: Required) -> bool:
    version = _version(required)
    return version is not None and required.allows(version)


def _version(required: Required) -> str | None:
    try:
        return str(metadata.version(required.name))
    except metadata.PackageNotFoundError:
        return None


def _out_of_bounds(required: Required) -> Finding | None:
    version = _version(required)
    if version is not None and not required.allows(version):
        return Finding(
            _TOPIC,
            "problem",
            f"{required.name} {version} is installed, specframe needs {required.text}",
            pip("install", "--upgrade", required.text),
        )
    return None


def _imported(there: Sequence[Required], seconds: float) -> Iterator[Finding]:
    """Import all in one process; after a crash the others in another."""
    by_module = {import_name(required.name): required for required in there}
    left = sorted(by_module, key=lambda name: name not in _FIRST)
    crashed: list[str] = []
    hidden: set[str] = set()
    followers: dict[str, str] = {}
    while left:
        outcome = tried(_IMPORT_ALL, " ".join(left), " ".join(crashed), " ".join(by_module), seconds=seconds)
        for line in outcome.printed.splitlines():
            told = json.loads(line[10:]) if line.startswith("specframe:") else {}
            name = told.get("name", "")
            if told.get("file") and not crashed and not _belongs(by_module[name], name, Path(told["file"])):
                hidden.add(name)
                yield _hidden(by_module[name], name, Path(told["file"]))
            if "error" not in told:
                continue
            left.remove(name)
            if told["error"] and (told["blamed"] != name or hidden):
                followers |= {name: told["error"]} if name not in hidden else {}
            elif told["error"]:
                yield _broken(by_module[name], name, told["error"])
        if not left:
            break
        name = left.pop(0)
        crashed.append(name)
        if name not in hidden:
            yield _broken(by_module[name], name, outcome.failure or "the process ended")
    if followers:
        first, reason = next(iter(followers.items()))
        yield Finding(
            _TOPIC,
            "problem",
            f"{', '.join(sorted(followers))} cannot be imported for the same reason ({first}: {reason})",
            "mend what is told above first; then specframe doctor",
        )


def _broken(required: Required, module: str, reason: str) -> Finding:
    version = metadata.version(required.name)
    return Finding(
        _TOPIC,
        "problem",
        f"{required.name} {version} is installed, but 'import {module}' fails: {reason}",
        pip("install", "--force-reinstall", "--no-cache-dir", required.text),
    )


def _hidden(required: Required, module: str, file: Path) -> Finding:
    return Finding(
        _TOPIC,
        "problem",
        f"'import {module}' gives {file}, which is not the {required.name} {metadata.version(required.name)} that is "
        "installed: it hides it",
        f"rename {file}, or leave its folder out of PYTHONPATH",
    )


def _belongs(required: Required, module: str, file: Path) -> bool:
    """Whether a module's file is one of the distribution's; editable ones may lie anywhere."""
    distribution = metadata.distribution(required.name)
    if distribution.read_text("direct_url.json"):
        return True
    expected = Path(str(distribution.locate_file(module))).resolve()
    found = file.resolve()
    return expected in found.parents or found.parent == expected.parent
