"""What the page of a model does, without the page: tunes and variations for strangers, within limits.

Nothing that a visitor sends reaches a shell (it is text on the standard input of programs, if at all), a file
name or, unescaped, a page. A request is bounded in tunes, characters, tokens and seconds; what is finished
when the time is over is shown.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc import abcmidi
from hf_abc.errors import InputError, ToolError
from hf_abc.rendering.audio import audio
from hf_abc.rendering.midi import perform
from hf_abc.rendering.score import score
from hf_abc.sampling.guards import Guards
from hf_abc.sampling.prompts import Wish, write_heads

if TYPE_CHECKING:
    from torch import Tensor

    from hf_abc.evaluation.copying import Copying

MOST_TUNES = 5
MOST_TOKENS = 600
MOST_SECONDS = 30.0
LONGEST_FIELD = 80
LONGEST_TUNE = 4_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor may ask of new tunes. InputError for a value out of bounds."""

    wish: Wish
    count: int = 1
    temperature: float = 1.0
    seed: int = 1
    bars: bool = True
    loops: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_TUNES:
            raise InputError(f"{self.count} tunes at once are not possible here: ask for 1 to {MOST_TUNES}")
        if not 0 <= self.temperature <= 2:
            raise InputError(f"temperature {self.temperature:g} is out of range: give 0 to 2")
        if not 0 <= self.seed < 2**32:
            raise InputError("the seed is out of range: give a whole number from 0 to 4294967295")
        for field in (self.wish.title, self.wish.rhythm, self.wish.meter, self.wish.key):
            if len(field) > LONGEST_FIELD:
                raise InputError(f"a title, rhythm, meter or key of {len(field)} characters is too long here")
        self.wish.fields()  # refuses a key or a meter that is none


@dataclass(frozen=True, slots=True)
class Shown:
    """A finished tune: its text, score, MIDI file and sound (each may be missing, and then `notes` says why),
    what abc2midi thinks of it, and what is known of copying.
    """

    text: str
    svg: str
    midi: bytes
    sound: bytes
    verdict: str
    copying: str
    notes: list[str]


class OutOfTime(Exception):
    """The time of a request is over."""


class Studio:
    """A loaded model with all that a page needs.

    `corpus` is the folder of its training corpus; without it, a model of the embedded collections is compared
    with these. The index is made in the background; until it is there, copying is said to be unknown.
    """

    def __init__(self, model: Path | str | None = None, corpus: Path | None = None) -> None:
        from hf_abc.record import Record
        from hf_abc.sampling.loading import find_model, load_for_sampling, sampler_of

        folder = find_model(model)
        loaded, self.tokenizer = load_for_sampling(folder)
        self.model, self.min_p = loaded, sampler_of(folder)["min_p"]
        self.facts: dict[str, Any] = Record(folder).get("corpus", {})
        self.name: str = Record(folder).get("recipe", {}).get("name", folder.name)
        self._known: Copying | None = None
        self._indexing = threading.Thread(target=self._index, args=(corpus,), daemon=True)
        self._indexing.start()

    def warm(self) -> None:
        """Do everything once, so that the first visitor need not wait for what is loaded late."""
        for _ in self.write(Asked(Wish(meter="6/8", key="G")), seconds=600):
            pass

    def write(self, asked: Asked, seconds: float = MOST_SECONDS) -> Iterator[str | Shown]:
        """The text of the tune under way, whenever it has grown, and each finished tune."""
        from hf_abc.sampling.generator import generate_tunes

        end = time.monotonic() + seconds
        guards = Guards(bars=asked.bars, loops=asked.loops, voices=asked.bars, endings=asked.bars)
        for number in range(asked.count):
            seed = asked.seed + number

            def tune(hear: Callable[[str], None], seed: int = seed) -> list[str]:
                model = _listening(self.model, self.tokenizer, hear, end)
                prompt = write_heads(model, self.tokenizer, [asked.wish], seed=seed, min_p=self.min_p)
                written = generate_tunes(
                    model, self.tokenizer, prompt, seed=seed, temperature=asked.temperature, min_p=self.min_p,
                    max_new_tokens=MOST_TOKENS, guards=guards,
                )  # fmt: skip
                return [sample.text for sample in written]

            for step in _while_working(tune):
                yield step if isinstance(step, str) else self._show(step[0])

    def vary(
        self, text: str, *, count: int, similarity: float, seed: int = 1, seconds: float = MOST_SECONDS
    ) -> Iterator[str | Shown]:
        """Variations on a tune that a visitor has pasted. Raises InputError where it is none, or too long."""
        from hf_abc.sampling.vary import vary

        if not 1 <= count <= MOST_TUNES:
            raise InputError(f"{count} tunes at once are not possible here: ask for 1 to {MOST_TUNES}")
        if len(text) > LONGEST_TUNE:
            raise InputError(f"a tune of {len(text):,} characters is too long here: {LONGEST_TUNE:,} may be")
        end = time.monotonic() + seconds

        def some(hear: Callable[[str], None]) -> list[str]:
            model = _listening(self.model, self.tokenizer, hear, end)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # how like each is, is not promised here
                found = vary(
                    model, self.tokenizer, _one_tune(text), count=count, similarity=similarity, seed=seed,
                    min_p=self.min_p,
                )  # fmt: skip
            if not found:
                raise InputError("the model wrote no sound variation of this tune: try another seed or tune")
            return [variation.text for variation in found]

        for step in _while_working(some):
            if isinstance(step, str):
                yield "writing variations …"
            else:
                yield from map(self._show, step)

    def _show(self, text: str) -> Shown:
        """A finished tune with all that is made of it; a step that fails says so."""
        text = text.rstrip("\n") + "\n"
        svg, notes = score(text, title=False)
        done, sound = perform(text), b""
        try:
            sound = audio(done.midi) if done.midi else b""
        except InputError as error:
            notes = [*notes, f"no sound: {error}"]
        return Shown(text, svg or "", done.midi or b"", sound, _verdict(text), self._copying(text), notes)

    def _copying(self, text: str) -> str:
        from hf_abc.evaluation.copying_report import brief

        if self._known is None:
            waiting = self._indexing.is_alive()
            return "the training tunes are still being read" if waiting else "the training tunes are not here"
        return brief(self._known.borrowed(text))

    def _index(self, corpus: Path | None) -> None:
        from hf_abc.corpora.sources import open_sources
        from hf_abc.corpora.sources.music21_collections import COLLECTIONS
        from hf_abc.evaluation.copying import Copying
        from hf_abc.notation.tune import Tune

        if corpus is not None:
            self._known = Copying.of_corpus(corpus)
            return
        names = list(self.facts.get("sources", {}))
        if names and all(name in COLLECTIONS for name in names):
            tunes = (tune for source in open_sources(names, ()) for tune in source.read())
            self._known = Copying.of(
                [
                    {"id": tune.id, "title": tune.title, "source": tune.source, "text": tune.text}
                    for tune in tunes
                    if isinstance(tune, Tune)
                ]
            )

    def known(self, seconds: float) -> bool:
        """Whether the index of training tunes is there, after waiting for it."""
        self._indexing.join(seconds)
        return self._known is not None


