"""Does the voice guard keep all voices of a hymn together? A small model of four-voice hymns, with and
without it.

    python benchmarks/voices.py --hymns DIR --work DIR [--json FILE] [--samples 200] [--small] [OVERRIDES]

--hymns is a folder of hymns in ABC (the Open Hymnal). Those of four voices are written plainly: no words, no
titles, two bars of each voice in turn, since the guard lets voices change at bar lines only (printed hymns
change them within bars too, where a line of verse ends). A GPT-2 is trained on them, and writes so many hymns
behind a head that names four voices. A hymn is whole where every voice that the head names has music
and all have the same number of bars. OVERRIDES change the recipe, as
`--training.steps 300`. Some ten minutes on one thread; what is trained stays in --work.
"""

import argparse
import json
import re
import time
import warnings
from collections import Counter
from pathlib import Path

from hf_abc.record import atomic_write

VOICES = ("1", "2", "3", "4")
RECIPE = (
    "--corpus.profile session --corpus.quality.level 7 --corpus.quality.longest 1600 "
    "--tokenizer.boundary note --tokenizer.vocab_size 512 --model.size 1M --model.n_positions 768 "
    "--training.block_size 768 --training.batch_tokens 3072 --training.steps 600 "
    "--training.learning_rate 2e-3 --training.decay 0.35 --training.evaluate_every 300"
)
MIN_P = 0.05
_LINE = re.compile(r"\[V:\s*(\S+?)\s*\](.*)")


def plain(text: str) -> str | None:
    """A hymn of four voices with nothing but its notes; None for any other."""
    from hf_abc.notation.tune import header_fields, split_header

    fields = header_fields(text)
    names = list(dict.fromkeys(value.split()[0] for value in fields.get("V", []) if value.split()))
    if len(names) != len(VOICES) or not fields.get("M"):
        return None
    meter, unit = fields["M"][0].split("%")[0].strip(), fields.get("L", ["1/8"])[0].split("%")[0].strip()
    key = fields["K"][0].split("%")[0].split()[0]
    music: dict[str, str] = dict.fromkeys(names, "")
    for line in split_header(text)[1]:
        found = _LINE.match(line)
        if found is None or found[1] not in names:
            continue
        bare = re.sub(r'![^!]*!|"[^"]*"|\{[^}]*\}|\[Q:[^\]]*\]|%.*|\$|\((?!\d)|\)|\\|y', "", found[2])
        if re.search(r"\[[A-Za-z]:", bare):
            return None  # the key or the meter changes
        music[found[1]] += " ".join(bare.split()) + " "
    lines = in_turns([re.findall(r".*?\|[|\]:]*(?:\d|(?= *$))?|.+", voice) for voice in music.values()])
    head = ["X:1", f"M:{meter}", f"L:{unit}", *(f"V:{name}" for name in VOICES), f"K:{key}"]
    return "\n".join([*head, *lines]) + "\n"


def in_turns(voices: list[list[str]]) -> list[str]:
    """Two bars of each voice in turn, a line each."""
    lines = []
    for start in range(0, max(map(len, voices)), 2):
        for name, voice in zip(VOICES, voices, strict=True):
            two = "".join(bar.strip() for bar in voice[start : start + 2])
            if two:
                lines.append(f"[V:{name}]{two}")
    return lines


def write_book(hymns: Path, out: Path) -> int:
    """The plain hymns as a tunebook; how many."""
    from hf_abc.corpora.encoding import decode
    from hf_abc.notation.tune import split_book

    texts = [tune for file in sorted(hymns.rglob("*.abc")) for tune in split_book(decode(file.read_bytes()))]
    found = list(dict.fromkeys(filter(None, map(plain, texts))))
    atomic_write(out, "\n".join(text.replace("X:1", f"X:{n}", 1) for n, text in enumerate(found, 1)))
    return len(found)


