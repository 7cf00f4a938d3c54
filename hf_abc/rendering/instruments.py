"""The 128 instruments of General MIDI, by their names."""

import re

from hf_abc.errors import InputError

_LIST = """
acoustic grand piano, bright acoustic piano, electric grand piano, honky-tonk piano, electric piano
1, electric piano 2, harpsichord, clavinet, celesta, glockenspiel, music box, vibraphone, marimba,
xylophone, tubular bells, dulcimer, drawbar organ, percussive organ, rock organ, church organ, reed
organ, accordion, harmonica, tango accordion, nylon string guitar, steel string guitar, jazz
electric guitar, clean electric guitar, muted electric guitar, overdriven guitar, distortion guitar,
guitar harmonics, acoustic bass, fingered bass, picked bass, fretless bass, slap bass 1, slap bass
2, synth bass 1, synth bass 2, violin, viola, cello, contrabass, tremolo strings, pizzicato strings,
orchestral harp, timpani, string ensemble 1, string ensemble 2, synth strings 1, synth strings 2,
choir aahs, voice oohs, synth voice, orchestra hit, trumpet, trombone, tuba, muted trumpet, french
horn, brass section, synth brass 1, synth brass 2, soprano sax, alto sax, tenor sax, baritone sax,
oboe, english horn, bassoon, clarinet, piccolo, flute, recorder, pan flute, blown bottle,
shakuhachi, whistle, ocarina, square lead, sawtooth lead, calliope lead, chiff lead, charang lead,
voice lead, fifths lead, bass lead, new age pad, warm pad, polysynth pad, choir pad, bowed pad,
metallic pad, halo pad, sweep pad, rain, soundtrack, crystal, atmosphere, brightness, goblins,
echoes, sci-fi, sitar, banjo, shamisen, koto, kalimba, bagpipe, fiddle, shanai, tinkle bell, agogo,
steel drums, woodblock, taiko drum, melodic tom, synth drum, reverse cymbal, guitar fret noise,
breath noise, seashore, bird tweet, telephone ring, helicopter, applause, gunshot
"""
NAMES = tuple(" ".join(_LIST.split()).split(", "))


def instrument(name: str) -> int:
    """The General MIDI program (0 to 127) of a name, of a part of one (`harp`, `nylon guitar`), or of a
    number from 1.

    Of several names that fit, the one that the words end takes the call (`harp` is no harpsichord), then
    the first. Raises InputError where none fits.
    """
    text = name.strip().lower()
    if text.isdecimal() and 1 <= int(text) <= len(NAMES):
        return int(text) - 1
    words = re.findall(r"[a-z]+|\d+", text)
    fitting = [number for number, full in enumerate(NAMES) if words and all(word in full for word in words)]
    if not fitting:
        raise InputError(
            f"there is no instrument {name!r} in General MIDI: name one such as violin, flute, "
            "orchestral harp, accordion, bagpipe, or a number from 1 to 128"
        )
    return min(fitting, key=lambda number: (text != NAMES[number], not NAMES[number].endswith(text), number))
