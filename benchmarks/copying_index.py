"""How long an index of many tunes takes to build, how big it is, and how quickly it answers.

    python benchmarks/copying_index.py [--tunes 300000] [--json FILE]

The tunes are the embedded ones with their bars shuffled and the key moved, so that they are as long and as
varied as real ones but no copies of each other. Peak memory is that of all processes together.
"""

import argparse
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hf_abc.corpora import build_corpus, read_split
from hf_abc.evaluation.copying import Copying
from hf_abc.evaluation.index import Index
from hf_abc.notation.tune import body
from hf_abc.recipe import CorpusRecipe

MOST_SECONDS, MOST_MILLISECONDS = 120, 20


def tunes(corpus: Path, count: int) -> Iterator[dict[str, str]]:
    """So many shuffled tunes."""
    rows = read_split(corpus, "train")
    draw = random.Random(1)
    for number in range(count):
        row = rows[number % len(rows)]
        music = body(row["text"])
        head = row["text"][: len(row["text"]) - len(music)]
        bars = music.replace("\n", "").split("|")
        draw.shuffle(bars)
        yield {**row, "id": f"shuffled:{number}:1", "text": head + "|".join(bars) + "\n"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tunes", type=int, default=300_000)
    parser.add_argument("--corpus", type=Path, help="corpus folder (default: the embedded tunes, built anew)")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        corpus = arguments.corpus or build_corpus(CorpusRecipe(), Path(scratch) / "corpus")
        rows = list(tunes(corpus, arguments.tunes))
        start = time.perf_counter()
        index = Index.build(rows)
        build = time.perf_counter() - start
        place = Path(scratch) / "index"
        place.mkdir()
        index.save(place)
        total = time.perf_counter() - start
        size = sum(file.stat().st_size for file in place.iterdir())
        del index
        known = Copying(Index.load(place))
        asked = [row["text"] for row in read_split(corpus, "test")]
        planted = rows[len(rows) // 2]
        assert known.borrowed(planted["text"]).source.id == planted["id"]
        times = []
        for text in asked:
            begin = time.perf_counter()
            known.borrowed(text)
            times.append(1000 * (time.perf_counter() - begin))
    usage = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    result = {
        "tunes": len(rows),
        "characters": sum(len(row["text"]) for row in rows),
        "build_seconds": round(build, 1),
        "build_and_save_seconds": round(total, 1),
        "megabytes_on_disk": round(size / 1e6),
        "peak_memory_gib": round(sum(usage) / 2**20, 2),
        "answer_ms_median": round(statistics.median(times), 2),
        "answer_ms_max": round(max(times), 2),
        "reached": total <= MOST_SECONDS and max(times) <= MOST_MILLISECONDS,
    }
    print(json.dumps(result, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
