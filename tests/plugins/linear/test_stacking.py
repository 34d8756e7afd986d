"""The average of other models: weights, errors, missing members, and where predictions come from."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import minimize

from specframe.api import make_labels, working_in
from specframe.errors import DataError, NotFittedError
from specframe.pipeline.fit.fitting import fit_chain
from specframe.pipeline.fit.learning import LearningData, LearningStep
from specframe_linear import BayesianRidge, Naive, Ridge, Stacking
from specframe_linear.stack_weights import simplex_minimum

SIZES = np.array([1.0, 2.0, 4.0])
#: The best average of independent members weights them with the inverse of their variances.
BEST = SIZES**-2 / np.sum(SIZES**-2)


def predictions(n=400, outputs=2, seed=0, sizes=SIZES, bias=0.0, errors=None):
    """A truth of standard deviation 10, and members (n, k, output) that miss it by ``sizes``, or by given errors."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(100.0, 10.0, (n, outputs))
    size = sizes[:, None] * np.ones((n, 1, outputs)) if errors is None else errors
    return truth[:, None] + bias + rng.normal(size=(n, len(sizes), outputs)) * size, truth


def collection(members, errors=None, names=("ridge", "gp", "network")):
    node = {name: (("target", "output"), members[:, k]) for k, name in enumerate(names)}
    if errors is not None:
        node |= {f"{name}_error": (("target", "output"), errors[:, k]) for k, name in enumerate(names)}
    targets = [f"t{i:04d}" for i in range(len(members))]
    data = xr.Dataset(node, coords={"target": targets})
    other = xr.Dataset({"depth": (("target", "wavelength"), np.zeros((len(members), 4)))}, coords={"target": targets})
    return xr.DataTree.from_dict({"/": data[["target"]], "/predictions": data, "/spectrum": other})


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


@pytest.mark.parametrize("weights", ["shared", "output"])
def test_members_are_weighted_with_their_inverse_variances(weights):
    """2000 targets know a weight to about 0.02."""
    members, truth = predictions(2000)
    model = Stacking(weights=weights).fit(members, truth)
    np.testing.assert_allclose(model.weights, np.broadcast_to(BEST[:, None], (3, 2)), atol=0.04)
    new, new_truth = predictions(2000, seed=1)
    best = np.sqrt(1.0 / np.sum(SIZES**-2))
    assert rms(model.predict(new)["mean"].values - new_truth) == pytest.approx(best, rel=0.04)


