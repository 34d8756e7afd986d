"""Run the checks of a component's kind and count what came of them."""

from __future__ import annotations

import re
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.api.component import KINDS, Component
from specframe.api.exporter import ObservationExporter, ResultsExporter
from specframe.api.simulator import Simulator
from specframe.errors import DataError
from specframe.testing.advice import ABSENT_MODULE, ADVICE, UNUSABLE
from specframe.testing.case import Case, Check, CheckFailed, Offered, Skip, empty_directory
from specframe.testing.common import DATA_CHECKS, STATIC_CHECKS, runs
from specframe.testing.exporter import EXPORTER_CHECKS, ExporterCase, ObservationExporterCase, ResultsExporterCase
from specframe.testing.loader import LOADER_CHECKS, LoaderCase
from specframe.testing.mapping import MAPPING_CHECKS, MappingCase, levels_declared
from specframe.testing.model import MODEL_CHECKS, ModelCase
from specframe.testing.model_inputs import MODEL_INPUT_CHECKS
from specframe.testing.process import preserved
from specframe.testing.report import CheckResult, Report
from specframe.testing.score import SCORE_CHECKS, ScoreCase
from specframe.testing.simulator import SIMULATOR_CHECKS
from specframe.testing.uncertainty import UNCERTAINTY_CHECKS, UncertaintyCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specframe.api.base import BaseComponent

__all__ = ["LOADS", "MINIMUM", "check_component", "check_name", "checks_of"]

_CASES: dict[str, type[Case[Any]]] = {
    "loader": LoaderCase,
    "simulator": LoaderCase,
    "calibrator": MappingCase,
    "detrender": MappingCase,
    "model": ModelCase,
    "uncertainty": UncertaintyCase,
    "exporter": ExporterCase,
    "observation-exporter": ObservationExporterCase,
    "results-exporter": ResultsExporterCase,
    "score": ScoreCase,
}
_KIND_CHECKS: dict[str, tuple[Check, ...]] = {
    "loader": LOADER_CHECKS,
    "simulator": (*LOADER_CHECKS, *SIMULATOR_CHECKS),
    "calibrator": MAPPING_CHECKS,
    "detrender": MAPPING_CHECKS,
    "model": (*MODEL_CHECKS, *MODEL_INPUT_CHECKS),
    "uncertainty": UNCERTAINTY_CHECKS,
    "exporter": EXPORTER_CHECKS,
    "observation-exporter": EXPORTER_CHECKS,
    "results-exporter": EXPORTER_CHECKS,
    "score": SCORE_CHECKS,
}
#: How many checks must run on a component as the registry gives it: all of its kind but those that some correct
#: components skip (no labels, several scores ...). Written out, so that a check that is lost is noticed.
MINIMUM: dict[str, int] = {
    "loader": 23,
    "simulator": 27,  # a loader of which more is asked
    "calibrator": 24,
    "detrender": 24,
    "model": 38,  # inputs that are no plain array cannot be changed in every way
    "uncertainty": 36,
    "exporter": 21,
    "observation-exporter": 20,  # binary formats cannot be searched for their targets
    "results-exporter": 20,  # nor can figures
    "score": 23,
}
#: Where an error of specframe's was raised says nothing to the author of a plugin.
_SPECFRAME = Path(__file__).parents[1]
#: What the first of all checks asks.
LOADS = "its class can be imported, and its example be made."
#: Checks of no data that need an instance; where none can be made, one failure says so.
_NEED_INSTANCE = ("parameters-round-trip", "unknown-parameter-refused", "pickles")
#: Checks that a bare class or a local file skips, since it has no plugin module of its own.
_OF_PLUGIN_MODULE = 1


def checks_of(kind: str) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    """Return the checks of a kind, or of a ``simulator``, that need no data, and those that run the component."""
    static = (*STATIC_CHECKS, levels_declared) if kind in ("calibrator", "detrender") else STATIC_CHECKS
    return static, (*DATA_CHECKS, *_KIND_CHECKS[kind])


