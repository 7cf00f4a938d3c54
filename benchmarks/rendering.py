"""What rendering costs, how often it fails, and whether the notes are right.

    python benchmarks/rendering.py [BOOK or FOLDER …] [--parts midi score audio notes fuzz page]
    [--sample 2000] [--equal 500] [--fuzz 500] [--page 50] [--json FILE] [--failures FILE.abc]

Without files it takes the three collections that come with music21. Only tunes without an error of abc2midi
(validity level 3 or better) count. `midi` plays all of them; `score` and `audio` take a fixed sample, the
first of a shuffle with one seed; `notes` and `page` take the first of that sample; `fuzz` breaks tunes of it.

CPU seconds of this process and its children are counted, not wall time, so that a busy machine changes
little. The whole takes about an hour, most of it sound. With --json each part is saved as it ends (`audio`
every 100 tunes) and is not done again by a later call: remove the file to begin anew.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import platform
import random
import re
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from hf_abc import abcmidi
from hf_abc.corpora.encoding import decode
from hf_abc.errors import InputError
from hf_abc.notation.levels import level
from hf_abc.notation.ties import mend_ties
from hf_abc.notation.tune import split_book
from hf_abc.record import atomic_write
from hf_abc.rendering import audio
from hf_abc.rendering.book import render_book
from hf_abc.rendering.midi import Playing, perform
from hf_abc.rendering.midifile import read
from hf_abc.rendering.musicxml import musicxml
from hf_abc.rendering.render import render
from hf_abc.rendering.score import Engraver, score

TESTS = Path(__file__).parent.parent / "tests" / "rendering"
CHUNK = 100
PARTS = ("midi", "score", "audio", "notes", "fuzz", "page")


def cpu() -> float:
    """CPU seconds used so far; of children only those that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def tunes_of(file: Path) -> Iterator[str]:
    """The tunes of a book: ABC, a list of JSON rows, or lines and paragraphs of folk-rnn's tokens."""
    text = decode(file.read_bytes())
    if file.suffix == ".json":
        rows = json.loads(text)
        yield from (row["abc_clean"] for row in rows if "abc_clean" in row)
    elif re.search(r"^X:", text, re.MULTILINE):
        yield from split_book(text)
    else:
        tokens = re.findall(r"((?:^\[\w:[^\]\n]*\]\n)+|^M:\S+ K:\S+ )(.+)$", text, re.MULTILINE)
        for head, music in tokens:
            fields = "\n".join(re.findall(r"\w:[^\]\s]*", head))
            yield f"X:1\n{fields}\n{music.replace(' ', '')}\n"


def all_tunes(places: list[Path]) -> list[str]:
    """Every tune of the places, each once, shuffled with one seed."""
    if not places:
        spec = importlib.util.find_spec("music21")
        assert spec is not None and spec.origin is not None
        corpus = Path(spec.origin).parent / "corpus"
        places = [corpus / name for name in ("oneills1850", "ryansMammoth", "airdsAirs")]
    books: list[Path] = []
    for place in places:
        inside = sorted(p for p in place.rglob("*") if p.suffix in (".abc", ".txt", ".json"))
        books += inside if place.is_dir() else [place]
    found = list(dict.fromkeys(tune for book in books for tune in tunes_of(book)))
    random.Random(1).shuffle(found)
    return found


def sound_ones(texts: list[str]) -> list[str]:
    """Those at validity level 3 or better."""
    judged = zip(texts, abcmidi.check_book(texts), strict=True)
    return [
        text for text, messages in judged if abcmidi.compiles(messages) and level(text, messages).number >= 3
    ]


