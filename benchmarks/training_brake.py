"""The brake on learning by heart: does it trip on 50 tunes, and leave the quickstart alone?

    python benchmarks/training_brake.py [--json FILE] [--out DIR] [--corpus DIR] [--steps 2200]

Runs by the quickstart's recipe: one on its corpus as it is, with both limits, and two on 50 of its tunes,
always in their own keys, looking every 10 steps, with one limit each. The first must come to its end, the
others must be stopped.
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


def summary(results: dict[str, dict]) -> str:
    """The looks of all runs as a Markdown table: every one of a short run, of a long one each fifth."""
    lines = [
        "| run | step | held-out | training tunes | gap | samples that copy | |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        curve = result["curve"]
        for look in curve if len(curve) < 12 else [*curve[4:-1:5], curve[-1]]:
            copied = f"{look['copied']:.0%}" if "copied" in look else ""
            end = ("stopped" if "stopped" in result else "its end") if look is curve[-1] else ""
            bits = f"{look['validation']:.2f} | {look['seen']:.2f} | {look['gap']:.2f}"
            lines.append(f"| {name} | {look['step']:,} | {bits} | {copied} | {end} |")
    return "\n".join(lines)


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
    steps = f"--training.steps={arguments.steps}"
    course = [steps, "--training.evaluate_every=100"]
    own_keys = [steps, "--training.transpose=false", "--training.evaluate_every=10"]
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
    print(summary(results))
    if arguments.json:
        atomic_write(arguments.json, json.dumps(results, indent=1) + "\n")
    if arguments.only is None:
        assert [name for name, result in results.items() if "stopped" in result] == list(arms)[1:]


if __name__ == "__main__":
    main()
