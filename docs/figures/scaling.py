"""Draw the run time of many full-size planets against the number of workers, as ``benchmarks/scaling.py`` simulates it.

Run from the repository's root: ``python docs/figures/scaling.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.figure import Figure

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "docs" / "images" / "scaling.png"
COLOURS = ("#0072B2", "#E69F00", "#009E73")  # told apart by the colour-blind (Okabe & Ito)

sys.path.insert(0, str(ROOT / "benchmarks"))
from scaling import CASES, PLANETS, WORKERS, simulated  # noqa: E402 - found by the line above

figure = Figure(figsize=(9, 4), layout="constrained")
panels = figure.subplots(1, 2, sharex=True)
for panel, n_planet in zip(panels, PLANETS, strict=True):
    for colour, (name, pieces) in zip(COLOURS, CASES.items(), strict=True):
        runs = [simulated(pieces, n_planet, workers) for workers in WORKERS]
        panel.loglog(WORKERS, [run["total"] / 3600 for run in runs], color=colour, marker="o", markersize=3, label=name)
        panel.loglog(WORKERS, [run["gathered"] / 3600 for run in runs], color=colour, linestyle=":", linewidth=1)
    alone = n_planet * next(iter(CASES.values())).tail / 3600
    panel.axhline(alone, color="0.5", linewidth=0.8)
    panel.text(WORKERS[-1], 0.8 * alone, "main process, alone", ha="right", va="top", color="0.4")
    panel.set_title(f"{n_planet:,} full-size planets")
    panel.set_xlabel("workers")
    panel.set_ylabel("run time (h)")
    panel.grid(True, which="major", color="0.9")
panels[0].plot([], [], color="0.3", linestyle=":", label="until all are reduced")
panels[0].legend(frameon=False)
figure.savefig(IMAGE, dpi=110)
