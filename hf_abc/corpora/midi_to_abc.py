"""MIDI files into ABC, many at a time: read by symusic, written down by midi2abc, cleaned, judged.

midi2abc writes each track by itself, so pieces of one meter, key and unit go through it together, up to 60
tracks in one start of the program, and are taken apart again: starting it costs twice as much as its work on
a folk tune. All starts of a batch share one run of /bin/sh, each with limits of its own on time, memory and
output. Where a start fails, its pieces are tried again alone, and the one that fails alone is refused.

symusic works in this process and may bring it down: midi_worker.py runs this module in a child that may die.
"""

import faulthandler
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath

from hf_abc.abcmidi import harmless, program
from hf_abc.corpora.midi_conversion import READING, Conversion
from hf_abc.corpora.midi_recall import recall
from hf_abc.corpora.midi_rewrite import TICKS, Piece, Unfit, onsets_of, read_piece
from hf_abc.corpora.midi_text import NotMusic, split_voices, tune
from hf_abc.notation.ties import mend_ties
from hf_abc.process import Completed, run

_TRACKS, _NOTES = 60, 20_000
"""What goes through one start of midi2abc at most."""
_SECONDS = 10  # of processor time for one start of midi2abc or abc2midi
_TOGETHER = 60.0  # seconds for a batch; where they are not enough its starts are made alone
_MEMORY = 1024  # MiB
_OUTPUT = 2  # MiB: some times what the longest text kept has with all its spaces
# Each start: its arguments in one word. A status line ends what the program prints for it.
_LOOP = f"""
ulimit -t {_SECONDS} 2>/dev/null
tool=$1
shift
for arguments; do
    "$tool" $arguments 2>&1 </dev/null
    echo "
status $?"
done
"""
# Three equal notes that are no triplet but last a whole or half bar: midi2abc splits one of them by a tie.
_TIED_TRIPLET = re.compile(r"\(3(?:[_=^]?[A-Ga-gz][,']*[\d/]*){0,2}[_=^]?[A-Ga-g][,']*[\d/]*-")
_STATUS = re.compile(r"\nstatus (\d+)\n")
_CPU, _FILE_SIZE = 128 + 24, 128 + 25  # statuses of a program killed for its time or its output, on Linux
_KILL = 128 + 9  # what follows where the limit is passed before the signal above is seen


def convert(files: Sequence[tuple[str, bytes]], *, with_recall: bool = True) -> list[Conversion]:
    """Convert a batch of (name, bytes), in order. A name becomes a title.

    symusic may crash or hang on broken bytes; a hang ends this process after some seconds.
    """
    done: dict[int, Conversion] = {}
    pieces: dict[int, Piece] = {}
    with _watched():
        for place, (name, data) in enumerate(files):
            try:
                pieces[place] = read_piece(data, onsets=with_recall)
            except Unfit as error:
                done[place] = Conversion(name, "", str(error))
    texts: dict[int, str] = {}
    for place, music in _written(pieces).items():
        name = files[place][0]
        try:
            if isinstance(music, str):
                raise NotMusic(music)
            texts[place] = tune(pieces[place], music, title(name))
        except NotMusic as error:
            done[place] = Conversion(name, "", str(error), pieces[place].notes)
    recalls = _recalls(texts, pieces) if with_recall else {}
    for place, text in texts.items():
        piece = pieces[place]
        done[place] = Conversion(
            files[place][0], text, "", piece.notes, len(piece.voices), recalls.get(place)
        )
    return [done[place] for place in range(len(files))]


def title(name: str) -> str:
    """A title from a file's name: without folder and suffix, on one line."""
    stem = PurePosixPath(name).stem.replace("_", " ").replace("%", "")
    return " ".join("".join(sign for sign in stem if sign.isprintable()).split())[:100] or "untitled"


def _written(pieces: Mapping[int, Piece]) -> dict[int, list[str] | str]:
    """What midi2abc writes for each piece, voice by voice, or a sentence that says what was wrong."""
    groups = list(_alike(pieces))
    found: dict[int, list[str] | str] = {}
    for group, music in zip(groups, _midi2abc(pieces, groups), strict=True):
        found |= _apart(pieces, group, music)
    failed = [[place] for group in groups for place in group if len(group) > 1 and place not in found]
    for (place,), music in zip(failed, _midi2abc(pieces, failed), strict=True):
        found[place] = music
    odd = [[place] for place, music in found.items() if _TIED_TRIPLET.search("".join(music))]
    for (place,), music in zip(odd, _midi2abc(pieces, odd, " -nt"), strict=True):
        found[place] = music
    return found


def _alike(pieces: Mapping[int, Piece]) -> Iterator[list[int]]:
    """Groups of pieces that can go through midi2abc as if they were voices of one."""
    open_groups: dict[tuple[object, ...], tuple[list[int], int, int]] = {}
    for place, piece in pieces.items():
        kind = (piece.meter, piece.unit, piece.sharps, piece.pickup)
        group, tracks, notes = open_groups.get(kind, ([], 0, 0))
        if group and (tracks + len(piece.voices) > _TRACKS or notes + piece.notes > _NOTES):
            yield group
            group, tracks, notes = [], 0, 0
        group.append(place)
        open_groups[kind] = (group, tracks + len(piece.voices), notes + piece.notes)
    yield from (group for group, _, _ in open_groups.values())


