"""Real tunes for the tests of the notation room: one in thirty of three printed collections."""

import importlib.util
from pathlib import Path

import pytest

from hf_abc.notation.tune import split_book


@pytest.fixture(scope="session")
def real_tunes() -> list[str]:
    """142 of the 4,248 tunes, evenly spread over the files."""
    spec = importlib.util.find_spec("music21")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "corpus"
    names = ("oneills1850", "ryansMammoth", "airdsAirs")
    files = [file for name in names for file in sorted((folder / name).glob("*.abc"))]
    tunes = [tune for file in files for tune in split_book(file.read_text(encoding="utf-8"))]
    assert len(tunes) == 4248
    return tunes[5::30]
