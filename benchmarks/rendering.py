"""What rendering costs, how often it fails, and whether the notes are right.

    python benchmarks/rendering.py [BOOK.abc or FOLDER …] [--sample 2000] [--audio 100] [--equal 500]
    [--fuzz 500] [--page 50] [--json FILE]

Without files it takes the three collections that come with music21. The sample is fixed: a shuffle with one
seed. CPU seconds of this process and its children are counted, not wall time. `--audio 0` leaves the sound
out, and so on. Tunes that abc2midi finds errors in (validity level below 3) are counted apart.
"""

import argparse
import importlib.util
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hf_abc import abcmidi
from hf_abc.errors import InputError
from hf_abc.notation.tune import split_book
from hf_abc.rendering import audio
from hf_abc.rendering.book import render_book
from hf_abc.rendering.midi import AS_WRITTEN, Playing, perform
from hf_abc.rendering.midifile import read
from hf_abc.rendering.musicxml import musicxml
from hf_abc.rendering.score import Engraver, score
from hf_abc.rendering.ties import mend_ties

TESTS = Path(__file__).parent.parent / "tests" / "rendering"


def cpu() -> float:
    """CPU seconds used so far; of children only those that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def tunes(places: list[Path], count: int) -> list[str]:
    """A fixed sample of the tunes in some books."""
    if not places:
        spec = importlib.util.find_spec("music21")
        assert spec is not None and spec.origin is not None
        corpus = Path(spec.origin).parent / "corpus"
        places = [corpus / name for name in ("oneills1850", "ryansMammoth", "airdsAirs")]
    books = [
        book for place in places for book in (sorted(place.rglob("*.abc")) if place.is_dir() else [place])
    ]
    found: list[str] = []
    for book in books:
        data = book.read_bytes()
        try:
            found += split_book(data.decode("utf-8"))
        except UnicodeDecodeError:
            found += split_book(data.decode("latin-1"))
    random.Random(1).shuffle(found)
    return found[:count]


def from_tests(module: str) -> Any:
    """A module of the tests: the independent player of MusicXML, the mutations."""
    spec = importlib.util.spec_from_file_location(module, TESTS / f"{module}.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def timed(name: str, step: Callable[[str], str], texts: list[str]) -> dict[str, Any]:
    """Run a step over tunes; it returns "" or the reason why it failed."""
    if not texts:
        return {}
    start = cpu()
    reasons = Counter(filter(None, map(step, texts)))
    cost = 1000 * (cpu() - start) / len(texts)
    done = 100 * (1 - reasons.total() / len(texts))
    print(
        f"{name:10} {cost:7.1f} ms a tune, {done:.2f} % of {len(texts)} done",
        *reasons.most_common(5),
        flush=True,
    )
    return {"tunes": len(texts), "ms": round(cost, 2), "done": round(done, 3), "reasons": dict(reasons)}


def render_steps(texts: list[str], sounded: int) -> dict[str, Any]:
    """MIDI, MusicXML, score and sound: cost and failures."""
    measured: dict[str, Any] = {}

    def play(text: str) -> str:
        done = perform(text)
        return "" if done.midi else next((m.text for m in done.messages if m.level == "error"), "no note")

    measured["midi"] = timed("MIDI", play, texts)
    measured["musicxml"] = timed("MusicXML", lambda text: "" if musicxml(text)[0] else "empty", texts)
    engraver = Engraver()

    def draw(text: str) -> str:
        svg, messages = score(text, engraver=engraver)
        if text is texts[-1]:
            engraver.close()  # so that its seconds are counted
        return "" if svg else messages[-1]

    measured["score"] = timed("score", draw, texts)
    seconds = 0.0

    def sound(text: str) -> str:
        nonlocal seconds
        try:
            samples, rate = audio.sound(perform(text).midi or b"")
        except InputError as error:
            return str(error)
        audio.encode(samples, rate, "mp3")
        seconds += len(samples) / rate
        return ""

    start = cpu()
    measured["audio"] = timed("MP3", sound, texts[:sounded])
    if sounded:
        measured["audio"]["times_real_time"] = round(seconds / (cpu() - start), 1)
        print(f"MP3        {measured['audio']['times_real_time']} times real time")
    return measured


def equal_notes(texts: list[str]) -> dict[str, Any]:
    """Our MIDI against abc2midi's own, and MusicXML against MIDI, on the same tunes."""
    helper = from_tests("conftest")
    same = mended = scored = counted = 0
    for text in texts:
        mine, theirs = perform(text).midi, abcmidi.to_midi(text)[0]
        changed = mend_ties(text)[0].rstrip("\n") != text.rstrip("\n")
        mended += changed
        same += not changed and read(mine or b"").notes == read(theirs or b"").notes
        plain = helper.plain_notes(text)
        played = read(perform(plain, Playing(chord_symbols=False)).midi or b"")
        if not played.notes:
            continue
        counted += 1
        quarter = played.ticks_per_quarter
        wanted = sorted((round(24 * onset / quarter), pitch) for onset, pitch, _, _ in played.notes)
        found = sorted(
            (round(24 * onset), pitch) for onset, pitch, _ in helper.play_musicxml(musicxml(plain)[0])
        )
        scored += wanted == found
    print(f"MIDI as abc2midi's own: {same} of {len(texts)}, {mended} more with a tie mended")
    print(f"MusicXML as MIDI: {scored} of {counted}, {100 * scored / max(counted, 1):.1f} %")
    return {
        "same": same,
        "mended": mended,
        "tunes": len(texts),
        "musicxml_same": scored,
        "musicxml_of": counted,
    }


