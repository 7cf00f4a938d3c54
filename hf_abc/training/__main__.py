"""`accelerate launch -m hf_abc.training --recipe R --corpus DIR --out DIR [--training.steps 100 …]`"""

import argparse
import sys
from pathlib import Path

from hf_abc.errors import HfAbcError


def main() -> int:
    parser = argparse.ArgumentParser(prog="hf_abc.training", description="Train a model by a recipe.")
    parser.add_argument("--recipe", required=True, help="a YAML file; options behind it override its values")
    parser.add_argument("--corpus", required=True, type=Path, help="a corpus folder")
    parser.add_argument("--out", required=True, type=Path, help="the run folder to write")
    known, overrides = parser.parse_known_args()
    try:
        from hf_abc.recipe import load_recipe
        from hf_abc.training.loop import train

        train(load_recipe(known.recipe, overrides), known.corpus, known.out)
    except HfAbcError as error:
        print(f"hf_abc.training: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
