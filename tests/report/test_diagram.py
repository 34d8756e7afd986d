"""A pipeline is drawn with its branches, and told as text."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from specframe.report.diagram import PipelineStep, diagram_svg, diagram_text, step_layers

DATA = PipelineStep("data", "loader", "light-curves", {"path": "a.csv"})
TRANSIT = PipelineStep("transit", "detrender", "transit-polynomial")
TREES = PipelineStep("trees", "model", "forest", {"n_trees": "150"})
NETWORK = PipelineStep("network", "model", "mlp")
STACKED = PipelineStep("fit", "model", "stacking", sources=("trees", "network"))
SIGMA = PipelineStep("sigma", "uncertainty", "conformal")


def ids(layers: list[list[PipelineStep]]) -> list[list[str]]:
    return [[step.id for step in layer] for layer in layers]


def test_models_that_read_the_same_stand_side_by_side_and_meet_in_the_one_that_builds_on_both() -> None:
    layers, links = step_layers([DATA, TRANSIT, TREES, NETWORK, STACKED, SIGMA])
    assert ids(layers) == [["data"], ["transit"], ["trees", "network"], ["fit"], ["sigma"]]
    assert set(links) == {
        ("data", "transit"),
        ("transit", "trees"),
        ("transit", "network"),
        ("trees", "fit"),
        ("network", "fit"),
        ("fit", "sigma"),
    }


@pytest.mark.parametrize("sources", [(), ("trees",)])
def test_what_learns_a_residual_reads_the_data_and_follows_its_source(sources: tuple[str, ...]) -> None:
    residual = PipelineStep("rest", "model", "cnn1d", sources=sources, residual=True)
    layers, links = step_layers([DATA, TREES, residual])
    assert ids(layers) == [["data"], ["trees"], ["rest"]]
    assert set(links) == {("data", "trees"), ("data", "rest"), ("trees", "rest")}
    assert diagram_text([DATA, TREES, residual])[-1].startswith("rest: model cnn1d, learns what is left by ")


def test_every_step_has_a_box_with_kind_component_and_parameters() -> None:
    svg = ElementTree.fromstring(diagram_svg([DATA, TRANSIT, TREES, NETWORK, STACKED, SIGMA]))
    name = "{http://www.w3.org/2000/svg}"
    boxes = svg.findall(f"{name}g")
    texts = [" ".join(" ".join(text.itertext()) for text in box.iter(f"{name}text")) for box in boxes]
    for text, step in zip(texts, [DATA, TRANSIT, TREES, NETWORK, STACKED, SIGMA], strict=True):
        assert step.kind in text
        assert step.component in text
        assert step.id in text
    assert "path a.csv" in texts[0]
    assert len([path for path in svg.findall(f"{name}path") if "link" in path.get("class")]) == 6
    assert svg.find(f"{name}title").text.startswith("Pipeline of 6 steps: loader light-curves → ")


def test_boxes_of_a_layer_do_not_overlap_and_stay_within_the_drawing() -> None:
    models = [PipelineStep(f"m{i}", "model", "ridge" * 8, {"alpha": "1.0" * 40}) for i in range(4)]
    svg = diagram_svg([DATA, *models])
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    boxes = [
        tuple(map(float, found))
        for found in re.findall(r'<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)" rx="6"/>', svg)
    ]
    assert len(boxes) == 5
    row = sorted(boxes[1:])
    assert all(left[0] + left[2] < right[0] for left, right in pairwise(row))
    assert all(x >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)


def test_without_steps_nothing_is_drawn() -> None:
    assert diagram_svg([]) == ""
