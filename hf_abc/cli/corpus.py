"""`hf-abc corpus`."""

import argparse
import os
from pathlib import Path

from hf_abc.cli.shard import shard

TEXT = "build a corpus: clean, group into families, split; alone or in shards"
TAKES_OVERRIDES = True


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "recipe",
        metavar="RECIPE",
        nargs="?",
        help="a YAML file or the name of a shipped recipe; --stats needs none",
    )
    p.add_argument("--out", type=Path, required=True, help="corpus folder to write")
    some = p.add_mutually_exclusive_group()
    some.add_argument(
        "--shard", type=shard, metavar="I/N", help="do the I-th of N shares of the work, and stop"
    )
    some.add_argument("--join", action="store_true", help="put the shards together")
    p.add_argument(
        "--workers", type=int, default=_cores(), metavar="N", help="processes (default: every core)"
    )
    p.add_argument("--stats", action="store_true", help="print the table of the corpus")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.corpora.build import build_corpus, build_shard, join_shards
    from hf_abc.corpora.table import read_report, table
    from hf_abc.errors import InputError
    from hf_abc.recipe import load_recipe

    if arguments.recipe is None and not (arguments.stats and not arguments.overrides):
        raise InputError(
            "name a recipe, as in `hf-abc corpus quickstart --out DIR` (--stats alone needs none)"
        )
    if arguments.workers < 1:
        raise InputError(f"--workers {arguments.workers} is not possible: give 1 or more")
    if arguments.recipe is not None:
        recipe, out = load_recipe(arguments.recipe, arguments.overrides).corpus, arguments.out
        if arguments.shard:
            build_shard(recipe, out, arguments.shard, workers=arguments.workers, progress=_say)
            return
        if arguments.join:
            join_shards(recipe, out, progress=_say)
        else:
            build_corpus(recipe, out, workers=arguments.workers, progress=_say)
    if arguments.stats:
        print(table(read_report(arguments.out)))


def _say(text: str) -> None:
    print(text, flush=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
