"""The only surface that plugins import: component kinds, parameters, containers and hooks.

Names are imported when first used, so that a plugin module that only describes its components stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.api.base import BaseComponent
    from specframe.api.collection import collate, design_matrix
    from specframe.api.component import API_VERSION, KINDS, SUPPORTED_API_VERSIONS, Component, Kind, hookimpl
    from specframe.api.deprecation import Deprecation
    from specframe.api.depth_spectra import DepthSpectra
    from specframe.api.draws import Draws, DrawSource
    from specframe.api.exporter import Exporter, ObservationExporter, Results, ResultsExporter
    from specframe.api.features import FeatureSpace
    from specframe.api.files import file_name, write_whole
    from specframe.api.frames import LazyFrames
    from specframe.api.loader import Loader
    from specframe.api.mapping import Calibrator, Detrender
    from specframe.api.model import Model
    from specframe.api.observation import FLUX_UNITS, make_observation, nodes, validate_observation
    from specframe.api.outputs import Outputs, label_groups, label_matrix, output_units, weight_vector
    from specframe.api.params import Field, InputPath, Params, Quantity, Unit
    from specframe.api.prediction import make_labels, make_prediction, validate_labels, validate_prediction
    from specframe.api.robust import MAD_TO_STD, masked_median
    from specframe.api.score import Score
    from specframe.api.simulator import Simulator
    from specframe.api.spectrum import measured_spectrum
    from specframe.api.splits import grouped_folds, validation_split
    from specframe.api.training_set import target_order, training_weights
    from specframe.api.uncertainty import Uncertainty
    from specframe.api.units import flux_unit, read_unit, wavelength_unit
    from specframe.api.workspaces import Workspace, working_in, workspace

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "base": ("BaseComponent",),
        "collection": ("collate", "design_matrix"),
        "component": ("API_VERSION", "Component", "KINDS", "Kind", "SUPPORTED_API_VERSIONS", "hookimpl"),
        "deprecation": ("Deprecation",),
        "depth_spectra": ("DepthSpectra",),
        "draws": ("DrawSource", "Draws"),
        "exporter": ("Exporter", "ObservationExporter", "Results", "ResultsExporter"),
        "features": ("FeatureSpace",),
        "files": ("file_name", "write_whole"),
        "frames": ("LazyFrames",),
        "lazy": ("lazy_names",),
        "loader": ("Loader",),
        "mapping": ("Calibrator", "Detrender"),
        "model": ("Model",),
        "observation": ("FLUX_UNITS", "make_observation", "nodes", "validate_observation"),
        "outputs": ("Outputs", "label_groups", "label_matrix", "output_units", "weight_vector"),
        "params": ("Field", "InputPath", "Params", "Quantity", "Unit"),
        "prediction": ("make_labels", "make_prediction", "validate_labels", "validate_prediction"),
        "robust": ("MAD_TO_STD", "masked_median"),
        "score": ("Score",),
        "simulator": ("Simulator",),
        "spectrum": ("measured_spectrum",),
        "splits": ("grouped_folds", "validation_split"),
        "training_set": ("target_order", "training_weights"),
        "uncertainty": ("Uncertainty",),
        "units": ("flux_unit", "read_unit", "wavelength_unit"),
        "workspaces": ("Workspace", "working_in", "workspace"),
    },
)

__all__ = [
    "API_VERSION",
    "FLUX_UNITS",
    "KINDS",
    "MAD_TO_STD",
    "SUPPORTED_API_VERSIONS",
    "BaseComponent",
    "Calibrator",
    "Component",
    "Deprecation",
    "DepthSpectra",
    "Detrender",
    "DrawSource",
    "Draws",
    "Exporter",
    "FeatureSpace",
    "Field",
    "InputPath",
    "Kind",
    "LazyFrames",
    "Loader",
    "Model",
    "ObservationExporter",
    "Outputs",
    "Params",
    "Quantity",
    "Results",
    "ResultsExporter",
    "Score",
    "Simulator",
    "Uncertainty",
    "Unit",
    "Workspace",
    "collate",
    "design_matrix",
    "file_name",
    "flux_unit",
    "grouped_folds",
    "hookimpl",
    "label_groups",
    "label_matrix",
    "lazy_names",
    "make_labels",
    "make_observation",
    "make_prediction",
    "masked_median",
    "measured_spectrum",
    "nodes",
    "output_units",
    "read_unit",
    "target_order",
    "training_weights",
    "validate_labels",
    "validate_observation",
    "validate_prediction",
    "validation_split",
    "wavelength_unit",
    "weight_vector",
    "working_in",
    "workspace",
    "write_whole",
]
