"""The loader ``exosim-ndr``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import h5py

from specframe.api import Loader, make_observation
from specframe.api.sizes import check_hdf5_sizes
from specframe.errors import InputFileError, ParameterError
from specframe_io.branch import DAMAGED, Branch
from specframe_io.exosim.channel import channel_node
from specframe_io.folder import chosen_targets, files_by_target, of_target
from specframe_io.names import listed
from specframe_io.params import FIRST_AND_LAST, ExosimNdrParams

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params

__all__ = ["ExosimNdr"]


class ExosimNdr(Loader):
    """Loads files of non-destructive reads (NDRs) of ExoSim 2, each of which is one target.

    Channels become instruments, in frames as the detector calibration takes them (``ariel-detector``):

    - Of each ramp two frames are kept, the first and the last unless ``groups`` says otherwise; their difference is
      what the ramp measured. A reset never falls between them, which is checked against times and integration times.
      What is left of a ramp at the end of the file is not used; ``attrs["unused_frames"]`` counts it.
    - ``time`` is when the frame was read. The file has the start of the integration that ended with the read; where
      reads were averaged, ``time`` is their mean.
    - adu are made electrons by adu / gain + offset, as ``metadata/ADC`` says. Without ADC frames are electrons.
    - ``dead``, ``flat`` and ``linearity`` are what was simulated, without errors of measurement; an effect that was
      not simulated gives a map that changes nothing. Where the file has no ``simulation_data``, they are left out.
      Gain drift, pointing jitter and cosmic rays are not undone.
    - Read noise and dark current are not in the files; give them as parameters, or do without in the calibration.

    A channel whose two axes have the same wavelengths is a photometer; its wavelength is the mean of its efficiency.

    Raises
    ------
    InputFileError
        When a file, channel or dataset is missing, damaged or not what ExoSim writes, or a ramp does not have the
        ``groups``. Names file and dataset.
    ParameterError
        When a mapping names a channel that there is not.

    References
    ----------
    - Sarkar et al. 2021, Experimental Astronomy 51, 287, doi:10.1007/s10686-020-09690-9
    - ExoSim 2, https://exosim2-public.readthedocs.io
    """

    name: ClassVar[str] = "exosim-ndr"
    Params: ClassVar[type[Params]] = ExosimNdrParams
    params: ExosimNdrParams

    def targets(self) -> list[str]:
        """Return the names of the files without their suffix, sorted by path."""
        return chosen_targets(self._files(), self.params.targets, self.params.path)

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one file; frames are read when they are needed."""
        path = self._file(target)
        try:
            check_hdf5_sizes(path)
            with h5py.File(path, "r") as file:
                root = Branch(path, file)
                channels = root.branch("channels")
                names = self._instruments(channels)
                nodes = {f"{name}/0": self._node(channels.branch(name), name) for name in names}
                version = file.get("info/exosim/program_version")
                source = "ExoSim" if version is None else f"ExoSim {version.asstr()[()]}"
        except DAMAGED as error:
            raise InputFileError(path, f"is not a whole HDF5 file ({error}); get it again") from None
        return make_observation(target, nodes, source=f"{source}, {path.name}")

    def files(self, target: str) -> list[Path]:
        """Return the target's file."""
        return [self._file(target)]

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the files at ``path``."""
        return self.from_params(self.params.model_copy(update={"path": path, "targets": None}))

    def _node(self, channel: Branch, instrument: str) -> xr.Dataset:
        params = self.params
        return channel_node(
            channel,
            instrument,
            _of(params.groups, instrument, FIRST_AND_LAST),
            read_noise=_of(params.read_noise, instrument, None),
            dark=_of(params.dark, instrument, None),
            linearity=params.linearity,
        )

    def _instruments(self, channels: Branch) -> list[str]:
        there = channels.names()
        if not there:
            raise InputFileError(channels.path, "channels: holds no channel")
        for name in ("groups", "read_noise", "dark"):
            value = getattr(self.params, name)
            unknown = sorted(set(value) - set(there)) if isinstance(value, dict) else []
            if unknown:
                raise ParameterError(
                    f"exosim-ndr: {name} names {', '.join(unknown)}; channels of {channels.path}: {', '.join(there)}"
                )
        wanted = self.params.instruments
        missing = [name for name in wanted or () if name not in there]
        if missing:
            raise InputFileError(
                channels.path, f"channels: has no {listed(map(repr, missing))}; there: {', '.join(there)}"
            )
        return there if wanted is None else list(dict.fromkeys(wanted))

    def _files(self) -> dict[str, Path]:
        """Return the file of each target."""
        return files_by_target(self.params.path, self.params.pattern, lambda file: file.stem)

    def _file(self, target: str) -> Path:
        return of_target(self._files(), target, self.params.path)


def _of(value: Any, instrument: str, default: Any) -> Any:
    """Return an instrument's value of a parameter that may be a mapping by instrument."""
    return value.get(instrument, default) if isinstance(value, dict) else value
