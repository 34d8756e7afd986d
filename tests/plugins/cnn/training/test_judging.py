"""What targets held out are judged by."""

from __future__ import annotations

import pytest
import torch

from specframe_cnn.network.head_gaussian import Gaussian
from specframe_cnn.training.judging import judged


def test_the_error_is_that_of_the_mean_whatever_error_is_stated() -> None:
    labels = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    raw = torch.tensor([[0.5, 1.0, -3.0, 2.0], [2.0, 1.0, 0.0, 5.0]])  # means, then log variances
    error = judged(Gaussian(2), raw, labels, "error")
    torch.testing.assert_close(error, torch.tensor([0.125, 2.0]))
    surer = raw - torch.tensor([0.0, 0.0, 4.0, 4.0])
    torch.testing.assert_close(judged(Gaussian(2), surer, labels, "error"), error)


def test_the_loss_knows_when_a_network_is_too_sure() -> None:
    labels = torch.zeros(1, 1)
    wrong_and_sure, wrong_and_unsure = torch.tensor([[1.0, -6.0]]), torch.tensor([[1.0, 0.0]])
    sure, unsure = (float(judged(Gaussian(1), raw, labels, "loss")) for raw in (wrong_and_sure, wrong_and_unsure))
    assert sure > unsure
    # half of the squared pull, and of the logarithm of 2 pi times the variance
    assert unsure == pytest.approx(0.5 + 0.918939, abs=1e-3)
