"""What of the rendering chain is there and works, told so that the reader knows what to type.

Nothing is believed from a version number: a small tune is taken through every step.
"""

import importlib.metadata
import importlib.util
import platform
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hf_abc import abcmidi
from hf_abc.errors import HfAbcError
from hf_abc.process import run
from hf_abc.rendering import audio
from hf_abc.rendering.midi import midi
from hf_abc.rendering.pictures import picture
from hf_abc.rendering.player import player
from hf_abc.rendering.score import score

_TUNE = "X:1\nT:Doctor\nM:6/8\nL:1/8\nK:D\n|:DFA d2f|ecA D3:|\n"
KNOWN_BAD: dict[str, dict[str, str]] = {}
"""Package -> version -> what is wrong with it, where nothing here can help: the part counts as broken."""

KNOWN_FAULTS: dict[str, dict[str, str]] = {
    "symusic": {
        "0.6.0": "its abc2midi 5.02 loses its way in ties of chords, at repeats and over bar lines to "
        "another note; such ties are rewritten, or the tune is told"
    },
    "soundfile": {
        "0.14.0": "its libsndfile 1.2.2 crashes when a minute of Ogg Vorbis is written at once; "
        "it is written in blocks"
    },
    "verovio": {"6.4.1": "it reads ABC wrongly and can abort its process; its child process gets MusicXML"},
    "music21": {"10.5.1": "it plays half of real tunes wrongly; it plays only when asked for"},
}
"""Package -> version -> a fault, and how it is worked round here."""


@dataclass(frozen=True, slots=True)
class Row:
    """One part: `state` is "works", "missing", "broken" or "not there" (optional); `advice` is what to
    type, if anything.
    """

    name: str
    state: str
    version: str
    purpose: str
    without: str
    advice: str = ""


def doctor() -> tuple[list[Row], bool]:
    """All rows, and whether the default chain (MIDI, score, sound, page) works."""
    made: dict[str, bytes] = {}

    def make_midi() -> None:
        made["midi"] = midi(_TUNE)[0] or b""
        if not made["midi"]:
            raise HfAbcError("abc2midi wrote no MIDI file")

    def make_score() -> None:
        svg, messages = score(_TUNE)
        if svg is None:
            raise HfAbcError("; ".join(messages))
        made["svg"] = svg.encode()

    def make_png() -> None:
        if "svg" in made:
            picture(made["svg"].decode(), "png")

    def make_sound() -> None:
        made["samples"] = audio.encode(*audio.sound(made.get("midi", b"")), "wav")

    def make_mp3() -> None:
        audio.audio(made.get("midi", b""), "mp3")

    rows = [
        Row(
            "Python",
            "works" if sys.version_info >= (3, 11) else "broken",
            platform.python_version(),
            "everything",
            "",
        ),
        _try(
            "abc2midi",
            make_midi,
            "symusic",
            _abc2midi_version(),
            "ABC -> MIDI, validity",
            "no MIDI, no sound, no check",
        ),
        _try("verovio", make_score, "verovio", "", "MusicXML -> score (SVG)", "no scores"),
        _try(
            "SoundFont",
            lambda: _exists(audio.soundfont()),
            "pretty_midi",
            "TimGM6mb",
            "the instruments",
            "no sound",
        ),
        _try("midirenderer", make_sound, "midirenderer", "", "MIDI -> sound", "no sound"),
        _try(
            "soundfile",
            make_mp3,
            "soundfile",
            _libsndfile(),
            "MP3, FLAC, Ogg and WAV files",
            "no audio files",
        ),
        _try("matplotlib", make_png, "matplotlib", "", "scores as PNG and PDF", "no PNG and PDF"),
        _try("jinja2", lambda: _importable("jinja2"), "jinja2", "", "the listening page", "no page"),
    ]
    rows += [
        _package(name, purpose)
        for name, purpose in (("torch", "models"), ("transformers", "models"), ("datasets", "corpora"))
    ]
    ok = all(row.state == "works" for row in rows)
    command = player()
    rows.append(_program(command[0] if command else "mpv", "--play", "apt install mpv | brew install mpv"))
    rows += [_program(name, purpose, advice) for name, purpose, advice in _OPTIONAL]
    return rows, ok


