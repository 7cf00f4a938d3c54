"""The steps by name, the profiles, and the way of a tune through one."""

from dataclasses import replace

from hf_abc.corpora.cleaning import repairs, text, uniform
from hf_abc.corpora.cleaning.abc2abc import abc2abc
from hf_abc.corpora.cleaning.spaces import spaces
from hf_abc.corpora.cleaning.step import Dropped, Step
from hf_abc.notation.tune import Tune

STEPS: dict[str, Step] = {
    "residue": repairs.residue,
    "number": repairs.number,
    "line_breaks": repairs.line_breaks,
    "keys": repairs.keys,
    "tempo": repairs.tempo,
    "lengths": repairs.lengths,
    "comments": text.comments,
    "directives": text.directives,
    "fields": text.fields,
    "converter": text.converter,
    "spaces": spaces,
    "music": uniform.needs_music,
    "voice": uniform.one_voice,
    "ornaments": uniform.ornaments,
    "body_fields": uniform.body_fields,
    "readable": uniform.readable,
    "ties": uniform.ties,
    "title": uniform.title,
    "header": uniform.header,
    "layout": uniform.layout,
    "length": uniform.length,
    "abc2abc": abc2abc,
}

_REPAIRS = ("residue", "number", "line_breaks", "keys", "tempo", "lengths")
_UNIFORM = ("voice", "ornaments", "body_fields", "readable", "ties", "title", "header", "layout")
PROFILES: dict[str, tuple[str, ...]] = {
    "plain": ("music", *_UNIFORM, "length"),
    "tidy": (*_REPAIRS, "music", *_UNIFORM),
    "light": ("music", "voice", "title", "header", "length"),
    "book": _REPAIRS,
    "session": (*_REPAIRS, "music"),
    "folk_rnn": (*_REPAIRS, "music"),
    "spaceless": (*_REPAIRS, "spaces", "music"),
    "combined": (*_REPAIRS, "comments", "directives", "fields", "spaces", "music"),
    "combined_abc2abc": (
        *_REPAIRS,
        "abc2abc",
        "comments",
        "directives",
        "fields",
        "spaces",
        "music",
    ),
    "midi": ("residue", "converter", "comments", "number", "tempo", "spaces", "music", "readable"),
}


def clean(tune: Tune, profile: str) -> tuple[Tune | Dropped, list[str]]:
    """Take a tune through a profile: the tune or why it was dropped, and the names of the steps that changed
    it.
    """
    touched: list[str] = []
    for name in PROFILES[profile]:
        result = STEPS[name](tune)
        if isinstance(result, Dropped):
            return replace(result, step=name), touched
        if result is not tune:
            touched.append(name)
            tune = result
    return tune, touched
