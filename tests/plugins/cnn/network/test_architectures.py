"""Published networks as block lists: every layer has the weights that its authors state."""

import pytest
import torch
import yaml
from torch import nn

from specframe_cnn.network.build import Shapes, build_network
from specframe_cnn.network.head import make_head
from specframe_cnn.network.params import MeanHead, NetworkParams

# Ariel Data Challenge 2024, the organisers' starter solution: 1D-CNN from the white light curve (187 samples) to the
# mean depth
ORGANISERS_1D = """
blocks:
  - {type: conv, filters: 32, kernel: 3, padding: valid, pool: 2, normalise: batch, normalise_after: pooling}
  - {type: conv, filters: 64, kernel: 3, padding: valid, pool: 2}
  - {type: conv, filters: 128, kernel: 3, padding: valid, pool: 2}
  - {type: conv, filters: 256, kernel: 3, padding: valid, pool: 2}
dense: [500, 100]
dropout: [0.2, 0.1]
activation: relu
direct: false
"""

# the same: 2D-CNN from 40 samples in transit of 283 channels to the spectrum less its mean
ORGANISERS_2D = """
blocks:
  - {type: conv, filters: 32, kernel: [1, 3], pool: [1, 2], normalise: batch, normalise_after: pooling}
  - {type: conv, filters: 64, kernel: [1, 3], pool: [1, 2]}
  - {type: conv, filters: 128, kernel: [1, 3], pool: [1, 2]}
  - {type: conv, filters: 256, kernel: [1, 3]}
  - {type: conv, filters: 32, kernel: [3, 1], pool: [2, 1], normalise: batch, normalise_after: pooling}
  - {type: conv, filters: 64, kernel: [3, 1], pool: [2, 1]}
  - {type: conv, filters: 128, kernel: [3, 1], pool: [2, 1]}
  - {type: conv, filters: 256, kernel: [3, 1], pool: [2, 1]}
dense: [700]
dropout: 0.2
activation: relu
direct: false
"""

# TelescopeML (Gharib-Nezhad et al. 2024, JOSS 9, 6346), tutorial "Train CNN": 104 fluxes of a brown dwarf, and their
# least and greatest value as auxiliary, to four parameters
TELESCOPEML = """
blocks:
  - {type: conv, filters: 16, kernel: 6}
  - {type: conv, filters: 64, kernel: 6}
  - {type: conv, filters: 144, kernel: 6, pool: 2}
  - {type: dense, units: 512}
  - {type: dense, units: 2048}
  - {type: dense, units: 4608}
  - {type: dense, units: 8192, dropout: 0.09889223768186726}
dense: [256, 1024]
dropout: [0.0, 0.0024609140719442646]
activation: relu
direct: false
"""


def build(text, shapes, outputs):
    params = NetworkParams.validate_data(yaml.safe_load(text))
    return build_network(params, shapes, make_head(MeanHead(), outputs))


def weights(network):
    return [
        sum(weight.numel() for weight in layer.parameters())
        for layer in network.modules()
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear | nn.BatchNorm1d | nn.BatchNorm2d)
    ]


@pytest.mark.parametrize(
    ("text", "shapes", "outputs", "layers"),
    [
        (
            ORGANISERS_1D,
            Shapes(series=(1, 187)),
            1,
            # (kernel * channels + 1) * filters; 9 samples are left of 187
            [4 * 32, 64, 97 * 64, 193 * 128, 385 * 256, (256 * 9 + 1) * 500, 501 * 100, 101],
        ),
        (
            ORGANISERS_2D,
            Shapes(image=(1, 283, 40)),
            283,
            # 17 of 283 channels and 5 of 40 samples are left
            [
                *(4 * 32, 64, 97 * 64, 193 * 128, 385 * 256),
                *(769 * 32, 64, 97 * 64, 193 * 128, 385 * 256),
                *((256 * 17 * 5 + 1) * 700, 701 * 283),
            ],
        ),
        (
            TELESCOPEML,
            Shapes(series=(1, 104), auxiliary=2),
            4,
            # as printed in the tutorial; the last two follow from its 256 and 1,024 units
            [112, 6208, 55440, 3834368, 1050624, 9441792, 37756928, 2097920, 257 * 1024, 1025 * 4],
        ),
    ],
    ids=["organisers-1d", "organisers-2d", "telescopeml"],
)
def test_every_layer_has_the_published_number_of_weights(text, shapes, outputs, layers):
    network = build(text, shapes, outputs)
    assert weights(network) == layers
    assert network.n_parameters == sum(layers)


def test_the_organisers_pair_has_their_dropout_and_order():
    one = build(ORGANISERS_1D, Shapes(series=(1, 187)), 1)
    assert [layer.p for layer in one.modules() if isinstance(layer, nn.Dropout)] == [0.2, 0.1]
    names = [type(layer).__name__ for layer in one.branches["series"].blocks[0]]
    assert names == ["Convolution", "ReLU", "MaxPool1d", "BatchNorm1d"]
    two = build(ORGANISERS_2D, Shapes(image=(1, 283, 40)), 283)
    assert [layer.p for layer in two.modules() if isinstance(layer, nn.Dropout)] == [0.2]
    with torch.no_grad():
        assert two.branches["image"](torch.zeros(1, 1, 283, 40), None).shape == (1, 256 * 17 * 5)
