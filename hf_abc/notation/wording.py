"""What abc2midi and the reader complain of, in a musician's words, and where exactly it stands.

abc2midi counts columns in bytes from 0. What it notices while it reads stands where it says (measured: 11,000
of 11,000 messages that name a symbol); what it notices later (ties, repeats) often bears the end of the line,
and then no column is better than a wrong one.
"""

from functools import lru_cache

from hf_abc.abcmidi import Message
from hf_abc.notation.lexer import lex
from hf_abc.notation.tune import FIELD, is_music

_CHORD_NAME = (
    'this text in quotes reads as a chord name but is none: put ^ in front of the text, as in "^slowly"'
)
_REPEAT_TWICE = "a repeat is opened twice: close the first one with :|"
# The first phrase that a message contains gives the sentence.
_SENTENCES = (
    ("No tune processed", "there is no tune here: it must begin with an X: field"),
    ("No valid K", "the header must end with a K: field that names a key, as K:G or K:Am"),
    ("K: field must specify", "the header must end with a K: field that names a key, as K:G or K:Am"),
    ("did not come to the end", "abc2midi does not come to the end of this tune"),
    ("Malformed note", "this is no note: write accidental, letter, octave, length in that order, as ^c'2"),
    ("Unrecognized character", "this character means nothing in music"),
    ("Ignoring reserved character", "this letter is no note and means nothing yet"),
    ("Guitar chord", _CHORD_NAME),
    ("Unrecognized chord name", _CHORD_NAME),
    ("in gchord", _CHORD_NAME),
    ("Hornpipe must be", "R:hornpipe asks for M:2/4 or M:4/4: here abc2midi does not swing it"),
    ("Broken rhythm not allowed in chord", "> and < stand outside of a chord, behind its ]"),
    ("Cannot apply broken rhythm", "> and < stand between two notes of the same length"),
    ("roken rhythm", "> and < stand between two notes"),
    ("Could not find note to be tied", "this tie leads to another note: a slur is meant, or a note is lost"),
    ("ote before tie", "no note stands before this tie"),
    ("tie", "this tie joins no two equal notes"),
    ("Missing :| at end", "a repeat is opened with |: and not closed with :|"),
    ("found another |:", _REPEAT_TWICE),
    ("end repeat not found", _REPEAT_TWICE),
    ("found [1 or like before |:", "an ending stands outside of a repeat: the place to go back to lacks |:"),
    ("before |:", "a repeat is closed and was not opened: the place to go back to lacks |:"),
    ("to mark end of variant", "an ending is not closed: end it with ||, |] or :|"),
    ("variant", "an ending stands outside of a repeat"),
    ("Potentially ambiguous line", "this may be a field or music: put a space or a bar line in front of it"),
    ("Need || |: :| or ::", "an ending is not closed: end it with ||, |] or :|"),
    ("Different length notes in tuple", "the notes of this tuplet differ in length"),
    ("nested tuple", "a tuplet begins before the one before it has all its notes"),
    ("uple", "this tuplet does not hold the notes that it says"),
    ("lur within slur", "a slur opens inside another one"),
    ("Chord already finished", "a ] stands here and no chord is open"),
    ("Too many notes in chord", "a chord is open and does not end: its ] is missing"),
    ("nest chords", "a chord opens inside another one: a ] is missing"),
    ("unequal notes in chord", "the notes of this chord differ in length"),
    ("gchord string", "abc2midi knows no accompaniment for this meter"),
    ("needed between grace", "two groups of grace notes stand at one note"),
    ("Grace sequence exceeds", "these grace notes are longer than the note behind them"),
    ("race", "these grace notes are not written as {ab} in front of a note"),
    ("without matching {", "a } stands here and no { before it"),
    ("'!' or '+' in middle", "a lone ! or + stands here: the old sign for the end of a printed line"),
    ("'\\' in middle", "a \\ stands only at the end of a line"),
    ("*'s in middle", "a * stands only at the end of a line, and only in old files"),
    ("stray / not", "a / stands directly behind the note that it halves"),
    ("instruction !", "this decoration is not known"),
    ("Field not allowed in tune body", "this field belongs into the header, above K:"),
    ("in part specification", "P: in the header takes letters, as P:AABB"),
    ("Part must be one of", "P: in the body takes one letter, as P:A"),
    ("Part not defined", "a part that P: names does not follow"),
    ("field not supported", "this M: field names no meter: write M:3/4 or M:C"),
    ("No M: in header", "the header names no meter: write M:4/4, or M:none"),
    ("time signature", "this M: field names no meter: write M:3/4 or M:C"),
    ("Unknown mode", "this K: field names no key: write K:G, K:Am, K:Edor"),
    ("microtone", "abc2midi cannot read what stands behind the key"),
    ("malformed Q", "this Q: field names no tempo: write Q:1/4=120"),
    ("tempo", "this Q: field names no tempo: write Q:1/4=120"),
    ("in U: field", "U: gives a meaning to the letters H to Z only, as U:T=!trill!"),
    ("Ignoring text", "this line is neither music nor a known field"),
    ("quarter notes long", "the voices are not equally long when they are played"),
    ("without lyrics", "this line of music has no words below it, the others have"),
    ("Sustained notes", "a note is held beyond the end of the tune"),
    ("whitespace in field", "a space stands before or inside the name of this field"),
)  # fmt: skip
_LATE = ("tie", "repeat", "ending", "grace", "voice-length", "sustained-notes", "lyrics", "voice", "chord")


