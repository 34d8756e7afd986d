"""Every command, pipeline and piece of code that a page shows is run; what is not is named with its reason."""

from __future__ import annotations

import copy
import io
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml
from given import GIVEN
from recipes import EVERYWHERE, RECIPES, TOOLS, Recipe
from snippets import ROOT, Block, Command, blocks_of, commands_of, pages_of

from specframe.cli import main

_LANGUAGES = ("console", "sh", "bash", "yaml", "python", "toml", "json")
PAGES = {
    str(page.relative_to(ROOT)): page
    for page in pages_of(ROOT)
    if any(block.language in _LANGUAGES for block in blocks_of(page))
}
#: Runs of pipelines by their texts and overrides: a later page begins from what an earlier one stored.
_WARM: dict[str, Path] = {}


class Reader:
    """Does in a folder what a page says."""

    def __init__(self, page: str, folder: Path, data: Path) -> None:
        self.recipe = RECIPES.get(page, Recipe())
        self.page, self.folder, self.data = PAGES[page], folder, data
        self.names: dict[str, Any] = {}
        self.used: set[str] = set()
        shutil.copytree(ROOT / "configs", folder / "configs")
        for entry in self.recipe.given:
            name, _, maker = entry.partition("=")
            GIVEN[maker or name](folder / name, data)
        os.environ["SPECFRAME_DATA"] = str(folder / self.recipe.data if self.recipe.data else data)
        for text in self.recipe.runs:
            self.specframe(text.split()[1:])

    def follow(self) -> None:
        """Run the page's blocks in order."""
        blocks = [block for block in blocks_of(self.page) if block.language in _LANGUAGES]
        commands = " ".join(block.code for block in blocks if block.language in ("console", "sh"))
        for block in blocks:
            if block.title:
                (self.folder / block.title).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / block.title).write_text(self.replaced(block.code), encoding="utf-8")
            if self.excepted(block.code, whole=block.language not in ("console", "sh")):
                self.parse(block)
            elif block.language in ("console", "sh", "bash"):
                for command in commands_of(block):
                    self.command(command, block)
            elif block.language == "python":
                if not (block.title and f"python {block.title}" in commands):
                    self.python(block)
            elif block.language == "yaml":
                if not (block.title and re.search(rf"specframe [^\n]*{re.escape(block.title)}", commands)):
                    self.pipelines(block)
            else:
                self.parse(block)
        stale = set(self.recipe.excepted) - self.used
        assert not stale, f"{self.page.name}: excepted, and no longer on the page: {stale}"

    def excepted(self, text: str, *, whole: bool = True) -> bool:
        """Whether a text is one that is not run; it counts as found."""
        found = {part for part in self.recipe.excepted if re.search(part, text)} if whole else set()
        self.used |= found
        return bool(found)

    def parse(self, block: Block) -> None:
        """Read a block that is not run."""
        if block.language == "json":
            json.loads(block.code)
        elif block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "python":
            compile(block.code, str(block), "exec")
        elif block.language == "yaml":
            yaml.safe_load(block.code)
        elif block.language == "bash":
            subprocess.run(["bash", "-n"], input=block.code, text=True, check=True)

    def command(self, command: Command, block: Block) -> None:
        """Run one line of a shell, or see that it may be left out."""
        if self.excepted(command.text):
            return
        os.environ.update(command.environment)
        if not command.words:
            return
        if command.words[0] == "python" and (self.folder / command.words[1]).is_file():
            runpy.run_path(command.words[1], run_name="__main__")
            return
        if command.words[0] != "specframe":
            text = " ".join(command.words)
            known = [tool for tool in TOOLS if text.startswith(tool.strip())]
            assert known, f"{block}: {command.text!r} is neither run nor excepted with a reason in recipes.py"
            if known == ["python benchmarks/"]:
                self.options_exist(command, block)
            return
        words = shlex.split(self.replaced(shlex.join(command.words[1:])))
        target = None
        if ">" in words:
            words, target = words[: words.index(">")], words[-1]
        status, printed = self.specframe([word for word in words if word != "&"])
        if target:
            (self.folder / target).write_text(printed)
        fails = bool(re.search(r"(?m)^error:", command.output))
        assert (status != 0) == fails, f"{block}: {command.text}\nexit status {status}\n{printed}"
        if not any(part in command.text for part in self.recipe.outputs):
            missing = unlike(command.output, printed.replace(f"{self.folder}/", ""))
            assert not missing, f"{block}: {command.text}\nis shown with\n{missing}\nbut prints\n{printed}"

    def specframe(self, words: list[str]) -> tuple[int, str]:
        """Run a command with what scales it down, from the results of an equal pipeline where one has run."""
        pipeline = next((self.folder / word for word in words[1:] if word.endswith((".yaml", ".yml"))), None)
        key = ""
        if pipeline is not None and pipeline.is_file():
            text = pipeline.read_text(encoding="utf-8")
            changed = self.sets(" ".join(words) + "\n" + text)
            words = [*words, *(word for value in changed for word in ("--set", value))]
            if words[0] == "run" and "configs/" in str(pipeline.relative_to(self.folder)):
                key = text + "\n".join(changed)
                out = self.folder / (words[words.index("--out") + 1] if "--out" in words else f"runs/{pipeline.stem}")
                if key in _WARM and not out.exists() and "--fresh" not in words:
                    shutil.copytree(_WARM[key], out, symlinks=True)
        printed = io.StringIO()
        status: Any = 0
        with redirect_stdout(printed), redirect_stderr(printed):
            try:
                main(list(words))
            except SystemExit as done:
                status = done.code or 0
        if key and not status:
            _WARM[key] = out
        return int(status), printed.getvalue()

    def sets(self, text: str) -> list[str]:
        """Return the overrides for a command or a pipeline."""
        found = [values for part, values in (*EVERYWHERE, *self.recipe.sets) if part in text]
        return [value for values in found for value in values]

    def options_exist(self, command: Command, block: Block) -> None:
        """Ask a script for its options."""
        done = subprocess.run([sys.executable, ROOT / command.words[1], "--help"], capture_output=True, text=True)
        assert done.returncode == 0, f"{block}: {done.stderr}"
        unknown = [word for word in command.words if word.startswith("--") and word not in done.stdout]
        assert not unknown, f"{block}: {command.words[1]} has no {unknown}"

    def python(self, block: Block) -> None:
        """Run a piece of code in the page's one name space."""
        code = self.replaced(block.code)
        path = self.folder / f"line_{block.line}.py"
        path.write_text(code, encoding="utf-8")
        with redirect_stdout(io.StringIO()):
            self.names = runpy.run_path(str(path), init_globals=self.names)

    def replaced(self, text: str) -> str:
        """Return a text with what the recipe writes in its place."""
        for before, after in self.recipe.replaced.items():
            text = text.replace(before, after)
        return text

    def pipelines(self, block: Block) -> None:
        """Run a pipeline, or those that a fragment completes."""
        for number, data in enumerate(self.completed(block)):
            path = self.folder / f"line-{block.line}-{number}.yaml"
            path.write_text(data if isinstance(data, str) else yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
            sets = [word for value in self.sets(block.code) for word in ("--set", value)]
            # in one folder, so that steps which they share are computed once
            status, printed = self.specframe(["run", path.name, "--quiet", "--out", "runs/pieces", *sets])
            assert status == 0, f"{block}\n{path.read_text()}\n{printed}"

    def completed(self, block: Block) -> list[Any]:
        """Return the pipelines of a block."""
        code = self.replaced(block.code)
        keys = re.findall(r"(?m)^(\w+):", code)
        data = yaml.safe_load(code)
        if isinstance(data, dict) and "steps" in data:
            return [code if "specframe:" in code else f"specframe: 1\n{code}"]
        fragments = [data]
        if len(keys) > 1 and len(set(keys)) == 1:  # one key in several lines: each is a way to say it
            fragments = [yaml.safe_load(line) for line in code.splitlines()]
        elif isinstance(data, list) and any(part in code for part in self.recipe.alternatives):
            fragments = [[item] for item in data]
        around = self.around(block.code)
        return [filled(copy.deepcopy(around), fragment) for fragment in fragments]

    def around(self, code: str) -> Any:
        """Return the pipeline into which a fragment goes."""
        found = next((text for part, text in self.recipe.around if part in code), None)
        assert found is not None, f"no pipeline in recipes.py into which this goes:\n{code}"
        return yaml.safe_load(found)


def filled(around: Any, fragment: Any) -> Any:
    """Return a pipeline with a fragment where it says ``HERE``: among items, as a value, or among keys."""
    if isinstance(around, list):
        spliced = [fragment if item == "HERE" else [filled(item, fragment)] for item in around]
        return [item for items in spliced for item in items]
    if isinstance(around, dict):
        here = fragment if "HERE" in around else {}
        kept = {k: fragment if v == "HERE" else filled(v, fragment) for k, v in around.items() if k != "HERE"}
        return {**kept, **here}
    return around


def unlike(shown: str, printed: str) -> str:
    """Return the lines of a shown output of which nothing like it was printed: numbers and spaces may differ."""
    if shown.startswith("error:") and _shape(shown) in _shape(printed):
        return ""  # a message that the page breaks into lines
    have = {_shape(line) for line in printed.splitlines()}
    lines = [line for line in shown.splitlines() if line.strip() and "..." not in line]
    return "\n".join(line for line in lines if _shape(line) not in have)


def _shape(line: str) -> str:
    return re.sub(r"[\s#]+", " ", re.sub(r"[+-]?\d[\d.e+-]*", "#", line)).strip()


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    _WARM.clear()


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("page", PAGES)
def test_what_the_page_shows_runs(page: str, tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = RECIPES.get(page, Recipe()).elsewhere
    if elsewhere:
        text = (Path(__file__).parent / elsewhere).read_text(encoding="utf-8")
        assert Path(page).stem in text, f"{elsewhere} does not know {page}"
        return
    monkeypatch.chdir(tmp_path)
    for name in ("SPECFRAME_BLOCK_PLUGINS", "SPECFRAME_PIN_PLUGINS", "DASK_SCHEDULER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "environ", os.environ)
    # a third of a small run; commands and functions that draw do draw
    monkeypatch.setattr("specframe.pipeline.results.draw_figures", lambda sources, save: ([], {}))
    monkeypatch.setenv("SPECFRAME_DATA", str(data_dir))
    before = dict(os.environ)
    try:
        Reader(page, tmp_path, data_dir).follow()
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_no_tool_is_listed_in_vain() -> None:
    shown = [
        " ".join(command.words)
        for page in PAGES.values()
        for block in blocks_of(page)
        if block.language in ("console", "sh")
        for command in commands_of(block)
    ]
    for tool in TOOLS:
        assert any(text.startswith(tool.strip()) for text in shown), f"no page shows {tool!r}"


def test_recipes_belong_to_pages() -> None:
    assert set(RECIPES) <= set(PAGES), "a page that is named in recipes.py is gone, or shows nothing any more"
