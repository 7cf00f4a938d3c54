"""`hf-abc render`."""

import argparse

from hf_abc.rendering.options import add_rendering, playing

from .books import read_book

TEXT = "make MIDI, audio, scores and a listening page out of tunes"


def add(p: argparse.ArgumentParser) -> None:
    add_rendering(p)


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.rendering.book import render_book

    texts = [tune for file in arguments.files for tune in read_book(file)]
    done = render_book(
        texts,
        arguments.out,
        title=", ".join(file.stem for file in arguments.files),
        audio_format=arguments.audio,
        font=arguments.soundfont,
        synthesizer=arguments.synthesizer,
        engraver=arguments.engraver,
        also=arguments.also,
        playing=playing(arguments),
        on_tune=lambda rendered: print(rendered.abc.stem, *rendered.messages, sep="\n    ", flush=True),
    )
    print(f"{len(done)} tunes, to see and hear: {arguments.out / 'index.html'}")
    if arguments.play:
        from hf_abc.rendering.player import play

        print(play([rendered.audio for rendered in done if rendered.audio], arguments.out / "index.html"))
