"""Words under the notes."""

import re

from hf_abc.rendering.staff import Event
from hf_abc.rendering.words import plain_words


def set_words(notes: list[Event], text: str, verse: int) -> None:
    """Align one `w:` line with the notes of its music line (standard 2.1 §5.1: `-`, `_`, `*`, `~`, `\\-`,
    `|`).
    """
    position, inside, waiting = 0, False, False
    text = plain_words(text)
    tokens = re.findall(r"\||\*|_|-|(?:\\-|[^\s|*_-])+|\s+", text)
    for number, token in enumerate(tokens):
        follows = tokens[number + 1] if number + 1 < len(tokens) else ""
        if token.isspace():
            waiting = False
        elif token == "|":
            if 0 < position < len(notes):
                measure = notes[position - 1].measure
                while position < len(notes) and notes[position].measure == measure:
                    position += 1
        elif token == "-" and waiting:
            waiting = False  # the hyphen behind a syllable: no note of its own
        elif token in "*_-":
            position += 1
        else:
            word = token.replace("~", " ").replace("\\-", "-")
            hyphen = follows == "-"
            syllabic = ("middle" if inside else "begin") if hyphen else ("end" if inside else "single")
            if position < len(notes):
                notes[position].words.append((verse, syllabic, word))
            position += 1
            inside = waiting = hyphen