def facts(text: str) -> dict:
    """Whether a hymn is whole, and what it lacks."""
    from hf_abc.notation.bars import bars
    from hf_abc.notation.reader import TIMED, read
    from hf_abc.notation.tune import header_fields

    named = [value.split()[0] for value in header_fields(text).get("V", []) if value.split()]
    elements = read(text)
    ticks: Counter[str] = Counter()
    for element in elements:
        ticks[element.voice] += element.ticks if element.kind in TIMED else 0
    sounding = {element.voice for element in elements if element.pitches}
    found = bars(text)
    counts = Counter(bar.voice for bar in found)
    heard = bool(named) and all(name in sounding for name in named)
    equal = len({counts[name] for name in named}) == 1
    return {
        "voices_heard": heard,
        "bars_equal": equal,
        "whole": heard and equal,
        "lengths_equal": len({ticks[name] for name in named}) == 1,
        "bars_right": not any(bar.wrong for bar in found),
        "bars": max(counts.values(), default=0),
    }


def judged(texts: list[str]) -> dict:
    """Shares over hymns."""
    from hf_abc.abcmidi import check_book
    from hf_abc.evaluation.intervals import wilson
    from hf_abc.notation.levels import level

    all_facts = [facts(text) for text in texts]
    levels = [level(text, said).number for text, said in zip(texts, check_book(texts), strict=True)]
    found: dict = {"n": len(texts)}
    for name in ("voices_heard", "bars_equal", "whole", "lengths_equal", "bars_right"):
        found[name] = shown(wilson(sum(fact[name] for fact in all_facts), len(texts)))
    found["level_7"] = shown(wilson(sum(number == 7 for number in levels), len(texts)))
    found["bars"] = round(sum(fact["bars"] for fact in all_facts) / len(texts), 1)
    return found


def shown(estimate: object) -> list[float]:
    """[share, low, high] of a 95 % interval."""
    return [round(getattr(estimate, name), 4) for name in ("value", "low", "high")]


def sampled(folder: Path, samples: int) -> dict:
    """The arms: no guards, all but the voice guard, all. Those that are done are kept beside the model."""
    from hf_abc.sampling.generator import generate_tunes
    from hf_abc.sampling.guards import ALL_GUARDS, NO_GUARDS, Guards
    from hf_abc.sampling.loading import load_for_sampling

    model, tokenizer = load_for_sampling(folder)
    kept = folder.parent / f"arms-{samples}.json"
    found = json.loads(kept.read_text()) if kept.is_file() else {}
    for name, guards in (
        ("no guards", NO_GUARDS),
        ("all but the voice guard", Guards(voices=False)),
        ("all guards", ALL_GUARDS),
    ):
        if name in found:
            continue
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            written = generate_tunes(
                model, tokenizer, ["X:1\nM:4/4\nL:1/4\nV:1\nV:2\nV:3\nV:4\n"] * samples, seed=1, min_p=MIN_P,
                guards=guards,
            )  # fmt: skip
        found[name] = {
            **judged([sample.text for sample in written]),
            "ended": sum(sample.ended for sample in written) / samples,
            "guarded": sum(sample.guarded for sample in written),
            "tokens": sum(sample.tokens for sample in written),
            "cpu_seconds": round(time.process_time() - start, 1),
        }
        atomic_write(kept, json.dumps(found))
        print(name, json.dumps(found[name]), flush=True)
        book = "\n".join(sample.text for sample in written)
        atomic_write(folder.parent / f"{name.replace(' ', '_')}.abc", book)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hymns", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--small", action="store_true", help="30 steps and 10 samples, to try the script")
    arguments, overrides = parser.parse_known_args()
    import torch

    from hf_abc.corpora import build_corpus, read_split
    from hf_abc.recipe import load_recipe
    from hf_abc.training.loop import train

    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    book = arguments.work / "hymns.abc"
    count = write_book(arguments.hymns, book)
    small = ["--training.steps", "30"] if arguments.small else []
    source = ["--corpus.sources", f'["tunebooks:{book}"]']
    recipe = load_recipe(None, [*source, *RECIPE.split(), *small, *overrides])
    corpus = arguments.work / "corpus"
    build_corpus(recipe.corpus, corpus)
    rows = {
        side: [row["text"] for row in read_split(corpus, side)] for side in ("train", "validation", "test")
    }
    folder = train(recipe, corpus, arguments.work / "model")
    results = {
        "hymns": count,
        "kept": {side: len(texts) for side, texts in rows.items()},
        "recipe": " ".join([*RECIPE.split(), *small, *overrides]),
        "human": judged([text for texts in rows.values() for text in texts]),
    }
    print(json.dumps(results), flush=True)
    results["arms"] = sampled(folder, 10 if arguments.small else arguments.samples)
    if arguments.json:
        atomic_write(arguments.json, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
