"""Counting what happened to tunes."""

from dataclasses import asdict
from typing import Any

from hf_abc.abcmidi import Message
from hf_abc.corpora.report import StepCount, Tally, add, in_order, judged
from hf_abc.notation.tune import parse_tune

WRONG = "Track 0 Bar {} has {} time units while the time signature has 4{}"


def message(kind: str, level: str = "error", text: str = "") -> Message:
    return Message(level, 6, 1, text, kind)  # type: ignore[arg-type]


def test_each_tune_counts_once_for_a_kind() -> None:
    bar = [message("bar-length", "warning", WRONG.format(2, "9/2", "")) for _ in range(3)]
    short = message("bar-length", "warning", WRONG.format(8, "7/2", " in repeat"))
    found = judged([
        [],
        [message("assuming-repeat", "warning")],
        [message("malformed-note"), message("malformed-note"), message("slur", "warning")],
        [*bar, short],
        [message("tie"), short],
        [message("chord-symbol")],
    ])  # fmt: skip
    assert found == {
        "tunes": 6, "with_error": 3, "with_error_in_the_music": 2, "with_wrong_bar": 2, "sound": 2,
        "errors": {"chord-symbol": 1, "malformed-note": 1, "tie": 1},
        "wrong_bars": {"too short at a repeat": 2, "too long": 1},
        "warnings": {"slur": 1},
    }  # fmt: skip


def test_a_step_remembers_a_few_examples() -> None:
    count = StepCount("title", "One title.")
    for number in range(5):
        before = parse_tune("X:1\nT:THE ROSE\nK:G\nG|\n", id=f"a:{number}:1")
        count.touch(before, parse_tune("X:1\nT:The Rose\nK:G\nG|\n", id=before.id))
        count.drop(before.id, "too loud" if number else "too late")
    found = in_order(count.counts)
    assert (found["step"], found["does"], found["touched"], found["dropped"]) == ("title", "One title.", 5, 5)
    assert list(found["reasons"].items()) == [("too loud", 4), ("too late", 1)]
    assert found["examples"]["touched"][0] == {"id": "a:0:1", "before": "T:THE ROSE", "after": "T:The Rose"}
    assert len(found["examples"]["touched"]) == len(found["examples"]["dropped"]) == 3


def test_parts_add_up_to_the_whole() -> None:
    """Equal counts stay in reading order, and only the first examples are kept."""
    total: dict[str, Any] = {}
    for part in range(3):
        count = StepCount("title", "One title.")
        for number in range(2):
            count.drop(f"{part}{number}", f"reason {number + part}")
        add(total, count.counts)
    assert total["step"] == "title" and total["dropped"] == 6
    assert list(in_order(total)["reasons"].items()) == [
        ("reason 1", 2), ("reason 2", 2), ("reason 0", 1), ("reason 3", 1),
    ]  # fmt: skip
    assert [example["id"] for example in total["examples"]["dropped"]] == ["00", "01", "10"]
    assert in_order({"errors": {"a": 1, "b": 2}})["errors"] == {"b": 2, "a": 1}


def test_statistics() -> None:
    texts = [
        "X:1\nT:A\nR:reel\nM:4/4\nK:G\nG8|\n",
        "X:1\nT:B\nR:reel\nM:4/4\nK:G\nG8|\n",
        "X:1\nT:C\nM:6/8\nK:Am\nA6|\n",
    ]
    tally = Tally()
    for number, text in enumerate(texts):
        tally.add(asdict(parse_tune(text, id="a", source="a", licence="l", family=f"f{number % 2}")))
    found = tally.as_json()
    assert (found["tunes"], found["families"], found["same_text"]) == (3, 2, 1)
    assert found["characters"] == sum(map(len, texts))
    assert found["keys"] == {"G": 2, "Am": 1} and found["rhythms"] == {"reel": 2, "": 1}
    assert found["length"]["longest"] == max(map(len, texts)) and found["licences"] == {"l": 3}
    edges, counts = found["histogram"]["edges"], found["histogram"]["tunes"]
    assert sum(counts) == 3 and len(edges) == len(counts) + 1
    assert edges[0] <= min(map(len, texts)) and max(map(len, texts)) <= edges[-1]
    assert Tally().as_json()["characters"] == 0
