"""The whole flow on the embedded tunes: corpus, training, measures, new tunes, card.

    OUT/corpus   the corpus: Parquet, card, report, split
    OUT/model    the run folder: the model, its tokenizer, its card (README.md) and run.json
    OUT/tunes    new tunes: tunes.abc, index.html to look at and listen to, and the files of each tune

Every stage leaves its result at once or not at all, and says so when it finds it finished; so the flow may be
killed at any moment and goes on when it is started again. A folder belongs to one recipe: another recipe, or
files of something else, are refused.
"""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import OutputError
from .recipe import Recipe
from .record import Record, atomic_write, fingerprint, finished, mark_finished, replacing

if TYPE_CHECKING:
    from .sampling.generator import Sample

_CLAIM = ".quickstart"
_EVERY = 3.0  # seconds between two passing lines


class Say:
    """Prints lines that begin with the time since the start; passing ones at most every few seconds."""

    def __init__(self) -> None:
        self.start = self.last = time.monotonic()

    def __call__(self, text: str) -> None:
        self.last = time.monotonic()
        print(f"[{_clock(self.last - self.start)}] {text}", flush=True)

    def passing(self, text: str) -> None:
        if time.monotonic() - self.last >= _EVERY:
            self(text)


Stage = Callable[[Path, Recipe, Say], bool]
"""Does its part below OUT, unless it is done; whether it did, so that its time is worth a note."""


def quickstart(out: Path, recipe: Recipe) -> None:
    """Run the flow into `out`, or what is missing of it, and print the table of what came out.

    Raises OutputError when `out` holds something else or cannot be written.
    """
    _claim(out, recipe)
    say = Say()
    stages: Sequence[tuple[str, str, Stage]] = (
        ("corpus", "the corpus: reading, cleaning and splitting the tunes", _corpus),
        ("training", "the model: training it and its tokenizer", _training),
        ("evaluation", "the measures: held-out tunes, baselines, samples", _evaluation),
        ("samples", "new tunes: writing, drawing and playing them", _samples),
        ("card", "the model card", _card),
    )
    for number, (name, what, stage) in enumerate(stages, 1):
        say(f"{number}/{len(stages)} {what}")
        start = time.monotonic()
        if stage(out, recipe, say):
            Record(out / "model").update("timings", {name: round(time.monotonic() - start, 1)})
    print(
        f"\n{table(Record(out / 'model'))}\n\n"
        f"new tunes, to see and hear    {out / 'tunes' / 'index.html'}\n"
        f"the model, with its card      {out / 'model'}\n"
        f"the corpus, with its report   {out / 'corpus'}"
    )


def table(record: Record) -> str:
    """What a run came to, from its run.json: the scorecard, then sizes, speeds and times."""
    from .evaluation import scorecard_table

    training, timings = record.get("training"), record.get("timings")
    memory = max(training["peak_memory_gib"], record.get("samples")["peak_memory_gib"])
    times = ", ".join(f"{name} {_clock(seconds)}" for name, seconds in timings.items())
    return (
        f"{scorecard_table.table(record.values)}\n\n"
        f"parameters   {training['parameters']['total']:,}\n"
        f"training     {training['tokens']:,} tokens in {training['steps']:,} steps, "
        f"{training['tokens_per_second']:,} tokens/s\n"
        f"time         {_clock(sum(timings.values()))} ({times})\n"
        f"peak memory  {memory:.1f} GiB"
    )


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02}"


def _claim(out: Path, recipe: Recipe) -> None:
    """Make the folder this recipe's; OutputError when it is another's or holds other files."""
    mine, file = fingerprint(recipe), out / _CLAIM
    if file.is_file():
        if file.read_text(encoding="utf-8").strip() != mine:
            raise OutputError(f"{out} holds the run of another recipe: choose another --out or remove it")
        return
    if out.is_dir() and any(_CLAIM not in path.name for path in out.iterdir()):
        raise OutputError(f"{out} holds other files: name a new or empty folder with --out")
    atomic_write(file, mine + "\n")


def _is_done(folder: Path, mark: str, say: Say) -> bool:
    done = finished(folder, mark)
    if done:
        say(f"{folder} is finished: nothing to do")
    return done


