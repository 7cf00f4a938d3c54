"""Quality filters: which clean tunes are good enough to learn from.

They drop and never change a tune. Each has a key in `corpus.quality` of a recipe and is off there, so that a
corpus loses nothing that its recipe does not name. What the values mean on 16,203 human tunes of many books
(measured): 0.2 % have four copies of a block of bars in a row, 0.2 % are rest for more than half of their
time, 0.05 % pack below 0.15 and 0.3 % above 1, most of them too short to pack.
"""

import zlib
from collections.abc import Sequence

from hf_abc.abcmidi import Message
from hf_abc.corpora.cleaning import Dropped
from hf_abc.notation.levels import is_loop, level, rest_share
from hf_abc.notation.tune import Tune, body
from hf_abc.recipe import QualityRecipe

FILTERS: dict[str, str] = {
    "quality.length": "Drop what is shorter or longer than the recipe asks for.",
    "quality.gzip": "Drop music that packs better or worse than the recipe's band: copies, or noise.",
    "quality.rest": "Drop what is rest for more of its time than the recipe allows.",
    "quality.loop": "Drop tunes in which the same one to eight bars stand four or more times in a row.",
    "quality.level": "Drop what is below the recipe's level of soundness.",
}


def filters(quality: QualityRecipe) -> list[str]:
    """The names of the filters that a recipe switches on, in the order in which they judge."""
    on = {
        "quality.length": quality.shortest > 0 or quality.longest > 0,
        "quality.gzip": quality.gzip[0] > 0 or quality.gzip[1] < 100,
        "quality.rest": quality.most_rest < 1,
        "quality.loop": not quality.loops,
        "quality.level": quality.level > 0,
    }
    return [name for name in FILTERS if on[name]]


def refused(tune: Tune, quality: QualityRecipe, messages: Sequence[Message] | None = None) -> Dropped | None:
    """The first reason why a tune is not good enough, or None.

    `messages` are abc2midi's on this text; without them its levels (2 to 4) count as reached.
    """
    for name in filters(quality):
        if reason := _reason(name, tune.text, quality, messages):
            return Dropped(tune, name, reason)
    return None


def gzip_ratio(text: str) -> float:
    """The size of the packed music (deflate, level 6, without gzip's 18 bytes) as a share of its bytes; 1 for
    none.
    """
    data = body(text).encode()
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return (len(packer.compress(data)) + len(packer.flush())) / len(data) if data else 1.0


def _reason(name: str, text: str, quality: QualityRecipe, messages: Sequence[Message] | None) -> str:
    match name:
        case "quality.length":
            if len(text) < quality.shortest:
                return f"shorter than {quality.shortest:,} characters"
            if 0 < quality.longest < len(text):
                return f"longer than {quality.longest:,} characters"
        case "quality.gzip":
            low, high = quality.gzip
            ratio = gzip_ratio(text)
            if ratio < low:
                return f"packs to less than {low:g} of its size: it repeats itself"
            if ratio > high:
                return f"packs to more than {high:g} of its size: it has no pattern"
        case "quality.rest":
            if rest_share(text) > quality.most_rest:
                return f"more than {quality.most_rest:.0%} rest"
        case "quality.loop":
            if is_loop(text):
                return "the same bars four or more times in a row"
        case "quality.level":
            found = level(text, messages).number
            if found < quality.level:
                return f"level {found}, below {quality.level}"
    return ""