def fuzz(texts: list[str], count: int) -> dict[str, Any]:
    """Mutations of real tunes through every step: the parent lives, nothing hangs."""
    mutate, chance, slowest = from_tests("test_safety").mutate, random.Random(2), 0.0
    drawn = played = 0
    for _ in range(count):
        text = mutate(chance.choice(texts), chance)
        start = time.monotonic()
        drawn += score(text)[0] is not None
        played += perform(text, AS_WRITTEN).midi is not None
        slowest = max(slowest, time.monotonic() - start)
    print(f"{count} mutations: {drawn} drawn, {played} played, the slowest in {slowest:.1f} s")
    return {"mutations": count, "drawn": drawn, "played": played, "slowest_s": round(slowest, 2)}


def page(texts: list[str]) -> dict[str, Any]:
    """A listening page with all its files."""
    start, wall = cpu(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        render_book(texts, Path(folder), title="Benchmark")
        size = (Path(folder) / "index.html").stat().st_size
    took = {
        "tunes": len(texts),
        "cpu_s": round(cpu() - start, 1),
        "wall_s": round(time.monotonic() - wall, 1),
    }
    print(f"page of {len(texts)}: {took['cpu_s']} s of CPU, {took['wall_s']} s, {size / 1e6:.1f} MB")
    return took | {"bytes": size}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="*", type=Path)
    parser.add_argument("--json", type=Path)
    for name, count in (("sample", 2000), ("audio", 100), ("equal", 500), ("fuzz", 500), ("page", 50)):
        parser.add_argument(f"--{name}", type=int, default=count)
    wanted = parser.parse_args()
    texts = tunes(wanted.places, wanted.sample)
    sound = [abcmidi.compiles(messages) for messages in abcmidi.check_book(texts)]
    valid = [text for text, right in zip(texts, sound, strict=True) if right]
    print(f"{len(texts)} tunes, {len(valid)} without an error of abc2midi")
    measured: dict[str, Any] = {"sample": len(texts), "valid": len(valid), "python": sys.version.split()[0]}
    measured["valid_tunes"] = render_steps(valid, wanted.audio)
    measured["notes"] = equal_notes(valid[: wanted.equal])
    measured["fuzz"] = fuzz(texts, wanted.fuzz)
    measured["page"] = page(valid[: wanted.page]) if wanted.page else {}
    if wanted.json:
        wanted.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
