"""The command `hf-abc`: each verb is a file of this folder, a few lines that call public functions of rooms.

A verb's file has TEXT (what `hf-abc --help` says), `add` (its options), `run`, and TAKES_OVERRIDES where any
other option changes a key of a recipe.

Exit status: 0 done, 1 a user's error (one line on stderr says what, where, and what to do), 2 wrong usage,
130 interrupted. Rooms are imported inside the verb, so that `hf-abc --help` is quick. This is also the one
place where the operating system's errors (disk full, permission denied, no such folder ...) become sentences.
"""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hf_abc.errors import HfAbcError, MissingPackageError, OutputError

from . import (
    check,
    clean,
    compare,
    copying,
    corpus,
    demo,
    doctor,
    evaluate,
    infill,
    medley,
    midi2abc,
    publish,
    quickstart,
    render,
    sample,
    scaling,
    tokenizer,
    train,
    vary,
)

# in the order of `hf-abc --help`
_VERBS = (
    quickstart,
    corpus,
    tokenizer,
    train,
    sample,
    vary,
    infill,
    evaluate,
    compare,
    render,
    medley,
    check,
    clean,
    midi2abc,
    copying,
    scaling,
    publish,
    demo,
    doctor,
)
_OVERRIDES = "change a key of the recipe, e.g. --training.steps 10"
_ADVICE = {
    errno.ENOSPC: "there is no space left on the disk: free some and start again",
    errno.EDQUOT: "your quota on this disk is used up: free some space and start again",
    errno.EACCES: "permission denied: choose another place or change its permissions",
    errno.EPERM: "this is not permitted: choose another place",
    errno.EROFS: "this disk is read-only: choose another place",
    errno.ENOENT: "there is no such file or folder: check the path",
    errno.ENOTDIR: "a part of this path is a file, not a folder: choose another place",
    errno.EISDIR: "this is a folder, not a file: name a file",
    errno.EEXIST: "this exists already: choose another place",
    errno.ENOTEMPTY: "this folder is not empty: choose another place",
    errno.ENAMETOOLONG: "this name is too long: choose a shorter one",
    errno.EIO: "the disk does not answer as it should: check it",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb and return the exit status."""
    parser = _parser()
    arguments, overrides = parser.parse_known_args(argv)
    if overrides and not arguments.takes_overrides:
        parser.error(f"unrecognized arguments: {' '.join(overrides)}")
    arguments.overrides = overrides
    try:
        if getattr(arguments, "out", None) is not None:
            _check_place(arguments.out)
        arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\nhf-abc: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has gone, as in `hf-abc check ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        known = _user_error(error)
        if known is None:
            raise
        print(f"hf-abc: {' '.join(str(known).split())}", file=sys.stderr)
        return 1
    return 0


def _user_error(error: Exception) -> HfAbcError | None:
    """What a user can do something about, as an error of ours; None is a bug and keeps its traceback."""
    if isinstance(error, HfAbcError):
        return error
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("hf_abc"):
        return MissingPackageError(error.name.split(".")[0])
    number = error.errno if isinstance(error, OSError) else None
    if number is None and ("No space left on device" in str(error) or "os error 28" in str(error)):
        number = errno.ENOSPC  # what safetensors, torch and pyarrow make of it
    if number in _ADVICE:
        where = getattr(error, "filename", None)
        return OutputError(f"{where}: {_ADVICE[number]}" if where else _ADVICE[number])
    return None


def _check_place(out: Path) -> None:
    """Refuse a place that cannot be written before any work is done for it; nothing is created here."""
    there = out.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise OutputError(f"{out} cannot be written: {there} is a file, so choose another folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{out} cannot be written: permission denied in {there}, so choose another folder")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hf-abc", description="Language models of tunes in ABC notation.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"hf-abc {_version()}")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    for verb in _VERBS:
        overrides = hasattr(verb, "TAKES_OVERRIDES")
        more = f"Any other option is an override: {_OVERRIDES}." if overrides else None
        name = verb.__name__.rpartition(".")[2]
        made = verbs.add_parser(name, help=verb.TEXT, description=verb.TEXT, epilog=more, allow_abbrev=False)
        verb.add(made)
        made.set_defaults(run=verb.run, takes_overrides=overrides)
    return parser


def _version() -> str:
    from importlib.metadata import version

    return version("hf-abc")
