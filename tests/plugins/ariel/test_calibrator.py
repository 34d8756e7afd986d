"""The calibrator agrees with a plain implementation on real frames, and its errors with the scatter of known noise."""

from __future__ import annotations

import numba
import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr
from astropy.stats import sigma_clip

from specframe.api import make_observation, nodes, validate_observation
from specframe.errors import DataError, ParameterError
from specframe_ariel import ArielChallenge, ArielDetector

PLANET = "342072318"
GAIN, OFFSET = 0.4369, -1000.0  # adc25/adc_info.csv
#: The plain sum of the aperture, which a plain implementation computes too.
BOX = {"extraction": "box", "background": "mean", "cosmic_ray_sigma": None}
CHAIN = {
    "gain_offset": True,
    "dead_pixels": "mask",
    "hot_pixels": "keep",
    "linearity": True,
    "dark": True,
    "cds": True,
    "flat": True,
    "background_rows": [[0, 8], [24, 32]],
    "pairs_per_bin": 1,
}


def read(path, *shape):
    return np.stack([column.to_numpy() for column in pq.read_table(path).columns], axis=1).reshape(shape)


def plain_reduction(folder, instrument, **switches):
    """Reduce frame by frame in float64, in the order of the public reference; no line of it is specframe's.

    Returns flux and error, (column, bin), columns in the order of the file. Differs from the reference in what the
    data README says of it: masks are kept, bins are averaged, dt is that of axis_info. Noise is that of
    electrons, times GAIN where the result stays in adu.
    """
    on = {**CHAIN, **switches}
    n_x = 356 if instrument == "AIRS-CH0" else 32
    columns = slice(39, 321) if instrument == "AIRS-CH0" else slice(8, 24)
    dt = np.tile([0.1, 4.6] if instrument == "AIRS-CH0" else [0.1, 0.2], 25)
    rows = slice(*on.get("rows", (8, 24)))
    calibration = folder / f"{instrument}_calibration_0"
    dark, flat, noise = (
        read(calibration / f"{name}.parquet", 32, n_x)[:, columns] for name in ("dark", "flat", "read")
    )
    dead = read(calibration / "dead.parquet", 32, n_x)[:, columns].astype(bool)
    linearity = read(calibration / "linear_corr.parquet", 6, 32, n_x)[:, :, columns]

    signal = read(folder / f"{instrument}_signal_0.parquet", 50, 32, n_x).astype(np.float64)[:, :, columns]
    if on["gain_offset"]:
        signal = signal / GAIN + OFFSET
    mask = np.zeros(dead.shape, bool)
    if on["dead_pixels"] == "mask":
        mask |= dead
    if on["hot_pixels"] == "mask":
        mask |= sigma_clip(dark, sigma=5, maxiters=5).mask
    if on["linearity"]:
        for y in range(signal.shape[1]):
            for x in range(signal.shape[2]):
                signal[:, y, x] = np.poly1d(linearity[::-1, y, x])(signal[:, y, x])
    signal = np.ma.masked_array(signal, np.broadcast_to(mask, signal.shape).copy())
    collected = signal[1::2] - signal[::2] if on["cds"] else signal.copy()
    if on["dark"]:
        signal = signal - dark * dt[:, None, None]
    samples = signal[1::2] - signal[::2] if on["cds"] else signal
    reads = 2 if on["cds"] else 1

    length = on["pairs_per_bin"]
    n_bin = len(samples) // length
    flux = np.ma.stack([samples[i * length : (i + 1) * length].mean(axis=0) for i in range(n_bin)])
    charge = np.ma.stack([collected[i * length : (i + 1) * length].mean(axis=0) for i in range(n_bin)])
    unit = 1.0
    if not on["gain_offset"]:
        unit = GAIN
        charge = charge / GAIN + (0.0 if on["cds"] else OFFSET)
    variance = unit**2 * (np.maximum(charge, 0) + reads * noise**2) / length
    if on["flat"]:
        flux, variance = flux / flat, variance / flat**2
    spectrum, error2 = flux[:, rows].sum(axis=1), variance[:, rows].sum(axis=1)
    if on["background_rows"]:
        around = np.concatenate([np.arange(*pair) for pair in on["background_rows"]])
        number = (~mask[rows]).sum(axis=0)
        spectrum = (flux[:, rows] - flux[:, around].mean(axis=1)[:, None]).sum(axis=1)
        error2 = error2 + (number / (~mask[around]).sum(axis=0)) ** 2 * variance[:, around].sum(axis=1)
    if instrument == "FGS1":
        spectrum, error2 = spectrum.sum(axis=1, keepdims=True), error2.sum(axis=1, keepdims=True)
    return spectrum.T.filled(np.nan), np.sqrt(error2.T.filled(np.nan))


