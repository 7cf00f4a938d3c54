"""What a study says, in sentences: each is written from its numbers and falls away where they are missing.

Nothing here is known before the results are: the same code says that one family is better, the other, or
that the runs do not tell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from hf_abc.recipe import Study
from hf_abc.scaling.families import Difference
from hf_abc.scaling.fits import Fits
from hf_abc.scaling.plot_parts import NAMES, by_size, last
from hf_abc.scaling.report_table import interval, unidentified
from hf_abc.scaling.results import Result

_PARTS = ("header", "first strain", "later strains", "repeated bars")


def discussion(study: Study, fits: Fits) -> str:
    """The discussion as Markdown: paragraphs with a title each."""
    parts = (
        ("Which scales better", [*_laws(fits), *_at_size(fits)]),
        ("Why", _why(fits)),
        ("What it costs", [*_at_flops(fits), *_costs(fits)]),
        ("What is learned first", [*_first(study, fits), *_with_size(fits)]),
        ("Samples", _samples(fits)),
        ("Design decisions", [*_rates(fits), *_counts(fits), *_noise(fits)]),
        ("Limits", [*_held_out(fits), *_data(study, fits), *_unknown(study, fits)]),
    )
    written = [(title, " ".join(sentences)) for title, sentences in parts]
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in written if text)


def _laws(fits: Fits) -> Iterator[str]:
    laws = {family: found.all["matmul"] for family, found in fits.families.items() if "matmul" in found.all}
    for family, law in laws.items():
        yield f"{NAMES[family]}: alpha {interval(law.alpha)}, c {interval(law.c)} nats per character."
    if len(laws) == 2:
        one, two = (law.alpha for law in laws.values())
        ends = (one.low, one.high, two.low, two.high)
        if None in ends or (one.low or 0) <= (two.high or 0) and (two.low or 0) <= (one.high or 0):
            yield (
                "The intervals of the exponents overlap, so these runs do not tell which family scales "
                "better "
                "by its exponent."
            )
        else:
            better = max(laws, key=lambda family: laws[family].alpha.value)
            yield f"The intervals do not overlap: the loss of {NAMES[better]} falls the more steeply."


def _at_size(fits: Fits) -> Iterator[str]:
    if not fits.at_size:
        return
    yield _verdict(fits.at_size, "At equal numbers of parameters in matrices")
    first, final = fits.at_size[0].nats, fits.at_size[-1].nats
    if len(fits.at_size) > 1:
        grows = abs(final.value) > abs(first.value)
        apart = (final.low or 0) > (first.high or 0) or (final.high or 0) < (first.low or 0)
        yield (
            f"From {fits.at_size[0].size} to {fits.at_size[-1].size} the difference goes from "
            f"{first.value:+.4f} "
            f"to {final.value:+.4f} nats per character, so it {'grows' if grows else 'shrinks'}"
            + ("." if apart else ", but the intervals of these two overlap.")
        )
    yield from _crossing(fits.at_size)


def _at_flops(fits: Fits) -> Iterator[str]:
    if fits.at_flops:
        yield _verdict(fits.at_flops, "At equal operations of training")
        yield from _crossing(fits.at_flops)


def _verdict(found: list[Difference], where: str) -> str:
    better = [one for one in found if one.nats.high is not None and one.nats.high < 0]
    worse = [one for one in found if one.nats.low is not None and one.nats.low > 0]
    return (
        f"{where} GPT-2 loses less than the LSTM at {len(better)} of {len(found)} sizes and more at "
        f"{len(worse)}, by intervals that do not hold 0."
    )


def _crossing(found: list[Difference]) -> Iterator[str]:
    for one, two in zip(found, found[1:], strict=False):
        if one.nats.value * two.nats.value < 0:
            yield f"The sign changes between {one.at:.2e} and {two.at:.2e}."


def _why(fits: Fits) -> Iterator[str]:
    if len(fits.families) < 2 or not all(fits.ladder(family) for family in fits.families):
        return
    gpt2, lstm = last(fits, "gpt2"), last(fits, "lstm")
    for kind, found in (("by_place", "characters"), ("by_part", "")):
        pairs = []
        for name, one in getattr(gpt2, kind).items():
            other = getattr(lstm, kind).get(name, {"value": None})
            if one["value"] is not None and other["value"] is not None and name != "end":
                pairs.append((name, one["value"], other["value"]))
        if len(pairs) < 2:
            continue
        pairs.sort(key=lambda pair: pair[1] - pair[2])
        told = [f"{_named(name, found)} ({one:.3f} against {two:.3f})" for name, one, two in pairs]
        where = "By place in the tune" if kind == "by_place" else "By part of the tune"
        yield (
            f"{where}, in bits per character: the largest GPT-2 ({gpt2.size}) against the largest LSTM "
            f"({lstm.size}) does best in {told[0]} and worst in {told[-1]}."
        )


def _named(name: str, unit: str) -> str:
    return f"{unit} {name}" if unit else f"the part *{name}*"


def _costs(fits: Fits) -> Iterator[str]:
    both = [{run.size: run for run in fits.ladder(family)} for family in fits.families]
    if len(both) == 2:
        shared = [size for size in both[0] if size in both[1]]
        for size in (shared[0], shared[-1]) if len(shared) > 1 else shared:
            gpt2, lstm = both[0][size], both[1][size]
            if not (gpt2.cpu_seconds and lstm.cpu_seconds):
                continue
            yield (
                f"At {size} a training took {gpt2.cpu_seconds:,.0f} CPU seconds and "
                f"{gpt2.peak_memory_gib:.2f} GiB for GPT-2, {lstm.cpu_seconds:,.0f} and "
                f"{lstm.peak_memory_gib:.2f} for the LSTM."
            )
    total = sum(run.cpu_seconds for run in fits.results.values())
    yield f"All {len(fits.results)} runs together took {total / 3600:.1f} hours of processor time."


def _first(study: Study, fits: Fits) -> Iterator[str]:
    """What falls early in training, out of the branches of the largest model that has them."""
    for family in fits.families:
        for runs in reversed(by_size(fits, family).values()):
            trunk = runs[0]
            own = [
                run for run in fits.results.values() if run.part == "branch" and run.family == family
                and run.size == trunk.size and run.seed == trunk.seed
            ]  # fmt: skip
            early = min(own, key=lambda run: run.share, default=None)
            if early is None:
                continue
            gone = {}
            for name in _PARTS:
                one, two = early.by_part.get(name), trunk.by_part.get(name)
                if one and two and one["value"] and two["value"] is not None:
                    gone[name] = (one["value"], two["value"], 1 - two["value"] / one["value"])
            if len(gone) > 1:
                order = sorted(gone, key=lambda name: gone[name][2])
                yield (
                    f"{NAMES[family]} {trunk.size}, between {early.share:g} of the data and all of it: what "
                    f"falls least any more, and so was learned first, is *{order[0]}* "
                    f"({_fall(gone[order[0]])} bits per character), what falls most is *{order[-1]}* "
                    f"({_fall(gone[order[-1]])})."
                )
            break


def _fall(found: tuple[float, float, float]) -> str:
    return f"{found[0]:.2f} to {found[1]:.2f}"


def _with_size(fits: Fits) -> Iterator[str]:
    for family in fits.families:
        sizes = list(by_size(fits, family).values())
        if len(sizes) < 2:
            continue
        small, large = sizes[0][0], sizes[-1][0]
        gone = {
            name: (small.by_part[name]["value"], large.by_part[name]["value"])
            for name in _PARTS
            if small.by_part.get(name, {}).get("value") and large.by_part.get(name, {}).get("value")
        }
        if gone:
            told = ", ".join(f"*{name}* {one:.2f} to {two:.2f}" for name, (one, two) in gone.items())
            yield f"{NAMES[family]}, from {small.size} to {large.size}, bits per character: {told}."


def _samples(fits: Fits) -> Iterator[str]:
    for family in fits.families:
        runs = [run for run in fits.ladder(family) if run.samples]
        if len(runs) > 1:
            small, large = (run.samples["bars_right"] for run in (runs[0], runs[-1]))
            apart = large["low"] > small["high"] or large["high"] < small["low"]
            yield (
                f"{NAMES[family]}: all bars are right for abc2midi in {_share(small)} of "
                f"{runs[0].samples['n']} "
                f"tunes of {runs[0].size} and in {_share(large)} of {runs[-1].size}"
                + ("." if apart else "; these intervals overlap.")
            )
    if "bars_right" in fits.ground.human:
        yield f"Of held-out human tunes it is {_share(fits.ground.human['bars_right'])}."


def _share(found: dict[str, float]) -> str:
    low, high = (100 * (found["value"] if found[end] is None else found[end]) for end in ("low", "high"))
    return f"{100 * found['value']:.0f} % [{low:.0f}, {high:.0f}]"


def _rates(fits: Fits) -> Iterator[str]:
    for family, optima in fits.optima.items():
        law, name = fits.rates[family], NAMES.get(family, family)
        worst = max(
            max(loss for _, loss in one.tried if math.isfinite(loss)) / min(loss for _, loss in one.tried) - 1
            for one in optima
        )
        yield (
            f"The best learning rate of {name} goes as width to the {law.exponent:+.2f} (sweeps at "
            f"{len(optima)} widths lie within a factor of {law.spread:.2f}); the worst rate tried cost "
            f"{100 * worst:.1f} % of the loss."
        )
    for family, spot in fits.spots.items():
        below = fits.families[family].below.get("matmul")
        holds = below is None or spot.excess < 2 * math.sqrt(2) * below.sigma
        yield (
            f"At {spot.size} of {NAMES[family]} the law's rate was {100 * spot.excess:.2f} % above the best "
            f"of half, once and twice, {'within' if holds else 'more than'} the noise of two runs."
        )


def _counts(fits: Fits) -> Iterator[str]:
    for family, found in fits.families.items():
        alphas = [
            found.all[name].alpha.value for name in ("matmul", "non_embedding", "total") if name in found.all
        ]
        if len(alphas) == 3:
            without = found.all.get("matmul without c")
            more = f", and {without.alpha.value:.3f} if c is left out" if without else ""
            yield (
                f"Counted in matrices, without embeddings and in total, alpha of {NAMES[family]} is "
                f"{alphas[0]:.3f}, {alphas[1]:.3f} and {alphas[2]:.3f}{more}."
            )


def _noise(fits: Fits) -> Iterator[str]:
    for family, found in fits.families.items():
        if (law := found.below.get("matmul")) is not None:
            yield f"A run of {NAMES[family]} has an error of {100 * law.sigma:.2f} %."


def _held_out(fits: Fits) -> Iterator[str]:
    for family, found in fits.families.items():
        if (one := found.held_out) is not None:
            yield (
                f"{NAMES[family]} {one.size} was predicted at {interval(one.predicted, 4)} nats per "
                "character and "
                f"measured at {one.measured:.4f}, which lies {'inside' if one.inside else 'outside'}."
            )
        for sentence in unidentified(found):
            yield f"{NAMES[family]}: {sentence}."


def _data(study: Study, fits: Fits) -> Iterator[str]:
    runs = [run for family in fits.families for run in fits.ladder(family)]
    if runs:
        epochs = runs[0].characters / fits.ground.train_characters
        yield (
            f"Every full run saw {runs[0].characters / 1e6:.1f} million characters, {epochs:.2f} times "
            "the train "
            "side: c is what is left at infinite size with these data, not the entropy of music."
        )
        beaten = [run for run in runs if fits.loss(run) > fits.ground.witten_bell]
        yield f"{len(beaten)} of {len(runs)} models are no better than an interpolated 5-gram."
    for family, found in fits.families.items():
        if (one := found.surface) is not None:
            yield (
                f"With the data taken into account, {NAMES[family]} has E {one.e:.3f}, alpha "
                f"{interval(one.alpha)} "
                f"and beta {interval(one.beta)}."
            )


def _unknown(study: Study, fits: Fits) -> Iterator[str]:
    largest: list[Result] = [last(fits, family) for family in fits.families if fits.ladder(family)]
    if largest:
        top = max(run.matmul for run in largest)
        yield (
            f"Nothing was run beyond {top / 1e6:.1f} million parameters in matrices or on another corpus; "
            "the "
            f"loss rests on {len(fits.ground.families['test'])} held-out families."
        )
    if fits.diverged:
        yield f"Runs that diverged and were left out: {', '.join(sorted(fits.diverged))}."
