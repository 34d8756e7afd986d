"""Small files of every kind that pages take for granted, under the names that the pages give them.

Real ones are cut from the folder of real data; the rest are light curves with a transit of known depth.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from snippets import blocks_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GIVEN", "transit"]

_RNG_SEED = 5


def transit(time: np.ndarray, *, depth: Any = 0.02, half: float = 0.06, noise: float = 3e-4) -> np.ndarray:
    """Return noisy curves (..., time) with a transit in the middle of the times, of soft contacts."""
    rng = np.random.default_rng(_RNG_SEED)
    middle = 0.5 * (time[0] + time[-1])
    inside = np.clip((half - np.abs(time - middle)) / 0.008, 0.0, 1.0)
    flux = 1.0 - np.asarray(depth)[..., None] * inside
    return flux + noise * rng.normal(size=flux.shape)


def table_curves(path: Path, data: Path) -> None:
    """Twenty-four white light curves of one number, with depths, in groups of stars."""
    rng = np.random.default_rng(_RNG_SEED)
    depth = rng.uniform(0.002, 0.02, 24)
    names = np.array([f"P{i}" for i in range(24)])
    curves = {"planet": names, "flux": transit(np.linspace(-0.12, 0.12, 48), depth=depth), "depth": depth}
    np.savez(path, star=np.arange(24) % 5, **curves)


def new_curves(path: Path, data: Path) -> None:
    """Three of the real curves, without labels."""
    with np.load(data / "adc24" / "white_light_curves.npz") as real:
        np.savez(path, planet_id=real["planet_id"][:3], white=real["white"][:3])


def text_curves(path: Path, data: Path) -> None:
    """The curves as columns of a text file, and labels beside it."""
    names = [f"P{i}" for i in range(8)]
    flux = transit(np.linspace(-0.12, 0.12, 30), depth=np.linspace(0.005, 0.02, 8))
    header = "name," + ",".join(f"f_{i}" for i in range(30)) + "\n"
    rows = "".join(f"{name},{','.join(map(str, row))}\n" for name, row in zip(names, flux, strict=True))
    path.write_text(header + rows)
    labels = "".join(f"{name},{1 + i / 10},{5000 + i}\n" for i, name in enumerate(names))
    path.with_name("labels.csv").write_text("name,radius,teff\n" + labels)


def grid(path: Path, data: Path) -> None:
    """Thirty spectra of the real grid at every eighth wavelength, under its own names."""
    with np.load(data / "browndwarf" / "dback24.npz") as real:
        chosen = np.flatnonzero((real["z"] == 0.0) & (real["teff"] <= 2000))[::6][:30]
        each = {name: real[name][chosen] for name in ("teff", "logg", "z", "extra")}
        np.savez(path, wave_um=real["wave_um"][::8], flux=real["flux"][chosen][:, ::8], **each)


def cloudy_grid(path: Path, data: Path) -> None:
    """All real spectra of one metallicity and one kind of clouds, at every eighth wavelength."""
    with np.load(data / "browndwarf" / "dback24.npz") as real:
        chosen = np.flatnonzero((real["z"] == 0.0) & (real["extra"] == "f8.00"))
        each = {name: real[name][chosen] for name in ("teff", "logg", "z", "extra")}
        np.savez(path, wave_um=real["wave_um"][::8], flux=real["flux"][chosen][:, ::8], **each)


def labelled_grid(path: Path, data: Path) -> None:
    """Twenty-four spectra of four pixels, as one archive, a folder of texts with a table of labels, and a matrix."""
    rng = np.random.default_rng(0)
    wavelength, flux = np.linspace(1.1, 1.4, 4), rng.uniform(1.0, 2.0, (24, 4))
    teff, logg = np.repeat(np.linspace(900.0, 2000.0, 12), 2), np.tile([4.5, 5.0], 12)
    np.savez(path, wavelength=wavelength, wave_um=wavelength, flux=flux, teff=teff, logg=logg)
    np.save(path.with_name("training.npy"), np.column_stack([flux, teff, logg]))
    folder = path.with_name("models")
    folder.mkdir()
    table = ["file,T,g"]
    for row in range(24):
        name = f"t{teff[row]:.0f}g{logg[row]}.txt"
        np.savetxt(folder / name, np.column_stack([wavelength, flux[row]]))
        table.append(f"{name},{teff[row]},{logg[row]}")
    path.with_name("labels.csv").write_text("\n".join(table) + "\n")
    keys = np.arange(24)
    np.savez(path.with_name("library.npz"), wave=np.tile(wavelength, (24, 1)), flux=flux, err=0.1 * flux, id=keys)
    rows = ["id,NAME,LIT_TYPE", *(f"{i},star{i // 2},L{i % 8}" for i in keys)]
    path.with_name("library.csv").write_text("\n".join(rows) + "\n")
    np.savetxt(path.with_name("observed.txt"), np.column_stack([wavelength, flux[0]]))


def brown_dwarf(path: Path, data: Path) -> None:
    """HD 3651B in physical units, every fourth pixel, as text or as a table with names."""
    with np.load(data / "browndwarf" / "telescopeml_tutorial2_hd3651b.npz") as real:
        wavelength, flux = real["wl_obs"][20:500:4], real["flam_obs"][20:500:4]
    error = np.full_like(flux, 0.03 * np.nanmedian(flux))
    if path.suffix == ".csv":
        rows = "".join(f"{w},{f},{e}\n" for w, f, e in zip(wavelength, flux, error, strict=True))
        path.write_text("wavelength (um),flux (erg s-1 cm-2 AA-1),error (erg s-1 cm-2 AA-1)\n" + rows)
    elif path.suffix:
        np.savetxt(path, np.c_[wavelength, flux, error], header="wavelength flux error")
    else:
        path.mkdir()
        brown_dwarf(path / "HD 3651B.txt", data)


def white_curve(path: Path, data: Path) -> None:
    """Two columns of the white curve of WASP-39b, and an error."""
    time, counts = np.load(data / "jwst_wasp39b" / "WASP-39b_WhiteLight.npy")
    np.savetxt(path, np.c_[time, counts, np.full_like(time, 2e-4 * np.median(counts))][::3])


def instrument_texts(path: Path, data: Path) -> None:
    """A folder with a curve of TESS and one from the ground, of the same transit."""
    path.mkdir()
    for name, start in (("TESS", 2327.36), ("ground", 2459327.36)):
        time = start + np.linspace(0.0, 0.24, 60)
        flux = transit(time, noise=3e-4)
        np.savetxt(path / f"toi1_{name}.dat", np.c_[time, flux, np.full_like(time, 3e-4)], fmt="%.8f")


def image_cubes(path: Path, data: Path) -> None:
    """Images of flux, error, time and wavelength of two detectors."""
    from astropy.io import fits

    path.mkdir()
    for name, lower in (("nrs1", 2.8), ("nrs2", 3.8)):
        time = 59791.0 + np.linspace(0.0, 0.2, 60)
        wavelength = np.linspace(lower, lower + 0.8, 40)
        flux = transit(time, depth=np.full(40, 0.0211), half=0.058, noise=1e-3)
        images = {"FLUX": flux, "FLUX_ERR": np.full_like(flux, 1e-3), "TIME": time, "WAVELENGTH": wavelength}
        parts = [fits.PrimaryHDU(), *(fits.ImageHDU(image, name=key) for key, image in images.items())]
        fits.HDUList(parts).writeto(path / f"{name}_cube.fits")


def order_images(path: Path, data: Path) -> None:
    """Two orders with edges of channels in extensions of their own."""
    from astropy.io import fits

    time = np.linspace(59_743.2, 59_743.4, 40)
    parts = [fits.PrimaryHDU(), fits.ImageHDU(time, name="TIME")]
    for order in (1, 2):
        edge = np.linspace(0.6, 1.0, 6) * order
        flux = transit(time, depth=np.full(5, 0.02)).T
        images = {"FLUX": flux, "FLUX ERR": np.full_like(flux, 3e-4), "WAVE LOW": edge[:-1], "WAVE UP": edge[1:]}
        parts += [fits.ImageHDU(image, name=f"{key} O{order}") for key, image in images.items()]
    parts[1].header["UNITS"] = "BJD"
    fits.HDUList(parts).writeto(path)


def rainbows(path: Path, data: Path) -> None:
    """A file of raw light curves as chromatic writes them; in ``prism`` one for each of two instruments."""
    import xarray as xr

    path.mkdir()
    time = 59_787.0 + np.linspace(0.0, 0.24, 40)
    wavelength = np.array([3.0, 3.5, 4.1])
    flux = transit(time, depth=np.full(3, 0.02))
    axes = ("wavelength", "time")
    rainbow = xr.Dataset(
        {
            "raw_flux": (axes, flux, {"units": ""}),
            "raw_flux_error": (axes, np.full_like(flux, 3e-4), {"units": ""}),
            "quality_flag": (axes, np.ones_like(flux, bool), {"units": ""}),
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "micron"}), "time": ("time", time, {"units": "d"})},
        attrs={"name": "null", "author": '"A. N. Observer"', "data_origin": '"MAST"', "history": "[]"},
    )
    prefixes = ["wasp39b-nrs1-", "wasp39b-nrs2-"] if path.name == "prism" else ["wasp-39b-"]
    for prefix in prefixes:
        rainbow.to_netcdf(path / f"{prefix}raw-light-curves.xc", engine="h5netcdf")


def extracted_spectra(path: Path, data: Path) -> None:
    """One segment of x1dints with a row for each integration."""
    from astropy.io import fits

    path.mkdir()
    n, pixels = 40, 6
    number = np.arange(1, n + 1)
    time = 59_787.0 + np.linspace(0.0, 0.24, n)
    flux = transit(time, depth=np.full(pixels, 0.02)).T
    wave = np.tile(np.linspace(1.0, 2.0, pixels), (n, 1))
    spectral = {"WAVELENGTH": (wave, "um"), "FLUX": (flux, "Jy"), "FLUX_ERROR": (np.full_like(flux, 3e-4), "Jy")}
    columns = [
        fits.Column("INT_NUM", "J", array=number),
        fits.Column("MJD-AVG", "D", unit="d", array=time),
        fits.Column("TDB-MID", "D", unit="d", array=time + 0.004),
        fits.Column("N_ALONGDISP", "J", array=np.full(n, pixels)),
        *(fits.Column(key, f"{pixels}D", unit=unit, array=a) for key, (a, unit) in spectral.items()),
        fits.Column("DQ", f"{pixels}J", bzero=2**31, array=np.zeros((n, pixels), np.uint32)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="EXTRACT1D")
    table.header["SPORDER"] = 1
    primary = fits.PrimaryHDU()
    primary.header.update({"INSTRUME": "NIRISS", "DETECTOR": "NIS", "CAL_VER": "1.18.0", "TARGPROP": "WASP-39"})
    primary.header["INTSTART"] = 1
    fits.HDUList([primary, table]).writeto(path / "jw01366001001_04101_00001-seg001_nis_x1dints.fits")


def text_of(text: str) -> Callable[[Path, Path], None]:
    """Return what writes a file of this text."""

    def write(path: Path, data: Path) -> None:
        path.write_text(text, encoding="utf-8")

    return write


def local_plugin(path: Path, data: Path) -> None:
    """The files of the page on local plugins."""
    page = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "local-plugin.md"
    for block in blocks_of(page):
        if block.title:
            path.with_name(block.title).write_text(block.code, encoding="utf-8")


def few_of_the_challenge(path: Path, data: Path) -> None:
    """Sixteen of the real white light curves, and all the labels."""
    path.mkdir(parents=True)
    with np.load(data / "adc24" / "white_light_curves.npz") as real:
        np.savez(path / "white_light_curves.npz", planet_id=real["planet_id"][:16], white=real["white"][:16])
    (path / "train_labels.csv").symlink_to((data / "adc24" / "train_labels.csv").resolve())


def named_white(path: Path, data: Path) -> None:
    """Thirty white curves with depths, under the names that the page on variables gives them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    depth = np.linspace(0.002, 0.02, 30)
    np.savez(path, white=transit(np.linspace(-0.12, 0.12, 48), depth=depth), depth=depth)


