"""The loader of the Ariel data challenges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import xarray as xr

from specframe.api import Loader, make_labels, make_observation
from specframe.errors import InputFileError, ParameterError
from specframe_ariel.axes import Axes
from specframe_ariel.layout import DETECTORS, FGS1_BAND, SCIENCE_COLUMNS, ChallengeTree, find_tree
from specframe_ariel.params import ArielChallengeParams
from specframe_ariel.parquet import ParquetFrames, read_image
from specframe_ariel.system import known_system
from specframe_ariel.tables import Table, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from specframe.api import Params

__all__ = ["ArielChallenge"]

#: Number of outputs of a challenge: wl_1 is FGS1, wl_2 .. wl_283 are AIRS-CH0 in ascending wavelength.
N_OUTPUT = 283
#: Coefficients of the linearity polynomial in linear_corr.parquet, from low to high order.
_N_COEFFICIENT = 6
#: Relative difference up to which a column has the wavelength of its label; columns are 0.2 % apart.
_SAME_WAVELENGTH = 2e-4
_TIME = {"units": "d", "time_system": "relative", "time_reference": "start of the visit"}
#: Units of what train_star_info.csv knows; the semi-major axis is in radii of the star.
_STAR_UNITS = {"Rs": "solRad", "Ms": "solMass", "Ts": "K", "e": "", "P": "d", "sma": "", "i": "deg"}


class ArielChallenge(Loader):
    """Planets of the Ariel data challenges: raw frames of AIRS-CH0 and FGS1 with their calibration, and the labels.

    A target's Observation has a node per instrument and visit (``AIRS-CH0/0``, ``FGS1/0``, in 2025 sometimes
    ``AIRS-CH0/1`` ...) at level ``frames``: lazy uint16 frames (time, y, x) of 32 x 356 or 32 x 32 pixels, the columns
    in the order of the files, which descends in wavelength. Frames are read when the calibrator asks for them.

    ``integration_time`` is the time since the reset. ``axis_info.parquet`` gives it for AIRS-CH0 as the length of each
    step (0.1 s, then 4.5 s more), so that the reads of a pair are at 0.1 s and 4.6 s. It has none for FGS1, whose
    first read comes as long after the reset as the second after the first, which the time stamps tell: 0.1 s and 0.2 s.

    Flags (``attrs["flags"]`` of a node): ``visit-incomplete`` where a file has fewer frames than ``axis_info.parquet``
    has rows, of which they are then the first ones; ``visit-missing`` where another instrument that is loaded has no
    frames of this visit, or the instrument none of an earlier one. What is there is loaded; an instrument without any
    visit is an error.

    FGS1 does not disperse: its wavelength (wl_1 of ``wavelengths.csv``) and band are attributes of its node, in um.

    Raises
    ------
    InputFileError
        For every file that is missing, damaged, or not of the expected shape; it is named.

    References
    ----------
    - NeurIPS Ariel Data Challenge 2024, https://www.kaggle.com/competitions/ariel-data-challenge-2024
    - Ariel Data Challenge 2025, https://www.kaggle.com/competitions/ariel-data-challenge-2025
    """

    name: ClassVar[str] = "ariel-challenge"
    Params: ClassVar[type[Params]] = ArielChallengeParams
    params: ArielChallengeParams

    def targets(self) -> list[str]:
        """Return the ids of the planets in numeric order; one whose folder is empty cannot be loaded."""
        tree = self._tree()
        there = tree.targets()
        if self.params.targets is None:
            return there
        chosen = [str(target) for target in self.params.targets]
        unknown = [target for target in chosen if target not in there]
        if unknown:
            raise ParameterError(
                f"ariel-challenge: targets {', '.join(unknown[:5])} have no folder in {tree.folder} "
                f"({len(there)} planets there)"
            )
        return list(dict.fromkeys(chosen))

    def load(self, target: str) -> xr.DataTree:
        """Return a planet's Observation; of its frames only the files' metadata are read."""
        tree = self._tree()
        if not tree.visits(target):
            raise InputFileError(
                tree.folder / target,
                "holds no signal files, expected e.g. AIRS-CH0_signal*.parquet: get this planet again, or remove its "
                "folder",
            )
        converters = read_table(tree.adc_info)
        axes = Axes(tree.axis_info, self.params.instruments)
        nodes = {
            f"{instrument}/{visit}": self._node(tree, axes, converters, (target, instrument, visit))
            for instrument, visit in self._visits(tree, target)
        }
        source = f"Ariel data challenge {tree.year}, {tree.split}"
        return make_observation(target, nodes, source=source, **_known(tree, target))

    def labels(self) -> xr.DataArray | None:
        """Return the transit depths (Rp/Rs)^2 of the targets that have any, or ``None`` without a file of labels.

        Dims (target, output) with outputs wl_1 .. wl_283 and their wavelengths in um.
        """
        tree = self._tree()
        if not tree.labels.exists():
            return None
        table = read_table(tree.labels)
        outputs = [f"wl_{k}" for k in range(1, N_OUTPUT + 1)]
        missing = [output for output in outputs if output not in table.columns]
        if missing or not table.planets:
            raise InputFileError(
                table.path,
                f"expected columns planet_id, wl_1 .. wl_{N_OUTPUT}; missing: "
                f"{', '.join(missing[:5] or ['planet_id'])}",
            )
        row = {planet: i for i, planet in enumerate(table.planets)}
        known = [target for target in self.targets() if target in row]
        twice = [target for target in known if table.planets.count(target) > 1]
        if twice:
            raise InputFileError(
                table.path, f"planet_id {', '.join(twice[:5])} occurs more than once; keep one row for each planet"
            )
        values = table.values[[row[target] for target in known]][:, [table.columns.index(output) for output in outputs]]
        return make_labels(values, known, outputs, units="", wavelength=_label_wavelengths(tree))

    def catalogue(self) -> xr.Dataset | None:
        """Return star, orbit (2025) and converters of the targets, NaN where a table does not have a planet."""
        tree = self._tree()
        targets = self.targets()
        known = [read_table(tree.adc_info)] + ([read_table(tree.star_info)] if tree.star_info.exists() else [])
        variables: dict[str, Any] = {}
        for table in known:
            # a planet with two rows is set aside when it is loaded
            once = [target if table.planets.count(target) < 2 else "" for target in targets]
            rows = [(table.row(target) if table.planets else _only_row(table)) or {} for target in once]
            for column in table.columns:
                attrs = {"units": _STAR_UNITS[column]} if column in _STAR_UNITS else {}
                variables[column] = ("target", [row.get(column, np.nan) for row in rows], attrs)
        if "star" in variables and np.isfinite(variables["star"][1]).all():  # a number that only names it
            variables["star"] = ("target", np.array(variables["star"][1], int))
        return xr.Dataset(variables, coords={"target": np.array(targets, dtype=str)})

    def files(self, target: str) -> list[Path]:
        """Return the files that ``load(target)`` reads, as far as they exist."""
        tree = self._tree()
        files = [tree.axis_info, tree.wavelengths, tree.adc_info, tree.star_info]
        for instrument, visit in self._visits(tree, target):
            folder = tree.calibration(target, instrument, visit)
            files.append(tree.signal(target, instrument, visit))
            files += [folder / f"{name}.parquet" for name in ("dark", "dead", "flat", "linear_corr", "read")]
        return [file for file in files if file.exists()]

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the planets at ``path``.

        The folder of a split is that split. Of a root it is the parameter ``split``, or the other one where the root
        does not have its folder.
        """
        update: dict[str, Any] = {"path": path, "targets": None, "year": "auto"}
        other = "train" if self.params.split == "test" else "test"
        if (path / other).is_dir() and not (path / self.params.split).is_dir():
            update["split"] = other
        return self.from_params(self.params.model_copy(update=update))

    def _tree(self) -> ChallengeTree:
        return find_tree(self.params.path, self.params.split, self.params.year)

    def _visits(self, tree: ChallengeTree, target: str) -> list[tuple[str, str]]:
        """Return instrument and visit of each node; an instrument without any visit is asked for the first one."""
        there: list[tuple[str, str]] = [
            (instrument, visit)
            for instrument in self.params.instruments
            for visit in tree.visits(target)
            if tree.signal(target, instrument, visit).exists()
        ]
        without = [name for name in self.params.instruments if not any(name == known for known, _ in there)]
        return there + [(instrument, visit) for instrument in without for visit in tree.visits(target)[:1]]

    def _node(self, tree: ChallengeTree, axes: Axes, converters: Table, place: tuple[str, str, str]) -> xr.Dataset:
        target, instrument, visit = place
        detector = n_y, n_x = DETECTORS[instrument]
        path = tree.signal(target, instrument, visit)
        folder = tree.calibration(target, instrument, visit)
        frames = ParquetFrames(path, detector)
        if not folder.is_dir():
            raise InputFileError(
                folder,
                f"not found, so that the frames of {instrument}, visit {visit}, cannot be calibrated: get it from the "
                f"challenge again, or move {path.name} away to do without this visit",
            )
        n_time = frames.shape[0]
        time, integration_time = axes.reads(instrument)
        if n_time > len(time):
            raise InputFileError(
                path,
                f"has {n_time} frames, but {axes.path} has the times of {len(time)} reads: they do not belong together",
            )
        gain, offset = _converter(converters, target, instrument)
        attrs: dict[str, Any] = {"instrument": instrument, "visit": visit, "gain": gain, "offset": offset}
        flags = []
        earlier = range(int(visit)) if tree.year == 2025 else ()
        if not all(tree.signal(target, other, visit).exists() for other in self.params.instruments) or not all(
            tree.signal(target, instrument, str(number)).exists() for number in earlier
        ):
            flags.append("visit-missing")
        if n_time < len(time):
            flags.append("visit-incomplete")
        if flags:
            attrs["flags"] = " ".join(flags)
        coords: dict[str, Any] = {"time": ("time", time[:n_time], _TIME)}
        if instrument == "FGS1":
            band = (float(_label_wavelengths(tree)[0]), *FGS1_BAND)
            attrs |= dict(zip(("wavelength", "wavelength_lower", "wavelength_upper"), band, strict=True))
        else:
            wavelength = axes.dispersion(instrument, n_x)
            if not np.allclose(wavelength[SCIENCE_COLUMNS][::-1], _label_wavelengths(tree)[1:], rtol=_SAME_WAVELENGTH):
                raise InputFileError(
                    axes.path,
                    f"the wavelengths of {instrument}, columns {SCIENCE_COLUMNS.start}:{SCIENCE_COLUMNS.stop} in "
                    f"reverse, are not wl_2 .. wl_{N_OUTPUT} of {tree.wavelengths}: they do not belong together",
                )
            coords["wavelength"] = ("x", wavelength, {"units": "um"})
        linearity = read_image(folder / "linear_corr.parquet", (_N_COEFFICIENT * n_y, n_x))
        pixel = ("y", "x")
        return xr.Dataset(
            {
                "frames": (("time", *pixel), frames, {"units": "adu"}),
                "integration_time": ("time", integration_time[:n_time], {"units": "s"}),
                "dark": (pixel, read_image(folder / "dark.parquet", detector), {"units": "electron / s"}),
                "flat": (pixel, read_image(folder / "flat.parquet", detector), {"units": ""}),
                "read_noise": (pixel, read_image(folder / "read.parquet", detector), {"units": "electron"}),
                "dead": (pixel, read_image(folder / "dead.parquet", detector, boolean=True)),
                "linearity": (("coefficient", *pixel), linearity.reshape(_N_COEFFICIENT, n_y, n_x)),
            },
            coords=coords,
            attrs=attrs,
        )


