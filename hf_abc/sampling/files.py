"""What `hf-abc sample`, `vary` and `infill` do: load a model, write tunes, lay them down as a tunebook, hand
them to the renderer.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from hf_abc.errors import InputError, OutputError
from hf_abc.record import atomic_write
from hf_abc.sampling.form import Form
from hf_abc.sampling.generator import Sample, generate_tunes
from hf_abc.sampling.guards import ALL_GUARDS, Guards
from hf_abc.sampling.infill import Filling, infill
from hf_abc.sampling.loading import find_model, load_for_sampling, sampler_of
from hf_abc.sampling.prompts import Wish, write_heads
from hf_abc.sampling.seen import heads_of, unseen
from hf_abc.sampling.vary import Variation, vary

Judge = Callable[[Sequence[str]], Sequence[str]]
"""Says something of each tune."""
Renderer = Callable[[list[Sample], Path], None]
"""Turns finished tunes into scores and sound under a folder."""


def sample_files(
    model: Path | str | None,
    out: Path,
    *,
    count: int = 10,
    seed: int = 1,
    wishes: Sequence[Wish] = (Wish(),),
    temperature: float | None = None,
    min_p: float | None = None,
    batch_size: int = 32,
    max_new_tokens: int | None = None,
    guards: Guards = ALL_GUARDS,
    on_tune: Callable[[Sample], None] | None = None,
    judge: Judge | None = None,
    render: Renderer | None = None,
) -> list[Sample]:
    """Write `count` tunes of a model (a folder, a Hub id, None for the shipped one) into `out`/tunes.abc.

    The wishes are taken in turn until there are `count`; one that the model has not seen the like of in its
    training is granted with a warning. `temperature` and `min_p` are the model's own (`sampler_of`) where
    they are not given. `on_tune` is called with each finished tune, `judge` at the end with all texts: what
    it says of each stands above the tune; `render` is called last, with all of them and `out`. An interrupt
    leaves the tunes that are finished in the file and goes on upwards. Raises InputError for a count below
    1, a wish, or a model that cannot be used, OutputError where `out` cannot be written.
    """
    if count < 1:
        raise InputError(f"{count} tunes cannot be written: ask for at least 1")
    if not wishes:
        raise InputError("there is no wish to write a tune for: give at least one, which may be empty")
    wanted = [wishes[number % len(wishes)] for number in range(count)]
    for wish in wishes:  # refuse a bad one before anything is loaded
        wish.fields(), wish.form, wish.music
        if wish.form != Form() and not guards.bars:
            raise InputError("a number of bars or parts is kept by the bar guard: leave the guards on")
    folder = find_model(model)
    heads = heads_of(folder)
    for wish in dict.fromkeys(wishes) if heads else ():
        if said := unseen(wish.fields(), heads or {}):
            warnings.warn(said, stacklevel=2)
    loaded, tokenizer = load_for_sampling(folder)
    own = sampler_of(folder)
    temperature = own["temperature"] if temperature is None else temperature
    min_p = own["min_p"] if min_p is None else min_p
    finished: list[Sample] = []

    def keep(sample: Sample) -> None:
        finished.append(sample)
        if on_tune is not None:
            on_tune(sample)

    prompts = write_heads(
        loaded, tokenizer, wanted, seed=seed, temperature=temperature, min_p=min_p, batch_size=batch_size
    )
    try:
        samples = generate_tunes(
            loaded,
            tokenizer,
            prompts,
            seed=seed,
            temperature=temperature,
            min_p=min_p,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
            forms=[wish.form for wish in wanted],
            guards=guards,
            on_tune=keep,
        )
    except KeyboardInterrupt:
        if finished:
            write_book(sorted(finished, key=lambda sample: sample.index), out / "tunes.abc", judge)
        raise
    write_book(samples, out / "tunes.abc", judge)
    if render is not None:
        render(samples, out)
    return samples


def write_book(samples: Sequence[Sample], path: Path, judge: Judge | None = None) -> None:
    """A tunebook of the samples, numbered from 1, each under comments that say what is judged of it and how
    to get it again.
    """
    tunes = []
    said = judge([sample.text for sample in samples]) if judge else [""] * len(samples)
    for number, sample in enumerate(samples, 1):
        text = re.sub(r"\AX:[^\n]*", f"X:{number}", sample.text).rstrip("\n")
        text = re.sub(r"\n\s*\n", "\n", text)  # a blank line would end the tune
        head = f"% seed {sample.seed}, tune {sample.index}, prompt {sample.prompt!r}"
        words = "".join(f"% {line}\n" for line in said[number - 1].splitlines())
        tunes.append(f"{words}{head}{'' if sample.ended else ', cut off'}\n{text}\n")
    try:
        atomic_write(path, "\n".join(tunes))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): choose another folder") from error


def vary_files(
    model: Path | str | None, text: str, out: Path, *, count: int, similarity: float, seed: int = 1
) -> list[Variation]:
    """Write variations on a tune into `out`/tunes.abc, each under its measured similarity (see `vary`)."""
    if count < 1:
        raise InputError(f"{count} variations cannot be written: ask for at least 1")
    folder = find_model(model)
    loaded, tokenizer = load_for_sampling(folder)
    own = sampler_of(folder)
    found = vary(
        loaded,
        tokenizer,
        text,
        count=count,
        similarity=similarity,
        seed=seed,
        temperature=own["temperature"],
        min_p=own["min_p"],
    )
    notes = [
        f"similarity {variation.similarity:.3f} (wished {similarity:g}), seed {seed}" for variation in found
    ]
    _write_tunes([variation.text for variation in found], notes, out / "tunes.abc")
    return found


def infill_files(
    model: Path | str | None, text: str, out: Path, first: int, last: int, *, count: int = 1, seed: int = 1
) -> list[Filling]:
    """Write a tune with new bars into `out`/tunes.abc, the best of the versions first (see `infill`)."""
    if count < 1:
        raise InputError(f"{count} versions cannot be written: ask for at least 1")
    folder = find_model(model)
    loaded, tokenizer = load_for_sampling(folder)
    own = sampler_of(folder)
    found = infill(
        loaded,
        tokenizer,
        text,
        first,
        last,
        count=count,
        seed=seed,
        temperature=own["temperature"],
        min_p=own["min_p"],
    )
    notes = [f"bars {first}-{last} are new, seed {seed}" for _ in found]
    _write_tunes([filling.text for filling in found], notes, out / "tunes.abc")
    return found


def _write_tunes(texts: Sequence[str], notes: Sequence[str], path: Path) -> None:
    """A tunebook, each tune as it is but for its number, under its note."""
    tunes = [
        "% {}\n{}\n".format(note, re.sub(r"\AX:[^\n]*", f"X:{number}", text).rstrip())
        for number, (text, note) in enumerate(zip(texts, notes, strict=True), 1)
    ]
    try:
        atomic_write(path, "\n".join(tunes))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): choose another folder") from error
