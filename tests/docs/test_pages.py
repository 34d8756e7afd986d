"""What pages show exists: commands with their options, and pipelines whose names and parameters are valid."""

from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import click
import pytest

from specframe.config import pipeline_from_data, read_pipeline
from specframe.errors import ConfigError
from specframe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


#: Components that pages define themselves.
_OF_PAGES = ("nearest", "median-dip", "mycam")


def shown_commands(text: str) -> list[str]:
    """Return the lines ``$ specframe ...`` of a console block, and those of a shell block without prompt."""
    joined = text.replace("\\\n", " ")
    found = re.findall(r"(?m)^\$ (?:\w+=\S+ )*(specframe [^#\n|>&]*)", joined)
    return found or re.findall(r"(?:^|&& )(specframe [^#\n|>&]*)", joined)


def refused(line: str) -> str:
    """Return why the command line cannot be parsed, or nothing."""
    from specframe.cli.main import _group

    arguments = shlex.split(line)[1:]
    if "--help" in arguments or "--version" in arguments:
        return ""
    command: click.Command = _group
    context = click.Context(_group)
    try:
        while isinstance(command, click.Group):
            found = command.get_command(context, arguments[0]) if arguments else None
            if found is None:
                return f"no command {arguments[:1]}"
            command, arguments = found, arguments[1:]
            context = click.Context(command)
        command.make_context(command.name or "", list(arguments))
    except click.ClickException as error:
        return error.format_message()
    return ""


def test_every_command_that_a_page_shows_exists_with_its_options(pages: list[Path], blocks: Callable[..., Any]) -> None:
    shown = [
        (f"{page.name}:{block.line}", line)
        for page in pages
        for block in blocks(page, "console", "sh", "bash", "shell")
        for line in shown_commands(block.code)
    ]
    assert len(shown) > 15
    wrong = [f"{where}: {line}: {why}" for where, line in shown if (why := refused(line))]
    assert not wrong, "\n".join(wrong)


def test_a_wrong_command_would_be_noticed() -> None:
    assert refused("specframe run a.yaml --no-such-option")
    assert refused("specframe fly")
    assert shown_commands("$ A=1 specframe run x.yaml --set a.b=1  # comment\nspecframe\n") == [
        "specframe run x.yaml --set a.b=1  "
    ]


def test_every_pipeline_that_a_page_shows_is_valid(
    pages: list[Path], blocks: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a copy: pages show files of configs/ under their names, and what they show is written
    shutil.copytree(pages[0].parent / "configs", tmp_path / "configs")
    monkeypatch.setenv("SPECFRAME_DATA", "/data")
    registry = Registry.discover()
    checked, wrong = 0, []
    for page in pages:
        titled = {b.title: b.code for b in blocks(page, "yaml") if b.title}
        for block in blocks(page, "yaml"):
            if "steps:" not in block.code or any(f": {name}\n" in block.code for name in _OF_PAGES):
                continue
            text = block.code if "specframe:" in block.code else f"specframe: 1\n{block.code}"
            for name, code in titled.items():
                (tmp_path / name).write_text(code)
            base = "extends: base.yaml" in text
            if base:  # the page says that it is a file with a step of this id
                (tmp_path / "base.yaml").write_text(
                    "specframe: 1\nsteps:\n  - load: ariel-simulated\n  - {id: fit, model: ridge}\n"
                )
            path = tmp_path / (block.title or "shown.yaml")
            path.write_text(text)
            try:
                read_pipeline(path, lambda block, pin: registry, check_paths=False)
            except ConfigError as error:
                wrong.append(f"{page.name}:{block.line}\n{error}")
            checked += 1
    assert checked >= 8
    assert not wrong, "\n\n".join(wrong)


def test_every_key_of_a_pipeline_is_documented(docs: Path) -> None:
    from specframe.config.recipe import PIPELINE_KEYS, STEP_OPTIONS
    from specframe.config.spec import STEP_KEYS

    page = (docs / "reference" / "pipeline-file.md").read_text()
    for key in (*PIPELINE_KEYS, *STEP_KEYS, *STEP_OPTIONS):
        assert f"`{key}`" in page, key


def test_every_score_is_explained(docs: Path) -> None:
    scores = (docs / "reference" / "scores.md").read_text()
    for registered in Registry.discover().components("score"):
        if registered.distribution == "specframe":
            assert f"`{registered.component.name}`" in scores


def test_links_to_files_of_the_repository_lead_somewhere(pages: list[Path]) -> None:
    missing = []
    for page in pages:
        text = re.sub(r"(?s)```.*?```", "", page.read_text())
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            generated = "components/" in target or target.endswith("reference/citations.md")
            if not re.match(r"\w+:", target) and not generated and not (page.parent / target).exists():
                missing.append(f"{page}: {target}")
    assert not missing, "\n".join(missing)


def test_the_example_of_the_pipeline_page_survives_being_written_out(docs: Path, blocks: Callable[..., Any]) -> None:
    import yaml

    first = blocks(docs / "reference" / "pipeline-file.md", "yaml")[0]
    registry = Registry.discover()
    spec = pipeline_from_data(yaml.safe_load(first.code), lambda block, pin: registry)
    assert pipeline_from_data(spec.to_data(), lambda block, pin: registry) == spec


@pytest.mark.parametrize(
    ("page", "config"),
    [("tutorials/quickstart.md", "quickstart.yaml"), ("how-to/ariel-white-light.md", "adc24-white.yaml")],
)
def test_a_bundled_pipeline_is_shown_as_it_is(page: str, config: str, docs: Path, blocks: Callable[..., Any]) -> None:
    text = (docs.parent / "configs" / config).read_text()
    code = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    assert blocks(docs / page, "yaml")[0].code == code
