"""Blocks: shapes, what they compute, and the errors that say which of them cannot be."""

import pytest
import torch
from torch import nn

from specframe.errors import UsageError
from specframe_cnn.network.blocks import build_block
from specframe_cnn.network.build import Shapes, build_network
from specframe_cnn.network.head import make_head
from specframe_cnn.network.params import MeanHead, NetworkParams

SERIES = [
    ({"type": "conv", "filters": 6, "kernel": 5}, (6, 31)),
    ({"type": "conv", "filters": 6, "kernel": 4}, (6, 31)),
    ({"type": "conv", "filters": 6, "kernel": 5, "padding": "valid"}, (6, 27)),
    ({"type": "conv", "filters": 6, "kernel": 5, "dilation": 3, "padding": "valid"}, (6, 19)),
    ({"type": "conv", "filters": 6, "kernel": 5, "stride": 2}, (6, 16)),
    ({"type": "conv", "filters": 6, "kernel": 5, "stride": 2, "padding": "valid"}, (6, 14)),
    ({"type": "conv", "filters": 6, "pool": 4, "pooling": "average", "dropout": 0.2}, (6, 7)),
    ({"type": "residual", "filters": 6, "stride": 3, "dropout": 0.2}, (6, 11)),
    ({"type": "residual", "filters": 4, "dilation": 4}, (4, 31)),
    ({"type": "multi-scale", "filters": 6, "kernels": [1, 4, 9]}, (6, 31)),
    ({"type": "multi-scale", "filters": 6, "residual": False, "normalise": "layer"}, (6, 31)),
    ({"type": "pool", "size": 3}, (4, 10)),
    ({"type": "pool", "size": 3, "pooling": "average"}, (4, 10)),
    ({"type": "pool", "size": 8, "pooling": "adaptive"}, (4, 8)),
    ({"type": "pool", "size": 40, "pooling": "adaptive"}, (4, 31)),
    ({"type": "normalise", "by": "batch"}, (4, 31)),
    ({"type": "dropout", "rate": 0.3, "channels": True}, (4, 31)),
    ({"type": "flatten"}, (124,)),
    ({"type": "flatten", "how": "average"}, (4,)),
    ({"type": "flatten", "how": "max"}, (4,)),
    ({"type": "dense", "units": 9, "dropout": 0.1}, (9,)),
]
IMAGE = [
    ({"type": "conv", "filters": 6, "kernel": [3, 1], "pool": [1, 2], "padding": "valid"}, (6, 29, 10)),
    ({"type": "conv", "filters": 6, "kernel": [4, 2], "stride": [2, 3]}, (6, 16, 7)),
    ({"type": "residual", "filters": 6, "stride": [1, 2], "normalise": "batch"}, (6, 31, 10)),
    ({"type": "multi-scale", "filters": 6, "kernels": [1, [9, 1], [1, 9]]}, (6, 31, 20)),
    ({"type": "pool", "size": [8, 40], "pooling": "adaptive"}, (4, 8, 20)),
    ({"type": "dropout", "channels": True}, (4, 31, 20)),
    ({"type": "flatten", "how": "max"}, (4,)),
    ({"type": "dense", "units": 9}, (9,)),
]


def blocks(*data):
    return NetworkParams.validate_data({"blocks": list(data)}).blocks


@pytest.mark.parametrize(
    ("shape", "data", "expected"), [((4, 31), *case) for case in SERIES] + [((4, 31, 20), *case) for case in IMAGE]
)
def test_the_shape_that_a_block_promises_is_the_one_it_gives(shape, data, expected):
    module, promised = build_block(blocks(data)[0], shape, "gelu")
    assert promised == expected
    assert module(torch.randn(3, *shape)).shape == (3, *expected)


