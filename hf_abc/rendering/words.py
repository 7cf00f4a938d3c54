"""Words in ABC as people read them: `Saint-Gen\\^et` is Saint-Genêt, `Ma&ntilde;ana` is Mañana.

The escapes of standard 2.1 §8.2 and the names of HTML. What comes out may hold `<` and `&`: whoever writes it
into a page or a document escapes it there, as with any text.
"""

import re
import unicodedata
from html.entities import html5

from hf_abc.notation.tune import header_fields

_ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    '"': "\u0308",
    "=": "\u0304",
    "u": "\u0306",
    "v": "\u030c",
    "c": "\u0327",
    ",": "\u0327",
    ";": "\u0328",
    ".": "\u0307",
    "H": "\u030b",
}
_LETTERS = {
    "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "ss": "ß", "/o": "ø", "/O": "Ø",
    "/d": "đ", "/D": "Đ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "/l": "ł", "/L": "Ł",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\u([0-9a-fA-F]{4})|\\(aa|AA|ae|AE|oe|OE|ss|dh|DH|th|TH|/[oOdDlL])|\\([`'^~\"=uvc,;.H])([A-Za-z])"
    r"|\\([%&\\])|&(?:#(\d{1,6});|([A-Za-z]{2,8}\d{0,2};))"
)


NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain_words(text: str) -> str:
    """The text with its escapes written out; what is no escape stays. Control characters become spaces."""

    def letter(found: re.Match[str]) -> str:
        code, special, accent, base, literal, number, name = found.groups()
        if code or number:
            return chr(int(code, 16) if code else int(number))
        if special:
            return _LETTERS[special]
        if accent:
            whole = unicodedata.normalize("NFC", base + _ACCENTS[accent])
            return whole if len(whole) == 1 else found[0]
        return literal or html5.get(name, found[0])

    read = _ESCAPE.sub(letter, text) if "\\" in text or "&" in text else text
    return NOT_XML.sub(" ", read)


def titles_of(text: str) -> list[str]:
    """The titles of a tune that are not empty, as people read them."""
    return [plain_words(title) for title in header_fields(text).get("T", []) if title]


def title_of(text: str, otherwise: str = "Untitled") -> str:
    """The first title of a tune."""
    return next(iter(titles_of(text)), otherwise)