def eureka_curves(path: Path, data: Path) -> None:
    """Light curves of stage 4 with a transit."""
    import h5py

    path.mkdir()
    time, wave = 59_791.0 + np.linspace(0.0, 0.24, 60), np.array([1.0, 2.0, 3.0])
    flux = transit(time, depth=np.full(3, 0.02))
    arrays = {"data": flux, "err": np.full_like(flux, 3e-4), "mask": np.zeros(flux.shape, bool), "time": time}
    arrays |= {"wavelength": wave, "wave_low": wave - 0.5, "wave_hi": wave + 0.5, "wave_err": np.full(3, 0.5)}
    with h5py.File(path / "S4_wasp39b_ap4_bg5_LCData.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array
        file["data"].attrs["flux_units"] = "normalized"
        file["time"].attrs["time_units"] = "BMJD_TDB"
        file["wavelength"].attrs["wave_units"] = "um"


def space_photometry(path: Path, data: Path) -> None:
    """A sector of TESS around one transit."""
    from astropy.io import fits

    path.mkdir()
    n = 720
    time = 1327.02 + np.linspace(0.0, 1.0, n)
    flux = 12_000.0 * transit(time, noise=1e-3)
    doubles = {"MOM_CENTR1": 198.0 + np.arange(n) / 1e3, "MOM_CENTR2": 301.0 - np.arange(n) / 1e3}
    rates = {"SAP_FLUX": flux, "SAP_FLUX_ERR": 0.0 * flux + 12, "SAP_BKG": 0.0 * flux + 1100, "PDCSAP_FLUX": flux}
    columns = [
        fits.Column("TIME", "D", unit="BJD - 2457000, days", array=time),
        fits.Column("CADENCENO", "J", array=70_444 + np.arange(n)),
        *(fits.Column(key, "E", unit="e-/s", array=a) for key, a in rates.items()),
        fits.Column("PDCSAP_FLUX_ERR", "E", unit="e-/s", array=0.0 * flux + 12),
        fits.Column("QUALITY", "J", array=np.zeros(n, np.int32)),
        *(fits.Column(key, "D", unit="pixel", array=a) for key, a in doubles.items()),
        fits.Column("POS_CORR1", "E", unit="pixel", array=np.zeros(n)),
        fits.Column("POS_CORR2", "E", unit="pixel", array=np.zeros(n)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="LIGHTCURVE")
    clock = {"BJDREFI": 2457000, "BJDREFF": 0.0, "TIMESYS": "TDB", "TIMEREF": "SOLARSYSTEM", "EXPOSURE": 0.2}
    table.header.update({**clock, "FRAMETIM": 2.0, "NUM_FRM": 60, "INT_TIME": 1.98, "TIMEDEL": 0.00138889})
    tic = 25_155_310
    primary = {"TELESCOP": "TESS", "INSTRUME": "TESS Photometer", "OBJECT": f"TIC {tic}", "TICID": tic, "SECTOR": 1}
    primary |= {"TEFF": 5800.0, "RADIUS": 1.27, "LOGG": 4.3, "MH": 0.0, "RA_OBJ": 64.0, "DEC_OBJ": -69.0}
    parts = [fits.PrimaryHDU(header=fits.Header(primary)), table, fits.ImageHDU(np.ones((2, 2), np.int32))]
    parts[-1].name = "APERTURE"
    fits.HDUList(parts).writeto(path / f"tess2018206045859-s0001-{tic:016d}-0120-s_lc.fits")


def curve_layouts(path: Path, data: Path) -> None:
    """What the page on light curves describes in words: juliet's files, a wide and a long table, a survey."""
    time = 2459787.0 + np.arange(20) / 100
    order = [(t, i, which) for i, t in enumerate(time) for which in ("CHEOPS", "TESS")]
    path.write_text("".join(f"{t} 1.0 1e-3 {which}\n" for t, _, which in order))
    path.with_name("lm.dat").write_text("".join(f"{t} {i} {-i} {which}\n" for t, i, which in order))
    rows = "".join(f"{t - 2400000.5},1.0,1.1,1e-3,1e-3\n" for t in time)
    path.with_name("curves.csv").write_text("time,flux_0.65,flux_0.75,error_0.65,error_0.75\n" + rows)
    rows = "".join(f"{t - 2450000} {w} 1.0 1e-3\n" for t in time for w in (650, 750))
    path.with_name("table3.txt").write_text("BJD lambda Flux e_Flux\n" + rows)
    for night in (1, 2):
        for wavelength in (650, 750):
            file = path.with_name("survey") / f"WASP-19b/night{night}_{wavelength}nm.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{t + night} 12.3 0.001\n" for t in time))


