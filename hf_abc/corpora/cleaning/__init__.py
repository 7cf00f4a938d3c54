"""Cleaning: small named steps, and profiles that are lists of their names.

A step is a pure function `Tune -> Tune | Dropped`. It never guesses at notes: what cannot be read is dropped
with its reason, so that read = kept + dropped. No step of `book` drops anything.

Ours:
`plain`       every tune written the same way (one header order, one unit note length, beams at the beats,
              no ornaments); it costs grace notes, slurs and chord names, and buys text in which a small model
              can learn to count bars (see docs/representation.md)
`tidy`        the same for sources of any kind: repairs first, and no limit of length (that is a filter's)
`light`       one voice and one header, the music as it was printed
`book`        repairs alone, for a tunebook that stays a tunebook

After published corpora, so that their models can be trained again:
`session`     The Session for GPT-2: an X: for each tune, no stray tags
`folk_rnn`    folk-RNN's files: spaced tokens joined, mode tokens into keys
`spaceless`   `session` without the spaces that GPT-2's vocabulary stumbles over
`combined`    that, for tunebooks from anywhere: also without the fields of collectors, comments, directives
`combined_abc2abc`   the same with Debian's abc2abc in front
`midi`        what midi2abc writes
"""

from hf_abc.corpora.cleaning.profiles import PROFILES, STEPS, clean
from hf_abc.corpora.cleaning.step import Dropped, Step

__all__ = ["PROFILES", "STEPS", "Dropped", "Step", "clean"]
