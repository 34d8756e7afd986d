"""Labels to coefficients and back."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from specframe_cnn.label_scale import LabelScale


def _spectra(n=40, n_output=12, seed=0):
    rng = np.random.default_rng(seed)
    return 0.01 + rng.normal(0, 1e-3, (n, 1)) + rng.normal(0, 1e-4, (n, 3)) @ rng.normal(0, 1, (3, n_output))


ONES = np.ones(40)


@pytest.mark.parametrize("by", ["output", "common"])
@pytest.mark.parametrize("unit", [ONES, np.linspace(0.5, 2.0, 40)])
@pytest.mark.parametrize("components", [None, 12])
def test_labels_survive_the_way_there_and_back(by, unit, components):
    labels = _spectra()
    scale = LabelScale.fit(labels, unit, ONES, by, components)
    back = scale.mean(scale.standard(labels, unit), unit)
    np.testing.assert_allclose(back, labels, atol=1e-6 * labels.std())  # coefficients are in single precision


def test_a_common_scale_keeps_small_outputs_small():
    labels = np.random.default_rng(0).normal(0, [1.0, 10.0], (500, 2))
    weight = np.ones(500)
    common = LabelScale.fit(labels, weight, weight, "common", None).standard(labels, weight)
    own = LabelScale.fit(labels, weight, weight, "output", None).standard(labels, weight)
    assert common.std(axis=0)[1] / common.std(axis=0)[0] == pytest.approx(10.0, rel=0.1)
    np.testing.assert_allclose(own.std(axis=0), 1.0, rtol=1e-5)


def test_components_are_those_of_scikit_learn():
    labels = _spectra()
    scale = LabelScale.fit(labels, ONES, ONES, "common", 3)
    pca = PCA(3).fit(labels)
    assert scale.components is not None
    np.testing.assert_allclose(np.abs(np.sum(scale.components * pca.components_.T, axis=0)), 1.0, atol=1e-6)
    back = scale.mean(scale.standard(labels, ONES), ONES)
    np.testing.assert_allclose(back, pca.inverse_transform(pca.transform(labels)), atol=1e-9)


def test_components_that_the_labels_do_not_have_are_left_out():
    labels = np.random.default_rng(0).normal(0, 1, (40, 2)) @ np.random.default_rng(1).normal(0, 1, (2, 9))
    assert LabelScale.fit(labels, ONES, ONES, "output", 7).n_coefficient == 2


def test_constant_labels_come_back_as_they_are():
    labels = np.full((40, 3), 0.02)
    scale = LabelScale.fit(labels, ONES, ONES, "output", None)
    np.testing.assert_allclose(scale.mean(np.ones((40, 3)), ONES), labels, rtol=1e-9)
    assert (scale.std(np.ones((40, 3)), ONES) > 0).all()


def test_errors_of_labels_are_those_of_draws_of_the_coefficients():
    labels = _spectra()
    unit = np.linspace(0.5, 2.0, 40)
    scale = LabelScale.fit(labels, unit, ONES, "output", 3)
    rng = np.random.default_rng(3)
    std = np.array([0.5, 1.0, 2.0])
    draws = scale.mean(rng.normal(0, std, (20000, 40, 3)), unit)
    assert scale.rest is not None
    rest = np.square(unit[:, None] * scale.scale) * scale.rest
    # 20000 draws tell a standard deviation to 0.5 %, the largest of 480 to four times that
    np.testing.assert_allclose(
        scale.std(np.broadcast_to(std, (40, 3)), unit), np.sqrt(draws.var(axis=0) + rest), rtol=0.025
    )
    covariance = scale.covariance(np.broadcast_to(np.diag(std**2), (40, 3, 3)), unit)
    np.testing.assert_allclose(
        np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)), scale.std(np.broadcast_to(std, (40, 3)), unit), rtol=1e-9
    )


def test_weights_count():
    labels = np.concatenate([np.zeros((20, 1)), np.ones((20, 1))])
    weight = np.repeat([3.0, 1.0], 20)
    assert LabelScale.fit(labels, ONES, weight, "output", None).centre[0] == pytest.approx(0.25)
