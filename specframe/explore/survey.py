"""Goes through Observations one by one and collects what is to be told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.observation import level_of, nodes
from specframe.errors import DataError, SpecframeError
from specframe.explore.frame_section import Frames
from specframe.explore.label_section import label_section
from specframe.explore.light_curve_section import LightCurves
from specframe.explore.prediction_section import prediction_section
from specframe.explore.spectra import mean_label
from specframe.explore.spectrum_figures import chosen_label
from specframe.explore.spectrum_section import spectrum_section
from specframe.explore.stacking import SpectrumRow, spectrum_rows, stack_rows
from specframe.explore.wording import slug

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

    from specframe.explore.section import Section

__all__ = ["Survey", "explore"]


class Survey:
    """Collects what Observations hold: spectra whole, of light curves and frames what they are like.

    Parameters
    ----------
    labels
        Dims ``(target, output)``, where they are known.
    color
        Label to colour by; the first that varies by default.
    prediction
        A Prediction, of a run.
    seed
        Of samples that are drawn.

    Raises
    ------
    DataError
        When there is no label ``color``.
    """

    def __init__(
        self,
        labels: xr.DataArray | None = None,
        color: str | None = None,
        prediction: xr.Dataset | None = None,
        seed: int = 0,
    ) -> None:
        self.labels = labels
        self.prediction = prediction
        self.seed = seed
        self._by_label = None if labels is None else mean_label(labels)
        self.color = chosen_label(self._by_label, color)
        self._spectra: dict[str, list[SpectrumRow]] = {}
        self._light_curves: dict[str, LightCurves] = {}
        self._frames: dict[str, Frames] = {}
        #: What was left out of single targets, and why.
        self.left_out: list[tuple[str, str]] = []

    def add(self, observation: xr.DataTree) -> None:
        """Take one target in.

        Raises
        ------
        DataError
            When nothing in it can be used.
        """
        target = str(observation.attrs["target"])
        failed, used = [], 0
        rows = spectrum_rows(observation)
        for name, row in rows.items():
            self._spectra.setdefault(name, []).append(row)
            used += 1
        several: dict[str, int] = {}
        for path, _ in nodes(observation):
            several[path.partition("/")[0]] = several.get(path.partition("/")[0], 0) + 1
        for path, data in nodes(observation):
            instrument, _, visit = path.partition("/")
            name = f"{target}, visit {visit}" if several[instrument] > 1 else target
            try:
                if level_of(data) == "frames":
                    self._frames.setdefault(instrument, Frames(instrument)).add(name, data)
                elif "flux" in data.variables and data["flux"].dims == ("wavelength", "time"):
                    self._light_curves.setdefault(instrument, LightCurves(instrument)).add(name, data)
                else:
                    continue
                used += 1
            except SpecframeError as error:
                failed.append((f"{target} /{path}", str(error)))
        if not used:
            raise DataError(failed[0][1] if failed else "it holds no spectra, light curves or frames")
        self.left_out += failed

    def sections(self) -> list[Section]:
        """Return what there is to tell, labels first."""
        found = [label_section(self.labels, self.seed)]
        for name, rows in self._spectra.items():
            stacked = stack_rows(rows)
            what = "Depths" if name == "depth" else "Spectra"
            title = what if name in ("depth", "spectrum") else f"{what} of {name}"
            found.append(
                spectrum_section(
                    f"{what.lower()}-{slug(name)}" if title != what else what.lower(),
                    title,
                    stacked["value"],
                    stacked.get("error"),
                    self._by_label,
                    self.color,
                    self.seed,
                    int(stacked.attrs["grids"]),
                )
            )
        curves = {name: item for name, item in self._light_curves.items() if item.targets}
        found += [item.section(f"light-curves-{slug(name)}") for name, item in curves.items()]
        frames = {name: item for name, item in self._frames.items() if item.found}
        found += [item.section(f"frames-{slug(name)}") for name, item in frames.items()]
        if self.prediction is not None:
            found.append(prediction_section(self.prediction, self._by_label))
        return _with_own_names(found)


def explore(
    observations: Iterable[xr.DataTree],
    labels: xr.DataArray | None = None,
    color: str | None = None,
    prediction: xr.Dataset | None = None,
    seed: int = 0,
) -> list[Section]:
    """Return what Observations and their labels are like; :func:`~specframe.explore.write_exploration` writes it.

    Parameters
    ----------
    observations
        Read one by one.
    labels, color, prediction, seed
        As :class:`Survey` takes them.

    Raises
    ------
    DataError
        When there is no label ``color``, or a target holds nothing that can be used.
    """
    survey = Survey(labels, color, prediction, seed)
    for observation in observations:
        survey.add(observation)
    return survey.sections()


def _with_own_names(sections: list[Section]) -> list[Section]:
    """Return the sections, those numbered whose names are the same once they are written as names of files."""
    seen: dict[str, int] = {}
    for section in sections:
        seen[section.name] = seen.get(section.name, 0) + 1
        if seen[section.name] > 1:
            number = seen[section.name]
            for i, drawing in enumerate(section.drawings):
                own = drawing.name.removeprefix(section.name)
                section.drawings[i] = type(drawing)(
                    f"{section.name}-{number}{own}", drawing.title, drawing.caption, drawing.draw
                )
            section.name = f"{section.name}-{number}"
    return sections
