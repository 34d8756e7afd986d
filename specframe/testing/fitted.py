"""Checks of everything that learns: models and uncertainty estimators."""

from __future__ import annotations

import shutil
import zipfile
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.prediction import validate_prediction
from specframe.errors import NotFittedError, SpecframeError
from specframe.testing.case import Case, Check, Example, Skip, empty_directory, expect, refused, unchanged
from specframe.testing.seeds import seed_decides

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FITTED_CHECKS", "FittedCase", "closeness"]


class FittedCase(Case[Example]):
    """A component that learns from an example, and is asked about new targets."""

    @abstractmethod
    def fit(self, component: Any, example: Example, seed: int = 3) -> Any:
        """Call ``fit`` and return what it returns."""

    @abstractmethod
    def new(self, example: Example) -> Any:
        """Return the part of an example on new targets."""

    @abstractmethod
    def answer(self, component: Any, new: Any) -> Any:
        """Return what a fitted component says of new targets."""

    def exercise(self, component: Any, example: Example) -> Any:
        """Fit and predict."""
        self.fit(component, example)
        return self.answer(component, self.new(example))

    def fitted(self, example: Example) -> Any:
        """Return a new instance that has learned from ``example``."""
        component = self.make()
        self.fit(component, example)
        return component

    def questions(self) -> list[Any]:
        """Return the new targets of the first example, in halves."""
        new = self.new(self.examples()[0])
        half = new.sizes["target"] // 2
        return [new.isel(target=slice(0, half)), new.isel(target=slice(half, None))]

    def prepared(self) -> Any:
        """Return an instance that has learned from the first example."""
        return self.fitted(self.examples()[0])

    def ask(self, component: Any, question: Any) -> Any:
        """Predict."""
        return self.answer(component, question)

    def told_alone(self, component: Any) -> list[Any]:
        """Return what it predicts of each half."""
        return [self.answer(component, question) for question in self.questions()]


def closeness(prediction: Any) -> float:
    """Return the difference that single-precision arithmetic in another order explains: 1e-5 of the spread."""
    values = np.asarray(prediction["mean"].values)
    return 1e-5 * float(np.ptp(values)) + 1e-6 * float(np.abs(values).max())


def fit_returns_self(case: FittedCase[Any]) -> None:
    """Require that ``fit`` returns the component itself, so that calls can be chained."""
    component = case.make()
    returned = case.fit(component, case.examples()[0])
    expect(returned is component, f"fit must return self, it returned {type(returned).__name__}")


def not_fitted_refused(case: FittedCase[Any]) -> None:
    """Require that predicting or saving before ``fit`` raises NotFittedError, and saving leaves no file."""
    if not getattr(case.cls, "learns", True):
        raise Skip("it learns nothing, so that there is nothing to fit")
    new = case.new(case.examples()[0])
    refused(lambda: case.answer(case.make(), new), NotFittedError, "asking before fit")
    with empty_directory() as directory:
        refused(lambda: case.make().save(directory), NotFittedError, "saving before fit")
        expect(not list(directory.iterdir()), "saving before fit leaves files")


def prediction_valid(case: FittedCase[Any]) -> None:
    """Require that the Prediction is valid, with the new targets in order and the labels' outputs and units."""
    for example, prediction in zip(case.examples(), case.alone(), strict=True):
        validate_prediction(prediction, case.cls.name)
        new, truth = case.new(example), _labels(example)
        unchanged(list(new["target"].values), list(prediction["target"].values), "targets are not those asked about")
        unchanged(list(truth["output"].values), list(prediction["output"].values), "outputs are not the labels'")
        units = prediction["mean"].attrs.get("units")
        expect(units == truth.attrs["units"], f"units must be {truth.attrs['units']!r}, got {units!r}")
        if "wavelength" in truth.coords:
            expect("wavelength" in prediction.coords, "the labels' wavelength coordinate is lost")
            unchanged(
                truth["wavelength"].values, prediction["wavelength"].values, "wavelengths are not the labels'", 1e-9
            )


def one_target(case: FittedCase[Any]) -> None:
    """Require that it can be asked about a single target, and says the same as among others."""
    example = case.examples()[0]
    component, new = case.fitted(example), case.new(example)
    everything = case.answer(component, new)
    single = case.answer(component, new.isel(target=[1]))
    unchanged(everything.isel(target=[1]), single, "a target alone gets another prediction", closeness(everything))


