"""Do the guards let real tunes pass, do variations come out as like as wished, do infilled bars fit?

    python benchmarks/sampling_control.py --corpus CORPUS [--json FILE] [--books DIR] [--small] [PART ...]

PART is accept, vary, infill (all of them where none is named). `accept` feeds real tunes that reach level 5
token by token through the bar guard's automaton: those of music21 and of all .abc files under
DIR, under the shipped tokenizer, a character tokenizer and a BPE of 1,024 tokens that stops at line ends.
`vary` writes 50 variations on each of 20 held-out tunes at similarity .4, .6, .8 and counts those within
.1. `infill` writes four bars anew in held-out tunes in three ways and compares how likely the kept bars
behind them are: a plain continuation, the best of 32, and 32 particles.
"""

import argparse
import json
import statistics
import time
import warnings
from pathlib import Path

from hf_abc.record import atomic_write

PARTS = ("accept", "vary", "infill")


def accept(books: Path | None, train: list[str], small: bool) -> dict:
    """Tunes and acceptances under each tokenizer."""
    from hf_abc.abcmidi import check_book
    from hf_abc.corpora.encoding import decode
    from hf_abc.models.tokenizers import encode, train_tokenizer
    from hf_abc.notation.levels import level
    from hf_abc.notation.tune import split_book
    from hf_abc.sampling.loading import find_model, load_tokenizer
    from hf_abc.sampling.vocabulary import Vocabulary

    import music21  # isort: skip

    root = Path(music21.__file__).parent / "corpus"
    files = sorted(root.rglob("*.abc")) + (sorted(books.rglob("*.abc")) if books else [])
    texts = [tune for file in files for tune in split_book(decode(file.read_bytes()))]
    texts = list(dict.fromkeys(texts))[:: 20 if small else 1]
    sound = [
        text
        for text, said in zip(texts, check_book(texts), strict=True)
        if level(text, said).number >= 5 and level(text).number != 6
    ]
    tokenizers = {
        "shipped": load_tokenizer(find_model(None)),
        "characters": train_tokenizer(train, kind="char"),
        "bpe 1024, newline": train_tokenizer(train, vocab_size=1024, boundary="newline"),
    }
    found = {}
    for name, tokenizer in tokenizers.items():
        vocabulary = Vocabulary(tokenizer, voices=False)
        start, accepted, tokens = time.process_time(), 0, 0
        for ids in encode(tokenizer, sound):
            place = vocabulary.start
            for token in [*ids, vocabulary.end_id]:
                tokens += 1
                before, (place, verdict) = place, vocabulary.follow(place, token)
                if not verdict or (place is None and token != vocabulary.end_id):
                    break
            else:
                accepted += bool(before and verdict)
        seconds = time.process_time() - start
        found[name] = {
            "tunes": len(sound), "accepted": accepted, "share": accepted / len(sound),
            "us_a_token": round(1e6 * seconds / tokens, 1),
        }  # fmt: skip
        print("accept", name, found[name], flush=True)
    return found


def vary_all(held: list[str], small: bool) -> dict:
    from hf_abc.notation.bar_spans import spans
    from hf_abc.sampling.loading import find_model, load_for_sampling
    from hf_abc.sampling.vary import CLOSE, vary

    model, tokenizer = load_for_sampling(find_model(None))
    tunes = [text for text in held if len(spans(text)) >= 12][: 3 if small else 20]
    count = 10 if small else 50
    found = {}
    for dial in (0.4, 0.6, 0.8):
        start, close, values = time.process_time(), 0, []
        for number, text in enumerate(tunes):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                written = vary(
                    model, tokenizer, text, count=count, similarity=dial, seed=number + 1, min_p=0.05
                )
            close += sum(abs(v.similarity - dial) <= CLOSE for v in written)
            values += [v.similarity for v in written]
        found[str(dial)] = {
            "wanted": len(tunes) * count, "written": len(values), "close": close / (len(tunes) * count),
            "mean": statistics.mean(values), "cpu_seconds": round(time.process_time() - start, 1),
        }  # fmt: skip
        print("vary", dial, found[str(dial)], flush=True)
    return found


def infill_all(held: list[str], small: bool) -> dict:
    """Nats a character of the kept music behind four new bars."""
    from hf_abc.notation.bar_spans import spans
    from hf_abc.sampling.infill import infill, infill_by_particles
    from hf_abc.sampling.loading import find_model, load_for_sampling

    model, tokenizer = load_for_sampling(find_model(None))
    tunes = [t for t in held if max((s.number for s in spans(t)), default=0) == 16][: 4 if small else 40]
    ways: dict[str, list[float]] = {"plain continuation": [], "best of 32": [], "32 particles": []}
    seconds = dict.fromkeys(ways, 0.0)
    for number, text in enumerate(tunes):
        for name, way in (
            (
                "plain continuation",
                lambda t, s: infill(model, tokenizer, t, 5, 8, tries=1, seed=s, min_p=0.05),
            ),
            ("best of 32", lambda t, s: infill(model, tokenizer, t, 5, 8, tries=32, seed=s, min_p=0.05)),
            ("32 particles", lambda t, s: infill_by_particles(model, tokenizer, t, 5, 8, seed=s, min_p=0.05)),
        ):
            start = time.process_time()
            try:
                ways[name].append(way(text, number + 1)[0].behind)
            except Exception as error:  # a tune whose bars 5 to 8 the model can only repeat
                print(name, number, error)
                ways[name].append(float("nan"))
            seconds[name] += time.process_time() - start
    whole = [i for i in range(len(tunes)) if all(ways[w][i] == ways[w][i] for w in ways)]
    found = {
        name: {
            "tunes": len(whole), "nats_a_character": statistics.mean(values[i] for i in whole),
            "likelier_than_plain": sum(values[i] > ways["plain continuation"][i] for i in whole),
            "cpu_seconds": round(seconds[name], 1),
        }
        for name, values in ways.items()
    }  # fmt: skip
    for name, values in found.items():
        print("infill", name, values, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--books", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("parts", nargs="*")
    arguments = parser.parse_args()
    import torch

    from hf_abc.corpora import read_split

    torch.set_num_threads(1)
    train, held = ([row["text"] for row in read_split(arguments.corpus, side)] for side in ("train", "test"))
    results = json.loads(arguments.json.read_text()) if arguments.json and arguments.json.is_file() else {}
    for part in arguments.parts or PARTS:
        if part == "accept":
            results[part] = accept(arguments.books, train, arguments.small)
        else:
            results[part] = {"vary": vary_all, "infill": infill_all}[part](held, arguments.small)
        if arguments.json:
            atomic_write(arguments.json, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