def check_name(check: Check) -> str:
    """Return the name by which a check is known: ``input-not-mutated``."""
    return check.__name__.replace("_", "-")


def check_component(
    component: Offered | Component | type[BaseComponent],
    *,
    params: Mapping[str, Any] | None = None,
    examples: Sequence[Any] = (),
    min_checks: int | None = None,
) -> Report:
    """Check that a component keeps the contract of its kind.

    In a test of a plugin::

        def test_smooth_keeps_the_contract():
            check_component(Smooth).raise_on_failure()

    Parameters
    ----------
    component
        As the registry gives it (``Registry.discover().resolve(kind, name)``), a plugin's record of it, or its class.
        Only the first lets all checks run.
    params
        Parameters that have no default, such as a loader's path.
    examples
        What to run it on, in place of the suite's reference problems, for a component that takes only data of one
        instrument: Observations for calibrators and detrenders, :class:`RegressionProblem` for models,
        :class:`PredictionProblem` for uncertainties, Predictions, Observations or :class:`~specframe.api.Results` for
        exporters, pairs of Prediction and truth (:class:`ScoredPrediction`) for scores. Without ``params`` and
        ``examples`` those that the component's record gives (``Component.example``) are used, if any.
    min_checks
        How many checks must run for the report to be ok; by default what every correct component of the kind allows.

    Returns
    -------
    Report
        With an outcome for every check. A component that refuses the reference problem with a DataError is not at
        fault: checks that need data are skipped then, and the report fails for want of checks until it gets examples.
    """
    with empty_directory() as directory:
        return _check(component, params, examples, min_checks, directory)


def _check(
    component: Offered | Component | type[BaseComponent],
    params: Mapping[str, Any] | None,
    examples: Sequence[Any],
    min_checks: int | None,
    directory: Path,
) -> Report:
    kind = _kind(component)
    label = f"{kind} {_name(component)}"
    missing = _OF_PLUGIN_MODULE if isinstance(component, type) or _is_local(component) else 0
    minimum = MINIMUM[kind] - missing if min_checks is None else min_checks
    try:
        if params is None and not len(examples):
            params, examples = _own_example(component, directory)
        began, before = time.process_time(), len(sys.modules)
        case = _case(kind, component, dict(params or {}), tuple(examples))
        seconds, modules = time.process_time() - began, len(sys.modules) - before
    except Exception as error:  # whatever a plugin's module raises
        advice = ADVICE["loads"]._replace(mend=_mend_loading(error, component))
        return Report(label, (CheckResult("loads", "failed", _described(error), LOADS, *advice),), minimum)
    imported = f"its module takes {seconds:.1f} s to import, with {modules} others" if modules else ""
    group = _group(kind, case.cls)
    minimum = MINIMUM[group] - missing if min_checks is None else min_checks
    static, data = checks_of(group)
    results = [CheckResult("loads", "passed", "", LOADS, *ADVICE["loads"], imported)]
    for check in static:
        unmade = check_name(check) in _NEED_INSTANCE and _failed(results, "parameters-valid")
        results.append(
            _result(check, "skipped", "it cannot be made, see parameters-valid") if unmade else _run(check, case)
        )
    unfit = _unfit(results, case)
    for check in data:
        result = _run(check, case) if not unfit else _result(check, "skipped", unfit)
        if check is runs and result.outcome != "passed":
            unfit = "it does not run"
        results.append(result)
    return Report(label, tuple(results), minimum)


def _mend_loading(error: Exception, component: Offered | Component | type[BaseComponent]) -> str:
    """Return what to do about a component that cannot be loaded."""
    if isinstance(component, type):
        return ADVICE["loads"].mend
    if not getattr(component, "usable", True):
        return UNUSABLE
    cause = error.__cause__ or error
    absent = cause.name if isinstance(cause, ModuleNotFoundError) else None
    own = re.split("[.:]", _record(component).target)[0]
    return ABSENT_MODULE if absent and absent.partition(".")[0] != own else ADVICE["loads"].mend


