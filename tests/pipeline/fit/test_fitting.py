"""Ensembles, draws and stacks: what the pipeline hands to estimators and to models that build on others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
import xarray as xr

from specframe.api import (
    Draws,
    Model,
    Uncertainty,
    design_matrix,
    label_matrix,
    make_labels,
    weight_vector,
    working_in,
    workspace,
)
from specframe.errors import DataError, UsageError
from specframe.pipeline.fit.chain import FittedChain
from specframe.pipeline.fit.fit_order import single_fits
from specframe.pipeline.fit.fitting import fit_chain, fit_single
from specframe.pipeline.fit.learning import LearningData, LearningStep

if TYPE_CHECKING:
    from pathlib import Path


class _Line(Model):
    """Least squares through the origin on all inputs, plus an offset that its seed decides."""

    name = "line"
    offset_size = 0.0
    own_std: float | None = None
    reads: tuple[str, ...] = ()
    calls: ClassVar[list[dict[str, Any]]] = []

    def inputs(self) -> tuple[str, ...]:
        return self.reads

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, seed: int = 0) -> _Line:
        matrix, targets = design_matrix(X, self.reads)
        labels = label_matrix(y, targets, named=True)
        root = np.sqrt(weight_vector(sample_weight, len(targets)))[:, None]
        self.slope = np.linalg.lstsq(root * matrix, root * labels, rcond=None)[0]
        self.offset = self.offset_size * np.random.default_rng(seed).standard_normal()
        self.like = y[:0].drop_vars("group", errors="ignore")
        _Line.calls.append({"targets": targets, "seed": seed, "weight": sample_weight, "space": workspace()})
        return self

    def predict(self, X: Any) -> xr.Dataset:
        matrix, targets = design_matrix(X, self.reads)
        mean = self.like.reindex(target=targets).copy(data=matrix @ self.slope + self.offset)
        prediction = mean.to_dataset(name="mean")
        return prediction if self.own_std is None else prediction.assign(std=xr.full_like(mean, self.own_std))

    def get_state(self) -> Any:
        values = {"offset": self.offset, "targets": [], "outputs": [str(o) for o in self.like["output"].values]}
        return {"slope": self.slope}, values

    def set_state(self, arrays: Any, values: Any) -> None:
        self.slope, self.offset = arrays["slope"], values["offset"]
        self.like = make_labels(np.zeros((0, len(values["outputs"]))), [], values["outputs"])


class _Wide(_Line):
    name = "wide"
    offset_size = 1.0


class _Sure(_Line):
    name = "sure"
    own_std = 0.5


class _Reader(_Line):
    """Reads what its sources predict."""

    name = "reader"


class _Draws(Uncertainty):
    """Notes what it is given; its error is the spread of the draws, or 1."""

    name = "draws"
    wanted: Draws | None = None
    learns = True

    def draws(self) -> Draws | None:
        return self.wanted

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> _Draws:
        self.seen = prediction
        return self

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        self.applied = prediction
        spread = prediction["samples"].std("sample", ddof=1).values if "samples" in prediction else 1.0
        return prediction.assign(std=prediction["mean"].copy(data=np.broadcast_to(spread, prediction["mean"].shape)))

    def get_state(self) -> Any:
        return {}, {}

    def set_state(self, arrays: Any, values: Any) -> None: ...


def _estimator(draws: Draws | None, learns: bool = True) -> type[_Draws]:
    return type("_Asked", (_Draws,), {"wanted": draws, "learns": learns})


def _data(n: int = 40, errors: float | None = None, groups: int | None = None) -> tuple[LearningData, xr.DataArray]:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(n, 1))
    names = [f"t{i}" for i in range(n)]
    variables: dict[str, Any] = {"x": (("target", "feature"), x)}
    if errors is not None:
        variables["x_error"] = (("target", "feature"), np.full((n, 1), errors))
    tree = xr.DataTree.from_dict({"/": xr.Dataset(coords={"target": names}), "/a": xr.Dataset(variables)})
    labels = make_labels(2.0 * x + rng.normal(0.0, 0.1, (n, 1)), names, ["depth"])
    group = np.array([f"g{i % groups}" if groups else name for i, name in enumerate(names)])
    collections = {"a": tree, "b": tree, "c": xr.DataTree(xr.Dataset(coords={"target": names}))}
    return LearningData(collections, tuple(names), group), labels


def _fit(model: type[Model], *estimators: type[_Draws], **data: Any) -> tuple[FittedChain, LearningData, xr.DataArray]:
    held, labels = _data(**data)
    _Line.calls.clear()
    steps = [LearningStep("a", "model", model())]
    steps += [LearningStep(f"u{i}", "uncertainty", estimator()) for i, estimator in enumerate(estimators)]
    return fit_chain(steps, held, labels, 7), held, labels


def test_inner_folds_are_as_many_as_asked_for() -> None:
    data, labels = _data()
    _Line.calls.clear()
    steps = [LearningStep("a", "model", _Line()), LearningStep("u", "uncertainty", _estimator(None)())]
    fit_chain(steps, data, labels, 7, inner_folds=10)
    assert [len(call["targets"]) for call in _Line.calls] == [40, *[36] * 10]


def test_the_mean_of_an_ensemble_is_that_of_its_members_and_its_draws_are_they() -> None:
    chain, data, _ = _fit(_Wide, _estimator(Draws("seeds", 6)))
    prediction = chain.predict(data)
    offsets = np.array([model.offset for model in chain.models["a"].members])  # type: ignore[attr-defined]
    assert len(set(offsets)) == 6
    slope = chain.models["a"].members[0].slope  # type: ignore[attr-defined]
    expected = data.collections["a"]["a/x"].values @ slope + offsets.mean()
    np.testing.assert_allclose(prediction["mean"], expected, atol=1e-12)
    np.testing.assert_allclose(prediction["std"], np.std(offsets, ddof=1), rtol=1e-9)


class _Posterior(_Wide):
    """States the posterior by samples, about a mean that differs from member to member."""

    name = "posterior"

    def predict(self, X: Any) -> xr.Dataset:
        prediction = super().predict(X)
        mean = prediction["mean"].values
        noise = 0.2 * np.random.default_rng(3).standard_normal((3000, *mean.shape))
        samples = (("sample", "target", "output"), mean + noise, {"units": ""})
        return prediction.assign(std=prediction["mean"].copy(data=np.full(mean.shape, 0.2)), samples=samples)


def test_posteriors_of_an_ensemble_are_pooled() -> None:
    chain, data, labels = _fit(_Posterior, _estimator(Draws("seeds", 5), learns=False))
    fitted = chain.models["a"]
    offsets = np.array([model.offset for model in fitted.members])  # type: ignore[attr-defined]
    pooled = fitted.predict_on(data, {}, labels)
    assert pooled.sizes["sample"] == 3000
    # a mixture: the variance of each member, and that of their means
    np.testing.assert_allclose(pooled["samples"].mean("sample"), pooled["mean"], atol=0.02)
    np.testing.assert_allclose(pooled["samples"].std("sample"), np.hypot(0.2, offsets.std()), rtol=0.05)


def test_posterior_samples_outlive_the_draws_that_took_their_place() -> None:
    class Tells(_estimator(Draws("seeds", 5), learns=False)):  # type: ignore[misc]
        def apply(self, prediction: xr.Dataset) -> xr.Dataset:
            assert prediction.sizes["sample"] == 5  # the members
            return super().apply(prediction).drop_dims("sample").assign(std=prediction["mean"] * 0.0 + 0.7)

    chain, data, _ = _fit(_Posterior, Tells)
    prediction = chain.predict(data)
    assert prediction.sizes["sample"] == 3000
    np.testing.assert_allclose(prediction["samples"].std("sample", ddof=1), 0.7, rtol=1e-9)
    np.testing.assert_allclose(prediction["samples"].mean("sample"), prediction["mean"], atol=0.02)


def test_an_ensemble_over_folds_leaves_a_group_out_of_every_member() -> None:
    _fit(_Line, _estimator(Draws("folds", 4), learns=False), groups=8)
    assert len(_Line.calls) == 4
    left = [set(range(40)) - {int(t[1:]) for t in call["targets"]} for call in _Line.calls]
    assert sorted(i for out in left for i in out) == list(range(40))
    for out in left:
        assert {i % 8 for i in out}.isdisjoint({i % 8 for i in set(range(40)) - out})


def test_without_an_estimator_that_learns_nothing_is_fitted_out_of_fold() -> None:
    _fit(_Line, _estimator(None, learns=False))
    assert len(_Line.calls) == 1
    _fit(_Line, _estimator(None))
    assert len(_Line.calls) == 6


def test_a_bootstrap_draws_whole_groups_with_replacement() -> None:
    chain, data, _ = _fit(_Line, _estimator(Draws("targets", 30), learns=False), groups=20)
    assert len(chain.models["a"].resampled) == 30
    left_out = []
    for call in _Line.calls[1:]:
        times = dict(zip(call["targets"], call["weight"], strict=True))
        assert sum(times.values()) == 40  # 20 draws of groups of two
        for i in range(20):
            assert times.get(f"t{i}") == times.get(f"t{i + 20}")
        left_out.append(1.0 - len(times) / 40)
    # (1 - 1/20)^20 = 0.358 of the groups; 600 of them were asked
    assert np.mean(left_out) == pytest.approx(0.358, abs=0.06)
    slopes = np.array([model.slope[0, 0] for model in chain.models["a"].resampled])  # type: ignore[attr-defined]
    # the textbook's error of the slope is 0.1 / sqrt(sum x^2)
    x = data.collections["a"]["a/x"].values
    assert np.std(slopes, ddof=1) == pytest.approx(0.1 / np.sqrt((x**2).sum()), rel=0.5)


def test_inputs_are_drawn_within_their_errors_whoever_is_asked_about() -> None:
    chain, data, _ = _fit(_Line, _estimator(Draws("inputs", 400), learns=False), errors=0.3)
    prediction = chain.predict(data)
    slope = chain.models["a"].members[0].slope[0, 0]  # type: ignore[attr-defined]
    # 400 draws tell a standard deviation to 3.5 %
    np.testing.assert_allclose(prediction["std"], 0.3 * slope, rtol=0.15)
    alone = chain.predict(data.take(np.array([3])))
    np.testing.assert_array_equal(alone["std"].values[0], prediction["std"].values[3])


def test_draws_of_an_ensemble_do_not_hold_how_its_members_differ() -> None:
    ensemble, inputs = _estimator(Draws("seeds", 3), learns=False), _estimator(Draws("inputs", 400), learns=False)
    chain, data, _ = _fit(_Wide, ensemble, inputs, errors=0.3)
    prediction = chain.predict(data)
    slope = chain.models["a"].members[0].slope[0, 0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(prediction["std"], 0.3 * slope, rtol=0.15)  # offsets of members differ by 1

    class Drawing(_Wide):
        def draws(self, X: Any, count: int, *, source: Any, seed: int = 0) -> Any:
            noise = 0.1 * np.random.default_rng(seed).standard_normal((count, 40, 1))
            return self.predict(X)["mean"].values + noise

    chain, data, _ = _fit(Drawing, ensemble, _estimator(Draws("dropout", 400), learns=False))
    np.testing.assert_allclose(chain.predict(data)["std"], 0.1, rtol=0.15)


def test_inputs_without_errors_cannot_be_drawn() -> None:
    chain, data, _ = _fit(_Line, _estimator(Draws("inputs", 3), learns=False))
    with pytest.raises(DataError, match="step 'a' reads no input whose errors are known"):
        chain.predict(data)


def test_out_of_fold_models_are_kept_for_new_targets() -> None:
    chain, data, _ = _fit(_Line, _estimator(Draws("out-of-fold")))
    estimator: Any = chain.estimators["u0"]
    assert "samples" not in estimator.seen
    prediction = chain.predict(data)
    # of every known target, the model that did not know it says the same now as out of fold
    fold = estimator.seen["fold"].values
    samples = estimator.applied["samples"].values
    np.testing.assert_array_equal(samples[fold, np.arange(40)], estimator.seen["mean"].values)
    assert prediction.sizes["sample"] == len(chain.models["a"].folds) == 5


def test_draws_of_held_out_targets_come_from_models_that_did_not_see_them() -> None:
    chain, _, _ = _fit(_Wide, _estimator(Draws("seeds", 3)))
    estimator: Any = chain.estimators["u0"]
    assert estimator.seen.sizes == {"target": 40, "output": 1, "sample": 3}
    np.testing.assert_allclose(estimator.seen["samples"].mean("sample"), estimator.seen["mean"], atol=1e-12)
    assert len(_Line.calls) == 3 + 5 * 3


def test_two_different_ensembles_of_one_model_are_refused_and_so_are_draws_it_cannot_make() -> None:
    from specframe.pipeline.fit.learning import _check_draws

    steps = [LearningStep("a", "model", _Line())]
    ensembles = [_estimator(Draws("seeds", 3)), _estimator(Draws("folds", 5))]
    steps += [LearningStep(f"u{i}", "uncertainty", estimator()) for i, estimator in enumerate(ensembles)]
    with pytest.raises(UsageError, match="'u0' and 'u1' ask for different ensembles"):
        _check_draws(steps)
    with pytest.raises(UsageError, match="step 'u' draws from step 'a': model 'line' cannot draw from its dropout"):
        _check_draws([steps[0], LearningStep("u", "uncertainty", _estimator(Draws("dropout", 3))())])


def test_a_stack_reads_out_of_fold_predictions_and_their_errors() -> None:
    data, labels = _data()
    steps = (
        LearningStep("a", "model", _Line()),
        LearningStep("b", "model", _Sure()),
        LearningStep("c", "model", _Reader(), sources=("a", "b")),
    )
    _Line.calls.clear()
    chain = fit_chain(steps, data, labels, 7)
    assert len(_Line.calls) == 2 * 6 + 1  # fits grow with the number of models
    # a and b are the same line, so the least squares of least norm weight them equally
    np.testing.assert_allclose(chain.fitted["c"].slope, 0.5, atol=0.01)  # type: ignore[union-attr]
    prediction = chain.predict(data)
    np.testing.assert_allclose(prediction["mean"], labels, atol=0.5)


def test_a_stack_may_read_the_measured_depths_too() -> None:
    data, labels = _data()
    depths = xr.DataArray(labels.values * 3.0, dims=("target", "wavelength"), coords={"target": list(data.targets)})
    data = LearningData(data.collections, data.targets, data.groups, depths, 0.1 + 0.0 * depths)
    chain = fit_chain((LearningStep("c", "model", _Reader(), sources=("transit",)),), data, labels, 7)
    np.testing.assert_allclose(chain.fitted["c"].slope, 1.0 / 3.0, rtol=1e-6)  # type: ignore[union-attr]


def test_a_residual_keeps_the_errors_of_what_it_builds_on() -> None:
    data, labels = _data()
    steps = (LearningStep("a", "model", _Sure()), LearningStep("b", "model", _Line(), ("a",), "residual"))
    prediction = fit_chain(steps, data, labels, 7).predict(data)
    np.testing.assert_array_equal(prediction["std"], 0.5)
    both = (LearningStep("a", "model", _Line()), LearningStep("b", "model", _Sure(), ("a",), "residual"))
    np.testing.assert_array_equal(fit_chain(both, data, labels, 7).predict(data)["std"], 0.5)


def test_weights_from_errors_let_noisy_targets_count_less() -> None:
    data, labels = _data()
    depths = xr.DataArray(labels.values, dims=("target", "wavelength"), coords={"target": list(data.targets)})
    errors = xr.ones_like(depths)
    errors[0] = 3.0
    data = LearningData(data.collections, data.targets, data.groups, depths, errors)
    _Line.calls.clear()
    fit_chain((LearningStep("a", "model", _Line(), weights="errors"),), data, labels, 7)
    weight = _Line.calls[0]["weight"]
    assert weight[0] / weight[1] == pytest.approx((1.0 + 1.0) / (9.0 + 1.0))
    bare, _ = _data()
    with pytest.raises(DataError, match="no detrend step measured errors"):
        fit_chain((LearningStep("a", "model", _Line(), weights="errors"),), bare, labels, 7)


def test_estimators_see_the_measured_errors_and_results_do_not() -> None:
    data, labels = _data()
    depths = xr.DataArray(labels.values, dims=("target", "wavelength"), coords={"target": list(data.targets)})
    data = LearningData(data.collections, data.targets, data.groups, depths, 0.25 + 0.0 * depths)
    steps = (LearningStep("a", "model", _Line()), LearningStep("u", "uncertainty", _estimator(None)()))
    chain = fit_chain(steps, data, labels, 7)
    prediction = chain.predict(data)
    estimator: Any = chain.estimators["u"]
    np.testing.assert_allclose(estimator.seen["measured_error"], 0.25)
    np.testing.assert_allclose(estimator.applied["measured_error"], 0.25)
    assert "measured_error" not in prediction


def test_a_saved_ensemble_predicts_the_same(tmp_path: Path) -> None:
    estimators = (_estimator(Draws("seeds", 3)), _estimator(Draws("targets", 2)), _estimator(Draws("out-of-fold")))
    chain, data, _ = _fit(_Wide, *estimators)
    chain.save(tmp_path / "model")
    loaded = FittedChain.load(tmp_path / "model", chain.steps)
    xr.testing.assert_identical(loaded.predict(data), chain.predict(data))


def test_the_history_of_a_training_is_kept_as_a_table(tmp_path: Path) -> None:
    class Trained(_Line):
        def history(self) -> xr.Dataset:
            losses = {"training_loss": ("epoch", [0.5, 0.25]), "validation_loss": ("epoch", [0.75, np.nan])}
            return xr.Dataset(losses, attrs={"best_epoch": 1})

    chain, _, _ = _fit(Trained)
    chain.save(tmp_path)
    assert list(chain.histories()) == ["a"]
    expected = "epoch,training_loss,validation_loss\n1,0.5,0.75\n2,0.25,nan\n"
    assert (tmp_path / "a" / "training.csv").read_text() == expected


def test_every_fit_has_a_folder_of_its_own(tmp_path: Path) -> None:
    data, labels = _data()
    steps = (LearningStep("a", "model", _Line()), LearningStep("u", "uncertainty", _estimator(Draws("seeds", 2))()))
    _Line.calls.clear()
    told: list[str] = []
    with working_in(tmp_path, told.append):
        fit_chain(steps, data, labels, 7, "fold", 1)
    folders = [call["space"].directory for call in _Line.calls]
    assert len(set(folders)) == len(folders) == 12
    assert folders[0] == tmp_path / "a" / "fold-1"
    _Line.calls[1]["space"].tell("epoch 3")
    assert told == ["a (fold 1 member 1): epoch 3"]


@pytest.mark.parametrize("learns", ["residual", "target"])
def test_no_model_of_a_chain_sees_the_label_of_a_target_that_it_predicts_out_of_fold(learns: Any) -> None:
    data, labels = _data()
    collections = {**data.collections, "b": data.collections["a" if learns == "residual" else "c"]}
    data = LearningData(collections, data.targets, data.groups)
    steps = (
        LearningStep("a", "model", _Line()),
        LearningStep("b", "model", _Reader(), ("a",), learns),
        LearningStep("u", "uncertainty", _estimator(None)()),
    )

    def seen(labels: xr.DataArray) -> Any:
        estimator: Any = fit_chain(steps, data, labels, 7).estimators["u"]
        return estimator.seen["mean"].values[:, 0]

    other = labels.copy(deep=True)
    other[3] += 100.0
    before, after = seen(labels), seen(other)
    assert before[3] == after[3]
    assert np.sum(before != after) > 20  # the folds of the others did see it


def test_fits_grow_with_the_number_of_models() -> None:
    data, labels = _data()
    chain = [LearningStep("a", "model", _Line()), LearningStep("b", "model", _Line(), ("a",), "residual")]
    _Line.calls.clear()
    fit_chain((*chain, LearningStep("u", "uncertainty", _estimator(None)())), data, labels, 7)
    # a without 0, 1 and 2 of the five folds, b without 0 and 1
    assert len(_Line.calls) == (1 + 5 + 10) + (1 + 5)


def test_with_two_groups_a_chain_still_leaves_the_own_group_out() -> None:
    data, labels = _data(groups=2)
    steps = (
        LearningStep("a", "model", _Line()),
        LearningStep("b", "model", _Line(), ("a",), "residual"),
        LearningStep("u", "uncertainty", _estimator(None)()),
    )
    chain = fit_chain(steps, data, labels, 7)
    assert np.isfinite(chain.predict(data)["mean"]).all()


def test_a_target_is_as_far_out_as_any_model_of_the_chain_finds() -> None:
    class Far(_Line):
        def predict(self, X: Any) -> xr.Dataset:
            said = super().predict(X)
            far = np.arange(said.sizes["target"]) / 20.0
            return said.assign(distance=("target", far), extrapolating=("target", far > 1.0))

    data, labels = _data()
    steps = (LearningStep("a", "model", Far()), LearningStep("b", "model", _Line(), ("a",), "residual"))
    prediction = fit_chain(steps, data, labels, 7).predict(data)
    np.testing.assert_array_equal(prediction["distance"], np.arange(40) / 20.0)
    assert int(prediction["extrapolating"].sum()) == 19


def _stack(learns: Any, source: Any) -> tuple[LearningStep, ...]:
    model = _Line if learns == "residual" else _Reader
    return (
        LearningStep("a", "model", _Wide()),
        LearningStep("b", "model", model(), ("a",), learns),
        LearningStep("c", "model", _Wide(), ("b",), "residual"),
        LearningStep("u", "uncertainty", _estimator(Draws(source, 2))()),
        LearningStep("v", "uncertainty", _estimator(Draws("targets", 2))()),
    )


@pytest.mark.parametrize("groups", [None, 2])
@pytest.mark.parametrize("learns", ["residual", "target"])
def test_fits_made_one_by_one_are_those_of_the_chain_each_once(learns: Any, groups: int | None, tmp_path: Path) -> None:
    data, labels = _data(groups=groups)
    steps = _stack(learns, "seeds" if groups else "folds")  # one group cannot be split
    data = replace(data, collections={**data.collections, "b": data.collections["a" if learns == "residual" else "c"]})
    data = replace(data, collections={**data.collections, "c": data.collections["a"]})
    whole = fit_chain(steps, data, labels, 7, "fold", 1, inner_folds=3)
    rounds = single_fits(steps, groups or 3)
    assert [sorted({fit.step for fit in fits}) for fits in rounds] == [["a"], ["b"], ["c"]]
    with working_in(tmp_path):
        for fits in rounds:
            _Line.calls.clear()
            for fit in reversed(fits):  # in any order
                fit_single(fit, steps, data, labels, 7, "fold", 1, inner_folds=3)
            assert len(_Line.calls) == len(fits)
        _Line.calls.clear()
        assembled = fit_chain(steps, data, labels, 7, "fold", 1, inner_folds=3)
        assert not _Line.calls
    xr.testing.assert_identical(assembled.predict(data), whole.predict(data))


def test_an_ensemble_that_was_broken_off_goes_on_with_the_next_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("specframe.pipeline.fit.members._LONG", 0.0)

    class Tiring(_Wide):
        tired: ClassVar[bool] = True

        def fit(self, *args: Any, **kwargs: Any) -> Any:
            if len(_Line.calls) == 7 and self.tired:
                raise KeyboardInterrupt
            return super().fit(*args, **kwargs)

    data, labels = _data()
    steps = (LearningStep("a", "model", Tiring()), LearningStep("u", "uncertainty", _estimator(Draws("seeds", 20))()))
    with working_in(tmp_path):
        _Line.calls.clear()
        with pytest.raises(KeyboardInterrupt):
            fit_chain(steps, data, labels, 7)
        Tiring.tired = False
        (tmp_path / "a" / "member-2.fitted" / "state.json").write_bytes(b"{")
        _Line.calls.clear()
        chain = fit_chain(steps, data, labels, 7)
    assert len(_Line.calls) == 14 + 5 * 20  # 6 members were whole, the third one was damaged
    assert _Line.calls[0]["space"].directory.name == "member-2"
    xr.testing.assert_identical(chain.predict(data), fit_chain(steps, data, labels, 7).predict(data))


def test_fits_that_take_no_time_are_not_kept(tmp_path: Path) -> None:
    data, labels = _data()
    with working_in(tmp_path / "work"):
        fit_chain((LearningStep("a", "model", _Line()),), data, labels, 7)
    assert not (tmp_path / "work").exists()


def test_a_fit_that_cannot_be_kept_is_told_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specframe.pipeline.fit.members._LONG", 0.0)
    (tmp_path / "work").write_text("a file where a folder should be")
    told: list[str] = []
    data, labels = _data()
    with working_in(tmp_path / "work", told.append):
        chain = fit_chain((LearningStep("a", "model", _Line()),), data, labels, 7)
    assert "could not be kept" in told[0]
    assert np.isfinite(chain.predict(data)["mean"]).all()
