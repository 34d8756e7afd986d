"""The model ``forest``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe_linear.label_scale import LabelScale
from specframe_linear.params import ForestParams
from specframe_linear.regressor import Regressor
from specframe_linear.trees import Trees, rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Forest"]

#: Targets whose weights are computed at a time, to bound the memory they take.
_CHUNK = 512
#: Of more outputs than this, trees are grown on the principal components that hold this part of their variance.
_MAX_GROWN, _VARIANCE = 10, 0.9999
#: A standard deviation is never below this part of the training labels': leaves may hold equal labels.
_LEAST_STD = 1e-3


class Forest(Regressor):
    """Extremely randomised trees, grown on all outputs together, with the scatter of the labels as error.

    Geurts, Ernst & Wehenkel (2006, Machine Learning 63, 3), as in scikit-learn: splits are the best of random ones,
    and every tree sees all targets. Outputs are scaled to unit variance for growing; many of them are turned to their
    principal components, on which splits are as good but found sooner. A prediction is the mean of the training
    labels, each weighted by how often its target shares a leaf with the new one, and ``std`` their standard deviation
    with the same weights (Meinshausen 2006, Journal of Machine Learning Research 7, 983). So no label is ever
    predicted beyond those of the training set, and trees are kept without a copy of the outputs in every leaf.
    Inputs that are missing take the training mean.

    Notes
    -----
    ``mean = sum_i w_i(x) y_i``, ``std^2 = sum_i w_i(x) (y_i - mean)^2``, with ``w_i(x)`` how often training target i
    shares a leaf with x.

    References
    ----------
    - Geurts, Ernst & Wehenkel 2006, Machine Learning 63, 3, doi:10.1007/s10994-006-6226-1
    - Meinshausen 2006, Journal of Machine Learning Research 7, 983, https://jmlr.org/papers/v7/meinshausen06a.html
    """

    name = "forest"
    Params: ClassVar[type[ForestParams]] = ForestParams
    params: ForestParams

    def _learn(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        from sklearn.ensemble import ExtraTreesRegressor

        weight = rounded(weight)
        scale = LabelScale.of(labels, weight)
        scaled = scale.standard(labels)
        grown_on = _principal(scaled, weight) if scaled.shape[1] > _MAX_GROWN else scaled
        grown = ExtraTreesRegressor(
            n_estimators=self.params.n_trees,
            min_samples_leaf=self.params.min_leaf,
            max_features=self.params.max_features,
            random_state=int(np.random.SeedSequence(seed).generate_state(1)[0]),
        )
        # scikit-learn splits at single precision; so do walks through the trees
        matrix = np.nan_to_num(features).astype(np.float32)
        grown.fit(matrix, grown_on if grown_on.shape[1] > 1 else grown_on[:, 0], sample_weight=weight)
        parts = []
        for estimator in grown.estimators_:
            tree = estimator.tree_
            feature = np.where(tree.children_left < 0, -1, tree.feature)
            parts.append((feature, tree.threshold, np.zeros(len(feature)), tree.children_left, tree.children_right))
        trees = Trees.join(parts)
        return {
            **trees.arrays(),
            "leaves": trees.leaves(matrix).astype(np.int32),
            "labels": labels,
            "weight": weight,
            "mean": scale.mean,
            "least_std": np.maximum(_LEAST_STD * scale.std * scaled.any(axis=0), scale.rounding),
        }

    def _estimate(self, features: NDArray[np.float64]) -> dict[str, Any]:
        from scipy.sparse import csr_array

        labels, leaves = self._learned["labels"], self._learned["leaves"]
        trees = Trees.from_arrays(self._learned)
        n_train, n_tree = leaves.shape
        n_node = len(trees.feature)
        weight = np.repeat(self._learned["weight"], n_tree)
        held = np.bincount(leaves.reshape(-1), weight, minlength=n_node)
        share = weight / held[leaves.reshape(-1)] / n_tree
        member = (share, (leaves.reshape(-1), np.repeat(np.arange(n_train), n_tree)))
        members = csr_array(member, shape=(n_node, n_train))
        centred = labels - self._learned["mean"]
        shape = (len(features), labels.shape[1])
        mean, std = np.empty(shape), np.empty(shape)
        for first in range(0, len(features), _CHUNK):
            part = slice(first, first + _CHUNK)
            found = trees.leaves(np.nan_to_num(features[part]).astype(np.float32))
            pointer = np.arange(0, found.size + 1, n_tree)
            visits = csr_array((np.ones(found.size), found.reshape(-1), pointer), shape=(len(found), n_node))
            nearness = visits @ members  # (n_target, n_train), rows sum to 1
            mean[part] = nearness @ centred
            square = nearness @ np.square(centred)
            std[part] = np.sqrt(np.maximum(square - np.square(mean[part]), np.square(self._learned["least_std"])))
        return {"mean": mean + self._learned["mean"], "std": std}


def _principal(labels: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the amplitudes of the leading principal components of labels with mean 0, shape (n_target, k)."""
    _, singular, components = np.linalg.svd(labels * np.sqrt(weight)[:, None], full_matrices=False)
    held = np.cumsum(np.square(singular))
    count = int(np.searchsorted(held, _VARIANCE * held[-1])) + 1
    amplitudes: NDArray[np.float64] = labels @ components[:count].T
    return amplitudes
