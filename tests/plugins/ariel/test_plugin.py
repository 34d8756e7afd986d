"""What the plugin says about its components."""

from __future__ import annotations

from importlib import import_module

import pytest

from specframe_ariel.plugin import specframe_components

COMPONENTS = {component.name: component for component in specframe_components()}


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_is_what_it_is_registered_as(name):
    component = COMPONENTS[name]
    module, _, attribute = component.target.partition(":")
    loaded = getattr(import_module(module), attribute)
    assert (loaded.kind, loaded.name, loaded.Params) == (component.kind, component.name, component.params)
    assert getattr(import_module("specframe_ariel"), attribute) is loaded


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_parameter_is_described_and_has_a_schema(name):
    params = COMPONENTS[name].params
    assert all(field.description for field in params.model_fields.values())
    assert params.model_json_schema()["type"] == "object"
