"""Networks whose inputs are not named read the depths of spectra or, where there are none, their fluxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from specframe import load_pipeline
from specframe.errors import DataError
from specframe_cnn import Cnn1d, Mlp
from specframe_cnn.variables import Variables

if TYPE_CHECKING:
    from pathlib import Path


def _given(folder: Path, model: type[Cnn1d | Mlp], quantity: str, params: dict[str, Any]) -> Any:
    """Return what a pipeline gives to a network to learn from, on a small grid of spectra with noise of 5 %."""
    teff = np.linspace(900, 2400, 8)
    values = np.linspace(1.0, 2.0, 10) * (teff[:, None] / 1500)
    np.savez(folder / "grid.npz", wave_um=np.linspace(1.0, 2.4, 10), **{quantity: values}, teff=teff)
    steps = [
        {"load": "model-grid", "with": {"path": "grid.npz", "labels": ["teff"], "quantity": quantity}},
        {"calibrate": "observation-noise", "with": {"relative": 0.05}},
        {"calibrate": "normalise", "with": {"by": "mean"}},
        {"id": "fit", "model": model.name, "with": params},
    ]
    (folder / "p.yaml").write_text(yaml.safe_dump({"specframe": 1, "seed": 1, "steps": steps}))

    given = []

    def fit(self: Any, X: Any, y: Any, **_: Any) -> None:
        given.append(X)
        raise DataError("this is enough")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "fit", fit)
        pipeline = load_pipeline(folder / "p.yaml")
        with pytest.raises(DataError, match="this is enough"):
            pipeline.run(folder / "run", quiet=True)
    return given[0]


@pytest.mark.parametrize("model", [Cnn1d, Mlp])
@pytest.mark.parametrize("quantity", ["flux", "depth"])
@pytest.mark.parametrize("augment", [{}, {"noise": 1}], ids=["", "noise"])
@pytest.mark.parametrize("auxiliary", [False, True], ids=["", "auxiliary"])
def test_the_spectra_and_their_errors(
    tmp_path: Path, model: type[Cnn1d | Mlp], quantity: str, augment: dict[str, Any], auxiliary: bool
) -> None:
    further = [f"spectrum/{quantity}_scale"] if auxiliary else []
    params = {"augment": augment, "auxiliary": further}
    X = _given(tmp_path, model, quantity, params)
    measured = model(**params)._measure(Variables.read(X))
    assert measured.names == (quantity,)
    np.testing.assert_array_equal(measured.values[:, 0], X[f"spectrum/{quantity}"].values.astype(np.float32))
    np.testing.assert_allclose(measured.errors[:, 0], 0.05 * measured.values[:, 0], rtol=1e-6)
    assert measured.auxiliary.values.shape[1] == len(further)
