"""The command line, and a run whose data are hostile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from specframe.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parent))

from hostile import CONTROLS, NAMES, run_in, write_input


class Result(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def specframe(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Return a function that runs ``specframe`` with arguments and gives its exit status and output."""

    def run(*args: object) -> Result:
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        assert "This is a bug" not in err
        return Result(int(exit_info.value.code or 0), out, err)

    return run


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run of parameters whose names and units are markup, on targets with hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    labels = ("l_</script><script>alert(3)</script>", 'l_"><svg onload=alert(4)>')
    write_input(folder, (*NAMES[:2], *NAMES[30:], *CONTROLS[:1]), labels, units="m")
    assert run_in(folder, "run", "pipeline.yaml", "--out", "run", "--quiet") == 3  # one target is set aside
    return folder / "run"
