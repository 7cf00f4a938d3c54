"""Titles, compared by their words, and those that say nothing about a tune."""

import re
import unicodedata

_SKIPPED = frozenset(("the", "a", "an", "setting", "version", "st", "nd", "rd", "th", "no"))
_DANCES = (
    "air,clog,hornpipe,jig,march,minuet,polka,quadrille,quickstep,reel,strathspey,waltz,slip jig,double jig,"
    "single jig,hop jig,irish jig,old jig,irish reel,scotch reel,highland fling,quick step,slow air,set dance"
)
_NAMELESS = "song,untitled,title,name,tune,unknown,gan ainm,traditional,trad"
_GENERIC = frozenset(("", *_DANCES.split(","), *_NAMELESS.split(",")))


def title_key(title: str) -> str:
    """A title without accents, case, articles, punctuation, numbers, "1st setting" and "-- Reel"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"\(.*?\)|['’]|\s--.*", "", plain)
    return " ".join(word for word in re.findall(r"[a-z]+", plain) if word not in _SKIPPED)


def is_generic(key: str) -> bool:
    """Whether a `title_key` is the name of a dance, or no name at all."""
    return key in _GENERIC
