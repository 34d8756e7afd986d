"""Pointing: jitter as in the real frames, and slow motions that both instruments share."""

import numpy as np
import pytest

from specframe_ariel.simulate.instrument import AIRS, FGS1
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.pointing import draw_pointing


@pytest.mark.parametrize(("instrument", "few", "many"), [(AIRS, 187, 748), (FGS1, 200, 1_600)])
def test_fewer_pairs_keep_the_jitter_per_hour(instrument, few, many):
    """A pair that stands for n real ones shows their mean pointing: 1/sqrt(n) of the jitter of one."""
    real = {"AIRS-CH0": (5_625, [0.014, 0.006]), "FGS1": (67_500, [0.11, 0.09])}[instrument.name]
    for pairs in (few, many):
        readout = instrument.readout(pairs)
        drawn = [draw_pointing(SimulatedParams(seed=s, jitter=2.0), 0, instrument, 0, readout) for s in range(20)]
        expected = 2.0 * np.array(real[1]) * np.sqrt(pairs / real[0])
        np.testing.assert_allclose(np.std(drawn, axis=(0, 2)), expected, rtol=4 / np.sqrt(2 * 20 * pairs))


def test_jitter_is_that_of_the_first_real_frames(data_dir):
    """Centroids of the star of planet 342072318 in 25 pairs of FGS1, where they are ten times their error."""
    import polars as pl

    frames = pl.read_parquet(data_dir / "adc25/train/342072318/FGS1_signal_0.parquet").to_numpy()
    reads = frames.reshape(-1, 32, 32).astype(float)
    core = (reads[1::2] - reads[::2])[:, 12:21, 12:21]
    place = np.arange(12, 21)
    total = core.sum(axis=(1, 2))
    for axis, expected in ((1, 0.11), (2, 0.09)):
        centroid = (core.sum(axis=3 - axis) * place).sum(axis=1) / total
        # 25 values: a relative error of 14 %; a box that ends at the wings shows 10 % less
        assert centroid.std(ddof=1) == pytest.approx(expected, rel=0.35)


def test_walk_spreads_with_the_root_of_time():
    params = [SimulatedParams(seed=s, jitter=0.0, pointing_walk=0.2) for s in range(400)]
    readout = AIRS.readout(187)
    drawn = np.array([draw_pointing(one, 0, AIRS, 0, readout) for one in params])
    np.testing.assert_allclose(drawn.mean(axis=2), 0.0, atol=2e-3)
    whole = (drawn[:, :, -1] - drawn[:, :, 0]).std()
    quarter = (drawn[:, :, 47] - drawn[:, :, 0]).std()
    # 800 walks: 2.5 %, of which the first and the last pair miss half a pair each
    assert whole == pytest.approx(0.2, rel=0.1)
    assert quarter == pytest.approx(0.1, rel=0.1)


def test_wave_has_its_amplitude_and_period():
    params = SimulatedParams(seed=1, jitter=0.0, pointing_wave=0.1, pointing_period="45 min")
    y, x = draw_pointing(params, 0, AIRS, 0, AIRS.readout(2_000))
    for path in (y, x):
        assert path.std() == pytest.approx(0.1 / np.sqrt(2), rel=0.01)
        power = np.abs(np.fft.rfft(path)) ** 2
        assert power.argmax() == 10  # 27,000 s / 2,700 s
    assert abs(np.corrcoef(y, x)[0, 1]) < 0.999  # phases of their own


def test_slow_motion_is_the_telescopes_and_jitter_the_instruments():
    slow = SimulatedParams(seed=1, jitter=0.0, pointing_walk=0.2, pointing_wave=0.05)
    both = [draw_pointing(slow, 3, one, 0, one.readout(187)) for one in (AIRS, FGS1)]
    np.testing.assert_allclose(both[0], both[1], atol=5e-3)  # time stamps differ by seconds
    assert both[0].std() > 0.02
    fast = SimulatedParams(seed=1)
    y_airs, y_fgs1 = (draw_pointing(fast, 3, one, 0, one.readout(187))[0] for one in (AIRS, FGS1))
    assert abs(np.corrcoef(y_airs, y_fgs1)[0, 1]) < 0.3
    np.testing.assert_array_equal(y_airs, draw_pointing(fast, 3, AIRS, 0, AIRS.readout(187))[0])
    assert not np.array_equal(y_airs, draw_pointing(fast, 3, AIRS, 1, AIRS.readout(187))[0])
