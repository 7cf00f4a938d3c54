"""The scorecard: everything that is measured of a model, as numbers for run.json and as one printed table.

Held-out tunes give the likelihood, beside two baselines on the same characters. Samples, by default
unconditional, at temperature 1 and without any guard, give the shares of `validity`, beside those of the
same held-out human tunes. Nothing here is a single number without its interval, but for xz, which has no
loss of a single tune.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc.errors import InputError
from hf_abc.evaluation.baselines import conditional_xz, witten_bell
from hf_abc.evaluation.belonging import check_belongs
from hf_abc.evaluation.copying import Copying, copied
from hf_abc.evaluation.intervals import Estimate
from hf_abc.evaluation.likelihood import TuneLoss, bits_per_character, paired, tune_losses
from hf_abc.evaluation.tables import aligned, number, percent
from hf_abc.evaluation.validity import judge, shares
from hf_abc.record import atomic_write, peak_memory_gib, plain
from hf_abc.sampling.files import write_book
from hf_abc.sampling.generator import Sample, generate_tunes
from hf_abc.sampling.loading import find_model, load_model, load_tokenizer, sampler_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_EVERY = 3.0  # seconds between two words on how far the sampling is


def evaluate(
    model: Path | str | None,
    corpus: Path,
    *,
    side: str = "test",
    samples: int = 200,
    prompts: Sequence[str] | None = None,
    seed: int = 1,
    temperature: float = 1.0,
    min_p: float | None = None,
    batch_size: int = 32,
    out: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Measure a model (a folder, a Hub id, None for the shipped one) on a side of a corpus folder.

    The result holds the sections `evaluation`, `samples` and `plain_samples` of run.json, in plain JSON.
    The first samples are drawn as the model's generation_config.json says (or with `min_p`), the plain ones
    from the model's own distribution, without min-p; they are left out where that is the same. `prompts` are
    taken in turn for the samples; without them the model starts from nothing. With `out`, that folder gets
    losses.csv (one line a tune, for paired comparisons), samples.abc and plain_samples.abc. `say` is told
    what goes on every few seconds. Raises InputError for a model, a tokenizer and a corpus that do not belong
    together, and for the train side.
    """
    from hf_abc.corpora import read_split

    if side not in ("validation", "test"):
        raise InputError(f"tunes of the side {side!r} are no test of a model: take validation or test")
    if samples < 1:
        raise InputError(f"{samples} samples cannot be judged: ask for at least 1")
    folder = find_model(model)
    rows = read_split(corpus, side)
    if not rows:
        raise InputError(f"{corpus} has no tune on its {side} side: there is nothing to measure on")
    train_rows = read_split(corpus, "train")
    train = [row["text"] for row in train_rows]
    known = check_belongs(folder, train, corpus)
    copying = Copying.of(train_rows)
    texts = [row["text"] for row in rows]
    loaded, tokenizer = load_model(folder), load_tokenizer(folder)

    say(f"reading {len(rows):,} held-out tunes")
    start = time.monotonic()
    losses = tune_losses(loaded, tokenizer, rows)
    seconds = time.monotonic() - start
    say("training the baselines on the same characters")
    baseline = witten_bell(train, rows)
    evaluation = {
        "side": side,
        "trained_on_this_corpus": known,
        "tunes": len(rows),
        "families": len({row["family"] for row in rows}),
        "characters": sum(map(len, texts)),
        "tokens": sum(loss.tokens for loss in losses),
        "positions": getattr(loaded.config, "max_position_embeddings", None),
        "windowed": sum(loss.windowed for loss in losses),
        "bits_per_character": bits_per_character(losses),
        "witten_bell_5": bits_per_character(baseline),
        "against_witten_bell_5": paired(losses, baseline),
        "xz": conditional_xz(train, texts),
        "human": {**shares(judge(texts)), **copied(texts, copying)},
        "seconds": round(seconds, 1),
        "tokens_per_second": round(sum(loss.tokens for loss in losses) / max(seconds, 1e-6)),
    }

    result = {"evaluation": plain(evaluation)}
    own = sampler_of(folder)["min_p"] if min_p is None else min_p
    for section, chosen in (("samples", own), *([("plain_samples", 0.0)] if own else [])):
        result[section], tunes = _write_and_judge(
            loaded, tokenizer, copying, samples, prompts, seed, temperature, chosen, batch_size, say
        )
        if out is not None:
            write_book(tunes, out / f"{section}.abc")
    if out is not None:
        _leave(out, losses)
    return result


