"""The store keeps below its limit, and what was freed for it is only missed where it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import xarray as xr

from specframe.errors import RunError
from specframe.pipeline.stages.limit import StoreLimit
from specframe.pipeline.targets.target import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from specframe import Pipeline

    MakePipeline = Callable[..., Pipeline]

MODEL = [{"id": "fit", "model": "ridge"}, {"id": "sigma", "uncertainty": "residual"}]


def _steps(calls: Path, scale: float = 1.0) -> list[dict[str, Any]]:
    first = {"id": "first", "detrend": "halves", "with": {"calls": str(calls)}}
    return [{"id": "data", "load": "toy"}, first, {"id": "last", "detrend": "halves", "with": {"scale": scale}}, *MODEL]


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _calls(path: Path) -> list[str]:
    return sorted(path.read_text().split()) if path.exists() else []


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_earlier_results_go_first_and_the_outcome_is_the_same_bits(
    toy_pipeline: MakePipeline, tmp_path: Path, executor: str
) -> None:
    calls = tmp_path / "calls"
    free = toy_pipeline(steps=_steps(calls)).run(tmp_path / "free", quiet=True)
    sizes = {step: _size(free.path / "stages" / step) for step in ("first", "last")}
    beside = _size(free.path / "stages") - sum(sizes.values())
    limit = sizes["last"] + beside + sizes["first"] // 4
    options = {"executor": executor, "workers": 2} if executor == "process" else {}
    kept = toy_pipeline(steps=_steps(calls)).run(tmp_path / "kept", store_limit=limit, quiet=True, **options)
    xr.testing.assert_identical(free.predictions, kept.predictions)
    assert _size(kept.path / "stages") <= limit
    left = len(list((kept.path / "stages" / "first").iterdir()))
    assert 1 <= left <= 5
    assert len(list((kept.path / "stages" / "last").iterdir())) == 20
    if executor == "process":  # which runs go on from it is the same
        return

    # again: nothing is missed. With another last step, only what was freed is made again.
    calls.unlink()
    toy_pipeline(steps=_steps(calls)).run(kept.path, store_limit=limit, quiet=True)
    assert _calls(calls) == []
    changed = toy_pipeline(steps=_steps(calls, scale=2.0)).run(kept.path, store_limit=limit, quiet=True)
    assert len(_calls(calls)) == 20 - left
    fresh = toy_pipeline(steps=_steps(tmp_path / "other", scale=2.0)).run(tmp_path / "fresh", quiet=True)
    xr.testing.assert_identical(changed.predictions, fresh.predictions)


def test_a_limit_that_products_alone_break_ends_the_run_and_a_larger_one_goes_on(
    toy_pipeline: MakePipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls"
    free = toy_pipeline(steps=_steps(calls)).run(tmp_path / "free", quiet=True)
    one = _size(free.path / "stages" / "last") // 20
    calls.unlink()
    with pytest.raises(RunError, match=r"reached its limit of .* nothing else is left to free \(11 of 20 targets"):
        toy_pipeline(steps=_steps(calls)).run(tmp_path / "out", store_limit=10 * one + one // 2, quiet=True)
    assert len(list((tmp_path / "out" / "stages" / "last").iterdir())) == 11
    toy_pipeline(steps=_steps(calls)).run(tmp_path / "out", store_limit="10 MB", quiet=True)
    assert len(_calls(calls)) == 20  # none twice
    capsys.readouterr()


def test_too_small_a_limit_is_foreseen(tmp_path: Path) -> None:
    said: list[str] = []
    limit = StoreLimit(tmp_path, 30_000, ["only"], said.append)
    for i in range(25):
        limit.note(Outcome(f"t{i}", "done", files=((f"only/t{i}-{i:016x}.nc", 1000),)), 1000)
    assert len(said) == 1
    assert "1000 targets will take some 1 MB, more than the store may have (30 kB)" in said[0]
    assert "--store-limit 1.1MB" in said[0]


def test_a_result_that_replaces_another_is_counted_once(tmp_path: Path) -> None:
    limit = StoreLimit(tmp_path, 10_000, ["first", "last"], lambda text: None)
    for key in ("0" * 16, "1" * 16):
        limit.note(Outcome("a", "done", files=((f"first/a-{key}.nc", 3000), (f"last/a-{key}.nc", 100))), 1)
    assert limit.size == 3100


def test_what_an_earlier_run_left_is_counted_and_the_oldest_goes_first(tmp_path: Path) -> None:
    import os

    for step, size in (("first", 3000), ("last", 100)):
        (tmp_path / step).mkdir()
        for i, name in enumerate("abc"):
            path = tmp_path / step / f"{name}-{'0' * 16}.nc"
            path.write_bytes(bytes(size))
            os.utime(path, (100 - i, 100 - i))  # c is the oldest
    half = tmp_path / "first" / f".d-{'0' * 16}.nc.123.tmp"
    half.write_bytes(bytes(500))
    limit = StoreLimit(tmp_path, 7000, ["first", "last"], lambda text: None)
    assert not half.exists()
    assert limit.size == 9300
    limit.note(Outcome("a", "stored", files=((f"last/a-{'0' * 16}.nc", 100),)), 3)
    assert [path.name[0] for path in sorted((tmp_path / "first").iterdir())] == ["a", "b"]
    assert limit.size == 6300


def test_what_is_left_of_steps_that_the_pipeline_has_no_more_goes_first(tmp_path: Path) -> None:
    for step, size in (("renamed", 3000), ("first", 1000), ("last", 100), ("cross-validation", 500)):
        (tmp_path / step).mkdir()
        (tmp_path / step / f"a-{'0' * 16}.nc").write_bytes(bytes(size))
    limit = StoreLimit(tmp_path, 2000, ["first", "last"], lambda text: None)
    assert limit.size == 4600
    limit.note(Outcome("a", "stored", files=((f"last/a-{'0' * 16}.nc", 100),)), 1)
    assert sorted(file.parent.name for file in tmp_path.rglob("*.nc")) == ["cross-validation", "first", "last"]
    assert limit.size == 1600
