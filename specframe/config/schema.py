"""JSON schema of pipelines, built from the installed components, for editors that check and complete YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specframe.config.fields import Fields
from specframe.config.recipe import LINK_OPTIONS, PIPELINE_KEYS
from specframe.config.search import tuning_schema
from specframe.config.spec import BOOTSTRAP, INNER_FOLDS, MAX_COPIES, STEP_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specframe.api.component import Kind
    from specframe.config.components import ComponentSource
    from specframe.registry.record import Registered

__all__ = ["json_schema"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ID = "urn:specframe:pipeline:1"

Schema = dict[str, Any]

#: A value may be left to a variable, whatever its type.
_REFERENCE: Schema = {"type": "string", "pattern": r"\$\{[^{}]+\}", "description": "filled in: ${vars.x} or ${env:X}"}
_REFERENCE_USE: Schema = {"$ref": "#/$defs/reference"}

_DESCRIPTIONS = {
    "load": "The loader that reads the data. The first step.",
    "calibrate": "A calibrator that turns detector frames into light curves.",
    "detrend": "A detrender that separates the signal from systematics.",
    "model": "A model that is trained on targets with known answers.",
    "uncertainty": "An estimator of the errors of the model before it.",
    "export": "An exporter that writes results.",
}


def json_schema(source: ComponentSource) -> Schema:
    """Return the JSON schema (draft 2020-12) of pipelines that use the components of ``source``.

    Components that cannot be used (a missing extra, a broken import) are left out. A file that ``extends`` another may
    leave out steps and parameters that the other states; any value may be a reference such as ``${vars.x}``.
    """
    usable = [found for found in source.components() if found.status in ("ok", "clash")]
    definitions: Schema = {"reference": _REFERENCE}
    for found in usable:
        definitions[_key(found)] = _parameters(found)
    definitions["step"] = _step(usable)
    definitions["complete-step"] = _complete_step(usable)
    return {
        "$schema": _DRAFT,
        "$id": _ID,
        "title": "specframe pipeline",
        "description": "An ordered list of steps from telescope data to spectra, and from spectra to parameters.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _top_level(usable)[key] for key in PIPELINE_KEYS},
        "if": {"not": {"required": ["extends"]}},
        "then": {
            "required": ["specframe", "steps"],
            "properties": {"steps": {"items": {"$ref": "#/$defs/complete-step"}}},
        },
        "$defs": definitions,
    }


def _top_level(usable: list[Registered]) -> dict[str, Schema]:
    texts = {"type": "array", "items": {"type": "string"}}
    folds = _or_reference({"type": "integer", "minimum": 2, "default": 5, "description": "Number of folds."})
    group = {
        "type": "string",
        "default": "target",
        "description": "What stays together in a fold: target, or a variable of the loader's catalogue.",
    }
    validation: Schema = {
        "type": ["object", "null"],
        "description": "Cross-validation by group, with every fitted step inside the fold.",
        "additionalProperties": False,
        "properties": {"folds": folds, "group": group},
    }
    fraction = _or_reference(
        {
            "type": "number",
            "exclusiveMinimum": 0,
            "exclusiveMaximum": 1,
            "default": 0.2,
            "description": "Part of the targets that is held out.",
        }
    )
    holdout: Schema = {
        "type": ["object", "null"],
        "description": "Hold out one part of the targets, in whole groups, in place of cross-validation.",
        "additionalProperties": False,
        "properties": {"fraction": fraction, "group": group},
    }
    evaluate: Schema = {
        "type": ["object", "null"],
        "description": "How results are judged.",
        "additionalProperties": False,
        "properties": {
            "cross_validation": validation,
            "holdout": holdout,
            "inner_folds": _or_reference(
                {
                    "type": "integer",
                    "minimum": 2,
                    "default": INNER_FOLDS,
                    "description": "Folds within each training set, whose predictions error bars are calibrated by and "
                    "stacked models learn from.",
                }
            ),
            "scores": _parts(usable, "score", "score", "Scores that are computed."),
            "bootstrap": _or_reference(
                {
                    "type": "integer",
                    "minimum": 0,
                    "default": BOOTSTRAP,
                    "description": "Resamples of the targets for the confidence intervals of the scores; 0: none.",
                }
            ),
            "by": {
                "type": ["array", "null"],
                "items": {"type": "string"},
                "description": "What scores are broken down by: variables of the loader's catalogue, numbers of "
                "quality.ecsv, truth (the mean true value of a target), or std (its mean predicted error).",
            },
            "compare": _parts(usable, "loader", "load", "Published spectra that the result is compared with."),
        },
    }
    plugins: Schema = {
        "type": ["object", "null"],
        "description": "Plugins to leave out, and versions that are asked for ('linear==0.1.0').",
        "additionalProperties": False,
        "properties": {"block": texts, "pin": texts},
    }
    return {
        "specframe": {"const": 1, "description": "Format of the file."},
        "description": {"type": ["string", "null"], "description": "What the pipeline is for."},
        "extends": {"type": "string", "description": "A file that this one changes, relative to this file."},
        "vars": {"type": ["object", "null"], "description": "Values to use elsewhere as ${vars.NAME}."},
        "seed": _or_reference(
            {"type": "integer", "minimum": 0, "default": 0, "description": "Seed of all randomness."}
        ),
        "plugins": plugins,
        "steps": {"type": "array", "description": "The recipe, in order.", "items": {"$ref": "#/$defs/step"}},
        "evaluate": evaluate,
        "tune": tuning_schema(),
        "predict": {
            "description": "Loader of other data that the fitted pipeline is applied to.",
            **_part(usable, "loader", "load"),
        },
        "export": _parts(usable, "exporter", "export", "What is written beside the predictions."),
    }


def _step(usable: list[Registered]) -> Schema:
    """Describe a step, perhaps one that only changes some parameters of a base's step."""
    properties: dict[str, Schema] = {
        "id": {
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z0-9_-]*$",
            "description": "Name of the step, for --set and 'from'. By default the component's name.",
        }
    }
    for key, kind in STEP_KEYS.items():
        properties[key] = {"description": _DESCRIPTIONS[key], **_names(usable, kind)}
    properties["with"] = {"type": ["object", "null"], "description": "Parameters of the component."}
    properties["from"] = {
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
        ],
        "description": "The earlier step whose residual a model learns, or those whose predictions it reads.",
    }
    properties["learns"] = {
        "enum": ["target", "residual"],
        "default": "target",
        "description": "Whether a model learns the labels, or what 'from' leaves of them.",
    }
    properties["weights"] = {
        "enum": ["equal", "errors"],
        "default": "equal",
        "description": "Whether targets count the same in the fit, or less where their depths are less certain.",
    }
    properties["noisy_copies"] = _or_reference(
        {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_COPIES,
            "default": 0,
            "description": "On so many copies of each target, with noise of their own, a model learns from noise-free "
            "inputs.",
        }
    )
    keys = list(STEP_KEYS)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "dependentRequired": {option: ["model"] for option in LINK_OPTIONS},
        # At most one component: of every pair of keys one is missing.
        "allOf": [
            *({"not": {"required": [a, b]}} for i, a in enumerate(keys) for b in keys[i + 1 :]),
            *_parameters_of(usable, STEP_KEYS),
        ],
    }


