"""A batch of MIDI through symusic and midi2abc, and converters that crash, hang or flood."""

import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from hf_abc.abcmidi import check_book, compiles, program
from hf_abc.corpora import midi_to_abc
from hf_abc.corpora.midi_conversion import Conversion
from hf_abc.corpora.midi_to_abc import convert, title
from hf_abc.notation.reader import TIMED, read

Midi = Callable[..., bytes]
JIG = [(i * 0.5, 0.5, 62 + (0, 4, 7, 4, 2, 0, 5, 9)[i % 8]) for i in range(144)]
BASS = [(i * 1.5, 1.5, 38 + 7 * (i % 2)) for i in range(48)]
posix = pytest.mark.skipif(os.name != "posix", reason="a converter written as a shell script")


def one(data: bytes, name: str = "a folder/The_Jig.mid") -> Conversion:
    return convert([(name, data)])[0]


def test_a_jig_in_two_voices(midi_bytes: Midi) -> None:
    found = one(midi_bytes(JIG, BASS, meter=(6, 8), key=2, tempo=116))
    assert (found.name, found.reason, found.voices, found.recall) == ("a folder/The_Jig.mid", "", 2, 1.0)
    assert found.notes == len(JIG) + len(BASS)
    head = "X:1\nT:The Jig\nM:6/8\nL:1/8\nQ:1/4=116\nK:D\nV:1 clef=treble\nDFAFED|"
    assert found.text.startswith(head)
    assert re.search(r"\|\]\nV:2 clef=bass\nD,,3A,,3\|", found.text)
    assert compiles(check_book([found.text])[0])


def test_the_bars_of_all_voices_are_equal(midi_bytes: Midi) -> None:
    found = one(midi_bytes(JIG, BASS[:5], [(3, 1, 72)], meter=(6, 8)))
    ends = {voice.splitlines()[-1][-2:] for voice in found.text.split("V:")[1:]}
    bars = [
        sum(int(n or 1) for n in re.findall(r"(?<=[|\n])(?:Z(\d+)|[^|Z\n]+)\|", voice))
        for voice in found.text.split("V:")[1:]
    ]
    assert ends == {"|]"} and bars == [24, 24, 24]


