"""`accelerate launch -m hf_abc.training --recipe R --out DIR [--corpus DIR] [--training.steps 100 …]`

Without a corpus the recipe's own is built in DIR/corpus, or found there. It is training alone: a recipe that
wants samples in between needs `accelerate launch -m hf_abc.cli train`, which knows how to write them.
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
        import torch
        from accelerate import PartialState

        from hf_abc.corpora import build_corpus
        from hf_abc.recipe import load_recipe
        from hf_abc.training.loop import train
        from hf_abc.training.processes import check_launch

        check_launch()
        recipe = load_recipe(known.recipe, overrides)
        corpus = known.corpus or known.out / "corpus"
        state = PartialState(cpu=not torch.accelerator.is_available())
        with state.main_process_first():  # the other processes find it built
            if known.corpus is None:
                build_corpus(recipe.corpus, corpus, progress=lambda text: print(text, flush=True))
        train(recipe, corpus, known.out)
    except HfAbcError as error:
        print(f"hf_abc.training: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
