"""The folder of a run that somebody sent: what was changed in it is refused by name, and nothing leads out of it."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from specframe.errors import InputFileError, UsageError
from specframe.pipeline.directory import RunDirectory

if TYPE_CHECKING:
    from pathlib import Path

#: Commands that open the folder of a run.
READERS = (("report",), ("predict", "--data", "DATA"), ("explore", "--out", "OUT"), ("replay", "--out", "OUT"))


@pytest.fixture
def run(hostile_run: Path, tmp_path: Path) -> Path:
    """A copy of a complete run that a test may tamper with, beside its input."""
    shutil.copytree(hostile_run, tmp_path / "run", symlinks=True)
    return tmp_path / "run"


@pytest.fixture
def data(hostile_run: Path) -> Path:
    return hostile_run.parent / "table.csv"


def manifest_of(run: Path, **changes: object) -> None:
    """Change parts of a run's manifest, as somebody could who knows the format."""
    path = run / "manifest.json"
    content = json.loads(path.read_text())
    for key, value in changes.items():
        content[key] = value(content[key]) if callable(value) else value
    path.write_text(json.dumps(content))


def model_files(run: Path) -> list[Path]:
    return sorted(path for path in (run / "model").rglob("*") if path.is_file())


def test_one_flipped_bit_of_any_model_file_is_refused_by_name(run: Path, data: Path, specframe, tmp_path: Path) -> None:
    files = model_files(run)
    assert {file.suffix for file in files} >= {".safetensors", ".json", ".nc"}
    for file in files:
        content = file.read_bytes()
        changed = bytearray(content)
        changed[len(changed) // 2] ^= 1
        file.write_bytes(changed)
        with pytest.raises(InputFileError, match="differs from what the run wrote") as refused:
            RunDirectory(run).verify("model/")
        assert refused.value.path == file
        file.write_bytes(content)
    RunDirectory(run).verify("model/")
    changed = bytearray((run / "model" / "fit" / "state.safetensors").read_bytes())
    changed[-1] ^= 1
    (run / "model" / "fit" / "state.safetensors").write_bytes(changed)
    result = specframe("predict", run, "--data", data, "--out", tmp_path / "predicted", "--quiet")
    assert result.status == 1
    assert "state.safetensors: differs from what the run wrote" in result.err
    assert not (tmp_path / "predicted" / "predictions.nc").exists()


def test_a_model_file_that_is_gone_or_that_nobody_wrote_is_refused(run: Path, data: Path, specframe) -> None:
    (run / "model" / "fit" / "plugin.json").write_text("{}")
    result = specframe("predict", run, "--data", data, "--quiet")
    assert (result.status, "plugin.json: is none of the files that the run wrote" in result.err) == (1, True)
    (run / "model" / "fit" / "plugin.json").unlink()
    (run / "model" / ".DS_Store").touch()  # of a file manager
    RunDirectory(run).verify("model/")
    (run / "model" / "chain.json").unlink()
    with pytest.raises(InputFileError, match=r"chain\.json: cannot be read"):
        RunDirectory(run).verify("model/")


def test_another_pipeline_than_the_manifest_knows_is_refused(run: Path, data: Path, specframe) -> None:
    text = (run / "pipeline.yaml").read_text()
    (run / "pipeline.yaml").write_text(text.replace("folds: 3", "folds: 4"))
    for command in (("predict", run, "--data", data), ("replay", run, "--out", run.parent / "again")):
        result = specframe(*command, "--quiet")
        assert result.status in (1, 2)
        assert "pipeline.yaml: differs from what the run wrote" in result.err
    (run / "pipeline.yaml").write_text(text)
    manifest_of(run, outputs=lambda known: {k: v for k, v in known.items() if k != "pipeline.yaml"})
    result = specframe("predict", run, "--data", data, "--quiet")
    assert (result.status, "pipeline.yaml: is none of the results" in result.err) == (1, True)


def test_the_prediction_is_repeated_only_with_the_model_that_made_it(run: Path, data: Path, specframe) -> None:
    assert specframe("predict", run, "--data", data, "--quiet").status == 3
    (made,) = (run / "predictions").iterdir()
    weights = run / "model" / "fit" / "state.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    result = specframe("replay", made, "--out", run.parent / "again", "--quiet")
    assert result.status == 1
    assert "state.safetensors: differs" in result.err


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("outputs", {"../../x": "0" * 64}),
        ("outputs", {"/etc/passwd": "0" * 64}),
        ("outputs", {"model/../../x": "0" * 64}),
        ("outputs", {"model/fit\0x": "0" * 64}),
        ("outputs", {"a": "no hash"}),
        ("outputs", ["a"]),
        ("products", {"t": "/../../../x"}),
        ("products", {"t": 5}),
        ("pipeline", {"steps": [{"id": "../../x"}]}),
        ("pipeline", {"steps": "all"}),
        ("pipeline", []),
        ("pipeline", 5),
        ("set_aside", [{"target": ["t"]}]),
        ("timings", {"phases": {"a": "b"}}),
        ("components", {"x": None}),
        ("inputs", {"t": 3}),
    ],
)
def test_a_manifest_whose_names_lead_out_or_whose_form_is_wrong_is_refused(run: Path, key: str, value: object) -> None:
    manifest_of(run, **{key: lambda _: value})
    with pytest.raises(InputFileError, match=r"manifest\.json: is not what a run writes"):
        RunDirectory(run).manifest()


