"""The table of a corpus."""

import json
from pathlib import Path

from hf_abc.corpora.table import read_report, table


def test_every_source_side_and_split_has_its_row(small_corpus: Path) -> None:
    report = json.loads((small_corpus / "report.json").read_text())
    assert read_report(small_corpus) == report
    rows = [line.split() for line in table(report).splitlines()]
    for source, counts in report["sources"].items():
        assert [source, "music21-corpus", f"{counts['read']:,}", f"{counts['kept']:,}"] in [
            r[:4] for r in rows
        ]
    assert ["all", f"{report['read']:,}", f"{report['kept']:,}"] in [row[:3] for row in rows]
    for side, n in report["sides"].items():
        assert [side, *(f"{n[key]:,}" for key in ("tunes", "families", "characters"))] in rows
    assert any(row[:2] == ["24", "letters"] and row[-1] == "0.0%" for row in rows)


def test_a_source_of_which_nothing_is_left_has_a_row_too(small_corpus: Path) -> None:
    report = json.loads((small_corpus / "report.json").read_text())
    report["sources"]["lost"] = {"read": 7, "kept": 0}
    assert ["lost", "7", "0", "0", "0", "0"] in [line.split() for line in table(report).splitlines()]