@pytest.fixture(scope="module")
def real(data_dir):
    observation = ArielChallenge(path=data_dir / "adc25").load(PLANET)
    return observation, data_dir / "adc25" / "train" / PLANET


def in_file_order(observation, instrument, name):
    values = observation[f"{instrument}/0/{name}"].values
    return values[::-1] if instrument == "AIRS-CH0" else values


def horne(folder, instrument, rows=(8, 24)):
    """Extract the real frames pair by pair after Horne (1986), in plain loops; no line of it is specframe's.

    Returns the flux (column, pair). The profile is the image of all pairs, each row a straight line over 31 columns by
    numpy.polyfit; where there is no dispersion the image itself. The sky is the mean of the pixels around, by column.
    """
    n_x = 356 if instrument == "AIRS-CH0" else 32
    columns = slice(39, 321) if instrument == "AIRS-CH0" else slice(8, 24)
    dt = 4.5 if instrument == "AIRS-CH0" else 0.1
    calibration = folder / f"{instrument}_calibration_0"
    dark, flat, noise, dead = (
        read(calibration / f"{name}.parquet", 32, n_x)[:, columns] for name in ("dark", "flat", "read", "dead")
    )
    good = ~dead.astype(bool)
    linearity = read(calibration / "linear_corr.parquet", 6, 32, n_x)[:, :, columns]
    adu = read(folder / f"{instrument}_signal_0.parquet", 50, 32, n_x).astype(np.float64)[:, :, columns]
    electrons = sum(linearity[k] * (adu / GAIN + OFFSET) ** k for k in range(6))
    pairs = electrons[1::2] - electrons[::2]
    flat = np.where(good, flat, 1.0)
    light = (pairs - dark * dt) / flat
    around = np.r_[0 : rows[0], rows[1] : 32]
    sky = np.ma.masked_array(light, ~np.broadcast_to(good, light.shape))[:, around].mean(axis=1).filled(np.nan)
    star = (light - sky[:, None])[:, slice(*rows)]
    good, flat, noise, dark = (image[slice(*rows)] for image in (good, flat, noise, dark))
    image = star.mean(axis=0)
    if instrument == "FGS1":
        share = np.where(good, np.clip(image, 0, None), 0)
        share /= share.sum()
    else:
        total = np.where(good, image, 0).sum(axis=0)
        share = np.empty_like(image)
        for _ in range(3):  # a column with a dead pixel has more light than its good pixels show
            for y in range(image.shape[0]):
                for x in range(image.shape[1]):
                    near = [i for i in range(max(x - 15, 0), min(x + 16, image.shape[1])) if good[y, i]]
                    spread = np.sqrt(np.clip(image[y, near], 0, None) + 2 * noise[y, near] ** 2) / total[near]
                    line = np.polyfit(np.array(near) - x, image[y, near] / total[near], 1, w=1 / spread)
                    share[y, x] = max(line[1], 0.0)
            share /= share.sum(axis=0)
            total = np.where(good, image, 0).sum(axis=0) / np.where(good, share, 0).sum(axis=0)
    flux = image.sum() if instrument == "FGS1" else total
    variance = (flux * share * flat + np.clip(sky.mean(axis=0), 0, None) * flat + dark * dt + 2 * noise**2) / flat**2
    weight = np.where(good, share / variance, 0)
    axis = (0, 1) if instrument == "FGS1" else 0
    weight = weight / (weight * share).sum(axis=axis)
    return (weight * star).sum(axis=(1, 2))[None] if instrument == "FGS1" else (weight * star).sum(axis=1).T


@pytest.mark.parametrize("instrument", ["AIRS-CH0", "FGS1"])
def test_optimal_extraction_of_real_frames_agrees_with_a_plain_one(real, instrument):
    """The two profiles differ by what outliers they leave out, and so all fluxes of a channel by one factor."""
    observation, folder = real
    settings = {"pairs_per_bin": 1, "cosmic_ray_sigma": None, "background": "mean"}
    result = ArielDetector(**settings, extraction="optimal").apply(observation)
    got, expected = in_file_order(result, instrument, "flux"), horne(folder, instrument)
    factor = got.mean(axis=1) / expected.mean(axis=1)
    assert np.max(np.abs(factor - 1)) < 5e-3
    relative = got / got.mean(axis=1, keepdims=True) - expected / expected.mean(axis=1, keepdims=True)
    error = in_file_order(result, instrument, "flux_error") / got
    assert np.std(relative / error) < 0.05


