"""The facts that a card needs, read off the files of a run."""

import json
from pathlib import Path

import pytest

from hf_abc.errors import InputError
from hf_abc.hub.facts import corpus_facts, examples, note_facts


def test_the_corpus_in_numbers(corpus: Path) -> None:
    facts = corpus_facts(corpus)
    assert (facts["read"], facts["kept"], facts["dropped"]) == (20, 18, {"voice": 2})
    assert {side: counts["tunes"] for side, counts in facts["sides"].items()} == {
        "train": 12,
        "validation": 2,
        "test": 4,
    }
    assert facts["sides"]["test"]["families"] == 2
    assert facts["sources"] == {
        "airdsAirs": {
            "title": "Aird's Selection of Scotch, English, Irish and Foreign Airs, six volumes",
            "printed": "Glasgow, 1778 to 1803",
            "encoded": "by Jack Campin",
            "read": 20,
            "kept": 18,
        }
    }
    assert facts["licences"] == {"music21-corpus": 18}
    assert list(facts["rhythms"].items()) == [("jig", 9), ("slip jig", 3)]  # of the train side
    assert list(facts["keys"].items()) == [("D", 4), ("Edor", 4), ("G", 4)]


def test_run_json_gets_them_and_keeps_what_it_had(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    assert record["corpus"]["train"]  # the fingerprint of the texts
    assert record["training"]["shape"] == {"layers": 3, "width": 48, "heads": 3}
    assert record["training"]["positions"] == 96
    assert record["training"]["steps"] == 2
    assert record["tokenizer"]["vocab_size"] == len(
        set(json.loads((run / "tokenizer.json").read_text())["model"]["vocab"])
    )
    first, second = record["examples"]["tunes"]
    assert record["examples"]["of"] == 3
    assert first["prompt"].startswith("X:1\nT:Rise ``` up\n")
    assert first["text"].startswith("X:1\nT:Rise ``` up\n")
    assert second["prompt"] == "X:1\nT:Second\n"
    assert second["text"].startswith("X:2\nT:Second\n")
    assert (first["index"], second["index"]) == (0, 1)
    assert first["score"] == "examples/tiny-1.svg"
    assert (run / first["score"]).read_text().startswith("<svg")
    assert "score" not in second


def test_a_book_of_other_origin_and_none(run: Path, tmp_path: Path) -> None:
    book = tmp_path / "tunes.abc"
    with pytest.raises(InputError, match=r"tunes\.abc cannot be read"):
        examples(run, book)
    book.write_text("X:1\nT:A tune\nK:G\nGABc|\n")
    with pytest.raises(InputError, match="is no book of samples"):
        examples(run, book)


def test_no_run(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json cannot be read .* a finished run"):
        note_facts(tmp_path, tmp_path, tmp_path / "tunes.abc")