def test_weights_are_at_least_zero_and_sum_to_one_for_members_that_err_together():
    """The second member only adds noise to the first: its best weight would be negative."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(500, 1))
    first = rng.normal(size=(500, 1))
    members = np.stack([truth + first, truth + 2.0 * first, truth + rng.normal(size=(500, 1))], axis=1)
    weights = Stacking(shrinkage=0.0).fit(members, truth).weights.values[:, 0]
    np.testing.assert_allclose(weights, [0.5, 0.0, 0.5], atol=0.06)
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert weights.min() >= 0.0


def test_the_minimum_is_that_of_a_general_optimiser():
    rng = np.random.default_rng(1)
    for _ in range(20):
        rows = rng.normal(size=(6, 5)) + rng.normal(size=(6, 1))
        moment = rows.T @ rows
        ours = simplex_minimum(moment, 1e-6)
        limits = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
        found = minimize(
            lambda w, m=moment: w @ m @ w, np.full(5, 0.2), bounds=[(0, 1)] * 5, constraints=limits, tol=1e-12
        )
        assert ours @ moment @ ours <= found.fun * (1 + 1e-4) + 1e-9
        assert ours.sum() == pytest.approx(1.0)


def test_few_targets_and_a_large_shrinkage_leave_equal_weights():
    members, truth = predictions()
    np.testing.assert_allclose(Stacking(shrinkage=1e9).fit(members, truth).weights, 1 / 3, atol=1e-6)


def test_other_methods_take_a_scale_and_an_intercept_off():
    """Members of twice the truth, less 50: no average helps."""
    members, truth = predictions()
    wrong = 2.0 * members - 50.0
    new, new_truth = predictions(seed=1)
    best = np.sqrt(1.0 / np.sum(SIZES**-2))
    for method in ("ridge", "nnls"):
        model = Stacking(method=method).fit(wrong, truth)
        assert rms(model.predict(2.0 * new - 50.0)["mean"].values - new_truth) < 1.1 * best
        assert model.weights.sum("member").values == pytest.approx(0.5, abs=0.02)


def test_a_bias_of_all_members_is_removed():
    members, truth = predictions(bias=7.0)
    new, new_truth = predictions(bias=7.0, seed=1)
    assert np.mean(Stacking().fit(members, truth).predict(new)["mean"].values - new_truth) == pytest.approx(0, abs=0.2)
    biased = Stacking(remove_bias=False).fit(members, truth).predict(new)["mean"].values - new_truth
    assert np.mean(biased) == pytest.approx(7.0, abs=0.2)


def test_members_that_know_their_errors_count_by_them():
    """Each is precise for half of the targets and knows it: the mean error falls to that of the precise one."""
    rng = np.random.default_rng(2)
    errors = np.where(rng.random((1000, 1, 1)) < 0.5, [[[1.0], [8.0]]], [[[8.0], [1.0]]])
    members, truth = predictions(1000, 1, sizes=np.ones(2), errors=errors)
    names = ("a", "b")
    X = collection(members, errors, names)
    used = Stacking().fit(X, truth).predict(X)
    ignored = Stacking(errors="ignore").fit(X, truth).predict(X)
    assert rms(used["mean"].values - truth) < 1.1
    assert rms(ignored["mean"].values - truth) > 3.5


def test_stated_errors_that_mean_nothing_are_not_used():
    rng = np.random.default_rng(3)
    members, truth = predictions(1000)
    X = collection(members, rng.lognormal(0.0, 2.0, members.shape))
    assert rms(Stacking().fit(X, truth).predict(X)["mean"].values - truth) < 1.05 * np.sqrt(1 / np.sum(SIZES**-2))


def test_errors_are_of_the_right_size_and_follow_the_spread():
    """Of members that all miss a target by 0.5 to 4 times as much, the spread tells by how much."""
    rng = np.random.default_rng(4)
    factor = rng.uniform(0.5, 4.0, (1500, 1, 1))
    members, truth = predictions(1500, 1, sizes=np.ones(8), errors=factor * np.ones((1500, 8, 1)))
    found = Stacking().fit(members[:1000], truth[:1000]).predict(members[1000:])
    pull = (found["mean"].values - truth[1000:]) / found["std"].values
    assert rms(pull) == pytest.approx(1.0, abs=0.1)
    assert np.corrcoef(found["std"].values[:, 0], factor[1000:, 0, 0])[0, 1] > 0.8


def test_errors_of_members_that_differ_by_chance_are_nearly_the_same_for_all():
    members, truth = predictions(2000, 1)
    found = Stacking().fit(members[:1000], truth[:1000]).predict(members[1000:])
    assert rms((found["mean"].values - truth[1000:]) / found["std"].values) == pytest.approx(1.0, abs=0.1)
    assert found["std"].values.std() < 0.15 * found["std"].values.mean()


def test_a_missing_member_is_left_out_of_the_average():
    members, truth = predictions()
    model = Stacking().fit(members, truth)
    holed = members[:2].copy()
    holed[0, 0] = np.nan
    holed[1] = np.nan
    found = model.predict(holed)
    weight, bias = model.weights.values[1:], (members - truth[:, None]).mean(axis=0)[1:]
    expected = np.sum(weight * (members[0, 1:] - bias), axis=0) / weight.sum(axis=0)
    np.testing.assert_allclose(found["mean"][0], expected, rtol=1e-6)
    np.testing.assert_allclose(found["mean"][1], truth.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found["std"][1], truth.std(axis=0), rtol=1e-9)
    assert found["extrapolating"].values[1]


def test_the_order_of_targets_changes_no_bit():
    members, truth = predictions(97)
    order = np.random.default_rng(5).permutation(97)
    once, again = Stacking().fit(members, truth), Stacking().fit(members[order], truth[order])
    np.testing.assert_array_equal(once.weights, again.weights)
    np.testing.assert_array_equal(once.predict(members)["std"], again.predict(members)["std"])


def test_a_collection_holds_members_by_name():
    members, truth = predictions()
    model = Stacking().fit(collection(members), truth)
    assert list(model.weights["member"].values) == ["ridge", "gp", "network"]
    turned = collection(members[:, ::-1], names=("network", "gp", "ridge"))
    np.testing.assert_array_equal(model.predict(turned)["mean"], model.predict(collection(members))["mean"])


def test_wrong_members_are_refused():
    members, truth = predictions(30)
    model = Stacking().fit(collection(members), truth)
    with pytest.raises(DataError, match=r"no predictions of network .* name the models with 'from:'"):
        model.predict(collection(members[:, :2], names=("ridge", "gp")))
    with pytest.raises(DataError, match="'ridge' predicts 2 outputs, expected 1"):
        Stacking().fit(collection(members), truth[:, :1])
    with pytest.raises(DataError, match="2 members, but it was fitted with 3"):
        Stacking().fit(members, truth).predict(members[:, :2])
    with pytest.raises(DataError, match="at least 5"):
        Stacking().fit(members[:4], truth[:4])


def test_other_features_make_a_ridge_with_an_error():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(200, 5))
    y = X @ rng.normal(size=(5, 2)) + rng.normal(0.0, 0.3, (200, 2))
    model = Stacking().fit(X, y)
    np.testing.assert_array_equal(model.predict(X)["mean"], Ridge().fit(X, y).predict(X)["mean"])
    np.testing.assert_allclose(model.predict(X)["std"], 0.3, rtol=0.2)
    with pytest.raises(DataError, match="no members"):
        _ = model.weights


def test_weights_before_a_fit_are_refused():
    with pytest.raises(NotFittedError):
        _ = Stacking().weights


def test_weights_are_told_to_the_log_and_to_the_run(caplog):
    members, truth = predictions()
    told = []
    with caplog.at_level(logging.INFO, "specframe_linear"), working_in(None, told.append):
        Stacking().fit(collection(members), truth)
    assert "weights ridge 0.7" in caplog.text
    assert told[0].startswith("weights ridge 0.7")


def test_in_a_pipeline_it_is_no_worse_than_its_best_member():
    rng = np.random.default_rng(7)
    n = 160
    x = rng.normal(size=(n, 6))
    labels = make_labels(x[:, :1] * 3.0 + rng.normal(size=(n, 1)), [f"t{i:03d}" for i in range(n)], ["depth"])
    inputs = xr.Dataset({"x": (("target", "feature"), x)}, coords={"target": labels["target"].values})
    tree = xr.DataTree.from_dict({"/": inputs[["target"]], "/catalogue": inputs.drop_vars("target")})
    names = tuple(str(t) for t in labels["target"].values)
    data = LearningData(dict.fromkeys(("a", "b", "c", "stack"), tree), names, np.array(names))
    steps = [
        LearningStep("a", "model", Ridge(inputs=["x"])),
        LearningStep("b", "model", BayesianRidge(inputs=["x"])),
        LearningStep("c", "model", Naive(inputs=["x"])),
        LearningStep("stack", "model", Stacking(), ("a", "b", "c")),
    ]
    known, new = np.arange(100), np.arange(100, n)
    chain = fit_chain(steps, data.take(known), labels.isel(target=known), 1)
    weights = chain.fitted["stack"].weights.sel(output="depth")
    assert list(weights["member"].values) == ["a", "b", "c"]
    assert float(weights.sel(member="c")) < 0.1
    found = chain.predict(data.take(new))
    error = found["mean"].values - labels.values[new]
    assert rms(error) == pytest.approx(1.0, abs=0.2)
    assert rms(error / found["std"].values) == pytest.approx(1.0, abs=0.2)
