"""``specframe explore`` as its users meet it: pipelines, runs, data, wrong input."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from astropy.table import Table

from specframe.executors.executor import Executor
from specframe.executors.serial import SerialExecutor
from specframe.explore.exploring import explore_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from specframe.executors.executor import Crew
    from specframe.executors.job import Job

TOY = Path(__file__).parents[1] / "pipeline" / "toy.py"


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A pipeline of toy components."""
    path = tmp_path / "toy.yaml"
    steps = [
        {"id": "data", "load": "toy"},
        {"id": "depths", "detrend": "halves"},
        {"id": "fit", "model": "ridge"},
    ]
    path.write_text(yaml.safe_dump({"specframe": 1, "steps": steps, "evaluate": {"scores": ["rmse-ppm"]}}))
    return path


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """A table of 30 spectra with two labels, which ``model-grid`` reads, and other loaders too."""
    rng = np.random.default_rng(0)
    wavelength, a = np.linspace(1, 2, 40), rng.uniform(size=30)
    flux = 1 + a[:, None] * np.sin(5 * wavelength) + 0.01 * rng.normal(size=(30, 40))
    np.savez(tmp_path / "grid.npz", wavelength=wavelength, flux=flux, a=a, b=rng.uniform(size=30))
    return tmp_path / "grid.npz"


def content(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "explore.json").read_text())
    return found


