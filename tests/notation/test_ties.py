"""Ties as abc2midi needs them: the order of chords that hold notes, and no tie that leads to another note."""

import pytest

from hf_abc.notation.ties import mend_ties

HEAD = "X:1\nM:4/4\nL:1/8\nK:C\n"


@pytest.mark.parametrize(
    "music, mended",
    [
        ("[c-G-E-]2[ecGE]2|", "[c-G-E-]2[cGEe]2|"),
        ("E2-[cGE]2|", "E2-[EcG]2|"),
        ("[c-G-]2[cG]2|", "[c-G-]2[cG]2|"),
        ("[G-G-]2[cG]2|", "[G-G-]2[Gc]2|"),  # a unison, as programs write it that convert MIDI
    ],
)
def test_held_notes_come_first(music: str, mended: str) -> None:
    assert mend_ties(f"{HEAD}{music}\n") == (f"{HEAD}{mended}\n", [])


@pytest.mark.parametrize(
    "music, mended",
    [
        ("G8-|B8|", "G8|B8|"),
        ("G8-|G8-|\nw:la la\nB8|", "G8-|G8|\nw:la la\nB8|"),
        ("[CE]8-|[EG]8|", "[CE-]8|[EG]8|"),
        ("[C-E-]8|[CF]8|", "[C-E]8|[CF]8|"),
        ("[CEG]8-|[GAE]8|", "[CE-G-]8|[EGA]8|"),
        ("[ce]8-|[ce]8-|[cf]8|", "[ce]8-|[c-e]8|[cf]8|"),
        ("G8-|G8|G4-B4|G8-|z8|", "G8-|G8|G4-B4|G8-|z8|"),  # these are played as they stand
    ],
)
def test_a_tie_over_the_bar_leads_to_its_own_note(music: str, mended: str) -> None:
    assert mend_ties(f"{HEAD}{music}\n") == (f"{HEAD}{mended}\n", [])


def test_each_voice_keeps_its_own_ties() -> None:
    text = f"{HEAD}V:1\nG8-|\nV:2\nB8|\nV:1\nG8|\n"
    assert mend_ties(text) == (text, [])
