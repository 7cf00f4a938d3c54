"""The order of chords that hold notes: what abc2midi needs, and what must not break it."""

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
