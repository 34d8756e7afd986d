"""Keys change with everything that a result depends on, and with nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from specframe.errors import InputFileError
from specframe.pipeline.stages.keys import content_digest, digest, file_digest, seed_for

if TYPE_CHECKING:
    from pathlib import Path


def test_digest_ignores_the_order_of_mappings() -> None:
    assert digest({"a": 1, "b": [2, 3]}) == digest({"b": [2, 3], "a": 1})
    assert digest({"a": 1}) != digest({"a": 1.5})
    assert digest("ab", "c") != digest("a", "bc")


def test_seed_streams_are_named_and_stable() -> None:
    # the first 32 bits of SHA-256 of ["seed",7,"fit","0"], computed with the sha256sum tool
    assert seed_for(7, "fit", 0) == 0x1E9EF1B5
    assert len({seed_for(7, "fit", k) for k in range(1000)}) == 1000
    assert seed_for(7, "fit", 0) != seed_for(8, "fit", 0)


def test_a_small_file_is_known_by_its_content_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"photons")
    second.write_bytes(b"photons")
    os.utime(second, ns=(1, 1))
    assert file_digest(first) == file_digest(second)
    second.write_bytes(b"electrons")
    assert file_digest(first) != file_digest(second)


def test_a_large_file_that_is_rewritten_gets_another_digest(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    content = bytearray(9 * 2**20)
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    before = file_digest(path)
    content[5_000_001] = 1  # outside the sampled blocks: only the time of the change tells
    path.write_bytes(content)
    assert file_digest(path) != before


def test_content_digest_reads_everything(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert content_digest(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"gone.*cannot be read"):
        file_digest(tmp_path / "gone")
