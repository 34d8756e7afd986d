"""What the plugin says about itself."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import specframe_linear
from specframe_linear.plugin import specframe_components

NAMES = {
    "bayesian-ridge",
    "boosting",
    "flat",
    "forest",
    "measured",
    "naive",
    "ols",
    "pca-ridge",
    "pca-shrinkage",
    "pls",
    "ridge",
    "stacking",
    "trend-shrinkage",
}


def test_every_component_is_what_it_says():
    components = list(specframe_components())
    assert {c.name for c in components} == NAMES
    for component in components:
        module, _, name = component.target.partition(":")
        loaded = getattr(import_module(module), name)
        assert (loaded.kind, loaded.name, loaded.Params) == (component.kind, component.name, component.params)
        assert getattr(specframe_linear, name) is loaded
        assert component.summary
        assert all(field.description for field in component.params.model_fields.values())


def test_describing_the_components_imports_nothing_heavy():
    code = (
        "import sys; from specframe_linear.plugin import specframe_components as c; list(c()); "
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'xarray', 'astropy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
