"""The child process that holds midirenderer: `tune.mid` of its folder becomes `tune.wav`.

Run by audio.py as a script, with the folder in which it found midirenderer and a SoundFont; never imported by
it. midirenderer keeps Python's lock while it plays, so that in a process of its own the parent encodes
the last tune meanwhile, and a crash or a hang costs one tune. Starting it costs 15 ms a tune (measured).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(sys.argv[1])  # a user's own packages are out of sight here
    import midirenderer

    try:
        wave = midirenderer.render_wave_from(Path(sys.argv[2]).read_bytes(), Path("tune.mid").read_bytes())
    except BaseException as error:  # a panic of the Rust library is no Exception
        sys.exit(str(error))
    Path("tune.wav").write_bytes(wave)
