"""The posterior of a spectrum, against dense algebra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.gaussian_process.kernels import RBF

from specframe.errors import DataError
from specframe_gp.spectrum_posterior import DepthErrors, SpectrumProcess

CHANNELS, OUTPUTS = np.linspace(0.0, 50.0, 15), np.linspace(-3.0, 51.0, 9)
KERNEL = 0.8 * RBF(7.0)
#: Standard deviation of a level of which next to nothing is known.
WIDE = 1e3


def made(amplitudes, probabilities) -> SpectrumProcess:
    c, o = CHANNELS[:, None], OUTPUTS[:, None]
    return SpectrumProcess(
        measured=KERNEL(c),
        cross=KERNEL(o, c),
        outputs=KERNEL(o),
        measured_mean=np.sin(CHANNELS / 5.0),
        output_mean=np.sin(OUTPUTS / 5.0),
        amplitudes=np.array(amplitudes),
        probabilities=np.array(probabilities),
        exponent=0.5,
        typical_white=2.0,
    )


def problem():
    rng = np.random.default_rng(0)
    known = np.ones(15, bool)
    known[[2, 9]] = False
    root = rng.normal(0.0, 0.3, (13, 13))
    return rng.normal(5.0, 1.0, 13), known, root @ root.T + 0.1 * np.eye(13)


def dense(process: SpectrumProcess, a: float, depth, known, noise):
    """Return mean, covariance and log evidence of textbook conditioning, the level being one more wide variable."""
    v = a**2 * process.measured[np.ix_(known, known)] + noise + WIDE**2
    cross = a**2 * process.cross[:, known] + WIDE**2
    gain = np.linalg.solve(v, cross.T).T
    mean = a * process.measured_mean[known]
    posterior = a * process.output_mean + gain @ (depth - mean)
    covariance = a**2 * process.outputs + WIDE**2 - gain @ cross.T
    return posterior, covariance, multivariate_normal(mean, v).logpdf(depth)


@pytest.mark.parametrize(
    ("amplitudes", "probabilities"), [([1.3], [1.0]), ([0.0], [1.0]), ([0.4, 1.0, 2.5], [0.3, 0.5, 0.2])]
)
def test_posterior_is_that_of_dense_algebra(amplitudes, probabilities) -> None:
    process, (depth, known, noise) = made(amplitudes, probabilities), problem()
    white = 3.0
    found = process.posterior(depth, known, noise, white)
    each = [dense(process, a * 1.5**0.5, depth, known, noise) for a in amplitudes]
    weight = np.array(probabilities) * np.exp([log - each[0][2] for _, _, log in each])
    weight /= weight.sum()
    mean = sum(w * m for w, (m, _, _) in zip(weight, each, strict=True))
    covariance = sum(w * (c + np.outer(m - mean, m - mean)) for w, (m, c, _) in zip(weight, each, strict=True))
    # the level's prior of 1000 is wide, but not infinite; its square takes six digits of the dense algebra
    assert found.mean == pytest.approx(mean, abs=1e-4)
    assert found.covariance == pytest.approx(covariance, abs=1e-4)


def test_features_may_be_unknown() -> None:
    """With some probability the covariance is a wider one; the posterior is the mixture of both."""
    process, (depth, known, noise) = made([1.3], [1.0]), problem()
    narrow = 0.9 * RBF(2.0)
    c, o = CHANNELS[:, None], OUTPUTS[:, None]
    unknown = (narrow(c), narrow(o, c), narrow(o))
    found = process.with_unknown(0.3, *unknown).posterior(depth, known, noise, 2.0)
    wider = replace(
        process,
        measured=process.measured + unknown[0],
        cross=process.cross + unknown[1],
        outputs=process.outputs + unknown[2],
    )
    each = [dense(one, 1.3, depth, known, noise) for one in (process, wider)]
    weight = np.array([0.7, 0.3]) * np.exp([log - each[0][2] for _, _, log in each])
    weight /= weight.sum()
    mean = sum(w * m for w, (m, _, _) in zip(weight, each, strict=True))
    covariance = sum(w * (c + np.outer(m - mean, m - mean)) for w, (m, c, _) in zip(weight, each, strict=True))
    assert 0.01 < weight[1] < 0.99
    assert found.mean == pytest.approx(mean, abs=1e-4)
    assert found.covariance == pytest.approx(covariance, abs=1e-4)


def test_a_single_channel_tells_the_level() -> None:
    process = made([1.0], [1.0])
    known = np.arange(15) == 4
    found = process.posterior(np.array([7.0]), known, np.array([[0.01]]), 2.0)
    # what is not known of the difference between output and channel adds to the channel's error
    k = KERNEL(OUTPUTS[:, None], CHANNELS[[4], None])[:, 0]
    assert np.diagonal(found.covariance) == pytest.approx(0.01 + 2 * (0.8 - k))


def test_errors_grow_with_the_depth_and_are_smooth() -> None:
    errors = DepthErrors(CHANNELS, np.zeros(15), inflation=2.0, jitter=0.3, level=0.01, smooth=0.04, length=6.0)
    known = np.arange(15) < 3
    found = errors.covariance(np.eye(3), known, 3.0)
    assert np.diagonal(found) == pytest.approx(2.0 + 0.3 + 9 * 0.05)
    apart = (CHANNELS[1] - CHANNELS[0]) / 6.0
    assert found[0, 1] == pytest.approx(9 * (0.01 + 0.04 * np.exp(-0.5 * apart**2)))


def test_what_is_no_covariance_is_refused() -> None:
    with pytest.raises(DataError, match="depth_covariance: false"):
        made([1.0], [1.0]).posterior(np.zeros(15), np.ones(15, bool), -np.eye(15), 1.0)
