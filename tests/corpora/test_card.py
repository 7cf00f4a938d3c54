"""The dataset card: its head is YAML, its numbers are the report's."""

import json
from pathlib import Path

import pytest
import yaml

from hf_abc.corpora.card import write_card
from hf_abc.corpora.sources.music21_collections import licence_text


@pytest.fixture
def card(small_corpus: Path) -> str:
    return (small_corpus / "README.md").read_text()


def test_the_head_is_what_the_hub_reads(card: str) -> None:
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["configs"] == [
        {
            "config_name": "default",
            "data_files": [{"split": s, "path": f"{s}.parquet"} for s in ("train", "validation", "test")],
        }
    ]
    assert (head["license"], head["license_name"]) == ("other", "music21-corpus")
    assert "abc-notation" in head["tags"] and head["size_categories"] == ["n<1K"]


def test_the_licence_is_quoted_in_full(card: str) -> None:
    quoted = [line.removeprefix(">").strip() for line in card.splitlines() if line.startswith(">")]
    assert [line for line in quoted if line] == [
        line.strip() for line in licence_text().splitlines() if line.strip()
    ]


def test_the_numbers_are_those_of_the_report(card: str, small_corpus: Path) -> None:
    report = json.loads((small_corpus / "report.json").read_text())
    assert write_card(report) == card
    assert f"Of {report['read']:,} tunes read {report['dropped']:,} were dropped" in card
    for step in report["steps"]:
        assert f"| {step['step']} |" in card
    for kind, count in report["abc2midi"]["raw"]["errors"].items():
        assert f"| error: {kind} | {count:,} |" in card
    leak = report["leaks"]["random"]["near_twin_in_train"]
    assert f"| a near-duplicate in train, in any key | {leak:.1%} | 0.0% |" in card


def test_every_table_has_as_many_cells_in_each_row(card: str) -> None:
    width = 0
    for line in card.splitlines():
        if line.startswith("|"):
            cells = line.replace("\\|", "").count("|")
            assert width in (0, cells), line
            width = cells
        else:
            width = 0
