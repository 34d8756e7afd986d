"""Cosmic rays: how many, how much charge, in which pixels and reads."""

import numpy as np
import pytest

from specframe_ariel.simulate.cosmic_rays import MEDIAN_CHARGE, PIXEL_AREA, draw_cosmic_rays
from specframe_ariel.simulate.detector import detector_of, expose
from specframe_ariel.simulate.instrument import AIRS, FGS1
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet

#: Particles of one pair that are apart: nothing hits a pixel twice.
SPARSE = {"cosmic_rays": 4.3, "airs_pairs": 5_625, "fgs1_pairs": 67_500}


def _draw(instrument, seed=0, **params):
    chosen = SimulatedParams(seed=seed, **{**SPARSE, **params})
    return draw_cosmic_rays(chosen, 0, instrument, 0, instrument.readout(chosen.pairs(instrument.name)))


@pytest.fixture(scope="module")
def events():
    """Charge, number of pixels and whether it came before the first read, of some 4,600 hits of AIRS-CH0.

    One pair is one hit: 2 % of them hold two.
    """
    charge, pixels, early = [], [], []
    for seed in range(16):
        hits = _draw(AIRS, seed, cosmic_rays=0.3)
        for pair in np.unique(hits.pair):
            one = hits.charge[hits.pair == pair].astype(float)
            charge.append(one.sum())
            pixels.append((one.sum(axis=1) > 50).sum())
            early.append(one[0, 0] > 0)
    return np.array(charge), np.array(pixels), np.array(early)


def test_number_of_hits_is_rate_times_area_times_time():
    """4.3 per cm2 and s on 11,392 pixels of 18 um, for the 4.6 s from reset to the second read of 5,625 pairs."""
    expected = 4.3 * 11_392 * (18e-4) ** 2 * 4.6 * 5_625
    charge = [_draw(AIRS, seed).charge.sum(dtype=float) for seed in range(4)]
    # the mean of Q_min sqrt-distributed charge is 2 Q_min; its variance has a logarithm that grows: 5 % of the sum
    assert np.mean(charge) == pytest.approx(expected * np.sqrt(2.0) * MEDIAN_CHARGE, rel=0.08)


def test_charge_has_the_distribution_of_paths_through_a_plane(events):
    """P(Q > q) = (Q_min / q)^2; hits at the border, and two in a pair, are a few per cent."""
    charge, _, _ = events
    assert np.median(charge) == pytest.approx(5_200.0, rel=0.05)
    lowest = 5_200 / np.sqrt(2)
    for factor in (2.0, 4.0):
        # 290 of 4,600 for the larger: 6 %
        assert (charge > factor * lowest).mean() == pytest.approx(factor**-2, rel=0.2)
    assert (charge < 0.98 * lowest).mean() < 0.05


def test_most_hits_are_in_one_or_a_few_pixels(events):
    _, pixels, _ = events
    assert (pixels <= 2).mean() > 0.35
    assert (pixels <= 4).mean() > 0.85
    assert pixels.max() > 6  # grazing tracks


def test_before_the_first_read_in_proportion_to_time(events):
    """0.1 s of 4.6 s."""
    _, _, early = events
    assert early.mean() == pytest.approx(0.1 / 4.6, rel=0.4)  # 100 of 4,600


@pytest.mark.parametrize("pairs", [187, 1_350])
def test_fewer_pairs_have_as_many_hits_per_hour(pairs):
    few, many = (_draw(FGS1, fgs1_pairs=n, cosmic_rays=100.0).charge.sum(dtype=float) for n in (pairs, 67_500))
    assert few == pytest.approx(many, rel=0.1)


def test_a_hit_stays_until_the_reset():
    """Frames with hits and without differ in the hit pixels and pairs only, by the charge that came until then."""
    base = {"seed": 2, "fgs1_pairs": 5_000, "airs_pairs": 40, "dead_fraction": 0.0, "year": 2025, "full_well": 1e9}
    params = SimulatedParams(**base, cosmic_rays=20.0)
    planet = draw_planet(params, 0)
    hits = draw_cosmic_rays(params, 0, FGS1, 0, FGS1.readout(5_000))
    _, converter = detector_of(params, planet, FGS1, 0)
    clean, hit = (
        expose(one, planet, FGS1, 0).reshape(1_024, -1, 2) / converter.gain for one in (SimulatedParams(**base), params)
    )
    changed = np.zeros(clean.shape[:2], bool)
    changed[hits.pixel, hits.pair] = True
    np.testing.assert_array_equal(clean[~changed], hit[~changed])
    step = 1 / converter.gain
    added = (hit - clean)[hits.pixel, hits.pair]
    total = np.stack([hits.charge[:, 0], hits.charge.sum(axis=1)], axis=1)
    # the converter's steps, 2 % of gain in the pixels' linearity, and what does not fit the converter
    fits = hit[hits.pixel, hits.pair, 1] * converter.gain < 65_535
    assert (hits.charge[fits, 0] > 1_000).sum() > 20
    assert (hits.charge[fits, 1] > 1_000).sum() > 20
    np.testing.assert_allclose(added[fits], total[fits], atol=1.5 * step, rtol=0.05)
    # CDS: what came before the first read cancels
    early = fits & (hits.charge[:, 1] == 0)
    np.testing.assert_allclose((added[:, 1] - added[:, 0])[early], 0.0, atol=2 * step + 0.02 * total[early, 1].max())


def test_there_are_none_by_default():
    """As in the real frames: 25 pairs of AIRS-CH0 would have 18 hits at JWST's rate, and show no outlier at all."""
    assert len(_draw(AIRS, cosmic_rays=SimulatedParams().cosmic_rays).pixel) == 0


def test_real_frames_show_none(data_dir):
    """No pixel of 25 pairs is above its median by 500 e- and 8 times its noise, away from the moving star's core."""
    import polars as pl

    folder = data_dir / "adc25/train/342072318"
    frames = pl.read_parquet(folder / "AIRS-CH0_signal_0.parquet").to_numpy().reshape(-1, 32, 356).astype(float)
    read = pl.read_parquet(folder / "AIRS-CH0_calibration_0/read.parquet").to_numpy()
    cds = (frames[1::2] - frames[::2]) / 0.4369
    median = np.median(cds, axis=0)
    noise = np.sqrt(np.maximum(median, 0) + 2 * read**2)
    outside = np.r_[0:11, 21:32]
    excess = (cds - median)[:, outside]
    assert not ((excess > 500) & (excess > 8 * noise[outside])).any()
    # what is expected there at JWST's lowest rate, 2.3 per cm2 and s, each above 500 e-
    assert 2.3 * PIXEL_AREA * excess[0].size * 4.5 * 25 > 5