_VERSION = re.compile(r"\d+\.\d+[\w.+~:-]*")
_OPTIONAL = (
    ("abc2midi of this computer", "--engine system", "apt install abcmidi | brew install abcmidi"),
    ("abcm2ps", "--engraver abcm2ps", "apt install abcm2ps | brew install abcm2ps"),
    ("fluidsynth", "--synthesizer fluidsynth", "apt install fluidsynth | brew install fluid-synth"),
    ("timidity", "--synthesizer timidity", "apt install timidity | brew install timidity"),
)


def table(rows: list[Row]) -> str:
    """The rows as text, aligned, with the advice of what is missing underneath."""
    cells = [
        ("part", "state", "version", "for"),
        *((r.name, r.state, r.version or "-", r.purpose) for r in rows),
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for row in rows:
        if row.state in ("missing", "broken"):
            lines += ["", f"{row.name} is {row.state}: {row.without}. {row.advice}"]
    faults = [
        f"  {package} {version}: {fault}"
        for package, versions in KNOWN_FAULTS.items()
        for version, fault in versions.items()
        if _installed(package) == version
    ]
    if faults:
        lines += ["", "Known faults of what is installed, and what is done about them:", *faults]
    absent = [f"  {row.name}: {row.advice}" for row in rows if row.state == "not there"]
    return (
        "\n".join([*lines, *(["", "Optional, nothing here needs them:", *absent] if absent else [])]) + "\n"
    )


def _try(
    name: str, step: Callable[[], object], package: str, version: str, purpose: str, without: str
) -> Row:
    """Run one step of the chain and say how it went."""
    install = f"Type: pip install --upgrade {package}"
    if importlib.util.find_spec(package) is None:
        return Row(name, "missing", "", purpose, without, install)
    installed = importlib.metadata.version(package)
    shown = f"{version} ({package} {installed})" if version else installed
    if reason := KNOWN_BAD.get(package, {}).get(installed):
        return Row(name, "broken", shown, purpose, f"{without}: {reason}", install)
    try:
        step()
    except HfAbcError as error:
        return Row(name, "broken", shown, purpose, f"{without}: {error}", install)
    return Row(name, "works", shown, purpose, without)


def _package(name: str, purpose: str) -> Row:
    if importlib.util.find_spec(name) is None:
        return Row(name, "missing", "", purpose, f"no {purpose}", f"Type: pip install {name}")
    return Row(name, "works", importlib.metadata.version(name), purpose, f"no {purpose}")


def _program(name: str, purpose: str, advice: str) -> Row:
    """A program of this computer: its version where it tells one, else its place."""
    path = shutil.which(name.split()[0])
    if path is None:
        return Row(name, "not there", "", f"{purpose} (optional)", "", advice)
    version = ""
    for option in ("--version", "-version", "-V", "-ver"):
        try:
            said = run([str(Path(path).resolve()), option], timeout=5)
        except HfAbcError:
            break
        if found := _VERSION.search((said.stdout + said.stderr).decode("utf-8", "replace")):
            version = found[0]
            break
    return Row(name, "works", version or path, f"{purpose} (optional)", "", advice)


def _installed(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _exists(path: Path) -> None:
    if not path.is_file():
        raise HfAbcError(f"{path} is missing")


def _importable(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        raise HfAbcError(f"{name} is missing")


def _abc2midi_version() -> str:
    try:
        done = run([str(abcmidi.program("abc2midi")), "-ver"])
    except HfAbcError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip().split(" ")[0][:40]


def _libsndfile() -> str:
    try:
        import soundfile
    except (ImportError, OSError):
        return ""
    return str(soundfile.__libsndfile_version__)
