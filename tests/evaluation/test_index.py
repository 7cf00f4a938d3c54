import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_abc.evaluation.index import Index
from hf_abc.evaluation.views import VIEWS, hear
from hf_abc.notation.melody import intervals, notes
from hf_abc.notation.transpose import transpose

HEAD = "X:1\nT:Tune\nM:4/4\nL:1/8\nK:D\n"
SCALE = "DEFGABcdefgab"


def tune(notes: str) -> str:
    bars = [notes[place : place + 8] for place in range(0, len(notes), 8)]
    return HEAD + "|".join(bars) + "|\n"


def row(text: str, name: str = "a:1:1") -> dict[str, str]:
    return {"id": name, "title": "Tune", "source": "a", "text": text}


def shuffled(seed: int, count: int = 64) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice(SCALE) for _ in range(count))


def longest(index: Index, text: str, view: str = "melody") -> int:
    return max((run.length for run in index.runs(hear(text), view)), default=0)


def longest_by_hand(told: bytes, others: list[bytes], start: int) -> int:
    length = 0
    while start + length < len(told) and any(told[start : start + length + 1] in other for other in others):
        length += 1
    return length


@given(
    st.lists(st.text(alphabet="DEFG", min_size=0, max_size=40), min_size=1, max_size=6),
    st.text("DEFG", max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_runs_are_the_longest_there_are(others: list[str], asked: str) -> None:
    index = Index.build([row(tune(other), f"a:{i}:1") for i, other in enumerate(others)])
    heard = hear(tune(asked))
    known = [hear(tune(other)).views["melody"] for other in others]
    found = {run.start: run for run in index.runs(heard, "melody")}
    for start in range(len(heard.views["melody"])):
        by_hand = longest_by_hand(heard.views["melody"], known, start)
        assert (found[start].length if start in found else 0) == by_hand
        if by_hand:
            run = found[start]
            there = known[run.tune][run.place : run.place + run.length]
            assert there == heard.views["melody"][start : start + run.length]


def test_a_copy_is_found_in_any_key_and_at_double_length() -> None:
    rows = [row(tune(shuffled(seed)), f"a:{seed}:1") for seed in range(50)]
    index = Index.build(rows)
    moved = transpose(rows[17]["text"], 5)
    for view in ("melody", "rhythm"):
        best = max(index.runs(hear(moved), view), key=lambda run: run.length)
        assert (best.start, best.length, index.tunes[best.tune][0]) == (0, 63, "a:17:1")
    slow = moved.replace("L:1/8", "L:1/4")
    assert longest(index, slow, "rhythm") == 63
    swung = rows[17]["text"].replace("L:1/8\n", "L:1/8\n").replace("K:D\n", "K:D\n" + "A>B")
    assert longest(index, swung, "melody") == 63
    assert longest(index, moved, "text") < 10


def test_text_is_compared_as_written_but_for_spaces_and_line_ends() -> None:
    index = Index.build([row(tune(shuffled(1)))])
    spaced = tune(shuffled(1)).replace("|", " |\n")
    assert longest(index, spaced, "text") == len(hear(spaced).views["text"])
    assert longest(index, tune(shuffled(2)), "text") < 8


def test_a_run_does_not_reach_into_the_next_tune() -> None:
    one, other = shuffled(1), shuffled(2)
    index = Index.build([row(tune(one)), row(tune(other), "a:2:1")])
    assert longest(index, tune(one + other)) == 63


def test_saved_and_loaded(tmp_path: Path) -> None:
    rows = [row(tune(shuffled(seed)), f"a:{seed}:1") for seed in range(5)]
    index = Index.build(rows)
    index.save(tmp_path)
    loaded = Index.load(tmp_path)
    for view in VIEWS:
        asked = hear(tune(shuffled(3)[8:40] + shuffled(9)))
        assert loaded.runs(asked, view) == index.runs(asked, view) != []
    assert loaded.tunes == index.tunes


def test_nothing_to_compare() -> None:
    empty = Index.build([])
    assert empty.runs(hear(tune("DEFG")), "melody") == []
    full = Index.build([row(tune(shuffled(1)))])
    for text in ("", "X:1\nK:C\n", HEAD + "z8|z8|\n", HEAD + "D8|\n"):
        assert full.runs(hear(text), "melody") == []
        assert all(run.length for view in VIEWS for run in full.runs(hear(text), view))


@pytest.mark.parametrize("jump", ["A,,,,d''''", "C,,,,,,c''''''"])
def test_wide_steps_and_long_notes_keep_their_byte(jump: str) -> None:
    text = HEAD + jump + "100000000000 A|\n"
    views = hear(text).views
    assert 0 not in views["melody"] and 0 not in views["rhythm"]
    assert len(views["melody"]) == len(views["rhythm"]) == 2


def test_the_steps_are_semitones() -> None:
    text = tune(shuffled(4))
    assert [step - 128 for step in hear(text).views["melody"]] == intervals(notes(text))


def test_several_processes_make_the_same_index(monkeypatch: pytest.MonkeyPatch) -> None:
    from hf_abc.evaluation import index as module

    rows = [row(tune(shuffled(seed, 16)), f"a:{seed}:1") for seed in range(1100)]
    alone = Index.build(rows, processes=1)
    monkeypatch.setattr(module, "_FEW", 1000)
    counts: list[int] = []
    together = Index.build(rows, processes=2, progress=counts.append)
    assert counts == [500, 1000, 1100]
    for view in VIEWS:
        assert (together.views[view].order == alone.views[view].order).all()
        assert (together.views[view].symbols == alone.views[view].symbols).all()