def _complete_step(usable: list[Registered]) -> Schema:
    """Describe what a step needs that changes nothing but stands for itself."""
    needs = []
    for found, key, names in _by_key(usable, STEP_KEYS):
        required = Fields(found.component.params).schema.get("required", [])
        if required:
            then = {"required": ["with"], "properties": {"with": {"type": "object", "required": required}}}
            needs.append({"if": _is(key, names), "then": then})
    return {"oneOf": [{"required": [key]} for key in STEP_KEYS], "allOf": needs} if needs else {
        "oneOf": [{"required": [key]} for key in STEP_KEYS]
    }  # fmt: skip


def _parts(usable: list[Registered], kind: Kind, key: str, description: str) -> Schema:
    """Describe a list of names or ``{score: name, with: {...}}``."""
    return {
        "type": ["array", "null"],
        "description": description,
        "items": {"if": {"type": "object"}, "then": _part(usable, kind, key), "else": _names(usable, kind)},
    }


def _part(usable: list[Registered], kind: Kind, key: str) -> Schema:
    """Describe a component with its parameters."""
    named: Schema = {
        "type": "object",
        "required": [key],
        "additionalProperties": False,
        "properties": {key: _names(usable, kind), "with": {"type": ["object", "null"]}},
        "allOf": _parameters_of(usable, {key: kind}),
    }
    if not named["allOf"]:
        del named["allOf"]
    return named


