"""Attacks by a pipeline file: it makes text, numbers, lists and mappings, in bounded time and memory."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from specframe.config import read_pipeline
from specframe.errors import ConfigError
from specframe.registry import Registry

SOUND = "specframe: 1\nsteps:\n  - {id: data, load: table, with: {path: %s}}\n"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


@pytest.fixture
def read(tmp_path: Path, registry: Registry):
    """Return what reads a text as a pipeline file, with changes as ``--set`` makes them."""

    def read(text: str, *overrides: str):
        path = tmp_path / "pipeline.yaml"
        path.write_text(text, encoding="utf-8")
        return read_pipeline(path, lambda block, pin: registry, overrides, check_paths=False)

    return read


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch HARM']",
        "!!python/object/new:os.system ['touch HARM']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/object:builtins.eval {}",
        "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch HARM']",
        "!!binary gASVIA==",
        "!!set {a, b}",
        "!!timestamp 2020-01-01",
        "!!str text",
        "! text",
        "!local {a: 1}",
        "!!omap [a: 1]",
    ],
)
def test_a_tag_makes_nothing_and_is_refused(read, tmp_path: Path, value: str) -> None:
    harm = tmp_path / "harm"
    value = value.replace("HARM", str(harm))
    for text in (SOUND % value, f"{value}\n", f"? {value}\n: 1\n", f"%TAG ! tag:yaml.org,2002:python/\n--- {value}\n"):
        with pytest.raises(ConfigError) as refused:
            read(text)
        assert "pipeline.yaml" in str(refused.value)
    with pytest.raises(ConfigError):
        read(SOUND % "a.npz", f"data.path={value}")
    assert not harm.exists()


def laughs(depth: int) -> str:
    """Return lists of ten aliases of the one before, ``depth`` deep: ten to that power when written out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, depth)]
    return "\n".join(f"  {line}" for line in lines)


BOMBS = {
    "aliases of aliases": "vars:\n" + laughs(40) + "\n" + SOUND % "'${vars.a39}'",
    "variables of variables": "vars:\n"
    + "  v0: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    + "".join(f"  v{i}: [{', '.join(['${vars.v' + str(i - 1) + '}'] * 10)}]\n" for i in range(1, 30))
    + SOUND % "'${vars.v29}'",
    "text of texts": "vars:\n  t0: "
    + "x" * 1000
    + "\n"
    + "".join(f"  t{i}: '" + ("${vars.t" + str(i - 1) + "}") * 10 + "'\n" for i in range(1, 30))
    + SOUND % "'${vars.t29}'",
    "merges of merges": "a0: &a0 {k: 1}\n"
    + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 60)),
    "an alias of itself": "vars: &v {a: *v}\n" + SOUND % "x",
    "deep lists": SOUND % ("[" * 20_000),
    "deep mappings": SOUND % ("{a: " * 20_000),
    "deep blocks": "".join(" " * i + "a:\n" for i in range(900)),
    "deep keys": "? " * 10_000,
    "a large number": SOUND % ("9" * 300_000),
    "a large exponent": SOUND % "1e999999999",
    "many anchors": SOUND % ("[" + ", ".join(f"&a{i} x" for i in range(4000)) + "]"),
    "many duplicates": "a: 1\n" * 5000,
    "a large file": "a: " + "x" * 10_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_time_and_memory(read, name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(ConfigError) as refused:
        read(BOMBS[name])
    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024
    assert len(str(refused.value)) < 1_000_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("specframe: 1\nsteps: []\nsteps: []\n", "duplicate key 'steps'"),
        ("1: a\n", "a key must be text"),
        ("[a, b]: c\n", "a key must be text"),
        ("null: c\n", "a key must be text"),
        ("yes: c\n", "key"),
        ("<<: {specframe: 1}\n", "the merge key '<<' is not supported"),
        ("__class__: {a: 1}\n", "unknown key '__class__'"),
        ("specframe: 1\nsteps:\n  - {id: ../../x, load: table}\n", "id"),
        ("specframe: 1\nsteps:\n  - {id: data, load: ../../x}\n", "loader"),
        ("specframe: 1\nsteps:\n  - {id: data, load: os:system}\n", "loader"),
        ("specframe: 1\nplugins: {files: [x.py]}\nsteps: []\n", "files"),
    ],
)
def test_keys_and_names_that_are_none_are_refused_by_place(read, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"pipeline\.yaml:\d+:\d+") as refused:
        read(text)
    assert told in str(refused.value)


def test_variables_and_overrides_put_in_values_and_no_code(read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIL", "!!python/object/apply:os.system [id]\nsteps: {a: 1}")
    spec = read(SOUND % "'${env:EVIL}'")
    assert spec.steps[0].params.path.name.startswith("!!python") or "!!python" in str(spec.steps[0].params.path)
    for value in ("{0.__class__.__mro__}", "{{7*7}}", "%(x)s", "$(touch x)", "`id`"):
        assert read(SOUND % "x", f"data.path='{value}'").steps[0].params.path.name == value
    for override in (
        "steps=[]",
        "extends=x.yaml",
        "data.__class__=x",
        "data.path.__class__=x",
        "data.model_config={a: 1}",
        "data=1",
        "=1",
        "..=1",
        "data.path=a\nsteps: []",
        "data.path=&a [*a]",
    ):
        with pytest.raises(ConfigError):
            read(SOUND % "x", override)


def test_a_reference_reaches_values_and_no_attributes(read) -> None:
    for reference in (
        "${vars.a.__class__}",
        "${vars.__class__}",
        "${os.system}",
        "${env:}",
        "${vars.}",
        "${vars.a[0]}",
    ):
        with pytest.raises(ConfigError):
            read("vars: {a: x}\n" + SOUND % f"'{reference}'")


def test_extends_reads_no_devices_and_no_circles(read, tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    for base in ("pipe.yaml", "loop.yaml", "/dev/zero", "/dev/stdin", "pipeline.yaml", ".", "x\0y", "~nobody/x.yaml"):
        with pytest.raises(ConfigError):
            read(f'extends: "{base}"\n'.replace("\0", "\\0"))


def test_a_pipeline_file_that_is_no_file_is_refused(tmp_path: Path, registry: Registry) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", tmp_path, Path("/dev/zero"), tmp_path / ("x" * 5000)):
        with pytest.raises(ConfigError):
            read_pipeline(path, lambda block, pin: registry)
