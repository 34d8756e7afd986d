"""``specframe prune``, and the limits of ``specframe run``, as their users meet them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = Path(__file__).parents[2] / "benchmarks" / "tiny_targets.py"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(
        "specframe: 1\nsteps:\n  - {id: data, load: tiny, with: {n_targets: 4}}\n"
        "  - {id: curves, detrend: tiny-curves}\n  - {id: transit, detrend: tiny-depths}\n"
    )
    return file


def test_prune_says_what_it_frees_and_what_that_costs(
    specframe: Callable[..., Any], tiny: Path, tmp_path: Path
) -> None:
    run = ("run", tiny, "--plugin", TINY, "--quiet", "--out", tmp_path / "out")
    assert specframe(*run, "--store-limit", "1GB", "--memory", "20GB").status == 0
    dry = specframe("prune", tmp_path / "out", "--dry-run")
    freed = specframe("prune", tmp_path / "out")
    assert freed.status == 0
    assert dry.out.replace("would free", "freed") == freed.out
    first, curves, transit = freed.out.splitlines()
    assert first.startswith(f"{tmp_path / 'out'}: freed ")
    assert curves.split()[:2] == ["curves", "4"]
    assert "when a later step is changed" in curves
    assert transit.split()[:2] == ["transit", "4"]
    assert "the same command makes it again" in transit
    assert specframe("prune", tmp_path / "out").out == f"{tmp_path / 'out'}: nothing to free, 0 B stored\n"

    small = specframe(*run, "--store-limit", "20kB")
    assert small.status == 1
    assert "the stage store reached its limit of 20 kB" in small.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prune", "nowhere"), "nowhere: there is no run here; name the folder of one, or several"),
        (("prune", "nowhere", "--to", "20gb"), "a size is a number and a unit, such as 20GB or 500 MiB, got '20gb'"),
        (("prune",), "Missing argument 'RUN...'"),
    ],
)
def test_wrong_use_is_told(specframe: Callable[..., Any], arguments: tuple[str, ...], message: str) -> None:
    result = specframe(*arguments)
    assert result.status == 2
    assert message in result.err
