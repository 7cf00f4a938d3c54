"""What the way of drawing does to the tunes of one model: the comparison that settles the defaults.

Each arm writes so many unprompted tunes with the shipped model, up to its 512 positions, and is judged by
abc2midi, by hf_abc.notation and by what it shares with the training tunes. Arms that are in the results file
are kept, so that the script can be stopped. The table and the picture of docs/sampling.md come from that file
alone:

    python benchmarks/sampling_arms.py --corpus CORPUS --json docs/sampling.json [--tunes 500] [ARM ...]
    python benchmarks/sampling_arms.py --json docs/sampling.json --report docs/sampling.md

CORPUS is the corpus folder of the model's training (`hf-abc corpus gpt2/fiddle`). Some minutes an arm on
one core.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from pages import write_table

from hf_abc.record import atomic_write

MODEL_SEED = 1
SHORT = 8


def arms() -> dict[str, dict]:
    """The arms: settings of our own loop, or of `generate` where something is asked that ours lacks."""
    from hf_abc.sampling.guards import Guards

    bars = Guards(loops=False, endings=False)
    loops = Guards(bars=False, voices=False, endings=False)
    return {
        "temperature 1": {},
        "top-k 9, top-p .9, T 1.2 (NotaGen)": {"top_k": 9, "top_p": 0.9, "temperature": 1.2},
        "top-k 8, top-p .8, T 1.2 (TunesFormer)": {"top_k": 8, "top_p": 0.8, "temperature": 1.2},
        "top-p .95, penalty .65 (GPT-2 folk music)": {"top_p": 0.95, "penalty": 0.65},
        "min-p .05": {"min_p": 0.05},
        "min-p .05, loop guard": {"min_p": 0.05, "guards": loops},
        "min-p .05, bar guard": {"min_p": 0.05, "guards": bars},
        "min-p .05, all guards (default)": {"min_p": 0.05, "guards": Guards()},
        "temperature 1, all guards": {"guards": Guards()},
        "min-p .02, all guards": {"min_p": 0.02, "guards": Guards()},
    }


def write(settings: dict, tunes: int) -> tuple[list[str], list[bool], dict]:
    """(texts, whether the model ended them, tokens and seconds) of an arm."""
    import torch

    from hf_abc.sampling.generator import generate_tunes
    from hf_abc.sampling.loading import find_model, load_for_sampling

    torch.set_num_threads(1)
    start = time.process_time()
    if "top_k" in settings or "top_p" in settings:
        texts, ended, tokens = _with_generate(settings, tunes)
        extra = {}
    else:
        model, tokenizer = load_for_sampling(find_model(None))
        samples = generate_tunes(model, tokenizer, [""] * tunes, seed=MODEL_SEED, **settings)
        texts, ended = [s.text for s in samples], [s.ended for s in samples]
        tokens = sum(s.tokens for s in samples)
        extra = {
            "taken_back": sum(s.rewinds > 0 for s in samples),
            "stepped_aside": sum(not s.guarded for s in samples) if settings.get("guards") else 0,
        }
    seconds = time.process_time() - start
    return texts, ended, {"tokens": tokens, "cpu_seconds": round(seconds, 1), **extra}


def _with_generate(settings: dict, tunes: int) -> tuple[list[str], list[bool], int]:
    import torch
    from transformers import LogitsProcessor

    from hf_abc.sampling.loading import find_model, load_model, load_tokenizer

    class Penalty(LogitsProcessor):
        """The logits of tokens that have been used, times a number, as in the fork of GPT-2 of that time."""

        def __call__(self, input_ids, scores):
            used = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, input_ids, True)
            used[:, 0] = False  # the end token stands in front of every tune
            return torch.where(used, scores * settings["penalty"], scores)

    folder = find_model(None)
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    torch.manual_seed(MODEL_SEED)
    texts: list[str] = []
    ended: list[bool] = []
    tokens = 0
    while len(texts) < tunes:
        ids = torch.zeros((min(64, tunes - len(texts)), 1), dtype=torch.long)
        written = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=settings.get("temperature", 1.0),
            top_k=settings.get("top_k", 0),
            top_p=settings["top_p"],
            min_p=None,
            max_length=model.config.n_positions,
            logits_processor=[Penalty()] if "penalty" in settings else [],
        )
        for row in written[:, 1:].tolist():
            ended.append(0 in row)
            row = row[: row.index(0)] if 0 in row else row
            tokens += len(row) + ended[-1]
            texts.append(tokenizer.decode(row))
    return texts, ended, tokens


def judge_all(texts: Sequence[str], ended: Sequence[bool] | None, known: object) -> dict:
    """All shares of an arm, or of human tunes."""
    from hf_abc.abcmidi import check_book
    from hf_abc.evaluation.copying import copied
    from hf_abc.evaluation.intervals import wilson
    from hf_abc.evaluation.validity import judge, shares
    from hf_abc.notation.levels import level
    from hf_abc.notation.melody import bar_texts

    found = {name: plain(share) for name, share in shares(judge(texts, ended)).items()}
    levels = [level(text, said).number for text, said in zip(texts, check_book(texts), strict=True)]
    for number in (3, 4, 5, 7):
        found[f"level_{number}"] = plain(wilson(sum(n >= number for n in levels), len(texts)))
    music = [bar_texts(text) for text in texts]
    fours = [tuple(bars[i : i + 4]) for bars in music for i in range(len(bars) - 3)]
    repeated = [1 - len(set(bars)) / len(bars) for bars in music if bars]
    found["distinct"] = plain(wilson(len({tuple(bars) for bars in music}), len(texts)))
    found["distinct_fours"] = len(set(fours)) / max(len(fours), 1)
    found["repeated_bars"] = mean(repeated) if repeated else 0.0
    found["bars"] = mean(len(bars) for bars in music)
    found["short"] = plain(wilson(sum(len(bars) < SHORT for bars in music), len(texts)))
    found |= {name: plain(share) for name, share in copied(texts, known).items() if hasattr(share, "low")}
    return found


def plain(estimate: object) -> dict:
    return {name: getattr(estimate, name) for name in estimate.__slots__}  # type: ignore[attr-defined]


COLUMNS = (
    ("loops", "loops", 1),
    ("ended", "ends itself", 1),
    ("compiles", "compiles (abc2midi)", 1),
    ("bars_right", "all bars right (abc2midi)", 1),
    ("level_5", "level 5 and up", 0),
    ("single_bars", "single bars right", 1),
    ("distinct", "distinct", 1),
    ("distinct_fours", "different groups of four bars", 1),
    ("repeated_bars", "repeated bars", 1),
    ("bars", "bars", 1),
    ("short", f"under {SHORT} bars", 1),
    ("notes_16", "16 notes of a training tune", 1),
    ("title", "title of a training tune", 0),
)


def markdown(results: dict) -> str:
    """The results as a Markdown table, 95 % intervals in brackets."""
    lines = [
        "| | " + " | ".join(title for _, title, _ in COLUMNS) + " |",
        "|---|" + "---|" * len(COLUMNS),
    ]
    for name, found in (*results["arms"].items(), ("held-out human tunes", results["human"])):
        cells = []
        for key, _, digits in COLUMNS:
            value = found.get(key)
            if isinstance(value, dict):
                low, high = (f"{100 * value[side]:.{digits}f}" for side in ("low", "high"))
                cells.append(f"{100 * value['value']:.{digits}f} % [{low}, {high}]")
            elif key == "bars":
                cells.append(f"{value:.{digits}f}")
            else:
                cells.append("" if value is None else f"{100 * value:.{digits}f} %")
        lines.append(f"| {name} (n = {found['n']}) | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(results: dict, file: Path) -> None:
    """Soundness against variety: one point an arm, the human tunes as lines."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "hf_abc"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    for number, (name, found) in enumerate(results["arms"].items()):
        axes.plot(
            100 * found["repeated_bars"],
            100 * found["both"]["value"],
            "o" if "guard" not in name else "s",
            color=f"C{number}",
            label=name,
        )
    axes.axvline(100 * results["human"]["repeated_bars"], color="gray", linewidth=1)
    axes.axhline(100 * results["human"]["both"]["value"], color="gray", linewidth=1)
    axes.set_xlabel("repeated bars, % (gray: held-out human tunes)")
    axes.set_ylabel("no error and all bars right for abc2midi, %")
    axes.legend(fontsize=8)
    figure.savefig(file, metadata={"Date": None}, bbox_inches="tight")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--tunes", type=int, default=500)
    parser.add_argument("--report", type=Path, help="a Markdown file whose table and picture are made anew")
    parser.add_argument("arms", nargs="*")
    arguments = parser.parse_args()
    results = json.loads(arguments.json.read_text()) if arguments.json.is_file() else {"arms": {}}
    if arguments.corpus:
        from hf_abc.corpora import read_split

        train = [row["text"] for row in read_split(arguments.corpus, "train")]
        if "human" not in results:
            held = [
                row["text"] for side in ("validation", "test") for row in read_split(arguments.corpus, side)
            ]
            results["human"] = {"n": len(held), **judge_all(held, None, train)}
        wanted = arms()
        for name in arguments.arms or wanted:
            if results["arms"].get(name, {}).get("n") != arguments.tunes:
                texts, ended, cost = write(wanted[name], arguments.tunes)
                results["arms"][name] = {"n": len(texts), **cost, **judge_all(texts, ended, train)}
                ordered = {key: results["arms"][key] for key in wanted if key in results["arms"]}
                atomic_write(arguments.json, json.dumps(results | {"arms": ordered}, indent=1) + "\n")
            print(markdown({**results, "arms": {name: results["arms"][name]}}), flush=True)
    if arguments.report:
        write_table(arguments.report, markdown(results))
        draw(results, arguments.report.parent / "images" / "sampling.svg")


if __name__ == "__main__":
    main()
