"""Runs that are killed, refused by the system or started twice end as an unbroken run does.

``benchmarks/kill_campaign.py`` has many more of them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[2] / "benchmarks" / "kill_campaign.py"
#: Before writes of these sorts runs are killed, the last write of each sort that a run makes.
_SORTS = (
    "os.rename stages/checkpoints/...",
    "os.remove stages/second/...",
    "fsync .writing/...",
    "os.rename .complete/figures/...",
    "os.rename .complete/...",  # the manifest
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs the processes and limits of Linux")


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("kill_campaign", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def campaign(module, tmp_path_factory):
    """A pipeline, an unbroken run of it, and an older one that others replace."""
    campaign = module.Campaign(tmp_path_factory.mktemp("campaign"), seed=1, rendered=False)
    yield campaign
    campaign.server.close()


@pytest.fixture(scope="module")
def points(module, campaign):
    """What an undisturbed run over earlier results writes, by sort: the numbers of the writes."""
    out = campaign.folder / "counted"
    shutil.copytree(campaign.old, out)
    answer = campaign.server.run(campaign.study.argv(out), out)
    assert module.differences(out, campaign.reference) == []
    found: dict[str, list[int]] = {}
    for number, point in enumerate(answer["points"], 1):
        found.setdefault(module.sort_of(point), []).append(number)
    return found


@pytest.mark.parametrize("sort", _SORTS)
def test_a_run_killed_before_a_write_ends_as_an_unbroken_one(campaign, points, sort):
    campaign.found.clear()
    campaign.at_point(points[sort][-1], over_older=True)
    assert campaign.found == [("kill just before a write", [])]


def test_what_differs_is_noticed(module, campaign, tmp_path):
    """Else nothing would be learnt from the others."""
    out = tmp_path / "out"
    shutil.copytree(campaign.new, out)
    assert module.differences(out, campaign.reference) == []
    (out / ".half.nc.tmp").touch()
    (out / "quality.ecsv").unlink()
    model = out / "model" / "net" / "state.safetensors"
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    assert module.differences(out, campaign.reference) == [
        "quality.ecsv is missing",
        ".half.nc.tmp is left over",
        "model/net/state.safetensors differs",
    ]
    assert len(module.intact(out)) == 2


def test_a_disk_that_takes_no_more_costs_nothing_but_time(module, campaign, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(campaign.old, out)
    answer = campaign.server.run(campaign.study.argv(out), out, limit=12_000)
    assert answer["status"] == 1
    assert "cannot write" in answer["said"]
    assert "File too large. When that is mended, run the same command again" in answer["said"]
    assert module.intact(out) == []
    assert json.loads((out / "manifest.json").read_text())["pipeline"]["description"] == "older"
    wrong: list[str] = []
    campaign._again(out, wrong, lambda: campaign.server.run(campaign.study.argv(out), out))
    assert wrong == []


@pytest.mark.parametrize(
    ("number", "error", "what"),
    [
        ("EROFS", "UsageError", "cannot be written into: Read-only file system; name a folder that can"),
        ("ENOSPC", "WriteError", "No space left on device .*Make room and run the same command again"),
    ],
)
def test_a_folder_that_nothing_can_be_written_into_is_told_at_once(number, error, what, tmp_path, monkeypatch):
    import errno

    from specframe import errors
    from specframe.pipeline.directory import RunDirectory

    def refuse(path: Path, *arguments: int) -> int:
        raise OSError(getattr(errno, number), os.strerror(getattr(errno, number)), str(path))

    monkeypatch.setattr("specframe.pipeline.directory.os.open", refuse)
    with pytest.raises(getattr(errors, error), match=what), RunDirectory(tmp_path).locked():
        pass


def test_the_report_waits_for_nobody(module, campaign, tmp_path):
    from specframe.pipeline.directory import RunDirectory

    out = tmp_path / "out"
    shutil.copytree(campaign.new, out)
    with RunDirectory(out).locked():
        answer = campaign.server.run(["report", str(out)], out)
    assert (answer["status"], answer["points"]) == (2, ["open .lock"])
    assert "another specframe is working in" in answer["said"]


def test_results_that_are_replaced_while_they_are_read_are_not_used(campaign, tmp_path):
    from specframe.errors import RunError
    from specframe.pipeline.directory import RunDirectory

    out = tmp_path / "out"
    shutil.copytree(campaign.new, out)

    def replaced() -> None:
        with RunDirectory(out).unchanged():
            shutil.copy(campaign.old / "manifest.json", out)

    with pytest.raises(RunError, match="another specframe replaced the results while they were read"):
        replaced()


@pytest.mark.parametrize("number", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_a_file_system_without_locks_is_told_of(number, tmp_path, monkeypatch, caplog):
    import errno
    import fcntl

    from specframe.pipeline.directory import RunDirectory

    def refuse(file: object, operation: int) -> None:
        raise OSError(getattr(errno, number), os.strerror(getattr(errno, number)))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with RunDirectory(tmp_path).locked():
        assert "nothing keeps a second specframe from working in it" in caplog.text


def test_a_log_line_is_whole_or_not_there(tmp_path):
    from specframe.progress.progress import Progress

    log = tmp_path / "log.jsonl"
    progress = Progress(log, quiet=True)
    progress.event("first")
    with log.open("a") as file:
        file.write('{"event": "cut sh')  # as a machine that stopped leaves it
    progress.event("second")
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()] == ["first", "second"]


def test_a_kill_leaves_no_lock(campaign, tmp_path):
    out = tmp_path / "out"
    assert campaign.server.run(campaign.study.argv(out), out, at=20)["status"] == -signal.SIGKILL
    assert (out / ".lock").is_file()
    from specframe.pipeline.directory import RunDirectory

    with RunDirectory(out).locked():
        pass