def test_a_pipeline_is_explored_at_its_last_mapping_step(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = specframe("explore", pipeline, "--plugin", TOY)
    assert result.status == 0, result.err
    found = content(tmp_path / "explore" / "toy")  # the default folder
    assert found["steps"] == "data (toy) > depths (halves)"
    assert len(found["explored"]) == 20
    assert "depths" in found["sections"]
    assert all((tmp_path / "explore" / "toy" / name).is_file() for name in found["files"])
    assert f"Explored 20 of 20 targets. Page: {Path('explore') / 'toy' / 'explore.html'}" in result.out


def test_other_steps_and_samples_can_be_asked_for(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("explore", pipeline, "--plugin", TOY, "--step", "data", "--targets", 5, "--out", out, "--quiet")
    assert specframe(*arguments).status == 0
    first = content(out)
    assert "light-curves-toy" in first["sections"]
    assert "depths" not in first["sections"]
    assert len(first["explored"]) == 5
    assert "20 targets with 1 label" in first["sections"]["labels"]["findings"][0]  # of all, not of the sample
    assert "a random sample of the targets, --targets 20 takes all" in (out / "explore.html").read_text()
    assert specframe(*arguments).status == 0
    assert content(out)["explored"] == first["explored"]  # the sample is seeded


def test_a_new_exploration_replaces_the_files_of_the_old_one_and_no_others(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    specframe("explore", pipeline, "--plugin", TOY, "--step", "data", "--out", out, "--quiet")
    old = set(content(out)["files"])
    (out / "figures" / "mine.png").write_bytes(b"mine")
    specframe("explore", pipeline, "--plugin", TOY, "--out", out, "--quiet", "--format", "svg")
    new = set(content(out)["files"])
    assert not any((out / name).exists() for name in old - new)
    assert (out / "figures" / "mine.png").read_bytes() == b"mine"
    assert {Path(name).suffix for name in new if name.startswith("figures")} == {".svg"}


def test_targets_that_fail_are_set_aside_and_listed(
    specframe: Callable[..., Any], pipeline: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = specframe(
        "explore", pipeline, "--plugin", TOY, "--out", out, "--set", "data.broken=[t1]", "--set", "data.buggy=[t2]"
    )
    assert result.status == 3
    assert "2 targets were set aside, t1: target t1: the file is broken" in result.out
    html = (out / "explore.html").read_text()
    assert "target t1: the file is broken" in html
    assert "ZeroDivisionError: a bug in the loader" in html
    every = specframe(
        "explore", pipeline, "--plugin", TOY, "--out", out, "--set", "data.n_targets=1", "--set", "data.broken=[t0]"
    )
    assert every.status == 1
    assert "the only target, t0, was set aside: target t0: the file is broken" in every.err


def test_labels_may_be_missing(specframe: Callable[..., Any], pipeline: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("explore", pipeline, "--plugin", TOY, "--out", out, "--quiet")
    assert specframe(*arguments, "--set", "data.labelled=false", "--step", "data").status == 0
    assert "The loader gives no labels" in content(out)["sections"]["labels"]["missing"][0]
    assert specframe(*arguments, "--set", "data.nan_label=[t3]").status == 0
    assert "1 target lacks a label: t3." in content(out)["sections"]["labels"]["findings"]


def test_a_run_is_explored_with_its_predictions(specframe: Callable[..., Any], pipeline: Path, tmp_path: Path) -> None:
    specframe("run", pipeline, "--plugin", TOY, "--out", tmp_path / "run", "--quiet")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.is_file()}
    result = specframe("explore", tmp_path / "run", "--plugin", TOY, "--out", tmp_path / "out")
    assert result.status == 0, result.err
    found = content(tmp_path / "out")
    assert {"labels", "depths", "predictions"} <= found["sections"].keys()
    assert "figures/predictions-truth.png" in found["files"]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.is_file()} == before
    shutil.rmtree(tmp_path / "run" / "stages")
    gone = specframe("explore", tmp_path / "run", "--plugin", TOY, "--out", tmp_path / "out")
    assert gone.status == 2
    assert gone.err.startswith("error: nothing of step 'depths' is stored any more in ")


def test_data_need_a_loader_that_reads_them(specframe: Callable[..., Any], grid: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("--loader", "model-grid", "--with", "labels=[a, b]", "--color", "b")
    named = specframe("explore", grid, *arguments, "--out", out)
    assert named.status == 0, named.err
    assert "30 targets with 2 labels: a, b." in named.out
    (table,) = (out / "statistics").glob("*-correlations.ecsv")
    correlations = Table.read(table, format="ascii.ecsv")
    assert abs(correlations["pearson"][0]) > 0.9
    assert named.err.count("\n") <= 2
    toy = tmp_path / "labels.txt"
    toy.write_text("0.001\n0.002\n0.003\n")
    plain = specframe("explore", toy, "--loader", "toy", "--plugin", TOY, "--out", tmp_path / "toy", "--quiet")
    assert plain.status == 0
    assert "Explored 3 of 3 targets" in plain.out


def test_the_only_loader_that_reads_the_data_is_taken(
    specframe: Callable[..., Any], tmp_path: Path, data_dir: Path
) -> None:
    path = data_dir / "jwst_hatp18b"
    result = specframe("explore", path, "--out", tmp_path / "out")
    assert result.status == 0, result.err
    assert "is read by the loader 'fits-cube'" in result.err
    assert "light-curves" in " ".join(content(tmp_path / "out")["sections"])


def test_several_or_no_loaders_are_told(specframe: Callable[..., Any], grid: Path, tmp_path: Path) -> None:
    several = specframe("explore", grid, "--out", tmp_path / "out")
    assert several.status == 2
    assert "several loaders read it: model-grid" in several.err
    assert "Choose one: --loader model-grid" in several.err
    (tmp_path / "empty").mkdir()
    none = specframe("explore", tmp_path / "empty", "--out", tmp_path / "out")
    assert none.status == 2
    assert "no installed loader reads it by its path alone" in none.err
    assert "table: " in none.err
    assert not (tmp_path / "out").exists()  # nothing came of it


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing.yaml",), "nothing.yaml: no such file or folder"),
        (
            ("toy.yaml", "--step", "fit"),
            "--step fit: it is a step of kind model; what comes out of these can be explored",
        ),
        (("toy.yaml", "--step", "none"), "--step none: it is no step of the pipeline"),
        (("toy.yaml", "--color", "teff"), "--color teff: no label 'teff' to colour by (there: "),
        (("toy.yaml", "--loader", "table"), "--loader and --with are for data; toy.yaml is a pipeline"),
        (("toy.yaml", "--set", "data.n_target=3"), "toy has no parameter 'n_target'"),
        (("grid.npz", "--set", "data.a=1"), "--set is for pipeline files"),
        (("grid.npz", "--with", "a=1"), "--with sets parameters of a loader: name it by --loader"),
        (("grid.npz", "--loader", "tabel"), "unknown loader 'tabel', did you mean 'table'?"),
        (("grid.npz", "--loader", "table", "--with", "lables=a"), "--with lables=a: table has no parameter 'lables'"),
        (("grid.npz", "--loader", "table", "--with", "labels"), "--with labels: expected key=value"),
        (("grid.npz", "--loader", "ariel-simulated"), "has no parameter 'path'"),
        (("toy.yaml", "--out", "grid.npz"), "grid.npz"),
        (("toy.yaml", "--out", "full"), "--out full holds other files and no exploration"),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_wrong_input_is_told_and_leaves_nothing(
    arguments: tuple[str, ...],
    message: str,
    specframe: Callable[..., Any],
    pipeline: Path,
    grid: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    result = specframe("explore", *arguments, "--plugin", TOY)
    assert result.status == 2
    assert message in result.err
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before and path.name != "explore"] == []


def test_workers_in_other_folders_know_where_results_belong(
    pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stores: list[Path] = []

    class Noting(Executor):
        name = "noting"
        workers = 1

        def crew(self, job: Job[Any, Any]) -> AbstractContextManager[Crew[Any, Any]]:
            stores.append(job.recipe.store)
            return SerialExecutor().crew(job)

    executor = Noting()
    explore_path(pipeline, "out", plugin_files=(TOY,), executor=executor, quiet=True)
    assert stores == [tmp_path / "out" / "stages"]
    assert executor.premises is not None
    assert executor.premises.folder == tmp_path / "out"


def test_processes_explore_the_same(specframe: Callable[..., Any], pipeline: Path, tmp_path: Path) -> None:
    for executor, workers in (("serial", 1), ("process", 2)):
        options = ("--executor", executor, "--workers", workers, "--set", "data.n_targets=6", "--quiet")
        done = specframe("explore", pipeline, "--plugin", TOY, "--out", tmp_path / executor, *options)
        assert done.status == 0
    tables = [(tmp_path / e / "statistics" / "depths-wavelengths.ecsv").read_bytes() for e in ("serial", "process")]
    assert tables[0] == tables[1]


def test_the_grid_of_models_takes_seconds_and_its_page_is_small(
    specframe: Callable[..., Any], data_dir: Path, tmp_path: Path, rendered: None
) -> None:
    begin = time.process_time()
    result = specframe(
        "explore",
        data_dir / "browndwarf" / "dback24.npz",
        "--loader",
        "model-grid",
        "--out",
        tmp_path / "out",
        "--with",
        "labels=[teff, logg, z, extra]",
        "--quiet",
    )
    assert result.status == 0, result.err
    assert time.process_time() - begin < 30
    assert (tmp_path / "out" / "explore.html").stat().st_size < 5e6
    text = " ".join(content(tmp_path / "out")["sections"]["labels"]["findings"])
    assert "16 teff x 5 logg x 3 z x 6 extra has 1440 combinations; 1440 have a target: there are no holes" in text
    assert "No two spectra are identical." in content(tmp_path / "out")["sections"]["spectra"]["findings"]
