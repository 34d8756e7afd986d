"""Every pipeline of the page on light curves loads files of the form that the page says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from specframe.api import nodes, validate_observation
from specframe_io import LightCurves

PAGE = Path(__file__).resolve().parents[4] / "docs/how-to/light-curves.md"
SHOWN = dict(re.findall(r'```yaml title="(\w+)\.yaml"\n(.*?)```', PAGE.read_text(), re.DOTALL))
TIME = 2459787.0 + np.arange(20) / 100
#: Nodes of each: path, channels and times.
EXPECTED = {
    "channels": [("WFC3-G141/0", 20, 94)],
    "ground": [("OSIRIS/0", 21, 649)],
    "white": [("NIRISS/0", 1, 537)],
    "phases": [("WFC3-G141/0", 15, 752)],
    "juliet": [("CHEOPS/0", 1, 20), ("TESS/0", 1, 20)],
    "wide": [("light-curves/0", 2, 20)],
    "long": [("light-curves/0", 2, 20)],
    "several": [("FORS2/0", 2, 20), ("FORS2/1", 2, 20)],
}


def _write(folder, name):
    """Write the files that the page describes in words."""
    if name == "juliet":
        order = [(time, i, which) for i, time in enumerate(TIME) for which in ("CHEOPS", "TESS")]
        (folder / "lc.dat").write_text("".join(f"{t} 1.0 1e-3 {which}\n" for t, _, which in order))
        (folder / "lm.dat").write_text("".join(f"{t} {i} {-i} {which}\n" for t, i, which in order))
    elif name == "wide":
        rows = "".join(f"{t - 2400000.5},1.0,1.1,1e-3,1e-3\n" for t in TIME)
        (folder / "curves.csv").write_text("time,flux_0.65,flux_0.75,error_0.65,error_0.75\n" + rows)
    elif name == "long":
        rows = "".join(f"{t - 2450000} {w} 1.0 1e-3\n" for t in TIME for w in (650, 750))
        (folder / "table3.txt").write_text("BJD lambda Flux e_Flux\n" + rows)
    elif name == "several":
        for night in (1, 2):
            for wavelength in (650, 750):
                path = folder / f"survey/WASP-19b/night{night}_{wavelength}nm.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(f"{t + night} 12.3 0.001\n" for t in TIME))


def test_the_page_shows_every_case():
    assert set(SHOWN) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_pipeline_of_the_page_loads(name, data_dir, tmp_path):
    for folder in ("hst_wasp107b", "gtc_wasp80b", "jwst_wasp39b", "hst_wasp43b"):
        (tmp_path / folder).symlink_to(data_dir / folder)
    _write(tmp_path, name)
    (step,) = yaml.safe_load(SHOWN[name])["steps"]
    loader = LightCurves.from_params(LightCurves.Params.validate_data(step["with"], base=tmp_path))
    (target,) = loader.targets()
    observation = loader.load(target)
    validate_observation(observation, "test", ("light-curves",))
    found = [(path, data.sizes["wavelength"], data.sizes["time"]) for path, data in nodes(observation)]
    assert found == EXPECTED[name]
