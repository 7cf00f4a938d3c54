"""Copying: planted copies are found in any key, and only those."""

import json
from pathlib import Path

import pytest

from hf_abc.cli import main
from hf_abc.corpora.parquet import write_side
from hf_abc.evaluation.copying import Copying, copied, shares
from hf_abc.evaluation.copying_report import brief, sentence, table
from hf_abc.notation.transpose import transpose
from hf_abc.notation.tune import parse_tune

HEAD = "X:1\nT:The {}\nM:4/4\nL:1/8\nK:G\n"
TRAIN = HEAD.format("Old Tune") + "GABc dedB|cBAG FDEF|GBdg fdcA|BGAF G2D2|]\n"  # 30 notes
OTHER = HEAD.format("Stranger") + "G2D2 B4|A2E2 c4|F2D2 e4|G2B2 d4|]\n"


def _values(text: str) -> dict[str, float | None]:
    found = copied([text], [TRAIN])
    return {name: found[name].value for name in ("notes_16", "notes_24", "title")}


def test_a_copy_in_another_key_under_another_name() -> None:
    moved = transpose(TRAIN.replace("Old Tune", "New Tune"), 3)
    assert moved and "K:Bb" in moved
    assert _values(moved) == {"notes_16": 1, "notes_24": 1, "title": 0}


def test_one_strain_of_two_is_sixteen_notes() -> None:
    half = HEAD.format("Half") + "GABc dedB|cBAG FDEF|e2E2 e2E2|]\n"
    assert _values(half) == {"notes_16": 1, "notes_24": 0, "title": 0}


def test_a_title_alone() -> None:
    assert _values(OTHER.replace("The Stranger", "old tune, 2nd setting")) == {
        "notes_16": 0,
        "notes_24": 0,
        "title": 1,
    }


def test_shares_have_intervals_and_an_untitled_tune_has_no_known_title() -> None:
    untitled = OTHER.replace("T:The Stranger\n", "")
    found = copied([TRAIN, OTHER, untitled], [TRAIN, untitled])
    assert (found["title"].value, found["title"].n) == (1 / 3, 3)
    assert found["notes_24"].value == 1 / 3  # the stranger's tune is too short for 24 notes
    assert found["notes_16"].low is not None and found["notes_16"].high is not None


def test_nothing_at_all() -> None:
    assert copied([], [TRAIN])["title"].value is None


def _copying() -> Copying:
    rows = [{"id": "book:1:1", "title": "The Old Tune", "source": "book", "text": TRAIN}]
    return Copying.of([*rows, {"id": "book:2:1", "title": "The Stranger", "source": "book", "text": OTHER}])


def test_where_a_run_stands_and_how_long_it_is() -> None:
    text = HEAD.format("Mine") + "e2|GABc dedB|cBAG FDEF|e2E2 e2E2|]\n"
    found = _copying().borrowed(transpose(text, 2) or "")
    assert found.source and (found.source.id, found.source.title) == ("book:1:1", "The Old Tune")
    assert (found.notes, found.longest, found.with_rhythm) == (21, 16, 16)
    assert (found.first_bar, found.last_bar, found.bars) == (1, 2, 2.0)  # the pick-up is bar 0
    assert found.inside == {12: 16, 16: 16, 24: 0}
    assert found.letters < 10  # another key: other letters


def test_two_bars_changed_leave_the_rest_found() -> None:
    changed = TRAIN.replace("GBdg fdcA", "e2e2 e2e2").replace("GABc dedB", "d2d2 d2d2", 1)
    found = _copying().borrowed(changed)
    assert found.longest < 16 and found.source and found.source.id == "book:1:1"
    assert _copying().borrowed(TRAIN).letters == len("GABcdedB|cBAGFDEF|GBdgfdcA|BGAFG2D2|]")


def test_rests_only_and_a_loop_copy_nothing() -> None:
    silent = _copying().borrowed(HEAD.format("Rests") + "z8|" * 115 + "\n")
    assert (silent.notes, silent.longest, silent.source, silent.bars) == (0, 0, None, 0.0)
    loop = _copying().borrowed(HEAD.format("Loop") + "f2c2 f2c2|" * 20 + "\n")
    assert loop.longest < 12


def test_titles_alike() -> None:
    found = _copying().borrowed(OTHER.replace("The Stranger", "The Strangers"))
    assert found.same_title is None and found.like_title and found.like_title.id == "book:2:1"


def test_a_report_for_people() -> None:
    known = _copying()
    own = [
        known.borrowed(TRAIN.replace("The Old Tune", "Mine")),
        known.borrowed(HEAD.format("Rests") + "z8|\n"),
    ]
    assert sentence(own[0]).split("\n")[:2] == [
        "Mine",
        '    30 of 30 notes in a row (bars 1-4, 4 bars long) stand in "The Old Tune" (book:1:1)',
    ]
    assert sentence(own[1]) == "The Rests\n    nothing shared"
    assert brief(own[0]) == '30 notes in a row (bars 1-4) stand in "The Old Tune" (book:1:1)'
    assert brief(known.borrowed(TRAIN)).endswith('; the title is that of "The Old Tune" (book:1:1)')
    assert brief(own[1]) == "no 12 notes in a row stand in a training tune"
    lines = table(own, own).splitlines()
    assert lines[3].startswith("24 notes in a row of a training tune  50.0 % [9.5, 90.5]")
    assert shares(own)["inside_24"].value == 1.0


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for side, text in (("train", TRAIN), ("validation", OTHER), ("test", OTHER)):
        write_side(folder, side, [parse_tune(text, id=f"book:{side}:1", source="book", licence="CC0")])
    return folder


def test_the_verb(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book.abc"
    book.write_text(f"{transpose(TRAIN, 3)}\n{OTHER}")
    assert main(["copying", str(book), "--corpus", str(corpus), "--json"]) == 0
    first, second, total = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["longest"], first["source"]["id"]) == (30, "book:train:1")
    assert second["longest"] < 12
    assert total["tunes"]["notes_24"]["value"] == 0.5 and total["human"]["notes_24"]["value"] == 0
    assert (corpus / ".copying" / "melody.order.npy").is_file()  # kept for the next time
    assert main(["copying", str(book), "--corpus", str(corpus)]) == 0
    assert "30 of 30 notes in a row" in capsys.readouterr().out
    assert main(["copying", str(tmp_path / "gone.abc"), "--corpus", str(corpus)]) == 1


def test_a_changed_corpus_is_indexed_again(corpus: Path) -> None:
    assert Copying.of_corpus(corpus).borrowed(OTHER).longest < 12
    write_side(corpus, "train", [parse_tune(OTHER, id="book:3:1", source="book", licence="CC0")])
    assert Copying.of_corpus(corpus).borrowed(OTHER).longest == 12
