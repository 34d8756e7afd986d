"""What the plugin says about its components."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

from specframe_uncertainty.plugin import specframe_components


def test_components_are_what_they_are_registered_as():
    for component in specframe_components():
        module, _, attribute = component.target.partition(":")
        loaded = getattr(import_module(module), attribute)
        assert (loaded.kind, loaded.name, loaded.Params) == (component.kind, component.name, component.params)
        assert getattr(import_module("specframe_uncertainty"), attribute) is loaded


def test_every_parameter_is_described():
    for component in specframe_components():
        assert all(field.description for field in component.params.model_fields.values())


def test_listing_imports_nothing_heavy():
    code = (
        "import sys, json, specframe_uncertainty.plugin as plugin; list(plugin.specframe_components()); "
        "print(json.dumps(list(sys.modules)))"
    )
    modules = json.loads(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    )
    assert not {"numpy", "scipy", "xarray", "sklearn", "matplotlib", "astropy"} & set(modules)
