"""`hf-abc corpus`."""

import argparse
from pathlib import Path

TEXT = "build a corpus: clean, group into families, split"
TAKES_OVERRIDES = True


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file or the name of a shipped recipe")
    p.add_argument("--out", type=Path, required=True, help="corpus folder to write")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.corpora import build_corpus
    from hf_abc.recipe import load_recipe

    recipe = load_recipe(arguments.recipe, arguments.overrides)
    build_corpus(recipe.corpus, arguments.out, progress=lambda text: print(text, flush=True))
