"""Coverage-guided fuzzing of what reads text that people wrote: pipelines in YAML, and tables of the loaders.

``atheris`` (libFuzzer) mutates the files of ``configs/`` and the example inputs of the text loaders and keeps what
reaches new lines of specframe, PyYAML or astropy's tables. A finding is any exception that is none of specframe's, a
warning, an Observation that is not valid, a pipeline that reads differently once it was written, an input that takes
longer than 5 s, or memory above 2 GB. Each is kept with its input in ``--out``. ::

    pip install atheris
    python benchmarks/fuzz.py --what yaml --seconds 600
    python benchmarks/fuzz.py --what text --seconds 600
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT = Path(__file__).resolve().parents[1]
#: Seconds of one input that are a finding, at which the process is ended, and MB of memory at which it is.
_SLOW, _HANGS, _MEMORY = 5.0, 20, 2048
_INSTRUMENTED = ["specframe", "specframe_io", "specframe_retrieval", "specframe_transit", "specframe_ariel", "yaml"]
_INSTRUMENTED += ["astropy.io.ascii"]
_YAML_WORDS = (
    *("specframe: 1", "steps:", "extends:", "vars:", "${vars.", "${env:", "load:", "calibrate:", "detrend:", "model:"),
    *("uncertainty:", "with:", "id:", "evaluate:", "cross_validation:", "scores:", "export:", "predict:", "tune:"),
    *("plugins:", "block:", "pin:", "seed:", "&a", "*a", "<<:", "!!python/object/apply:os.system", "!!binary", "? "),
    *("- ", "{", "}", "[", "]", "|\n", ">-\n", "---", "...", "%YAML 1.2", "#", "\\U0010ffff", "\\x00", ".inf", ".nan"),
    *("0x1F", "1_000", "1e999", "~", "null", "yes", "2020-01-01", "input: ", "ridge", "table", "null", "\t", "'", '"'),
)
_TEXT_WORDS = (
    *("# %ECSV 1.0\n# ---\n# datatype:\n", "# - {name: ", ", unit: ", ", datatype: float64}", "!!python/object:"),
    *("nan", "inf", "-inf", "1e999", "1d5", "NA", "--", "null", "1_0", "\t", ";", ",", "|", '"', "#", "%", "\\", "\r"),
    *("Byte-by-byte Description of file", "Bytes Format Units Label Explanations", "--------", "http://", "file:///"),
    *("wavelength", "flux", "error", "depth", "time", "target", "teff", "um", "Angstrom", "MJD", "serialized_columns"),
)


sys.path.insert(0, str(_ROOT / "tests" / "robustness"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--what", choices=["yaml", "text"], required=True)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder of findings and of the corpus; a temporary one by default")
    parser.add_argument("--within", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.within:
        _fuzz(chosen.what, chosen.out, chosen.seconds, chosen.seed)
        return
    folder = (chosen.out or Path(tempfile.mkdtemp(prefix="fuzz-"))).resolve()
    for name in ("corpus", "findings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if chosen.what == "text":
        _write_inputs(folder / "inputs")  # here, since numba compiles nothing that is watched
    ends = time.monotonic() + chosen.seconds
    seed = chosen.seed
    while (left := int(ends - time.monotonic())) > 0:  # it ends where an input hangs or takes too much memory
        command = [sys.executable, __file__, "--within", "--what", chosen.what, "--out", str(folder)]
        process = subprocess.run([*command, "--seconds", str(left), "--seed", str(seed)], cwd=folder, check=False)
        seed += 1
        if process.returncode == 0:
            break
        if process.returncode == 1:  # Python's own, not libFuzzer's
            sys.exit(f"the fuzzer itself failed; it was called as {' '.join(command)}")
    found = [*sorted((folder / "findings").glob("*.txt")), *sorted(folder.glob("timeout-*")), *folder.glob("oom-*")]
    for file in found:
        print(f"{file}: {file.read_text().splitlines()[-1] if file.suffix == '.txt' else 'hangs, or fills the memory'}")
    print(f"{chosen.what}: {len(found)} findings, {len(list((folder / 'corpus').iterdir()))} inputs in {folder}/corpus")
    sys.exit(bool(found))


def _fuzz(what: str, folder: Path, seconds: int, seed: int) -> None:
    import atheris

    with atheris.instrument_imports(include=_INSTRUMENTED):
        import specframe.config  # noqa: F401 - what is imported here is watched
        from specframe.errors import SpecframeError

        readers = {"yaml": _yaml_readers, "text": _text_readers}[what](folder)
    _write_corpus(folder / "corpus", readers)
    warnings.simplefilter("error")

    def one_input(data: bytes) -> None:
        if not data:
            return
        read = readers[data[0] % len(readers)][0]
        began = time.process_time()
        try:
            read(data[1:])
        except SpecframeError:
            pass
        except Exception as error:  # that is what is looked for
            _keep(folder / "findings", data, error)
        if (took := time.process_time() - began) > _SLOW:
            _keep(folder / "findings", data, TimeoutError(f"takes {took:.1f} s"))

    words = folder / "words.txt"
    lines = (repr(w.encode())[2:-1].replace('"', '\\"').replace("\\'", "'") for w in _words(what))
    words.write_text("".join(f'"{_escaped(line)}"\n' for line in lines))
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={_HANGS}", f"-rss_limit_mb={_MEMORY}"]
    options += [f"-dict={words}", "-max_len=8192", "-print_final_stats=1", "-verbosity=1"]
    atheris.Setup([sys.argv[0], *options, str(folder / "corpus")], one_input)
    atheris.Fuzz()


def _words(what: str) -> tuple[str, ...]:
    return _YAML_WORDS if what == "yaml" else _TEXT_WORDS


def _escaped(line: str) -> str:
    r"""Return a word as libFuzzer's dictionaries want it, with \\xAB for what is not plain."""
    return line.replace("\\n", "\\x0A").replace("\\t", "\\x09").replace("\\r", "\\x0D")


