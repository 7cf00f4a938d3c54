"""`accelerate launch -m hf_abc.training --recipe R --out DIR [--corpus DIR] [--training.steps 100 …]`

Without a corpus the recipe's own is built in DIR/corpus, or found there.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hf_abc.errors import HfAbcError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when a trained model lies in the folder, 1 after a user's error."""
    parser = argparse.ArgumentParser(prog="hf_abc.training", description="Train a model.", allow_abbrev=False)
    parser.add_argument("--recipe", required=True, help="a YAML file or the name of a shipped recipe")
    parser.add_argument("--out", required=True, type=Path, help="the run folder to write")
    parser.add_argument("--corpus", type=Path, help="a corpus folder (default: the recipe's, in OUT/corpus)")
    known, overrides = parser.parse_known_args(arguments)
    try:
        from accelerate import PartialState

        from hf_abc.corpora import build_corpus
        from hf_abc.recipe import load_recipe
        from hf_abc.training.loop import train

        recipe = load_recipe(known.recipe, overrides)
        corpus = known.corpus or known.out / "corpus"
        with PartialState().main_process_first():  # the other processes find it built
            if known.corpus is None:
                build_corpus(recipe.corpus, corpus, progress=lambda text: print(text, flush=True))
        train(recipe, corpus, known.out)
    except HfAbcError as error:
        print(f"hf_abc.training: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