def _verdict(text: str) -> str:
    try:
        (messages,) = abcmidi.check_book([text])
    except (ToolError, ValueError):
        return "abc2midi could not say"
    if not abcmidi.compiles(messages):
        return "abc2midi finds errors"
    return "abc2midi finds all bars right" if abcmidi.bars_right(messages) else "abc2midi finds wrong bars"


def _one_tune(text: str) -> str:
    """The first tune of what was pasted, with an X: and a line end."""
    lines = [line.rstrip() for line in text.replace("\r", "").split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    lines = lines[: lines.index("")] if "" in lines else lines
    if not any(line.startswith("K:") for line in lines):
        raise InputError("this is no tune in ABC notation: paste one with its header, from X: or T: to K:")
    head = [] if lines[0].startswith("X:") else ["X:1"]
    return "\n".join([*head, *lines]) + "\n"


def _while_working(work: Callable[[Callable[[str], None]], Sequence[str]]) -> Iterator[str | Sequence[str]]:
    """What `work` says while it works in a thread of its own, the latest word at a time; its result last.

    Where its time is over: InputError.
    """
    said: list[str] = []
    result: list[Any] = []

    def run() -> None:
        try:
            result.append(work(lambda text: said.__setitem__(slice(None), [text])))
        except BaseException as error:  # handed to the thread that waits
            result.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    last = ""
    while worker.is_alive():
        worker.join(0.1)
        if said and said[0] != last:
            last = said[0]
            yield last
    (found,) = result
    if isinstance(found, OutOfTime):
        raise InputError("the time for this request is over: ask for fewer or shorter tunes") from found
    if isinstance(found, BaseException):
        raise found
    yield found


def _listening(model: Any, tokenizer: Any, hear: Callable[[str], None], end: float) -> Any:
    """A decoder that tells what it reads, one tune at a time, and stops when the time is over; other models
    are left as they are: `generate` has no ear, and their tokens are bounded.
    """
    from hf_abc.sampling.generator import decoder_of

    decoder = decoder_of(model)
    if decoder is None:
        return model
    kind: Any = type(decoder)
    told: list[int] = []

    class Listening(kind):
        def step(self, ids: Tensor, at: Tensor, memory: object) -> Tensor:
            if time.monotonic() > end:
                raise OutOfTime
            if len(ids) == 1:
                told.append(int(ids[0]))
                hear(str(tokenizer.decode(told, skip_special_tokens=True)))
            return super().step(ids, at, memory)

        def prefill(self, ids: Tensor, memory: object, row: int) -> None:
            told[:] = ids.tolist()
            super().prefill(ids, memory, row)

        def back(self, ids: Tensor, memory: object, row: int) -> None:
            told[:] = ids.tolist()
            super().back(ids, memory, row)

    listening = object.__new__(Listening)
    listening.__dict__.update(decoder.__dict__)
    return listening