def _keep(folder: Path, data: bytes, error: BaseException) -> None:
    """Keep the first input of each place that an error is raised at."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f"{Path(f.filename).name}:{f.lineno}" for f in frames if "fuzz.py" not in f.filename]
    name = hashlib.sha256(f"{type(error).__name__} {own[-6:]}".encode()).hexdigest()[:12]
    if not (folder / f"{name}.txt").is_file():
        (folder / name).write_bytes(data)
        text = "".join(traceback.format_exception(error))
        last = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        (folder / f"{name}.txt").write_text(f"{text}\n{' > '.join(own[-6:])} {last}\n", errors="replace")


def _yaml_readers(folder: Path) -> list[tuple[Callable[[bytes], None], list[bytes]]]:
    from specframe.config import pipeline_from_data, read_pipeline, to_yaml
    from specframe.config.document import read_file
    from specframe.config.node import MapNode, plain
    from specframe.config.problem import Problems
    from specframe.registry import Registry

    registry = Registry.discover()
    path = folder / "pipeline.yaml"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        spec = read_pipeline(path, lambda block, pin: registry, check_paths=False)
        again = folder / "again.yaml"
        again.write_text(to_yaml(spec), encoding="utf-8")
        if read_pipeline(again, lambda block, pin: registry, check_paths=False).to_data() != spec.to_data():
            raise AssertionError("written and read again, the pipeline is another")

    def data(content: bytes) -> None:
        path.write_bytes(content)
        problems = Problems()
        node = read_file(path, "pipeline.yaml", 0, problems)
        if isinstance(node, MapNode) and not problems.sorted():
            pipeline_from_data(plain(node), lambda block, pin: registry, check_paths=False)

    def override(content: bytes) -> None:
        text = content.decode("utf-8", "replace")
        first, _, rest = text.partition("\n")
        overrides = [first, *rest.split("\n")][:4]
        read_pipeline(_ROOT / "configs" / "quickstart.yaml", lambda block, pin: registry, overrides, check_paths=False)

    pipelines = [file.read_bytes() for file in sorted((_ROOT / "configs").glob("*.yaml"))]
    sets = [b"fit.order=2", b"seed=3\nevaluate.cross_validation.folds=4", b"data.n_targets=[a, b]\nvars.x={a: 1}"]
    return [(read, pipelines), (data, pipelines[:2]), (override, sets)]


def _write_inputs(folder: Path) -> None:
    """Write the example input of every loader into a folder of its own, with the parameters beside it."""
    from bases import bases

    for name, (cls, example) in bases().items():
        place = folder / name.replace(" ", "-")
        place.mkdir(parents=True, exist_ok=True)
        of = getattr(cls, "stands_for", cls)  # a calibrator or detrender in a loader's place
        known = {
            "class": f"{of.__module__}:{of.__name__}",
            "applied": of is not cls,
            "params": example(place)["params"],
        }
        place.with_suffix(".json").write_text(json.dumps(known))


def _text_readers(folder: Path) -> list[tuple[Callable[[bytes], None], list[bytes]]]:
    from side_files import applied

    from specframe.api import validate_labels, validate_observation
    from specframe.api.schema import breaks_lines
    from specframe.errors import SpecframeError

    def reader(cls: type[Any], params: dict[str, Any], place: Path) -> Callable[[bytes], None]:
        def read(content: bytes) -> None:
            place.write_bytes(content)
            loader = cls(**params)
            for target in loader.targets()[:2]:
                loader.files(target)
                observation = loader.load(target)
                try:
                    validate_observation(observation, cls.name)
                except SpecframeError as error:
                    if breaks_lines(target):  # which a run refuses, whatever the loader
                        raise
                    raise AssertionError(f"load({target!r}) is not valid: {error}") from None
            labels = loader.labels()
            if labels is not None:
                try:
                    validate_labels(labels, cls.name)
                except SpecframeError as error:
                    raise AssertionError(f"labels() are not valid: {error}") from None
            loader.catalogue()

        return read

    found: list[tuple[Callable[[bytes], None], list[bytes]]] = []
    for description in sorted((folder / "inputs").glob("*.json")):
        known, place = json.loads(description.read_text()), description.with_suffix("")
        module, _, name = known["class"].partition(":")
        cls = getattr(import_module(module), name)
        cls = applied(cls) if known["applied"] else cls
        kinds: dict[str, Path] = {}
        for file in sorted(place.rglob("*")):
            if file.is_file() and b"\0" not in file.read_bytes() and file.suffix not in (".gz", ".bz2", ".parquet"):
                kinds.setdefault("".join("0" if c.isdigit() else c for c in file.name), file)
        found += [(reader(cls, known["params"], file), [file.read_bytes()]) for file in kinds.values()]
    return found


def _write_corpus(folder: Path, readers: list[tuple[Callable[[bytes], None], list[bytes]]]) -> None:
    for number, (_, seeds) in enumerate(readers):
        for seed in seeds:
            content = bytes([number]) + seed
            (folder / hashlib.sha1(content, usedforsecurity=False).hexdigest()).write_bytes(content)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    main()
