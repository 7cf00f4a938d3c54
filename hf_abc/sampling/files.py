"""What `hf-abc sample` does: load a model, write tunes, lay them down as a tunebook, hand them to the
renderer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from hf_abc.errors import InputError, OutputError
from hf_abc.record import atomic_write
from hf_abc.sampling.generator import Sample, generate_tunes
from hf_abc.sampling.loading import find_model, load_for_sampling, sampler_of
from hf_abc.sampling.prompts import Wish, write_heads

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
    on_tune: Callable[[Sample], None] | None = None,
    render: Renderer | None = None,
) -> list[Sample]:
    """Write `count` tunes of a model (a folder, a Hub id, None for the shipped one) into `out`/tunes.abc.

    The wishes are taken in turn until there are `count`. `temperature` and `min_p` are the model's own
    (`sampler_of`) where they are not given. `on_tune` is called with each finished tune,
    `render` at the end with all of them and `out`. An interrupt leaves the tunes that are finished in the
    file and goes on upwards. Raises InputError for a count below 1, a wish, or a model that cannot be used,
    OutputError where `out` cannot be written.
    """
    if count < 1:
        raise InputError(f"{count} tunes cannot be written: ask for at least 1")
    if not wishes:
        raise InputError("there is no wish to write a tune for: give at least one, which may be empty")
    wanted = [wishes[number % len(wishes)] for number in range(count)]
    for wish in wishes:
        wish.fields()  # refuse a bad one before anything is loaded
    folder = find_model(model)
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
            on_tune=keep,
        )
    except KeyboardInterrupt:
        if finished:
            write_book(sorted(finished, key=lambda sample: sample.index), out / "tunes.abc")
        raise
    write_book(samples, out / "tunes.abc")
    if render is not None:
        render(samples, out)
    return samples


def write_book(samples: Sequence[Sample], path: Path) -> None:
    """A tunebook of the samples, numbered from 1, each under a comment that says how to get it again."""
    tunes = []
    for number, sample in enumerate(samples, 1):
        text = re.sub(r"\AX:[^\n]*", f"X:{number}", sample.text).rstrip("\n")
        text = re.sub(r"\n\s*\n", "\n", text)  # a blank line would end the tune
        head = f"% seed {sample.seed}, tune {sample.index}, prompt {sample.prompt!r}"
        tunes.append(f"{head}{'' if sample.ended else ', cut off'}\n{text}\n")
    try:
        atomic_write(path, "\n".join(tunes))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): choose another folder") from error