def _write_and_judge(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    copying: Copying,
    count: int,
    prompts: Sequence[str] | None,
    seed: int,
    temperature: float,
    min_p: float,
    batch_size: int,
    say: Callable[[str], None],
) -> tuple[dict[str, Any], list[Sample]]:
    """Let the model write `count` tunes; how sound they are, and how much of them is copied."""
    say(f"writing {count:,} tunes, temperature {temperature:g}, min-p {min_p:g}")
    wanted = [prompts[i % len(prompts)] if prompts else "" for i in range(count)]
    start = time.monotonic()
    tunes = generate_tunes(
        model, tokenizer, wanted, seed=seed, temperature=temperature, min_p=min_p, batch_size=batch_size,
        on_tune=_Count(count, say),
    )  # fmt: skip
    seconds = time.monotonic() - start
    tokens = sum(tune.tokens for tune in tunes)
    texts = [tune.text for tune in tunes]
    sampled = {
        "n": count,
        "seed": seed,
        "prompts": sorted(set(wanted)) if prompts else "none",
        "temperature": temperature,
        "min_p": min_p,
        "guards": "none",
        "shares": {**shares(judge(texts, [tune.ended for tune in tunes])), **copied(texts, copying)},
        "tokens": tokens,
        "seconds": round(seconds, 1),
        "tokens_per_second": round(tokens / max(seconds, 1e-6)),
        "batch_size": batch_size,
        "peak_memory_gib": peak_memory_gib(),
    }
    return plain(sampled), tunes


def against(
    model: Path | str | None, other: Path | str | None, corpus: Path, *, side: str = "test"
) -> Estimate:
    """Bits per character of `model` less those of `other` on the same held-out tunes, paired over families.

    `other` may come from another selection of the same collections (the split is by hash and keeps a family
    on its side), so only `model` is asked whether it belongs to the corpus.
    """
    from hf_abc.corpora import read_split

    folder, rows = find_model(model), read_split(corpus, side)
    check_belongs(folder, [row["text"] for row in read_split(corpus, "train")], corpus)
    losses = [
        tune_losses(load_model(place), load_tokenizer(place), rows) for place in (folder, find_model(other))
    ]
    return paired(*losses)


class _Count:
    """Says how many tunes are finished, at most every few seconds."""

    def __init__(self, total: int, say: Callable[[str], None]) -> None:
        self.total, self.say = total, say
        self.done = 0
        self.last = time.monotonic()

    def __call__(self, sample: Sample) -> None:
        self.done += 1
        if time.monotonic() - self.last >= _EVERY:
            self.last = time.monotonic()
            self.say(f"sampled {self.done:,} of {self.total:,} tunes")


def _leave(out: Path, losses: Sequence[TuneLoss]) -> None:
    lines = ["id,family,nats,characters,tokens,windowed"]
    lines += [f'"{x.id}","{x.family}",{x.nats:.6f},{x.chars},{x.tokens},{int(x.windowed)}' for x in losses]
    atomic_write(out / "losses.csv", "\n".join(lines) + "\n")


_SHARES = {
    "compiles": "no error from abc2midi",
    "bars_right": "every bar right for abc2midi",
    "both": "both of these",
    "single_bars": "single bars right (hf_abc.notation)",
    "loops": "loops (4 copies of 1-8 bars)",
    "silent": "silent",
    "ended": "ended by itself",
    "notes_12": "12 notes in a row of a training tune",
    "notes_16": "16 notes in a row of a training tune",
    "notes_24": "24 notes in a row of a training tune",
    "inside_12": "notes in runs of 12 of a training tune",
    "inside_16": "notes in runs of 16",
    "title": "title of a training tune",
    "title_like": "title nearly that of one",
}


def table(result: Mapping[str, Any]) -> str:
    """The scorecard as text, from the sections of run.json that `evaluate` makes."""
    measured, sampled = result["evaluation"], result["samples"]
    sections = [sampled, *([result["plain_samples"]] if result.get("plain_samples") else [])]
    held_out = f"{measured['tunes']:,} held-out tunes of {measured['families']:,} families"
    lines = [
        ["bits per character", "model", "5-gram", "xz"],
        [
            held_out,
            number(measured["bits_per_character"]),
            number(measured["witten_bell_5"]),
            f"{measured['xz']:.3f}",
        ],
        ["paired with the 5-gram", number(measured["against_witten_bell_5"], sign=True), "", ""],
        ["", "", "", ""],
        ["share of tunes", *(f"{s['n']:,} samples, min-p {s['min_p']:g}" for s in sections)],
    ]
    lines[-1].append(f"{measured['tunes']:,} human")
    for name, words in _SHARES.items():
        if name not in sampled["shares"]:
            continue
        human = measured["human"].get(name)
        own = [percent(section["shares"][name]) for section in sections]
        lines.append([words, *own, percent(human) if human else ""])
    rows = aligned(lines)
    prompts = "no prompt" if sampled["prompts"] == "none" else f"{len(sampled['prompts'])} prompts"
    rows += [
        "",
        f"samples: temperature {sampled['temperature']:g}, {prompts}, no guards, seed {sampled['seed']}; "
        f"{sampled['tokens']:,} tokens in {sampled['seconds']:.0f} s = "
        f"{sampled['tokens_per_second']:,} tokens/s; peak memory {sampled['peak_memory_gib']:.1f} GiB",
        "brackets: 95 % intervals, over families (bits), over tunes (single bars), Wilson's (shares)",
    ]
    if measured["windowed"]:
        rows.append(
            f"{measured['windowed']:,} tunes are longer than {measured['positions']:,} tokens: sliding window"
        )
    if not measured["trained_on_this_corpus"]:
        rows.append("the model does not say what it was trained on: it may know the held-out tunes")
    return "\n".join(rows)
