"""Heads against independent libraries, gradients against finite differences."""

import itertools
import math

import numpy as np
import pytest
import scoringrules
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from sklearn.metrics import mean_pinball_loss
from torch import distributions

from specframe.api import Params
from specframe_cnn.network.head import make_head
from specframe_cnn.network.params import GaussianHead, HeadParams, LowRankHead, MeanHead, MixtureHead, QuantilesHead

N, OUTPUTS = 5, 4
HEADS = [
    MeanHead(),
    MeanHead(loss="huber", delta=0.7),
    MeanHead(loss="mae"),
    GaussianHead(type="gaussian"),
    GaussianHead(type="gaussian", loss="nll"),
    QuantilesHead(type="quantiles"),
    MixtureHead(type="mixture"),
    MixtureHead(type="mixture", shared=True, components=2, levels=(0.5,)),
    LowRankHead(type="low-rank", rank=2),
    GaussianHead(type="gaussian", covariance="full"),
    MixtureHead(type="mixture", covariance="full", components=2, levels=(0.5,)),
]
IDS = [f"{params.type}-{params.loss}-{number}" for number, params in enumerate(HEADS)]


def problem(params, seed=0, dtype=torch.float64, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    head = make_head(params, OUTPUTS)
    raw = scale * torch.randn(N, head.width, generator=generator, dtype=torch.float64)
    return head, raw.to(dtype), torch.randn(N, OUTPUTS, generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("params", HEADS, ids=IDS)
def test_gradients_are_those_of_finite_differences(params):
    head, raw, labels = problem(params)
    weight = torch.linspace(0.5, 1.5, N, dtype=torch.float64)
    if isinstance(params, GaussianHead) and params.loss == "beta-nll":
        head.beta = 0.0  # the weight is held constant in the gradient, on purpose
    assert torch.autograd.gradcheck(lambda values: head.loss(values, labels, weight), raw.requires_grad_())


@pytest.mark.parametrize("params", HEADS, ids=IDS)
def test_loss_is_the_weighted_mean_over_targets(params):
    head, raw, labels = problem(params)
    weight = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0], dtype=torch.float64)
    each = [float(head.loss(raw[i : i + 1], labels[i : i + 1])) for i in range(N)]
    assert float(head.loss(raw, labels, weight)) == pytest.approx(np.average(each, weights=weight), rel=1e-12)
    assert float(head.loss(raw, labels)) == pytest.approx(np.mean(each), rel=1e-12)
    assert head.per_target(raw, labels).shape == (N,)


@pytest.mark.parametrize("params", HEADS, ids=IDS)
def test_where_linear_the_first_columns_are_the_mean(params):
    head, raw, _ = problem(params)
    assert torch.equal(head.distribution(raw)["mean"], raw[:, :OUTPUTS]) is head.linear


@pytest.mark.parametrize("params", HEADS, ids=IDS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_losses_of_less_precise_networks_are_taken_in_single_precision(params, dtype):
    head, raw, labels = problem(params, dtype=dtype)
    loss = head.loss(raw, labels.float())
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)
    assert all(values.dtype == torch.float32 for values in head.distribution(raw).values())


@pytest.mark.parametrize("params", HEADS, ids=IDS)
def test_losses_and_gradients_survive_wild_raw_values(params):
    head, raw, labels = problem(params, dtype=torch.float32, scale=100.0)
    raw.requires_grad_()
    head.loss(raw, labels).backward()
    assert torch.isfinite(raw.grad).all()
    assert all(torch.isfinite(values).all() for values in head.distribution(raw).values())


class TestMean:
    """Squared, absolute and Huber's error."""

    def test_losses_are_those_of_scipy_and_numpy(self):
        _, raw, labels = problem(MeanHead(), scale=2.0)
        error = (raw - labels).numpy()
        for loss, expected in (
            ("mse", (error**2).mean(1)),
            ("mae", np.abs(error).mean(1)),
            ("huber", special.huber(0.7, error).mean(1)),
        ):
            head = make_head(MeanHead(loss=loss, delta=0.7), OUTPUTS)
            np.testing.assert_allclose(head.per_target(raw, labels), expected, rtol=1e-12)


class TestGaussian:
    """Likelihood, beta-NLL."""

    def test_likelihood_is_that_of_scoringrules(self):
        head, raw, labels = problem(GaussianHead(type="gaussian", loss="nll"))
        stated = {name: values.numpy() for name, values in head.distribution(raw).items()}
        expected = scoringrules.logs_normal(labels.numpy(), stated["mean"], stated["std"]).mean(1)
        np.testing.assert_allclose(head.per_target(raw, labels), expected, rtol=1e-12)
        np.testing.assert_allclose(stated["std"], np.exp(raw[:, OUTPUTS:].numpy() / 2), rtol=4e-3)  # soft bounds

    @pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
    def test_beta_scales_the_gradients_by_the_variance(self, beta):
        """Seitzer et al. (2022), eqs. 5 to 7: the gradient of the mean is (mean - label) / variance^(1 - beta)."""
        head, raw, labels = problem(GaussianHead(type="gaussian", beta=beta))
        raw.requires_grad_()
        head.loss(raw, labels).backward()
        variance = head.distribution(raw)["std"].detach() ** 2
        expected = (raw.detach()[:, :OUTPUTS] - labels) / variance ** (1 - beta) / (N * OUTPUTS)
        torch.testing.assert_close(raw.grad[:, :OUTPUTS], expected)

    def test_networks_are_judged_by_the_likelihood_whatever_beta(self):
        head, raw, labels = problem(GaussianHead(type="gaussian", beta=1.0))
        plain = make_head(GaussianHead(type="gaussian", loss="nll"), OUTPUTS)
        assert torch.equal(head.per_target(raw, labels), plain.per_target(raw, labels))
        assert not torch.equal(head.to_learn(raw, labels), plain.to_learn(raw, labels))