def _inputs(folder: Path) -> str:
    """The mark of a finished folder: what a later stage that builds on it depends on."""
    return (folder / ".finished").read_text(encoding="utf-8").strip()


def _corpus(out: Path, recipe: Recipe, say: Say) -> bool:
    from .corpora import build_corpus

    before = (out / "corpus").exists()
    build_corpus(recipe.corpus, out / "corpus", progress=say)
    return not before


def _training(out: Path, recipe: Recipe, say: Say) -> bool:
    from .corpora import read_split
    from .evaluation.belonging import origin
    from .evaluation.looks import copy_counter, sampler
    from .training.loop import train

    corpus = out / "corpus"
    train(recipe, corpus, out / "model", sample=sampler(recipe), copied=copy_counter(corpus))
    record = Record(out / "model")
    texts = [row["text"] for row in read_split(out / "corpus", "train")]
    for section, values in origin(out / "model", texts).items():
        record.update(section, values)
    return False  # the run counts its own time, over interruptions


def _evaluation(out: Path, recipe: Recipe, say: Say) -> bool:
    from .evaluation.plots import draw_plots
    from .evaluation.scorecard import Wanted, evaluate

    model, folder = out / "model", out / "model" / "evaluation"
    mark = fingerprint([_inputs(model), _inputs(out / "corpus"), recipe.evaluation, recipe.seed])
    if _is_done(folder, mark, say):
        return False
    with replacing(folder) as aside:
        wanted = recipe.evaluation
        measured = evaluate(
            model,
            out / "corpus",
            wanted=Wanted(wanted.samples, seed=recipe.seed, batch_size=wanted.batch_size),
            say=say,
        )
        measured.leave(aside)
        draw_plots(measured.sections, aside)
        for section, values in measured.sections.items():
            Record(model).set(section, values)
        mark_finished(aside, mark)
    return True


def _samples(out: Path, recipe: Recipe, say: Say) -> bool:
    from .sampling.files import sample_files
    from .sampling.prompts import DEFAULT_WISHES

    wanted = recipe.sampling
    mark = fingerprint([_inputs(out / "model"), wanted, recipe.seed])
    if _is_done(out / "tunes", mark, say):
        return False

    with replacing(out / "tunes") as folder:
        sample_files(
            out / "model",
            folder,
            count=wanted.count,
            seed=recipe.seed,
            wishes=DEFAULT_WISHES,
            temperature=wanted.temperature,
            min_p=wanted.min_p,
            max_new_tokens=wanted.max_new_tokens,
            on_tune=lambda sample: say.passing(f"written: {sample.index + 1}"),
            render=lambda samples, folder: draw(
                samples,
                folder,
                title=f"Tunes written by {recipe.name}",
                corpus=out / "corpus",
                say=say.passing,
            ),
        )
        mark_finished(folder, mark)
    return True


def draw(
    samples: Sequence["Sample"],
    folder: Path,
    *,
    title: str,
    corpus: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Scores, sound and listening page of samples that lie in `folder`/tunes.abc, which stays as it is.

    With a corpus the page says of each tune what it shares with the train side.
    """
    from .rendering.book import render_book

    book = (folder / "tunes.abc").read_bytes()  # it says how to get each tune again
    render_book(
        [re.sub(r"\AX:.*", f"X:{number}", sample.text) for number, sample in enumerate(samples, 1)],
        folder,
        title=title,
        prompts=[sample.prompt for sample in samples],
        copying=_copying([sample.text for sample in samples], corpus) if corpus else (),
        on_tune=lambda rendered: say(f"drawn and played: {rendered.abc.stem}"),
    )
    atomic_write(folder / "tunes.abc", book)


def _copying(texts: Sequence[str], corpus: Path) -> list[str]:
    from .evaluation.copying import Copying
    from .evaluation.copying_report import brief

    known = Copying.of_corpus(corpus)
    return [brief(known.borrowed(text)) for text in texts]


def _card(out: Path, recipe: Recipe, say: Say) -> bool:
    from .hub.card import model_card, write_card
    from .hub.facts import note_facts

    model = out / "model"
    note_facts(model, out / "corpus", out / "tunes" / "tunes.abc")
    card = model / "README.md"
    if card.is_file() and card.read_text(encoding="utf-8") == model_card(model):
        say(f"{card} is finished: nothing to do")
        return False
    write_card(model)
    return True
