"""The loader ``ariel-simulated``: planets made on the fly, as detector frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import LazyFrames, Simulator, make_labels, make_observation
from specframe.errors import DataError
from specframe_ariel.layout import FGS1_BAND
from specframe_ariel.simulate.challenge import ChallengeFolder
from specframe_ariel.simulate.detector import detector_of, expose
from specframe_ariel.simulate.instrument import FGS1, INSTRUMENTS, ROWS, Instrument, Readout, label_wavelengths
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import SimulatedPlanet, draw_planet, planet_name
from specframe_ariel.simulate.provenance import input_files
from specframe_ariel.system import known_system

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["ArielSimulated", "SimulatedFrames"]


#: Share of the full well from which reads are reported as saturated: the linearity bends them down before.
_FULL = 0.9
_TIME = {"units": "d", "time_system": "relative", "time_reference": "start of the visit"}


class SimulatedFrames(LazyFrames):
    """Frames of one visit, made whenever they are read, always the same."""

    def __init__(self, params: SimulatedParams, planet: SimulatedPlanet, instrument: Instrument, visit: int) -> None:
        self.params, self.planet, self.instrument, self.visit = params, planet, instrument, visit
        self.shape = (2 * params.pairs(instrument.name), ROWS, instrument.columns)
        self.dtype = np.dtype(np.uint16)

    def time_series(self) -> Sequence[NDArray[np.uint16]]:
        """Simulate the frames as one series per pixel."""
        return list(expose(self.params, self.planet, self.instrument, self.visit))


class ArielSimulated(Simulator):
    """Planets of the Ariel data challenges with known truth, as raw frames that are made when they are read.

    Labels are the true depths wl_1 .. wl_283; the catalogue holds ``star`` and what the 2025 challenge tells of each
    planet (Rs, Ms, Ts, Mp, e, P, sma, i). Every planet depends on the seed and its own number only.

    ``write`` and ``specframe simulate`` write them in the files of the challenge of their year, from which
    ``ariel-challenge`` reads the same numbers.

    References
    ----------
    - Mandel & Agol 2002, ApJ 580, L171, doi:10.1086/345520
    - Lecavelier des Etangs et al. 2008, A&A 481, L83, doi:10.1051/0004-6361:200809388
    """

    name = "ariel-simulated"
    Params = SimulatedParams
    params: SimulatedParams

    def targets(self) -> list[str]:
        """Return the planets' identifiers."""
        return [planet_name(self.params, index) for index in self._numbers()]

    def load(self, target: str) -> xr.DataTree:
        """Return the frames of one planet, with the calibration that was in force."""
        planet = self._planet(target)
        return make_observation(
            planet.name,
            {
                f"{instrument.name}/{visit}": self._node(planet, instrument, visit)
                for instrument in INSTRUMENTS.values()
                for visit in range(len(planet.mid_transit))
            },
            source=f"simulated, seed {self.params.seed}, planet {planet.index}",
            **known_system(planet.star_info()),
        )

    def labels(self) -> xr.DataArray:
        """Return the true transit depths, dims ``(target, output)``."""
        planets = self._planets()
        return make_labels(
            [planet.labels() for planet in planets],
            [planet.name for planet in planets],
            [f"wl_{k}" for k in range(1, 284)],
            wavelength=label_wavelengths(self.params.year),
        )

    def catalogue(self) -> xr.Dataset:
        """Return the stars and orbits, variables on dim ``target``."""
        import xarray as xr

        planets = self._planets()
        info = [planet.star_info() for planet in planets]
        columns: dict[str, Any] = {name: ("target", [row[name] for row in info]) for name in info[0]}
        columns["star"] = ("target", [planet.star_index for planet in planets])
        return xr.Dataset(columns, coords={"target": [planet.name for planet in planets]})

    def files(self, target: str) -> list[Path]:
        """Return the files that the parameters name; the planets themselves are in none."""
        return input_files(self.params)

    def check_folder(self, folder: Path) -> None:
        """Refuse a folder with other files, or with planets that were simulated with other parameters or code."""
        self._folder(folder).check(draw_planet(self.params, self.params.first_planet()))

    def written(self, folder: Path) -> list[str]:
        """Return the planets whose frames and truth are complete in ``folder``."""
        return self._folder(folder).written(self.targets())

    def write_target(self, target: str, folder: Path) -> list[Path]:
        """Write a planet's frames and calibration into ``<split>/<planet>/``, and ``truth/<split>/<planet>.nc``."""
        return self._folder(folder).write_planet(self._planet(target))

    def write_tables(self, folder: Path, targets: Sequence[str]) -> list[Path]:
        """Write axis_info, wavelengths, converters, stars, and labels (train) or a sample submission (test)."""
        return self._folder(folder).write_tables([self._planet(target) for target in targets])

    def _folder(self, folder: Path) -> ChallengeFolder:
        return ChallengeFolder(folder, self.name, self.params)

    def _numbers(self) -> range:
        first = self.params.first_planet()
        return range(first, first + self.params.n_targets)

    def _planet(self, target: str) -> SimulatedPlanet:
        try:
            index = self.targets().index(str(target))
        except ValueError:
            raise DataError(
                f"no simulated planet {target!r}: seed {self.params.seed} has {self.params.n_targets} for "
                f"{self.params.split}, from {self.targets()[0]!r}"
            ) from None
        return draw_planet(self.params, self._numbers()[index])

    def _planets(self) -> list[SimulatedPlanet]:
        return [draw_planet(self.params, index) for index in self._numbers()]

    def _node(self, planet: SimulatedPlanet, instrument: Instrument, visit: int) -> xr.Dataset:
        import xarray as xr

        readout = instrument.readout(self.params.pairs(instrument.name))
        time, integration_time = _reads(instrument, readout)
        calibration, converter = detector_of(self.params, planet, instrument, visit)
        pixel = ("y", "x")
        node = xr.Dataset(
            {
                "frames": (
                    ("time", *pixel),
                    SimulatedFrames(self.params, planet, instrument, visit),
                    {"units": "adu"},
                ),
                "integration_time": ("time", integration_time, {"units": "s"}),
                "dark": (pixel, calibration.dark, {"units": "electron / s"}),
                "flat": (pixel, calibration.flat, {"units": ""}),
                "read_noise": (pixel, calibration.read, {"units": "electron"}),
                "dead": (pixel, calibration.dead),
                "linearity": (("coefficient", *pixel), calibration.linear_corr),
            },
            coords={"time": ("time", time, _TIME)},
            attrs={
                "instrument": instrument.name,
                "visit": str(visit),
                "gain": converter.gain,
                "offset": converter.offset,
                "full_well": _FULL * self.params.full_well * readout.coadded,
            },
        )
        if instrument.disperses:
            return node.assign_coords(wavelength=("x", instrument.wavelength, {"units": "um"}))
        lower, upper = FGS1_BAND
        return node.assign_attrs(wavelength=planet.fgs1_wavelength, wavelength_lower=lower, wavelength_upper=upper)


def _reads(instrument: Instrument, readout: Readout) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return time since the start of the visit in d and time since the reset in s of each read.

    They are what ``ariel-challenge`` makes of axis_info, to the last bit: times are hours there, and those of FGS1 tell
    its integration times too.
    """
    hours = readout.time / 3_600
    if instrument is not FGS1:
        return hours * (1 / 24), readout.integration_time
    apart = (hours[1] - hours[0]) * 3_600
    return hours * (1 / 24), np.tile([apart, 2 * apart], readout.pairs)
