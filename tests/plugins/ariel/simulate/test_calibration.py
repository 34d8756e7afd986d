"""The detectors: drawn like the real ones, or the real ones themselves, and measured with noise."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from astropy.stats import sigma_clip

from specframe.errors import InputFileError
from specframe_ariel.simulate.detector import detector_of, expose, true_detector
from specframe_ariel.simulate.instrument import AIRS, FGS1
from specframe_ariel.simulate.loader import ArielSimulated
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet

#: The real number of pairs, so that a pair is a real one.
FULL = {"airs_pairs": 5_625, "fgs1_pairs": 67_500}
IMAGES = ("dark", "dead", "flat", "linear_corr", "read")


def _detectors(instrument=AIRS, count=1, **params):
    """(true, measured) of a number of planets."""
    chosen = SimulatedParams(**{**FULL, "year": 2025, **params})
    planet = draw_planet(chosen, 0)
    # the detectors are drawn per planet; the planets themselves do not matter
    planets = [planet.__class__(**{**vars(planet), "index": index}) for index in range(count)]
    return [
        (true_detector(chosen, one, instrument, 0)[0], detector_of(chosen, one, instrument, 0)[0]) for one in planets
    ]


@pytest.fixture(scope="module")
def drawn():
    return [measured for _, measured in _detectors(count=8, seed=1)]


def test_dark_hot_and_dead_pixels_are_as_many_as_real_ones(drawn):
    """Median dark 0.0063 e-/s, 0.7 % hot by the 5-sigma clip, 0.1 % dead, each within 20 %."""
    assert np.median([one.dark for one in drawn]) == pytest.approx(0.0063, rel=0.2)
    hot = np.mean([sigma_clip(one.dark, sigma=5, maxiters=5).mask.mean() for one in drawn])
    assert hot == pytest.approx(0.007, rel=0.2)
    assert np.mean([one.dead for one in drawn]) == pytest.approx(0.001, rel=0.2)


def test_read_noise_and_flat_are_spread_as_the_real_ones(drawn):
    read = np.concatenate([one.read.ravel() for one in drawn])
    assert np.median(read) == pytest.approx(13.0, rel=0.02)
    # a tail of noisy pixels: 14.1 e- at 84 % and 28 e- at 99 % of the real ones
    assert np.quantile(read, 0.84) == pytest.approx(14.1, rel=0.05)
    assert np.quantile(read, 0.99) == pytest.approx(28.0, rel=0.25)
    flat = np.concatenate([one.flat[~one.dead] for one in drawn])
    assert flat.std() == pytest.approx(0.0125, rel=0.1)


def test_linearity_correction_is_the_real_size():
    """2.6 % at 60,000 e-, within 20 %; AIRS-CH0 has more and FGS1 less."""
    for instrument in (AIRS, FGS1):
        ((_, calibration),) = _detectors(instrument)
        corrected = sum(c * 60_000.0**k for k, c in enumerate(calibration.linear_corr))
        assert np.median(corrected) / 60_000 - 1 == pytest.approx(0.026, rel=0.2)


def test_default_numbers_are_those_of_the_real_files(data_dir):
    """Drawn against both real sets of AIRS-CH0, image by image."""
    ((_, drawn),) = _detectors()
    for folder in ("adc24", "adc25/train/342072318"):
        ((_, real),) = _detectors(calibration=data_dir / folder)
        assert np.median(drawn.dark) == pytest.approx(np.median(real.dark), rel=0.1)
        assert np.median(drawn.read) == pytest.approx(np.median(real.read), rel=0.02)
        for name in ("dark", "flat"):
            widths = [
                np.diff(np.quantile(getattr(one, name), [0.16, 0.84]))[0] * np.median(one.flat) for one in (drawn, real)
            ]
            assert widths[0] == pytest.approx(widths[1], rel=0.12)
        for order in (1, 3, 4, 5):
            medians = [np.median(one.linear_corr[order]) for one in (drawn, real)]
            assert medians[0] == pytest.approx(medians[1], rel=0.03)


def test_files_are_exact_unless_asked_otherwise():
    ((true, measured),) = _detectors(seed=3)
    for name in IMAGES:
        np.testing.assert_array_equal(getattr(true, name), getattr(measured, name))


@pytest.mark.parametrize("airs_pairs", [5_625, 187])
def test_noise_of_the_files_is_that_of_their_frames(airs_pairs):
    """With N frames: photon noise at 50,000 e- for the flat, read / sqrt(2 N), two reads 1,000 s apart for the dark.

    The same for a detector whose pairs stand for several: noise per hour of calibration does not depend on the visit.
    """
    scale = 5_625 / airs_pairs
    for frames in (4, 100):
        ((true, measured),) = _detectors(seed=3, airs_pairs=airs_pairs, calibration_frames=frames)
        good = ~true.dead
        flat = (measured.flat - true.flat)[good] * np.sqrt(frames)
        # read noise adds 0.3 % of the variance; 11,000 pixels leave 0.7 %
        assert flat.std() == pytest.approx(np.sqrt(1 / 50_000), rel=0.03)
        read = (measured.read / true.read - 1) * np.sqrt(2 * frames)
        assert read.std() == pytest.approx(1.0, rel=0.03)
        pixels = good & (true.dark < 0.02)
        dark = (measured.dark - true.dark)[pixels] * np.sqrt(frames)
        one_read = true.read[pixels] / np.sqrt(scale)
        expected = np.sqrt(2 * (one_read**2).mean() + 1_000 * true.dark[pixels].mean()) / 1_000
        assert dark.std() == pytest.approx(expected, rel=0.05)
        level = 60_000 * scale
        signal = [sum(c * level**k for k, c in enumerate(one.linear_corr)) for one in (true, measured)]
        off = (signal[1] - signal[0]) / level * np.sqrt(frames)
        assert off.std() == pytest.approx(np.sqrt(2 / 60_000), rel=0.03)
        np.testing.assert_array_equal(true.dead, measured.dead)


def test_missed_pixels_look_well_in_the_files_and_are_not():
    params = {"seed": 5, "dead_fraction": 0.02, "hot_fraction": 0.02, "missed_fraction": 0.5, "drift": 0.0}
    ((true, measured),) = _detectors(**params)
    assert measured.dead.sum() == pytest.approx(0.5 * true.dead.sum(), rel=0.3)
    assert not (measured.dead & ~true.dead).any()
    missed = true.dead & ~measured.dead
    assert np.abs(measured.flat[missed] - 1).max() < 0.06
    hot = true.dark > 0.0185
    hidden = hot & (measured.dark < 0.0185)
    assert hidden.sum() == pytest.approx(0.5 * hot.sum(), rel=0.3)
    # what the frames show: no light in the missed dead pixels
    chosen = SimulatedParams(**params, year=2025, airs_pairs=40)
    planet = draw_planet(chosen, 0)
    (true, _), (measured, converter) = (one(chosen, planet, AIRS, 0) for one in (true_detector, detector_of))
    reads = expose(chosen, planet, AIRS, 0).reshape(32, 356, -1, 2) / converter.gain
    signal = (reads[..., 1] - reads[..., 0]).mean(axis=-1)
    trace = np.zeros((32, 356), bool)
    trace[13:18, 60:320] = True
    missed = trace & true.dead & ~measured.dead & (true.dark < 0.02)
    assert missed.sum() >= 5
    assert signal[missed].max() < 0.02 * np.median(signal[trace])


@pytest.mark.parametrize("folder", ["adc24", "adc24/calibration", "adc25/train/342072318"])
@pytest.mark.parametrize("instrument", [AIRS, FGS1], ids=lambda instrument: instrument.name)
def test_real_calibration_files_are_the_detector(data_dir, folder, instrument):
    """To the last bit where a pair is a real one; scaled with the pairs that one stands for otherwise."""
    ((true, measured),) = _detectors(instrument, calibration=data_dir / folder)
    found = next((data_dir / folder).glob(f"**/{instrument.name}_calibration*"))
    for name in ("dark", "flat", "dead"):
        real = pl.read_parquet(found / f"{name}.parquet").to_numpy()
        np.testing.assert_array_equal(getattr(measured, name), real)
    np.testing.assert_allclose(measured.read, pl.read_parquet(found / "read.parquet").to_numpy(), rtol=1e-12)
    coefficients = pl.read_parquet(found / "linear_corr.parquet").to_numpy().reshape(6, 32, -1)
    np.testing.assert_array_equal(measured.linear_corr, coefficients)
    # the signal of one pixel, thirty times as long and large: the same correction
    ((_, longer),) = _detectors(instrument, calibration=data_dir / folder, airs_pairs=187, fgs1_pairs=2_250)
    scale = {"AIRS-CH0": 5_625 / 187, "FGS1": 30.0}[instrument.name]
    once, often = (
        sum(c * (20_000.0 * n) ** k for k, c in enumerate(one.linear_corr))
        for one, n in ((measured, 1), (longer, scale))
    )
    np.testing.assert_allclose(often, once * scale, rtol=1e-9)
    assert not true.response[true.dead].any()


def test_real_calibration_with_noise_is_the_real_detector_measured_again(data_dir):
    ((true, measured),) = _detectors(calibration=data_dir / "adc24", calibration_frames=100)
    difference = (measured.flat - true.flat)[~true.dead]
    assert difference.std() == pytest.approx(np.sqrt(1 / 50_000 / 100), rel=0.05)


def test_frames_of_a_real_detector_are_finite_and_its_own(data_dir):
    """Pixels with wild linearity are in the real sets: their simulated reads are corrected back all the same."""
    loader = ArielSimulated(
        n_targets=1, year=2025, airs_pairs=40, fgs1_pairs=40, calibration=str(data_dir / "adc25/train/342072318")
    )
    node = loader.load(loader.targets()[0])["AIRS-CH0/0"]
    reads = np.asarray(node["frames"].values, float) / node.attrs["gain"] + node.attrs["offset"]
    linear = np.zeros_like(reads)
    for coefficient in node["linearity"].values[::-1]:
        linear = linear * reads + coefficient
    cds = (linear[1::2] - linear[::2]).mean(axis=0)
    corrected = cds / np.where(node["dead"], np.nan, node["flat"])
    # neighbours along the trace agree better than the flat varies
    ratio = corrected[15, 60:300] / corrected[15, 61:301]
    assert np.nanstd(ratio) < 0.01
    assert np.nanstd(cds[15, 60:300] / cds[15, 61:301]) > 0.012


def test_wrong_calibration_folders_are_told(tmp_path: Path):
    def load(folder):
        loader = ArielSimulated(n_targets=1, airs_pairs=40, fgs1_pairs=40, calibration=str(folder))
        return loader.load(loader.targets()[0])

    with pytest.raises(InputFileError, match=r"expected a folder AIRS-CH0_calibration or AIRS-CH0_calibration_0"):
        load(tmp_path)
    with pytest.raises(InputFileError, match="there is none"):
        load(tmp_path / "nowhere")
    folder = tmp_path / "AIRS-CH0_calibration"
    folder.mkdir()
    with pytest.raises(InputFileError, match="not found"):
        load(tmp_path)
    pl.DataFrame(np.zeros((32, 32)), schema=[f"column_{k}" for k in range(32)]).write_parquet(folder / "dark.parquet")
    with pytest.raises(InputFileError, match="expected 32 x 356 values, got 32 x 32"):
        load(tmp_path)


def test_a_calibration_that_is_not_finite_is_told(write_tree):
    root = write_tree(2025, {"101": 1})
    folder = root / "train" / "101"
    _detectors(calibration=folder)
    path = folder / "AIRS-CH0_calibration_0" / "read.parquet"
    read = pl.read_parquet(path).to_numpy().copy()
    for wrong, told in ((np.nan, "the first is nan, row 3, column 7"), (-1.0, "the first is -1, row 3, column 7")):
        read[3, 7] = wrong
        pl.DataFrame(read, schema=[f"column_{k}" for k in range(356)]).write_parquet(path)
        with pytest.raises(InputFileError, match=told):
            _detectors(calibration=folder)
