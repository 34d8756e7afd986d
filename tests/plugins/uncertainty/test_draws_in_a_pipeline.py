"""Errors from draws that a pipeline makes of real models, beside what textbooks say they are.

Hundreds of independent outputs serve as repetitions: each has noise of its own on the same inputs.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels
from specframe.errors import DataError
from specframe.pipeline.fit.fitting import fit_chain
from specframe.pipeline.fit.learning import LearningData, LearningStep
from specframe_linear import BayesianRidge, Naive, Ols
from specframe_uncertainty import Bootstrap, Conformal, Ensemble, Heteroscedastic, InputBootstrap, VarianceScaling

OUTPUTS = 300
NOISE = 2.0


def regression(n, seed=0, outputs=OUTPUTS, error=0.0, group_size=1):
    """Inputs (n, 2), labels with noise of NOISE, and the coefficients; groups of targets share their noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    slopes = rng.normal(size=(2, outputs))
    noise = np.repeat(rng.normal(0.0, NOISE, (n // group_size, outputs)), group_size, axis=0)
    names = [f"t{i:04d}" for i in range(n)]
    labels = make_labels(10.0 + X @ slopes + noise, names, [f"o{k}" for k in range(outputs)], units="ppm")
    inputs = xr.Dataset(
        {"x": (("target", "feature"), X), "x_error": (("target", "feature"), np.full(X.shape, error))},
        coords={"target": names},
    )
    tree = xr.DataTree.from_dict({"/": inputs[["target"]], "/catalogue": inputs.drop_vars("target")})
    groups = np.array([f"g{i // group_size}" for i in range(n)])
    return LearningData({"fit": tree}, tuple(names), groups), labels, X, slopes


def estimated(model, estimators, data, labels, new=None):
    steps = [LearningStep("fit", "model", model)]
    steps += [LearningStep(f"sigma-{k}", "uncertainty", estimator) for k, estimator in enumerate(estimators)]
    return fit_chain(steps, data, labels, 3).predict(data if new is None else new)


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def test_the_bootstrap_of_a_mean_is_the_textbooks():
    """Standard error of a mean of 80: s / sqrt(n), which the bootstrap gives with n in place of n - 1 in s."""
    data, labels, _, _ = regression(80)
    found = estimated(Naive(inputs=["x"]), [Bootstrap(draws=60, combine="replace")], data, labels)
    expected = labels.values.std(axis=0) / np.sqrt(80)
    assert rms(found["std"].values[0] / expected) / np.sqrt(59 / 57) == pytest.approx(1.0, abs=0.02)


def test_the_bootstrap_draws_groups_as_a_whole():
    """Twenty groups of four equal noises: the error is that of twenty targets, twice that of eighty."""
    data, labels, _, _ = regression(80, group_size=4)
    flat = labels.copy(data=np.repeat(labels.values[::4], 4, axis=0))
    found = estimated(Naive(inputs=["x"]), [Bootstrap(draws=60, combine="replace")], data, flat)
    expected = flat.values[::4].std(axis=0) / np.sqrt(20)
    assert rms(found["std"].values[0] / expected) / np.sqrt(59 / 57) == pytest.approx(1.0, abs=0.03)


def test_the_bootstrap_of_a_regression_is_the_standard_error_of_its_line():
    """At the targets: sigma sqrt(leverage). Sampled residuals have the variance of noise less that of the fit."""
    n = 120
    data, labels, X, _ = regression(n)
    found = estimated(Ols(inputs=["x"]), [Bootstrap(draws=60, combine="replace")], data, labels)
    design = np.column_stack([np.ones(n), X])
    leverage = np.einsum("ij,jk,ik->i", design, np.linalg.inv(design.T @ design), design)
    ratio = found["std"].values / (NOISE * np.sqrt(leverage)[:, None])
    assert rms(ratio) == pytest.approx(1.0, abs=0.06)


def test_members_over_folds_have_the_spread_of_the_mean_they_estimate():
    data, labels, _, _ = regression(100)
    found = estimated(Naive(inputs=["x"]), [Ensemble(members=10, over="folds", combine="replace")], data, labels)
    expected = labels.values.std(axis=0, ddof=1) / np.sqrt(100)
    few = np.sqrt(9 / 7)  # what ten members leave open
    assert rms(found["std"].values[0] / expected) / few == pytest.approx(1.0, abs=0.05)


def test_the_input_bootstrap_of_a_line_is_propagation_of_errors():
    data, labels, _, _ = regression(60, error=0.5)
    found = estimated(Ols(inputs=["x"]), [InputBootstrap(draws=200, combine="replace")], data, labels)
    slopes = Ols().fit(data.collections["fit"]["catalogue/x"].values, labels.values).predict(np.eye(3, 2) * 1.0)
    slopes = slopes["mean"].values[:2] - slopes["mean"].values[2]
    expected = 0.5 * np.sqrt(np.square(slopes).sum(axis=0))
    assert rms(found["std"].values / expected) == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(found["aleatoric"], found["std"], rtol=1e-9)


def test_inputs_without_errors_are_refused():
    data, labels, _, _ = regression(30, outputs=2)
    tree = xr.DataTree.from_dict(
        {
            "/": data.collections["fit"].to_dataset(),
            "/catalogue": data.collections["fit"]["catalogue"].to_dataset()[["x"]],
        }
    )
    bare = LearningData({"fit": tree}, data.targets, data.groups)
    with pytest.raises(DataError, match="no input whose errors are known"):
        estimated(Ols(inputs=["x"]), [InputBootstrap()], bare, labels)


@pytest.mark.parametrize(
    "estimators",
    [
        [Heteroscedastic(), Ensemble(members=5, over="folds"), VarianceScaling(), Conformal(joint="pooled")],
        [Ensemble(members=5, over="folds"), Heteroscedastic(), Conformal(joint="pooled")],
        [Heteroscedastic(source="residuals"), Bootstrap(draws=5), InputBootstrap(draws=20, combine="maximum")],
    ],
)
def test_estimators_in_a_row_hold_their_levels(estimators):
    """600 new values of 4 outputs each: 68 % is known to 1 point if all were independent; the fits are shared."""
    data, labels, X, slopes = regression(200, outputs=4)
    new, truth, _, _ = regression(150, seed=0, outputs=4)
    rng = np.random.default_rng(8)
    X = rng.normal(size=(150, 2))
    node = xr.Dataset(
        {"x": (("target", "feature"), X), "x_error": (("target", "feature"), np.zeros(X.shape))},
        coords={"target": list(new.targets)},
    )
    tree = xr.DataTree.from_dict({"/": node[["target"]], "/catalogue": node.drop_vars("target")})
    new = LearningData({"fit": tree}, new.targets, new.groups)
    truth = 10.0 + X @ slopes + rng.normal(0.0, NOISE, (150, 4))
    found = estimated(BayesianRidge(inputs=["x"]), estimators, data, labels, new)
    for level, tolerance in ((0.68, 0.07), (0.95, 0.04)):
        lower, upper = (found[name].sel(level=level).values for name in ("lower", "upper"))
        assert np.mean((lower <= truth) & (truth <= upper)) == pytest.approx(level, abs=tolerance)
    assert rms((truth - found["mean"].values) / found["std"].values) == pytest.approx(1.0, abs=0.1)


def test_what_the_model_states_and_how_members_differ_stay_apart():
    data, labels, _, _ = regression(100, outputs=5)
    alone = estimated(BayesianRidge(inputs=["x"]), [Heteroscedastic(source="model")], data, labels)
    found = estimated(BayesianRidge(inputs=["x"]), [Heteroscedastic(source="model"), Bootstrap(draws=30)], data, labels)
    np.testing.assert_allclose(found["aleatoric"], alone["std"], rtol=1e-9)
    np.testing.assert_allclose(np.hypot(found["aleatoric"], found["epistemic"]), found["std"], rtol=1e-9)
    assert float((found["epistemic"] / found["aleatoric"]).mean()) == pytest.approx(np.sqrt(3 / 100), rel=0.2)
