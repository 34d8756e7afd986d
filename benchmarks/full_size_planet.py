"""Time and memory of reducing one full-size planet of the Ariel data challenges.

Writes a simulated planet as the challenges' files are (11,250 frames of 32 x 356 and 135,000 of 32 x 32 pixels,
uint16, a parquet column per pixel, dictionary-encoded and snappy-compressed by pyarrow), then compares

- the decode alone: both files read whole by the fastest parquet reader at hand, one after the other, nothing else done,
- specframe: ``ArielChallenge(...).load`` and ``ArielDetector().apply``, files to light curves with errors,
- the chain of the challenges' public starter, written again from its description: float64 arrays of all frames,
  masked arrays, a ``numpy.poly1d`` per pixel, bins summed one by one.

Times are medians of interleaved runs in one process, the files in the disk cache and the kernel compiled. Peak memory
is that of a process of its own, with all that it imports. Ratios to the decode are medians of the ratios within a
round, so that a busy machine slows both sides. Aims: specframe at most 1.5 x the decode, at least 50 x faster than the
starter chain, below 1 GB.

    python benchmarks/full_size_planet.py [--repeat 9] [--threads 1] [--keep FOLDER] [--without-starter]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

INSTRUMENTS = {"AIRS-CH0": (32, 356), "FGS1": (32, 32)}
PAIRS_PER_BIN = {"AIRS-CH0": 30, "FGS1": 360}
#: The starter takes the science columns of AIRS-CH0 and all of FGS1.
COLUMNS = {"AIRS-CH0": slice(39, 321), "FGS1": slice(0, 32)}


def write_planet(root: Path, n_targets: int = 1) -> None:
    """Write simulated planets with pyarrow, as the challenges' files were."""
    import pyarrow.parquet as pq

    from specframe_ariel import write_challenge

    write_challenge(root, n_targets=n_targets, year=2025, seed=0, second_visit=0.0)
    for path in (root / "train").glob("*/*_signal_0.parquet"):
        pq.write_table(pq.read_table(path), path)


def planet_folder(root: Path) -> Path:
    return next((root / "train").iterdir())


def decode_polars(root: Path) -> None:
    import polars as pl

    for instrument in INSTRUMENTS:
        pl.read_parquet(planet_folder(root) / f"{instrument}_signal_0.parquet")


def decode_pyarrow(root: Path) -> None:
    import pyarrow.parquet as pq

    for instrument in INSTRUMENTS:
        pq.read_table(planet_folder(root) / f"{instrument}_signal_0.parquet")


def reduce_specframe(root: Path, **settings: Any) -> Any:
    from specframe_ariel import ArielChallenge, ArielDetector

    loader = ArielChallenge(path=root)
    return ArielDetector(**settings).apply(loader.load(loader.targets()[0]))


def reduce_float32(root: Path) -> Any:
    return reduce_specframe(root, precision="float32")