class TestQuantiles:
    """Pinball loss, order of the quantiles."""

    def test_loss_is_that_of_scikit_learn(self):
        head, raw, labels = problem(QuantilesHead(type="quantiles", levels=(0.5, 0.9)))
        stated = head.distribution(raw)
        pairs = [
            (stated["mean"], 0.5),
            *((stated[side][..., i], alpha) for side, alphas in (("lower", (0.25, 0.05)), ("upper", (0.75, 0.95)))
              for i, alpha in enumerate(alphas)),
        ]  # fmt: skip
        expected = np.mean([mean_pinball_loss(labels.numpy(), value.numpy(), alpha=alpha) for value, alpha in pairs])
        assert float(head.loss(raw, labels)) == pytest.approx(expected, rel=1e-12)

    @given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=5 * OUTPUTS, max_size=5 * OUTPUTS))
    @settings(max_examples=50, deadline=None)
    def test_quantiles_never_cross(self, values):
        stated = make_head(QuantilesHead(type="quantiles"), OUTPUTS).distribution(torch.tensor([values]))
        narrow, wide = 0, 1
        order = [
            stated["lower"][..., wide],
            stated["lower"][..., narrow],
            stated["mean"],
            stated["upper"][..., narrow],
            stated["upper"][..., wide],
        ]
        assert all((after >= before).all() for before, after in itertools.pairwise(order))

    def test_quantiles_start_as_those_of_the_normal_distribution(self):
        head = make_head(QuantilesHead(type="quantiles", levels=(0.68, 0.95)), 1)
        stated = head.distribution(head.start[None])
        np.testing.assert_allclose(stated["upper"][0, 0], stats.norm.ppf([0.84, 0.975]), rtol=1e-5)
        np.testing.assert_allclose(stated["lower"][0, 0], stats.norm.ppf([0.16, 0.025]), rtol=1e-5)
        assert head.levels == (0.68, 0.95)

    def test_learned_quantiles_are_those_of_the_sample(self):
        sample = torch.from_numpy(np.random.default_rng(0).gamma(2.0, size=(2000, 1)))
        head = make_head(QuantilesHead(type="quantiles", levels=(0.8,)), 1)
        raw = head.start.double().clone().requires_grad_()
        optimiser = torch.optim.LBFGS([raw], max_iter=200, line_search_fn="strong_wolfe")

        def closure():
            optimiser.zero_grad()
            loss = head.loss(raw.expand(2000, 3), sample)
            loss.backward()
            return loss

        optimiser.step(closure)
        stated = head.distribution(raw.detach()[None])
        found = [float(stated["lower"]), float(stated["mean"]), float(stated["upper"])]
        # a quantile of 2,000 draws has a standard error of about 0.03 to 0.07; here only the optimiser errs
        np.testing.assert_allclose(found, np.quantile(sample.numpy(), [0.1, 0.5, 0.9]), atol=0.03)


