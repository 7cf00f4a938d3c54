"""`hf-abc quickstart`."""

import argparse
from pathlib import Path

TEXT = "the whole flow on the embedded tunes: corpus to listening page"
TAKES_OVERRIDES = True


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--out", type=Path, default=Path("quickstart"), help="folder to write (default: quickstart)"
    )
    p.add_argument("--recipe", default="quickstart", help="recipe to follow (default: quickstart)")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.quickstart import quickstart
    from hf_abc.recipe import load_recipe

    quickstart(arguments.out, load_recipe(arguments.recipe, arguments.overrides))
