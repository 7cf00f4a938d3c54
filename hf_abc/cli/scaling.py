"""`hf-abc scaling`."""

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hf_abc.cli.shard import shard

if TYPE_CHECKING:
    from hf_abc.recipe import Study

TEXT = "the study of loss against size: plan it, run it, fit it, report it, train its best model on"
TAKES_OVERRIDES = True


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("stage", choices=("plan", "run", "fit", "report", "best"), help="what to do")
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file or the name of a shipped study")
    p.add_argument("--out", type=Path, metavar="DIR", help="folder of the study's results (not for plan)")
    p.add_argument("--corpus", type=Path, help="run: corpus folder (default: built in the work folder)")
    p.add_argument("--work", type=Path, help="run: folder of unfinished models (default: DIR/work)")
    p.add_argument("--shard", type=shard, default=(1, 1), metavar="I/N", help="run: do every N-th run")
    p.add_argument("--only", default="", metavar="FAMILY|SIZE", help="run: do these alone")
    p.add_argument("--minutes", type=float, metavar="M", help="run: begin no run after so many minutes")
    p.add_argument("--keep", action="store_true", help="run: keep the trained models in the work folder")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.errors import InputError
    from hf_abc.recipe import load_study

    study = load_study(arguments.recipe, arguments.overrides)
    if arguments.stage == "plan":
        from hf_abc.scaling.plan import plan

        print(plan(study))
        return
    if arguments.out is None:
        raise InputError("name the folder of the results, as in --out study")
    if arguments.stage == "run":
        _run(study, arguments)
        return
    if arguments.stage == "best":
        _best(study, arguments.out)
        return
    from hf_abc.scaling.fits import fit_study
    from hf_abc.scaling.report import write_report
    from hf_abc.scaling.report_table import fit_table

    if arguments.stage == "fit":
        print(fit_table(fit_study(study, arguments.out)))
    else:
        print(write_report(study, arguments.out))


def _run(study: "Study", arguments: argparse.Namespace) -> None:
    from filelock import FileLock

    from hf_abc.corpora.build import build_corpus
    from hf_abc.scaling.bench import make_bench
    from hf_abc.scaling.work import Worker

    work = arguments.work or arguments.out / "work"
    corpus = arguments.corpus or work / "corpus"
    work.mkdir(parents=True, exist_ok=True)
    with FileLock(work / ".lock"):  # a worker that begins beside this one finds it all made
        if arguments.corpus is None:
            build_corpus(study.corpus, corpus, progress=_say)
        bench = make_bench(corpus, arguments.out, work, study, _say)
    end = math.inf if arguments.minutes is None else time.monotonic() + 60 * arguments.minutes
    worker = Worker(
        study,
        arguments.out,
        bench,
        shard=arguments.shard,
        only=arguments.only,
        keep=arguments.keep,
        end=end,
        say=_say,
    )
    if worker.work():
        _say(f"the results are in {arguments.out}: go on with `hf-abc scaling report`")
    else:
        _say(f"the time is up: what is finished lies in {arguments.out}, and the same command goes on")


def _best(study: "Study", out: Path) -> None:
    from hf_abc.scaling.best import best_model, write_recipes

    best = best_model(study, out)
    _say(
        f"best on the validation side: {best.run.family} {best.run.size} ({best.run.tokenizer}, "
        f"{best.run.matmul:,} parameters in matrices), {best.loss:.4f} nats per character\n"
        "trained on, measured, sampled, and with its card:"
    )
    for path in write_recipes(best, out):
        _say(f"  hf-abc quickstart --recipe {path} --out {path.stem}")


def _say(text: str) -> None:
    print(text, flush=True)
