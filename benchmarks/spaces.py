"""Is music without spaces easier for a model? The first seed's finding, asked again with tokenizers of our
own.

The same training with and without the spaces of the music (the cleaning step `spaces`), for three
tokenizers: one token a character, a BPE that stops at line ends, and the note tokens of the shipped model
with its bar clock. All else is the quickstart's, with equal tokens for all; 400 tunes a sampler, judged by
abc2midi. Arms that are already in the results file are kept, so the script can be stopped.

    python benchmarks/spaces.py --work DIR --results docs/spaces.json [--report docs/spaces.md]

Some four minutes an arm on one core.
"""

import argparse
import json
from pathlib import Path

from pages import write_table
from representation import NO_CLOCK, NOTE, SAME, percent, run_arm

from hf_abc.corpora.cleaning import STEPS
from hf_abc.notation.tune import parse_tune
from hf_abc.recipe import load_recipe
from hf_abc.record import atomic_write, fingerprint

TOKENIZERS = {
    "characters": f"--tokenizer.kind char {NO_CLOCK}",
    "newline BPE 1024": f"--tokenizer.boundary newline {NO_CLOCK}",
    "note tokens, clock": NOTE,
}
SAMPLERS = {"samples, min_p 0.0": "temperature 1", "samples, min_p 0.05": "min-p 0.05"}
SHARES = ("compiles", "bars_right", "single_bars")
SAMPLES = 400


def spaceless(text: str) -> str:
    """The tune without the spaces of its music."""
    return STEPS["spaces"](parse_tune(text)).text


def markdown(results: dict) -> str:
    """The results as a Markdown table, with 95 % intervals."""
    lines = [
        "| tokenizer | spaces | bits per tune | characters per token | compiles | all bars right "
        "| single bars right | compiles, min-p | all bars right, min-p | single bars right, min-p |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        tokenizer, _, spaces = name.rpartition(", ")
        cells = [f"{result['bits_per_tune']:.0f}", f"{result['characters_per_token']:.2f}"]
        for sampler in SAMPLERS:
            cells += [percent(result[sampler][share]) for share in SHARES]
        lines.append(f"| {tokenizer} | {spaces} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(results: dict, file: Path) -> None:
    """Sound tunes with and without spaces, plainly and with min-p, with 95 % intervals."""
    import matplotlib
    from matplotlib.figure import Figure

    shown = {"compiles": "compiles (abc2midi)", "single_bars": "single bars right"}
    with matplotlib.rc_context({"svg.hashsalt": "hf_abc", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(7, 5), layout="constrained")
        for row, (share, title) in enumerate(shown.items()):
            for column, (sampler, words) in enumerate(SAMPLERS.items()):
                axes = figure.add_subplot(2, 2, 2 * row + column + 1)
                for shift, spaces, color in ((-0.15, "kept", "#3566a8"), (0.15, "removed", "#c8792b")):
                    found = [results[f"{name}, {spaces}"][sampler][share] for name in TOKENIZERS]
                    values = [100 * one["value"] for one in found]
                    low = [100 * (one["value"] - one["low"]) for one in found]
                    high = [100 * (one["high"] - one["value"]) for one in found]
                    places = [place + shift for place in range(len(TOKENIZERS))]
                    axes.errorbar(places, values, yerr=[low, high], fmt="o", color=color, label=spaces)
                axes.set(title=f"{title}, {words}", ylim=(0, 100), ylabel="%")
                axes.set_xticks(range(len(TOKENIZERS)), [name.replace(", ", ",\n") for name in TOKENIZERS])
        figure.axes[0].legend(frameon=False, title="spaces")
        figure.savefig(file, format="svg", metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--report", type=Path, help="a Markdown file whose table is written anew")
    arguments = parser.parse_args()
    results = json.loads(arguments.results.read_text()) if arguments.results.is_file() else {}
    for tokenizer, changes in TOKENIZERS.items():
        for spaces, change in (("kept", None), ("removed", spaceless)):
            name = f"{tokenizer}, {spaces}"
            recipe = load_recipe("quickstart", [*SAME.split(), *changes.split()])
            mark = fingerprint([recipe, spaces])
            if results.get(name, {}).get("recipe") != mark:
                measured = run_arm(recipe, arguments.work, change=change, samples=SAMPLES)
                results[name] = {"recipe": mark, "changes": changes, **measured}
                atomic_write(arguments.results, json.dumps(results, indent=1))
            print(name, flush=True)
    if arguments.report:
        draw(results, arguments.report.parent / "images" / "spaces.svg")
        write_table(arguments.report, markdown(results))


if __name__ == "__main__":
    main()
