"""The shipped configuration of TelescopeML's network, against the layers that its repository prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml

from specframe_cnn.network.build import Network, Shapes, build_network
from specframe_cnn.network.head import make_head
from specframe_cnn.network.params import MeanHead, NetworkParams
from specframe_cnn.params import Cnn1dParams
from specframe_retrieval.preparation.grid import wanted_grid
from specframe_retrieval.preparation.params import ResampleParams

CONFIG = Path(__file__).parents[3] / "configs" / "telescopeml.yaml"
#: Shapes after each convolution and pooling, dense layers, and weights of each as Keras prints them in
#: notebooks/Train_CNN_Model.ipynb of EhsanGharibNezhad/TelescopeML, for other hyper-parameters than the shipped ones.
PRINTED = [128, 12416, 110880, 110720, 110880, 442880, 6816256, 1050624, 9441792, 2360832, 1050624, 4 * 2049]


def network(given: dict[str, Any]) -> Network:
    head = make_head(MeanHead(loss="huber"), 4)
    return build_network(NetworkParams.validate_data(given), Shapes(series=(1, 104), auxiliary=2), head)


def shipped() -> dict[str, Any]:
    steps = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["steps"]
    given: dict[str, Any] = next(step for step in steps if step.get("model") == "cnn1d")["with"]
    return given


def weights(built: Network) -> list[int]:
    """Numbers of weights of each layer, biases with them."""
    each = [weight.numel() for weight in built.parameters()]
    return [a + b for a, b in zip(each[::2], each[1::2], strict=True)]


def test_layers_are_counted_as_keras_counts_them() -> None:
    convolutions = [(32, 1), (128, 1), (288, 2), (128, 1), (288, 1), (512, 2)]
    built = network(
        {
            "blocks": [
                *(
                    {"type": "conv", "filters": filters, "kernel": 3, "pool": pool, "pooling": "max"}
                    for filters, pool in convolutions
                ),
                {"type": "flatten"},
                *({"type": "dense", "units": units} for units in (512, 2048, 4608)),
            ],
            "dense": [512, 2048],
            "activation": "relu",
            "direct": False,
        }
    )
    assert weights(built) == PRINTED
    assert built.n_parameters == 21_516_228


def test_the_shipped_network_has_the_weights_that_it_says() -> None:
    given = shipped()["network"]
    built = network(given)
    assert built.n_parameters == 54_510_660
    assert f"{built.n_parameters:,}" in CONFIG.read_text(encoding="utf-8")
    # 104 wavelengths with 'same' padding, pooled once by 2, flattened; minimum and maximum behind the first dense rows
    assert built.branches["series"].after == (8192,)
    assert built.dense[0].in_features == 8192 + 2
    assert built.last.in_features == 1024


def test_it_is_trained_as_telescopeml_trains() -> None:
    params = Cnn1dParams.validate_data(shipped())
    assert params.head == MeanHead(loss="huber", delta=1.0)  # Keras' 'huber_loss' turns at 1
    training = params.training
    assert (training.optimiser, training.schedule, training.batch_size) == ("adam", "constant", 32)
    assert training.weight_decay == 0
    assert training.clip_norm is None
    assert training.learning_rate == pytest.approx(4.9946842e-5, rel=1e-3)
    assert params.auxiliary == ("spectrum/flux_minimum", "spectrum/flux_maximum")


def test_spectra_come_on_the_wavelengths_of_telescopeml(data_dir: Path) -> None:
    steps = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["steps"]
    given = next(step for step in steps if step.get("calibrate") == "resample")["with"]
    wavelength = np.load(data_dir / "browndwarf" / "dback24.npz")["wave_um"]
    spectrum = xr.Dataset({"flux": ("wavelength", wavelength)}, coords={"wavelength": wavelength})
    found = wanted_grid(ResampleParams.validate_data(given), spectrum).wavelength
    theirs = np.load(data_dir / "browndwarf" / "telescopeml_tutorial2_hd3651b.npz")["wl104"]
    np.testing.assert_allclose(found, np.sort(theirs), atol=2e-5)  # um; pixels are 0.009 um wide and more
