"""`hf-abc infill`."""

import argparse
from pathlib import Path

from .notices import notices, read_tune

TEXT = "write some bars of a tune anew and keep the others as they are"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", type=Path, metavar="TUNE.abc", help="the tune; of a tunebook, the first one")
    p.add_argument("model", nargs="?", help="run folder or Hub id (default: the shipped model)")
    p.add_argument("--bars", required=True, help="which bars, as 5-8; a pick-up is bar 0")
    p.add_argument(
        "-n", "--count", type=int, default=1, help="number of versions, the best first (default: 1)"
    )
    p.add_argument("--seed", type=int, default=1, help="the same seed gives the same tunes (default: 1)")
    p.add_argument("--out", type=Path, default=Path("infilled"), help="folder (default: infilled)")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.sampling.files import infill_files
    from hf_abc.sampling.infill import parse_bars

    first, last = parse_bars(arguments.bars)
    text = read_tune(arguments.file)
    with notices():
        found = infill_files(
            arguments.model, text, arguments.out, first, last, count=arguments.count, seed=arguments.seed
        )
    for filling in found:
        print(f"{filling.text.strip()}\n")
    print(f"bars {first}-{last} are new: {arguments.out / 'tunes.abc'}")
