"""The steps of the profile `plain`: every tune of one voice written in the same way."""

import re

from hf_abc.corpora.cleaning.step import Dropped, music_start, with_text
from hf_abc.notation.keys import parse_key
from hf_abc.notation.layout import lay_out, strip_false_ties, strip_ornaments
from hf_abc.notation.lexer import lex
from hf_abc.notation.meter import parse_meter
from hf_abc.notation.reader import TIMED, read, unreadable
from hf_abc.notation.tune import FIELD, Tune, header_fields, is_music, split_header


def needs_music(tune: Tune) -> Tune | Dropped:
    """A tune has a `K:` and at least one note; the header ends where it should."""
    start = music_start(tune.text)
    if not start:
        return Dropped(tune, "music", "no K: field ends the header")
    lines = filter(is_music, tune.text[start:].split("\n"))
    if not any(_BEGINS_WITH_NOTE.match(line) or _has_note(line) for line in lines):
        return Dropped(tune, "music", "no notes")
    return tune


_BEGINS_WITH_NOTE = re.compile(r"[|:\s]*[A-Ga-g](?!:)")


def _has_note(line: str) -> bool:
    return any(symbol.kind == "note" for symbol in lex(line))


def one_voice(tune: Tune) -> Tune | Dropped:
    """Only tunes of a single voice: no `V:`, no `&`, no parts (`P:`) played in another order than written."""
    header, body = split_header(tune.text)
    if any(line.startswith("V:") for line in header + body) or "[V:" in tune.text:
        return Dropped(tune, "voice", "several voices")
    if any(s.kind == "overlay" for line in body if is_music(line) for s in lex(line)):
        return Dropped(tune, "voice", "voice overlay (&)")
    if any(line.startswith("P:") for line in header):
        return Dropped(tune, "voice", "parts in an order of their own (P: in the header)")
    return tune


def ornaments(tune: Tune) -> Tune | Dropped:
    """Take grace notes, decorations, slurs, quoted text and comments off."""
    return with_text(tune, strip_ornaments(tune.text))


def ties(tune: Tune) -> Tune | Dropped:
    """Take off a tie that joins no two equal notes: old books write slurs so, and no note changes."""
    return with_text(tune, strip_false_ties(tune.text))


def readable(tune: Tune) -> Tune | Dropped:
    """Refuse music that holds a symbol the standard does not know: its notes are not what was meant."""
    for line in filter(is_music, split_header(tune.text)[1]):
        if found := unreadable(line):
            return Dropped(tune, "readable", f"unreadable symbol {found!r}")
    return tune


def body_fields(tune: Tune) -> Tune | Dropped:
    """In the body keep key, meter and length changes, as inline fields; drop words, parts, tempi, symbol
    lines.
    """
    header, body = split_header(tune.text)
    lines: list[str] = []
    for line in body:
        found = FIELD.match(line)
        if found and found[1] in ("K", "M", "L"):
            lines.append(f"[{found[1]}:{found[2].split('%')[0].strip()}]\\")
        elif not found and is_music(line):
            lines.append("".join(s.text for s in lex(line) if s.kind != "field" or s.text[1] in "KML"))
    return with_text(tune, "\n".join([*header, *lines]) + "\n")


_PROPERTY = re.compile(r"\s*\b[a-z]{2,}=\S+")
_RHYTHMS = {
    "slipjig": "slip jig",
    "slip": "slip jig",
    "double jig": "jig",
    "single jig": "jig",
    "fling": "highland fling",
    "walkaround": "walk around",
}
_TITLE_RHYTHM = re.compile(
    r"\s+-+\s*(?P<rhythm>(?:slip |double )?jig|reel|hornpipe|strathspey|clog|waltz|"
    r"march|highland fling|walk around|air|polka)"
    r"[.]?$",
    re.IGNORECASE,
)


def title(tune: Tune) -> Tune | Dropped:
    """One `T:` in a musician's spelling: no full stop, no capitals throughout, "Rose, The" put right,
    `-- Reel` into `R:`.
    """
    header, body = split_header(tune.text)
    words = " ".join(tune.title.split())
    rhythm = tune.rhythm
    if found := _TITLE_RHYTHM.search(words):
        rhythm = rhythm or found["rhythm"].lower()
        words = words[: found.start()]
    words = re.sub(r"\s+-+\s*$", "", words).rstrip(" .,")
    if found := re.fullmatch(r"(.*), (The|A|An)", words, re.IGNORECASE):
        words = f"{found[2]} {found[1]}"
    if words.upper() == words:
        words = re.sub(r"[^\W\d_]+(?:['’][^\W\d_]+)?", lambda m: m.group().capitalize(), words)
    kept = [line for line in header if line[:2] not in ("T:", "R:")]
    place = 1 if kept and kept[0].startswith("X:") else 0
    new = [f"T:{words}"] * bool(words) + [f"R:{rhythm}"] * bool(rhythm)
    return with_text(tune, "\n".join([*kept[:place], *new, *kept[place:], *body]) + "\n")


def header(tune: Tune) -> Tune | Dropped:
    """The header in one order, X T R M L K, with `X:1`, canonical rhythm, meter and key; everything else
    goes.
    """
    fields = header_fields(tune.text)
    key = parse_key(fields["K"][0])
    if key is None:
        return Dropped(tune, "header", "the key cannot be read")
    meter = parse_meter(fields.get("M", ["none"])[0])
    if meter.ticks is None:
        return Dropped(tune, "header", "no meter")
    rhythm = " ".join(tune.rhythm.split()).rstrip(".")
    rhythm = _RHYTHMS.get(rhythm, rhythm)
    lines = ["X:1"]
    lines += [f"T:{tune.title}"] * bool(tune.title) + [f"R:{rhythm}"] * bool(rhythm)
    meter_text = f"{meter.numerator}/{meter.denominator}"
    if meter.text.lower() == "c|":
        meter_text = "4/4" if rhythm == "hornpipe" else "C|"  # abc2midi refuses hornpipes in cut time
    lines += [f"M:{meter_text}"]
    if "L" in fields:
        lines += [f"L:{fields['L'][-1]}"]
    own = _PROPERTY.sub("", key.text)
    plain_key = own if not key.tonic or re.search(r"exp|[\^_=]", own) else key.name
    lines += [f"K:{plain_key}"]
    return with_text(tune, "\n".join([*lines, *split_header(tune.text)[1]]) + "\n")


def layout(tune: Tune) -> Tune | Dropped:
    """One unit note length (1/8), beams at the beats, four bars a line, one spelling of bar lines."""
    return with_text(tune, lay_out(tune.text))


def length(tune: Tune) -> Tune | Dropped:
    """Between 50 and 1,500 characters and at least 4 bars' worth of notes."""
    if not 50 <= len(tune.text) <= 1500:
        return Dropped(
            tune,
            "length",
            "shorter than 50 characters" if len(tune.text) < 50 else "longer than 1,500 characters",
        )
    if sum(e.kind in TIMED for e in read(tune.text)) < 12:
        return Dropped(tune, "length", "fewer than 12 notes")
    return tune
