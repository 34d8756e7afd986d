"""A plugin file with models that take their time, refuse, or take their process with them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import Component, Field, Model, Params, design_matrix, hookimpl, label_matrix, make_labels, workspace
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr


class HardParams(Params):
    seconds: float = Field(0.0, description="Time of a fit.")
    calls: str = Field("", description="File to which each fit adds a line: its process.")
    refuses: bool = Field(False, description="Whether it has too few targets.")
    deadly: str = Field("", description="What the fit is called that ends its process.")
    once: str = Field("", description="File that tells that a process has been ended already.")


class Hard(Model):
    """Least squares through the origin, plus 10 ppm that its seed decides."""

    name = "hard"
    Params = HardParams

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, seed: int = 0) -> Hard:
        p, folder = self.params, workspace().directory
        if p.calls:
            with Path(p.calls).open("a") as file:
                file.write(f"{os.getpid()}\n")
        time.sleep(p.seconds)
        workspace().tell("half of it is done")
        if p.refuses:
            raise DataError("there are too few targets")
        if (
            p.deadly
            and folder is not None
            and p.deadly in ("*", folder.name)
            and not (p.once and Path(p.once).exists())
        ):
            if p.once:
                Path(p.once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        matrix, targets = design_matrix(X, self.inputs())
        self.slope = np.linalg.lstsq(matrix, label_matrix(y, targets, named=True), rcond=None)[0]
        self.offset = 1e-5 * np.random.default_rng(seed).standard_normal()
        return self

    def predict(self, X: Any) -> xr.Dataset:
        matrix, targets = design_matrix(X, self.inputs())
        return make_labels(matrix @ self.slope + self.offset, targets, ["depth"]).to_dataset(name="mean")

    def get_state(self) -> Any:
        return {"slope": self.slope}, {"offset": self.offset}

    def set_state(self, arrays: Any, values: Any) -> None:
        self.slope, self.offset = arrays["slope"], values["offset"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    yield Component(kind="model", name="hard", target="hard_models:Hard", params=HardParams)
