"""Bytes of a tunebook as text: old books come in every encoding and some went through the mail.

A byte-order mark decides, then a line `%abc-charset`, then UTF-8 if all of it is UTF-8, else cp1252, which is
what the programs of the nineties wrote. Nothing is refused: a byte that means nothing becomes U+FFFD.
"""

import codecs
import html
import io
import quopri
import re
import unicodedata
from collections.abc import Iterator
from typing import IO

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHARSET = re.compile(rb"^(?:%%|%|I:)\s*abc-charset\s+([\w.-]+)", re.MULTILINE)
_QUOTED = re.compile(rb"=3D|=20\r?$", re.MULTILINE)
_PIECE = 4 * 2**20

# Fields that hold words, as ABC 2.1 has them; the F: of a file may be a path with backslashes.
_WORDS = re.compile(r"^[ABCDGHNORSTWZw+]:[^\n]*[\\&][^\n]*$", re.MULTILINE)
_MNEMONIC = re.compile(
    r"""\\(?:u([0-9a-fA-F]{4})|([`'^~"=.])([A-Za-z])|([uvHc;])([A-Za-z])|(\d{3})|([A-Za-z/]{2}))"""
)
_MARKED = dict(
    zip(
        "`'^~\"=.uvHc;",
        "\u0300\u0301\u0302\u0303\u0308\u0304\u0307\u0306\u030c\u030b\u0327\u0328",
        strict=True,
    )
)
_LETTERS = {
    "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "ss": "ß", "/o": "ø", "/O": "Ø",
    "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ",
}  # fmt: skip


def decode(data: bytes) -> str:
    """The text of a file, without NUL characters.

    A file in the mail's quoted-printable (`=3D` for `=`, `=20` at line ends, lines broken by a last `=`) is
    put right first: neither mark can stand in music.
    """
    if _QUOTED.search(data):
        data = quopri.decodestring(data)
    return _text(data).replace("\0", "")


def pieces(stream: IO[bytes]) -> Iterator[str]:
    """The text of a stream that can seek, in pieces of 4 million characters, with `\\n` at every line's end.

    What `decode` gives, but a file of any size costs the memory of one piece; it is read twice, as only its
    end shows that all of it is UTF-8. (A piece may end within a line.)
    """
    data = stream.read(_PIECE + 1)
    if len(data) <= _PIECE:
        yield decode(data).replace("\r\n", "\n").replace("\r", "\n")
        return
    stream.seek(0)
    encoding = _encoding(stream)
    stream.seek(0)
    reader = io.TextIOWrapper(stream, encoding, errors="replace", newline=None)
    while text := reader.read(_PIECE):
        yield text.replace("\0", "")
    reader.detach()


def accents(text: str) -> str:
    """The text with `\\'e`, `\\/o`, `\\u00e9`, `\\351` and `&eacute;` in its fields of words as letters.

    What stands in music stays: there a backslash goes on with the line and `&` with another voice.
    """
    if "\\" not in text and "&" not in text:
        return text
    return _WORDS.sub(lambda line: html.unescape(_MNEMONIC.sub(_letter, line[0])), text)


def _letter(found: re.Match[str]) -> str:
    code, sign, letter, sign2, letter2, octal, two = found.groups()
    if code or octal:
        number = int(code, 16) if code else int(octal, 8) if set(octal) <= set("01234567") else 0
        return chr(number) if number >= 0xA0 and not 0xD800 <= number < 0xE000 else found[0]
    if (two or f"{sign2}{letter2}") in _LETTERS:
        return _LETTERS[two or f"{sign2}{letter2}"]
    if sign or sign2:
        composed = unicodedata.normalize("NFC", (letter or letter2) + _MARKED[sign or sign2])
        return composed if len(composed) == 1 else found[0]
    return found[0]


def _text(data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, errors="replace")
    if found := _CHARSET.search(data):
        try:
            return data.decode(found[1].decode("ascii", errors="replace"))
        except (LookupError, UnicodeDecodeError):
            pass  # a charset that does not exist, or not the right one
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _encoding(stream: IO[bytes]) -> str:
    """The encoding of a long file, by the rules of `_text` (no mail is as long as that)."""
    head = stream.read(_PIECE)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    names = ["utf-8"]
    if found := _CHARSET.search(head):
        names.insert(0, found[1].decode("ascii", errors="replace"))
    for name in names:
        stream.seek(0)
        try:
            decoder = codecs.getincrementaldecoder(name)()
            while data := stream.read(_PIECE):
                decoder.decode(data)
            decoder.decode(b"", final=True)
        except (LookupError, UnicodeDecodeError):
            continue
        return name
    return "cp1252"
