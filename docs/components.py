"""What a component's page says of it beside its parameters, and the page of what to cite."""

from __future__ import annotations

import inspect
import re
import textwrap
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from packaging.requirements import Requirement

from specframe.api import KINDS

if TYPE_CHECKING:
    from specframe.registry import Registered

__all__ = ["CITATIONS", "citations_page", "example", "facts", "mentions", "references"]

#: Path of the page of what to cite.
CITATIONS = "reference/citations.md"
_DOCS = Path(__file__).parent
_FOLDERS = {"tutorials": "Tutorials", "how-to": "How-to guides", "explanation": "Explanation"}
_KEYS = {"loader": "load", "calibrator": "calibrate", "detrender": "detrend", "exporter": "export"}
_FILES = {
    "ariel-challenge": "adc24",
    "chromatic": "wasp-39b-fitted-light-curves.xc",
    "eureka": "Stage4",
    "exosim-ndr": "simulations",
    "fits-cube": "hat-p-18b-niriss.fits",
    "jwst-x1dints": "spectra",
    "model-grid": "dback24.npz",
    "observed-spectra": "observed.txt",
    "spectral-library": "library.npz",
    "spectrum-table": "published.csv",
    "table": "spectra.npz",
    "tess-kepler": "lightcurves",
}
#: Parameters of the examples, of components that need some.
_PARAMETERS: dict[str, dict[str, Any]] = {
    **{name: {"path": path} for name, path in _FILES.items()},
    "light-curves": {
        "path": "wasp39.txt",
        "columns": {"time": 0, "flux": 1, "flux_error": 2},
        "time": "BMJD_TDB",
        "wavelength": {"edges": [0.85, 2.8]},
    },
    "limb-darkening": {"grid": "atlas9", "temperature": 4250, "gravity": 4.5, "metallicity": 0.0},
    "observation-noise": {"snr": 50},
    "resample": {"range": [0.9, 2.4], "resolving_power": 100},
    "select-wavelengths": {"keep": [[0.85, 2.4]]},
    "bin": {"resolution": 100},
    "spectral-library": {"path": "library.npz", "labels": ["teff", "logg"]},
    "splat-grid": {"grid": "dback24"},
    "table": {"path": "spectra.npz", "flux": "flux", "labels": {"columns": ["depth"]}},
    "transit-fit": {
        "orbit": {
            "period": 4.0552941,
            "mid_transit": {"uniform": [59787.0, 59787.1]},
            "semi_major_axis": {"normal": [11.4, 0.3]},
            "impact_parameter": {"uniform": [0, 0.8]},
        },
        "systematics": [{"term": "polynomial", "order": 1}],
    },
}


def example(registered: Registered) -> str:
    """Return how a component is written in a pipeline, with the parameters that it cannot do without."""
    component = registered.component
    if component.kind == "score":
        return f"evaluate:\n  scores: [{component.name}]"
    if component.kind == "exporter":
        return f"export:\n  - {component.name}"
    step = f"steps:\n  - {_KEYS.get(component.kind, component.kind)}: {component.name}"
    if component.name not in _PARAMETERS:
        return step
    parameters = yaml.safe_dump(_PARAMETERS[component.name], sort_keys=False, default_flow_style=None, width=100)
    return f"{step}\n    with:\n{textwrap.indent(parameters.rstrip(), '      ')}"


def facts(registered: Registered) -> list[str]:
    """Return the lines of a table: what goes in and comes out, what must be installed, and how Python calls it."""
    component = registered.component
    cls = registered.load()
    module, _, name = component.target.partition(":")
    package = module.partition(".")[0]
    rows = {
        "Kind": f"{component.kind}, of the plugin `{registered.plugin}`",
        "Takes": _levels(getattr(cls, "consumes", ())),
        "Gives": _levels(getattr(cls, "produces", ())),
        "Needs": _needs(component.requires),
        "In Python": f"`from {module if package == 'specframe' else package} import {name}`",
        "Tags": ", ".join(component.tags),
    }
    first, *others = [f"| {key} | {value} |" for key, value in rows.items() if value]
    return [first, "|---|---|", *others]


