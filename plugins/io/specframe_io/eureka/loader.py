"""The loader ``eureka``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import h5py
import numpy as np

from specframe.api import make_observation
from specframe.api.sizes import check_hdf5_sizes
from specframe.errors import InputFileError
from specframe_io.branch import DAMAGED, Branch
from specframe_io.eureka.series import series_node
from specframe_io.file_loader import FileLoader
from specframe_io.params import EurekaParams
from specframe_io.pickled import refuse_pickle
from specframe_io.system import known_system

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params

__all__ = ["Eureka"]


class Eureka(FileLoader):
    """Loads files of the Eureka! pipeline's stage 4 (``*LCData.h5``) and stage 3 (``*SpecData.h5``), one per target.

    A file becomes one node, ``/<instrument>/0``, at level light-curves: the channels of stage 4, or the optimally
    extracted spectra of stage 3 with a channel per detector column.

    - ``mask``: as Eureka! writes it, ``True`` (1) is not to be used. What is not finite is masked, too, and so is an
      error that is not positive.
    - ``time`` is in d as the file has it, in float64; ``attrs`` say which: ``BMJD_TDB`` is ``time_system`` TDB and
      ``time_reference`` JD 2400000.5.
    - Regressors, where the file has them: ``x``, ``y``, ``width_x``, ``width_y`` (centroids), ``background`` (sky) and
      ``scan_direction``.
    - Channels are sorted by wavelength. Columns of stage 3 without a wavelength are left out.
    - Flux and errors are in the file's units; DN is adu.

    The white light curve in the files is not loaded.

    Raises
    ------
    InputFileError
        When a file or dataset is missing, damaged or not what Eureka! writes. Names file and dataset.

    References
    ----------
    - Bell et al. 2022, Journal of Open Source Software 7, 4503, doi:10.21105/joss.04503
    """

    name: ClassVar[str] = "eureka"
    Params: ClassVar[type[Params]] = EurekaParams
    params: EurekaParams

    def load_file(self, target: str, path: Path, instrument: str | None = None) -> xr.DataTree:
        """Return the Observation of one file."""
        refuse_pickle(path)
        try:
            check_hdf5_sizes(path)
            with h5py.File(path, "r") as file:
                root = Branch(path, file, "Eureka!")
                node = series_node(root, self.params.units, self.params.time_units)
                instrument = instrument or self.params.instrument or _instrument(file)
                version = _word(file.attrs.get("version"))
        except DAMAGED as error:
            raise InputFileError(path, f"is not a whole HDF5 file ({error}); get it again") from None
        return make_observation(
            target,
            {f"{instrument}/0": node},
            source=f"Eureka! {version}".strip() + f", {path.name}",
            **known_system(self.params.system),
        )


def _instrument(file: h5py.File) -> str:
    """Return instrument and filter of stage 3, ``MIRI-LRS``; light curves do not say what they are of."""
    words = [_word(file.attrs.get(key)).upper().replace("/", "-") for key in ("inst", "filter")]
    return "-".join(word for word in words if word and word != "NONE") or "eureka"


def _word(attribute: Any) -> str:
    values = [] if attribute is None else np.asarray(attribute).ravel().tolist()
    if len(values) != 1:
        return ""
    return values[0].decode("utf-8", "replace") if isinstance(values[0], bytes) else str(values[0])