def _names(usable: list[Registered], kind: str) -> Schema:
    """List the names of the components of a kind, each with its summary."""
    named = [
        {"const": name, "description": found.component.summary or found.qualified_name}
        for found in usable
        if found.component.kind == kind
        for name in _spellings(found)
    ]
    return {"type": "string", "anyOf": [*named, _REFERENCE_USE]}


def _parameters_of(usable: list[Registered], kinds: dict[str, Any]) -> list[Schema]:
    return [
        {
            "if": _is(key, names),
            "then": {"properties": {"with": {"anyOf": [{"$ref": f"#/$defs/{_key(found)}"}, {"type": "null"}]}}},
        }
        for found, key, names in _by_key(usable, kinds)
    ]


def _by_key(usable: list[Registered], kinds: dict[str, Any]) -> Iterable[tuple[Registered, str, list[str]]]:
    for key, kind in kinds.items():
        for found in usable:
            if found.component.kind == kind:
                yield found, key, _spellings(found)


def _is(key: str, names: list[str]) -> Schema:
    return {"properties": {key: {"enum": names}}, "required": [key]}


def _spellings(found: Registered) -> list[str]:
    """Return the short name unless it is ambiguous, and the qualified one."""
    short = [] if found.status == "clash" else [found.component.name]
    return [*short, found.qualified_name]


def _key(found: Registered) -> str:
    return f"{found.component.kind}.{found.plugin}.{found.component.name}"


def _parameters(found: Registered) -> Schema:
    """Return the schema of ``with``: any value may be a reference, and required names are asked for elsewhere."""
    schema = Fields(found.component.params).schema or {"type": "object"}
    prefix = f"#/$defs/{_key(found)}/$defs/"
    opened = _opened(schema, prefix)
    opened.pop("required", None)
    opened.pop("title", None)
    return opened


def _opened(schema: Schema, prefix: str) -> Schema:
    """Return a copy whose values may all be references, with ``$ref`` pointing to where it now stands."""
    copy = dict(schema)
    if "$ref" in copy:
        copy["$ref"] = prefix + copy["$ref"].rpartition("/")[2]
    for union in ("anyOf", "oneOf", "allOf"):
        if union in copy:
            copy[union] = [_opened(inner, prefix) for inner in copy[union]]
    copy.pop("discriminator", None)
    if "properties" in copy:
        copy["properties"] = {name: _value(inner, prefix, title=False) for name, inner in copy["properties"].items()}
    for keyword in ("additionalProperties", "items"):
        if isinstance(copy.get(keyword), dict):
            copy[keyword] = _value(copy[keyword], prefix)
    if "prefixItems" in copy:
        copy["prefixItems"] = [_value(inner, prefix) for inner in copy["prefixItems"]]
    if "$defs" in copy:
        copy["$defs"] = {name: _opened(inner, prefix) for name, inner in copy["$defs"].items()}
    return copy


def _value(schema: Schema, prefix: str, title: bool = True) -> Schema:
    opened = _opened(schema, prefix)
    if not title:
        opened.pop("title", None)  # pydantic's is the name again
    if opened.get("type") == "string" and not {"enum", "const", "pattern", "minLength"} & opened.keys():
        return opened  # takes any text already
    return _or_reference(opened)


def _or_reference(schema: Schema) -> Schema:
    """Allow a reference beside what the schema allows; description and default stay on top, where editors look."""
    outer: Schema = {key: schema.pop(key) for key in ("description", "default") if key in schema}
    return {**outer, "anyOf": [schema, _REFERENCE_USE]}
