"""Simulated planets in the files of the Ariel data challenges."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, Literal

from specframe.errors import UsageError
from specframe_ariel.layout import ChallengeTree
from specframe_ariel.simulate import tables
from specframe_ariel.simulate.detector import detector_of, expose
from specframe_ariel.simulate.instrument import AIRS, FGS1, INSTRUMENTS
from specframe_ariel.simulate.provenance import differences, provenance
from specframe_ariel.simulate.truth import planet_truth
from specframe_ariel.simulate.whole import PARTIAL, whole_file, whole_folder, write_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import xarray as xr

    from specframe_ariel.simulate.params import SimulatedParams
    from specframe_ariel.simulate.planet import SimulatedPlanet

__all__ = ["ChallengeFolder", "write_challenge"]

_TRUTH = "truth"
_CALIBRATION = ("dark", "dead", "flat", "linear_corr", "read")


class ChallengeFolder:
    """A folder that planets simulated with ``params`` are written into, as a challenge's files lie.

    Beside them, where no loader looks, ``truth/<split>/<planet>.nc`` holds what is true of a planet and
    ``truth/<split>.json`` what the split was simulated with: parameters, versions and code, so that no others are mixed
    in. A planet's folder appears when all its files are complete.
    """

    def __init__(self, root: Path, component: str, params: SimulatedParams) -> None:
        self.params = params
        self._component = component
        self._tree = ChallengeTree(root, root / params.split, params.split, params.year)
        self._truth = root / _TRUTH / params.split
        self._record = root / _TRUTH / f"{params.split}.json"

    def check(self, some: SimulatedPlanet) -> None:
        """Raise :class:`UsageError` unless the folder is new, empty, or holds planets that these go with."""
        root = self._tree.root
        if root.exists() and not root.is_dir():
            raise UsageError(f"{root} is a file; name a folder")
        if self._record.exists():
            different = differences(self._recorded(), provenance(self._component, self.params))
            if different:
                shown = "; ".join(different[:6]) + (f"; and {len(different) - 6} more" if len(different) > 6 else "")
                raise UsageError(
                    f"{root} holds {self.params.split} planets that were simulated differently: {shown}. Simulate into "
                    "another folder, or remove this one"
                )
        elif self._tree.folder.exists():
            raise UsageError(f"{self._tree.folder} holds planets that were not simulated here; name another folder")
        elif root.is_dir() and _visible(root) and not any((root / _TRUTH).glob("*.json")):
            shown = ", ".join(_visible(root)[:3])
            raise UsageError(f"{root} holds other files ({shown}) and no simulated planets; name a new folder")
        tables.check_shared(self._tree, self.params, some)

    def written(self, names: Sequence[str]) -> list[str]:
        """Return those of the planets that are complete."""
        return [name for name in names if (self._tree.folder / name).is_dir() and self._truth_of(name).exists()]

    def write_planet(self, planet: SimulatedPlanet) -> list[Path]:
        """Write a planet's frames, calibration and truth; one instrument's frames are in memory at a time."""
        truth, final = self._truth_of(planet.name), self._tree.folder / planet.name
        content = None if truth.exists() else _netcdf(planet_truth(self.params, planet))
        if final.exists():
            self._write_beside(truth, content)
        else:
            with whole_folder(final, self._tree.root / PARTIAL / f"{self.params.split}-{planet.name}") as folder:
                self._write_visits(folder, planet)
                # only now: parameters that nothing could be made with must not claim the folder
                self._write_beside(truth, content)
        return [*sorted(file for file in final.rglob("*") if file.is_file()), truth]

    def write_tables(self, planets: Sequence[SimulatedPlanet]) -> list[Path]:
        """Write the tables of ``planets``, which are complete, and remove what was left half-written."""
        shutil.rmtree(self._tree.root / PARTIAL, ignore_errors=True)
        self._tree.root.mkdir(parents=True, exist_ok=True)
        shared = tables.write_shared(self._tree, self.params, planets[0])
        return [*shared, *tables.write_split(self._tree, self.params, planets)]

    def _truth_of(self, name: str) -> Path:
        return self._truth / f"{name}.nc"

    def _recorded(self) -> dict[str, Any]:
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._record} cannot be read ({error}); simulate into another folder") from None
        return record if isinstance(record, dict) else {}

    def _write_beside(self, truth: Path, content: memoryview | None) -> None:
        if not self._record.exists():
            record = json.dumps(provenance(self._component, self.params), indent=1, sort_keys=True)
            with whole_file(self._record) as partial:
                partial.write_text(record + "\n", encoding="utf-8")
        if content is not None:
            with whole_file(truth) as partial:
                partial.write_bytes(content)

    def _write_visits(self, folder: Path, planet: SimulatedPlanet) -> None:
        within = ChallengeTree(folder, folder, self._tree.split, self._tree.year)
        for visit in range(len(planet.mid_transit)):
            for instrument in INSTRUMENTS.values():
                calibration, _ = detector_of(self.params, planet, instrument, visit)
                images = within.calibration("", instrument.name, str(visit))
                images.mkdir()
                for name in _CALIBRATION:
                    image = getattr(calibration, name)
                    write_columns(images / f"{name}.parquet", image.reshape(-1, image.shape[-1]).T)
                signal = within.signal("", instrument.name, str(visit))
                write_columns(signal, expose(self.params, planet, instrument, visit))


def _netcdf(truth: xr.DataTree) -> memoryview:
    """Return the truth as NetCDF-4, made in memory since HDF5 ends the process when the disk is full.

    Time series are packed as float32, whose steps are below 0.1 ppm: a sixth of the size.
    """
    packed = {"dtype": "float32", "zlib": True, "complevel": 1, "shuffle": True}
    encoding = {
        node.path: {name: packed for name, series in node.data_vars.items() if "time" in series.dims}
        for node in truth.subtree
        if node.has_data
    }
    return truth.to_netcdf(engine="h5netcdf", encoding=encoding)


def _visible(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))


def write_challenge(
    path: Path | str,
    *,
    n_targets: int,
    year: Literal[2024, 2025] = 2024,
    seed: int = 0,
    split: Literal["train", "test"] = "train",
    airs_pairs: int = AIRS.full_pairs,
    fgs1_pairs: int = FGS1.full_pairs,
    **instrument: Any,
) -> list[str]:
    """Write planets in the layout of a challenge, at full size unless fewer pairs are asked for.

    It is ``ArielSimulated(...).write(path)``; ``specframe simulate`` does the same in several processes.

    Parameters
    ----------
    path
        Root of the tree; made where it is missing. A second call may add the other split, and goes on with one that
        was interrupted.
    n_targets, year, seed, split, airs_pairs, fgs1_pairs, instrument
        As in :class:`~specframe_ariel.simulate.params.SimulatedParams`. ``train`` comes with labels, ``test`` without;
        the two never hold the same planet.

    Returns
    -------
    list of str
        The planets' identifiers. Full size is 0.5 GB of frames per planet and visit, one instrument of which is in
        memory at a time.

    Raises
    ------
    UsageError
        When the split is there already with other parameters, or the other split has other numbers of pairs; nothing
        is written then.
    ParameterError
        When a parameter is unknown or out of bounds.
    """
    from specframe_ariel.simulate.loader import ArielSimulated

    simulator = ArielSimulated(
        n_targets=n_targets,
        year=year,
        seed=seed,
        split=split,
        airs_pairs=airs_pairs,
        fgs1_pairs=fgs1_pairs,
        **instrument,
    )
    return simulator.write(path)
