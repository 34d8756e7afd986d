"""What a run says: lines of the log with run, step and target; warnings of components once on the console."""

from __future__ import annotations

import json
import logging
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe import Pipeline
from specframe.progress.messages import logged_to
from specframe.progress.place import at, raised_at
from specframe.progress.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

#: A detrender that warns of every target, and of the third in words of its own.
WARNING = textwrap.dedent(
    """
    import logging
    from specframe.api import Component, Detrender, Params, hookimpl

    _LOG = logging.getLogger("warning_plugin")

    class NoParams(Params):
        \"\"\"None.\"\"\"

    class Warns(Detrender):
        name = "warns"
        Params = NoParams

        def apply(self, observation):
            target = observation.attrs["target"]
            _LOG.warning("errors look too small")
            if target == "t3":
                _LOG.warning("a spike in t3")
            if target == "t4":
                _LOG.info("not worth a line on the console")
            return observation

    @hookimpl
    def specframe_components():
        yield Component(kind="detrender", name="warns", target="warning:Warns", params=NoParams)
    """
)
TOY = Path(__file__).with_name("toy.py")


@pytest.fixture
def warning_pipeline(tmp_path: Path) -> Pipeline:
    plugin = tmp_path / "warning.py"
    plugin.write_text(WARNING)
    path = tmp_path / "toy.yaml"
    steps = [
        {"id": "data", "load": "toy", "with": {"broken": ["t1"], "n_targets": 6}},
        {"id": "check", "detrend": "warns"},
        {"id": "depths", "detrend": "halves"},
    ]
    path.write_text(yaml.safe_dump({"specframe": 1, "steps": steps}))
    return Pipeline.from_yaml(path, plugin_files=[TOY, plugin])


def events(out: Path, name: str = "") -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if not name or line["event"] == name]


def test_every_line_names_the_run_and_the_manifest_does_too(
    toy_pipeline: Callable[..., Pipeline], tmp_path: Path
) -> None:
    first = toy_pipeline().run(tmp_path / "out", quiet=True).manifest["run"]
    second = toy_pipeline().run(tmp_path / "out", quiet=True).manifest["run"]
    assert first != second
    assert list(dict.fromkeys(line["run"] for line in events(tmp_path / "out"))) == [first, second]


@pytest.mark.parametrize("workers", [1, 2])
def test_warnings_of_components_are_logged_with_step_and_target(
    warning_pipeline: Pipeline, workers: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    warning_pipeline.run(tmp_path / "out", workers=workers)
    logged = events(tmp_path / "out", "log")
    spoken = {(line["step"], line["target"], line["text"]) for line in logged}
    assert spoken == {("check", f"t{i}", "errors look too small") for i in (0, 2, 3, 4, 5)} | {
        ("check", "t3", "a spike in t3")
    }
    assert {line["level"] for line in logged} == {"warning"}
    assert {line["logger"] for line in logged} == {"warning_plugin"}
    console = capfd.readouterr().err
    assert console.count("errors look too small") == 1
    assert console.count("warning: a spike in t3 (step 'check')") == 1


def test_a_quiet_run_logs_warnings_and_prints_none(
    warning_pipeline: Pipeline, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    warning_pipeline.run(tmp_path / "out", quiet=True)
    assert len(events(tmp_path / "out", "log")) == 6
    assert capfd.readouterr().err == ""


def test_what_the_callers_logging_prints_is_not_printed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        with logged_to(Progress(tmp_path / "log.jsonl")):
            logging.getLogger("a.plugin").warning("only once")
    finally:
        logging.getLogger().removeHandler(handler)
    assert capsys.readouterr().err == "only once\n"
    assert events(tmp_path)[0]["text"] == "only once"


def test_many_different_warnings_are_cut_short_on_the_console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logged_to(Progress(tmp_path / "log.jsonl")):
        for i in range(100):
            logging.getLogger("a.plugin").warning("spectrum %d is odd", i)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "there are more warnings; log.jsonl has all of them"
    assert len(events(tmp_path)) == 100


def test_the_run_listens_no_longer_when_it_is_done(toy_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    toy_pipeline().run(tmp_path / "out", quiet=True)
    assert logging.getLogger().handlers == before


def test_an_error_keeps_the_innermost_place() -> None:
    with pytest.raises(ValueError, match="x") as caught, at("phase"), at("step", "t7"), at("inner"):
        raise ValueError("x")
    place = raised_at(caught.value)
    assert (place.step, place.target) == ("inner", "t7")


def test_the_place_of_an_error_is_that_of_its_cause() -> None:
    with pytest.raises(RuntimeError) as caught, at("phase"):  # noqa: PT012
        try:
            with at("fit"):
                raise ValueError("x")
        except ValueError as error:
            raise RuntimeError("step 'fit': x") from error
    assert raised_at(caught.value).step == "fit"


def test_those_who_write_at_the_same_time_lose_no_line(tmp_path: Path) -> None:
    def write(number: int) -> None:
        progress = Progress(tmp_path / "log.jsonl", quiet=True)  # as another process has one
        for i in range(50):
            progress.event("note", number=50 * number + i, text="long " * 3000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert sorted(line["number"] for line in lines) == list(range(400))