def _apart(
    pieces: Mapping[int, Piece], group: Sequence[int], music: list[str] | str
) -> dict[int, list[str] | str]:
    """The music of a group, piece by piece; nothing where a group of several failed."""
    if isinstance(music, str):
        return {group[0]: music} if len(group) == 1 else {}
    found: dict[int, list[str] | str] = {}
    begin = 0
    for place in group:
        end = begin + len(pieces[place].voices)
        found[place] = music[begin:end]
        begin = end
    return found


def _midi2abc(
    pieces: Mapping[int, Piece], groups: Sequence[Sequence[int]], more: str = ""
) -> Iterator[list[str] | str]:
    """The voices that midi2abc writes for each group, or what was wrong; `more` are more options."""
    inputs = {f"{number}.mid": _midi([pieces[p] for p in group]) for number, group in enumerate(groups)}
    arguments = [
        f"{number}.mid -o {number}.abc {_options(pieces[group[0]])}{more}"
        for number, group in enumerate(groups)
    ]
    wanted = [sum(len(pieces[place].voices) for place in group) for group in groups]
    for voices, (written, problem) in zip(wanted, _each("midi2abc", inputs, arguments, ".abc"), strict=True):
        try:
            music = split_voices(written.decode("latin-1")) if not problem else []
        except NotMusic as error:
            problem = str(error)
        yield problem or (music if len(music) == voices else "midi2abc wrote another number of voices")


def _midi(pieces: Sequence[Piece]) -> bytes:
    """A MIDI file with the voices of all pieces; they share a meter."""
    import symusic

    score = symusic.Score(TICKS)
    score.time_signatures.append(symusic.TimeSignature(0, *pieces[0].meter))
    for piece in pieces:
        for voice in piece.voices:
            track = symusic.Track("", 0, False)
            track.notes = symusic.Note.from_numpy(*voice.played)
            score.tracks.append(track)
    return score.dumps_midi()


def _options(piece: Piece) -> str:
    """`-s` keeps short notes, as many as a tenth of those of game music (measured); `-nb` spells
    dotted notes out, as `F2<G2` in a jig helps nobody; `-nt` is there because
    midi2abc 3.64 misplaces what follows a triplet in units of a sixteenth.
    """
    pickup = f" -a {piece.pickup * piece.unit // (2 * TICKS)}" if piece.pickup else ""
    triplets = " -nt" if piece.unit == 16 else ""
    return f"-bpl 999999 -nogr -s -nb -aul {piece.unit} -k {piece.sharps}{pickup}{triplets}"


def _recalls(texts: Mapping[int, str], pieces: Mapping[int, Piece]) -> dict[int, float]:
    inputs = {
        f"{number}.abc": harmless(mend_ties(text)[0]).encode("utf-8")
        for number, text in enumerate(texts.values())
    }
    played = list(_each("abc2midi", inputs, [f"{n}.abc -o {n}.mid" for n in range(len(texts))], ".mid"))
    found: dict[int, float] = {}
    with _watched():
        import symusic

        for place, (data, problem) in zip(texts, played, strict=True):
            try:
                onsets = onsets_of(symusic.Score.from_midi(data)) if not problem else {}
            except Exception:
                onsets = {}
            found[place] = round(recall(pieces[place].onsets, onsets, pieces[place].shift), 4)
    return found


def _each(
    tool: str, inputs: Mapping[str, bytes], arguments: Sequence[str], suffix: str
) -> Iterator[tuple[bytes, str]]:
    """What each start of a program writes, or a sentence that says what was wrong with it. The n-th writes
    into the file `n` with this suffix.
    """
    outputs = [f"{number}{suffix}" for number in range(len(arguments))]
    path = str(program(tool))
    if len(arguments) > 1 and os.access("/bin/sh", os.X_OK):
        done = _run(["/bin/sh", "-c", _LOOP, "sh", path, *arguments], inputs, outputs, _TOGETHER)
        said = _STATUS.split(done.stdout.decode("latin-1"))
        if not done.timed_out and len(said) == 2 * len(arguments) + 1:
            for output, message, status in zip(outputs, said[::2], said[1::2], strict=False):
                yield _outcome(tool, done, output, int(status), message)
            return
    for output, line in zip(outputs, arguments, strict=True):
        source = line.split()[0]
        done = _run([path, *line.split()], {source: inputs[source]}, [output], _SECONDS)
        yield _outcome(tool, done, output, done.returncode, done.stdout.decode("latin-1"))


def _run(argv: list[str], inputs: Mapping[str, bytes], outputs: Sequence[str], timeout: float) -> Completed:
    return run(argv, inputs=inputs, outputs=outputs, timeout=timeout, memory_mb=_MEMORY, output_mb=_OUTPUT)


def _outcome(tool: str, done: Completed, output: str, status: int, said: str) -> tuple[bytes, str]:
    status = status if status >= 0 else 128 - status
    if done.timed_out or status in (_CPU, _KILL):
        return b"", f"{tool} took more than {_SECONDS} seconds"
    if status == _FILE_SIZE:
        return b"", f"{tool} wrote more than {_OUTPUT} MiB"
    if status > 128:
        return b"", f"{tool} crashed (signal {status - 128})"
    if status:
        words = [line for line in said.splitlines() if line and not line.startswith("calling")]
        return b"", f"{tool} gave up: {words[-1][:100] if words else 'no reason given'}"
    return done.files.get(output, b""), ""


@contextmanager
def _watched() -> Iterator[None]:
    """A crash or a hang of symusic ends this process, silently."""
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(READING, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
