"""One tune into files: ABC, MIDI, score and audio, side by side in a folder.

The ABC is written first and whatever else fails is told, so nothing is ever lost. File names hold letters,
digits and `-` only, whatever the title says, and every file is written aside and renamed.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from hf_abc.abcmidi import harmless
from hf_abc.errors import InputError, OutputError
from hf_abc.record import atomic_write
from hf_abc.rendering.abcm2ps import draw
from hf_abc.rendering.audio import AudioFormat, Synthesizer, audio
from hf_abc.rendering.heading import headed
from hf_abc.rendering.midi import AS_WRITTEN, Playing, perform
from hf_abc.rendering.musicxml import musicxml
from hf_abc.rendering.pictures import picture
from hf_abc.rendering.score import on_white, score
from hf_abc.rendering.words import plain_words

Engraving = Literal["verovio", "abcm2ps"]
Extra = Literal["png", "pdf", "musicxml"]

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files of one tune; None where a step failed, and then `messages` says why. `drawn` is the score
    without its heading, for a page that has titles of its own.
    """

    abc: Path
    midi: Path | None
    score: Path | None
    audio: Path | None
    messages: list[str] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    drawn: str | None = None


_REFUSED = re.compile(
    r"(?:^\s*%%\s*|^\s*I:\s*|\[I:\s*)"
    r"(abc-include|include|format|postscript|ps|eps|svg|javascript|js|begin(?:ps|eps|svg|js|ml)|midi\s+ptstress)\b",
    re.IGNORECASE | re.ASCII,
)


def refused(text: str) -> list[str]:
    """What a tune asks for and does not get: files to read, programs to run, pictures to put in."""
    return [
        f"line {number}: the instruction {found[1]} is not carried out"
        for number, line in enumerate(text.split("\n"), 1)
        for found in _REFUSED.finditer(line)
    ]


def safe_stem(name: str) -> str:
    """A file name without its ending for any title: at most 60 of a-z, 0-9 and `-`, never empty, no device
    name.
    """
    plain = (
        unicodedata.normalize("NFKD", plain_words(name))
        .encode("ascii", "ignore")
        .decode()
        .lower()
        .replace("'", "")
    )
    stem = re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-")
    return f"tune-{stem}".strip("-") if stem in _RESERVED or not stem else stem


def file_stems(titles: Sequence[str]) -> list[str]:
    """A different stem for each title, numbered so that they sort in this order: `01-the-kesh`."""
    digits = max(2, len(str(len(titles))))
    return [f"{number:0{digits}}-{safe_stem(title)}" for number, title in enumerate(titles, 1)]


def render(
    text: str,
    out: Path,
    stem: str,
    *,
    audio_format: AudioFormat = "mp3",
    font: Path | None = None,
    synthesizer: Synthesizer = "midirenderer",
    playing: Playing = AS_WRITTEN,
    engraver: Engraving = "verovio",
    also: Sequence[Extra] = (),
) -> Rendered:
    """Write a tune's files as `out/stem.*` (`stem` is made safe first) and tell what failed.

    `font` is a SoundFont other than the default one; `also` are more files to write: the score as PNG or PDF
    (drawn by verovio) and the tune as MusicXML. Raises OutputError where the folder cannot be written,
    MissingPackageError or ToolError where something asked for is not installed; a tune that a program cannot
    handle raises nothing.
    """
    for wanted in also:
        if wanted not in get_args(Extra):
            raise InputError(f"files of kind {wanted!r} are not known: ask for {', '.join(get_args(Extra))}")
    stem = safe_stem(stem)
    messages = refused(text)
    abc = write(out / f"{stem}.abc", text if text.endswith("\n") else text + "\n")

    performance = perform(text, playing)
    played = performance.midi
    messages += [f"line {m.line}: {m.text}" for m in performance.messages if m.level == "error"]
    messages += performance.notes
    midi_path = write(out / f"{stem}.mid", played) if played is not None else None
    if played is None:
        messages.append(f"no MIDI file and no sound: {performance.missing}")

    plain, said_of_score = score(text, title=False)
    svg = headed(plain, text) if plain is not None else None
    messages += said_of_score
    others = _others(text, svg, out / stem, also)
    image = on_white(svg) if svg is not None else None
    if engraver == "abcm2ps":
        image, said_of_score = draw(text)
        messages += said_of_score
    score_path = write(out / f"{stem}.svg", image) if image is not None else None

    audio_path = None
    if played is not None:
        try:
            audio_path = write(
                out / f"{stem}.{audio_format}",
                audio(played, audio_format, font=font, synthesizer=synthesizer),
            )
        except InputError as error:
            messages.append(f"no sound: {error}")
    return Rendered(abc, midi_path, score_path, audio_path, messages, others, plain)


def _others(text: str, svg: str | None, path: Path, also: Sequence[Extra]) -> list[Path]:
    """The files that were asked for besides; without a score there is no picture of it."""
    made = []
    for kind in dict.fromkeys(also):
        target = path.with_name(f"{path.name}.{kind}")
        if kind == "musicxml":
            made.append(write(target, musicxml(harmless(text))[0]))
        elif svg is not None:
            made.append(write(target, picture(svg, kind)))
    return made


def write(path: Path, data: str | bytes) -> Path:
    """Write a file aside and rename it; OutputError where the place does not let us."""
    try:
        atomic_write(path, data.encode("utf-8", "replace") if isinstance(data, str) else data)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror}; free some space or choose another folder"
        ) from None
    return path
