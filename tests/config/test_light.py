"""Checking a pipeline imports nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHECK = """
import json, sys
from pathlib import Path
from specframe.api import Component, Field, InputPath, Params, Quantity
from specframe.config import json_schema, read_pipeline, to_yaml
from specframe.registry.record import Registered

class TableParams(Params):
    path: InputPath
    cutoff: Quantity("um") = Field(5.3)

class Registry:
    table = Registered(Component(kind="loader", name="table", target="none:None", params=TableParams), "io", "x", "1")
    plugins = ()
    def __init__(self, block, pin): ...
    def resolve(self, kind, name): return self.table
    def names(self, kind): return ["table"]
    def components(self, kind=None): return [self.table]

Path("p.yaml").write_text("specframe: 1\\nsteps: [{load: table, with: {path: p.yaml, cutoff: 4 um}}]\\n")
spec = read_pipeline("p.yaml", Registry)
to_yaml(spec), json_schema(Registry((), ()))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

HEAVY = {"torch", "sklearn", "matplotlib", "astropy", "xarray", "numpy", "scipy", "numba", "polars", "h5py", "rich"}


def test_checking_a_pipeline_imports_nothing_heavy(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", CHECK], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert HEAVY & set(json.loads(run.stdout)) == set()
