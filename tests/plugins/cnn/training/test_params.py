"""Parameters of training: bounds, and no torch for those who only read them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from specframe_cnn.training.params import AugmentationParams, TrainingParams


def test_params_import_neither_torch_nor_numpy():
    code = "import sys, specframe_cnn.training.params; print({'torch', 'numpy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 1},
        {"epochs": 0},
        {"learning_rate": 0.0},
        {"validation": 1.0},
        {"schedule": "step"},
        {"clip_norm": 0.0},
        {"ema": 1.0},
        {"threads": 0},
        {"momentum": 0.9},
    ],
)
def test_values_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        TrainingParams(**wrong)


def test_augmentations_are_off_by_default():
    values = AugmentationParams().canonical()
    assert not any(values[name] for name in ("time_flip", "noise", "drift", "channel_masking", "depth_scaling"))
