"""Every component that comes with specframe keeps the contract of its kind, checked as anybody can check it.

What a component needs besides the suite's own problems (files, spectra of one instrument) is the business of its
plugin, which names an ``example`` in the component's record; so ``specframe plugins check`` needs nothing either.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest

from specframe.registry import Registered, Registry
from specframe.testing import check_component, regression_problem
from specframe.testing.compare import difference

if TYPE_CHECKING:
    from pathlib import Path

REGISTRY = Registry.discover()
BUNDLED = [c for c in REGISTRY.components() if c.distribution == "specframe"]
EXPECTED = {
    ("loader", "ariel-challenge"),
    ("loader", "ariel-simulated"),
    ("loader", "chromatic"),
    ("loader", "eureka"),
    ("loader", "fits-cube"),
    ("loader", "spectrum-table"),
    ("loader", "tess-kepler"),
    ("loader", "exosim-ndr"),
    ("loader", "jwst-x1dints"),
    ("loader", "light-curves"),
    ("loader", "table"),
    ("loader", "splat-library"),
    ("loader", "splat-grid"),
    ("loader", "spectral-library"),
    ("loader", "model-grid"),
    ("loader", "observed-spectra"),
    ("calibrator", "ariel-detector"),
    ("calibrator", "flux-units"),
    ("calibrator", "normalise"),
    ("calibrator", "observation-noise"),
    ("calibrator", "resample"),
    ("calibrator", "select-wavelengths"),
    ("detrender", "bin"),
    ("detrender", "clean"),
    ("detrender", "injection-recovery"),
    ("detrender", "transit-fit"),
    ("detrender", "limb-darkening"),
    ("detrender", "transit-joint"),
    ("detrender", "transit-polynomial"),
    ("model", "bayesian-ridge"),
    ("model", "boosting"),
    ("model", "cnn1d"),
    ("model", "cnn2d"),
    ("model", "flat"),
    ("model", "forest"),
    ("model", "gp"),
    ("model", "measured"),
    ("model", "mlp"),
    ("model", "naive"),
    ("model", "ols"),
    ("model", "pca-ridge"),
    ("model", "pca-shrinkage"),
    ("model", "pls"),
    ("model", "ridge"),
    ("model", "spectrum-gp"),
    ("model", "stacking"),
    ("model", "trend-shrinkage"),
    ("uncertainty", "conformal"),
    ("uncertainty", "quantile"),
    ("uncertainty", "mc-dropout"),
    ("uncertainty", "laplace"),
    ("uncertainty", "input-bootstrap"),
    ("uncertainty", "heteroscedastic"),
    ("uncertainty", "gp-posterior"),
    ("uncertainty", "ensemble"),
    ("uncertainty", "bootstrap"),
    ("uncertainty", "residual"),
    ("uncertainty", "variance-scaling"),
    ("exporter", "chromatic-light-curves"),
    ("exporter", "eureka-light-curves"),
    ("exporter", "exoplanet-archive"),
    ("exporter", "petitradtrans"),
    ("exporter", "grid-comparison"),
    ("exporter", "poseidon"),
    ("exporter", "submission-adc24"),
    ("exporter", "submission-adc25"),
    ("exporter", "taurex"),
    *(
        ("score", name)
        for name in (
            "gll-adc24",
            "gll-adc25",
            "rmse-ppm",
            "r2",
            "crps",
            "coverage",
            "pit",
            "pit-flat",
            "pull",
            "regression",
        )
    ),
}


def test_bundled_plugins_have_no_problems() -> None:
    assert [problem for problem in REGISTRY.problems() if problem.distribution == "specframe"] == []


def test_all_that_is_promised_is_there() -> None:
    assert EXPECTED - {(c.component.kind, c.component.name) for c in BUNDLED} == set()


@pytest.mark.parametrize("bundled", BUNDLED, ids=lambda c: f"{c.component.kind}-{c.component.name}")
def test_it_keeps_the_contract(bundled: Registered) -> None:
    report = check_component(bundled)
    if report.ran < report.minimum and not bundled.component.example:
        pytest.fail(
            f"{bundled.qualified_name} cannot be run on the suite's own problems alone: give its Component record an "
            f'example="package.module:function" (see specframe.api.Component)\n{report}'
        )
    report.raise_on_failure()


@pytest.mark.parametrize(
    "bundled", [c for c in BUNDLED if c.component.kind == "model"], ids=lambda bundled: bundled.component.name
)
def test_the_order_of_targets_changes_no_bit(bundled: Registered, tmp_path: Path) -> None:
    """More than the suite asks of others: it lets them round differently."""
    given = {}
    if bundled.component.example:
        module, _, name = bundled.component.example.partition(":")
        given = getattr(import_module(module), name)(tmp_path)
    problem = given.get("examples", [regression_problem(n_target=40)])[-1]
    weight = np.random.default_rng(1).uniform(0.5, 2.0, problem.y.sizes["target"])
    order = np.random.default_rng(2).permutation(len(weight))
    predicted = []
    for index in (np.arange(len(weight)), order):
        model = bundled.load()(**given.get("params", {}))
        model.fit(problem.X.isel(target=index), problem.y.isel(target=index), sample_weight=weight[index], seed=4)
        predicted.append(model.predict(problem.X_new))
    assert difference(*predicted) == ""
