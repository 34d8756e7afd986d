"""Augmentations against injected truth: what they change, by how much, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from specframe.errors import UsageError
from specframe_cnn.training.augmentation import Augmentation
from specframe_cnn.training.data import TensorData
from specframe_cnn.training.params import AugmentationParams

N, WAVELENGTHS, TIMES = 400, 12, 50
MEAN, SPREAD = 0.004, 0.001  # of the labels: relative depth
UNIT = 0.002  # relative flux of one normalised unit


def transit_shape() -> torch.Tensor:
    """A transit that is not symmetric in time, so that a flip shows, (time,)."""
    phase = torch.linspace(-1, 1, TIMES)
    return torch.where(phase.abs() < 0.4, 1.0 + 0.3 * phase, torch.zeros(TIMES))


def planets(depth: torch.Tensor, noise: float = 0.0, seed: int = 0) -> TensorData:
    """Images and white curves of planets of given depths (n,), and as auxiliary values the depth and a temperature."""
    generator = torch.Generator().manual_seed(seed)
    n = len(depth)
    tilt = torch.linspace(0.9, 1.1, WAVELENGTHS)[None, :, None]
    image = -(depth[:, None, None] * tilt * transit_shape()) / UNIT
    image = image[:, None] + noise * torch.randn(n, 1, WAVELENGTHS, TIMES, generator=generator)
    series = image.mean(dim=2)
    standard = (depth - MEAN) / SPREAD
    temperature = torch.linspace(-1, 1, n)
    return TensorData(
        inputs={"image": image, "series": series, "auxiliary": torch.stack([standard, temperature], dim=1)},
        labels=standard[:, None],
        weight=torch.ones(n),
        errors={"image": torch.full_like(image, noise)} if noise else {},
        offsets={
            "image": torch.zeros(()),
            "series": torch.zeros(()),
            "auxiliary": torch.tensor([MEAN / SPREAD, torch.nan]),
            "labels": torch.tensor([MEAN / SPREAD]),
        },
        time_axis={"image": 3, "series": 2},
        wavelength_axis={"image": 2},
        scales={"image": UNIT, "series": UNIT},
    )


def depths(n: int = N) -> torch.Tensor:
    return torch.linspace(0.002, 0.01, n)


def apply(data: TensorData, seed: int = 1, **params: float) -> TensorData:
    return Augmentation(AugmentationParams(**params))(data, torch.Generator().manual_seed(seed))


def equal(first: TensorData, second: TensorData) -> bool:
    return all(torch.equal(first.inputs[name], second.inputs[name]) for name in first.inputs)


def test_all_off_changes_nothing():
    data = planets(depths(), noise=0.1)
    augmentation = Augmentation(AugmentationParams())
    assert not augmentation.active
    assert equal(augmentation(data, torch.Generator()), data)


@pytest.mark.parametrize(
    "params",
    [
        {"time_flip": 0.5},
        {"noise": 1.0},
        {"drift": 1e-3},
        {"channel_masking": 0.3},
        {"depth_scaling": 0.5},
        {"band_masking": 0.9},
    ],
)
def test_the_batch_itself_stays_as_it_is_and_the_generator_decides(params):
    data, copy = planets(depths(), noise=0.1), planets(depths(), noise=0.1)
    first, again, other = apply(data, 1, **params), apply(data, 1, **params), apply(data, 2, **params)
    assert equal(data, copy)
    assert not equal(first, data)
    assert equal(first, again)
    assert not equal(first, other)


def test_depth_scaling_gives_the_curves_of_the_scaled_depth():
    """A curve scaled with its label is the curve that a planet of the new label would have."""
    changed = apply(planets(depths()), depth_scaling=0.5)
    new_depth = changed.labels[:, 0] * SPREAD + MEAN
    factor = new_depth / depths()
    truth = planets(new_depth)
    for name in ("image", "series"):
        # float32: values of up to 5 units
        torch.testing.assert_close(changed.inputs[name], truth.inputs[name], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(changed.inputs["auxiliary"][:, 0], truth.inputs["auxiliary"][:, 0], rtol=1e-4, atol=1e-5)
    # the temperature, with offset NaN, does not scale
    assert torch.equal(changed.inputs["auxiliary"][:, 1], planets(depths()).inputs["auxiliary"][:, 1])
    # uniform in the logarithm between 1/1.5 and 1.5: mean 0, standard deviation ln 1.5 / sqrt(3), of 400
    assert factor.min() > 1 / 1.5 - 1e-5
    assert factor.max() < 1.5 + 1e-5
    assert factor.log().mean() == pytest.approx(0.0, abs=4 * 0.234 / 20)
    assert factor.log().std() == pytest.approx(np.log(1.5) / np.sqrt(3), rel=0.1)


def test_scaling_a_depth_down_does_not_make_a_curve_cleaner():
    noise = 0.3
    changed = apply(planets(depths(), noise=noise), depth_scaling=1.0)
    new_depth = changed.labels[:, 0] * SPREAD + MEAN
    factor = new_depth / depths()
    scatter = (changed.inputs["image"] - planets(new_depth).inputs["image"]).std(dim=(1, 2, 3))
    # 600 samples: 3 % each, the average of 200 planets 0.2 %
    assert (scatter[factor < 1] / noise).mean() == pytest.approx(1.0, abs=0.01)
    assert (scatter / noise / factor)[factor > 1].mean() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("amount", [0.5, 1.0])
def test_noise_has_the_stated_part_of_the_true_level(amount):
    data = planets(depths())
    level = 0.1 + torch.rand(WAVELENGTHS, 1, generator=torch.Generator().manual_seed(3))
    level[0] = 0.0  # a channel without error
    data.errors["image"] = level.expand(N, 1, WAVELENGTHS, TIMES)
    added = apply(data, noise=amount).inputs["image"] - data.inputs["image"]
    # 20000 samples of each wavelength: 0.5 %
    torch.testing.assert_close(added.std(dim=(0, 1, 3)), amount * level[:, 0], rtol=0.02, atol=1e-6)
    white = added[:, 0, 1:] / level[1:]
    assert abs(float((white[..., 1:] * white[..., :-1]).mean())) < 0.01 * amount**2
    assert torch.equal(apply(data, noise=amount).inputs["series"], data.inputs["series"])  # has no errors
    assert torch.equal(apply(data, noise=amount).labels, data.labels)


def test_drift_has_the_stated_rms_and_only_low_orders():
    rms = 5e-4
    data = planets(depths())
    added = UNIT * (apply(data, drift=rms, drift_order=2, drift_colour=0.0).inputs["image"] - data.inputs["image"])
    assert float(added.square().mean().sqrt()) == pytest.approx(rms, rel=0.1)  # 400 planets with 2 amplitudes
    torch.testing.assert_close(added, added[:, :, :1].expand_as(added), rtol=0, atol=1e-8)  # grey
    time = np.linspace(-1, 1, TIMES)
    fitted = np.polynomial.legendre.legfit(time, added[:, 0, 0].numpy().T, 2)
    left = added[:, 0, 0].numpy().T - np.polynomial.legendre.legval(time, fitted).T
    assert np.abs(left).max() < 1e-3 * rms
    assert float(added.mean(dim=3).abs().max()) < 1e-2 * rms  # the level of a curve is not changed


def test_drift_of_colour_is_linear_in_wavelength_and_has_its_part():
    rms, part = 5e-4, 0.6
    data = planets(depths())
    added = UNIT * (apply(data, drift=rms, drift_colour=part).inputs["image"] - data.inputs["image"])[:, 0]
    grey = added.mean(dim=1)
    colour = added - grey[:, None]
    assert float(grey.square().mean().sqrt()) == pytest.approx(0.8 * rms, rel=0.1)
    assert float(colour.square().mean().sqrt()) == pytest.approx(part * rms, rel=0.1)
    assert float(colour.diff(n=2, dim=1).abs().max()) < 1e-3 * rms


def test_inputs_of_a_planet_drift_and_flip_together():
    data = planets(depths())
    changed = apply(data, drift=1e-3, time_flip=0.5)
    torch.testing.assert_close(changed.inputs["image"].mean(dim=2), changed.inputs["series"], rtol=0, atol=1e-5)


def test_time_flip_turns_curves_errors_and_masks_of_its_part_of_planets():
    data = planets(depths())
    data.errors["image"] = torch.arange(float(TIMES)).expand(N, 1, WAVELENGTHS, TIMES)
    data.masks["image"] = (torch.arange(TIMES) < 3).expand(N, 1, WAVELENGTHS, TIMES)
    data.inputs["image"][..., :3] = 0.0
    changed = apply(data, time_flip=0.3)
    turned = changed.errors["image"][:, 0, 0, 0] > 0
    assert float(turned.float().mean()) == pytest.approx(0.3, abs=4 * 0.023)
    for name, axis in data.time_axis.items():
        assert torch.equal(changed.inputs[name][turned], data.inputs[name][turned].flip(axis))
        assert torch.equal(changed.inputs[name][~turned], data.inputs[name][~turned])
    assert torch.equal(changed.masks["image"][turned], data.masks["image"][turned].flip(3))
    assert torch.equal(changed.inputs["auxiliary"], data.inputs["auxiliary"])


def test_channel_masking_takes_whole_wavelengths_at_its_rate():
    data = planets(depths(), noise=0.2)
    changed = apply(data, channel_masking=0.25)
    mask = changed.masks["image"]
    lost = mask[:, 0, :, 0]
    assert torch.equal(mask, lost[:, None, :, None].expand_as(mask))
    assert float(lost.float().mean()) == pytest.approx(0.25, abs=4 * 0.00625)  # 4800 wavelengths
    assert bool((changed.inputs["image"][mask] == 0).all())
    assert torch.equal(changed.inputs["image"][~mask], data.inputs["image"][~mask])
    assert torch.equal(changed.inputs["series"], data.inputs["series"])  # has no wavelengths


def test_never_all_channels_of_a_planet_are_masked():
    lost = apply(planets(depths()), channel_masking=0.99).masks["image"].all(dim=(1, 2, 3))
    assert not bool(lost.any())


@pytest.mark.parametrize("widest", [0.01, 0.5, 0.99])
def test_bands_are_neighbours_of_any_width_up_to_the_widest(widest):
    data = planets(depths())
    data.inputs["image"] += 1.0
    mask = apply(data, band_masking=0.4, band_width=widest).masks["image"]
    lost = mask[:, 0, :, 0]
    assert torch.equal(mask, lost[:, None, :, None].expand_as(mask))
    assert float(lost.any(dim=1).float().mean()) == pytest.approx(0.4, abs=4 * 0.025)  # 400 planets
    number = lost.sum(dim=1)
    most = min(max(1, int(np.ceil(widest * WAVELENGTHS))), WAVELENGTHS - 1)
    assert set(number.tolist()) == set(range(most + 1))  # 160 bands of 11 widths at most
    edges = lost.int().diff(dim=1, prepend=torch.zeros(N, 1, dtype=torch.int32)).clamp(min=0).sum(dim=1)
    assert int(edges.max()) == 1
    assert bool(lost.any(dim=0).all())  # anywhere, the ends too


def test_noise_comes_before_what_depends_on_a_whole_spectrum():
    """A spectrum divided by its own mean has it after the noise, and without what was masked."""

    class Relative:
        def __call__(self, values, missing):
            kept = values if missing is None else values.masked_fill(missing, 0.0)
            count = values.shape[2] if missing is None else (~missing).sum(dim=2, keepdim=True)
            return kept / (kept.sum(dim=2, keepdim=True) / count)

    flux = 2.0 + torch.rand(N, 1, WAVELENGTHS, generator=torch.Generator().manual_seed(2))
    data = TensorData(
        inputs={"series": flux},
        labels=torch.zeros(N, 1),
        weight=torch.ones(N),
        errors={"series": 0.1 * flux},
        wavelength_axis={"series": 2},
        finish={"series": Relative()},
    )
    noisy = apply(data, noise=1.0)
    assert noisy.finish == {}
    torch.testing.assert_close(noisy.inputs["series"].mean(dim=2), torch.ones(N, 1))
    scatter = (noisy.inputs["series"] / data.finished().inputs["series"] - 1).std()
    # the mean of 12 takes a twelfth of the variance with it
    assert float(scatter) == pytest.approx(0.1 * np.sqrt(11 / 12), rel=0.05)
    masked = apply(data, noise=1.0, band_masking=1.0)
    there = ~masked.masks["series"]
    mean = (masked.inputs["series"] * there).sum(dim=2) / there.sum(dim=2)
    torch.testing.assert_close(mean, torch.ones(N, 1))
    assert bool((masked.inputs["series"][~there] == 0).all())
    torch.testing.assert_close(data.bare().inputs["series"].mean(dim=2), torch.ones(N, 1))


def test_channels_that_are_no_wavelengths_are_left_alone():
    """As a curve of 3 wavelengths has them behind it: 3 channels that mark missing values, with offset NaN."""
    flux = torch.zeros(N, 6, TIMES)
    data = TensorData(
        inputs={"series": flux},
        labels=torch.zeros(N, 1),
        weight=torch.ones(N),
        offsets={"series": torch.tensor([0.0] * 3 + [torch.nan] * 3)[:, None], "labels": torch.zeros(1)},
        time_axis={"series": 2},
        wavelength_axis={"series": 1},
    )
    changed = apply(data, drift=1e-3, drift_colour=1.0, depth_scaling=0.3, channel_masking=0.9)
    assert bool((changed.inputs["series"][:, 3:] == 0).all())
    lost = changed.masks["series"][:, :3, 0]
    assert not bool(lost.all(dim=1).any())
    assert not bool(changed.masks["series"][:, 3:].any())
    coloured = apply(data, drift=1e-3, drift_colour=1.0).inputs["series"]
    torch.testing.assert_close(coloured[:, 0], -coloured[:, 2])  # the first and the last wavelength
    assert bool((coloured[:, 1] == 0).all())
    assert bool((coloured[:, 0] != 0).any())


def test_missing_values_stay_zero():
    data = planets(depths(), noise=0.2)
    missing = torch.rand(data.inputs["image"].shape, generator=torch.Generator().manual_seed(5)) < 0.1
    data.inputs["image"][missing] = 0.0
    data.masks["image"] = missing
    changed = apply(data, noise=1.0, drift=1e-3, depth_scaling=0.5, channel_masking=0.1)
    assert bool((changed.inputs["image"][missing] == 0).all())
    assert bool(changed.masks["image"][missing].all())


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"time_flip": 0.5}, "an input with a time axis"),
        ({"drift": 1e-3}, "an input with a time axis"),
        ({"noise": 1.0}, "inputs with errors"),
        ({"channel_masking": 0.1}, "an input with a wavelength axis"),
        ({"band_masking": 0.1}, "an input with a wavelength axis"),
        ({"depth_scaling": 0.1}, "labels that are transit depths"),
    ],
)
def test_what_the_data_lack_is_said(params, what):
    bare = TensorData({"auxiliary": torch.zeros(3, 2)}, torch.zeros(3, 1), torch.ones(3))
    with pytest.raises(UsageError, match=rf"augment.{next(iter(params))} .* needs {what}"):
        Augmentation(AugmentationParams(**params)).check(bare)
    Augmentation(AugmentationParams(**params)).check(planets(depths(), noise=0.1))
