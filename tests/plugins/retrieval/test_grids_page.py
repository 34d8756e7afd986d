"""The pipelines on the page about grids and observed spectra work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from specframe import load_pipeline
from specframe_retrieval import ModelGrid, ObservedSpectra, SpectralLibrary

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "spectra-grids.md"
CLASSES = {"model-grid": ModelGrid, "spectral-library": SpectralLibrary, "observed-spectra": ObservedSpectra}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the pipelines read: six spectra in each layout."""
    rng = np.random.default_rng(0)
    wavelength, flux = np.linspace(1.1, 1.4, 4), rng.uniform(1.0, 2.0, (6, 4))
    teff, logg = np.repeat([900.0, 1000.0, 1100.0], 2), np.tile([4.5, 5.0], 3)
    np.savez(tmp_path / "grid.npz", wavelength=wavelength, flux=flux, teff=teff, logg=logg)
    np.save(tmp_path / "training.npy", np.column_stack([flux, teff, logg]))
    (tmp_path / "models").mkdir()
    table = ["file,T,g"]
    for row in range(6):
        name = f"t{teff[row]:.0f}g{logg[row]}.txt"
        np.savetxt(tmp_path / "models" / name, np.column_stack([wavelength, flux[row]]))
        table.append(f"{name},{teff[row]},{logg[row]}")
    (tmp_path / "labels.csv").write_text("\n".join(table) + "\n")
    np.savez(tmp_path / "library.npz", wave=np.tile(wavelength, (6, 1)), flux=flux, err=0.1 * flux, id=np.arange(6))
    rows = ["id,NAME,LIT_TYPE", *(f"{i},star{i // 2},L{i}" for i in range(6))]
    (tmp_path / "library.csv").write_text("\n".join(rows) + "\n")
    np.savetxt(tmp_path / "observed.txt", np.column_stack([wavelength, flux[0]]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language: str) -> dict[str, str]:
    found = re.findall(rf"```{language}(?: title=\"(\S+)\")?\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return {name or f"unnamed{i}": text for i, (name, text) in enumerate(found)}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("grid.yaml", ["teff", "logg"]),
        ("folder.yaml", ["teff", "logg"]),
        ("table.yaml", ["T", "g"]),
        ("depths.yaml", ["T", "H2O"]),
        ("library.yaml", ["sptype"]),
        ("observed.yaml", None),
    ],
)
def test_pipelines(folder: Path, name: str, labels: list[str] | None) -> None:
    path = folder / name
    path.write_text(blocks("yaml")[name])
    load_pipeline(path)  # checks every parameter
    step = yaml.safe_load(path.read_text())["steps"][0]
    loader = CLASSES[step["load"]](**step["with"])
    targets = loader.targets()
    assert len(targets) == (1 if name == "observed.yaml" else 6)
    for target in targets:
        loader.load(target)
    found = loader.labels()
    assert (None if found is None else found["output"].values.tolist()) == labels


def test_python(folder: Path) -> None:
    for text in blocks("python").values():
        exec(compile(text, str(PAGE), "exec"), {})