def rows_independent(case: FittedCase[Any]) -> None:
    """Require that what it says of a target does not depend on the others asked about, nor on their order."""
    example = case.examples()[0]
    component, new = case.fitted(example), case.new(example)
    everything = case.answer(component, new)
    order = np.random.default_rng(5).permutation(new.sizes["target"])
    for index in (order, order[: len(order) // 3]):
        part = case.answer(component, new.isel(target=index))
        unchanged(everything.isel(target=index), part, "predictions depend on the other targets", closeness(everything))


def no_state_between_calls(case: FittedCase[Any]) -> None:
    """Require that predicting leaves nothing behind that changes the next prediction."""
    example = case.examples()[0]
    component, new = case.fitted(example), case.new(example)
    half = new.sizes["target"] // 2
    first = case.answer(component, new.isel(target=slice(0, half)))
    case.answer(component, new.isel(target=slice(half, None)))
    unchanged(first, case.answer(component, new.isel(target=slice(0, half))), "the same question, asked again, differs")


def order_of_targets(case: FittedCase[Any]) -> None:
    """Require that what it learns does not depend on the order of the targets, but for rounding."""
    example = case.examples()[0]
    expected = case.alone()[0]
    order = np.random.default_rng(6).permutation(_labels(example).sizes["target"])
    got = case.answer(case.fitted(_learning_from(example, order)), case.new(example))
    unchanged(expected, got, "the order of the targets decides what is learned", closeness(expected))


def refit_forgets(case: FittedCase[Any]) -> None:
    """Require that a second ``fit`` forgets the first."""
    example, other = case.examples()[0], case.examples()[-1]
    once = case.alone()[0]
    component = case.make()
    case.fit(component, _fewer(other))
    case.fit(component, example)
    unchanged(once, case.answer(component, case.new(example)), "what an earlier fit learned remains")


def saves_and_loads(case: FittedCase[Any]) -> None:
    """Require that saved and loaded it has the same parameters and says the same, bit for bit."""
    example = case.examples()[0]
    component, new = case.fitted(example), case.new(example)
    with empty_directory() as directory:
        component.save(directory / "made" / "here")
        loaded = case.cls.load(directory / "made" / "here")
    expect(loaded.params == component.params, f"parameters {component.params!r} became {loaded.params!r}")
    unchanged(case.answer(component, new), case.answer(loaded, new), "loaded, it predicts something else")


def saves_no_pickle(case: FittedCase[Any]) -> None:
    """Require that no file that it saves holds a pickle, which would run code of the sender's when loaded."""
    with empty_directory() as directory:
        case.fitted(case.examples()[0]).save(directory)
        files = [path for path in directory.rglob("*") if path.is_file()]
        expect(files, "save wrote no file")
        found = [path.name for path in files if _holds_pickle(path)]
    expect(not found, f"these files hold a pickle: {', '.join(found)}")


def damaged_save_refused(case: FittedCase[Any]) -> None:
    """Require that a saved file that is cut short or missing is refused with an error of specframe's."""
    example = case.examples()[0]
    component, new = case.fitted(example), case.new(example)
    said = case.answer(component, new)
    with empty_directory() as directory:
        component.save(directory / "whole")
        names = [path.relative_to(directory / "whole") for path in (directory / "whole").rglob("*") if path.is_file()]
        for number, name in enumerate(names):
            for damage in ("missing", "cut short"):
                copy = directory / damage / str(number)
                shutil.copytree(directory / "whole", copy)
                if damage == "missing":
                    (copy / name).unlink()
                else:
                    content = (copy / name).read_bytes()
                    (copy / name).write_bytes(content[: len(content) // 2])
                try:
                    loaded = case.cls.load(copy)
                except SpecframeError:
                    continue
                except Exception as error:
                    expect(False, f"with {name} {damage}, load raises {type(error).__name__}: {error}")
                unchanged(said, case.answer(loaded, new), f"with {name} {damage}, load gives something else")


def _labels(example: Any) -> Any:
    return example.y if hasattr(example, "y") else example.truth


def _fewer(example: Any) -> Any:
    """Return an example with two thirds of what there is to learn from, in reverse order."""
    n = _labels(example).sizes["target"]
    return _learning_from(example, np.arange(n)[::-1][: max(2 * n // 3, 1)])


def _learning_from(example: Any, index: NDArray[np.intp]) -> Any:
    """Return an example with some of the targets that there are to learn from."""
    learned = {name: getattr(example, name) for name in ("X", "y", "prediction", "truth") if hasattr(example, name)}
    return replace(example, **{name: value.isel(target=index) for name, value in learned.items()})


def _holds_pickle(path: Path) -> bool:
    content = path.read_bytes()
    if zipfile.is_zipfile(path):  # what torch.save and numpy.savez write
        with zipfile.ZipFile(path) as archive:
            return any(_is_pickle(archive.read(name)) for name in archive.namelist())
    return _is_pickle(content) or path.suffix in (".pkl", ".pickle", ".joblib")


def _is_pickle(content: bytes) -> bool:
    # protocols 2 to 5 begin with PROTO n and end with STOP; a .npy file of objects holds one after its header
    if content[:6] == b"\x93NUMPY":
        return b"'descr': '|O'" in content[:200]
    return content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and content[-1:] == b"."


#: For every component that learns.
FITTED_CHECKS: tuple[Check, ...] = (
    fit_returns_self,
    not_fitted_refused,
    prediction_valid,
    one_target,
    rows_independent,
    no_state_between_calls,
    order_of_targets,
    refit_forgets,
    seed_decides,
    saves_and_loads,
    saves_no_pickle,
    damaged_save_refused,
)
