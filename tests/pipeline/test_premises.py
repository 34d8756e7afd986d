"""What workers must share with the main process."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from specframe import Pipeline
from specframe.pipeline.premises import premises_of, versions_of

if TYPE_CHECKING:
    import pytest


def test_they_are_the_code_of_the_components_and_what_they_compute_with(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "specframe: 1\nsteps:\n  - {id: data, load: toy}\n  - {id: depths, detrend: halves}\n"
        "  - {id: fit, model: ridge}\n"
    )
    toy = Path(__file__).with_name("toy.py")
    pipeline = Pipeline.from_yaml(path, plugin_files=[toy])
    found = premises_of(tmp_path, pipeline.spec.steps, (toy,))
    versions = found.versions()
    assert found.folder == tmp_path
    assert versions["numpy"] == metadata.version("numpy")
    assert versions["specframe"].startswith(metadata.version("specframe"))
    assert {name for name in versions if name.startswith("plugin")} == {"plugin specframe_linear", f"plugin file {toy}"}


def test_code_that_is_edited_is_not_what_a_process_has_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aplugin").mkdir()
    source = tmp_path / "aplugin" / "__init__.py"
    source.write_text("A = 1\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    before = versions_of((("aplugin", "a-plugin"),), ())
    source.write_text("A = 22\n")
    assert versions_of((("aplugin", "a-plugin"),), ()) == before
    assert before["plugin aplugin"].startswith("without a version (code ")
    assert versions_of((("bplugin", "b-plugin"),), ())["plugin bplugin"] == "not installed"


def test_a_plugin_file_is_looked_at_each_time(tmp_path: Path) -> None:
    file = tmp_path / "local.py"
    assert versions_of((), (file,))[f"plugin file {file}"] == "not readable"
    file.write_text("A = 1\n")
    before = versions_of((), (file,))
    file.write_text("A = 22\n")
    assert versions_of((), (file,)) != before
