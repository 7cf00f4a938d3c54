"""`hf-abc midi2abc`."""

import argparse
from pathlib import Path

TEXT = "convert MIDI to ABC: a file, a folder or an archive, with a report of every file"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("place", type=Path, metavar="DIR|ARCHIVE", help="a MIDI file, a folder, a tar or a zip")
    p.add_argument("--out", type=Path, required=True, help="folder for tunebook and report")
    p.add_argument("--each", action="store_true", help="an .abc for each file, not one tunebook")
    p.add_argument(
        "--no-recall", action="store_true", help="do not play each tune again to count the notes that survive"
    )
    p.add_argument("--workers", type=int, default=0, metavar="N", help="processes (default: every core)")


def run(arguments: argparse.Namespace) -> None:
    import sys

    from tqdm import tqdm

    from hf_abc.corpora.midi_book import convert_midi, readable
    from hf_abc.errors import InputError

    if arguments.workers < 0:
        raise InputError(f"--workers {arguments.workers} is not possible: give 1 or more")
    with tqdm(unit=" files", file=sys.stderr, disable=None) as bar:
        report = convert_midi(
            arguments.place,
            arguments.out,
            each=arguments.each,
            with_recall=not arguments.no_recall,
            workers=arguments.workers,
            step=bar.update,
        )
    print(readable(report), end="")
    print(f"\n{arguments.out}: {'tunes/' if arguments.each else 'tunes.abc'}, files.csv, report.json")
