"""Bytes of a tunebook as text: old books come in every encoding and some went through the mail.

A byte-order mark decides, then a line `%abc-charset`, then UTF-8 if all of it is UTF-8, else cp1252, which is
what the programs of the nineties wrote. Nothing is refused: a byte that means nothing becomes U+FFFD.
"""

import quopri
import re

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHARSET = re.compile(rb"^(?:%%|%|I:)\s*abc-charset\s+([\w.-]+)", re.MULTILINE)
_QUOTED = re.compile(rb"=3D|=20\r?$", re.MULTILINE)


def decode(data: bytes) -> str:
    """The text of a file, without NUL characters.

    A file in the mail's quoted-printable (`=3D` for `=`, `=20` at line ends, lines broken by a last `=`) is
    put right first: neither mark can stand in music.
    """
    if _QUOTED.search(data):
        data = quopri.decodestring(data)
    return _text(data).replace("\0", "")


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
