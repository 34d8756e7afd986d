"""Checks that every component must pass, whatever its kind."""

from __future__ import annotations

import copy
import difflib
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

import yaml
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

#: What importing a plugin module may take, in s of the processor's time.
LISTING_SECONDS = 0.5
#: Shorter names may have a nearer one.
_LONG_NAME = 5


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


def parameters_described(case: Case[Any]) -> str:
    """Require that every parameter has a description; numbers without bounds and unit are noted."""
    silent = [name for name, description in _descriptions(case.cls.Params) if not (description or "").strip()]
    expect(not silent, f"no description: {', '.join(silent)}")
    bare = ", ".join(_bare_numbers(case.cls.Params))
    return f"these numbers have neither bounds nor a unit: {bare}" if bare else ""


def parameters_valid(case: Case[Any]) -> None:
    """Require that it can be made from its defaults and the parameters given."""
    needed = [name for name, info in case.cls.Params.model_fields.items() if info.is_required()]
    missing = [] if case.params else needed  # of those given, what is wrong is said when it is made
    expect(not missing, f"{', '.join(missing)} has no default: pass params=, or name an example in its record")
    component = case.make()
    expect(
        isinstance(component.params, case.cls.Params),
        f"params must be a {case.cls.Params.__qualname__}, got {type(component.params).__qualname__}",
    )


def parameters_round_trip(case: Case[Any]) -> None:
    """Require that parameters written as JSON or YAML and read back are the same: a run is repeated from its record."""
    params = case.make().params
    plain = params.canonical()
    for written in (json.loads(json.dumps(plain, allow_nan=False)), yaml.safe_load(yaml.safe_dump(plain))):
        again = case.cls.Params.validate_data(written)
        unchanged(plain, again.canonical(), "parameters change when they are written and read back")
        expect(again == params, f"parameters change when they are written and read back: {params!r} became {again!r}")


def parameters_schema(case: Case[Any]) -> None:
    """Require that its parameters have a JSON schema, for editors."""
    json.dumps(case.cls.Params.model_json_schema())


def unknown_parameter_refused(case: Case[Any]) -> None:
    """Require that a misspelt parameter is an error, which names the nearest one."""
    refused(lambda: case.cls(**case.params, no_such_parameter=1), ParameterError, "an unknown parameter")
    for name in case.cls.Params.model_fields:
        if len(name) >= _LONG_NAME:
            misspelt = name[:-2] + name[-1] + name[-2]  # the last two letters swapped
            misspelt = misspelt if misspelt != name else f"{name}s"
            near = difflib.get_close_matches(misspelt, case.cls.Params.model_fields, n=3)
            try:
                case.cls(**{**case.params, misspelt: 1})
            except ParameterError as error:
                expect(
                    any(repr(other) in str(error) for other in near),
                    f"the error on {misspelt!r} does not name {name!r}: {error}",
                )


def import_budget(case: Case[Any]) -> str:
    """Require that importing its plugin module, which only describes it, imports nothing heavy and takes 0.5 s at most.

    That is the processor's time, without that of ``specframe.api``.
    """
    if case.component is None:
        raise Skip("a bare class has no plugin module; pass the component as the registry gives it")
    if case.offered is not None and case.offered.distribution.endswith(".py"):
        raise Skip("a local file holds its components, and is imported only when it is asked for")
    module = _plugin_module(case)
    heavy, seconds, error = _imported_anew(module)
    expect(not error, f"importing {module} in a new process fails: {error}")
    expect(not heavy, f"importing {module} imports {', '.join(heavy)}")
    expect(seconds <= LISTING_SECONDS, f"importing {module} takes {seconds:.2f} s, {LISTING_SECONDS} s are allowed")
    return f"{module} takes {seconds:.2f} s to import"


def pickles(case: Case[Any]) -> None:
    """Require that it reaches a worker process: it pickles, with its parameters."""
    component = case.make()
    again = ForkingPickler.loads(ForkingPickler.dumps(component))
    expect(type(again) is case.cls, f"came back as {type(again).__name__}")
    expect(again.params == component.params, f"parameters {component.params!r} came back as {again.params!r}")


def runs(case: Case[Any]) -> None:
    """Require that it runs on the examples."""
    case.alone()


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
    examples, alone = (case.examples() * 2)[:2], (case.alone() * 2)[:2]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda example: case.exercise(case.make(), example), examples))
    unchanged(alone, together, "two instances at work at the same time disturb each other")


def shared_by_threads(case: Case[Any]) -> None:
    """Require that one instance, asked by two threads at the same time, tells each what it would tell it alone."""
    questions, component = case.questions(), case.prepared()
    alone = case.told_alone(component)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda question: case.ask(component, question), questions))
    unchanged(alone, together, "two threads that share an instance disturb each other")


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
    shared_by_threads,
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


def _bare_numbers(model: type[BaseModel]) -> Iterator[str]:
    """Yield the parameters that may be any number."""
    told = {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf", "x-unit", "enum", "const"}
    for name, schema in model.model_json_schema().get("properties", {}).items():
        if schema.get("type") in ("number", "integer") and not told & set(schema):
            yield name


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
def _imported_anew(module: str) -> tuple[tuple[str, ...], float, str]:
    """Import a module in a new process; return what it imported that is heavy, seconds, and what went wrong."""
    code = (
        "import sys, time; from specframe.api import Component, Params; began = time.process_time(); "
        f"import {module}; spent = time.process_time() - began; "
        f"sys.stderr.write(f'<<{{spent:.3f}} ' + ' '.join(m for m in {HEAVY!r} if m in sys.modules) + '>>')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(  # noqa: S603 - this interpreter, on a module that is installed
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    found = re.search(r"<<([\d.]+) ([\w ]*)>>$", done.stderr)
    if done.returncode or not found:
        return (), 0.0, (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return tuple(found[2].split()), float(found[1]), ""
