"""`hf-abc medley`."""

import argparse

from hf_abc.rendering.options import add_medley, playing

from .books import read_book

TEXT = "make one piece out of many tunes: ABC, MIDI or sound"


def add(p: argparse.ArgumentParser) -> None:
    add_medley(p)


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.rendering.medley import write_medley

    texts = [tune for file in arguments.files for tune in read_book(file)]
    changed = write_medley(
        texts,
        arguments.piece,
        title=arguments.title,
        key=arguments.key,
        font=arguments.soundfont,
        synthesizer=arguments.synthesizer,
        playing=playing(arguments),
    )
    print(*changed, f"{arguments.piece} is written, from {len(texts)} tunes", sep="\n")