def test_a_prediction_without_data_refuses_such_a_manifest_too(run: Path, specframe) -> None:
    manifest_of(run, pipeline=lambda _: 5)
    result = specframe("predict", run)
    assert (result.status, "manifest.json: is not what a run writes" in result.err) == (1, True)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "[" * 100_000, "{" * 9, '{"outputs": 1e999}', "{}".encode("utf-16")]
)
def test_what_is_no_manifest_is_refused(run: Path, text: str | bytes) -> None:
    (run / "manifest.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputFileError, match=r"manifest\.json"):
        RunDirectory(run).manifest()


@pytest.mark.parametrize(
    "place",
    ["predictions", "stages", "stages/bins", "spectra", "figures/x.png", "model", "log.jsonl", ".lock", "export"],
)
def test_links_out_of_the_folder_are_refused_and_nothing_is_written_through_them(
    run: Path, data: Path, specframe, place: str
) -> None:
    outside = run.parent / "outside"
    outside.mkdir()
    (outside / "precious").write_text("of the user")
    link = run / place
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.parent.mkdir(exist_ok=True)
    leads = outside if "." not in link.name else outside / "precious"
    link.symlink_to(leads)
    commands = [[*command, run] for command in READERS[:1]] + [["predict", "--data", data, run]]
    commands.append(["run", run.parent / "pipeline.yaml", "--out", run])
    (run.parent / "pipeline.yaml").write_bytes((run / "pipeline.yaml").read_bytes())
    for command in commands:
        result = specframe(*command)
        assert result.status in (1, 2), command
        assert str(link) in result.err, command
    assert [file.name for file in outside.iterdir()] == ["precious"]
    assert (outside / "precious").read_text() == "of the user"


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("place", ["metrics.json", "model/chain.json", "predictions.nc", "manifest.json", "log.jsonl"])
def test_pipes_and_devices_in_it_are_refused_and_not_waited_for(run: Path, specframe, place: str, make) -> None:
    (run / place).unlink()
    make(run / place)
    result = specframe("report", run)
    assert result.status in (1, 2)
    assert "pipe" in result.err or "link that leads out" in result.err or "no complete run" in result.err


def test_links_within_the_folder_stay(run: Path, specframe) -> None:
    figure = min((run / "figures").iterdir())
    (run / "figures" / "again.png").symlink_to(figure.name)
    assert specframe("report", run).status == 0
    figure.unlink()
    assert "leads nowhere" in specframe("report", run).err


def test_a_plugin_is_not_run_because_a_folder_names_it(run: Path, data: Path, specframe) -> None:
    harm = run / "harm.py"
    harm.write_text(f"open({str(run.parent / 'harmed')!r}, 'w')\n")
    known = json.loads((run / "manifest.json").read_text())
    plugin = {"distribution": str(harm), "version": "1", "code": "", "kind": "model"}
    manifest_of(run, components={**known["components"], "harm/x": plugin}, plugin_files={str(harm): "0"})
    result = specframe("replay", run, "--out", run.parent / "again", "--quiet")
    assert (result.status, "have to be named again" in result.err) == (2, True)
    (run / "pipeline.yaml").write_text((run / "pipeline.yaml").read_text() + f"plugins: {{files: [{harm}]}}\n")
    assert specframe("check", run / "pipeline.yaml").status == 2
    assert not (run.parent / "harmed").exists()


def test_what_replaces_a_run_removes_only_its_own_files(run: Path) -> None:
    (run.parent / "precious").write_text("of the user")
    manifest_of(run, outputs=lambda known: {**known, "../precious": "0" * 64})
    directory = RunDirectory(run)
    directory.open()
    with directory.writing() as folder:
        (folder / "new").write_text("a result")
        directory.finish(folder, {"products": {}, "set_aside": [], "pipeline": {"steps": []}, "timings": {}})
    assert (run.parent / "precious").read_text() == "of the user"
    assert (run / "new").is_file()


def test_a_folder_is_not_made_ours_by_a_manifest(tmp_path: Path, hostile_run: Path) -> None:
    shutil.copy(hostile_run / "manifest.json", tmp_path)
    (tmp_path / "precious").write_text("of the user")
    with pytest.raises(UsageError, match="holds other files and no run"):
        RunDirectory(tmp_path).open()


@pytest.mark.parametrize("name", ["metrics.json", "predictions.nc", "quality.ecsv", "parameters.ecsv", "pipeline.yaml"])
def test_a_report_is_made_only_of_what_the_run_wrote(run: Path, specframe, name: str) -> None:
    path = run / name
    content = path.read_bytes()
    for changed in (content[:-1], content[: len(content) // 2], b"", content.replace(b"3", b"4", 1)):
        path.write_bytes(changed)
        result = specframe("report", run, "--out", run.parent / "report.html")
        assert (result.status, f"{name}: differs from what the run wrote" in result.err) == (1, True)
    path.unlink()
    assert f"{name}: cannot be read" in specframe("report", run, "--out", run.parent / "report.html").err
    assert not (run.parent / "report.html").exists()


def test_results_that_were_changed_are_not_compared(run: Path, hostile_run: Path, specframe) -> None:
    text = (run / "metrics.json").read_text()
    (run / "metrics.json").write_text(text.replace("0.", "0.1", 1))
    for command in (("diff", hostile_run, run), ("diff", run, hostile_run)):
        result = specframe(*command)
        assert (result.status, "metrics.json: differs" in result.err) == (1, True), command
    (run / "metrics.json").write_text(text)
    assert specframe("diff", hostile_run, run).status == 0


def test_a_stored_product_with_links_to_other_files_is_not_read(run: Path) -> None:
    import h5py

    from specframe import Run

    target, key = next(iter(Run(run).manifest["products"].items()))
    path = RunDirectory(run).store.path("bins", target, key)
    with h5py.File(path, "w") as file:
        group = file
        for _ in range(20):
            inner = group.create_group("a")
            group["b"] = inner  # two to the power of 20 paths
            group = inner
    with pytest.raises(InputFileError, match="is not there any more"):
        Run(run).observation(target)
