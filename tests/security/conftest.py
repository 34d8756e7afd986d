"""A run whose data are hostile."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hostile import CONTROLS, NAMES, run_in, write_input


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run of parameters whose names and units are markup, on targets with hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    labels = ("l_</script><script>alert(3)</script>", 'l_"><svg onload=alert(4)>')
    write_input(folder, (*NAMES[:2], *NAMES[30:], *CONTROLS[:1]), labels, units="m")
    assert run_in(folder, "run", "pipeline.yaml", "--out", "run", "--quiet") == 3  # one target is set aside
    return folder / "run"
