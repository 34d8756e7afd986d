"""``specframe report``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path, specframe: Callable[..., Any]) -> Path:
    toy = __file__.replace("cli/test_report.py", "pipeline/toy.py")
    recipe = {"specframe": 1, "steps": [{"id": "data", "load": "toy"}, {"id": "depths", "detrend": "halves"}]}
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(recipe))
    done = specframe("run", tmp_path / "toy.yaml", "--plugin", toy, "--out", tmp_path / "run", "--quiet")
    assert done.status == 0
    return tmp_path / "run"


def test_figures_lie_beside_the_report(run: Path, tmp_path: Path, specframe: Callable[..., Any]) -> None:
    done = specframe("report", run, "--figures", "pdf", "--width", "90mm")
    assert done.status == 0
    assert f"Report: {run / 'report.html'}" in done.out
    assert f"in {run / 'figures-pdf'}, with captions in figures.json" in done.out
    done = specframe("report", run, "--figures", "png", "--out", tmp_path / "else" / "r.html")
    assert done.status == 0
    assert list((tmp_path / "else" / "figures-png").glob("*.png"))
    assert not (run / "figures-png").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--figures", "jpg"], "'jpg' is not one of 'pdf', 'png', 'svg'"),
        (["--width", "single"], "--width: of figures for a paper; add --figures pdf, png or svg"),
        (["--figures", "pdf", "--width", "90"], "expected single, double, or a number with its unit"),
        (["--figures", "png", "--dpi", "20"], "20 is not in the range"),
    ],
)
def test_wrong_options_write_nothing(run: Path, specframe: Callable[..., Any], arguments: list[str], told: str) -> None:
    before = (run / "report.html").stat().st_mtime_ns
    done = specframe("report", run, *arguments)
    assert done.status == 2
    assert told in " ".join(done.err.split())
    assert (run / "report.html").stat().st_mtime_ns == before


def test_a_folder_without_a_complete_run_has_no_figures(tmp_path: Path, specframe: Callable[..., Any]) -> None:
    done = specframe("report", tmp_path, "--figures", "pdf")
    assert done.status == 2
    assert "there is no complete run here" in done.err
    assert not list(tmp_path.iterdir())
