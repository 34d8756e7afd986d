"""The posterior of the last layer of a trained network, from the targets it was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from specframe_cnn.last_layer import LastLayer
from specframe_cnn.training.threads import threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_cnn.network.build import Network
    from specframe_cnn.network.head import Head
    from specframe_cnn.training.data import TensorData

__all__ = ["LAPLACE_HEADS", "last_layer_posterior"]

#: Heads whose means are linear in the last layer and whose likelihood has a variance for each output.
LAPLACE_HEADS = ("mean", "gaussian", "low-rank")
#: With fewer targets held out than this, the noise is estimated from the training targets.
_FEW = 10
#: Targets at a time.
_BATCH = 32


def last_layer_posterior(
    network: Network, head: Head, data: TensorData, training: NDArray[np.intp], held_out: NDArray[np.intp]
) -> LastLayer:
    """Return Laplace's approximation for the layer that the mean is linear in.

    The noise is what the head states of each target and output. A ``mean`` head states none: then it is the mean
    squared error of each output over the targets held out, whose errors the weights were not fitted to, or where
    there are fewer than ten over the training targets.
    """
    features, means, stds = [], [], []
    with torch.inference_mode(), threads(1):
        for first in range(0, len(data), _BATCH):
            batch = slice(first, first + _BATCH)
            inputs = {name: values[batch] for name, values in data.inputs.items()}
            said = head.distribution(network(inputs))
            features.append(network.features(inputs).numpy())
            means.append(said["mean"].numpy())
            if "std" in said:
                stds.append(said["std"].numpy())
    phi = np.concatenate(features)[training]
    weight = data.weight.numpy().astype(float)
    curvature = weight[training, None]
    precision = np.ones(head.n_output)
    if stds:
        curvature = curvature / np.square(np.concatenate(stds)[training].astype(float))
    else:
        judged = held_out if len(held_out) >= _FEW else training
        errors = np.square(np.concatenate(means).astype(float) - data.labels.numpy())[judged]
        noise = np.average(errors, axis=0, weights=weight[judged])
        precision = 1.0 / np.maximum(noise, np.finfo(np.float32).eps ** 2)
    layer, bias = network.last.weight.detach().numpy(), network.last.bias.detach().numpy()
    if phi.ndim == 3:  # one layer for all outputs: each output of each target is an observation
        each = np.broadcast_to(curvature * precision, phi.shape[:2]).reshape(-1, 1)
        return LastLayer.fit(phi.reshape(-1, phi.shape[2]), each, np.ones(1), layer[:1], bias[:1])
    return LastLayer.fit(phi, curvature, precision, layer[: head.n_output], bias[: head.n_output])
