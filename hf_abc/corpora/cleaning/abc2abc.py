"""Debian's abc2abc as a step, for those who want the seed of `combined` to the letter.

No default profile has it: it needs the program (package abcmidi), a process for each tune (136 a second),
drops u, v and k symbols, breaks `[|]`, and is not idempotent. Without `-e` it puts its errors into the music
(measured: the MIDI of 207 of 2,000 tunes changes); with it, that of 10 in 500 does.
"""

from hf_abc.abcmidi import harmless
from hf_abc.corpora.cleaning.step import Dropped, with_text
from hf_abc.notation.tune import Tune
from hf_abc.process import run


def abc2abc(tune: Tune) -> Tune | Dropped:
    """Let abc2abc -e write the tune anew, and take its `%` lines off."""
    done = run(["abc2abc", "tune.abc", "-e"], inputs={"tune.abc": harmless(tune.text).encode()})
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    kept = [line.rstrip() for line in lines if line.strip() and not line.startswith(("%Err", "%Warn", "% "))]
    if done.returncode or not any(line.startswith("K:") for line in kept):
        return Dropped(tune, "abc2abc", "abc2abc cannot read it")
    return with_text(tune, "\n".join(kept) + "\n")
