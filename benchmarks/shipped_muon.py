"""Would the shipped model be better with Muon? Its recipe with Muon and fewer steps, measured like it.

    python benchmarks/shipped_muon.py [--out DIR] [--json FILE] [--steps 3000 5000]

Trains what is missing by the recipe gpt2/fiddle with Muon, one thread, and measures each model and the
shipped one as `hf-abc evaluate` does: held-out tunes, and 200 samples with guards, with min-p and plain. An
hour of one core; finished models are found again in --out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from hf_abc.corpora import build_corpus
from hf_abc.evaluation.scorecard import Wanted, evaluate
from hf_abc.recipe import load_recipe
from hf_abc.record import Record, atomic_write
from hf_abc.sampling.loading import SHIPPED
from hf_abc.training.loop import train

MUON = ["--training.optimizer=muon", "--training.learning_rate=4e-3", "--training.evaluate_every=250"]
SAMPLES = ("guarded_samples", "samples", "plain_samples")


def summary(results: dict[str, dict]) -> str:
    """The models as a Markdown table; the shares are of samples with guards, with min-p and plain."""
    lines = [
        "| model | steps | minutes | validation | test | no error | and every bar right | known titles "
        "| far from people |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in results.items():
        training, bits = one["training"], one["evaluation"]["bits_per_character"]
        shares = [
            " / ".join(f"{100 * one[section]['shares'][share]['value']:.0f} %" for section in SAMPLES)
            for share in ("compiles", "both", "title")
        ]
        music = one["samples"]["music"].values()
        far = sum(measure["value"] > measure["floor_high"] for measure in music)
        lines.append(
            f"| {name} | {training['steps']:,} | {training['seconds'] / 60:.0f} "
            f"| {training['curve'][-1]['validation']:.3f} "
            f"| {bits['value']:.3f} [{bits['low']:.3f}, {bits['high']:.3f}] "
            f"| {' | '.join(shares)} | {far} of {len(music)} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("shipped_muon"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--steps", type=int, nargs="+", default=[3000, 5000])
    parser.add_argument("--samples", type=int, default=200, help="fewer are a smoke test")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    corpus = arguments.out / "corpus"
    build_corpus(load_recipe("gpt2/fiddle").corpus, corpus)
    models = {"shipped (AdamW)": SHIPPED}
    for steps in arguments.steps:
        out = arguments.out / str(steps)
        train(load_recipe("gpt2/fiddle", [*MUON, f"--training.steps={steps}"]), corpus, out)
        models[f"Muon, {steps:,}"] = out
    results = {}
    for name, folder in models.items():
        measured = evaluate(folder, corpus, wanted=Wanted(samples=arguments.samples, seed=1)).sections
        results[name] = {"training": Record(folder).get("training"), **measured}
    print(summary(results))
    if arguments.json:
        atomic_write(arguments.json, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
