"""`hf-abc clean`."""

import argparse
from pathlib import Path

TEXT = "clean tunebooks, say what was changed, lose nothing"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="+", type=Path, metavar="BOOK.abc", help="tunebooks in any encoding")
    p.add_argument(
        "-o", "--out", type=Path, required=True, help="the cleaned book (NAME.abc), or a folder for them"
    )
    p.add_argument(
        "--profile",
        default="book",
        help="what is done: book (repairs, drops nothing; the default), or a profile of a corpus, as tidy",
    )


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.corpora import clean_books

    for file, target, aside, book in clean_books(arguments.files, arguments.out, arguments.profile):
        changed = sum(bool(tune.changes) and not tune.dropped for tune in book.tunes)
        dropped = sum(bool(tune.dropped) for tune in book.tunes)
        for tune in book.tunes:
            if tune.dropped or tune.changes:
                print(f"{file}:{tune.line}: X:{tune.number} {tune.title or '(no title)'}")
            if tune.dropped:
                print(f"    DROPPED: {tune.dropped}")
                continue
            for change in tune.changes:
                lines = f" ({change.lines} lines)" if change.lines > 1 else ""
                print(f"    {change.text}{lines}: {_short(change.before)} -> {_short(change.after)}")
        tunes = f"{len(book.tunes):,} tune{'s' * (len(book.tunes) != 1)}"
        print(f"{file}: {tunes}, {changed} changed, {dropped} dropped; written to {target}")
        if aside is not None:
            print(f"{file}: the dropped tunes, with reasons, are in {aside}")


def _short(line: str) -> str:
    return (line if len(line) <= 60 else f"{line[:57]}...") or "(nothing)"
