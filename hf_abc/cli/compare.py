"""`hf-abc compare`."""

import argparse
import sys
from pathlib import Path

TEXT = "measure models on the test side of one corpus, side by side, with intervals"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("models", nargs="+", metavar="MODEL", help="run folders or Hub ids, at least two")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--samples", type=int, default=200, help="tunes to judge of each (default: 200)")
    p.add_argument("--seed", type=int, default=1, help="seed of the samples (default: 1)")
    p.add_argument(
        "--known", action="store_true", help="measure models that may know the tunes; the table says so"
    )
    p.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> None:
    import json

    from hf_abc.evaluation.compare import compare, table
    from hf_abc.evaluation.scorecard import Wanted

    found = compare(
        arguments.models,
        arguments.corpus,
        wanted=Wanted(samples=arguments.samples, seed=arguments.seed),
        known=arguments.known,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(json.dumps(found, ensure_ascii=False) if arguments.json else table(found))
