"""Densities over all outputs together: they integrate to 1, and their moments, bounds and samples are their own."""

import math
import sys

import numpy as np
import pytest
import torch
from scipy import stats

from specframe.errors import UsageError
from specframe_cnn.network.build import Shapes, build_network
from specframe_cnn.network.head import make_head
from specframe_cnn.network.params import FlowHead, GaussianHead, LowRankHead, MixtureHead, NetworkParams

FULL = GaussianHead(type="gaussian", covariance="full", levels=(0.5, 0.9))
MIXTURE = MixtureHead(type="mixture", covariance="full", components=3, levels=(0.5, 0.9))
FLOW = FlowHead(type="flow", transforms=2, hidden=(16,), levels=(0.5, 0.9), draws=8192)
SMALL = NetworkParams(blocks=(), dense=(8,), direct=False)


def stated(params, seed=3, outputs=2):
    """A head, and the raw output of a network of two targets, with weights away from the quiet start."""
    head = make_head(params, outputs)
    network = build_network(SMALL, Shapes(auxiliary=3), head, seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        network.last.weight.normal_(std=0.4, generator=generator)
        for name, weight in network.named_parameters():
            if name.startswith("head") and name.endswith("weight"):
                weight += 0.2 * torch.randn(weight.shape, generator=generator)
        raw = network({"auxiliary": torch.randn(2, 3, generator=generator)})
    return head, raw


def on_a_grid(head, raw, reach=9.0, points=721):
    """The density of each target on a grid (target, point, point), and the grid's axis."""
    axis = torch.linspace(-reach, reach, points)
    grid = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        each = [
            (-2 * head.per_target(row.expand(len(grid), -1), grid)).exp().reshape(points, points).double()
            for row in raw
        ]
    return torch.stack(each), axis.double()


@pytest.mark.parametrize("params", [FULL, MIXTURE, FLOW], ids=["gaussian", "mixture", "flow"])
def test_what_is_stated_is_what_the_density_says(params):
    head, raw = stated(params)
    density, axis = on_a_grid(head, raw)
    cell = float(axis[1] - axis[0]) ** 2
    # nothing of it is left outside the grid; splines have kinks that the sum over a grid sees
    torch.testing.assert_close(density.sum((1, 2)) * cell, torch.ones(2, dtype=torch.float64), rtol=2e-3, atol=0)

    weight = density / density.sum((1, 2), keepdim=True)
    first, second = weight.sum(2), weight.sum(1)
    mean = torch.stack([first @ axis, second @ axis], 1)
    offset = axis[None] - mean[:, :, None]  # (target, output, point)
    cross = torch.einsum("tab,ta,tb->t", weight, offset[:, 0], offset[:, 1])
    variance = torch.stack([(first * offset[:, 0] ** 2).sum(1), (second * offset[:, 1] ** 2).sum(1)], 1)

    with torch.no_grad():
        found = {name: values.double() for name, values in head.distribution(raw).items()}
    # the flow takes these from 8,192 quasi-random draws
    torch.testing.assert_close(found["mean"], mean, rtol=0, atol=0.02)
    torch.testing.assert_close(found["std"] ** 2, variance, rtol=0.02, atol=0)
    torch.testing.assert_close(found["covariance"][:, 0, 1], cross, rtol=0, atol=0.02 * float(variance.max()))
    assert cross.abs().max() > 0.05, "the case is one without a correlation to find"
    for level, (lower, upper) in enumerate(
        zip(found["lower"].movedim(2, 0), found["upper"].movedim(2, 0), strict=True)
    ):
        for output, marginal in enumerate((first, second)):
            for target in range(2):
                cumulative = np.cumsum(marginal[target].numpy())
                tails = np.interp([lower[target, output], upper[target, output]], axis.numpy(), cumulative)
                nominal = (0.5, 0.9)[level]
                np.testing.assert_allclose(tails, [(1 - nominal) / 2, (1 + nominal) / 2], atol=0.02)


@pytest.mark.parametrize(
    "params",
    [
        GaussianHead(type="gaussian"),
        FULL,
        LowRankHead(type="low-rank", rank=2),
        MixtureHead(type="mixture"),
        MixtureHead(type="mixture", shared=True),
        MIXTURE,
        FLOW,
    ],
    ids=["gaussian", "full", "low-rank", "mixture", "shared", "full mixture", "flow"],
)
def test_samples_have_the_moments_that_are_stated(params):
    head, raw = stated(params)
    normal = torch.randn(40_000, 2, head.normals, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        drawn = head.sample(raw, normal).double()
        found = head.distribution(raw)
    assert drawn.shape == (40_000, 2, 2)
    std = found["std"].double()
    # 40,000 draws: errors of 0.5 % of a standard deviation, and of a variance of 1 %; tails are heavier than normal
    assert ((drawn.mean(0) - found["mean"]).abs() < 0.03 * std).all()
    torch.testing.assert_close(drawn.std(0), std, rtol=0.03, atol=0)
    if "covariance" in found:
        offset = drawn - drawn.mean(0)
        covariance = torch.einsum("dto,dtp->top", offset, offset) / len(drawn)
        scale = std[:, :, None] * std[:, None, :]
        assert ((covariance - found["covariance"]).abs() < 0.04 * scale).all()


def test_full_gaussian_is_that_of_scipy():
    head, raw = stated(FULL, outputs=5)
    labels = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = {name: values.double().numpy() for name, values in head.distribution(raw).items()}
        likelihood = head.per_target(raw, labels).numpy()
    for target in range(2):
        normal = stats.multivariate_normal(found["mean"][target], found["covariance"][target])
        assert likelihood[target] == pytest.approx(-normal.logpdf(labels[target].numpy()) / 5, rel=1e-4)


def test_an_untrained_flow_is_a_gaussian():
    head = make_head(FLOW, 3)
    network = build_network(SMALL, Shapes(auxiliary=3), head, 0)
    labels = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        raw = network({"auxiliary": torch.randn(50, 3, generator=torch.Generator().manual_seed(1))})
        plain = make_head(GaussianHead(type="gaussian", loss="nll"), 3)
        torch.testing.assert_close(
            head.per_target(raw, labels), plain.per_target(raw[:, :6], labels), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("flow", ["nsf", "maf"])
@pytest.mark.parametrize("outputs", [1, 4])
def test_flows_of_one_output_and_of_several_go_there_and_back(flow, outputs):
    head, raw = stated(FlowHead(type="flow", flow=flow, transforms=3), outputs=outputs)
    normal = torch.randn(100, 2, outputs, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        drawn = head.sample(raw, normal)
        centre, log_variance, context = head._seen(raw)
        back = head._at(context)((drawn - centre) * (-log_variance / 2).exp())
    torch.testing.assert_close(back, normal, rtol=0, atol=2e-3)  # the inverse of a spline, in single precision


def test_a_flow_depends_on_its_seed_alone_and_leaves_torchs_random_state():
    before = torch.random.get_rng_state()
    one, two, other = (build_network(SMALL, Shapes(auxiliary=3), make_head(FLOW, 2), seed) for seed in (1, 1, 2))
    assert repr(one) == repr(two)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert "FlowTransforms" in one.summary()


def test_losses_of_a_flow_survive_wild_raw_values():
    head, raw = stated(FLOW)
    wild = (100 * raw).requires_grad_()
    head.loss(wild, torch.tensor([[50.0, -50.0], [0.0, 1e3]])).backward()
    assert torch.isfinite(wild.grad).all()
    with torch.no_grad():
        assert all(torch.isfinite(values).all() for values in head.distribution(wild).values())


def test_without_zuko_the_line_that_installs_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "zuko", None)
    with pytest.raises(ValueError, match=r'pip install "specframe\[flow\]"'):
        FlowHead(type="flow")


@pytest.mark.parametrize("params", [FULL, MIXTURE, FLOW], ids=["gaussian", "mixture", "flow"])
def test_more_outputs_than_a_joint_density_is_for_are_refused(params):
    with pytest.raises(UsageError, match=r"64 outputs at most, got 65; .* low-rank"):
        make_head(params, 65)


@pytest.mark.parametrize(
    "head",
    [
        {"type": "gaussian", "covariance": "full", "output": "convolutional"},
        {"type": "mixture", "covariance": "full", "output": "convolutional"},
        {"type": "flow", "output": "convolutional"},
    ],
)
def test_a_joint_density_is_not_read_at_the_positions_of_the_outputs(head):
    kinds = {"gaussian": GaussianHead, "mixture": MixtureHead, "flow": FlowHead}
    with pytest.raises(ValueError, match="low-rank"):
        kinds[head["type"]](**head)


def test_beta_weighs_each_output_by_what_is_left_of_its_variance():
    """With beta 1 the gradient of the mean is that of the squared error where outputs are independent."""
    head = make_head(GaussianHead(type="gaussian", covariance="full", beta=1.0), 2)
    raw = torch.tensor([[0.3, -0.2, -1.0, 1.0, 0.0]], requires_grad=True)
    labels = torch.tensor([[1.0, 1.0]])
    head.loss(raw, labels).backward()
    torch.testing.assert_close(raw.grad[0, :2], (raw.detach()[0, :2] - labels[0]) / 2, rtol=1e-3, atol=1e-4)
    assert math.isfinite(float(raw.grad[0, 4]))
