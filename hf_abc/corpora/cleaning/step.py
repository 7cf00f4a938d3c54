"""A cleaning step: a pure function `Tune -> Tune | Dropped`, quick where there is nothing to do."""

from collections.abc import Callable
from dataclasses import dataclass

from hf_abc.notation.tune import Tune, parse_tune


@dataclass(frozen=True, slots=True)
class Dropped:
    """A tune that a step refused, and why (one short sentence; the report counts equal ones)."""

    tune: Tune
    step: str
    reason: str


Step = Callable[[Tune], Tune | Dropped]


def with_text(tune: Tune, text: str) -> Tune:
    """The tune with another text and the fields that this text names."""
    music = music_start(tune.text)
    if text == tune.text or (music and text.startswith(tune.text[:music])):
        return with_music(tune, text)
    return parse_tune(text, id=tune.id, source=tune.source, licence=tune.licence, family=tune.family)


def with_music(tune: Tune, text: str) -> Tune:
    """The tune with another text whose header names the same title, rhythm, meter, length and key."""
    if text == tune.text:
        return tune
    return Tune(  # `replace` takes three times as long
        tune.id, tune.source, tune.licence, tune.title, tune.rhythm, tune.meter, tune.unit_length, tune.key,
        text, tune.family,
    )  # fmt: skip


def music_start(text: str) -> int:
    """Where the line behind the first `K:` begins; 0 where there is no `K:`."""
    key = 0 if text.startswith("K:") else text.find("\nK:") + 1
    if not key and not text.startswith("K:"):
        return 0
    return text.find("\n", key) + 1 or len(text)