def test_a_convolution_is_a_correlation_with_zeros_at_the_ends():
    module, _ = build_block(
        blocks({"type": "conv", "filters": 1, "kernel": 3, "activation": "none"})[0], (1, 4), "relu"
    )
    convolution = next(layer for layer in module.modules() if isinstance(layer, nn.Conv1d))
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([[[1.0, 10.0, 100.0]]]))
        convolution.bias.fill_(0.5)
    # 10 x[i] + x[i - 1] + 100 x[i + 1] + 0.5, worked out by hand
    assert module(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])).tolist() == [[[210.5, 321.5, 432.5, 43.5]]]


def test_pooling_is_of_neighbours():
    data = torch.tensor([[[1.0, 5.0, 2.0, 0.0, 9.0]]])
    for pooling, expected in (("max", [5.0, 2.0]), ("average", [3.0, 1.0])):
        module, _ = build_block(blocks({"type": "pool", "pooling": pooling})[0], (1, 5), "relu")
        assert module(data).flatten().tolist() == expected


def test_normalisation_before_or_after_pooling():
    for after, expected in (("convolution", False), ("pooling", True)):
        data = {"type": "conv", "filters": 2, "pool": 2, "normalise": "batch", "normalise_after": after}
        module, _ = build_block(blocks(data)[0], (1, 8), "relu")
        names = [type(layer).__name__ for layer in module]
        assert (names.index("BatchNorm1d") > names.index("MaxPool1d")) is expected


@pytest.mark.parametrize("by", ["layer", "group", "batch"])
def test_normalised_values_have_mean_0_and_variance_1(by):
    module, _ = build_block(blocks({"type": "normalise", "by": by})[0], (8, 50), "relu")
    data = module(torch.randn(20, 8, 50) * 7 + 3)
    axes = (0, 2) if by == "batch" else (1, 2)
    # layer norm and groups of one channel are exact for each target; eps is 1e-5 of a variance of 49
    torch.testing.assert_close(data.mean(axes), torch.zeros_like(data.mean(axes)), atol=1e-5, rtol=0)
    torch.testing.assert_close(data.var(axes, correction=0), torch.ones_like(data.mean(axes)), atol=1e-4, rtol=0)


def test_group_normalisation_of_single_values_does_not_erase_them():
    module, _ = build_block(blocks({"type": "normalise", "by": "group"})[0], (4, 1), "relu")
    assert module(torch.randn(3, 4, 1)).abs().min() > 0


@pytest.mark.parametrize(
    ("data", "shapes", "words"),
    [
        (
            [{"type": "conv", "filters": 2, "padding": "valid"}] * 3 + [{"type": "pool", "size": 4}],
            Shapes(series=(1, 9)),
            r"block 4 \(pool 4\), series: the length is 3 there, which leaves nothing",
        ),
        (
            [{"type": "conv", "filters": 2, "kernel": [3, 7], "padding": "valid"}],
            Shapes(image=(1, 9, 6)),
            r"block 1 \(conv kernel \[3, 7\], padding valid\), image: wavelength x time is 9 x 6 there",
        ),
        (
            [{"type": "conv", "filters": 2, "pool": 5}, {"type": "conv", "filters": 2, "pool": 5}],
            Shapes(series=(1, 20)),
            r"block 2 \(conv kernel 3, padding same, pool 5\), series: the length is 4 there",
        ),
        (
            [{"type": "conv", "filters": 2, "kernel": [3, 1]}],
            Shapes(series=(1, 9)),
            r"\[3, 1\] is for images; a series takes one number",
        ),
        (
            [{"type": "dense", "units": 2}, {"type": "residual", "filters": 2}],
            Shapes(series=(1, 9)),
            r"block 2 \(residual kernel 3, stride 1\), series: its input is flat there",
        ),
    ],
)
def test_errors_say_which_block_cannot_be(data, shapes, words):
    params = NetworkParams.validate_data({"blocks": data})
    with pytest.raises(UsageError, match=words):
        build_network(params, shapes, make_head(MeanHead(), 1))
