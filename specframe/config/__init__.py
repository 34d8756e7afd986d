"""Reads, checks and writes pipelines.

Names are imported when first used, so that a command that needs none of them does not wait for pydantic or PyYAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.config.components import ComponentSource
    from specframe.config.dump import to_yaml
    from specframe.config.problem import Position, Problem, styled
    from specframe.config.schema import json_schema
    from specframe.config.spec import CrossValidation, Part, PipelineSpec, PluginChoice, Step
    from specframe.config.validate import RegistryFactory, pipeline_from_data, read_pipeline, tuned_pipeline

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "components": ("ComponentSource",),
        "dump": ("to_yaml",),
        "problem": ("Position", "Problem", "styled"),
        "schema": ("json_schema",),
        "spec": ("CrossValidation", "Part", "PipelineSpec", "PluginChoice", "Step"),
        "validate": ("RegistryFactory", "pipeline_from_data", "read_pipeline", "tuned_pipeline"),
    },
)

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
    "tuned_pipeline",
]
