"""How tunes should be written and cut for a small model: the same training, one thing changed at a time.

Each arm trains the quickstart's GPT-2 with so many tokens (so that compute is equal; where a token holds less
text, the model sees less text), is measured on the held-out families in bits per character, writes 200 tunes
at temperature 1 without any guard, once plainly and once with min-p 0.05; abc2midi judges them. The corpus
holds the tunes that abc2midi finds no fault with. Arms that are already in the results file are kept, so the
script can be stopped.

    python benchmarks/representation.py --work DIR --results docs/representation.json [ARM ...]

Some five minutes an arm on one core. docs/representation.md says what came out.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

from pages import write_table

from hf_abc.corpora import build_corpus, read_split
from hf_abc.evaluation.likelihood import bits_per_character, tune_losses
from hf_abc.evaluation.validity import judge, shares
from hf_abc.recipe import Recipe, load_recipe
from hf_abc.record import atomic_write, fingerprint
from hf_abc.sampling.generator import generate_tunes
from hf_abc.sampling.loading import load_model, load_tokenizer
from hf_abc.training.loop import fit

SAME = (
    "--corpus.only_right_bars true --training.steps 1200 --training.evaluate_every 1200 "
    "--training.checkpoint_every 1200 --training.optimizer adamw --training.learning_rate 2e-3"
)
NOTE = "--tokenizer.boundary note"
NO_CLOCK = "--training.bar_clock 0"
ARMS = {
    "note tokens, clock (the quickstart's choice)": NOTE,
    "note tokens, no clock": f"{NOTE} {NO_CLOCK}",
    "beat BPE 1024, no clock": f"--tokenizer.boundary beat {NO_CLOCK}",
    "beat BPE 1024, clock": "--tokenizer.boundary beat",
    "bar BPE 1024, no clock": f"--tokenizer.boundary bar {NO_CLOCK}",
    "newline BPE 1024, no clock": f"--tokenizer.boundary newline {NO_CLOCK}",
    "characters, no clock": f"--tokenizer.kind char {NO_CLOCK}",
    "characters, clock": "--tokenizer.kind char",
    "as printed (light profile), bar BPE 1024, no clock": (
        f"--corpus.profile light --tokenizer.boundary bar {NO_CLOCK}"
    ),
    "note tokens, clock, no transposition": f"{NOTE} --training.transpose false",
    "note tokens, clock, noise as positions": f"{NOTE} --model.sinusoidal_positions false",
    "note tokens, clock, batch of 4,096 tokens": (
        f"{NOTE} --training.batch_tokens 4096 --training.steps 600 --training.learning_rate 3e-3"
    ),
    "note tokens, clock, weight decay 0.5": f"{NOTE} --training.weight_decay 0.5",
    "note tokens, clock, dropout 0.1": f"{NOTE} --model.dropout 0.1",
}


def run_arm(
    recipe: Recipe, work: Path, *, change: Callable[[str], str] | None = None, samples: int = 200
) -> dict:
    """Train, measure and judge one arm; `change` rewrites all its texts."""
    corpus = work / f"corpus-{fingerprint(recipe.corpus)[:12]}"
    if not (corpus / "report.json").is_file():
        build_corpus(recipe.corpus, corpus)
    rows = {side: read_split(corpus, side) for side in ("train", "validation", "test")}
    if change is not None:
        rows = {side: [{**row, "text": change(row["text"])} for row in own] for side, own in rows.items()}
    held_out = rows["validation"] + rows["test"]
    texts = {side: [row["text"] for row in rows[side]] for side in rows}
    start = time.process_time()
    name = fingerprint([recipe, change.__name__] if change else recipe)[:12]
    folder = fit(recipe, texts["train"], texts["validation"], work / name)
    seconds = time.process_time() - start
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    losses = tune_losses(model, tokenizer, held_out)
    result = {
        "cpu_seconds": round(seconds, 1),
        "parameters": model.num_parameters(),
        "characters_per_token": sum(loss.chars for loss in losses) / sum(loss.tokens for loss in losses),
        "bits_per_character": vars_of(bits_per_character(losses)),
        "bits_per_tune": sum(loss.nats for loss in losses) / math.log(2) / len(losses),
        "human": {
            name: vars_of(share) for name, share in shares(judge([r["text"] for r in held_out])).items()
        },
    }
    for min_p in (0.0, 0.05):
        written = generate_tunes(model, tokenizer, [""] * samples, seed=1, min_p=min_p)
        verdicts = judge([tune.text for tune in written], [tune.ended for tune in written])
        result[f"samples, min_p {min_p}"] = {name: vars_of(s) for name, s in shares(verdicts).items()}
    return result


def markdown(results: dict) -> str:
    """The results as a Markdown table, with 95 % intervals; n and the judge stand in the heading."""
    lines = [
        "| arm | characters per token | bits per character | compiles | all bars right | single bars right "
        "| compiles, min-p | all bars right, min-p | single bars right, min-p |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        bits = result["bits_per_character"]
        cells = [
            f"{result['characters_per_token']:.2f}",
            f"**{bits['value']:.3f}** [{bits['low']:.3f}, {bits['high']:.3f}]",
        ]
        for sampler in ("samples, min_p 0.0", "samples, min_p 0.05"):
            shares_ = result[sampler]
            cells += [percent(shares_[share]) for share in ("compiles", "bars_right", "single_bars")]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def percent(estimate: dict) -> str:
    return f"{estimate['value']:.0%} [{estimate['low']:.0%}, {estimate['high']:.0%}]"


def vars_of(estimate: object) -> dict:
    return {name: getattr(estimate, name) for name in estimate.__slots__}  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--report", type=Path, help="a Markdown file whose table is written anew")
    parser.add_argument("arms", nargs="*")
    arguments = parser.parse_args()
    results = json.loads(arguments.results.read_text()) if arguments.results.is_file() else {}
    for name in arguments.arms or ARMS:
        recipe = load_recipe("quickstart", [*SAME.split(), *ARMS[name].split()])
        mark = fingerprint(recipe)
        if results.get(name, {}).get("recipe") != mark:
            results[name] = {"recipe": mark, "changes": ARMS[name], **run_arm(recipe, arguments.work)}
            atomic_write(arguments.results, json.dumps(results, indent=1))
        print(name, json.dumps(results[name]), flush=True)
    if arguments.report:
        write_table(arguments.report, markdown(results))


if __name__ == "__main__":
    main()
