"""`hf-abc train`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hf_abc.recipe import Recipe

TEXT = "train a model (on several GPUs: accelerate launch -m hf_abc.cli train …)"
TAKES_OVERRIDES = True


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file or the name of a shipped recipe")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--out", type=Path, required=True, help="run folder to write")
    p.add_argument("--processes", type=int, default=1, metavar="N", help="processes on this machine")
    p.add_argument("--branch", type=Path, metavar="CHECKPOINT", help="start from a checkpoint of another run")
    p.add_argument("--force", action="store_true", help="do a finished or interrupted run again")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.errors import InputError
    from hf_abc.recipe import load_recipe

    recipe = load_recipe(arguments.recipe, arguments.overrides)
    if arguments.processes < 1:
        raise InputError(f"--processes {arguments.processes} is not possible: give a positive number")
    what = (recipe, arguments.corpus, arguments.out, arguments.branch, arguments.force)
    if arguments.processes == 1:
        _train(*what)
    else:
        from hf_abc.training.processes import run_processes

        run_processes(arguments.processes, _train, *what)


def _train(recipe: "Recipe", corpus: Path, out: Path, branch: Path | None, force: bool) -> None:
    """Train, in each process, and note where the model comes from."""
    from hf_abc.corpora import read_split
    from hf_abc.evaluation.belonging import origin
    from hf_abc.evaluation.looks import copy_counter, sampler
    from hf_abc.record import Record
    from hf_abc.training.loop import train
    from hf_abc.training.processes import is_main

    train(
        recipe, corpus, out, sample=sampler(recipe), copied=copy_counter(corpus), branch=branch, force=force
    )
    if is_main():
        texts = [row["text"] for row in read_split(corpus, "train")]
        for section, values in origin(out, texts).items():
            Record(out).update(section, values)
