"""`hf-abc vary`."""

import argparse
from pathlib import Path

from .notices import notices, read_tune

TEXT = "write variations on a tune, as like it as is wished"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", type=Path, metavar="TUNE.abc", help="the tune; of a tunebook, the first one")
    p.add_argument("model", nargs="?", help="run folder or Hub id (default: the shipped model)")
    p.add_argument("-n", "--count", type=int, default=10, help="number of variations (default: 10)")
    p.add_argument(
        "--similarity", type=float, default=0.6, help="1 is the tune itself, 0 another one (default: 0.6)"
    )
    p.add_argument("--seed", type=int, default=1, help="the same seed gives the same tunes (default: 1)")
    p.add_argument("--out", type=Path, default=Path("variations"), help="folder (default: variations)")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.sampling.files import vary_files

    text = read_tune(arguments.file)
    with notices():
        found = vary_files(
            arguments.model,
            text,
            arguments.out,
            count=arguments.count,
            similarity=arguments.similarity,
            seed=arguments.seed,
        )
    for variation in found:
        print(f"% similarity {variation.similarity:.2f}\n{variation.text.strip()}\n")
    print(f"{len(found)} variations: {arguments.out / 'tunes.abc'}")
