"""A corpus of hundreds of thousands of tunes: time, memory, and whether its families are the true ones.

    python benchmarks/corpus_scale.py [--tunes 30000 300000] [--workers 2] [--work DIR] [--json FILE]

The tunes are composed from real bars of four of music21's collections, so that the truth is known. A theme is
eighteen bars in a form like AABA; no two bars that follow each other in one theme do so in another, so that
strangers share no 24 notes, though every bar comes in hundreds of themes. Its other renderings have up to
three bars and three notes changed, ornaments, another key, and often another title; one family in fifty has
the title of another. They stand in shuffled order in tunebooks, and `hf-abc corpus` cleans (profile `plain`),
judges, groups, splits and reports them as it would any folder. Precision and recall are those of pairs of
tunes in one family; "missed" counts pairs that the rules should have joined. Memory is that of all processes
together, sampled ten times a second (pages that they share count for each). `--tunes 3000` is a quick look.
The tunebooks stay in DIR for the next run.
"""

import argparse
import csv
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import psutil

from hf_abc.corpora.cleaning import Dropped, clean
from hf_abc.corpora.duplicates import SIMILAR, shingles, similarity
from hf_abc.corpora.families import DULL, RUN
from hf_abc.corpora.index import melody_key
from hf_abc.corpora.sources.music21_collections import PRINTS, read_collection
from hf_abc.corpora.titles import title_key
from hf_abc.notation.meter import parse_meter
from hf_abc.notation.reader import read
from hf_abc.notation.transpose import transpose
from hf_abc.notation.tune import split_book

_SIZES = ((1, 0.5), (2, 0.2), (6, 0.22), (15, 0.07), (40, 0.01))  # up to so many tunes, share of families
_PLAIN = re.compile(r"[A-Ga-g,'\d/ <>^_=]+")
_FORM = "abcdabefghijghefkl"  # bars of a theme; equal letters are equal bars
_BOOK = 2000  # tunes in a file