class TestMixture:
    """Density, moments and quantiles."""

    def oracle(self, raw, components):
        logits = raw[:, 2 * components * OUTPUTS :].reshape(N, components, OUTPUTS).transpose(1, 2)
        mean, log_variance = (
            raw[:, i * components * OUTPUTS : (i + 1) * components * OUTPUTS]
            .reshape(N, components, OUTPUTS)
            .transpose(1, 2)
            for i in (0, 1)
        )
        normal = distributions.Normal(mean, (log_variance / 2).exp())
        return distributions.MixtureSameFamily(distributions.Categorical(logits=logits), normal)

    def test_likelihood_and_moments_are_those_of_torch(self):
        head, raw, labels = problem(MixtureHead(type="mixture"))
        mixture, stated = self.oracle(raw, 3), head.distribution(raw)
        # the soft bounds of the variance, -18 and 10, move its logarithm by 5e-5 e^s
        torch.testing.assert_close(
            head.per_target(raw, labels), -mixture.log_prob(labels).mean(1), rtol=3e-3, atol=3e-3
        )
        torch.testing.assert_close(stated["mean"], mixture.mean)
        torch.testing.assert_close(stated["std"], mixture.variance.sqrt(), rtol=5e-3, atol=0)

    def test_bounds_hold_their_level(self):
        head, raw, _ = problem(MixtureHead(type="mixture", levels=(0.3, 0.95)))
        mixture, stated = self.oracle(raw, 3), head.distribution(raw)
        for i, level in enumerate((0.3, 0.95)):
            inside = mixture.cdf(stated["upper"][..., i]) - mixture.cdf(stated["lower"][..., i])
            torch.testing.assert_close(inside, torch.full_like(inside, level), atol=1e-3, rtol=0)
            below = mixture.cdf(stated["lower"][..., i])
            torch.testing.assert_close(below, torch.full_like(below, (1 - level) / 2), atol=1e-3, rtol=0)

    def test_shared_weights_make_one_density_over_all_outputs(self):
        head, raw, labels = problem(MixtureHead(type="mixture", shared=True, components=2))
        mean, log_variance = (raw[:, i * 8 : (i + 1) * 8].reshape(N, 2, OUTPUTS) for i in (0, 1))
        mixture = distributions.MixtureSameFamily(
            distributions.Categorical(logits=raw[:, 16:]),
            distributions.Independent(distributions.Normal(mean, (log_variance / 2).exp()), 1),
        )
        expected = -mixture.log_prob(labels) / OUTPUTS
        torch.testing.assert_close(head.per_target(raw, labels), expected, rtol=3e-3, atol=3e-3)

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            draws = mixture.sample((40_000,))
        stated = head.distribution(raw)
        for target in range(N):
            # 40,000 draws: a covariance has a relative error of about 0.7 %
            found = np.cov(draws[:, target].T.numpy())
            np.testing.assert_allclose(stated["covariance"][target], found, atol=0.03 * np.abs(found).max())
        diagonal = stated["covariance"].diagonal(dim1=1, dim2=2)
        torch.testing.assert_close(diagonal.sqrt(), stated["std"])

    def test_components_start_apart(self):
        head = make_head(MixtureHead(type="mixture", components=3), 1)
        assert head.start[:3].tolist() == [-1.0, 0.0, 1.0]


class TestLowRank:
    """Woodbury's identity."""

    def test_likelihood_and_covariance_are_those_of_scipy_and_torch(self):
        head, raw, labels = problem(LowRankHead(type="low-rank", rank=2))
        stated = head.distribution(raw)
        expected = [
            -stats.multivariate_normal(mean, covariance).logpdf(label) / OUTPUTS
            for mean, covariance, label in zip(
                stated["mean"].numpy(), stated["covariance"].numpy(), labels.numpy(), strict=True
            )
        ]
        np.testing.assert_allclose(head.per_target(raw, labels), expected, rtol=1e-10)
        factor = raw[:, 2 * OUTPUTS :].reshape(N, 2, OUTPUTS).mT
        torch_own = distributions.LowRankMultivariateNormal(
            raw[:, :OUTPUTS], factor, raw[:, OUTPUTS : 2 * OUTPUTS].exp()
        )
        torch.testing.assert_close(stated["covariance"], torch_own.covariance_matrix, rtol=4e-3, atol=4e-3)
        torch.testing.assert_close(stated["std"], torch_own.stddev, rtol=4e-3, atol=0)

    def test_single_precision_survives_an_ill_conditioned_covariance(self):
        """Patterns 1,000 times stronger than the diagonal, and nearly the same: condition number 1e12."""
        generator = torch.Generator().manual_seed(0)
        head = make_head(LowRankHead(type="low-rank", rank=3), 200)
        pattern = torch.randn(1, 1, 200, generator=generator)
        factor = 10 * pattern + 1e-3 * torch.randn(1, 3, 200, generator=generator)
        raw = torch.cat([torch.zeros(1, 200), torch.full((1, 200), -9.0), factor.reshape(1, -1)], 1)
        labels = 7 * pattern[0] + 0.01 * torch.randn(1, 200, generator=generator)
        covariance = head.distribution(raw.double())["covariance"][0].numpy()
        expected = -stats.multivariate_normal(np.zeros(200), covariance).logpdf(labels[0].double().numpy()) / 200
        assert float(head.per_target(raw, labels)) == pytest.approx(expected, rel=2e-4)


def test_a_name_stands_for_a_head_and_unknown_words_are_refused():
    class Some(Params):
        head: HeadParams = MeanHead()

    assert Some.validate_data({"head": "gaussian"}).head == GaussianHead(type="gaussian")
    assert Some.validate_data({"head": {"type": "low-rank", "rank": 7}}).head.rank == 7
    unordered = {"type": "quantiles", "levels": [0.95, 0.68]}
    for wrong in (
        "gauss",
        unordered,
        {"type": "mean", "levels": [0.5]},
        {"type": "quantiles", "levels": [1.5]},
        {"rank": 3},
    ):
        with pytest.raises(ValueError, match="head"):
            Some.validate_data({"head": wrong})


def test_log_of_two_pi_is_counted():
    head = make_head(GaussianHead(type="gaussian", loss="nll"), 1)
    assert float(head.per_target(torch.zeros(1, 2), torch.zeros(1, 1))) == pytest.approx(
        math.log(2 * math.pi) / 2, abs=4e-4
    )
