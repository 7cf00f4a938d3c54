"""CPU time of each rendering step over tunebooks, and how many tunes fail in it.

`python benchmarks/rendering.py FILE.abc…`; without files it takes every 20th tune of the three collections
that come with music21. CPU seconds of this process and its children are counted, not wall time.
"""

import importlib.util
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from hf_abc.errors import InputError
from hf_abc.notation.tune import split_book
from hf_abc.rendering import audio, musicxml
from hf_abc.rendering.midi import midi
from hf_abc.rendering.score import Engraver, score


def cpu() -> float:
    """CPU seconds used so far; of children only those that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def tunes(files: list[str]) -> list[str]:
    if files:
        return [tune for file in files for tune in split_book(Path(file).read_text("utf-8", "replace"))]
    spec = importlib.util.find_spec("music21")
    assert spec is not None and spec.origin is not None
    corpus = Path(spec.origin).parent / "corpus"
    books = [
        b for n in ("oneills1850", "ryansMammoth", "airdsAirs") for b in sorted((corpus / n).glob("*.abc"))
    ]
    return [tune for book in books for tune in split_book(book.read_text("latin-1"))][::20]


def main() -> None:
    texts = tunes(sys.argv[1:])
    print(f"{len(texts)} tunes")

    def timed(name: str, step: Callable[[str], bool], texts: list[str]) -> None:
        start = cpu()
        failed = sum(not step(text) for text in texts)
        print(f"{name:10} {1000 * (cpu() - start) / len(texts):7.1f} ms a tune, {failed} failed")

    timed("MIDI", lambda text: midi(text)[0] is not None, texts)
    timed("MusicXML", lambda text: bool(musicxml.musicxml(text)[0]), texts)
    engraver = Engraver()

    def draw(text: str) -> bool:
        done = score(text, engraver=engraver)[0] is not None
        if text is texts[-1]:
            engraver.close()
        return done

    timed("score", draw, texts)
    seconds = 0.0

    def sound(text: str) -> bool:
        nonlocal seconds
        made = midi(text)[0]
        try:
            samples, rate = audio.sound(made or b"")
        except InputError:
            return False
        audio.encode(samples, rate, "mp3")
        seconds += len(samples) / rate
        return True

    start = cpu()
    timed("MP3", sound, texts[::5])
    print(f"MP3        {seconds / (cpu() - start):7.1f} times real time")


if __name__ == "__main__":
    main()