@dataclass
class Composer:
    """Composes families of tunes; the same ones for the same seed."""

    source: random.Random = field(default_factory=lambda: random.Random(1))
    bars: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    taken: set[tuple[str, str, str]] = field(default_factory=set)

    def gather(self) -> None:
        """Take real bars of two to eight notes, by meter and key, and the words of real titles."""
        found: dict[tuple[str, str], dict[tuple[int, ...], str]] = defaultdict(dict)
        words: set[str] = set()
        for tune in (t for name in (*PRINTS, "essenFolksong") for t in read_collection(name)):
            cleaned, _ = clean(tune, "plain")
            if isinstance(cleaned, Dropped) or cleaned.key not in ("G", "D", "A", "C", "F", "Em", "Am"):
                continue
            words.update(word for word in title_key(tune.title).split() if len(word) > 3)
            meter = parse_meter(cleaned.meter)
            for bar in re.split(r"[|:\]]+[12]?", cleaned.text.partition("\nK:")[2].partition("\n")[2]):
                bar = bar.strip()
                if _PLAIN.fullmatch(bar):
                    head = f"X:1\nM:{cleaned.meter}\nL:1/8\nK:C\n"
                    elements = [e for e in read(f"{head}{bar}\n") if e.pitches]
                    if 2 <= len(elements) <= 8 and sum(e.ticks for e in elements) == meter.ticks:
                        shape = tuple(ord(letter) for letter in re.sub(r"[^A-Ga-g,']", "", bar))
                        found[cleaned.meter, cleaned.key].setdefault(shape, bar)
        self.bars = {group: list(bars.values()) for group, bars in found.items() if len(bars) >= 700}
        self.words = sorted(words)

    def families(self, tunes: int) -> Iterator[list[str]]:
        """Families until there are so many tunes."""
        groups = list(self.bars)
        weights = [len(self.bars[group]) ** 2 for group in groups]
        limits, shares = zip(*_SIZES, strict=True)
        last = self.title()
        while tunes > 0:
            (place,) = self.source.choices(range(len(limits)), shares)
            least = limits[place - 1] + 1 if place else 1
            count = min(self.source.randint(least, limits[place]), tunes)
            (group,) = self.source.choices(groups, weights)
            title = last if self.source.random() < 0.02 else self.title()
            yield list(self.family(group, count, title))
            last, tunes = title, tunes - count

    def title(self) -> str:
        return " ".join(self.source.sample(self.words, 3)).title()

    def family(self, group: tuple[str, str], count: int, title: str) -> Iterator[str]:
        own: set[tuple[str, str]] = set()
        parts: dict[str, str] = {}
        for before, letter in zip(" " + _FORM, _FORM, strict=False):
            if letter not in parts:
                parts[letter] = self.bar(group, parts.get(before, ""), own)
            elif before != " ":
                own.add((parts[before], parts[letter]))
        theme = [parts[letter] for letter in _FORM]
        self.claim(group, own)
        yield self.text(group, title, theme)
        for _ in range(count - 1):
            rendering, mine = list(theme), set(own)
            for place in self.source.sample(range(len(theme)), self.source.randint(0, 3)):
                rendering[place] = self.bar(group, rendering[place - 1], mine)
            self.claim(group, set(zip(rendering, rendering[1:], strict=False)))
            for place in self.source.sample(range(len(theme)), self.source.randint(0, 3)):
                rendering[place] = self.slip(rendering[place])
            named = title if self.source.random() < 0.6 else self.title()
            text = self.text(group, named, [self.ornament(bar) for bar in rendering])
            if self.source.random() < 0.5:
                text = transpose(text, self.source.choice((-5, -4, -3, -2, 2, 3, 4, 5))) or text
            yield text

    def bar(self, group: tuple[str, str], before: str, own: set[tuple[str, str]]) -> str:
        """A bar that no other family has behind this one."""
        while True:
            bar = self.source.choice(self.bars[group])
            if not before or (before, bar) in own or (group[0] + group[1], before, bar) not in self.taken:
                own.add((before, bar))
                return bar

    def claim(self, group: tuple[str, str], pairs: set[tuple[str, str]]) -> None:
        self.taken.update((group[0] + group[1], *pair) for pair in pairs)

    def slip(self, bar: str) -> str:
        """One note another one."""
        place = self.source.choice([n for n, letter in enumerate(bar) if letter in "ABCDEFGabcdefg"])
        return bar[:place] + self.source.choice("ABCDEFGabcdef") + bar[place + 1 :]

    def ornament(self, bar: str) -> str:
        chance = self.source.random()
        return "~" + bar if chance < 0.05 and bar[0].isalpha() else "{g}" + bar if chance < 0.1 else bar

    def text(self, group: tuple[str, str], title: str, bars: list[str]) -> str:
        lines = [" | ".join(bars[start : start + 6]) + " |" for start in range(0, len(bars), 6)]
        return f"X:0\nT:{title}\nM:{group[0]}\nL:1/8\nK:{group[1]}\n" + "\n".join(lines) + "\n"


def compose(folder: Path, tunes: int) -> None:
    """Write tunebooks into the folder `books`, and beside it the number of each tune's family."""
    composer = Composer()
    composer.gather()
    made = [(family, text) for family, texts in enumerate(composer.families(tunes)) for text in texts]
    composer.source.shuffle(made)
    books = folder / "books"
    books.mkdir(parents=True)
    for start in range(0, len(made), _BOOK):
        texts = (
            text.replace("X:0", f"X:{n}", 1) for n, (_, text) in enumerate(made[start : start + _BOOK], start)
        )
        (books / f"{start // _BOOK:04}.abc").write_text("\n".join(texts), encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps([family for family, _ in made]))


