"""Reads, checks and writes pipelines.

Names are imported when first used, so that a command that needs none of them does not wait for pydantic or PyYAML.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe.config.components import ComponentSource
    from specframe.config.dump import to_yaml
    from specframe.config.problem import Position, Problem, styled
    from specframe.config.schema import json_schema
    from specframe.config.spec import CrossValidation, Part, PipelineSpec, PluginChoice, Step
    from specframe.config.validate import RegistryFactory, pipeline_from_data, read_pipeline

_HOME = {
    "ComponentSource": "components",
    "CrossValidation": "spec",
    "Part": "spec",
    "PipelineSpec": "spec",
    "PluginChoice": "spec",
    "Position": "problem",
    "Problem": "problem",
    "RegistryFactory": "validate",
    "Step": "spec",
    "json_schema": "schema",
    "pipeline_from_data": "validate",
    "read_pipeline": "validate",
    "styled": "problem",
    "to_yaml": "dump",
}

__all__ = [
    "ComponentSource",
    "CrossValidation",
    "Part",
    "PipelineSpec",
    "PluginChoice",
    "Position",
    "Problem",
    "RegistryFactory",
    "Step",
    "json_schema",
    "pipeline_from_data",
    "read_pipeline",
    "styled",
    "to_yaml",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
