"""The options of the command line that say what to make of tunes and how to play them. Imports nothing
heavy: `hf-abc --help` is quick.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hf_abc.rendering.midi import Playing

PLAY = "play the tunes at once, or open the page where there is no player"
_AUDIO = ("mp3", "flac", "wav", "ogg")
_SYNTHESIZERS = ("midirenderer", "fluidsynth", "timidity")


def add_rendering(p: argparse.ArgumentParser) -> None:
    """The options of `hf-abc render`."""
    p.add_argument("files", nargs="+", type=Path, metavar="FILE.abc", help="tunebooks")
    p.add_argument("--out", type=Path, required=True, help="folder to write")
    p.add_argument("--play", action="store_true", help=PLAY)
    p.add_argument("--audio", choices=_AUDIO, default="mp3", help="format of the sound (default: mp3)")
    p.add_argument("--soundfont", type=Path, help="an SF2 file (default: the one that comes along)")
    p.add_argument(
        "--synthesizer", choices=_SYNTHESIZERS, default=_SYNTHESIZERS[0], help="what makes the sound"
    )
    p.add_argument("--also", nargs="+", choices=("png", "pdf", "musicxml"), default=[], help="more files")
    p.add_argument(
        "--engraver",
        choices=("verovio", "abcm2ps"),
        default="verovio",
        help="what draws the SVG files: verovio (default) or the abcm2ps of this computer; the page, PNG and "
        "PDF are always verovio's",
    )
    add_playing(p)


def add_medley(p: argparse.ArgumentParser) -> None:
    """The options of `hf-abc medley`."""
    p.add_argument("files", nargs="+", type=Path, metavar="FILE.abc", help="tunebooks")
    p.add_argument(
        "--out",
        type=Path,
        required=True,
        dest="piece",
        metavar="FILE",
        help="file to write; its ending says what: .abc, .mid, .mp3, .flac, .wav or .ogg",
    )
    p.add_argument("--title", default="Medley", help="T: of the medley")
    p.add_argument("--key", default="", help="bring all tunes to this tonic, e.g. D; each keeps its mode")
    p.add_argument("--soundfont", type=Path, help="an SF2 file (default: the one that comes along)")
    p.add_argument(
        "--synthesizer", choices=_SYNTHESIZERS, default=_SYNTHESIZERS[0], help="what makes the sound"
    )
    add_playing(p)


def add_playing(parser: argparse.ArgumentParser) -> None:
    """Give a verb the options that say how to play: `playing` reads them."""
    add = parser.add_argument_group("playing").add_argument
    add("--no-grace-notes", action="store_true", help="leave grace notes out")
    add("--no-chord-symbols", action="store_true", help="do not play chord symbols")
    add("--tempo", default="", help="quarter notes a minute, or as in Q: (3/8=100)")
    add("--instrument", default="", help="a name or number of General MIDI, e.g. fiddle, harp")
    add("--transpose", type=int, default=0, metavar="SEMITONES", help="ABC, score and sound")
    add(
        "--engine",
        choices=("abc2midi", "system", "music21"),
        default="abc2midi",
        help="what plays: the abc2midi of the package (default), the abc2midi of this computer, or music21, "
        "which gets about half of real tunes right: it lets accidentals end early, overlooks key and meter "
        "changes within a line and goes back to wrong places at repeats",
    )


def playing(arguments: argparse.Namespace) -> "Playing":
    """What the options say. Raises InputError where one means nothing."""
    from hf_abc.rendering.midi import Playing

    return Playing(
        grace_notes=not arguments.no_grace_notes,
        chord_symbols=not arguments.no_chord_symbols,
        tempo=arguments.tempo,
        instrument=arguments.instrument,
        transpose=arguments.transpose,
        engine=arguments.engine,
    )
