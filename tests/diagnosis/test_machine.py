"""Threads, memory, folders and letters that will make trouble are told before they do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from specframe.diagnosis import machine
from specframe.diagnosis.machine import examine_files, examine_machine

if TYPE_CHECKING:
    from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*THREADS, "MPLBACKEND", "MPLCONFIGDIR", "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def machine_says() -> dict[str, tuple[str, str]]:
    return {finding.text: (finding.level, finding.mend) for finding in examine_machine()}


@pytest.mark.parametrize(
    ("variables", "text", "outcome"),
    [
        ({"OMP_NUM_THREADS": "many"}, "OMP_NUM_THREADS=many: expected a whole number", ("problem", "OMP_NUM_THREADS")),
        ({"MKL_NUM_THREADS": "4096"}, "threads in turn are slower than few", ("warning", "MKL_NUM_THREADS")),
    ],
)
def test_threads(
    variables: dict[str, str], text: str, outcome: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (found,) = [told for said, told in machine_says().items() if text in said]
    assert found == (outcome[0], f"unset {outcome[1]}")


def test_a_number_of_threads_for_each_level_is_none_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1,1")
    assert [said for said, (level, _) in machine_says().items() if "OMP" in said and level == "problem"] == []


def test_limits_on_threads_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    assert machine_says()["limits on threads differ: OMP_NUM_THREADS=1, NUMBA_NUM_THREADS=2"] == (
        "warning",
        "unset OMP_NUM_THREADS NUMBA_NUM_THREADS",
    )


def test_the_limit_of_a_container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000000000\n")
    monkeypatch.setattr(machine, "_CGROUPS", (tmp_path / "memory.max",))
    (text,) = [said for said in machine_says() if "of memory" in said]
    assert text.endswith("may use 1.0: little")
    assert machine_says()[text] == ("warning", "specframe run --memory 0.8GB --workers 1")


def test_a_folder_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # not by its permissions, which do not bind the administrator that tests may be run as
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "taken"))
    (found,) = [finding for finding in examine_files() if finding.level == "problem"]
    assert found.text == f"numba's cache, {tmp_path / 'taken'}, cannot be written to: Not a directory"
    assert found.mend == "export NUMBA_CACHE_DIR=DIR of a folder that can be written to"


def test_a_file_system_without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_locks", lambda _: False)
    first = next(iter(examine_files()))
    assert (first.level, first.mend) == (
        "warning",
        "run into a folder on a local disk, or one run at a time: --out DIR",
    )
    assert "knows no locks" in first.text


def test_a_disk_that_is_nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_DISK", 1e9)
    first = next(iter(examine_files()))
    assert (first.level, first.mend) == ("warning", "specframe prune RUN")


def test_a_backend_that_needs_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "TkAgg")
    assert ("warning", "unset MPLBACKEND") in {(finding.level, finding.mend) for finding in examine_files()}