def from_tests(module: str) -> Any:
    """A module of the tests: the independent player of MusicXML, the mutations."""
    spec = importlib.util.spec_from_file_location(module, TESTS / f"{module}.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Bench:
    """What is measured so far, and the tunes that it is measured on."""

    def __init__(self, wanted: argparse.Namespace) -> None:
        self.wanted, self.file = wanted, wanted.json
        self.measured: dict[str, Any] = {}
        if self.file and self.file.is_file():
            self.measured = json.loads(self.file.read_text("utf-8"))
        found = all_tunes(wanted.places)
        self.valid = sound_ones(found)
        print(f"{len(found)} tunes, {len(self.valid)} at level 3 or better", flush=True)
        self.sample = self.valid[: wanted.sample]
        self.failed: list[str] = []
        self.measured["tunes"] = {
            "found": len(found),
            "level_3": len(self.valid),
            "sample": len(self.sample),
        }
        self.measured["machine"] = {
            "processor": _processor(),
            "python": platform.python_version(),
            **{
                name: importlib.metadata.version(name)
                for name in ("symusic", "verovio", "midirenderer", "soundfile")
            },
        }

    def save(self, part: str, values: dict[str, Any]) -> None:
        self.measured[part] = values
        if self.file:
            atomic_write(self.file, (json.dumps(self.measured, indent=1) + "\n").encode())

    def over(self, part: str, step: Callable[[str], str], texts: list[str]) -> dict[str, Any]:
        """Run a step over tunes, saving now and then; it returns "" or the reason why it failed."""
        before = self.measured.get(part, {})
        done, spent, reasons = (
            before.get("tunes", 0),
            before.get("cpu_s", 0.0),
            Counter(before.get("reasons")),
        )
        while done < len(texts):
            start, chunk = cpu(), texts[done : done + CHUNK]
            for text in chunk:
                if why := step(text):
                    reasons[why] += 1
                    self.failed.append(f"{text.rstrip()}\n% {part}: {why}\n")
            done, spent = done + len(chunk), spent + cpu() - start
            self.save(part, _rate(done, spent, reasons))
            if done % 1000 == 0:
                print(f"{part}: {done} of {len(texts)}", flush=True)
        values = _rate(done, spent, reasons)
        print(f"{part:6} {values['ms']:7.1f} ms a tune, {values['done_%']} % of {done}", dict(reasons))
        return values

    def midi(self) -> None:
        """Every tune at level 3 becomes a MIDI file."""

        def play(text: str) -> str:
            done = perform(text)
            return "" if done.midi else next((m.text for m in done.messages if m.level == "error"), "no note")

        self.over("midi", play, self.valid)

    def score(self) -> None:
        """Scores by one child process."""
        engraver = Engraver()

        def draw(text: str) -> str:
            svg, messages = score(text, engraver=engraver)
            return "" if svg else messages[-1]

        values, before = self.over("score", draw, self.sample), cpu()
        engraver.close()  # only now are its seconds counted
        seconds = values["cpu_s"] + cpu() - before
        self.save(
            "score", values | {"cpu_s": round(seconds, 2), "ms": round(1000 * seconds / values["tunes"], 2)}
        )
        print(f"score  {self.measured['score']['ms']} ms a tune with the child process")

    def audio(self) -> None:
        """MP3 files, and how many times faster than the music they are made."""
        seconds = self.measured.get("audio", {}).get("seconds_of_music", 0.0)

        def listen(text: str) -> str:
            nonlocal seconds
            try:
                samples, rate = audio.sound(perform(text).midi or b"")
            except InputError as error:
                return str(error)
            audio.encode(samples, rate, "mp3")
            seconds += len(samples) / rate
            return ""

        for size in range(CHUNK, len(self.sample) + CHUNK, CHUNK):
            values = self.over("audio", listen, self.sample[:size])
            times = round(seconds / max(values["cpu_s"], 1e-9), 1)
            self.save("audio", values | {"seconds_of_music": round(seconds, 1), "times_real_time": times})
        print(f"audio  {self.measured['audio']['times_real_time']} times real time, MP3 included")

    def notes(self) -> None:
        """Our MIDI against abc2midi's own, and MusicXML against MIDI, on the same tunes.

        `written` leaves out what abc2midi plays in its own way (see `plain_notes` of the tests); `repeated`
        keeps repeats and endings.
        """
        helper = from_tests("conftest")
        texts = self.sample[: self.wanted.equal]
        counts: Counter[str] = Counter()
        for text in texts:
            mine, theirs = perform(text).midi, abcmidi.to_midi(text)[0]
            if mend_ties(text)[0].rstrip("\n") != text.rstrip("\n"):
                counts["a tie mended"] += 1
            else:
                counts["as abc2midi's own"] += read(mine or b"").notes == read(theirs or b"").notes
            for name, repeats in (("written", False), ("repeated", True)):
                plain = helper.plain_notes(text, repeats=repeats)
                played = read(perform(plain, Playing(chord_symbols=False)).midi or b"")
                quarter = played.ticks_per_quarter
                wanted = _in_time([(Fraction(onset, quarter), pitch) for onset, pitch, _, _ in played.notes])
                document = helper.play_musicxml(musicxml(plain)[0])
                found = _in_time([(onset, pitch) for onset, pitch, _ in document])
                counts[f"MusicXML {name}"] += wanted == found
                if wanted != found and not repeats:
                    self.failed.append(f"{text.rstrip()}\n% notes\n")
        print(f"notes  of {len(texts)}:", dict(counts))
        self.save("notes", {"tunes": len(texts), **counts})

    def fuzz(self) -> None:
        """Mutations of real tunes through every step: the parent lives, nothing hangs."""
        mutate, chance, slowest = from_tests("test_safety").mutate, random.Random(2), 0.0
        counts = Counter(drawn=0, played=0, sounded=0)
        with tempfile.TemporaryDirectory() as folder:
            for number in range(self.wanted.fuzz):
                text = mutate(chance.choice(self.sample), chance)
                start = time.monotonic()
                made = render(text, Path(folder) / "out", f"{number}-{text[:80]}", also=["musicxml"])
                counts["drawn"] += made.score is not None
                counts["played"] += made.midi is not None
                counts["sounded"] += made.audio is not None
                counts["lost without a word"] += not made.messages and None in (made.score, made.audio)
                slowest = max(slowest, time.monotonic() - start)
            files = [path for path in Path(folder).rglob("*") if path.is_file()]
            counts["files outside"] = sum(path.parent.name != "out" for path in files)
        print(f"fuzz   {self.wanted.fuzz} mutations: {dict(counts)}, the slowest in {slowest:.1f} s")
        self.save("fuzz", {"mutations": self.wanted.fuzz, **counts, "slowest_s": round(slowest, 2)})

    def page(self) -> None:
        """A listening page with all its files."""
        texts = self.sample[: self.wanted.page]
        start, wall = cpu(), time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            render_book(texts, Path(folder), title="Benchmark")
            size = (Path(folder) / "index.html").stat().st_size
        seconds, passed = cpu() - start, time.monotonic() - wall
        print(f"page   of {len(texts)}: {seconds:.1f} s of CPU, {passed:.1f} s, {size / 1e6:.1f} MB")
        values = {"tunes": len(texts), "cpu_s": round(seconds, 1), "wall_s": round(passed, 1), "bytes": size}
        self.save("page", values)


def _in_time(notes: list[tuple[Fraction, int]]) -> list[tuple[int, int]]:
    """Onsets in 24ths of a quarter from the first note on: abc2midi begins a tick late."""
    return sorted((round((onset - notes[0][0]) * 24), pitch) for onset, pitch in notes)


def _rate(done: int, spent: float, reasons: Counter[str]) -> dict[str, Any]:
    share = 100 * (1 - reasons.total() / max(done, 1))
    return {
        "tunes": done,
        "cpu_s": round(spent, 2),
        "ms": round(1000 * spent / max(done, 1), 2),
        "done_%": round(share, 3),
        "reasons": dict(reasons.most_common(20)),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().split("\n") if Path("/proc/cpuinfo").is_file() else []
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="*", type=Path)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--failures", type=Path, help="file for the tunes that failed, each with its reason")
    for name, count in (("sample", 2000), ("equal", 500), ("fuzz", 500), ("page", 50)):
        parser.add_argument(f"--{name}", type=int, default=count)
    wanted = parser.parse_args()
    bench = Bench(wanted)
    for part in wanted.parts:
        if part in ("notes", "fuzz", "page") and part in bench.measured:
            continue
        getattr(bench, part)()
        if wanted.failures:
            atomic_write(wanted.failures, "\n".join(bench.failed).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
