"""`hf-abc train`."""

import argparse
from pathlib import Path

TEXT = "train a model (on many devices: accelerate launch -m hf_abc.training)"
TAKES_OVERRIDES = True


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file or the name of a shipped recipe")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--out", type=Path, required=True, help="run folder to write")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.recipe import load_recipe
    from hf_abc.record import Record

    recipe = load_recipe(arguments.recipe, arguments.overrides)
    from hf_abc.corpora import read_split
    from hf_abc.evaluation.belonging import origin
    from hf_abc.training.loop import train

    out = train(recipe, arguments.corpus, arguments.out)
    texts = [row["text"] for row in read_split(arguments.corpus, "train")]
    for section, values in origin(out, texts).items():
        Record(out).update(section, values)
