"""The files of a distribution, made from templates."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from specframe import __version__
from specframe.api.component import API_VERSION
from specframe.errors import UsageError
from specframe.scaffold.names import check_line, check_name, check_package, class_name, default_package, person

if TYPE_CHECKING:
    import jinja2

__all__ = ["LICENSES", "TEMPLATES", "Distribution", "new_distribution"]

#: Licences whose text is among the templates, by their SPDX names.
LICENSES = ("BSD-3-Clause", "MIT")
#: What each template of a kind is, and words to find it by.
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "loader": ("Loads a folder of spectra in CSV files", ("spectra", "csv")),
    "calibrator": ("Sums rows of detector frames into light curves", ("frames", "aperture")),
    "detrender": ("Depths from light curves divided by a polynomial out of transit", ("polynomial", "depth")),
    "model": ("Weighted mean label of the most similar training targets", ("regression", "neighbours")),
    "uncertainty": ("Intervals from quantiles of out-of-fold residuals", ("conformal", "intervals")),
    "exporter": ("Writes predictions as a CSV table", ("csv", "table")),
    "score": ("Median absolute error", ("robust", "median")),
    "simulator": ("Simulates spectra of black bodies with noise", ("simulation", "spectra")),
}
#: What can be made: the kinds of components, and the loader that makes its targets itself.
TEMPLATES = tuple(_KINDS)
#: specframe's own rules of style, so that a component can move into it.
_RULES = (
    *("A", "ARG", "B", "C4", "D", "E", "ERA", "F", "I", "N", "NPY", "PERF", "PIE", "PT", "PTH", "RET", "RUF", "S"),
    *("SIM", "TC", "UP", "W"),
)
#: The spectra in the loader's example: names and effective temperatures in K.
_STARS = tuple((f"star-{number:02d}", 3500 + 250 * number) for number in range(1, 13))


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A distribution with one plugin that offers one component; :func:`new_distribution` checks the names."""

    #: One of :data:`TEMPLATES`.
    template: str
    name: str
    package: str
    summary: str
    author: str
    email: str
    license: str
    #: Whether another plugin offers a component of the same kind and name.
    shared_name: bool = False

    @property
    def kind(self) -> str:
        """Kind of the component."""
        return "loader" if self.template == "simulator" else self.template

    @property
    def distribution(self) -> str:
        """Name on the package index."""
        return f"specframe-{self.name.removeprefix('specframe-')}"

    @property
    def plugin(self) -> str:
        """Name of the plugin, that of its component."""
        return self.name

    @property
    def reference(self) -> str:
        """What pipelines and commands call the component."""
        return f"{self.plugin}/{self.name}" if self.shared_name else self.name

    def files(self) -> dict[str, str]:
        """Return the text of each file by its path in the distribution."""
        package, kind = self.package, self.template
        templates = {
            "pyproject.toml": "common/pyproject.toml",
            "README.md": "common/README.md",
            "CHANGELOG.md": "common/CHANGELOG.md",
            "LICENSE": f"common/LICENSE-{self.license}",
            ".gitignore": "common/gitignore",
            ".github/workflows/tests.yml": "common/tests.yml",
            f"{package}/__init__.py": "common/init.py",
            f"{package}/plugin.py": "common/plugin.py",
            f"{package}/params.py": f"{kind}/params.py",
            f"{package}/{kind}.py": f"{kind}/component.py",
            "tests/test_contract.py": "common/test_contract.py",
            f"tests/test_{kind}.py": f"{kind}/test.py",
            "examples/pipeline.yaml": f"{kind}/pipeline.yaml",
        }
        if kind == "loader":
            templates |= {
                f"{package}/example.py": "loader/example.py",
                "examples/spectra/labels.csv": "loader/labels.csv",
            }
        environment = _environment()
        values = self._values(environment)
        files = {path: _rendered(environment, template, values) for path, template in templates.items()}
        if kind == "loader":
            for star, temperature in _STARS:
                path = f"examples/spectra/{star}.csv"
                files[path] = _rendered(environment, "loader/spectrum.csv", {"temperature": temperature})
        return {**files, f"{package}/py.typed": ""}

    def _values(self, environment: jinja2.Environment) -> dict[str, Any]:
        values: dict[str, Any] = {
            "api": API_VERSION,
            "author": self.author,
            "class": class_name(self.name, self.template),
            "distribution": self.distribution,
            "email": self.email,
            "example": "two_stars" if self.template == "loader" else "",
            "kind": self.kind,
            "license": self.license,
            "module": self.template,
            "template": self.template,
            "name": self.name,
            "package": self.package,
            "plugin": self.plugin,
            "reference": self.reference,
            "requirement": _requirement(),
            "rules": _RULES,
            "stars": _STARS,
            "summary": self.summary,
            "tags": _KINDS[self.template][1],
        }
        values["usage"] = _rendered(environment, f"{self.template}/usage.yaml", values).strip()
        values["python"] = _rendered(environment, f"{self.template}/usage.py", values).strip()
        return values


def new_distribution(
    kind: str,
    name: str,
    *,
    package: str | None = None,
    author: str | None = None,
    summary: str | None = None,
    license: str = "BSD-3-Clause",  # noqa: A002 - the word of pyproject.toml
) -> Distribution:
    """Return a distribution whose names are valid.

    Parameters
    ----------
    kind, name
        Of the component; besides the kinds there is ``simulator``, a loader that makes its targets itself.
    package
        Import package; by default ``specframe_`` and the name.
    author
        ``"Ada Example"`` or ``"Ada Example <ada@example.org>"``, for licence and metadata.
    summary
        One line; by default what the template does.
    license
        One of :data:`LICENSES`.

    Raises
    ------
    UsageError
        When a name cannot be used; says one that can.
    """
    if kind not in TEMPLATES:
        raise UsageError(f"--kind {kind!r}: expected one of {', '.join(TEMPLATES)}")
    if license not in LICENSES:
        raise UsageError(f"--license {license!r}: expected one of {', '.join(LICENSES)}")
    check_name(name)
    who, email = person(author) if author else (f"The {name} authors", "")
    return Distribution(
        template=kind,
        name=name,
        package=check_package(package or default_package(name)),
        summary=check_line("--summary", summary).rstrip(".") if summary else _KINDS[kind][0],
        author=who,
        email=email,
        license=license,
    )


def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(  # noqa: S701 - text files, of which none is HTML
        loader=jinja2.PackageLoader("specframe.scaffold"),
        # ${{ }} of workflows and {} of Python stay as they are
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["quoted"] = _quoted
    return environment


def _rendered(environment: jinja2.Environment, template: str, values: dict[str, Any]) -> str:
    return environment.get_template(f"{template}.jinja").render(values)


def _quoted(text: str) -> str:
    """Return a printable text as a string of Python as well as of TOML, quoted as ruff does."""
    return f"'{text}'" if '"' in text and "'" not in text and "\\" not in text else json.dumps(text, ensure_ascii=False)


def _requirement() -> str:
    """Return the versions of specframe that a plugin written now works with.

    An api version is dropped by a major release only, and not by 1.0: see "API stability" in the reference.
    """
    major, minor = (int(number) for number in re.findall(r"\d+", __version__)[:2])
    return f"specframe>={major}.{minor},<{max(major, 1) + 1}"
