"""How fast tunes are lexed, cleaned and checked, and whether removing spaces changes what is heard.

    python benchmarks/cleaning.py [--data ../shared/data] [--tunes 0] [--sounding 2000] [--json FILE]

All figures are per second of processor time of one thread, best of three passes over the same tunes.
"lex" counts the bytes of the music lines (behind the first K:), each of which gets the kind of its symbol;
"clean" counts the bytes of the whole tunes and includes all steps of the profile; "bars" reads a tune into
timed elements and measures every bar; "level" is `hf-abc check` without abc2midi. The last line makes the
MIDI of each tune twice with abc2midi, with its spaces and without them, and counts the tunes whose files
differ in a byte (abc2midi writes no time of day into them). `--tunes 300 --sounding 50` is a quick look.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from hf_abc.abcmidi import convert
from hf_abc.corpora.cleaning import PROFILES, STEPS, Dropped, clean
from hf_abc.corpora.encoding import decode
from hf_abc.notation.bars import wrong_bars
from hf_abc.notation.levels import level
from hf_abc.notation.lexer import lex
from hf_abc.notation.tune import Tune, body, is_music, parse_tune, split_book

_FAST = ("book", "session", "folk_rnn", "spaceless", "combined", "midi")


def read_tunes(data: Path) -> list[Tune]:
    """Every tune of the tunebooks below a folder, and of IrishMAN's JSON file."""
    texts: list[tuple[str, str]] = []
    for path in sorted(data.rglob("*")):
        if path.suffix == ".abc" or path.parent.name == "bishalpdl":
            texts += [(path.parent.name, text) for text in split_book(decode(path.read_bytes()))]
    for path in sorted(data.glob("irishman/*.json")):
        rows = json.loads(path.read_text("utf-8"))
        texts += [("irishman", row["abc_clean"].rstrip("\n") + "\n") for row in rows if row["abc_clean"]]
    return [parse_tune(text, id=f"{name}:{n}:1", source=name) for n, (name, text) in enumerate(texts)]


def best(work: Callable[[Any], Any], items: Sequence[Any], passes: int = 3) -> float:
    """Processor seconds of the quickest pass."""
    seconds = []
    for _ in range(passes):
        start = time.process_time()
        for item in items:
            work(item)
        seconds.append(time.process_time() - start)
    return min(seconds)


def size(texts: Iterable[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def changed_by_spaces(tunes: Sequence[Tune]) -> tuple[list[str], int]:
    """The ids of the tunes that sound different without their spaces, and how many make a MIDI file."""
    different, sounding = [], 0
    for tune in tunes:
        spaceless = STEPS["spaces"](tune)
        assert not isinstance(spaceless, Dropped)
        before = convert(tune.text)
        sounding += before is not None
        if spaceless.text != tune.text and convert(spaceless.text) != before:
            different.append(tune.id)
    return different, sounding


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--tunes", type=int, default=0, help="as many, chosen by chance (0: all)")
    parser.add_argument("--sounding", type=int, default=2000, help="tunes whose MIDI is compared")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    arguments = parser.parse_args()
    tunes = read_tunes(arguments.data)
    chance = random.Random(1)
    few = chance.sample(tunes, min(arguments.sounding, len(tunes)))
    if arguments.tunes:
        tunes = chance.sample(tunes, min(arguments.tunes, len(tunes)))
    texts = [tune.text for tune in tunes]
    lines = [line for text in texts for line in body(text).split("\n") if is_music(line)]
    megabytes, music = size(texts) / 1e6, size(lines) / 1e6
    figures: dict[str, Any] = {"tunes": len(tunes), "megabytes": megabytes, "music_megabytes": music}
    print(f"{len(tunes):,} tunes, {megabytes:.2f} MB, {music:.2f} MB of it music")

    figures["lex"] = {"MB_per_s": music / best(lex, lines)}
    print(f"lex                 {figures['lex']['MB_per_s']:8.1f} MB/s")
    figures["clean"] = {}
    for profile in [*_FAST, "light", "plain", "tidy"]:
        seconds = best(
            lambda tune, profile=profile: clean(tune, profile), tunes, 3 if profile in _FAST else 1
        )
        results = [clean(tune, profile) for tune in tunes]
        dropped = sum(isinstance(result, Dropped) for result, _ in results)
        touched = {
            step: count
            for step in PROFILES[profile]
            if (count := sum(step in touched for _, touched in results))
        }
        figures["clean"][profile] = {
            "MB_per_s": megabytes / seconds,
            "tunes_per_s": len(tunes) / seconds,
            "dropped": dropped,
            "touched": touched,
        }
        print(f"clean {profile:14}{megabytes / seconds:8.1f} MB/s  {len(tunes) / seconds:8,.0f} tunes/s")
    for name, work in (("bars", wrong_bars), ("level", level)):
        seconds = best(work, texts, 1)
        figures[name] = {"tunes_per_s": len(texts) / seconds, "MB_per_s": megabytes / seconds}
        print(f"{name:20}{megabytes / seconds:8.1f} MB/s  {len(texts) / seconds:8,.0f} tunes/s")
    different, sounding = changed_by_spaces(few)
    figures["spaces"] = {"tunes": len(few), "with_midi": sounding, "changed": different}
    print(
        f"without spaces, {len(different)} of {len(few):,} tunes ({sounding:,} with MIDI) change: {different}"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
