"""The model ``boosting``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.errors import DataError
from specframe_linear.label_scale import LabelScale
from specframe_linear.params import BoostingParams
from specframe_linear.regressor import Regressor
from specframe_linear.trees import Trees, rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Boosting"]


class Boosting(Regressor):
    """Gradient-boosted trees on histograms of the features, for each output by itself.

    scikit-learn's ``HistGradientBoostingRegressor`` (Friedman 2001, Annals of Statistics 29, 1189; Ke et al. 2017,
    NIPS 30, 3146), with one thread, on which its sums depend. A missing input is a value of its own: each split
    learns on which side such targets fare better. Of more outputs than ``n_components``, that many principal
    components of the training labels, scaled to unit variance, are learned in their place.

    With ``levels``, quantiles of each output are learned besides, by the quantile loss, and a Prediction has ``lower``
    and ``upper``. Quantiles that cross change places (Chernozhukov et al. 2010, Econometrica 78, 1093). Nothing
    ensures that they hold their level on new targets; the uncertainty estimators do.

    References
    ----------
    - Friedman 2001, Annals of Statistics 29, 1189, doi:10.1214/aos/1013203451
    - Chernozhukov, Fernández-Val & Galichon 2010, Econometrica 78, 1093, doi:10.3982/ECTA7880
    - Pedregosa et al. 2011, Journal of Machine Learning Research 12, 2825 (scikit-learn), arXiv:1201.0490
    """

    name = "boosting"
    Params: ClassVar[type[BoostingParams]] = BoostingParams
    params: BoostingParams

    def _learn(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        # scikit-learn cannot make histograms of an input that is never there; as a constant it is never split on
        features = np.where(np.isfinite(features).any(axis=0), features, 0.0)
        scale = LabelScale.of(labels, weight)
        learned = scale.standard(labels)
        n_output = labels.shape[1]
        kept = {"mean": scale.mean, "std": scale.std}
        if n_output > self.params.n_components:
            if self.params.levels:
                raise DataError(
                    f"{self.name}: levels need every output learned by itself, but there are {n_output} outputs and "
                    f"n_components is {self.params.n_components}: set n_components: {n_output}, or leave out levels"
                )
            _, _, components = np.linalg.svd(learned * np.sqrt(weight)[:, None], full_matrices=False)
            kept["components"] = components[: self.params.n_components]
            learned = learned @ kept["components"].T
        # lower and upper bounds of the levels, from the widest interval inwards and out again: ascending
        quantiles = [0.5 - 0.5 * level for level in self.params.levels[::-1]]
        quantiles += [0.5 + 0.5 * level for level in self.params.levels]
        losses: list[dict[str, Any]] = [{"loss": f"{self.params.loss}_error"}]
        losses += [{"loss": "quantile", "quantile": quantile} for quantile in quantiles]
        weight = rounded(weight)
        state = int(np.random.SeedSequence(seed).generate_state(1)[0])
        fits = [self._boosted(features, column, weight, state, **loss) for loss in losses for column in learned.T]
        trees, values, start = zip(*fits, strict=True)
        return {
            **Trees.join([tree for grown in trees for tree in grown]).arrays(),
            "values": np.concatenate(values),
            "start": np.array(start),
            **kept,
        }

    def _boosted(
        self,
        features: NDArray[np.float64],
        labels: NDArray[np.float64],
        weight: NDArray[np.float64],
        state: int,
        **loss: Any,
    ) -> tuple[list[tuple[Any, ...]], NDArray[np.float64], float]:
        """Return the trees of one fit, the values of their nodes, and the value from which they start."""
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        model = HistGradientBoostingRegressor(
            **loss,
            learning_rate=self.params.learning_rate,
            max_iter=self.params.n_trees,
            max_leaf_nodes=self.params.max_leaves,
            min_samples_leaf=self.params.min_leaf,
            early_stopping=False,
            random_state=state,
        )
        with threadpool_limits(limits=1, user_api="openmp"):
            model.fit(features, labels, sample_weight=weight)
        nodes = [grown[0].nodes for grown in model._predictors]
        trees = [
            (
                np.where(node["is_leaf"] > 0, -1, node["feature_idx"]),
                node["num_threshold"],
                node["missing_go_to_left"],
                node["left"],
                node["right"],
            )
            for node in nodes
        ]
        return trees, np.concatenate([node["value"] for node in nodes]), float(np.squeeze(model._baseline_prediction))

    def _estimate(self, features: NDArray[np.float64]) -> dict[str, Any]:
        kept = self._learned
        trees = Trees.from_arrays(kept)
        leaves = trees.leaves(features).reshape(len(features), len(kept["start"]), -1)
        raw = np.broadcast_to(kept["start"], leaves.shape[:2]).copy()
        for number in range(leaves.shape[2]):  # in the order of the fit, so that rounding is the same
            raw += kept["values"][leaves[:, :, number]]
        raw = raw.reshape(len(features), 1 + 2 * len(self.params.levels), -1)
        mean = raw[:, 0] @ kept["components"] if "components" in kept else raw[:, 0]
        found: dict[str, Any] = {"mean": mean * kept["std"] + kept["mean"]}
        if self.params.levels:
            ordered = np.sort(raw[:, 1:], axis=1) * kept["std"] + kept["mean"]
            ordered = np.moveaxis(ordered, 1, 2)  # (n_target, n_output, n_quantile)
            count = len(self.params.levels)
            for name, bound in (("lower", ordered[:, :, :count][:, :, ::-1]), ("upper", ordered[:, :, count:])):
                found[name] = (("target", "output", "level"), bound, {"units": self._outputs.units})
            found["level"] = ("level", np.array(self.params.levels))
        return found