def _kind(component: Offered | Component | type[BaseComponent]) -> str:
    if not isinstance(component, type):
        return _record(component).kind
    kind = getattr(component, "kind", None)
    if kind not in KINDS:
        raise TypeError(f"expected a component's class, got {component!r} whose kind is {kind!r}")
    return str(kind)


def _group(kind: str, cls: type[Any]) -> str:
    """Return the kind, or what of that kind the class is."""
    if issubclass(cls, Simulator):
        return "simulator"
    if issubclass(cls, ResultsExporter):
        return "results-exporter"
    return "observation-exporter" if issubclass(cls, ObservationExporter) else kind


def _record(component: Offered | Component) -> Component:
    return component if isinstance(component, Component) else component.component


def _own_example(
    component: Offered | Component | type[BaseComponent], directory: Path
) -> tuple[Mapping[str, Any], Sequence[Any]]:
    """Return parameters and examples that its plugin gives."""
    if isinstance(component, type) or not _record(component).example:
        return {}, ()
    given = _imported(_record(component).example)(directory)
    return given.get("params", {}), given.get("examples", ())


def _case(
    kind: str,
    component: Offered | Component | type[BaseComponent],
    params: Mapping[str, Any],
    examples: Sequence[Any],
) -> Case[Any]:
    if isinstance(component, type):
        cls, record, offered = component, None, None
    elif isinstance(component, Component):
        cls, record, offered = _imported(component.target), component, None
    else:
        cls, record, offered = component.load(), component.component, component
    make = _CASES[_group(kind, cls)]
    return make(cls, record, offered, params, examples)


def _imported(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def _failed(results: Sequence[CheckResult], name: str) -> bool:
    return any(result.name == name and result.outcome == "failed" for result in results)


def _unfit(results: Sequence[CheckResult], case: Case[Any]) -> str:
    """Return why the component cannot be run at all, ``""`` when it can be tried."""
    for name in ("methods-implemented", "parameters-valid", "levels-declared"):
        if _failed(results, name):
            return f"it cannot be run: {name} failed"
    kind = getattr(case.cls, "kind", None)
    if kind not in KINDS or not isinstance(case, _CASES[_group(kind, case.cls)]):
        return f"it cannot be run: its class is a {kind}"
    return ""


def _run(check: Check, case: Case[Any]) -> CheckResult:
    try:
        with preserved(seed=20300101):  # a number that no component seeds with by chance
            note = check(case)
    except Skip as skip:
        return _result(check, "skipped", str(skip))
    except CheckFailed as failure:
        return _result(check, "failed", str(failure))
    except DataError as error:
        if check is runs and not case.given and not isinstance(case, LoaderCase):
            return _result(
                check, "skipped", f"it refuses the reference problem, pass examples= ({case.example_type}): {error}"
            )
        return _result(check, "failed", _described(error))
    except Exception as error:  # a component under test may raise anything
        return _result(check, "failed", _described(error))
    return _result(check, "passed", "", note or "")


def _result(check: Check, outcome: Any, reason: str, note: str = "") -> CheckResult:
    name, asks = check_name(check), " ".join((check.__doc__ or "").split()).removeprefix("Require that ")
    return CheckResult(name, outcome, reason, asks, *ADVICE[name], note)


def _described(error: Exception) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _SPECFRAME not in Path(f.filename).parents]
    at = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{at}"


def _is_local(component: Offered | Component) -> bool:
    return not isinstance(component, Component) and component.distribution.endswith(".py")


def _name(component: Offered | Component | type[BaseComponent]) -> str:
    if isinstance(component, type):
        return f"{component.__module__}:{component.__qualname__}"
    if isinstance(component, Component):
        return component.name
    return f"{component.plugin}/{component.component.name}"
