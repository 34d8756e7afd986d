"""Every component that comes with specframe keeps the contract of its kind, checked as anybody can check it.

What a component needs besides the suite's own problems (files, spectra of one instrument) is the business of its
plugin, which names an ``example`` in the component's record; so ``specframe plugins check`` needs nothing either.
"""

from __future__ import annotations

import pytest

from specframe.registry import Registered, Registry
from specframe.testing import check_component

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
    ("calibrator", "ariel-detector"),
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
    ("model", "naive"),
    ("model", "ols"),
    ("model", "pca-ridge"),
    ("model", "pca-shrinkage"),
    ("model", "pls"),
    ("model", "ridge"),
    ("model", "spectrum-gp"),
    ("model", "stacking"),
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
    ("exporter", "poseidon"),
    ("exporter", "submission-adc24"),
    ("exporter", "submission-adc25"),
    ("exporter", "taurex"),
    *(
        ("score", name)
        for name in ("gll-adc24", "gll-adc25", "rmse-ppm", "r2", "crps", "coverage", "pit", "pit-flat", "pull")
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
