"""Networks: fusion, positions, initial weights, and sizes of the defaults."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from specframe.errors import UsageError
from specframe_cnn.network.build import Shapes, build_network
from specframe_cnn.network.head import make_head
from specframe_cnn.network.params import GaussianHead, LowRankHead, MeanHead, MixtureHead, NetworkParams

CONV = {"type": "conv", "filters": 8, "kernel": 3}


def network(data=(), shapes=None, head=None, outputs=1, seed=0, **more):
    params = NetworkParams.validate_data({"blocks": list(data), "direct": False, **more} if data else more)
    return build_network(params, shapes or Shapes(series=(1, 20)), make_head(head or MeanHead(), outputs), seed)


def inputs(shapes, count=4, seed=1):
    generator = torch.Generator().manual_seed(seed)
    sizes = {"series": shapes.series, "image": shapes.image, "auxiliary": (shapes.auxiliary,)}
    return {name: torch.randn(count, *size, generator=generator) for name, size in sizes.items() if size and size[0]}


ALL = [
    Shapes(series=(1, 187)),
    Shapes(series=(3, 5)),
    Shapes(image=(1, 40, 33)),
    Shapes(auxiliary=3),
    Shapes(series=(2, 33), auxiliary=3),
    Shapes(series=(2, 33), image=(1, 24, 20), auxiliary=1),
]


@pytest.mark.parametrize("fusion", ["concatenate", "film"])
@pytest.mark.parametrize("shapes", ALL)
def test_any_set_of_inputs_gives_the_raw_output_from_the_features(shapes, fusion):
    built = network(shapes=shapes, outputs=3, head=GaussianHead(type="gaussian"), fusion=fusion, auxiliary=[6]).eval()
    data = inputs(shapes)
    raw = built(data)
    assert raw.shape == (4, 6)
    features = built.features(data).detach().numpy().astype(float)
    expected = features @ built.last.weight.detach().numpy().T + built.last.bias.detach().numpy()
    np.testing.assert_allclose(raw.detach().numpy(), expected, atol=1e-5)  # single precision


def test_a_prediction_does_not_depend_on_the_other_targets_of_the_batch():
    shapes = Shapes(series=(2, 33), image=(1, 24, 20), auxiliary=3)
    built, data = network(shapes=shapes).eval(), inputs(shapes)
    alone = built({name: values[2:3] for name, values in data.items()})
    torch.testing.assert_close(built(data)[2:3], alone, atol=1e-5, rtol=1e-5)


def test_every_input_is_heard():
    shapes = Shapes(series=(2, 33), image=(1, 24, 20), auxiliary=3)
    built, data = network(shapes=shapes).eval(), inputs(shapes)
    for values in data.values():
        values.requires_grad_()
    built(data).sum().backward()
    assert all(values.grad.abs().max() > 0 for values in data.values())


def test_film_starts_as_none_and_scales_each_channel():
    shapes = Shapes(series=(1, 20), auxiliary=2)
    built, data = network([CONV], shapes=shapes, fusion="film").eval(), inputs(shapes)
    other = data | {"auxiliary": data["auxiliary"] + 5}
    assert torch.equal(built(data), built(other))
    film = built.branches["series"].film
    with torch.no_grad():
        film.linear.weight[1, 0] = 0.5  # scale of channel 1 from auxiliary value 0
        film.linear.bias[8 + 2] = 3.0  # shift of channel 2
    before = torch.randn(4, 8, 20)
    after = film(before, data["auxiliary"])
    torch.testing.assert_close(after[:, 1], before[:, 1] * (1 + 0.5 * data["auxiliary"][:, :1]))
    torch.testing.assert_close(after[:, 2], before[:, 2] + 3)
    assert torch.equal(after[:, 3:], before[:, 3:])


def test_initial_weights_depend_on_the_seed_alone_and_leave_the_global_state():
    torch.manual_seed(1)
    first, drawn = network(seed=5).state_dict(), torch.rand(1)
    torch.manual_seed(1)
    expected = torch.rand(1)
    second, other = network(seed=5).state_dict(), network(seed=6).state_dict()
    assert drawn == expected
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["last.weight"], other["last.weight"])


def test_initial_weights_have_the_variance_of_he():
    built = network([{"type": "conv", "filters": 256, "kernel": 9}, {"type": "conv", "filters": 256, "kernel": 9}])
    second = [layer for layer in built.modules() if isinstance(layer, nn.Conv1d)][1]
    # 590,000 weights: the variance of their variance is 2 / n, so three standard errors are 0.6 %
    assert second.weight.var().item() == pytest.approx(2 / (256 * 9), rel=6e-3)
    assert second.bias.abs().max() == 0


@pytest.mark.parametrize("kind", ["residual", "multi-scale"])
def test_residual_blocks_start_as_their_shortcut(kind):
    with_block = network([CONV, {"type": kind, "filters": 8}, {"type": "flatten"}], dense=[]).eval()
    data = inputs(Shapes(series=(1, 20)))["series"]
    branch = with_block.branches["series"].blocks
    assert torch.equal(branch(data), branch[2](branch[0](data)))


def test_the_first_prediction_is_near_the_mean_of_the_labels():
    raw = network(shapes=Shapes(series=(1, 187)), head=GaussianHead(type="gaussian")).eval()(
        inputs(Shapes(series=(1, 187)), 200)
    )
    assert raw.std(0).max() < 0.5  # labels have a standard deviation of 1, and so has the error that is stated first
    assert raw.mean(0).abs().max() < 0.5


class TestDirect:
    """Inputs that the last layer reads themselves."""

    def test_they_start_without_weight_and_are_the_last_features(self):
        shapes = Shapes(series=(2, 33), auxiliary=3)
        built, data = network(shapes=shapes).eval(), inputs(shapes)
        assert built.last.weight[:, 64:].abs().max() == 0
        expected = torch.cat([data["series"].flatten(1), data["auxiliary"]], 1)
        assert torch.equal(built.features(data)[:, 64:], expected)

    def test_auto_takes_few_weights_alone(self):
        for outputs, more in ((1, 66), (75, 66), (76, 0)):  # of 5,000 weights
            assert network(shapes=Shapes(series=(2, 33)), outputs=outputs).last.in_features == 64 + more
        assert network(shapes=Shapes(series=(2, 33)), outputs=76, direct=True).last.in_features == 64 + 66
        assert network(shapes=Shapes(series=(2, 33)), direct=False).last.in_features == 64

    def test_convolutional_outputs_read_their_own_position(self):
        shapes = Shapes(series=(2, 30), auxiliary=1)
        built = network(shapes=shapes, head=MeanHead(output="convolutional"), outputs=30).eval()
        data = inputs(shapes)
        features = built.features(data)
        assert torch.equal(features[:, 7, -3:-1], data["series"][:, :, 7])
        assert torch.equal(features[:, 7, -1:], data["auxiliary"])


class TestConvolutional:
    """One output for each position."""

    def test_an_output_sees_its_surroundings_alone(self):
        shapes = Shapes(series=(1, 30))
        head = MeanHead(output="convolutional")
        built = network([CONV, {"type": "conv", "filters": 8, "kernel": 5}], shapes=shapes, head=head, outputs=30)
        data = inputs(shapes, 1)
        other = {"series": data["series"].clone()}
        other["series"][0, 0, 12] += 1
        changed = (built.eval()(data) != built(other))[0].nonzero().flatten()
        assert changed.tolist() == list(range(9, 16))  # 12 +- (1 + 2)

    def test_a_shifted_series_gives_shifted_outputs(self):
        shapes = Shapes(series=(1, 30))
        head = GaussianHead(type="gaussian", output="convolutional")
        built = network([CONV], shapes=shapes, head=head, outputs=30).eval()
        data = inputs(shapes, 2)
        shifted = {"series": data["series"].roll(4, -1)}
        raw, moved = (built(one).reshape(2, 2, 30) for one in (data, shifted))
        torch.testing.assert_close(moved[..., 6:28], raw[..., 2:24], atol=1e-6, rtol=1e-5)

    def test_few_weights_give_many_outputs(self):
        built = network(
            shapes=Shapes(series=(2, 283)), head=LowRankHead(type="low-rank", output="convolutional"), outputs=283
        )
        assert built.last.out_features == 6
        assert built.n_parameters < 40_000

    def test_images_have_positions_along_wavelength(self):
        shapes = Shapes(image=(1, 21, 40), series=(1, 50), auxiliary=2)
        built = network(shapes=shapes, head=MeanHead(output="convolutional"), outputs=21).eval()
        data = inputs(shapes)
        assert built(data).shape == (4, 21)
        # 64 features, and the light curve and the auxiliary values themselves
        assert built.features(data).shape == (4, 21, 64 + 50 + 2)
        expected = built.features(data) @ built.last.weight[0] + built.last.bias
        torch.testing.assert_close(built(data), expected, atol=1e-5, rtol=1e-5)

    def test_shared_parameters_are_means_over_the_positions(self):
        shapes = Shapes(series=(1, 12))
        head = MixtureHead(type="mixture", shared=True, output="convolutional")
        built = network([CONV], shapes=shapes, head=head, outputs=12).eval()
        data = inputs(shapes)
        raw = built(data)
        assert raw.shape == (4, 12 * 6 + 3)
        every = built.last(built.features(data))  # (target, output, parameter)
        torch.testing.assert_close(raw[:, 72:], every[..., 6:].mean(1))
        torch.testing.assert_close(raw[:, 12:24], every[..., 1])

    @pytest.mark.parametrize(
        ("block", "words"), [({"type": "pool"}, "series ends with 4"), ({"type": "flatten"}, "series ends flat")]
    )
    def test_what_shortens_is_refused(self, block, words):
        with pytest.raises(UsageError, match=f"one position for each of the 9 outputs after the blocks, but {words}"):
            network([block], shapes=Shapes(series=(1, 9)), head=MeanHead(output="convolutional"), outputs=9)


def test_dropout_is_one_rate_or_one_for_each_layer():
    built = network(dense=[8, 6, 4], dropout=[0.1, 0.0, 0.3])
    assert [layer.p for layer in built.modules() if isinstance(layer, nn.Dropout)] == [0.1, 0.3]
    with pytest.raises(ValueError, match="one for each dense layer: expected 2, got 1"):
        NetworkParams(dense=(8, 6), dropout=(0.1,))


def test_a_network_without_inputs_is_refused():
    with pytest.raises(UsageError, match="expected a series, an image or auxiliary values"):
        network(shapes=Shapes())


@pytest.mark.parametrize(
    ("shapes", "outputs", "head"),
    [
        (Shapes(series=(1, 187)), 1, MeanHead()),  # a white light curve
        (Shapes(series=(1, 135), auxiliary=6), 1, GaussianHead(type="gaussian")),
        (Shapes(series=(2, 283)), 283, GaussianHead(type="gaussian")),  # a fitted spectrum
        (Shapes(series=(2, 283)), 283, GaussianHead(type="gaussian", output="convolutional")),
        (Shapes(image=(1, 71, 60)), 283, GaussianHead(type="gaussian")),
        (Shapes(image=(1, 283, 60)), 283, MeanHead(output="convolutional")),
    ],
)
def test_defaults_are_small_enough_for_a_few_hundred_targets(shapes, outputs, head):
    assert 19_000 <= network(shapes=shapes, head=head, outputs=outputs).n_parameters <= 200_000


def test_a_default_network_learns_a_depth_from_noisy_curves():
    generator = torch.Generator().manual_seed(3)
    depth = torch.randn(256, 1, generator=generator)
    time = torch.linspace(-1, 1, 64)
    curves = -(depth[..., None]) * (time.abs() < 0.4) + 0.3 * torch.randn(256, 1, 64, generator=generator)
    head = make_head(GaussianHead(type="gaussian"), 1)
    built = build_network(NetworkParams(dropout=0.0), Shapes(series=(1, 64)), head, seed=1)
    optimiser = torch.optim.Adam(built.parameters(), 2e-3)
    for _ in range(40):
        optimiser.zero_grad()
        head.loss(built({"series": curves[:192]}), depth[:192]).backward()
        optimiser.step()
    stated = head.distribution(built.eval()({"series": curves[192:]}))
    error = (stated["mean"] - depth[192:]).square().mean().sqrt()
    # the mean of the 25 samples in transit has an error of 0.06; labels have a standard deviation of 1
    assert error < 0.2
    assert stated["std"].mean() < 0.4


def test_the_summary_lists_every_weight():
    built = network(shapes=Shapes(series=(1, 40), image=(1, 20, 20)), outputs=2)
    lines = built.summary().splitlines()
    weights = [int(line.split()[-1].replace(",", "")) for line in lines]
    assert sum(weights[:-1]) == weights[-1] == sum(math.prod(w.shape) for w in built.parameters())


def test_parameters_are_read_without_torch():
    code = "import sys, specframe_cnn.network.params; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