def reduce_starter(root: Path) -> dict[str, Any]:
    """Return the binned frames summed over rows, (bin, column) per instrument, and which columns have bad pixels."""
    import numpy as np
    import pandas as pd
    from astropy.stats import sigma_clip

    folder = planet_folder(root)
    converter = pd.read_csv(root / "adc_info.csv").iloc[0]
    axis = pd.read_parquet(root / "axis_info.parquet")
    results = {}
    for instrument, (n_y, n_x) in INSTRUMENTS.items():
        columns = COLUMNS[instrument]
        calibration = {
            name: pd.read_parquet(folder / f"{instrument}_calibration_0" / f"{name}.parquet").to_numpy()
            for name in ("dark", "dead", "flat", "linear_corr")
        }
        linearity = calibration["linear_corr"].astype(np.float64).reshape(6, n_y, n_x)[:, :, columns]
        dark, dead, flat = (calibration[name][:, columns] for name in ("dark", "dead", "flat"))

        frames = pd.read_parquet(folder / f"{instrument}_signal_0.parquet").to_numpy()
        signal = frames.astype(np.float64).reshape(-1, n_y, n_x)
        signal = signal / converter[f"{instrument}_adc_gain"] + converter[f"{instrument}_adc_offset"]
        signal = signal[:, :, columns]
        if instrument == "AIRS-CH0":
            dt = axis["AIRS-CH0-integration_time"].dropna().to_numpy().copy()
            dt[1::2] += 0.1
        else:
            dt = np.full(len(signal), 0.1)
            dt[1::2] += 0.1
        hot = sigma_clip(dark, sigma=5, maxiters=5).mask
        signal = np.ma.where(np.tile(dead, (len(signal), 1, 1)), np.nan, signal)
        signal = np.ma.where(np.tile(hot, (len(signal), 1, 1)), np.nan, signal)
        for y in range(signal.shape[1]):
            for x in range(signal.shape[2]):
                signal[:, y, x] = np.poly1d(linearity[::-1, y, x])(signal[:, y, x])
        signal -= np.tile(np.ma.masked_where(dead, dark), (len(signal), 1, 1)) * dt[:, None, None]
        pairs = signal[1::2] - signal[::2]
        per_bin = PAIRS_PER_BIN[instrument]
        binned = np.zeros((len(pairs) // per_bin, *pairs.shape[1:]))
        for i in range(len(binned)):
            binned[i] = np.sum(pairs[i * per_bin : (i + 1) * per_bin], axis=0)
        binned = binned / np.tile(np.ma.masked_where(dead, flat), (len(binned), 1, 1))
        results[instrument] = (np.nansum(binned.filled(np.nan), axis=1), (dead | hot).any(axis=0))
    return results


VARIANTS: dict[str, Callable[[Path], Any]] = {
    "decode, polars": decode_polars,
    "decode, pyarrow": decode_pyarrow,
    "specframe": reduce_specframe,
    "specframe, float32": reduce_float32,
    "starter chain": reduce_starter,
}


def peak_memory() -> float:
    """Return the largest resident set of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss of a child counts its parent's memory at the time of the fork
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def one_process(name: str, root: Path) -> None:
    """Run a variant once and print its time and the peak memory."""
    begin = time.perf_counter()
    VARIANTS[name](root)
    print(json.dumps({"seconds": time.perf_counter() - begin, "memory": peak_memory()}))


def in_own_process(name: str, root: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--only", name, "--keep", str(root)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(output.splitlines()[-1]))


def interleaved(names: list[str], root: Path, repeat: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in names}
    for i in range(repeat + 1):
        for name in names:
            begin = time.perf_counter()
            VARIANTS[name](root)
            if i:  # the first round fills the disk cache and compiles
                times[name].append(time.perf_counter() - begin)
    return times


def largest_difference(root: Path) -> float:
    """Return how far specframe is from the starter, set to the same steps, in columns without dead or hot pixels."""
    import numpy as np

    settings = {"rows": [0, 32], "background_rows": [], "columns": {"FGS1": [0, 32]}}
    ours = reduce_specframe(root, **settings, extraction="box", cosmic_ray_sigma=None)
    worst = 0.0
    for instrument, (flux, bad) in reduce_starter(root).items():
        expected = (flux / PAIRS_PER_BIN[instrument]).T[::-1]  # sums to means, ascending wavelength
        if instrument == "AIRS-CH0":
            got, good = ours["AIRS-CH0/0/flux"].values, ~bad[::-1]
            worst = max(worst, float(np.max(np.abs(got[good] / expected[good] - 1))))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=9, help="rounds of interleaved runs")
    parser.add_argument("--threads", type=int, help="threads of readers and kernel; default: all cores")
    parser.add_argument("--keep", type=Path, help="folder for the planet, written there unless it is there")
    parser.add_argument("--without-starter", action="store_true", help="leave out the slow part (half a minute, 6 GB)")
    parser.add_argument("--only", choices=VARIANTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.threads:  # read by the libraries when they are imported, here and in the processes started
        for name in ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS"):
            os.environ[name] = str(arguments.threads)
    if arguments.only:
        one_process(arguments.only, arguments.keep)
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.keep or Path(temporary) / "planet"
        if not (root / "axis_info.parquet").exists():
            print("writing a planet ...", flush=True)
            write_planet(root)
        report(root, arguments.repeat, arguments.threads, starter=not arguments.without_starter)


def report(root: Path, repeat: int, threads: int | None, *, starter: bool) -> None:
    names = [name for name in VARIANTS if name != "starter chain"]
    alone = {name: in_own_process(name, root) for name in (VARIANTS if starter else names)}
    times = interleaved(names, root, repeat)
    readers = [name for name in names if name.startswith("decode")]
    fastest = min(readers, key=lambda name: statistics.median(times[name]))
    if starter:  # once is enough: it takes a hundred times as long
        times["starter chain"] = [alone["starter chain"]["seconds"]]
    size = sum(path.stat().st_size for path in planet_folder(root).glob("*_signal_0.parquet"))
    cores = f"{os.cpu_count()} cores, {threads or 'all'} threads"
    print(f"one planet, {size / 1e6:.0f} MB of parquet; {cores}, {repeat} rounds")
    print(f"{'':20} {'median':>9} {'fastest':>9} {'x decode':>9} {'x faster than starter':>22} {'peak memory':>12}")
    for name, values in times.items():
        median = statistics.median(values)
        decodes = times[fastest] if len(values) == repeat else [statistics.median(times[fastest])]
        ratio = statistics.median(one / decode for one, decode in zip(values, decodes, strict=True))
        speedup = f"{times['starter chain'][0] / median:22.1f}" if starter else f"{'':22}"
        memory = alone[name]["memory"]
        print(f"{name:20} {median:8.3f}s {min(values):8.3f}s {ratio:9.2f} {speedup} {memory:9.0f} MB")
    if starter:
        print(
            f"largest difference from the starter, same steps, good columns: {largest_difference(root):.1e} (relative)"
        )


if __name__ == "__main__":
    main()
