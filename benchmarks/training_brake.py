"""The brake on learning by heart: does it trip on 50 tunes, and leave the quickstart alone?

    python benchmarks/training_brake.py [--json FILE] [--out DIR] [--corpus DIR] [--steps 2200]

Runs by the quickstart's recipe: one on its corpus as it is, with both limits, and two on 50 of its tunes,
always in their own keys, with one limit each. The first must come to its end, the others must be stopped.
Some ten minutes on two cores; a finished run is found again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from hf_abc.corpora import build_corpus, read_split
from hf_abc.evaluation.looks import copy_counter, sampler
from hf_abc.recipe import load_recipe
from hf_abc.record import Record, atomic_write
from hf_abc.training.loop import fit

TUNES = 50
GAP = ["--training.stop_gap=1"]
COPIES = ["--training.samples=20", "--training.stop_copied=0.25"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--out", type=Path, default=Path("training_brake"))
    parser.add_argument("--corpus", type=Path, help="the quickstart's corpus, built before")
    parser.add_argument("--steps", type=int, default=2200, help="fewer are a smoke test")
    parser.add_argument("--only", choices=["quickstart", "by-heart-gap", "by-heart-copies"])
    arguments = parser.parse_args()
    corpus = arguments.corpus or arguments.out / "corpus"
    if arguments.corpus is None:
        build_corpus(load_recipe("quickstart").corpus, corpus)
    train, validation = (
        [row["text"] for row in read_split(corpus, side)] for side in ("train", "validation")
    )
    course = [f"--training.steps={arguments.steps}", "--training.evaluate_every=100"]
    own_keys = [*course, "--training.transpose=false"]
    arms = {
        "quickstart": (load_recipe("quickstart", [*course, *GAP, *COPIES]), train),
        "by-heart-gap": (load_recipe("quickstart", [*own_keys, *GAP]), train[:TUNES]),
        "by-heart-copies": (load_recipe("quickstart", [*own_keys, *COPIES]), train[:TUNES]),
    }
    results = {}
    for name, (recipe, texts) in arms.items():
        if arguments.only in (None, name):
            out = arguments.out / name
            fit(recipe, texts, validation, out, sample=sampler(recipe), copied=copy_counter(corpus))
            results[name] = Record(out).get("training")
    for name, result in results.items():
        looks = [(p["step"], round(p["gap"], 2), p.get("copied")) for p in result["curve"]]
        print(f"{name}: {result['steps']} steps, {result.get('stopped', 'not stopped')}")
        print(f"  step, gap in bits per character, share of samples that copy: {looks}")
    if arguments.json:
        atomic_write(arguments.json, json.dumps(results, indent=1) + "\n")
    if arguments.only is None:
        assert [name for name, result in results.items() if "stopped" in result] == list(arms)[1:]


if __name__ == "__main__":
    main()
