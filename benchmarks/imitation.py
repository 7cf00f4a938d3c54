"""Where does imitation become plagiarism? Copying against held-out loss along long training runs.

The quickstart's model is trained for many epochs without transposition, so that it can learn its tunes by
heart: once on all training tunes of the quickstart, once on 400 of them, which is a large tunebook. At each
look it is asked what held-out and training tunes cost, and writes 200 tunes (temperature 1, min-p 0.05).
They are compared with its training tunes: shares with 16 and 24 notes in a row, notes inside such runs,
titles; beside the same shares of held-out human tunes. Header and first eight bars of 50 training tunes are
completed as well. A run can be stopped and goes on.

    python benchmarks/imitation.py --work DIR --results docs/imitation.json [--report docs/imitation.md]

Some fifty minutes on one core.
"""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path

from pages import write_table
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from hf_abc.corpora import build_corpus, read_split
from hf_abc.evaluation.copying import Copying, copied
from hf_abc.evaluation.extraction import extraction
from hf_abc.evaluation.likelihood import bits_per_character, tune_losses
from hf_abc.evaluation.validity import judge, shares
from hf_abc.recipe import load_recipe
from hf_abc.record import atomic_write, plain
from hf_abc.sampling.generator import generate_tunes
from hf_abc.training.loop import fit

RUNS = {"all tunes": (None, 6000, 500), "400 tunes": (400, 3000, 250)}
"""Training tunes (None: all), steps, steps between looks."""
RECIPE = (
    "--training.transpose false --training.decay 0.1 --training.checkpoint_every 500 "
    "--training.optimizer adamw --training.learning_rate 2e-3"
)
COLUMNS = {
    "notes_16": "16 notes copied",
    "notes_24": "24 notes copied",
    "inside_16": "notes inside runs of 16",
    "title": "titles known",
}


def markdown(results: dict) -> str:
    """The looks as a Markdown table, with 95 % intervals; the last line of a run is held-out human tunes."""
    heads = [
        "tunes",
        "step",
        "epochs",
        "held-out bits per character",
        "training tunes",
        *COLUMNS.values(),
        "next 4 bars known",
    ]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for name, run in results.items():
        for look in run["looks"]:
            cells = [name, f"{look['step']:,}", f"{look['epochs']:.1f}"]
            cells += [f"{look[side]['value']:.3f}" for side in ("held_out", "train")]
            cells += [_percent(look["copied"][column]) for column in COLUMNS]
            lines.append(f"| {' | '.join([*cells, _percent(look['extraction']['8']['train_next'])])} |")
        human = [_percent(run["human"][column]) for column in COLUMNS]
        lines.append(f"| {name}: people | | | | | {' | '.join(human)} | |")
    return "\n".join(lines)


def _percent(one: dict) -> str:
    return f"{100 * one['value']:.1f} % [{100 * one['low']:.1f}, {100 * one['high']:.1f}]"


def draw(results: dict, file: Path) -> None:
    """A column a run: held-out and training loss above, copying below, over the epochs."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "hf_abc", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(8, 5), layout="constrained")
        plots = figure.subplots(2, len(results), sharex="col", sharey="row", squeeze=False)
        sides = (("held_out", "held-out tunes", "#c8792b"), ("train", "training tunes", "#3566a8"))
        for (name, run), (above, below) in zip(results.items(), plots.T, strict=True):
            epochs = [look["epochs"] for look in run["looks"]]
            for side, words, color in sides:
                values = [look[side]["value"] for look in run["looks"]]
                above.plot(epochs, values, "o-", color=color, label=words)
            above.set_title(name)
            for column, color in (("notes_16", "#3566a8"), ("notes_24", "#7a3b8f")):
                found = [look["copied"][column] for look in run["looks"]]
                values = [100 * one["value"] for one in found]
                low = [100 * (one["value"] - one["low"]) for one in found]
                high = [100 * (one["high"] - one["value"]) for one in found]
                below.errorbar(epochs, values, yerr=[low, high], fmt="o-", color=color, label=COLUMNS[column])
                below.axhline(100 * run["human"][column]["value"], color=color, linestyle="--", linewidth=1)
            below.set_xlabel("epochs")
        plots[0, 0].set_ylabel("bits per character")
        plots[1, 0].set_ylabel("% of tunes (dashed: people)")
        for axes in plots[:, 0]:
            axes.legend(frameon=False)
        figure.savefig(file, format="svg", metadata={"Date": None})


def follow(
    work: Path, corpus: Path, run: dict, keep: Callable[[], None], tunes: int | None, *steps: int
) -> None:
    """Train one run to its end and put its looks into `run`, each kept at once."""
    words = f"{RECIPE} --training.steps {steps[0]} --training.evaluate_every {steps[1]}"
    recipe = load_recipe("quickstart", words.split())
    train, validation, test = (read_split(corpus, side) for side in ("train", "validation", "test"))
    train, held_out = train[:tunes], validation + test
    texts, unseen = [row["text"] for row in train], [row["text"] for row in held_out]
    copying = Copying.of(train)
    run.setdefault("human", plain(copied(unseen, copying)))
    looks = run.setdefault("looks", [])

    def look(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, step: int) -> None:
        if any(one["step"] == step for one in looks):
            return
        model.eval()
        written = [s.text for s in generate_tunes(model, tokenizer, [""] * 200, seed=1, min_p=0.05)]
        epoch = sum(len(ids) + 1 for ids in tokenizer(texts, add_special_tokens=False)["input_ids"])
        losses = {"held_out": held_out, "train": train[:400]}
        measured = {
            side: plain(bits_per_character(tune_losses(model, tokenizer, rows)))
            for side, rows in losses.items()
        }
        looks.append(
            {
                "step": step,
                "epochs": step * recipe.training.batch_tokens / epoch,
                **measured,
                "copied": plain(copied(written, copying)),
                "sound": plain(shares(judge(written))),
                "extraction": plain(extraction(model, tokenizer, texts, unseen)),
            }
        )
        keep()
        print(step, {name: round(one["value"], 3) for name, one in measured.items()}, flush=True)

    fit(recipe, texts, [row["text"] for row in validation], work, sample=look)
    assert math.isfinite(looks[-1]["held_out"]["value"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--report", type=Path, help="a Markdown file whose table and plot are written anew")
    arguments = parser.parse_args()
    corpus = build_corpus(load_recipe("quickstart").corpus, arguments.work / "corpus")
    results = json.loads(arguments.results.read_text()) if arguments.results.is_file() else {}

    def keep() -> None:
        atomic_write(arguments.results, json.dumps(results, indent=1))

    for name, (tunes, *steps) in RUNS.items():
        run = results.setdefault(name, {})
        if not run.get("looks") or run["looks"][-1]["step"] < steps[0]:
            follow(arguments.work / name.replace(" ", "_"), corpus, run, keep, tunes, *steps)
    if arguments.report:
        draw(results, arguments.report.parent / "images" / "imitation.svg")
        write_table(arguments.report, markdown(results))


if __name__ == "__main__":
    main()
