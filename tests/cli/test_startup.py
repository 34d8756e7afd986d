"""Commands that only look must start at once, so they import nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).parents[2] / "configs" / "quickstart.yaml"
HEAVY = {"torch", "sklearn", "matplotlib", "xarray", "numba", "polars", "astropy", "scipy", "optuna", "zuko"}

_PROGRAM = """
import json, sys
from specframe.cli import main
try:
    main(sys.argv[1:])
except SystemExit as exit:
    status = exit.code
print(json.dumps([status, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


LOOKS = [("--help",), ("plugins", "list"), ("check", str(QUICKSTART)), ("explore", "--help"), ("tune", "--help")]


@pytest.mark.parametrize("args", LOOKS, ids=lambda a: a[0])
def test_looking_imports_nothing_heavy(args: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM, *args], capture_output=True, text=True, check=True)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 0, done.stderr
    assert "specframe" in modules
    assert not HEAVY & set(modules)


def test_a_prediction_of_nothing_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"pipeline": {}}')
    arguments = [sys.executable, "-c", _PROGRAM, "predict", str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    status, modules = json.loads(done.stdout)
    assert (status, HEAVY & set(modules)) == (2, set())
    assert "so say what with --data PATH" in done.stderr


def test_importing_specframe_imports_nothing_but_itself() -> None:
    program = "import sys; before = set(sys.modules); import specframe; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} & (
        HEAVY | {"numpy", "pydantic", "yaml", "click"}
    )