def _known(tree: ChallengeTree, target: str) -> dict[str, float]:
    """Return star and orbit of a planet as attributes of an Observation, nothing where the challenge does not say."""
    row = (read_table(tree.star_info).row(target) if tree.star_info.exists() else None) or {}
    return known_system(row)


def _converter(converters: Table, target: str, instrument: str) -> tuple[float, float]:
    """Return gain (adu/electron) and offset (electron) of a planet's frames."""
    row = converters.row(target) if converters.planets else _only_row(converters)
    if row is None:
        raise InputFileError(
            converters.path, f"has no planet_id {target}: gain and offset of its frames are not known; add a row for it"
        )
    names = [f"{instrument}_adc_{what}" for what in ("gain", "offset")]
    missing = [name for name in names if name not in row]
    if missing:
        raise InputFileError(
            converters.path, f"expected columns {', '.join(names)}; got {', '.join(converters.columns)}"
        )
    gain, offset = (row[name] for name in names)
    if not (np.isfinite(gain) and gain > 0 and np.isfinite(offset)):
        raise InputFileError(
            converters.path,
            f"planet {target}, {instrument}: expected a gain above 0 and a finite offset, got gain {gain:g} "
            f"and offset {offset:g}",
        )
    return gain, offset


def _only_row(table: Table) -> dict[str, float]:
    if len(table.values) != 1:
        raise InputFileError(
            table.path, f"expected one row, or a column planet_id; got {len(table.values)} rows without it"
        )
    return dict(zip(table.columns, table.values[0].tolist(), strict=True))


def _label_wavelengths(tree: ChallengeTree) -> NDArray[np.float64]:
    """Return the wavelengths of wl_1 .. wl_283 in um."""
    row = _only_row(read_table(tree.wavelengths))
    try:
        return np.array([row[f"wl_{k}"] for k in range(1, N_OUTPUT + 1)])
    except KeyError as error:
        raise InputFileError(tree.wavelengths, f"expected columns wl_1 .. wl_{N_OUTPUT}; {error} is missing") from None
