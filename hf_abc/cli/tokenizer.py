"""`hf-abc tokenizer`."""

import argparse
from pathlib import Path

TEXT = "train a recipe's tokenizer on the train side of a corpus"
TAKES_OVERRIDES = True


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file or the name of a shipped recipe")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--out", type=Path, required=True, help="folder to write")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.recipe import load_recipe
    from hf_abc.record import replacing

    recipe = load_recipe(arguments.recipe, arguments.overrides)
    from hf_abc.corpora import read_split
    from hf_abc.training.setup import make_tokenizer  # slow to import: a wrong recipe should not wait for it

    texts = [row["text"] for row in read_split(arguments.corpus, "train")]
    made = make_tokenizer(recipe, texts)
    with replacing(arguments.out) as folder:
        made.save_pretrained(folder)
    tokens = sum(len(ids) for ids in made(texts[:1000], add_special_tokens=False)["input_ids"])
    characters = sum(map(len, texts[:1000]))
    print(f"{arguments.out}: {len(made)} tokens, {characters / tokens:.2f} characters a token")
