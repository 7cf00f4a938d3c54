"""Where does imitation become plagiarism? Copying against held-out loss along one long training run.

The quickstart's model is trained for many epochs without transposition, so that it can learn its tunes by
heart. At each look it is asked what held-out and training tunes cost, and writes 200 tunes (temperature 1,
min-p 0.05), which are compared with the training tunes: shares with 16 and 24 notes in a row, notes inside
such runs, titles; beside the same shares of held-out human tunes. Header and first eight bars of 50
training tunes are completed as well. The run can be stopped and goes on.

    python benchmarks/imitation.py --work DIR --results docs/imitation.json [--steps 8000] [--report
    docs/imitation.md]

Some forty minutes on one core.
"""

import argparse
import json
import math
from pathlib import Path

from hf_abc.corpora import build_corpus, read_split
from hf_abc.evaluation.copying import Copying, copied
from hf_abc.evaluation.extraction import extraction
from hf_abc.evaluation.likelihood import bits_per_character, tune_losses
from hf_abc.evaluation.validity import judge, shares
from hf_abc.recipe import load_recipe
from hf_abc.record import atomic_write, plain
from hf_abc.sampling.generator import generate_tunes
from hf_abc.training.loop import fit

MARK = "<!-- table -->"
RECIPE = "--training.transpose false --training.decay 0.1 --training.checkpoint_every 500"
COLUMNS = {
    "notes_16": "16 notes copied",
    "notes_24": "24 notes copied",
    "inside_16": "notes inside runs of 16",
    "title": "titles known",
}


def markdown(results: dict) -> str:
    """The looks as a Markdown table, with 95 % intervals; the last line is held-out human tunes."""
    heads = [
        "step",
        "epochs",
        "held-out bits per character",
        "training tunes",
        *COLUMNS.values(),
        "next 4 bars known",
    ]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for look in results["looks"]:
        cells = [f"{look['step']:,}", f"{look['epochs']:.1f}"]
        cells += [f"{look[side]['value']:.3f}" for side in ("held_out", "train")]
        cells += [_percent(look["copied"][name]) for name in COLUMNS]
        lines.append(f"| {' | '.join([*cells, _percent(look['extraction']['8']['train_next'])])} |")
    human = [_percent(results["human"][name]) for name in COLUMNS]
    lines.append(f"| human tunes | | | | {' | '.join(human)} | |")
    return "\n".join(lines)


def _percent(one: dict) -> str:
    return f"{100 * one['value']:.1f} % [{100 * one['low']:.1f}, {100 * one['high']:.1f}]"


def draw(results: dict, file: Path) -> None:
    """Held-out and training loss above, copying below, over the steps."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "hf_abc", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(7, 5), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        steps = [look["step"] for look in results["looks"]]
        sides = (("held_out", "held-out tunes", "#c8792b"), ("train", "training tunes", "#3566a8"))
        for side, words, color in sides:
            values = [look[side]["value"] for look in results["looks"]]
            above.plot(steps, values, "o-", color=color, label=words)
        above.set_ylabel("bits per character")
        for name, color in (("notes_16", "#3566a8"), ("notes_24", "#7a3b8f")):
            found = [look["copied"][name] for look in results["looks"]]
            values = [100 * one["value"] for one in found]
            low = [100 * (one["value"] - one["low"]) for one in found]
            high = [100 * (one["high"] - one["value"]) for one in found]
            below.errorbar(steps, values, yerr=[low, high], fmt="o-", color=color, label=COLUMNS[name])
            below.axhline(100 * results["human"][name]["value"], color=color, linestyle="--", linewidth=1)
        below.set_ylabel("% of tunes (dashed: human)")
        below.set_xlabel("steps")
        for axes in (above, below):
            axes.legend(frameon=False)
        figure.savefig(file, format="svg", metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--report", type=Path, help="a Markdown file whose table and plot are written anew")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--every", type=int, default=500)
    arguments = parser.parse_args()
    words = f"{RECIPE} --training.steps {arguments.steps} --training.evaluate_every {arguments.every}"
    recipe = load_recipe("quickstart", words.split())
    corpus = build_corpus(recipe.corpus, arguments.work / "corpus")
    train, validation, test = (read_split(corpus, side) for side in ("train", "validation", "test"))
    held_out = validation + test
    copying = Copying.of(train)
    saved = json.loads(arguments.results.read_text()) if arguments.results.is_file() else {}
    results = saved or {"human": plain(copied([row["text"] for row in held_out], copying)), "looks": []}
    texts = [row["text"] for row in train]

    def look(model, tokenizer, step: int) -> None:
        if any(one["step"] == step for one in results["looks"]):
            return
        model.eval()
        tunes = [s.text for s in generate_tunes(model, tokenizer, [""] * 200, seed=1, min_p=0.05)]
        losses = {"held_out": held_out, "train": train[:400]}
        measured = {
            side: plain(bits_per_character(tune_losses(model, tokenizer, rows)))
            for side, rows in losses.items()
        }
        tokens = step * recipe.training.batch_tokens
        results["looks"].append(
            {
                "step": step,
                "epochs": tokens / epoch_tokens(tokenizer),
                **measured,
                "copied": plain(copied(tunes, copying)),
                "sound": plain(shares(judge(tunes))),
                "extraction": plain(extraction(model, tokenizer, texts, [row["text"] for row in held_out])),
            }
        )
        atomic_write(arguments.results, json.dumps(results, indent=1))
        print(step, {name: round(one["value"], 3) for name, one in measured.items()}, flush=True)

    def epoch_tokens(tokenizer) -> int:
        return sum(len(ids) + 1 for ids in tokenizer(texts, add_special_tokens=False)["input_ids"])

    fit(recipe, texts, [row["text"] for row in validation], arguments.work / "run", sample=look)
    assert math.isfinite(results["looks"][-1]["held_out"]["value"])
    if arguments.report:
        draw(results, arguments.report.parent / "images" / "imitation.svg")
        before, _, after = arguments.report.read_text().partition(MARK)
        text = before + MARK + "\n" + markdown(results) + "\n" + MARK + after.partition(MARK)[2]
        atomic_write(arguments.report, text)


if __name__ == "__main__":
    main()
