"""The child process that holds verovio: MusicXML in, SVG out, many scores one after another.

Run by score.py as a script, with the folder in which it found verovio; never imported by it. verovio may
abort the process that it lives in, so it lives in this one. Messages on both pipes are a length of four bytes
(big endian) and that much JSON: in `{"xml", "options"}`, out `{"svg"}` or `{"error"}`.
"""

import json
import os
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

MEMORY = 2 * 2**30  # bytes; measured: about 90 MB after 500 tunes


def limit_memory() -> None:
    """Cap the address space where the system can do that."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until the pipe closes."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    while len(head := source.read(4)) == 4:
        request = json.loads(source.read(struct.unpack(">I", head)[0]))
        toolkit.resetOptions()
        toolkit.setOptions(request["options"])
        if toolkit.loadData(request["xml"]):
            reply = {"svg": toolkit.renderToSVG(1)}  # the page is as high as the score
        else:
            reply = {"error": "verovio cannot read the MusicXML of this tune"}
        data = json.dumps(reply).encode()
        sink.write(struct.pack(">I", len(data)) + data)
        sink.flush()


if __name__ == "__main__":
    limit_memory()
    sys.path.append(
        sys.argv[1]
    )  # where the parent found verovio: a user's own packages are out of sight here
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever verovio prints must not stand between the answers
    serve(sys.stdin.buffer, answers)
