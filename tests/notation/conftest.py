"""Real tunes for the tests of the notation room: every tenth tune of three printed collections."""

import importlib.util
from pathlib import Path

import pytest

from hf_abc.notation.tune import split_book


@pytest.fixture(scope="session")
def real_tunes() -> list[str]:
    """424 tunes, the first 424 multiples of ten of the 4,248 in file order."""
    spec = importlib.util.find_spec("music21")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "corpus"
    files = [f for name in ("oneills1850", "ryansMammoth", "airdsAirs") for f in sorted((folder / name).glob("*.abc"))]
    tunes = [tune for file in files for tune in split_book(file.read_text(encoding="utf-8"))]
    assert len(tunes) == 4248
    return tunes[5::10]
