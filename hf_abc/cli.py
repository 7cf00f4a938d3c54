"""The command `hf-abc`: each verb is a few lines that call one public function of a room.

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

from .errors import HfAbcError, InputError, MissingPackageError, OutputError, ToolError
from .rendering.options import PLAY, add_medley, add_rendering, playing

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
        if "out" in arguments:
            _check_place(arguments.out)
        arguments.verb(arguments)
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

    def verb(name: str, function: object, text: str, overrides: bool = False) -> argparse.ArgumentParser:
        more = f"Any other option is an override: {_OVERRIDES}." if overrides else None
        made = verbs.add_parser(name, help=text, description=text, epilog=more, allow_abbrev=False)
        made.set_defaults(verb=function, takes_overrides=overrides)
        return made

    p = verb(
        "quickstart", _quickstart, "the whole flow on the embedded tunes: corpus to listening page", True
    )
    p.add_argument(
        "--out", type=Path, default=Path("quickstart"), help="folder to write (default: quickstart)"
    )
    p.add_argument("--recipe", default="quickstart", help="recipe to follow (default: quickstart)")

    p = verb("corpus", _corpus, "build a corpus: clean, group into families, split", True)
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file or the name of a shipped recipe")
    p.add_argument("--out", type=Path, required=True, help="corpus folder to write")

    p = verb("tokenizer", _tokenizer, "train a recipe's tokenizer on the train side of a corpus", True)
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file or the name of a shipped recipe")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--out", type=Path, required=True, help="folder to write")

    p = verb("train", _train, "train a model (on many devices: accelerate launch -m hf_abc.training)", True)
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file or the name of a shipped recipe")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--out", type=Path, required=True, help="run folder to write")

    p = verb("sample", _sample, "let a model write tunes")
    p.add_argument(
        "model", nargs="?", help="run folder or Hub id (default: the model that comes with the package)"
    )
    p.add_argument("-n", "--count", type=int, default=1, help="number of tunes (default: 1)")
    p.add_argument("--key", default="", help="K: of the tunes, e.g. D, Edor, Bb")
    p.add_argument("--meter", default="", help="M: of the tunes, e.g. 6/8")
    p.add_argument("--rhythm", default="", help="R: of the tunes, e.g. jig")
    p.add_argument("--title", default="", help="T: of the tunes")
    p.add_argument("--seed", type=int, default=1, help="the same seed gives the same tunes (default: 1)")
    p.add_argument("--temperature", type=float, help="below 1 is more cautious (default: the model's own)")
    p.add_argument(
        "--min-p",
        type=float,
        help="drop tokens less likely than this share of the best (default: the model's own)",
    )
    p.add_argument("--out", type=Path, default=Path("tunes"), help="folder to write (default: tunes)")
    p.add_argument("--play", action="store_true", help=PLAY)

    p = verb("evaluate", _evaluate, "measure a model on the test side of a corpus")
    p.add_argument("model", help="run folder or Hub id")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--samples", type=int, default=200, help="tunes to sample and judge (default: 200)")
    p.add_argument("--seed", type=int, default=1, help="seed of the samples (default: 1)")
    p.add_argument("--json", action="store_true", help="print JSON")

    p = verb("render", _render, "make MIDI, audio, scores and a listening page out of tunes")
    add_rendering(p)

    p = verb("medley", _medley, "make one piece out of many tunes: ABC, MIDI or sound")
    add_medley(p)

    p = verb("check", _check, "say of each tune how sound it is (levels 0 to 7) and what is wrong with it")
    p.add_argument("files", nargs="+", type=Path, metavar="FILE.abc", help="tunebooks")
    p.add_argument("--json", action="store_true", help="print one JSON object for each tune")

    verb("doctor", _doctor, "say what is installed, what is missing, and what to type")
    return parser


def _version() -> str:
    from importlib.metadata import version

    return version("hf-abc")


def _quickstart(arguments: argparse.Namespace) -> None:
    from .quickstart import quickstart
    from .recipe import load_recipe

    quickstart(arguments.out, load_recipe(arguments.recipe, arguments.overrides))


def _corpus(arguments: argparse.Namespace) -> None:
    from .corpora import build_corpus
    from .recipe import load_recipe

    recipe = load_recipe(arguments.recipe, arguments.overrides)
    build_corpus(recipe.corpus, arguments.out, progress=lambda text: print(text, flush=True))


def _tokenizer(arguments: argparse.Namespace) -> None:
    from .recipe import load_recipe
    from .record import replacing

    recipe = load_recipe(arguments.recipe, arguments.overrides).tokenizer
    from .corpora import read_split
    from .models.tokenizers import train_tokenizer  # slow to import: a wrong recipe should not wait for it

    texts = [row["text"] for row in read_split(arguments.corpus, "train")]
    made = train_tokenizer(texts, kind=recipe.kind, vocab_size=recipe.vocab_size, boundary=recipe.boundary)
    with replacing(arguments.out) as folder:
        made.save_pretrained(folder)
    tokens = sum(len(ids) for ids in made(texts[:1000], add_special_tokens=False)["input_ids"])
    characters = sum(map(len, texts[:1000]))
    print(f"{arguments.out}: {len(made)} tokens, {characters / tokens:.2f} characters a token")


def _train(arguments: argparse.Namespace) -> None:
    from .recipe import load_recipe
    from .record import Record

    recipe = load_recipe(arguments.recipe, arguments.overrides)
    from .corpora import read_split
    from .evaluation.belonging import origin
    from .training.loop import train

    out = train(recipe, arguments.corpus, arguments.out)
    texts = [row["text"] for row in read_split(arguments.corpus, "train")]
    for section, values in origin(out, texts).items():
        Record(out).update(section, values)


def _sample(arguments: argparse.Namespace) -> None:
    from .quickstart import draw
    from .sampling.files import sample_files
    from .sampling.prompts import Wish

    wish = Wish(arguments.title, arguments.rhythm, arguments.meter, arguments.key)
    samples = sample_files(
        arguments.model,
        arguments.out,
        count=arguments.count,
        seed=arguments.seed,
        wishes=[wish],
        temperature=arguments.temperature,
        min_p=arguments.min_p,
        on_tune=lambda sample: print(f"{sample.text.strip()}\n", flush=True),
        render=lambda samples, out: draw(samples, out, title="New tunes"),
    )
    print(f"to see and hear: {arguments.out / 'index.html'}")
    if arguments.play:
        from .notation.tune import header_fields
        from .rendering.player import play
        from .rendering.render import file_stems

        titles = [next(iter(header_fields(sample.text).get("T", [])), "") for sample in samples]
        files = [arguments.out / f"{stem}.mp3" for stem in file_stems(titles)]
        print(play([file for file in files if file.is_file()], arguments.out / "index.html"))


def _evaluate(arguments: argparse.Namespace) -> None:
    import json

    from .evaluation.scorecard import evaluate, table
    from .record import Record
    from .sampling.loading import find_model

    folder = find_model(arguments.model)
    measured = evaluate(
        folder,
        arguments.corpus,
        samples=arguments.samples,
        seed=arguments.seed,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    if (folder / "run.json").is_file():
        for section, values in measured.items():
            Record(folder).set(section, values)
    print(json.dumps(measured, ensure_ascii=False) if arguments.json else table(measured))


def _render(arguments: argparse.Namespace) -> None:
    from .rendering.book import render_book

    texts = [tune for file in arguments.files for tune in _read_book(file)]
    done = render_book(
        texts,
        arguments.out,
        title=", ".join(file.stem for file in arguments.files),
        audio_format=arguments.audio,
        font=arguments.soundfont,
        synthesizer=arguments.synthesizer,
        engraver=arguments.engraver,
        also=arguments.also,
        playing=playing(arguments),
        on_tune=lambda rendered: print(rendered.abc.stem, *rendered.messages, sep="\n    ", flush=True),
    )
    print(f"{len(done)} tunes, to see and hear: {arguments.out / 'index.html'}")
    if arguments.play:
        from .rendering.player import play

        print(play([rendered.audio for rendered in done if rendered.audio], arguments.out / "index.html"))


def _medley(arguments: argparse.Namespace) -> None:
    from .rendering.medley import write_medley

    texts = [tune for file in arguments.files for tune in _read_book(file)]
    changed = write_medley(
        texts,
        arguments.piece,
        title=arguments.title,
        key=arguments.key,
        font=arguments.soundfont,
        synthesizer=arguments.synthesizer,
        playing=playing(arguments),
    )
    print(*changed, f"{len(texts)} tunes in {arguments.piece}", sep="\n")


def _check(arguments: argparse.Namespace) -> None:
    import json

    from .corpora import check_files
    from .record import plain

    for tune in check_files(arguments.files):
        level = tune.level
        if arguments.json:
            line = {"file": tune.file, "number": tune.number, "title": tune.title, "level": level.number}
            print(json.dumps(plain({**line, "problems": level.problems}), ensure_ascii=False))
        else:
            first = level.problems[0] if level.problems else None
            why = f"  line {first.line}: {first.text}" if first else ""
            print(f"{tune.file}  level {level.number}  {tune.title or '(no title)'}{why}")


def _doctor(arguments: argparse.Namespace) -> None:
    from .rendering.doctor import doctor, table

    rows, works = doctor()
    print(table(rows), end="")
    if not works:
        raise ToolError("a part that the package needs is missing or broken: type what is advised above")


def _read_book(file: Path) -> list[str]:
    """The tunes of a tunebook; InputError when there is none."""
    from .corpora.encoding import decode
    from .notation.tune import split_book

    tunes = list(split_book(decode(file.read_bytes())))
    if not tunes:
        raise InputError(f"{file} holds no tune: a tune starts with a line X: and has a line K:")
    return tunes
