"""Dropout after training."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from specframe_cnn.thinning import dropout_layers, thinned


def test_units_are_dropped_at_the_rate_and_the_mean_stays():
    layer = nn.Dropout(0.3).eval()
    ones = torch.ones(1, 10000)
    with thinned(layer, 1):
        dropped = layer(ones)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.3, abs=0.02)  # four standard deviations: 0.018
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.03)
    assert torch.equal(layer(ones), ones)


def test_all_targets_lose_the_same_units_and_another_seed_drops_others():
    layer = nn.Dropout(0.5).eval()
    with thinned(layer, 1):
        first = layer(torch.ones(8, 100))
        alone = layer(torch.ones(1, 100))
    with thinned(layer, 2):
        second = layer(torch.ones(8, 100))
    assert bool((first == alone).all())
    assert bool((first != second).any())


def test_whole_channels_are_dropped_where_the_layer_drops_channels():
    layer = nn.Dropout1d(0.5).eval()
    with thinned(layer, 1):
        dropped = layer(torch.ones(2, 50, 7))
    assert torch.equal(dropped.amin(2), dropped.amax(2))
    assert {0.0, 2.0} == set(dropped.unique().tolist())


def test_batch_normalisation_stays_as_it_is():
    network = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5)).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with thinned(network, 1):
        network(torch.randn(6, 4))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_layers_that_drop_nothing_are_none():
    assert dropout_layers(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0))) == []