def said(message: Message, line: str) -> tuple[int, str]:
    """The column (from 1; 0 where it is not known) and the sentence for a message about a line."""
    sentence = next((words for phrase, words in _SENTENCES if phrase in message.text), "")
    if FIELD.match(line) and message.kind in ("unknown-character", "reserved-character", "chord"):
        sentence = f"abc2midi does not know the field {line[0]}: here and reads it as music"
        return 0, f"{sentence} ({message.text})"
    column = _column(message, line)
    if message.kind == "malformed-note" and column and (_kind_at(line, column) == "decoration"):
        sentence = "a note must follow this decoration directly: put slurs, bar lines and text before it"
    return column, f"{sentence} (abc2midi: {message.text})" if sentence else f"abc2midi: {message.text}"


def _column(message: Message, line: str) -> int:
    if not is_music(line):
        return 0
    place = len(line.encode()[: message.column].decode("utf-8", "ignore"))
    if message.kind == "tie":
        return _false_tie(line)
    if message.kind in _LATE and (place == 0 or place >= len(line.rstrip())):
        return 0
    if message.kind == "repeat" and _kind_at(line, place + 1) != "bar":
        return 0
    return place + 1 if place < len(line) else 0


def _kind_at(line: str, column: int) -> str:
    """The kind of the symbol that begins at a column."""
    place = 1
    for symbol in lex(line):
        if place == column:
            return symbol.kind
        place += len(symbol.text)
    return ""


@lru_cache(maxsize=16)
def _false_tie(line: str) -> int:
    """The column of the first tie whose next note is another one; 0 where there is none."""
    before, tie, place = "", 0, 1
    for kind, text in lex(line):
        if kind == "note":
            pitch = text.lstrip("^_=").rstrip("0123456789/")
            if tie and pitch != before:
                return tie
            before, tie = pitch, 0
        elif kind == "tie" and before:
            tie = place
        elif kind in ("chord_open", "chord_close", "rest"):
            before, tie = "", 0
        place += len(text)
    return 0


def unreadable(symbol: str, before: str) -> str:
    """The sentence for a symbol that cannot be read, behind the text `before` in its line."""
    first = symbol[0]
    if first in "^_=":
        advice = ": an accidental stands before its note"
    elif first.isdigit() and before.endswith("-"):
        advice = ": a length is not below zero"
    elif first.isdigit() or first == "/":
        advice = ": a length stands directly behind its note"
    elif first == ":" and before[-1:].isalpha():
        advice = f": a field inside of a line stands in brackets, as [{before[-1]}:...]"
    elif first == ":":
        advice = ": a repeat is written |: or :|"
    elif first == "\\":
        advice = ": a \\ stands only at the end of a line"
    elif first == "*":
        advice = ": an old sign for the end of a printed line"
    elif first == "<":
        advice = ": it stands between two notes"
    elif first in ",'":
        advice = ": an octave sign stands directly behind the letter of its note"
    elif first in '"[]{}!+':
        advice = ": it is not closed, or it stands alone"
    elif not first.isascii():
        advice = ": it is no sign of music; perhaps the file was saved in another encoding"
    else:
        advice = ""
    return f"{symbol[:20]} cannot be read here{advice}"