def _levels(levels: tuple[str, ...]) -> str:
    return ", ".join(f"[{level}](../containers.md)" for level in levels)


def _needs(requires: tuple[str, ...]) -> str:
    """Return packages that are needed, with the extra that installs those which specframe does not bring itself."""
    names = {Requirement(text).name for text in requires}
    project = _project()
    missing = names - {Requirement(text).name for text in project["dependencies"]}
    if not missing:
        return ""
    extras = {
        extra: {Requirement(text).name for text in listed}
        for extra, listed in project["optional-dependencies"].items()
        if missing <= {Requirement(text).name for text in listed}
    }
    extra = min(extras, key=lambda name: len(extras[name]))
    return f'{", ".join(sorted(missing))}: `pip install "specframe[{extra}]"`'


@cache
def _project() -> dict[str, Any]:
    stated: dict[str, Any] = tomllib.loads((_DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return stated


def mentions(registered: Registered) -> list[str]:
    """Return links to the tutorials, guides and explanations in which a component is used or linked."""
    component = registered.component
    name = re.escape(component.name)
    key = _KEYS.get(component.kind, component.kind)
    parts = [rf"\b{key}: {name}\b(?!-)", rf"components/{component.kind}-{name}\.md", rf"scores: \[[^]]*\b{name}\b"]
    if "-" in component.name or component.name[-1].isdigit():  # too odd to mean anything else
        parts.append(rf"`{name}`")
    used = re.compile("|".join(parts))
    return [
        f"[{title}](../../{path})"
        for path, title, text in _pages()
        if used.search(text) or Path(path).stem == component.name
    ]


@cache
def _pages() -> list[tuple[str, str, str]]:
    """Return path, title and text of every page that explains."""
    found = []
    for folder in _FOLDERS:
        for path in sorted((_DOCS / folder).glob("*.md")):
            text = path.read_text(encoding="utf-8")
            found.append((path.relative_to(_DOCS).as_posix(), text.partition("\n")[0].removeprefix("# "), text))
    return found


def references(cls: type) -> list[str]:
    """Return the items of the section References of a class's docstring."""
    _, _, section = (inspect.getdoc(cls) or "").partition("References\n----------\n")
    items = re.split(r"(?m)^- ", section.partition("\n\n")[0])
    return [" ".join(item.split()) for item in items if item.strip()]


def linked(reference: str) -> str:
    """Return a reference whose identifier leads to the paper."""
    reference = re.sub(r"\bdoi:(\S+)", r"[doi:\1](https://doi.org/\1)", reference)
    reference = re.sub(r"\barXiv:([\w./-]+\w)", r"[arXiv:\1](https://arxiv.org/abs/\1)", reference)
    reference = re.sub(r"\bbibcode:(\S+)", r"[\1](https://ui.adsabs.harvard.edu/abs/\1)", reference)
    return re.sub(r"(?<![(\w])(https?://\S+)", r"<\1>", reference)


def citations_page(components: list[Registered]) -> str:
    """Return the page that says what to cite when which component was used."""
    lines = [
        "# What to cite",
        "",
        "Cite specframe itself as [How to cite](../how-to-cite.md) says, the publications of the data that you used, "
        "and those of the methods that your pipeline names. `specframe` writes its steps into `pipeline.yaml` of every "
        "run; look each of them up here. Components that are not listed follow no publication.",
    ]
    for kind in KINDS:
        rows = []
        for registered in components:
            found = references(registered.load()) if registered.component.kind == kind else []
            name = registered.component.name
            if found:
                cells = "<br>".join(map(linked, found))
                rows.append(f"| [`{name}`](components/{kind}-{name}.md) | {cells} |")
        if rows:
            lines += ["", f"## {kind.capitalize()}s", "", "| component | publications |", "|---|---|", *rows]
    return "\n".join(lines).replace("## Uncertaintys", "## Uncertainty estimators") + "\n"
