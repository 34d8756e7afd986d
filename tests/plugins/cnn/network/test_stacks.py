"""Stacks stand for the blocks that they are replaced by."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from specframe_cnn.network.params import NetworkParams


def test_a_stack_is_the_published_network_of_telescopeml() -> None:
    """One block of three convolutions with 16 n^2 filters, pooled at its end, then dense layers of 512 n^2 units."""
    stacks = [
        {"type": "conv-stack", "layers": 3, "filters": 16, "growth": "square", "kernel": 6, "pool": 2},
        {"type": "flatten"},
        {"type": "dense-stack", "layers": 2, "units": 512, "growth": "square"},
    ]
    written = [
        {"type": "conv", "filters": 16, "kernel": 6},
        {"type": "conv", "filters": 64, "kernel": 6},
        {"type": "conv", "filters": 144, "kernel": 6, "pool": 2},
        {"type": "flatten"},
        {"type": "dense", "units": 512},
        {"type": "dense", "units": 2048},
    ]
    assert NetworkParams.model_validate({"blocks": stacks}) == NetworkParams.model_validate({"blocks": written})


@pytest.mark.parametrize(
    ("growth", "filters"),
    [("none", [3, 3, 3, 3]), ("linear", [3, 6, 6, 9]), ("square", [3, 12, 12, 27]), ("double", [3, 6, 6, 12])],
)
def test_layers_grow_with_block_and_layer(growth: str, filters: list[int]) -> None:
    stack = {"type": "conv-stack", "blocks": 2, "layers": 2, "filters": 3, "growth": growth, "pool": 2}
    blocks = NetworkParams.model_validate({"blocks": [stack]}).blocks
    assert [block.filters for block in blocks] == filters
    assert [block.pool for block in blocks] == [1, 2, 1, 2]


def test_what_is_written_out_reads_back() -> None:
    params = NetworkParams.model_validate(
        {"blocks": [{"type": "dense-stack", "layers": 3, "units": 7, "dropout": 0.1}]}
    )
    assert NetworkParams.validate_data(params.model_dump(mode="json")) == params
    assert params.has_dropout


def test_a_wrong_name_in_a_stack_is_told() -> None:
    with pytest.raises(ValidationError, match="conv-stack: filters: Field required; filter: Extra inputs"):
        NetworkParams.model_validate({"blocks": [{"type": "conv-stack", "filter": 4}]})


def test_a_stack_with_too_many_filters_is_refused() -> None:
    stack = {"type": "conv-stack", "layers": 16, "filters": 64, "growth": "square"}
    with pytest.raises(ValidationError, match="less than or equal to 4096"):
        NetworkParams.model_validate({"blocks": [stack]})
