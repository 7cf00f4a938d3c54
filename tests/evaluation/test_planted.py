"""Planted faults are found: each by the measure that is there for it, and nothing else is."""

import pytest

from hf_abc.abcmidi import check_book
from hf_abc.evaluation.copying import Copying
from hf_abc.evaluation.validity import judge
from hf_abc.notation.levels import level
from hf_abc.notation.transpose import transpose

HEAD = "X:1\nT:The {}\nM:4/4\nL:1/8\nK:G\n"
VOICES = "X:1\nT:Two\nM:4/4\nL:1/8\nV:1\nV:2\nK:G\n"
TUNE = HEAD.format("Tune") + (
    "GABc dedB|cBAG FDEF|GBdg fdcA|BGAF G4|\ne2ge d2gd|cedc BAGB|ceBd AcGB|FADF G4|]\n"
)
LOOP = "the same bars stand 4 or more times in a row"
PLANTED = {
    "sound": (TUNE, 7, ""),
    "rests only": (HEAD.format("Rests") + "z8|" * 115 + "\n", 6, "the tune has no note"),
    "a loop": (HEAD.format("Loop") + "GABc dedB|" * 8 + "\n", 6, LOOP),
    "one bar too long": (TUNE.replace("BAGB|", "BAGBA|"), 4, "this bar is too long: 9/8 in 4/4"),
    "a silent second voice": (
        VOICES + "[V:1] GABc dedB|cBAG FDEF|\n[V:2] z8|z8|\n", 6, "voice 2 has no note"
    ),
    "a second voice that is cut off": (
        VOICES + "[V:1] GABc dedB|cBAG FDEF|\n[V:2] G8|\n", 3, "voice 2 is 4/4 shorter than voice 1"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_levels(name: str) -> None:
    text, number, sentence = PLANTED[name]
    found = level(text, check_book([text])[0])
    assert found.number == number
    assert not sentence or sentence in [problem.text for problem in found.problems]


def test_shares() -> None:
    sound, rests, loop, long = judge([PLANTED[name][0] for name in list(PLANTED)[:4]])
    assert (sound.compiles, sound.bars_right, sound.loop, sound.silent) == (True, True, False, False)
    assert rests.silent and not rests.bars_right
    assert loop.loop and not loop.silent
    assert not long.bars_right and long.bars - long.right == 1


def test_copies() -> None:
    known = Copying.of([{"id": "book:1:1", "title": "The Tune", "source": "book", "text": TUNE}])
    renamed = known.borrowed((transpose(TUNE, 3) or "").replace("The Tune", "Mine Own"))
    assert (renamed.longest, renamed.notes, renamed.same_title) == (renamed.notes, renamed.notes, None)
    changed = known.borrowed(TUNE.replace("cBAG FDEF", "d4 D4").replace("ceBd AcGB", "g4 G4"))
    assert 16 <= changed.longest < changed.notes and changed.inside[12] > changed.notes / 2
    assert changed.source is not None and changed.source.id == "book:1:1"
