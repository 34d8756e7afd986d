"""Files as ExoSim 2 writes them, with known light, read out as its documentation describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Truth(NamedTuple):
    """What a channel saw: electrons by frame, without the reset, and when its reads were made, in s."""

    charge: np.ndarray
    read_time: np.ndarray
    rate: np.ndarray


def write_channel(
    file: h5py.File,
    name: str = "CH0",
    *,
    shape: tuple[int, int] = (4, 6),
    n_ramp: int = 5,
    n_group: int = 2,
    n_read: int = 1,
    seconds: tuple[float, float, float, float, float] = (0.1, 0.2, 0.1, 3.0, 0.4),
    adc: tuple[float, float] | None = (0.5, -1000.0),
    photometer: bool = False,
    response: np.ndarray | None = None,
    dead: Any = None,
    flat: np.ndarray | None = None,
    boxed: bool = True,
) -> Truth:
    """Write a channel; ``seconds`` are ground, first read, further reads, between groups, and reset.

    Light is constant; resets leave an offset of their own in each pixel. ``boxed`` writes numbers as {value, unit}.
    """
    rng = np.random.default_rng(7)
    rate = rng.uniform(50.0, 400.0, shape)
    ground, first, read, between, reset = seconds
    charge, start, lasts, read_time = [], [], [], []
    clock = 0.0
    for _ in range(n_ramp):
        clock += ground
        bias = rng.normal(0.0, 20.0, shape)
        collected = np.zeros(shape)
        for group in range(n_group):
            for i in range(n_read):
                step = (first if group == 0 else between) if i == 0 else read
                start.append(clock)
                lasts.append(step)
                clock += step
                read_time.append(clock)
                collected = collected + rate * step
                charge.append(collected + bias)
        clock += reset
    seen = np.array(charge) * (1.0 if flat is None else flat)
    if response is not None:
        seen = sum(response[k] * seen ** (k + 1) for k in range(len(response)))
    merged = seen.reshape(-1, n_read, *shape).mean(axis=1)
    group = file.create_group(f"channels/{name}")
    ndrs = group.create_group("NDRs")
    wavelength = np.linspace(3.9, 1.9, shape[1])
    if adc is None:
        data = merged
    else:
        data = np.floor((merged - adc[1]) * adc[0]).astype(np.uint16)
        _number(ndrs, "metadata/ADC/gain", adc[0], "adu / ct" if boxed else None)
        _number(ndrs, "metadata/ADC/offset", adc[1], "ct" if boxed else None)
    ndrs.create_dataset("data", data=data, chunks=(min(3, len(data)), *shape), compression="gzip")
    ndrs["data_units"] = "adu"
    ndrs["time"], ndrs["time_units"] = np.array(start)[::n_read] / 3600.0, "h"
    grid = np.linspace(0.5, 0.9, 32)
    ndrs["spectral"], ndrs["spectral_units"] = grid if photometer else wavelength, "um"
    ndrs["spatial"], ndrs["spatial_units"] = grid if photometer else np.zeros(shape[0]), "um"
    _number(ndrs, "metadata/n_groups_per_ramp", n_group, "" if boxed else None)
    _number(ndrs, "metadata/integration_times", np.array(lasts), "s" if boxed else None)
    simulation = group.create_group("simulation_data")
    if photometer:
        band = np.linspace(0.4, 1.0, 61)
        simulation["efficiency/spectral"], simulation["efficiency/spectral_units"] = band, "um"
        simulation["efficiency/data"] = np.where((band > 0.595) & (band < 0.805), 0.7, 0.0)[None, None]
    if dead is not None:
        simulation["dead_pixel_map/dead_pixel_map"] = dead
    if response is not None:
        simulation["pixel_non_linearity/map"] = response
    if flat is not None:
        simulation["qe_variation_map/data"] = flat[None]
    mean = np.array(charge).reshape(-1, n_read, *shape).mean(axis=1)
    return Truth(mean, np.array(read_time).reshape(-1, n_read).mean(axis=1), rate)


def _number(group: h5py.Group, name: str, value: Any, unit: str | None) -> None:
    if unit is None:
        group[name] = value
    else:
        group[f"{name}/value"], group[f"{name}/unit"] = value, unit


@pytest.fixture
def exosim_file(tmp_path: Path) -> Callable[..., tuple[Path, Truth]]:
    """Return a function that writes a file of one channel or more, and what the first one saw."""

    def write(*more: dict[str, Any], **channel: Any) -> tuple[Path, Truth]:
        path = tmp_path / "target_ndr.h5"
        with h5py.File(path, "w") as file:
            truth = write_channel(file, **channel)
            for other in more:
                write_channel(file, **other)
        return path, truth

    return write
