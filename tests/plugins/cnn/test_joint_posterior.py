"""Posteriors whose truth is known: how near networks come to the entropy, and whether samples are draws of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
import torch
import xarray as xr
from scipy import stats

from specframe.api import make_labels
from specframe_cnn.cnn1d import Cnn1d

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRAINING, NEW, SAMPLES = 4000, 1000, 99


class Truth(NamedTuple):
    """Inputs, labels, and the logarithm of the labels' density given the inputs."""

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    log_density: NDArray[np.float64]


def banana(n: int, seed: int) -> Truth:
    """Two outputs on a parabola, at a place that the inputs tell."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    along = 0.5 * rng.normal(size=n)
    across = 0.15 * rng.normal(size=n)
    y = np.column_stack([0.6 * X[:, 0] + along, 0.4 * X[:, 1] + 2 * along**2 + across])
    return Truth(X, y, stats.norm.logpdf(along, 0, 0.5) + stats.norm.logpdf(across, 0, 0.15))


def two_solutions(n: int, seed: int) -> Truth:
    """Either of two solutions, within which the two outputs are correlated."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    size, sign = 1 + 0.3 * X[:, 0], np.where(rng.random(n) < 0.5, 1, -1)
    first = sign * size + 0.2 * rng.normal(size=n)
    second = sign * size + 0.5 * X[:, 1] + 0.9 * (first - sign * size) + 0.1 * rng.normal(size=n)

    def of(side: int) -> NDArray[np.float64]:
        mean = side * size + 0.5 * X[:, 1] + 0.9 * (first - side * size)
        return np.asarray(stats.norm.logpdf(first, side * size, 0.2) + stats.norm.logpdf(second, mean, 0.1))

    return Truth(X, np.column_stack([first, second]), np.logaddexp(of(1), of(-1)) - np.log(2))


