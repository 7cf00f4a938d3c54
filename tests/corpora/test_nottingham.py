"""Nottingham: two editions of one tune are two settings of it."""

import re
from pathlib import Path

import pytest

from hf_abc.corpora.sources import Refused, open_source, read_source
from hf_abc.notation.tune import Tune

TUNE = 'X: 1\nT:A\nM:6/8\nK:G\n"G"GAB cde|\n'
SHARED = Path(__file__).parents[3] / "shared" / "data" / "nottingham"


def test_editions_are_settings(tmp_path: Path) -> None:
    for edition in ("ABC_original", "ABC_cleaned"):
        (tmp_path / edition).mkdir()
        (tmp_path / edition / "jigs.abc").write_text(TUNE + "\n" + TUNE.replace("X: 1", "X: 2"))
    (tmp_path / "ABC_original" / "x.mid").write_bytes(b"MThd")
    (tmp_path / "MIDI").mkdir()
    found = list(read_source(f"nottingham:{tmp_path}"))
    assert [f.id if isinstance(f, Tune) else f.where for f in found] == [
        "nottingham:jigs/1:1", "nottingham:jigs/2:1", "nottingham:jigs/1:2", "nottingham:jigs/2:2",
        "ABC_original/x.mid",
    ]  # fmt: skip
    assert {f.licence for f in found if isinstance(f, Tune)} == {"GPL-3.0-only"}


def test_one_edition_alone(tmp_path: Path) -> None:
    (tmp_path / "jigs.abc").write_text(TUNE)
    source = open_source(f"nottingham:{tmp_path}")
    (tune,) = source.read()
    assert isinstance(tune, Tune) and tune.id == "nottingham:jigs/1:1" and source.name == "nottingham"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not there")
def test_real_editions() -> None:
    found = list(read_source(f"nottingham:{SHARED}"))
    tunes = [f for f in found if isinstance(f, Tune)]
    lines = sum(len(re.findall(rb"^X:", file.read_bytes(), re.MULTILINE)) for file in SHARED.rglob("*.abc"))
    assert len(tunes) == lines == len({tune.id for tune in tunes}) == 1881
    assert not [f for f in found if isinstance(f, Refused)]
    assert sum(tune.id.endswith(":2") for tune in tunes) > 900
