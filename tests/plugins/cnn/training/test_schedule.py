"""Learning rates against torch's own schedulers."""

from __future__ import annotations

import pytest
import torch
from torch.optim import lr_scheduler

from specframe_cnn.training.schedule import Plateau, relative_rate

STEPS = 57


def rates(make) -> list[float]:
    """Return the learning rates of a scheduler of torch, from a largest of 1."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimiser)
    found = []
    for _ in range(STEPS):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if len(found) < STEPS:
            scheduler.step()
    return found


def test_cosine_is_that_of_torch():
    expected = rates(lambda optimiser: lr_scheduler.CosineAnnealingLR(optimiser, STEPS))
    assert [relative_rate("cosine", step, STEPS, 0) for step in range(STEPS)] == pytest.approx(expected)


def test_one_cycle_is_that_of_torch():
    expected = rates(lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=STEPS, cycle_momentum=False))
    assert [relative_rate("one-cycle", step, STEPS, 10) for step in range(STEPS)] == pytest.approx(expected)


def test_warm_up_rises_linearly_and_the_rest_comes_after_it():
    expected = rates(lambda optimiser: lr_scheduler.CosineAnnealingLR(optimiser, STEPS - 10))
    found = [relative_rate("cosine", step, STEPS, 10) for step in range(STEPS)]
    assert found[:10] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert found[10:] == pytest.approx(expected[: STEPS - 10])
    assert [relative_rate("constant", step, STEPS, 0) for step in range(STEPS)] == [1.0] * STEPS


def test_a_warm_up_longer_than_training_only_rises():
    assert [relative_rate("cosine", step, 4, 100) for step in range(4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_plateau_is_that_of_torch():
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=2, threshold=0.0)
    ours = Plateau(2)
    for loss in [3.0, 2.0, 2.5, 2.5, 1.9, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.5]:
        theirs.step(loss)
        ours = ours.after(loss)
        assert ours.factor == optimiser.param_groups[0]["lr"]
    assert ours.factor == 0.125


@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau", "one-cycle"])
@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_short_trainings_have_learning_rates_too(schedule, steps):
    found = [relative_rate(schedule, step, steps, 1) for step in range(steps)]
    assert all(0.0 < rate <= 1.0 for rate in found)