def test_many_pieces_go_through_one_start_and_come_apart(
    midi_bytes: Midi, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [
        (str(n), midi_bytes([(s, d, p + n) for s, d, p in JIG], key=0 if n % 2 else 2)) for n in range(10)
    ]
    alone = [convert([file])[0] for file in files]
    starts: list[int] = []
    real = midi_to_abc._each

    def counted(tool: str, inputs: Mapping[str, bytes], arguments: Sequence[str], suffix: str):  # type: ignore[no-untyped-def]
        starts.append(len(arguments))
        return real(tool, inputs, arguments, suffix)

    monkeypatch.setattr(midi_to_abc, "_each", counted)
    assert convert(files, with_recall=False) == [
        Conversion(c.name, c.text, c.reason, c.notes, c.voices, None) for c in alone
    ]
    assert 1 < starts[0] < 10 and not any(starts[1:])


def test_accidentals_do_not_leak_from_one_piece_into_the_next(midi_bytes: Midi) -> None:
    """midi2abc forgets an accidental at a bar line only, not where a track ends."""
    ends_sharp = [(i * 0.5, 0.5, 60 + (i % 5)) for i in range(120)] + [(60, 0.5, 66)]
    begins_sharp = [(i * 0.5, 0.5, 66 if i % 6 == 0 else 60) for i in range(128)]
    files = [("a", midi_bytes(ends_sharp, key=0)), ("b", midi_bytes(begins_sharp, key=0))]
    assert [found.recall for found in convert(files)] == [1.0, 1.0]
    assert [found.recall for found in convert(files[::-1])] == [1.0, 1.0]


@pytest.mark.parametrize("key", range(-7, 8))
def test_right_notes_in_every_key(midi_bytes: Midi, key: int) -> None:
    tonic = 60 + 7 * key % 12
    scale = [tonic + step for octave in (0, 12) for step in (0, 2, 4, 5, 7, 9, 11)]
    found = one(midi_bytes([(i * 0.5, 0.5, scale[i % 14]) for i in range(140)], key=key))
    assert found.recall == 1.0


def test_three_equal_notes_over_a_bar_are_no_triplet(midi_bytes: Midi) -> None:
    notes = [
        (s * 6 + t, d, p) for s in range(20) for t, d, p in ((0, 1, 74), (1, 2, 77), (3, 2, 77), (5, 1, 77))
    ]
    found = one(midi_bytes(notes, meter=(3, 2)))
    assert found.recall == 1.0 and "(3" not in found.text


def test_triplets_are_written(midi_bytes: Midi) -> None:
    found = one(midi_bytes([(i / 3, 1 / 3, 60 + i % 7) for i in range(96)]))
    assert found.text.count("(3") == 32
    assert found.recall == 1.0


def test_refused_files_keep_their_place(midi_bytes: Midi) -> None:
    good = midi_bytes(JIG)
    files = [("a", b""), ("b", good), ("c", b"MThd"), ("d", good), ("e", midi_bytes([(0, 1, 60)]))]
    found = convert(files)
    assert [bool(c.text) for c in found] == [False, True, False, True, False]
    assert [c.name for c in found] == ["a", "b", "c", "d", "e"]
    assert "shorter than 150" in found[4].reason and "can be read" in found[0].reason


@pytest.mark.parametrize(
    "name, expected",
    [
        ("a/b/the_tune.mid", "the tune"),
        ("x.zip/Tune 1.MID", "Tune 1"),
        ("50%.mid", "50"),
        ("a\u2028b\x00c.mid", "abc"),
        (".mid", ".mid"),
        ("%.mid", "untitled"),
        ("n" * 300, "n" * 100),
    ],
)
def test_title(name: str, expected: str) -> None:
    assert title(name) == expected


FLOOD = "while :; do printf '%08000d' 0; done >\"$3\""
ODD = {
    "crashes": ("kill -SEGV $$", "crashed (signal 11)"),
    "gives up": ("echo 'calling midi2abc'; echo 'Error - note too short!'; exit 1", "gave up: Error - note"),
    "floods": (FLOOD, "wrote more than"),
    "loops": ("while :; do :; done", "took more than"),
    "hangs": ("sleep 100", "took more than"),
    "says nothing": ("exit 0", "whole tune"),
    "writes texts": ("printf 'X: 1\\nT: x\\n%% lyrics' >\"$3\"", "whole tune"),
}


@posix
@pytest.mark.parametrize("kind", ODD)
def test_an_odd_converter_costs_one_file(
    kind: str, midi_bytes: Midi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Odd on a piece with the top note, whether it comes with others or alone."""
    does, reason = ODD[kind]
    script = tmp_path / "midi2abc"
    # in a MIDI file, 0x7f 0x50 is the top pitch struck with our velocity
    script.write_text(
        f"#!/bin/sh\nif LC_ALL=C grep -q \"$(printf '\\177\\120')\" $1; then\n{does}\nelse\n"
        f'exec {program("midi2abc")} "$@"\nfi\n'
    )
    script.chmod(stat.S_IRWXU)
    real = midi_to_abc.program
    monkeypatch.setattr(midi_to_abc, "program", lambda name: script if name == "midi2abc" else real(name))
    monkeypatch.setattr(midi_to_abc, "_SECONDS", 1)
    monkeypatch.setattr(midi_to_abc, "_TOGETHER", 1.5)
    monkeypatch.setattr(midi_to_abc, "_LOOP", midi_to_abc._LOOP.replace("ulimit -t 10", "ulimit -t 1"))
    odd = midi_bytes([(s, d, p + 50) for s, d, p in JIG] + [(72, 0.5, 127)])
    found = convert([("a", midi_bytes(JIG)), ("odd", odd), ("b", midi_bytes(JIG))], with_recall=False)
    assert [bool(c.text) for c in found] == [True, False, True]
    assert reason in found[1].reason


def test_what_is_written_can_be_read_by_our_own_reader(midi_bytes: Midi) -> None:
    found = one(midi_bytes(JIG, meter=(6, 8), key=2))
    assert sum(element.kind in TIMED for element in read(found.text)) == len(JIG)
