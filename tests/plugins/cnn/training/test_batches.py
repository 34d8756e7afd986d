"""Batches hold every target once, and are never too small for batch normalisation."""

from __future__ import annotations

import pytest
import torch

from specframe_cnn.training.batches import epoch_batches, epoch_seeds, number_of_batches


@pytest.mark.parametrize("batch_size", [2, 3, 32])
@pytest.mark.parametrize("n_target", [2, 3, 5, 31, 32, 33, 65, 100])
def test_every_target_comes_once_in_batches_of_about_equal_size(n_target, batch_size):
    batches = epoch_batches(n_target, batch_size, torch.Generator().manual_seed(0))
    sizes = [len(batch) for batch in batches]
    assert sorted(torch.cat(batches).tolist()) == list(range(n_target))
    assert len(batches) == number_of_batches(n_target, batch_size)
    assert min(sizes) >= 2
    assert max(sizes) <= batch_size + 1
    assert max(sizes) - min(sizes) <= 1


def test_order_is_random_and_its_generators():
    def order(seed: int) -> list[int]:
        return torch.cat(epoch_batches(100, 10, torch.Generator().manual_seed(seed))).tolist()

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(1) != list(range(100))


def test_streams_of_seeds_epochs_and_purposes_are_apart():
    seeds = {one for seed in (0, 1, 2**40) for epoch in range(50) for one in epoch_seeds(seed, epoch)}
    assert len(seeds) == 3 * 3 * 50
    assert all(0 <= seed < 2**63 for seed in seeds)
