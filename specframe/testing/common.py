"""Checks that every component must pass, whatever its kind."""

from __future__ import annotations

import copy
import inspect
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import metadata
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from specframe.api.component import KINDS
from specframe.errors import ParameterError
from specframe.testing.case import Case, Check, CheckFailed, Skip, expect, refused, unchanged
from specframe.testing.compare import difference
from specframe.testing.process import preserved, process_settings, random_states

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DATA_CHECKS", "HEAVY", "STATIC_CHECKS"]

#: What a plugin module must not import: listing all components takes at most 0.5 s.
HEAVY = (
    *("astropy", "celerite2", "dask", "gpytorch", "h5py", "jax", "matplotlib", "netCDF4", "numba", "pandas", "polars"),
    *("pyarrow", "scipy", "sklearn", "tensorflow", "torch", "xarray"),
)


def record_matches_class(case: Case[Any]) -> None:
    """Require that kind, name and Params of the class are those that its plugin states."""
    stated = case.component
    expect(case.cls.kind in KINDS, f"kind must be one of {', '.join(KINDS)}, got {case.cls.kind!r}")
    name = getattr(case.cls, "name", None)
    expect(isinstance(name, str) and name, f"the class must state its name, got {name!r}")
    if stated is not None:
        expect(case.cls.kind == stated.kind, f"the class is a {case.cls.kind}, its plugin says {stated.kind}")
        expect(name == stated.name, f"the class is named {name!r}, its plugin says {stated.name!r}")
        expect(
            case.cls.Params is stated.params,
            f"the class takes {case.cls.Params.__qualname__}, its plugin says {stated.params.__qualname__}",
        )


def methods_implemented(case: Case[Any]) -> None:
    """Require that nothing that its base class asks for is missing."""
    missing = sorted(getattr(case.cls, "__abstractmethods__", ()))
    expect(not missing, f"{case.cls.__name__} does not implement {', '.join(missing)}")


def documented(case: Case[Any]) -> None:
    """Require that its class has a docstring of its own, and its plugin a summary in one line."""
    expect((case.cls.__dict__.get("__doc__") or "").strip(), f"{case.cls.__name__} has no docstring of its own")
    if case.component is not None:
        summary = case.component.summary.strip()
        expect(summary and "\n" not in summary, f"summary must be one line, got {case.component.summary!r}")


def parameters_described(case: Case[Any]) -> None:
    """Require that every parameter has a description."""
    silent = [name for name, description in _descriptions(case.cls.Params) if not (description or "").strip()]
    expect(not silent, f"no description: {', '.join(silent)}")


def parameters_valid(case: Case[Any]) -> None:
    """Require that it can be made from its defaults and the parameters given."""
    needed = [name for name, info in case.cls.Params.model_fields.items() if info.is_required()]
    missing = [name for name in needed if name not in case.params]
    expect(not missing, f"{', '.join(missing)} has no default: pass params=, or name an example in its record")
    component = case.make()
    expect(
        isinstance(component.params, case.cls.Params),
        f"params must be a {case.cls.Params.__qualname__}, got {type(component.params).__qualname__}",
    )


def parameters_round_trip(case: Case[Any]) -> None:
    """Require that parameters written as JSON and read back are the same: a run can be repeated from its record."""
    params = case.make().params
    plain = params.canonical()
    again = case.cls.Params.validate_data(json.loads(json.dumps(plain, allow_nan=False)))
    unchanged(plain, again.canonical(), "parameters change when they are written and read back")
    expect(again == params, f"parameters change when they are written and read back: {params!r} became {again!r}")


def parameters_schema(case: Case[Any]) -> None:
    """Require that its parameters have a JSON schema, for editors."""
    json.dumps(case.cls.Params.model_json_schema())


def unknown_parameter_refused(case: Case[Any]) -> None:
    """Require that a misspelt parameter is an error."""
    refused(lambda: case.cls(**case.params, no_such_parameter=1), ParameterError, "an unknown parameter")


def import_budget(case: Case[Any]) -> None:
    """Require that importing its plugin module, which only describes it, imports nothing heavy."""
    if case.component is None:
        raise Skip("a bare class has no plugin module; pass the component as the registry gives it")
    if case.offered is not None and case.offered.distribution.endswith(".py"):
        raise Skip("a local file holds its components, and is imported only when it is asked for")
    module = _plugin_module(case)
    heavy, error = _heavy_imports(module)
    expect(not error, f"importing {module} in a new process fails: {error}")
    expect(not heavy, f"importing {module} imports {', '.join(heavy)}")


