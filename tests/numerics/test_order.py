"""Targets in another order, in a loader or in front of a component: the same rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe import Pipeline
from specframe.testing.problems import trapezoid

NUMERICS = settings.get_profile("numerics")


@pytest.mark.numerics("rows")
@settings(NUMERICS, max_examples=3)
@given(seed=st.integers(0, 1000))
def test_what_is_said_of_a_target_does_not_depend_on_the_others(subject, bound, seed):
    example, first = subject.example(), subject.base()
    name = "X_new" if subject.kind == "model" else "new"
    rows = np.random.default_rng(seed).permutation(first.sizes["target"])[: 1 + seed % first.sizes["target"]]
    asked = getattr(example, name).isel(target=rows)
    change = subject.change(first.isel(target=rows), subject.run(replace(example, **{name: asked})))
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("learning-order")
@settings(NUMERICS, max_examples=2)
@given(seed=st.integers(0, 1000))
def test_what_is_learned_does_not_depend_on_the_order_of_targets(subject, bound, seed):
    example, first = subject.example(), subject.base()
    names = ("X", "y") if subject.kind == "model" else ("prediction", "truth")
    order = np.random.default_rng(seed).permutation(getattr(example, names[1]).sizes["target"])
    mixed = {name: getattr(example, name).isel(target=order) for name in names}
    change = subject.change(first, subject.run(replace(example, **mixed)))
    assert {name: size for name, size in change.items() if not size <= bound} == {}


def _results(folder, order, by_star):
    """Run light curves > depths > ridge > conformal, cross-validated, on 36 targets in an order."""
    rng = np.random.default_rng(4)
    n, n_wavelength, n_time = 36, 5, 120
    time = np.linspace(0.0, 0.3, n_time)
    depth = 0.01 + rng.normal(0.0, 1e-3, (n, 1)) + rng.normal(0.0, 2e-4, (n, n_wavelength))
    flux = np.stack([trapezoid(time, d) for d in depth]) + rng.normal(0.0, 2e-4, (n, n_wavelength, n_time))
    names = np.array([f"planet-{i:02d}" for i in range(n)])
    folder.mkdir()
    np.savez(folder / "data.npz", flux=flux[order], name=names[order], time=time, wave=np.linspace(1.0, 2.0, 5))
    rows = [f"{names[i]},{i // 3},{','.join(repr(float(d)) for d in depth[i])}" for i in order]
    header = "name,star," + ",".join(f"wl_{k}" for k in range(n_wavelength))
    (folder / "labels.csv").write_text("\n".join([header, *rows]) + "\n")
    load = {
        "path": str(folder / "data.npz"),
        "target": "name",
        "flux": {"key": "flux", "units": ""},
        "time": {"key": "time", "units": "d"},
        "wavelength": {"key": "wave", "units": "um"},
        "labels": {"path": str(folder / "labels.csv"), "target": "name", "columns": ["wl_*"], "units": ""},
    }
    if by_star:
        load["catalogue"] = {"path": str(folder / "labels.csv"), "target": "name", "columns": "star"}
    recipe = {
        "specframe": 1,
        "seed": 5,
        "steps": [
            {"load": "table", "with": load},
            {"detrend": "transit-polynomial", "with": {"order": 1}},
            {"model": "ridge"},
            {"uncertainty": "conformal"},
        ],
        "evaluate": {
            "cross_validation": {"folds": 3, "group": "star" if by_star else "target"},
            "scores": ["rmse-ppm", "coverage"],
        },
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return Pipeline.from_yaml(folder / "recipe.yaml").run(folder / "run", executor="serial", quiet=True)


@pytest.mark.parametrize("by_star", [False, True], ids=["targets", "groups"])
def test_a_pipeline_gives_the_same_rows_whatever_the_order_of_targets(tmp_path, by_star):
    """Which targets share a fold follows from their names, and what is learned from the set: scores are the same too.

    Predictions are the same to the bit, their quantiles and scores but for the order of a sum.
    """
    first = _results(tmp_path / "sorted", np.arange(36), by_star)
    order = np.random.default_rng(9).permutation(36)
    second = _results(tmp_path / "mixed", order, by_star)
    one, two = first.predictions, second.predictions
    assert list(two["target"].values) == [f"planet-{i:02d}" for i in order]
    two = two.sel(target=one["target"])
    np.testing.assert_array_equal(one["fold"], two["fold"])
    np.testing.assert_array_equal(one["mean"], two["mean"])
    for name in ("std", "lower", "upper"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-12)
    for score, value in first.metrics["cv"].items():
        if isinstance(value, float):
            assert second.metrics["cv"][score] == pytest.approx(value, rel=1e-12), score