def two_columns(path: Path, data: Path) -> None:
    """A spectrum without names of columns: wavelength, half width, depth in ppm, both errors."""
    rows = [(1.1 + i / 10, 0.05, 14500 + i, 60, 55) for i in range(6)]
    np.savetxt(path, np.array(rows))


def exosim_reads(path: Path, data: Path) -> None:
    """The smaller of the real files of ExoSim."""
    path.mkdir()
    shutil.copy(data / "exosim" / "mini_3groups_2ndrs_ndr.h5", path / "planet_ndr.h5")


def _real(name: str) -> Callable[[Path, Path], None]:
    def link(path: Path, data: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to((data / name).resolve())

    return link


_TABLE = """specframe: 1
steps:
  - load: table
    with: {path: curves.npz, target: planet, flux: flux, cadence: 7.4 min, labels: {columns: depth}}
  - {id: transit, detrend: transit-polynomial}
  - {id: fit, model: ridge}
evaluate: {bootstrap: 0, cross_validation: {folds: 3}}
"""
_LOADER = """specframe: 1
steps:
  - load: light-curves
    with: {path: wasp39.txt, columns: {time: 0, flux: 1, flux_error: 2}, time: BMJD_TDB, wavelength: 1.8}
"""
_PLANETS = """specframe: 1
steps:
  - {id: planets, load: ariel-simulated, with: {n_targets: 6, airs_pairs: 32, fgs1_pairs: 32}}
"""
_CHALLENGE = """specframe: 1
steps:
  - {id: data, load: ariel-challenge, with: {path: data/adc24}}
  - calibrate: ariel-detector
  - detrend: transit-joint
  - model: naive
evaluate: {bootstrap: 0, cross_validation: {folds: 3}}
"""
_RETRIEVAL = """specframe: 1
steps:
  - load: model-grid
    with: {path: dback24.npz, labels: [teff, logg], flux_units: erg s-1 cm-2 um-1}
  - calibrate: resample
    with: {like: observed/HD 3651B.txt}
  - calibrate: normalise
  - model: ridge
evaluate: {bootstrap: 0, holdout: {fraction: 0.2}, scores: [r2]}
predict:
  load: observed-spectra
  with: {path: observed, flux_units: erg s-1 cm-2 angstrom-1, distance: 11.1 pc}
"""
_WRONG = """specframe: 1
description: A pipeline with a misspelt name
seed: 1
steps:
  - id: data
    load: ariel-simulated
    with:
      n_targets: 80
      seed: 1
  - id: curves
    calibrate: ariel-detector
  - id: transit
    detrend: transit-polynomial
    with:
      order: 3
  - id: fit
    model: rigde
"""

#: By the name that a page uses: what makes the file, or the files beside it.
GIVEN: dict[str, Callable[[Path, Path], None]] = {
    "Stage4": eureka_curves,
    "atlas9": _real("atlas9_limb_darkening"),
    "base.yaml": text_of(_TABLE),
    "few/adc24": few_of_the_challenge,
    "few/curves.npz": named_white,
    "hd-3651b.yaml": text_of(_RETRIEVAL),
    "mine.py": local_plugin,
    "mine.yaml": text_of(_CHALLENGE),
    "my.yaml": text_of(_LOADER),
    "pipeline.yaml": text_of(_TABLE),
    "planets.yaml": text_of(_PLANETS),
    "wrong.yaml": text_of(_WRONG),
    "HD 3651B.txt": brown_dwarf,
    "hd-3651b.csv": brown_dwarf,
    "hd3651b.txt": brown_dwarf,
    "observed.csv": brown_dwarf,
    "observed.txt": brown_dwarf,
    "observed": brown_dwarf,
    "cubes": image_cubes,
    "WASP-96_spectra_fullres.fits": order_images,
    "curves-of-chromatic": rainbows,
    "curves-of-texts": instrument_texts,
    "curves.npz": table_curves,
    "curves.csv": text_curves,
    "data/hat-p-18b-2022-06-niriss-o2.fits": _real("jwst_hatp18b/hat-p-18b-2022-06-niriss-o2.fits"),
    "hat-p-18b-2022-06-niriss-o2.fits": _real("jwst_hatp18b/hat-p-18b-2022-06-niriss-o2.fits"),
    "dback24.npz": grid,
    "gtc_wasp80b": _real("gtc_wasp80b"),
    "grid.npz": labelled_grid,
    "hst_wasp107b": _real("hst_wasp107b"),
    "hst_wasp43b": _real("hst_wasp43b"),
    "jwst_wasp39b": _real("jwst_wasp39b"),
    "lc.dat": curve_layouts,
    "lightcurves": space_photometry,
    "new_curves.npz": new_curves,
    "one-cloud.npz": cloudy_grid,
    "prism": rainbows,
    "published_spectrum.csv": _real("hst_wasp107b/published_spectrum.csv"),
    "simulations": exosim_reads,
    "spec_lc_22bin": _real("hst_wasp107b/spec_lc_22bin"),
    "spectra": extracted_spectra,
    "spectrum.dat": two_columns,
    "wasp39.txt": white_curve,
    "wasp39b": _real("jwst_wasp39b"),
}