def pickles(case: Case[Any]) -> None:
    """Require that it reaches a worker process: it pickles, with its parameters."""
    component = case.make()
    again = ForkingPickler.loads(ForkingPickler.dumps(component))
    expect(type(again) is case.cls, f"came back as {type(again).__name__}")
    expect(again.params == component.params, f"parameters {component.params!r} came back as {again.params!r}")


def runs(case: Case[Any]) -> None:
    """Require that it runs on the examples."""
    for example in case.examples():
        case.exercise(case.make(), example)


def reproducible(case: Case[Any]) -> None:
    """Require that the same input and seed give the same result, bit for bit, whatever the global random state."""
    example = case.examples()[0]
    with preserved(seed=1):
        first = case.exercise(case.make(), copy.deepcopy(example))
    with preserved(seed=2):
        second = case.exercise(case.make(), copy.deepcopy(example))
    unchanged(first, second, "two runs on the same input differ")


def no_global_random_state(case: Case[Any]) -> None:
    """Require that it neither seeds nor advances the random state of numpy, random or torch."""
    example = case.examples()[0]
    before = random_states()
    case.exercise(case.make(), example)
    changed = [name for name, state in random_states().items() if difference(before.get(name, state), state)]
    expect(not changed, f"changes the global random state of {', '.join(changed)}; use the seed it is given")


def no_global_settings(case: Case[Any]) -> None:
    """Require that it leaves working directory, environment variables and numpy's error handling as they are."""
    example = case.examples()[0]
    before = process_settings()
    case.exercise(case.make(), example)
    unchanged(before, process_settings(), "changes settings of the whole process")


def input_not_mutated(case: Case[Any]) -> None:
    """Require that what it is given stays as it was."""
    for example in case.examples():
        before = copy.deepcopy(example)
        case.exercise(case.make(), example)
        unchanged(before, example, "changes its input")


def thread_safe(case: Case[Any]) -> None:
    """Require that two instances at work at the same time get the results that each gets alone."""
    examples = (case.examples() * 2)[:2]
    alone = [case.exercise(case.make(), copy.deepcopy(example)) for example in examples]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda example: case.exercise(case.make(), example), examples))
    unchanged(alone, together, "two instances at work at the same time disturb each other")


#: These need no data.
STATIC_CHECKS: tuple[Check, ...] = (
    record_matches_class,
    methods_implemented,
    documented,
    parameters_described,
    parameters_valid,
    parameters_round_trip,
    parameters_schema,
    unknown_parameter_refused,
    import_budget,
    pickles,
)
#: These run the component on an example; ``runs`` comes first, and without it none of the others can be judged.
DATA_CHECKS: tuple[Check, ...] = (
    runs,
    reproducible,
    no_global_random_state,
    no_global_settings,
    input_not_mutated,
    thread_safe,
)


def _descriptions(model: type[BaseModel], prefix: str = "", seen: frozenset[type] = frozenset()) -> Iterator[Any]:
    """Yield ``(name, description)`` of every field, with those of nested models."""
    for name, info in model.model_fields.items():
        # A field of one value only tells which model of a union is meant; the docstring of the model says what that is.
        only_name = get_origin(info.annotation) is Literal and len(get_args(info.annotation)) == 1
        yield f"{prefix}{name}", (model.__doc__ if only_name else info.description)
        for nested in _models_in(info.annotation):
            if nested not in seen:
                yield from _descriptions(nested, f"{prefix}{name}.", seen | {model, nested})


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def _plugin_module(case: Case[Any]) -> str:
    """Return the name of the module that describes the component."""
    if case.offered is None:
        assert case.component is not None
        return case.component.params.__module__
    points = metadata.distribution(case.offered.distribution).entry_points
    for point in points:
        if (point.group, point.name) == ("specframe.plugins", case.offered.plugin):
            return point.module
    raise CheckFailed(f"{case.offered.distribution} has no entry point {case.offered.plugin!r}")


@cache
def _heavy_imports(module: str) -> tuple[tuple[str, ...], str]:
    """Import a module in a new process; return what it imported that is heavy, and what went wrong."""
    code = f"import sys, {module}; sys.stderr.write('<<' + ' '.join(m for m in {HEAVY!r} if m in sys.modules) + '>>')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(  # noqa: S603 - this interpreter, on a module that is installed
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    found = re.search(r"<<([\w ]*)>>$", done.stderr)
    if done.returncode or not found:
        return (), (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return tuple(found[1].split()), ""
