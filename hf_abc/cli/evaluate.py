"""`hf-abc evaluate`."""

import argparse
import sys
from pathlib import Path

TEXT = "measure a model on the test side of a corpus"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("model", help="run folder or Hub id")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--side", choices=("test", "validation", "train"), default="test", help="(default: test)")
    p.add_argument("--samples", type=int, default=200, help="tunes to sample and judge (default: 200)")
    p.add_argument("--seed", type=int, default=1, help="seed of the samples (default: 1)")
    p.add_argument(
        "--known",
        action="store_true",
        help="measure a model that may know the tunes; the table says so",
    )
    p.add_argument(
        "--out",
        type=Path,
        help="folder for plots and samples (default: MODEL/evaluation of a run folder)",
    )
    p.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> None:
    import json

    from hf_abc.evaluation.plots import draw_plots
    from hf_abc.evaluation.scorecard import Wanted, evaluate
    from hf_abc.evaluation.scorecard_table import table
    from hf_abc.record import Record, replacing

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    measured = evaluate(
        arguments.model,
        arguments.corpus,
        side=arguments.side,
        wanted=Wanted(samples=arguments.samples, seed=arguments.seed),
        known=arguments.known,
        say=say,
    )
    folder = Path(arguments.model)
    run_folder = (folder / "run.json").is_file()
    out = arguments.out or (folder / "evaluation" if run_folder else None)
    if out is not None:
        with replacing(out) as aside:
            measured.leave(aside)
            draw_plots(measured.sections, aside)
        say(f"plots, samples and losses: {out}")
    if run_folder and arguments.side != "train" and not measured.sections["evaluation"]["other_corpus"]:
        for section, values in measured.sections.items():
            Record(folder).set(section, values)
    print(json.dumps(measured.sections, ensure_ascii=False) if arguments.json else table(measured.sections))