def correlated(n: int, seed: int) -> Truth:
    """A Gaussian whose widths and correlation follow from the inputs."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    covariance = covariance_of(X)
    mean = np.column_stack([X[:, 0] + X[:, 1], np.sin(X[:, 0])])
    noise = (np.linalg.cholesky(covariance) @ rng.normal(size=(n, 2, 1)))[..., 0]
    return Truth(
        X,
        mean + noise,
        np.array([stats.multivariate_normal.logpdf(e, cov=c) for e, c in zip(noise, covariance, strict=True)]),
    )


def covariance_of(X: NDArray[np.float64]) -> NDArray[np.float64]:
    std = np.column_stack([0.3 * np.exp(0.4 * X[:, 0]), np.full(len(X), 0.2)])
    correlation = 0.9 * np.tanh(1.5 + X[:, 1])
    cross = correlation * std.prod(axis=1)
    return np.stack([np.stack([std[:, 0] ** 2, cross], -1), np.stack([cross, std[:, 1] ** 2], -1)], -2)


def network(head: dict[str, object], **training: object) -> Cnn1d:
    return Cnn1d(
        head={"samples": SAMPLES, **head},
        network={"blocks": [], "dense": [32, 32], "activation": "gelu"},
        training={"epochs": 40, "batch_size": 128, "learning_rate": 5e-3, **training},
    )


def log_density(model: Cnn1d, truth: Truth) -> NDArray[np.float64]:
    """What the fitted network says of labels that it has not seen, (target,), in their own units."""
    measured, labels = model._measured_like_training(truth.X), model._labels
    standard = torch.from_numpy(labels.standard(truth.y, measured.unit))
    with torch.inference_mode():
        each = [
            model._head.per_target(model._fitted_network()(inputs), standard[rows])
            for rows, inputs in model._batches(measured)
        ]
    return np.asarray(-truth.y.shape[1] * torch.cat(each).double().numpy() - np.log(labels.scale).sum())


def lost(model: Cnn1d, truth: Truth) -> float:
    """Nats by which the mean log density is below that of the truth."""
    return float(np.mean(truth.log_density - log_density(model, truth)))


def rank_probabilities(samples: NDArray[np.float64], y: NDArray[np.float64], mean: NDArray[np.float64]) -> list[float]:
    """p-values of flat ranks (simulation-based calibration; Talts et al. 2018): of each output, their sum and product.

    Sum and product are flat only where the outputs hang together as they should.
    """

    def forms(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        return [values[..., 0], values[..., 1], values.sum(-1), (values - mean).prod(-1)]

    ranks = [(s < t).sum(0) for s, t in zip(forms(samples), forms(y), strict=True)]
    return [float(stats.chisquare(np.bincount(rank // 10, minlength=10)).pvalue) for rank in ranks]


@pytest.fixture(scope="module")
def curved() -> dict[str, Cnn1d]:
    """Networks fitted to the banana, by their heads."""
    seen = banana(TRAINING, 0)
    heads: dict[str, dict[str, object]] = {
        "gaussian": {"type": "gaussian", "loss": "nll"},
        "mixture": {"type": "mixture", "components": 6, "covariance": "full"},
        "flow": {"type": "flow", "transforms": 1, "hidden": [32, 32], "bins": 12, "levels": [0.68, 0.95]},
    }
    epochs = {"gaussian": 15, "mixture": 40, "flow": 40}
    return {name: network(head, epochs=epochs[name]).fit(seen.X, seen.y, seed=3) for name, head in heads.items()}


def test_a_flow_comes_near_the_entropy_of_a_curved_posterior(curved: dict[str, Cnn1d]) -> None:
    new = banana(NEW, 1)
    diagonal, mixture, flow = (lost(curved[name], new) for name in ("gaussian", "mixture", "flow"))
    assert 0 < flow < 0.15  # nats for both outputs together
    assert mixture < 0.35
    assert diagonal > 1.2  # what is lost where neither the curve nor the tail is seen


def test_samples_of_a_curved_posterior_are_draws_of_it(curved: dict[str, Cnn1d]) -> None:
    new = banana(NEW, 1)
    prediction = curved["flow"].predict(new.X)
    samples, mean = prediction["samples"].values, prediction["mean"].values
    assert samples.shape == (SAMPLES, NEW, 2)
    assert min(rank_probabilities(samples, new.y, mean)) > 1e-3
    # the same test tells independent Gaussians from it
    prediction = curved["gaussian"].predict(new.X)
    assert min(rank_probabilities(prediction["samples"].values, new.y, prediction["mean"].values)) < 1e-12


def test_bounds_of_a_curved_posterior_hold_their_level(curved: dict[str, Cnn1d]) -> None:
    new = banana(NEW, 1)
    prediction = curved["flow"].predict(new.X)
    inside = (prediction["lower"] <= new.y[..., None]) & (new.y[..., None] <= prediction["upper"])
    # 1,000 targets: a standard error of 1.5 and of 0.7 %
    np.testing.assert_allclose(inside.mean("target"), [[0.68, 0.95]] * 2, atol=0.05)
    assert prediction["level"].values.tolist() == [0.68, 0.95]


def test_a_mixture_finds_both_solutions_and_how_outputs_hang_together_in_each() -> None:
    seen, new = two_solutions(TRAINING, 0), two_solutions(NEW, 1)
    mixture = network({"type": "mixture", "components": 2, "covariance": "full", "levels": [0.68, 0.95]})
    mixture.fit(seen.X, seen.y, seed=3)
    assert lost(mixture, new) < 0.05
    prediction = mixture.predict(new.X)
    samples = prediction["samples"].values
    assert min(rank_probabilities(samples, new.y, prediction["mean"].values)) > 1e-3
    between = np.abs(samples[..., 0]) < 0.3 * (1 + 0.3 * new.X[:, 0])
    assert between.mean() < 0.02  # where no solution is
    # the mean lies between the solutions, and std covers both
    np.testing.assert_allclose(prediction["mean"].values[:, 0], 0.0, atol=0.25)
    np.testing.assert_allclose(np.median(prediction["std"].values[:, 0]), 1.04, rtol=0.05)

    plain = network({"type": "gaussian", "loss": "nll"}, epochs=15).fit(seen.X, seen.y, seed=3)
    assert lost(plain, new) > 2.5


def test_a_full_covariance_is_recovered_and_worth_its_mutual_information() -> None:
    seen, new = correlated(TRAINING, 0), correlated(NEW, 1)
    full = network({"type": "gaussian", "covariance": "full", "loss": "nll"}).fit(seen.X, seen.y, seed=3)
    plain = network({"type": "gaussian", "loss": "nll"}).fit(seen.X, seen.y, seed=3)
    assert 0 < lost(full, new) < 0.12
    true = covariance_of(new.X)
    std = np.sqrt(np.diagonal(true, axis1=1, axis2=2))
    correlation = true[:, 0, 1] / std.prod(axis=1)
    information = -0.5 * np.log(1 - correlation**2).mean()
    assert lost(plain, new) - lost(full, new) > 0.8 * information > 0.3

    prediction = full.predict(new.X)
    found = prediction["covariance"].values
    np.testing.assert_allclose(np.sqrt(np.diagonal(found, axis1=1, axis2=2)), prediction["std"], rtol=1e-6)
    assert np.median(np.abs(np.log(prediction["std"].values / std))) < 0.05
    stated = found[:, 0, 1] / prediction["std"].values.prod(axis=1)
    assert np.median(np.abs(stated - correlation)) < 0.03


@pytest.fixture(scope="module")
def data() -> tuple[xr.DataArray, xr.DataArray]:
    seen = correlated(120, 0)
    names = [f"s{i}" for i in range(120)]
    X = xr.DataArray(
        seen.X, dims=("target", "wavelength"), coords={"target": names, "wavelength": [1.0, 2.0]}, name="flux"
    )
    return X, make_labels(seen.y, names, ["teff", "logg"])


class TestSamples:
    """Seeds, other targets, and what is kept of a fit."""

    @pytest.mark.parametrize("head", ["full", "mixture", "flow"])
    def test_they_are_the_same_whoever_else_is_predicted_and_after_a_saved_fit(self, data, head, tmp_path) -> None:
        X, y = data
        heads = {
            "full": {"type": "gaussian", "covariance": "full"},
            "mixture": {"type": "mixture", "covariance": "full", "components": 2},
            "flow": {"type": "flow", "transforms": 2, "hidden": [8], "draws": 64},
        }
        model = network(heads[head], epochs=3).fit(X, y, seed=5)
        whole = model.predict(X)
        xr.testing.assert_identical(model.predict(X), whole)
        xr.testing.assert_identical(network(heads[head], epochs=3).fit(X, y, seed=5).predict(X), whole)
        # the size of a matrix product decides the last bits of what comes out of it
        some = model.predict(X[[70, 3]])
        xr.testing.assert_allclose(some["samples"], whole["samples"].isel(target=[70, 3]), rtol=2e-5)
        renamed = X[[70]].assign_coords(target=["other"])
        np.testing.assert_allclose(model.predict(renamed)["samples"], whole["samples"].isel(target=[70]), rtol=2e-5)

        model.save(tmp_path)
        xr.testing.assert_identical(Cnn1d.load(tmp_path).predict(X), whole)
        assert not list(tmp_path.rglob("*.pkl"))
        other = network(heads[head], epochs=3).fit(X, y, seed=6).predict(X)
        assert not np.allclose(other["samples"], whole["samples"])

    def test_targets_do_not_share_their_numbers(self, data) -> None:
        X, y = data
        prediction = network({"type": "gaussian", "samples": 400}, epochs=2).fit(X, y, seed=5).predict(X[:20])
        normal = ((prediction["samples"] - prediction["mean"]) / prediction["std"]).transpose("sample", ...).values
        correlation = np.corrcoef(normal.reshape(400, -1).T)[np.triu_indices(40, 1)]
        # 780 pairs of 400 draws: a standard deviation of 0.05
        assert np.std(correlation) < 0.07
        assert np.abs(correlation).max() < 0.25

    def test_what_components_leave_of_the_labels_is_drawn_too(self) -> None:
        rng = np.random.default_rng(0)
        X = rng.normal(size=(300, 4))
        y = X @ rng.normal(size=(4, 6)) + rng.normal(size=(300, 6))
        model = Cnn1d(
            label_components=2,
            head={"type": "gaussian", "covariance": "full", "samples": 2000},
            network={"blocks": [], "dense": []},
            training={"epochs": 10},
        ).fit(X, y)
        prediction = model.predict(X[:5])
        np.testing.assert_allclose(prediction["samples"].std("sample"), prediction["std"], rtol=0.07)