def test_optimal_extraction_has_less_noise_on_real_frames(real):
    """Over 24 pairs; a scatter is known to 14 %, but both see the same noise, and 282 channels are many."""
    observation, _ = real
    settings = {"pairs_per_bin": 1, "cosmic_ray_sigma": None}
    box, optimal = (ArielDetector(**settings, extraction=one).apply(observation) for one in ("box", "optimal"))
    ratio = {}
    for path in ("AIRS-CH0/0", "FGS1/0"):
        scatter = [
            one[path]["flux"].values.std(axis=1) / one[path]["flux"].values.mean(axis=1) for one in (box, optimal)
        ]
        ratio[path] = np.median(scatter[1] / scatter[0])
    assert ratio["AIRS-CH0/0"] < 0.95
    assert ratio["FGS1/0"] < 0.9


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-6), ("float32", 1e-6)])
@pytest.mark.parametrize("pairs", [1, 5, 7])
def test_real_frames_agree_with_a_plain_implementation(real, precision, tolerance, pairs):
    """Both modes within 1e-6 (1 ppm); double precision does much better than asked for."""
    observation, folder = real
    result = ArielDetector(**BOX, pairs_per_bin=pairs, precision=precision).apply(observation)
    validate_observation(result, "curves", ("light-curves",))
    for instrument in ("AIRS-CH0", "FGS1"):
        flux, error = plain_reduction(folder, instrument, pairs_per_bin=pairs)
        assert flux.shape == ((282 if instrument == "AIRS-CH0" else 1), 25 // pairs)
        got = in_file_order(result, instrument, "flux")
        assert got.dtype == precision
        assert np.max(np.abs(got / flux - 1)) < (tolerance if precision == "float32" else 1e-10)
        assert np.max(np.abs(in_file_order(result, instrument, "flux_error") / error - 1)) < tolerance
        assert not result[f"{instrument}/0/mask"].values.any()


@pytest.mark.parametrize(
    "switch",
    [
        {"gain_offset": False, "linearity": False, "dark": False},
        {"gain_offset": False, "linearity": False, "dark": False, "cds": False, "pairs_per_bin": 4},
        {"gain_offset": False, "linearity": False, "dark": False, "background_rows": []},
        {"dead_pixels": "keep", "flat": False},
        {"hot_pixels": "mask"},
        {"linearity": False},
        {"dark": False},
        {"cds": False},
        {"cds": False, "pairs_per_bin": 4},
        {"flat": False},
        {"background_rows": []},
        {"background_rows": [[2, 6]]},
        {"rows": (0, 32), "background_rows": []},
        {"rows": (9, 20)},
    ],
    ids=str,
)
def test_every_step_can_be_switched(real, switch):
    """Each switch does what it does in the plain implementation, and changes the result."""
    observation, folder = real
    result = ArielDetector(**{**BOX, "pairs_per_bin": 1, **switch}).apply(observation)
    full = ArielDetector(**BOX, pairs_per_bin=1).apply(observation)
    for instrument in ("AIRS-CH0", "FGS1"):
        flux, error = plain_reduction(folder, instrument, **switch)
        got = in_file_order(result, instrument, "flux")
        # without cds the offset of -1000 electrons does not cancel, and fluxes of either sign come close to 0
        assert np.max(np.abs(got - flux)) < 1e-9 * np.max(np.abs(flux))
        assert np.max(np.abs(in_file_order(result, instrument, "flux_error") / error - 1)) < 1e-9
        if got.shape == full[f"{instrument}/0/flux"].shape:
            assert not np.allclose(got, in_file_order(full, instrument, "flux"), rtol=1e-9)
    assert result["FGS1/0/flux"].attrs["units"] == ("electron" if switch.get("gain_offset", True) else "adu")


def test_dead_pixels_whose_flat_is_below_0_cannot_be_divided_by_it(real):
    observation, _ = real
    with pytest.raises(DataError, match=r"flat must be .* above 0 .*, 6 are not .* -0.0480461 .* dead_pixels: mask"):
        ArielDetector(pairs_per_bin=1, dead_pixels="keep").apply(observation)


def test_wavelengths_ascend_and_are_those_of_the_labels(real, data_dir):
    observation, _ = real
    result = ArielDetector(pairs_per_bin=1).apply(observation)
    expected = np.loadtxt(data_dir / "adc25" / "wavelengths.csv", delimiter=",", skiprows=1)
    node = result["AIRS-CH0/0"]
    assert np.allclose(node["wavelength"], expected[1:], rtol=1e-12)
    assert np.all(node["wavelength_lower"] < node["wavelength"])
    assert np.array_equal(node["wavelength_upper"].values[:-1], node["wavelength_lower"].values[1:])
    band = [float(result["FGS1/0"][name].item()) for name in ("wavelength_lower", "wavelength", "wavelength_upper")]
    assert band == [0.6, 0.7, 0.8]


def test_times_are_the_means_of_the_reads(real):
    observation, _ = real
    result = ArielDetector(pairs_per_bin=5).apply(observation)
    # pairs of AIRS-CH0 are read 0.1 and 0.2 s after multiples of 4.8 s
    assert np.allclose(result["AIRS-CH0/0/time"].values * 86400, 0.15 + 4.8 * (2 + 5 * np.arange(5)), rtol=1e-9)
    assert result["AIRS-CH0/0/time"].attrs["units"] == "d"


def test_the_observation_given_is_not_changed(real):
    observation, _ = real
    before = observation.copy()
    ArielDetector(pairs_per_bin=1).apply(observation)
    assert (
        observation["AIRS-CH0/0"]
        .dataset.drop_vars("frames")
        .identical(before["AIRS-CH0/0"].dataset.drop_vars("frames"))
    )


def simulated(
    n_pairs=400, n_y=32, n_x=12, *, dead=0.02, seed=3, instrument="AIRS-CH0", wild=65_535, gain=0.8
) -> tuple[xr.DataTree, np.ndarray]:
    """Return frames with known light, and the flux (x,) that a perfect reduction of the good pixels gives.

    Poisson light, sky and dark, Gaussian read noise, a detector whose response is curved by up to 3 %.
    """
    rng = np.random.default_rng(seed)
    row = np.arange(n_y)
    profile = np.where((row >= 8) & (row < 24), np.exp(-0.5 * ((row - 15.5) / 2.5) ** 2), 0.0)
    light = profile[:, None] * np.linspace(500.0, 2500.0, n_x)  # electron / s
    flat = rng.normal(1.0, 0.02, (n_y, n_x))
    dark = rng.uniform(0.0, 0.5, (n_y, n_x))
    is_dead = rng.random((n_y, n_x)) < dead
    read_noise = rng.uniform(10.0, 16.0, (n_y, n_x))
    sky = 20.0
    rate = (light + sky) * flat + dark
    first = rng.poisson(np.broadcast_to(rate * 0.1, (n_pairs, n_y, n_x)))
    second = first + rng.poisson(np.broadcast_to(rate * 4.5, first.shape))
    charge = np.stack([first, second], axis=1).reshape(2 * n_pairs, n_y, n_x).astype(float)
    # true = measured + c2 measured^2, so measured is a root of it; curved by 3 % at 12,000 electrons
    c2 = rng.uniform(2e-6, 2.5e-6, (n_y, n_x))
    measured = (np.sqrt(1 + 4 * c2 * charge) - 1) / (2 * c2) + rng.normal(0.0, 1.0, charge.shape) * read_noise
    offset = -400.0
    adu = np.clip(np.rint((measured - offset) * gain), 0, 65535).astype(np.uint16)
    adu[:, is_dead] = wild
    linearity = np.stack([np.zeros_like(c2), np.ones_like(c2), c2])
    time = (np.arange(n_pairs)[:, None] * 4.8 + [0.1, 0.2]).ravel() / 86400
    plane = ("y", "x")
    node = xr.Dataset(
        {
            "frames": (("time", *plane), adu, {"units": "adu"}),
            "integration_time": ("time", np.tile([0.1, 4.6], n_pairs), {"units": "s"}),
            "dark": (plane, dark, {"units": "electron / s"}),
            "flat": (plane, flat, {"units": ""}),
            "read_noise": (plane, read_noise, {"units": "electron"}),
            "dead": (plane, is_dead),
            "linearity": (("coefficient", *plane), linearity),
        },
        coords={
            "time": ("time", time, {"units": "d", "time_system": "relative", "time_reference": "start of the visit"}),
            "wavelength": ("x", np.linspace(4.0, 2.0, n_x), {"units": "um"}),
        },
        attrs={"gain": gain, "offset": offset},
    )
    truth = (light * ~is_dead * 4.5).sum(axis=0)
    return make_observation("injected", {f"{instrument}/0": node}), truth


WHOLE = {"columns": {"AIRS-CH0": [0, 12]}}
#: Electrons of each column in 4.5 s, dead pixels included: see ``simulated``.
ALL_LIGHT = np.exp(-0.5 * ((np.arange(8, 24) - 15.5) / 2.5) ** 2).sum() * np.linspace(500.0, 2500.0, 12) * 4.5


@pytest.mark.parametrize("background", [[], [[0, 8], [24, 32]]], ids=["no background", "background"])
@pytest.mark.parametrize(
    ("extraction", "method"),
    [("box", "mean"), ("box", "median"), ("optimal", "mean"), ("optimal", "weighted"), ("optimal", "median")],
)
def test_errors_are_the_scatter_of_injected_noise(background, extraction, method):
    """12 channels x 80 bins of 5 pairs: the scatter is known to 1/sqrt(2 x 960) = 2.3 %, the mean to 3.2 % of an error.

    ADC steps add sqrt(1/12)/0.8 electrons and the slope of the linearity 3 % to a read noise of 13, neither of which
    shows; the tolerances are three standard deviations. The optimal flux is that of all pixels, dead ones too.
    """
    observation, truth = simulated()
    settings = {"extraction": extraction, "background": method, "background_rows": background, "pairs_per_bin": 5}
    # from one of the 12 columns to the next the light changes by half, and so does the share of a sky left in
    node = ArielDetector(**WHOLE, **settings, profile_columns=5).apply(observation)["AIRS-CH0/0"]
    flux, error = node["flux"].values[::-1], node["flux_error"].values[::-1]
    good = ~observation["AIRS-CH0/0/dead"].values[8:24]
    if extraction == "optimal":
        truth, good = ALL_LIGHT, np.ones_like(good)
    if not background:
        truth = truth + 20.0 * 4.5 * good.sum(axis=0)
    pull = (flux - truth[:, None]) / error
    assert pull.shape == (12, 80)
    assert abs(np.std(pull) - 1) < 0.07
    assert abs(np.mean(pull)) < 0.1
    scatter = flux.std(axis=1, ddof=1) / error.mean(axis=1)
    assert np.all(np.abs(scatter - 1) < 4 / np.sqrt(2 * 79))


ADU = {"gain_offset": False, "linearity": False, "dark": False}


@pytest.mark.parametrize("gain", [0.4, 2.5])
def test_errors_in_adu_are_the_scatter_too(gain):
    """Noise is known in electrons: with the variance of adu taken as theirs, errors are a factor sqrt(gain) off."""
    observation, _ = simulated(gain=gain)
    node = ArielDetector(**WHOLE, **ADU, pairs_per_bin=5).apply(observation)["AIRS-CH0/0"]
    assert node["flux"].attrs["units"] == node["flux_error"].attrs["units"] == "adu"
    flux, error = node["flux"].values, node["flux_error"].values
    pull = (flux - flux.mean(axis=1, keepdims=True)) / error
    # 12 channels x 79 degrees of freedom: 2.3 %; the response that is not corrected takes less than 1 % away
    assert np.sqrt((pull**2).sum() / (12 * 79)) == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("cds", [True, False])
def test_adu_and_electrons_differ_by_the_gain_alone(real, cds):
    """Without the steps that need electrons, light and errors are the same measurement in two units."""
    observation, _ = real
    settings = {"linearity": False, "dark": False, "cds": cds, "pairs_per_bin": 5}
    electrons = ArielDetector(**settings).apply(observation)["AIRS-CH0/0"]
    adu = ArielDetector(**settings, gain_offset=False).apply(observation)["AIRS-CH0/0"]
    assert np.allclose(adu["flux_error"], GAIN * electrons["flux_error"], rtol=1e-10)
    if cds:  # single reads keep the offset, which flat and background do not cancel
        assert np.allclose(adu["flux"], GAIN * electrons["flux"], rtol=1e-10)


def test_errors_are_the_scatter_of_the_real_frames(real):
    """AIRS-CH0, single pairs, adu and electrons: 282 channels x 24 give 0.9 %, jitter and drift may add to it."""
    observation, _ = real
    for settings in ({}, ADU):
        node = ArielDetector(**settings, pairs_per_bin=1).apply(observation)["AIRS-CH0/0"]
        scatter = node["flux"].values.std(axis=1, ddof=1)
        assert np.median(scatter / node["flux_error"].values.mean(axis=1)) == pytest.approx(1.0, abs=0.1)


def test_a_dead_pixel_does_not_change_the_light_curve_with_time():
    """Whatever a dead pixel says, and although its column is fainter, the flux relative to its mean keeps its shape."""
    curves = []
    for wild in (0, 65_535):
        observation, _ = simulated(60, wild=wild, dead=0.05)
        frames = observation["AIRS-CH0/0/frames"]
        frames.values[::7][:, observation["AIRS-CH0/0/dead"].values] = 30_000  # and it flickers
        curves.append(ArielDetector(**WHOLE, pairs_per_bin=1).apply(observation)["AIRS-CH0/0/flux"].values)
    assert np.array_equal(*curves)
    assert np.all(curves[0].std(axis=1) / curves[0].mean(axis=1) < 0.02)


def test_a_channel_without_good_pixels_is_masked():
    observation, _ = simulated(10)
    observation["AIRS-CH0/0/dead"].values[:, 2] = True
    observation["AIRS-CH0/0/dead"].values[0:8, 5] = True  # still has background rows 24:32
    result = ArielDetector(**WHOLE, pairs_per_bin=2).apply(observation)
    validate_observation(result, "curves", ("light-curves",))
    node = result["AIRS-CH0/0"]
    masked = node["mask"].values[::-1]
    assert masked[2].all()
    assert not np.delete(masked, 2, axis=0).any()
    assert np.isnan(node["flux"].values[::-1][2]).all()
    assert np.isfinite(node["flux"].values[~node["mask"].values]).all()


def test_a_background_that_cannot_be_measured_masks_the_channel():
    observation, _ = simulated(10)
    observation["AIRS-CH0/0/dead"].values[:8, 4] = True
    observation["AIRS-CH0/0/dead"].values[24:, 4] = True
    masked = ArielDetector(**WHOLE, pairs_per_bin=2).apply(observation)["AIRS-CH0/0/mask"].values[::-1]
    assert masked[4].all()
    without = ArielDetector(**WHOLE, pairs_per_bin=2, background_rows=[]).apply(observation)
    assert not without["AIRS-CH0/0/mask"].values.any()


def test_a_target_that_is_all_dead_is_refused():
    observation, _ = simulated(10)
    observation["AIRS-CH0/0/dead"].values[:] = True
    with pytest.raises(
        DataError, match=r"target injected, node /AIRS-CH0/0: no pixel is left: of the 384 pixels in use 384"
    ):
        ArielDetector(**WHOLE, pairs_per_bin=2).apply(observation)


def test_bins_are_means_so_that_their_length_does_not_matter():
    observation, _ = simulated(61)
    singles = ArielDetector(**WHOLE, **BOX, pairs_per_bin=1).apply(observation)["AIRS-CH0/0"]
    node = ArielDetector(**WHOLE, **BOX, pairs_per_bin=6).apply(observation)["AIRS-CH0/0"]
    assert node.attrs["unused_pairs"] == 1
    assert np.allclose(singles["flux"].values[:, :60].reshape(12, 10, 6).mean(axis=2), node["flux"].values, rtol=1e-12)
    assert np.allclose(
        np.sqrt((singles["flux_error"].values[:, :60] ** 2).reshape(12, 10, 6).sum(axis=2)) / 6,
        node["flux_error"].values,
        rtol=1e-4,  # a pair of negative charge counts as dark
    )


def test_a_bin_is_144_s_unless_said_otherwise():
    """30 pairs of AIRS-CH0; 360 of FGS1, whose pairs come every 0.4 s."""
    observation, _ = simulated(95, dead=0.0)
    node = ArielDetector(**WHOLE).apply(observation)["AIRS-CH0/0"]
    assert (node.attrs["pairs_per_bin"], node.attrs["unused_pairs"], node.sizes["time"]) == (30, 5, 3)
    assert ArielDetector(**WHOLE, bin_time="1 min").apply(observation)["AIRS-CH0/0"].attrs["pairs_per_bin"] == 12
    data = observation["AIRS-CH0/0"].to_dataset().drop_vars("wavelength").assign_attrs(wavelength=0.7)
    data["time"] = ("time", data["time"].values / 12, data["time"].attrs)
    photometer = make_observation("injected", {"FGS1/0": data})
    settings = {"columns": {"FGS1": [0, 12]}}
    short = ArielDetector(**settings).apply(photometer)["FGS1/0"]  # 95 pairs of the 360 that a bin would need
    assert (short.attrs["pairs_per_bin"], short.sizes["time"]) == (1, 95)
    with pytest.raises(DataError, match="95 read pairs are fewer than one bin of 96: set pairs_per_bin to at most 95"):
        ArielDetector(**settings, pairs_per_bin=96).apply(photometer)
    assert ArielDetector(**settings, bin_time=4).apply(photometer)["FGS1/0"].attrs["pairs_per_bin"] == 10


def test_an_instrument_that_does_not_disperse_is_one_channel():
    observation, truth = simulated(40)
    data = observation["AIRS-CH0/0"].to_dataset().drop_vars("wavelength").assign_attrs(wavelength=0.7)
    node = ArielDetector(columns=[0, 12], pairs_per_bin=40).apply(make_observation("x", {"FGS1/0": data}))["FGS1/0"]
    assert node["flux"].shape == (1, 1)
    assert abs(node["flux"].item() - truth.sum()) < 4 * node["flux_error"].item()


def test_the_result_does_not_depend_on_the_number_of_threads(real, monkeypatch):
    observation, _ = real
    results = []
    for threads in (1, 3, 400):
        monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", threads)
        results.append(ArielDetector(pairs_per_bin=5).apply(observation))
    assert results[0].identical(results[1])
    assert results[0].identical(results[2])


def test_lazy_and_loaded_frames_give_the_same(real):
    observation, _ = real
    read = {
        path: data.assign(frames=(data["frames"].dims, data["frames"].data.read(), data["frames"].attrs))
        for path, data in nodes(observation)
    }
    loaded = make_observation(PLANET, read, **{k: v for k, v in observation.attrs.items() if k != "target"})
    lazy, eager = (ArielDetector(pairs_per_bin=5).apply(one) for one in (observation, loaded))
    assert lazy.identical(eager)


def test_frames_of_electrons_need_no_gain():
    observation, _ = simulated(20)
    data = observation["AIRS-CH0/0"].to_dataset()
    electrons = data["frames"].values / 0.8 - 400.0
    data["frames"] = (data["frames"].dims, electrons, {"units": "electron"})
    data.attrs = {}
    result = ArielDetector(**WHOLE, pairs_per_bin=1).apply(make_observation("injected", {"AIRS-CH0/0": data}))
    expected = ArielDetector(**WHOLE, pairs_per_bin=1).apply(observation)["AIRS-CH0/0/flux"].values
    assert np.allclose(expected, result["AIRS-CH0/0/flux"].values, rtol=1e-10)


def _set(name, value):
    def change(data):
        data[name].values[...] = value

    return change


def _one(name, value):
    def change(data):
        data[name].values[..., 12, 4] = value

    return change


WRONG_DATA = {
    "nan in dark": (
        _one("dark", np.nan),
        {},
        r"dark must be finite .* 1 of \d+ are not \(the first has nan in row 12, column 4",
    ),
    "inf in linearity": (_one("linearity", np.inf), {}, r"linearity must be finite"),
    "nan in read noise": (_one("read_noise", np.nan), {}, r"read_noise must be finite"),
    "nan in flat": (_one("flat", np.nan), {}, r"flat must be finite and above 0 .* has nan in row 12, column 4"),
    "flat of zero": (_set("flat", 0.0), {}, r"flat must be finite and above 0"),
    "negative flat": (_one("flat", -0.9), {}, r"flat must be finite and above 0 .*, 1 are not .* -0.9 in row 12, col"),
    "negative read noise": (
        _one("read_noise", -13.0),
        {},
        r"read_noise must be at least 0 .* 1 of 384 are not \(the first has -13 in row 12, column 4",
    ),
    "linearity of zeros": (
        _set("linearity", 0.0),
        {},
        r"slope of linearity, .* 384 of 384 .* has 0 in row 0, column 0",
    ),
    "linearity that falls": (
        _one("linearity", [0.0, -1.0, 0.0]),
        {},
        r"slope of linearity, .* must be above 0 in .* 1 of 384 are not \(the first has -1 in row 12, column 4",
    ),
    "linearity past its top": (  # at the 400 to 12,000 electrons of the frames, not at 0
        _one("linearity", [0.0, 1.0, -1 / 200]),
        {"cds": False},
        r"slope of linearity, .* 1 of 384 are not .* in row 12, column 4",
    ),
    "no flat": (lambda data: data.drop_vars("flat"), {}, r"has no variable 'flat'.*set flat: false"),
    "no dead": (lambda data: data.drop_vars("dead"), {}, r"has no variable 'dead'.*set dead_pixels: keep"),
    "no gain": (lambda data: data.assign_attrs(gain=0.0), {}, r"expected attributes gain above 0 .* got gain 0"),
    "odd frames": (lambda data: data.isel(time=slice(0, 19)), {}, r"got 19 frames, an odd number"),
    "not paired": (_set("integration_time", 4.6), {}, r"expected the integration time to grow .* pair 0 does not"),
    "few frames": (lambda data: data, {"pairs_per_bin": 11}, r"10 read pairs are fewer than one bin of 11"),
    "high order": (
        lambda data: data.assign(linearity=(("coefficient", "y", "x"), np.ones((7, 32, 12)))),
        {},
        r"at most 6 linearity coefficients per pixel, got 7",
    ),
    "no wavelength": (lambda data: data.drop_vars("wavelength"), {}, r"expected a coordinate wavelength \(x\)"),
}


@pytest.mark.parametrize("wrong", WRONG_DATA)
def test_wrong_data_are_refused_with_a_reason(wrong):
    change, settings, message = WRONG_DATA[wrong]
    observation, _ = simulated(10, dead=0.0)
    data = observation["AIRS-CH0/0"].to_dataset()
    changed = change(data)
    observation = make_observation("injected", {"AIRS-CH0/0": data if changed is None else changed})
    with pytest.raises(DataError, match=message) as caught:
        ArielDetector(**{**WHOLE, "pairs_per_bin": 2, **settings}).apply(observation)
    assert str(caught.value).startswith("target injected, node /AIRS-CH0/0: ")


def test_a_calibration_value_that_is_not_used_may_be_anything():
    """Dead pixels of the real files have flats around 0."""
    observation, _ = simulated(10, dead=0.0)
    expected = ArielDetector(**WHOLE, pairs_per_bin=2, rows=[8, 20]).apply(observation)
    for value in (np.nan, 0.0, -1.0):
        for name in ("dark", "flat", "read_noise", "linearity"):
            observation[f"AIRS-CH0/0/{name}"].values[..., 22, 3] = value
        got = ArielDetector(**WHOLE, pairs_per_bin=2, rows=[8, 20]).apply(observation)
        assert got.identical(expected)


def test_a_linearity_that_turns_over_beyond_the_counts_is_taken():
    """Polynomials of order 5 do so outside of the range they were fitted in, the real ones at 150,000 electrons."""
    observation, _ = simulated(10, dead=0.0)
    observation["AIRS-CH0/0/linearity"].values[2] = -1 / 60_000  # falls from 30,000 electrons on
    assert not ArielDetector(**WHOLE, pairs_per_bin=2).apply(observation)["AIRS-CH0/0/mask"].values.any()


@pytest.mark.parametrize("instrument", ["AIRS-CH0", "FGS1"])
def test_the_real_calibration_set_of_2024_is_taken(data_dir, instrument):
    """Its noisiest pixel has 250 e-, its steepest linearity a slope of 1.43."""
    folder = data_dir / "adc24" / "calibration" / f"{instrument}_calibration"
    n_x = 356 if instrument == "AIRS-CH0" else 32
    frames = np.tile(np.array([1_000, 25_000], np.uint16)[:, None, None], (3, 32, n_x))
    plane = ("y", "x")
    stamps = {"units": "d", "time_system": "relative", "time_reference": "start of the visit"}
    node = xr.Dataset(
        {
            "frames": (("time", *plane), frames, {"units": "adu"}),
            "integration_time": ("time", np.tile([0.1, 4.6], 3), {"units": "s"}),
            "dark": (plane, read(folder / "dark.parquet", 32, n_x)),
            "flat": (plane, read(folder / "flat.parquet", 32, n_x)),
            "read_noise": (plane, read(folder / "read.parquet", 32, n_x)),
            "dead": (plane, read(folder / "dead.parquet", 32, n_x).astype(bool)),
            "linearity": (("coefficient", *plane), read(folder / "linear_corr.parquet", 6, 32, n_x)),
        },
        coords={"time": ("time", np.arange(6) / 1e4, stamps), "wavelength": ("x", np.linspace(4.0, 1.6, n_x))},
        attrs={"gain": 0.84, "offset": -340.0},
    )
    observation = make_observation("real", {f"{instrument}/0": node})
    for columns in ([0, n_x], [n_x // 4, n_x // 2]):
        result = ArielDetector(columns=columns, pairs_per_bin=1).apply(observation)
        assert (result[f"{instrument}/0/flux_error"].values > 0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rows": [24, 8]}, "0 <= first < last"),
        ({"pairs_per_bin": 0}, "greater than or equal to 1"),
        ({"bin_time": "5 um"}, "expected a number or a quantity in 's'"),
        ({"hot_pixels": True}, "hot_pixels"),
        ({"dark": "yes"}, "valid boolean"),
        ({"rws": [8, 24]}, "rws"),
        ({"gain_offset": False}, "linearity and dark of the calibration are in electrons: .*dark: false too"),
        ({"gain_offset": False, "dark": False}, "linearity of the calibration is in electrons"),
        ({"gain_offset": False, "linearity": False}, "dark of the calibration is in electrons"),
    ],
)
def test_wrong_parameters_are_refused(settings, message):
    with pytest.raises(ParameterError, match=message):
        ArielDetector(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"columns": [39, 321]}, r"columns \[39, 321\] are not on the detector, which has 12"),
        ({"rows": [0, 33]}, r"rows \[0, 33\] are not on the detector, which has 32"),
        ({"background_rows": [[0, 4], [30, 40]]}, r"background_rows \[30, 40\] are not"),
        ({"pairs_per_bin": {"AIRS": 3}}, r"pairs_per_bin names AIRS; instruments: AIRS-CH0, FGS1"),
    ],
)
def test_parameters_that_do_not_fit_the_detector_are_refused(settings, message):
    observation, _ = simulated(10)
    with pytest.raises(ParameterError, match=message):
        ArielDetector(**{**WHOLE, **settings}).apply(observation)
