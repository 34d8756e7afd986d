"""Whole runs on targets with hostile names: nothing outside the run's folder, no shared files, no escape sequences."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hostile import CONTROLS, NAMES, run_in, snapshot, write_input

from specframe import Run
from specframe.api.files import file_name
from specframe.errors import printable

_EXPORTERS = "[taurex, poseidon, petitradtrans, exoplanet-archive]"


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """A folder in a tree of others, its run, and what was printed."""
    import contextlib
    import io

    top = tmp_path_factory.mktemp("top")
    folder = top / "a" / "b"
    folder.mkdir(parents=True)
    labels = tuple(f"l_{i}" for i in range(3))
    write_input(folder, NAMES + CONTROLS, labels, wavelength="[1.0, 1.5, 2.0]", export=_EXPORTERS)
    before = snapshot(top)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run_in(folder, "run", "pipeline.yaml", "--out", "run")
    return top, before, folder / "run", status, out.getvalue() + err.getvalue()


def test_nothing_is_written_outside_the_runs_folder(around) -> None:
    top, before, run, _, _ = around
    after = snapshot(top)
    outside = {name for name in after if not (top / name).is_relative_to(run)}
    assert outside == set(before)
    assert all(after[name] == before[name] or (top / name).is_dir() for name in before)


def test_all_but_control_characters_go_through_and_no_two_targets_share_a_file(around) -> None:
    _, _, path, status, _ = around
    run = Run(path)
    assert status == 3
    assert set(run.manifest["products"]) == {name.strip() for name in NAMES}
    assert {entry["target"] for entry in run.set_aside} == {name.strip() for name in CONTROLS}
    assert all("control character" in entry["reason"] for entry in run.set_aside)
    spectra = list((path / "spectra").iterdir())
    assert len(spectra) == len(NAMES)
    exported = [file for file in path.iterdir() if file.suffix in (".txt", ".tbl")]
    assert len(exported) == 4 * len(NAMES)  # one of each exporter
    assert len(list((path / "stages" / "bins").iterdir())) == len(NAMES)


def test_each_target_is_found_again_under_its_name(around) -> None:
    from astropy.table import QTable

    run = Run(around[2])
    for name in run.manifest["products"]:
        assert run.observation(name).attrs["target"] == name
        table = QTable.read(run.path / "spectra" / f"{file_name(name)}.ecsv", format="ascii.ecsv")
        assert table.meta["target"] == name
    assert sorted(run.quality["target"]) == sorted(name.strip() for name in (*NAMES, *map(printable, CONTROLS)))


def test_names_of_files_are_plain(around) -> None:
    for path in around[2].rglob("*"):
        assert path.name.isprintable()
        assert len(path.name.encode()) < 200
        assert path.name[0] != "-"
        assert not set(path.name) & set("<>:\"/\\|?*\n\x1b'`$;&!#")


def test_a_name_made_to_collide_with_a_shortened_one_does_not() -> None:
    long = "x" * 5000
    assert len({file_name(long), file_name(file_name(long)), file_name("x" * 80), file_name("x" * 79)}) == 4


def test_neither_terminal_nor_log_gets_control_characters(around) -> None:
    _, _, run, _, printed = around
    for text in (printed, (run / "log.jsonl").read_text()):
        assert {c for c in text if unicodedata.category(c) in ("Cc", "Cf")} == {"\n"}
    assert "esc\\x1b[31mred" in printed
    lines = (run / "log.jsonl").read_text().splitlines()
    aside = {entry.get("target") for entry in map(json.loads, lines)}
    assert {"new\nline", "bell\x07"} <= aside
