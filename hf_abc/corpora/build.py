"""Building a corpus: read, clean and judge part by part, group into families, split, write.

Families are found on all tunes that were read, before anything is dropped: two corpora from the same sources
put each family on the same side, whatever their profile and filters. The folder appears whole or not at all,
and two builds of one recipe are equal byte for byte, in however many processes and shards they were made. No
more than one part's texts are in memory; of every tune an index of half a kilobyte is (see index.py).

Finished parts lie in a hidden folder beside the corpus until the corpus is written, so that a build that was
stopped goes on, and so that other processes or machines can make some of them (`shard`).
"""

import glob
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from hf_abc.corpora.cleaning import PROFILES
from hf_abc.corpora.join import write_corpus
from hf_abc.corpora.parts import Parts, Record, cut, file_of
from hf_abc.corpora.sources import open_sources
from hf_abc.corpora.workers import make_parts
from hf_abc.errors import InputError, OutputError, RecipeError
from hf_abc.recipe import CorpusRecipe
from hf_abc.record import atomic_write, fingerprint, finished, mark_finished, replacing

Progress = Callable[[str], None]
_FORMAT = 2  # raise it when a change here makes another corpus out of the same recipe
_COUNT = "parts"  # the file that says how many parts there are


def build_corpus(
    recipe: CorpusRecipe, out: Path, *, workers: int = 1, progress: Progress = lambda text: None
) -> Path:
    """Build the corpus of a recipe in the folder `out` and return it; a finished one is kept.

    More than one worker is a process each (see workers.py). `progress` is told in one line what is going on.
    Raises RecipeError for an unknown source or profile and for shares that leave a side empty, LicenceError
    for terms that forbid training, InputError for a source that cannot be read, OutputError where `out` holds
    something else.
    """
    build = _Build(recipe, Path(out), progress)
    if not build.is_done():
        build.make((1, 1), workers)
        build.join()
    return build.out


def build_shard(
    recipe: CorpusRecipe,
    out: Path,
    shard: tuple[int, int],
    *,
    workers: int = 1,
    progress: Progress = lambda text: None,
) -> None:
    """Make every n-th part, of `shard = (i, n)` those from the i-th on (from 1), for the corpus that will be
    `out`. Errors as for `build_corpus`, and InputError for a shard that does not exist.
    """
    own, count = shard
    if not 1 <= own <= count:
        raise InputError(f"there is no shard {own}/{count}: count from 1/{count} to {count}/{count}")
    build = _Build(recipe, Path(out), progress)
    if not build.is_done():
        build.make(shard, workers)
        progress(f"shard {own}/{count} is ready")


def join_shards(recipe: CorpusRecipe, out: Path, *, progress: Progress = lambda text: None) -> Path:
    """Join the parts that the shards have made; InputError where some are missing."""
    build = _Build(recipe, Path(out), progress)
    return build.out if build.is_done() else build.join()


class _Build:
    """One recipe on its way to one folder."""

    def __init__(self, recipe: CorpusRecipe, out: Path, progress: Progress) -> None:
        if recipe.profile not in PROFILES:
            choice = ", ".join(PROFILES)
            raise RecipeError(f"corpus.profile: {recipe.profile} is unknown: choose among {choice}")
        self.recipe, self.out, self.progress = recipe, out, progress
        self.sources = open_sources(recipe.sources, recipe.acknowledge)
        marks = [(source.spec, source.mark()) for source in self.sources]
        self.mark = fingerprint([_FORMAT, recipe, marks])
        of_parts = fingerprint([_FORMAT, replace(recipe, validation=0.1, test=0.1), marks])
        self.folder = out.parent / f".{out.name}.{of_parts[:12]}.parts"

    def is_done(self) -> bool:
        """Whether there is nothing to do. Raises OutputError where something else is in the way."""
        if finished(self.out, self.mark):
            self._clear()
            self.progress(f"{self.out} holds this corpus already")
            return True
        if self.out.exists() and not self.out.is_dir():
            raise OutputError(f"{self.out} is a file, not a folder: choose another place for the corpus")
        if self.out.is_dir() and any(self.out.iterdir()):
            raise OutputError(f"{self.out} holds something else already: remove it or choose another folder")
        return False

    def make(self, shard: tuple[int, int], workers: int) -> None:
        """Read, clean, judge and index the parts of a shard."""
        if self._files() and all(file.is_file() for file in self._files()):
            self.progress(f"the parts are made already, in {self.folder}")
            return
        self.progress(f"reading {', '.join(source.name for source in self.sources)}")
        self.progress(f"cleaning with the profile {self.recipe.profile}; abc2midi judges, raw and cleaned")
        make_parts(self.folder, self._parts(*shard), self.recipe, workers, self.progress)

    def _parts(self, own: int, count: int) -> Iterator[tuple[int, list[Record]]]:
        total = 0
        for number, records in cut(self.sources):
            total = number + 1
            if number % count == own - 1:
                yield number, records
        atomic_write(self.folder / _COUNT, f"{total}\n")

    def _files(self) -> list[Path]:
        """The files of all parts; none where nobody has counted them yet."""
        try:
            count = int((self.folder / _COUNT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [file_of(self.folder, number) for number in range(count)]

    def join(self) -> Path:
        """Write the corpus out of its parts."""
        files = self._files()
        if not files and (self.folder / _COUNT).is_file():
            raise InputError(
                f"there is nothing to read in {', '.join(self.recipe.sources)}: name other sources"
            )
        missing = sum(not file.is_file() for file in files)
        if missing or not files:
            raise InputError(
                f"{missing or 'all'} of {len(files) or 'the'} parts are missing in {self.folder}: let every "
                "shard come to its end (`--shard 1/2`, `--shard 2/2` ...), then join them"
            )
        with replacing(self.out) as folder:
            write_corpus(folder, self.recipe, self.sources, Parts(tuple(files)), self.progress)
            mark_finished(folder, self.mark)
        self._clear()
        return self.out

    def _clear(self) -> None:
        """Take away the parts of this corpus, of whatever recipe they were."""
        for folder in self.out.parent.glob(f".{glob.escape(self.out.name)}.*.parts"):
            shutil.rmtree(folder, ignore_errors=True)
