"""Injected curves, and the coverage that a simple fit of them has: a box and a constant by least squares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specframe.errors import DataError
from specframe_transit.injection.coverage import Coverage, coverage_of, effective_number
from specframe_transit.injection.synthetic_curves import Fitted, Injections, inject

N_TIME = 400
TIME = np.linspace(-1, 1, N_TIME)
BOX = (np.abs(TIME) < 0.4).astype(float)
DEPTH = 0.01


def box(depth: np.ndarray, channel: np.ndarray) -> np.ndarray:
    return 1.0 - depth[:, None] * BOX


def measure(flux: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return depths and models of ``a (1 - depth box)`` by ordinary least squares."""
    columns = np.stack([np.ones(N_TIME), -BOX], axis=1)
    fit = flux @ columns @ np.linalg.inv(columns.T @ columns)
    return fit[:, 1] / fit[:, 0], fit @ columns.T


#: Standard deviation of that depth for white noise of 1, one in and one out of the box.
DEPTH_STD = np.sqrt(1 / BOX.sum() + 1 / (N_TIME - BOX.sum()))


def recover(noise: np.ndarray, error: float, seed: int, number: int = 1000) -> tuple[Injections, Coverage]:
    """Fit curves with this noise, inject into their residuals, and fit those."""
    flux = (1 - DEPTH * BOX) * (1 + noise)
    depth, model = measure(flux)
    fitted = Fitted(
        np.ones_like(flux), flux / model - 1, np.full_like(flux, error), np.ones(flux.shape, bool),
        depth, np.full(len(flux), error * DEPTH_STD), np.full(len(flux), 2.0),
    )  # fmt: skip
    injections = inject(fitted, box, lambda flux, _: measure(flux)[1], number=number, seed=seed)
    errors = np.full(number, error * DEPTH_STD)
    effective = effective_number(number, len(flux), float(BOX.mean()))
    return injections, coverage_of(injections.depth, measure(injections.flux)[0], errors, errors, effective)


def test_white_noise_is_covered() -> None:
    noise = 1e-3 * np.random.default_rng(1).standard_normal((100, N_TIME))
    injections, coverage = recover(noise, 1e-3, seed=2)
    assert coverage.flag == ""
    assert coverage.inside_68 == pytest.approx(0.6827, abs=3 * coverage.error_68)
    assert coverage.inside_95 == pytest.approx(0.95, abs=3 * coverage.error_95)
    assert abs(coverage.bias) < 4 * coverage.bias_error
    assert coverage.pull_std == pytest.approx(1.0, abs=0.12)
    assert (injections.depth.min(), injections.depth.max()) == pytest.approx((0.005, 0.015), rel=0.06)
    assert set(injections.channel) == set(range(100))


@pytest.mark.parametrize(("factor", "flag"), [(0.6, "errors-too-small"), (1.6, "errors-too-large")])
def test_wrong_errors_are_called_so(factor: float, flag: str) -> None:
    noise = 1e-3 * np.random.default_rng(3).standard_normal((100, N_TIME))
    _, coverage = recover(noise, factor * 1e-3, seed=4)
    assert coverage.flag == flag
    assert coverage.pull_std == pytest.approx(1 / factor, rel=0.1)


