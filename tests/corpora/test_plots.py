"""The pictures of a card: there, equal for equal reports, and not empty."""

import json
from pathlib import Path

from hf_abc.corpora.plots import draw


def test_pictures_are_those_of_the_report(small_corpus: Path, tmp_path: Path) -> None:
    report = json.loads((small_corpus / "report.json").read_text())
    draw(tmp_path, report)
    drawn = sorted(path.name for path in (tmp_path / "plots").iterdir())
    assert drawn == ["families.png", "music.png", "sources.png"]
    card = (small_corpus / "README.md").read_text()
    for name in drawn:
        data = (tmp_path / "plots" / name).read_bytes()
        assert data == (small_corpus / "plots" / name).read_bytes()
        assert data.startswith(b"\x89PNG") and 3_000 < len(data) < 100_000
        assert f"(plots/{name})" in card


def test_names_that_look_like_formulas_are_drawn(small_corpus: Path, tmp_path: Path) -> None:
    report = json.loads((small_corpus / "report.json").read_text())
    report["sources"]["a$^b$" * 9] = {"read": 3, "kept": 0}
    report["statistics"]["keys"] = {"": 1, "$\\frac": 2}
    draw(tmp_path, report)
