"""One correct model, and models with one fault each; the tags name the checks that must catch it."""

from __future__ import annotations

import copy
import json
import pickle
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from specframe.api import Component, Model, Params, design_matrix, hookimpl, make_labels, make_prediction
from specframe.errors import ContainerError, DataError

FAULTS: list[tuple[type[Model], tuple[str, ...]]] = []


def caught_by(*checks: str) -> Any:
    def register(cls: type[Model]) -> type[Model]:
        FAULTS.append((cls, checks))
        return cls

    return register


@caught_by()
class Line(Model):
    """Weighted least squares with a little damping; missing inputs take the mean of their column."""

    name = "line"
    Params = Params

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, seed: int = 0) -> Any:
        X, _ = design_matrix(X)
        values = np.asarray(y, float)
        if not np.isfinite(values).all():
            return self.unlabelled(X, y)
        self.labels = self.outputs(y)
        values = values.reshape(len(values), -1)
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
        weight = self.normalised(weight)
        self.center = self.middle(X)
        self.scale = self.spread(X)
        Z = np.nan_to_num((X - self.center) / self.scale)
        self.offset = weight @ values / weight.sum()
        A = Z.T @ (weight[:, None] * Z) + np.eye(Z.shape[1])
        self.slope = np.linalg.solve(A, Z.T @ (weight[:, None] * (values - self.offset)))
        return self

    def unlabelled(self, X: Any, y: Any) -> Any:
        raise DataError("labels must be finite")

    def normalised(self, weight: Any) -> Any:
        return weight / weight.mean()

    def middle(self, X: Any) -> Any:
        return np.nan_to_num(np.nansum(X, axis=0) / np.maximum(np.isfinite(X).sum(axis=0), 1))

    def spread(self, X: Any) -> Any:
        known = np.isfinite(X)
        squares = np.where(known, np.square(X - self.center), 0.0)
        std = np.sqrt(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
        return np.where(std > 1e-12, std, 1.0)

    def outputs(self, y: Any) -> dict[str, Any]:
        if not hasattr(y, "coords"):
            n = 1 if np.ndim(y) == 1 else np.shape(y)[1]
            return {"outputs": [str(i) for i in range(n)], "units": "", "wavelength": None}
        wavelength = y["wavelength"].values.tolist() if "wavelength" in y.coords else None
        return {"outputs": [str(o) for o in y["output"].values], "units": y.attrs["units"], "wavelength": wavelength}

    def predict(self, X: Any) -> Any:
        if not hasattr(self, "slope"):
            raise self._not_fitted()
        X, targets = design_matrix(X)
        if X.shape[1] != len(self.center):
            raise ContainerError(f"expected {len(self.center)} inputs, got {X.shape[1]}")
        return self.prediction(targets, np.nan_to_num((X - self.center) / self.scale) @ self.slope + self.offset)

    def prediction(self, targets: Any, mean: Any) -> Any:
        return make_prediction(make_labels(mean, targets, **self.labels), mean)

    def get_state(self) -> Any:
        if not hasattr(self, "slope"):
            raise self._not_fitted()
        names = ("center", "scale", "offset", "slope")
        return {name: getattr(self, name) for name in names}, self.labels

    def set_state(self, arrays: Any, values: Any) -> None:
        vars(self).update(arrays, labels=values)


@caught_by("input-not-mutated", "layout-irrelevant", "integers-accepted")
class CentersInPlace(Line):
    """Centres the caller's array in place."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        if hasattr(X, "dims"):
            X += 0.5
            X -= 0.5  # put back but for rounding
        return super().fit(X, y, **more)


@caught_by("no-global-random-state")
class SeedsEverybody(Line):
    """Seeds numpy's global state, as many examples on the web do."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        np.random.seed(0)  # noqa: NPY002 - the fault
        return super().fit(X, y, **more)


@caught_by(
    *("no-global-random-state", "reproducible", "thread-safe", "refit-forgets"),
    *("one-output", "numpy-and-xarray-agree", "collection-agrees", "weights-are-relative"),
    *("order-of-targets", "layout-irrelevant", "integers-accepted"),
)
class DrawsGlobally(Line):
    """Starts from numpy's global random numbers and forgets about ``seed``."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        super().fit(X, y, **more)
        self.offset = self.offset + 1e-4 * np.random.normal()  # noqa: NPY002 - the fault
        return self


@caught_by("reproducible", "thread-safe", "refit-forgets")
class DrawsUnseeded(Line):
    """Starts from fresh entropy and forgets about ``seed``."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        super().fit(X, y, **more)
        self.offset = self.offset * (1 + 1e-9 * np.random.default_rng().normal())
        return self


@caught_by("saves-no-pickle")
class SavesPickle(Line):
    """Adds a pickle to what it saves."""

    def save(self, directory: Any) -> None:
        super().save(directory)
        (Path(directory) / "model.bin").write_bytes(pickle.dumps(self.labels, protocol=4))


@caught_by("saves-no-pickle")
class SavesObjects(Line):
    """Saves an array of objects, which numpy pickles."""

    def save(self, directory: Any) -> None:
        super().save(directory)
        np.savez(Path(directory) / "labels.npz", np.array([self.labels, None], dtype=object))


@caught_by("saves-and-loads")
class SavesInHalf(Line):
    """Saves its slope with half the precision."""

    def get_state(self) -> Any:
        arrays, values = super().get_state()
        return {**arrays, "slope": arrays["slope"].astype("f2").astype("f8")}, values


@caught_by("damaged-save-refused")
class ReadsCarelessly(Line):
    """Lets what the JSON reader raises get out."""

    @classmethod
    def load(cls, directory: Any) -> Any:
        json.loads((Path(directory) / "params.json").read_text())
        return super().load(directory)


@caught_by("no-state-between-calls", "rows-independent", "one-target", "shared-by-threads")
class LearnsWhilePredicting(Line):
    """Moves its mean towards what it predicts on."""

    def predict(self, X: Any) -> Any:
        predicted = super().predict(X)
        self.offset = 0.9 * self.offset + 0.1 * predicted["mean"].values.mean(axis=0)
        return predicted


@caught_by("rows-independent", "one-target", "no-worse-than-the-mean", "other-width-refused", "masked-input")
class NormalisesTheBatch(Line):
    """Standardises new inputs by their own mean."""

    def predict(self, X: Any) -> Any:
        if not hasattr(self, "slope"):
            raise self._not_fitted()
        X, targets = design_matrix(X)
        Z = np.nan_to_num((X - np.nanmean(X, axis=0)) / (np.nanstd(X, axis=0) + 1e-9))
        slope = np.resize(self.slope, (X.shape[1], self.slope.shape[1]))
        return self.prediction(targets, -Z @ slope + self.offset)


@caught_by("one-target")
class CannotTakeOne(Line):
    """Squeezes the axis of the targets away when there is one only."""

    def predict(self, X: Any) -> Any:
        predicted = super().predict(X)
        return predicted.squeeze("target") if predicted.sizes["target"] == 1 else predicted


@caught_by("refit-forgets")
class StartsWarm(Line):
    """Starts from where the last fit ended."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        before = getattr(self, "slope", None)
        super().fit(X, y, **more)
        if before is not None:
            self.slope = 0.9 * self.slope + 0.1 * before
        return self


@caught_by("not-fitted-refused")
class GuessesUnfitted(Line):
    """Predicts zero before it has learned anything."""

    def predict(self, X: Any) -> Any:
        if not hasattr(self, "slope"):
            _, targets = design_matrix(X)
            return make_prediction(
                make_labels(np.zeros((len(targets), 1)), targets, ["0"]), np.zeros((len(targets), 1))
            )
        return super().predict(X)


@caught_by("fit-returns-self")
class ReturnsNothing(Line):
    """Returns nothing from ``fit``."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        super().fit(X, y, **more)


@caught_by(
    *("prediction-valid", "missing-inputs", "masked-input", "target-without-inputs", "constant-input", "one-input"),
    *("one-output", "few-targets-many-outputs", "numpy-and-xarray-agree", "integers-accepted"),
)
class NegativeErrors(Line):
    """States negative errors."""

    def prediction(self, targets: Any, mean: Any) -> Any:
        return make_prediction(make_labels(mean, targets, **self.labels), mean, std=-np.ones_like(mean))


@caught_by("prediction-valid")
class LosesWavelengths(Line):
    """Drops the wavelengths of its outputs."""

    def prediction(self, targets: Any, mean: Any) -> Any:
        return super().prediction(targets, mean).drop_vars("wavelength", errors="ignore")


@caught_by("prediction-valid")
class LosesUnits(Line):
    """Says ppm where the labels are plain numbers."""

    def prediction(self, targets: Any, mean: Any) -> Any:
        predicted = super().prediction(targets, mean)
        predicted["mean"].attrs["units"] = "ppm"
        return predicted


@caught_by("no-worse-than-the-mean")
class Shifted(Line):
    """Predicts a hundredth too much."""

    def prediction(self, targets: Any, mean: Any) -> Any:
        return super().prediction(targets, mean + 0.01)


@caught_by("numpy-and-xarray-agree")
class NeedsNames(Line):
    """Reads the dims of its input, which a numpy array has not."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        assert "target" in X.dims
        return super().fit(X, y, **more)


@caught_by("collection-agrees")
class NeedsAnArray(Line):
    """Cannot read a collection."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        return super().fit(np.asarray(X), y, **more)


@caught_by("missing-inputs", "masked-input", "target-without-inputs")
class SpreadsNaN(Line):
    """Lets missing inputs through into predictions."""

    def predict(self, X: Any) -> Any:
        predicted = super().predict(X)
        matrix, _ = design_matrix(X)
        predicted["mean"] = predicted["mean"] + 0.0 * matrix.sum(axis=1)[:, None]
        return predicted


@caught_by("masked-input")
class AveragesNothing(Line):
    """Lets the mean of an input that no target has become NaN."""

    def middle(self, X: Any) -> Any:
        return np.where(np.isfinite(X).any(axis=0), super().middle(X), np.nan)

    def predict(self, X: Any) -> Any:
        predicted = super().predict(X)
        predicted["mean"] = predicted["mean"] + 0.0 * self.center.sum()
        return predicted


@caught_by("target-without-inputs")
class SureOfNothing(Line):
    """Never says that it extrapolates, not even for a target of which nothing is known."""

    def prediction(self, targets: Any, mean: Any) -> Any:
        return super().prediction(targets, mean).assign(extrapolating=("target", np.zeros(len(targets), bool)))


@caught_by("one-input")
class SqueezesInputs(Line):
    """Squeezes the axis of the inputs away when there is one only."""

    def middle(self, X: Any) -> Any:
        _, n_input = X.squeeze().shape
        return super().middle(X)[:n_input]


@caught_by("few-targets-many-outputs")
class NeedsManyTargets(Line):
    """Fits outputs by inverting their covariance, which needs more targets than outputs."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        values = np.asarray(y, float).reshape(len(y), -1)
        assert values.shape[1] < max(len(values), 2)
        return super().fit(X, y, **more)


@caught_by("layout-irrelevant")
class ReadsMemory(Line):
    """Reads its labels from memory row after row, however they lie there."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        if hasattr(y, "copy") and hasattr(y, "dims"):
            y = y.copy(data=y.values.ravel(order="K").reshape(y.shape))
        return super().fit(X, y, **more)


@caught_by("integers-accepted")
class CountsInSixteenBits(Line):
    """Keeps whole numbers in 16 bits, where large ones do not fit."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        return super().fit(self.kept(X), y, **more)

    def predict(self, X: Any) -> Any:
        return super().predict(self.kept(X))

    def kept(self, X: Any) -> Any:
        return X.astype("int16") if getattr(X, "dtype", np.dtype(float)).kind == "i" else X


@caught_by("order-of-targets")
class BelievesTheFirst(Line):
    """Takes the first target for the typical one."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        super().fit(X, y, **more)
        self.offset = 0.5 * self.offset + 0.5 * np.asarray(y, float).reshape(len(y), -1)[0]
        return self


@caught_by("constant-input", "masked-input")
class DividesByZero(Line):
    """Divides by the spread of an input that has none."""

    def spread(self, X: Any) -> Any:
        return np.nanmax(X, axis=0) - np.nanmin(X, axis=0)


@caught_by("one-output")
class SqueezesOutputs(Line):
    """Squeezes the axis of the outputs away when there is one only."""

    def predict(self, X: Any) -> Any:
        predicted = super().predict(X)
        return predicted.squeeze("output") if predicted.sizes["output"] == 1 else predicted


@caught_by("seed-decides")
class FixedSeed(Line):
    """Draws from a generator that is seeded with the same number whatever ``seed`` says."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        super().fit(X, y, **more)
        self.offset = self.offset * (1 + 1e-9 * np.random.default_rng(42).normal())
        return self


@caught_by("wavelength-order")
class ForgetsWavelengths(Line):
    """Takes columns by their place, whatever wavelengths stand over them."""

    def predict(self, X: Any) -> Any:
        return super().predict(X.drop_vars("wavelength") if hasattr(X, "drop_vars") else X)


@caught_by("unknown-labels")
class LearnsNaN(Line):
    """Lets a label that is not known through into what it learns."""

    def unlabelled(self, X: Any, y: Any) -> Any:
        self.fit(X, y.fillna(0.0))
        self.offset = np.full_like(self.offset, np.nan)
        return self


@caught_by("shared-by-threads")
class KeepsTheQuestion(Line):
    """Puts what it is asked on itself while it works on it."""

    def predict(self, X: Any) -> Any:
        self.question = X
        time.sleep(0.02)
        return super().predict(self.question)


@caught_by("weights-are-relative")
class AbsoluteWeights(Line):
    """Takes weights as they come, so that damping depends on their size."""

    def normalised(self, weight: Any) -> Any:
        return weight


@caught_by("other-width-refused")
class PadsInputs(Line):
    """Pads inputs that are too narrow without a word."""

    def predict(self, X: Any) -> Any:
        if hasattr(X, "shape") and hasattr(self, "center") and X.shape[1] < len(self.center):
            X = X.pad({X.dims[1]: (0, len(self.center) - X.shape[1])}, constant_values=0.01)
        return super().predict(X)


@caught_by("thread-safe")
class SharesScratch(Line):
    """Keeps what it learned where all instances see it."""

    scratch: ClassVar[dict[str, Any]] = {}

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        super().fit(X, y, **more)
        self.scratch["offset"] = copy.copy(self.offset)
        time.sleep(0.05)
        self.offset = self.scratch["offset"]
        return self


@caught_by("no-global-settings")
class SilencesNumpy(Line):
    """Silences numpy for the whole process."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:
        np.seterr(all="ignore")
        return super().fit(X, y, **more)


def name_of(cls: type) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).strip("-").replace("na-n", "nan")


for _cls, _ in FAULTS:
    _cls.name = name_of(_cls)


@hookimpl
def specframe_components() -> Any:
    for cls, checks in FAULTS:
        yield Component(
            kind="model",
            name=cls.name,
            target=f"models:{cls.__name__}",
            params=cls.Params,
            summary=cls.__doc__ or "",
            tags=checks,
        )
