"""Every component's page says what it computes, from which paper, how it is written, and where it is explained."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import components
import generated
import pytest
import yaml

from specframe.config import pipeline_from_data
from specframe.registry import Registry

if TYPE_CHECKING:
    from specframe.registry import Registered

BUNDLED = {registered.component.name: registered for registered in generated.bundled_components()}
#: These read or write files: what they do to numbers is told of each of them, and no formula would tell more.
_OF_FILES = ("loader", "exporter")
#: Components without a formula of their own.
NO_FORMULA = {
    "boosting": "grows trees one after the other, as scikit-learn does",
    "cnn1d": "is made of the layers that the pipeline declares",
    "cnn2d": "is made of the layers that the pipeline declares",
    "mlp": "is made of the layers that the pipeline declares",
    "gp-posterior": "hands on what the model states",
    "measured": "hands on what the detrender measured",
    "naive": "is a mean and a standard deviation",
    "normalise": "its docstring says which scale and offset restore the spectrum",
    "observation-noise": "its docstring says the standard deviation of each option",
    "resample": "its docstring says the mean over a pixel, the width of the Gaussian and the errors",
    "residual": "its docstring says the ranks of the residuals",
    "select-wavelengths": "computes nothing",
    "bias-ppm": "is a mean",
    "median-abs-ppm": "is a median",
    "rmse-ppm": "is a root mean square",
    "regression": "its docstring defines every statistic",
}
#: Components whose method is nobody's in particular, or specframe's own.
NO_REFERENCE = {
    **dict.fromkeys(("fits-cube", "spectrum-table", "table"), "reads files"),
    **dict.fromkeys(("model-grid", "observed-spectra", "spectral-library"), "reads files"),
    **dict.fromkeys(("flux-units", "observation-noise", "select-wavelengths", "bin", "clean"), "is arithmetic"),
    **dict.fromkeys(("flat", "measured", "naive"), "is what others are compared with"),
    **dict.fromkeys(("injection-recovery", "trend-shrinkage", "residual", "gp-posterior"), "is specframe's own"),
    **dict.fromkeys(("grid-comparison", "submission-adc24", "submission-adc25"), "writes files"),
    "chromatic-light-curves": "writes files",
    **dict.fromkeys(("bias-ppm", "coverage", "median-abs-ppm", "pull", "r2", "rmse-ppm"), "is a textbook's"),
    "regression": "is a textbook's",
}


@pytest.mark.parametrize("name", BUNDLED)
def test_a_component_says_what_it_computes_and_whose_method_it_is(name: str) -> None:
    registered = BUNDLED[name]
    text = inspect.getdoc(registered.load()) or ""
    assert registered.component.summary
    assert len(text.split()) >= 8, "the docstring is no description"
    if registered.component.kind not in _OF_FILES and name not in NO_FORMULA:
        notes = text.partition("Notes\n-----\n")[2].partition("\n\nReferences\n")[0]
        assert "``" in notes, "state the formula under Notes, or in NO_FORMULA why there is none"
    if name not in NO_REFERENCE:
        found = components.references(registered.load())
        assert found, "name the publication under References, or in NO_REFERENCE why there is none"
        for reference in found:
            assert re.search(r"\b(doi|arXiv|bibcode):|https://|section", reference), reference


def test_no_exemption_is_stale() -> None:
    for name in NO_FORMULA:
        text = inspect.getdoc(BUNDLED[name].load()) or ""
        assert "Notes\n-----\n``" not in text, f"{name} has a formula now"
    for name in NO_REFERENCE:
        assert not components.references(BUNDLED[name].load()), f"{name} has a reference now"


@pytest.mark.parametrize("name", BUNDLED)
def test_the_example_of_a_page_is_a_valid_pipeline(name: str) -> None:
    registered = BUNDLED[name]
    page = generated.component_page(registered)
    assert f"```yaml\n{components.example(registered)}\n```" in page
    data = completed(registered, yaml.safe_load(components.example(registered)))
    registry = Registry.discover()
    pipeline_from_data(data, lambda block, pin: registry, check_paths=False)


def completed(registered: Registered, shown: dict[str, Any]) -> dict[str, Any]:
    """Return a pipeline that holds what a page shows."""
    kind = registered.component.kind
    before: list[dict[str, Any]] = [] if kind == "loader" else [{"load": "ariel-simulated"}]
    after: list[dict[str, Any]] = [] if kind in ("loader", "model") else [{"model": "ridge"}]
    if kind == "uncertainty":
        before, after = [*before, {"model": "ridge"}], []
    if registered.component.name == "stacking":
        before = [*before, {"id": "a", "model": "ridge"}, {"id": "b", "model": "ols"}]
        shown["steps"][0] |= {"from": ["a", "b"], "learns": "target"}
    return {"specframe": 1, **shown, "steps": [*before, *shown.get("steps", []), *after]}


def test_a_page_says_what_goes_in_and_out_and_what_must_be_installed() -> None:
    network = generated.component_page(BUNDLED["cnn1d"])
    assert 'torch: `pip install "specframe[cnn]"`' in network
    assert "scikit-learn" not in "\n".join(components.facts(BUNDLED["ridge"])), "it comes with specframe"
    page = generated.component_page(BUNDLED["ariel-detector"])
    assert "| Takes | [frames](../containers.md) |" in page
    assert "| Gives | [light-curves](../containers.md) |" in page


def test_a_page_leads_to_those_that_explain_it(docs: Path) -> None:
    links = components.mentions(BUNDLED["transit-joint"])
    assert "[What transit-joint fits](../../explanation/transit-joint.md)" in links
    for name, registered in BUNDLED.items():
        for link in components.mentions(registered):
            target = link.rpartition("(")[2].rstrip(")")
            place = os.path.normpath(docs / "reference" / "components" / target)  # a folder that only the site has
            assert Path(place).is_file(), f"{name}: {link}"


def test_the_page_of_citations_has_every_reference_once_with_a_link() -> None:
    page = components.citations_page(list(BUNDLED.values()))
    assert "[doi:10.1086/131801](https://doi.org/10.1086/131801)" in page
    assert "[arXiv:1905.03222](https://arxiv.org/abs/1905.03222)" in page
    for name, registered in BUNDLED.items():
        row = f"| [`{name}`](components/{registered.component.kind}-{name}.md) |"
        assert (row in page) == bool(components.references(registered.load())), name