def build(folder: Path, workers: int) -> dict[str, Any]:
    """Run `hf-abc corpus` on the tunebooks and watch it."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(f"corpus:\n  sources: ['tunebooks:{folder / 'books'}']\n")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        out = Path(place) / "corpus"
        command = [Path(sys.executable).with_name("hf-abc"), "corpus", recipe, "--out", out]
        start = time.monotonic()
        process = psutil.Popen([*command, "--workers", str(workers)], stdout=subprocess.PIPE, text=True)
        watched = watch(process, start)
        if process.returncode:
            raise SystemExit(f"hf-abc corpus ended with status {process.returncode}")
        return {**watched, **judge(folder, out)}


def watch(process: psutil.Popen, start: float) -> dict[str, Any]:
    """Seconds of the whole and of its stages, processor seconds and peak memory of all its processes."""
    stages: dict[str, float] = {}

    def listen() -> None:
        for line in process.stdout:
            print(f"[{time.monotonic() - start:6.1f}] {line}", end="", flush=True)
            for stage in ("looking for families", "writing them", "measuring leaks"):
                if stage in line:
                    stages[stage] = round(time.monotonic() - start, 1)

    listener = threading.Thread(target=listen)
    listener.start()
    peak = 0
    before = processor_seconds()
    while process.poll() is None:
        memory = 0
        for one in (process, *children(process)):
            try:
                memory += one.memory_info().rss
            except psutil.Error:
                continue
        peak = max(peak, memory)
        time.sleep(0.1)
    wall = time.monotonic() - start
    listener.join()
    return {
        "seconds": round(wall, 1),
        "processor_seconds": round(processor_seconds() - before, 1),
        "begun_after": stages,
        "peak_memory_gib": round(peak / 2**30, 2),
    }


def processor_seconds() -> float:
    """Of all the processes that have been waited for, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def judge(folder: Path, out: Path) -> dict[str, Any]:
    """The families of a corpus against the true ones, by pairs of tunes, and what its report says."""
    truth = json.loads((folder / "truth.json").read_text())
    report = json.loads((out / "report.json").read_text())
    with (out / "split.csv").open(newline="") as file:
        found = {int(re.split("[/:]", row["id"])[2]): row["family"] for row in csv.DictReader(file)}
    rows = [(truth[number], family) for number, family in found.items()]

    def pairs(counts: Counter) -> int:
        return sum(n * (n - 1) // 2 for n in counts.values())

    both = pairs(Counter(rows))
    return {
        "read": report["read"],
        "kept": report["kept"],
        "characters": report["statistics"]["characters"],
        "true_families": len({family for family, _ in rows}),
        "families": len({family for _, family in rows}),
        "recall": round(both / pairs(Counter(family for family, _ in rows)), 6),
        "precision": round(both / pairs(Counter(found for _, found in rows)), 6),
        "missed": missed(folder, truth, found),
        "links": report["families"]["links"],
        "leaks": {name: rates for name, rates in report["leaks"].items() if name != "pairs"},
        "held_back": len(report["leaks"]["pairs"]),
    }


def missed(folder: Path, truth: list[int], found: dict[int, str]) -> int:
    """Pairs of one true family that stand apart, though by the rules their melodies belong together."""
    members: dict[int, list[int]] = defaultdict(list)
    for number in found:
        members[truth[number]].append(number)
    torn = [family for family in members.values() if len({found[number] for number in family}) > 1]
    wanted = {number for family in torn for number in family}
    melodies: dict[int, bytes] = {}
    for book in sorted((folder / "books").iterdir()):
        for text in split_book(book.read_text(encoding="utf-8")):
            number = int(text[2 : text.index("\n")])
            if number in wanted:
                melodies[number] = melody_key(text)
    return sum(
        similarity(melodies[one], melodies[other]) >= SIMILAR
        or any(len(set(run)) > DULL for run in shingles(melodies[one], RUN) & shingles(melodies[other], RUN))
        for family in torn
        for one, other in combinations(family, 2)
        if found[one] != found[other]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tunes", type=int, nargs="+", default=[30_000, 300_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "hf-abc-corpus-scale")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results: dict[str, Any] = {}
    for tunes in arguments.tunes:
        folder = arguments.work / str(tunes)
        if not (folder / "truth.json").is_file():
            print(f"composing {tunes:,} tunes", flush=True)
            compose(folder, tunes)
        size = sum(book.stat().st_size for book in (folder / "books").iterdir())
        found = {"megabytes": round(size / 1e6, 1), **build(folder, arguments.workers)}
        results[str(tunes)] = found
        print(json.dumps(found, indent=2), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    if len(results) > 1:
        first, last = results[str(arguments.tunes[0])], results[str(arguments.tunes[-1])]
        larger = arguments.tunes[-1] / arguments.tunes[0]
        print(f"{larger:.1f} times the tunes took {last['seconds'] / first['seconds']:.1f} times the time")


if __name__ == "__main__":
    main()