def test_red_noise_is_kept_and_breaks_errors_that_neglect_it() -> None:
    """Noise of which each of ten samples in a row share a part: errors of white noise are too small."""
    rng = np.random.default_rng(5)
    shared = np.repeat(rng.standard_normal((100, N_TIME // 10)), 10, axis=1)
    noise = 1e-3 * (np.sqrt(0.7) * rng.standard_normal((100, N_TIME)) + np.sqrt(0.3) * shared)
    _, coverage = recover(noise, 1e-3, seed=6)
    # ten samples that share 30 % of their variance: 1 + 9 x 0.3 times the variance of their mean
    assert coverage.pull_std == pytest.approx(np.sqrt(3.7), rel=0.15)
    assert coverage.flag == "errors-too-small"


def one_channel(**changes: np.ndarray) -> Fitted:
    shape = (1, N_TIME)
    arrays = {
        "systematics": np.ones(shape), "residual": np.zeros(shape), "error": np.full(shape, 1e-3),
        "use": np.ones(shape, bool), "depth": np.array([DEPTH]), "depth_error": np.array([1e-4]),
        "n_parameter": np.zeros(1),
    }  # fmt: skip
    return Fitted(**{**arrays, **changes})


def takes_nothing(flux: np.ndarray, channel: np.ndarray) -> np.ndarray:
    """Return the model of a fit in which nothing is free."""
    return np.repeat((1 - DEPTH * BOX)[None], len(flux), axis=0)


def test_residuals_move_along_the_samples_that_are_used() -> None:
    rng = np.random.default_rng(7)
    use = np.ones((1, N_TIME), bool)
    use[0, 100:200] = False
    residual = np.where(use, 1e-3 * rng.standard_normal((1, N_TIME)), 99.0)
    injections = inject(one_channel(residual=residual, use=use), box, takes_nothing, number=20, seed=8)
    shifts, signs = set(), set()
    for flux, depth in zip(injections.flux, injections.depth, strict=True):
        assert (flux[~use[0]] == 0.0).all()
        noise = (flux / (1 - depth * BOX) - 1)[use[0]]
        start = int(np.abs(np.abs(noise) - abs(residual[0, 0])).argmin())
        sign = np.sign(noise[start] * residual[0, 0])
        np.testing.assert_allclose(sign * np.roll(noise, -start), residual[use], atol=1e-12)
        shifts.add(start)
        signs.add(sign)
    assert len(shifts) > 10
    assert signs == {-1.0, 1.0}


def test_residuals_are_moved_in_units_of_the_error() -> None:
    error = np.where(TIME < 0, 1e-3, 4e-3)[None]
    fitted = one_channel(residual=error.copy(), error=error)
    injections = inject(fitted, box, takes_nothing, number=3, depth_range=(1.0, 1.0), seed=9)
    moved = injections.flux / (1 - DEPTH * BOX) - 1
    np.testing.assert_allclose(np.abs(moved), np.repeat(error, 3, axis=0), rtol=1e-9)


def test_a_depth_lost_in_noise_is_injected_around_itself() -> None:
    fitted = one_channel(depth=np.array([1e-5]))
    eclipse = inject(fitted, box, takes_nothing, number=300, seed=1, positive=False)
    assert (eclipse.depth.min(), eclipse.depth.max()) == pytest.approx((-2.9e-4, 3.1e-4), rel=0.05)
    assert inject(fitted, box, takes_nothing, number=300, seed=1).depth.min() > 0


def test_same_seed_same_curves() -> None:
    noise = 1e-3 * np.random.default_rng(1).standard_normal((2, N_TIME))
    first, again, other = (recover(noise, 1e-3, seed=seed, number=10)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.flux, again.flux)
    assert not np.array_equal(first.flux, other.flux)


def test_nothing_to_inject_into() -> None:
    with pytest.raises(DataError, match="no channel has a measured depth"):
        inject(one_channel(depth=np.array([np.nan])), box, takes_nothing, number=3)


def test_coverage_by_hand() -> None:
    """Truth 0; measured +-1 with errors that just reach, or do not reach, back to it."""
    measured = np.array([1.0, 1.0, -1.0, -1.0])
    lower, upper = np.array([1.1, 0.4, 9.0, 9.0]), np.array([9.0, 9.0, 1.1, 0.6])
    coverage = coverage_of(np.zeros(4), measured, lower, upper)
    assert (coverage.inside_68, coverage.inside_95) == (0.5, 0.75)
    assert coverage.bias == 0.0
    np.testing.assert_allclose(coverage.error_68, stats.binom(4, 0.682689).std() / 4, rtol=1e-5)


def test_effective_number_is_that_of_the_scatter_between_realisations() -> None:
    """Coverages of 40 realisations scatter as binomial errors of the effective number say."""
    inside = []
    for seed in range(40):
        noise = 1e-3 * np.random.default_rng(seed).standard_normal((10, N_TIME))
        coverage = recover(noise, 1e-3, seed, number=200)[1]
        inside.append(coverage.inside_68)
    assert coverage.effective == pytest.approx(1 / (1 / 200 + 0.4 / 25), rel=0.02)
    # 40 values tell a standard deviation to 11 %, twice that is allowed
    assert np.std(inside) == pytest.approx(coverage.error_68, rel=0.25)
    # slightly above 0.683: pulls of channels that happen to be calmer or noisier mix
    assert np.mean(inside) == pytest.approx(0.6827, abs=0.04)


def test_fits_that_failed_are_not_counted() -> None:
    coverage = coverage_of(np.zeros(3), np.array([0.0, np.nan, 0.5]), np.ones(3), np.ones(3))
    assert coverage.number == 2
