"""The error bars of a ridge on the 538 real white light curves hold, although a few planets carry the error."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from specframe.api import grouped_folds, make_labels, make_prediction
from specframe_uncertainty import Conformal, Residual


def fitted_mean(curves, depths, new):
    model = make_pipeline(StandardScaler(), Ridge(alpha=10.0))
    return model.fit(curves, depths).predict(new).reshape(-1, 1)


@pytest.fixture(scope="module")
def folds(data_dir):
    """(out-of-fold prediction of the training set, its truth, prediction of the test set, its truth) per outer fold."""
    archive = np.load(data_dir / "adc24" / "white_light_curves.npz")
    table = np.loadtxt(data_dir / "adc24" / "train_labels.csv", delimiter=",", skiprows=1)
    depth_of = dict(zip(table[:, 0].astype(int), table[:, 1:].mean(axis=1), strict=True))
    targets = archive["planet_id"].astype(str)
    curves = archive["white"]
    labels = make_labels(np.array([[depth_of[i]] for i in archive["planet_id"]]), targets, ["depth"])
    found = []
    for train, test in grouped_folds(targets, 5, seed=0):
        unseen = np.empty((train.size, 1))
        for a, b in grouped_folds(targets[train], 5, seed=1):
            unseen[b] = fitted_mean(curves[train][a], labels.values[train][a, 0], curves[train][b])
        mean = fitted_mean(curves[train], labels.values[train, 0], curves[test])
        found.append(
            (make_prediction(labels[train], unseen), labels[train], make_prediction(labels[test], mean), labels[test])
        )
    return found


def coverage(estimator, folds):
    inside = []
    for seen, seen_truth, new, truth in folds:
        found = estimator.fit(seen, seen_truth).apply(new)
        inside.append((found["lower"] <= truth) & (truth <= found["upper"]))
    return xr.concat(inside, "target").mean(("target", "output")).values


@pytest.mark.parametrize("estimator", [Conformal(), Residual()], ids=["conformal", "residual"])
def test_intervals_hold_within_two_binomial_standard_errors(folds, estimator):
    levels = np.array([0.68, 0.95])
    np.testing.assert_array_less(np.abs(coverage(estimator, folds) - levels), 2 * np.sqrt(levels * (1 - levels) / 538))


def test_normal_intervals_of_the_rms_are_far_too_wide(folds):
    """Why the defaults are empirical: the rms is 2.4 times the median error here."""
    assert coverage(Residual(interval="normal"), folds)[0] > 0.8
