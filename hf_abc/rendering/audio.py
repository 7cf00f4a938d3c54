"""Sound: MIDI -> samples -> a file, with midirenderer and a SoundFont.

Without a SoundFont of the user the one inside the wheel of pretty_midi is used (TimGM6mb, 6 MB; measured:
160 to 230 times real time on one core). midirenderer stops with the last event and cuts the last note off,
so it is given a file that ends later and the silence is taken away afterwards.

Loudness follows ITU-R BS.1770-4 (K-weighted, gated), with the filters applied to the spectrum of each
block, which needs no recursive filter. Tunes come out equally loud unless their peaks forbid it: nothing
clips.
"""

import importlib.util
import io
import shutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hf_abc.errors import InputError, MissingPackageError, ToolError
from hf_abc.process import run
from hf_abc.rendering.midifile import read, with_tail

AudioFormat = Literal["mp3", "flac", "wav", "ogg"]
Synthesizer = Literal["midirenderer", "fluidsynth", "timidity"]
Samples = NDArray[np.float32]

LOUDNESS = -15.0  # LUFS; a solo piano reaches it without touching the ceiling
CEILING = 10 ** (-1 / 20)  # -1 dB: lossy formats overshoot a little
LONGEST = 20 * 60.0  # seconds; longer music is a model gone astray or a trap
_CHILD = Path(__file__).with_name("synthesizer.py")
_PATIENCE = 300  # seconds for one tune; the longest takes 8
_TAIL = 3.0  # seconds for the last note to ring
_SILENCE = 1e-3
_STEPS = 64  # tenths of a second in one transform
_BLOCK = 16_384  # frames; measured: libsndfile's Vorbis writer crashes on 60 s of stereo in one call


def soundfont() -> Path:
    """The SoundFont in the wheel of pretty_midi, which is not imported for it."""
    spec = importlib.util.find_spec("pretty_midi")
    if spec is None or spec.origin is None:
        raise MissingPackageError("pretty_midi")
    return Path(spec.origin).parent / "TimGM6mb.sf2"


def sound(
    midi: bytes,
    *,
    font: Path | None = None,
    longest: float = LONGEST,
    synthesizer: Synthesizer = "midirenderer",
) -> tuple[Samples, int]:
    """Samples (frames, 2) between -1 and 1 and their rate. Raises InputError where there is nothing to
    play.
    """
    played = read(midi)
    if not played.notes:
        raise InputError("the MIDI file holds no note: there is nothing to play")
    if played.seconds > longest:
        raise InputError(
            f"the music lasts {played.seconds / 60:.0f} minutes; at most {longest / 60:.0f} are played"
        )
    wave = _synthesize(with_tail(midi, _TAIL), synthesizer, font or soundfont())
    samples, rate = _soundfile().read(io.BytesIO(wave), dtype="float32", always_2d=True)
    return normalise(cut_silence(samples, rate), rate), rate


def _synthesize(midi: bytes, name: Synthesizer, font: Path) -> bytes:
    """The WAV file of midirenderer, or of a program of this computer (timidity plays with instruments
    of its own).
    """
    try:
        font.open("rb").close()
    except OSError as error:
        raise InputError(f"cannot read the SoundFont {font}: {error.strerror}; name another one") from None
    done = run(
        _command(name, str(font.absolute())),
        inputs={"tune.mid": midi},
        outputs=["tune.wav"],
        timeout=_PATIENCE,
        memory_mb=4096,
        output_mb=1024,
    )
    if done.timed_out:
        raise InputError(f"the synthesizer ({name}) was stopped after {_PATIENCE} seconds on this tune")
    if not done.files.get("tune.wav"):
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        why = said[-1][:200] if said else "it gave no reason"
        raise InputError(f"the synthesizer ({name}) cannot play this MIDI file or SoundFont: {why}")
    return done.files["tune.wav"]


def _command(name: Synthesizer, font: str) -> list[str]:
    """What is run where `tune.mid` lies."""
    if name == "midirenderer":
        spec = importlib.util.find_spec("midirenderer")
        if spec is None or spec.origin is None:
            raise MissingPackageError("midirenderer")
        return [sys.executable, "-I", str(_CHILD), Path(spec.origin).parent.parent.as_posix(), font]
    found = shutil.which(name)
    if found is None:
        raise ToolError(f"this computer has no {name}: `hf-abc doctor` says what to type, or leave it out")
    options = {
        "fluidsynth": ["-ni", "-q", "-F", "tune.wav", "-r", "48000", font, "tune.mid"],
        "timidity": ["-A110", "-s", "48000", "-Ow", "-o", "tune.wav", "tune.mid"],
    }[name]
    return [str(Path(found).resolve()), *options]


def cut_silence(samples: Samples, rate: int) -> Samples:
    """The samples up to the last audible one, with a short fade; silence alone becomes a tenth of a second
    of it.
    """
    floor = _SILENCE * max(float(samples.max(initial=1e-9)), -float(samples.min(initial=0.0)))
    heard = 0
    for start in range(len(samples) - rate, -rate, -rate):  # from the end, a second at a time
        loud = np.flatnonzero(np.abs(samples[max(start, 0) : start + rate]).max(axis=1, initial=0.0) > floor)
        if len(loud):
            heard = max(start, 0) + int(loud[-1])
            break
    end = min(len(samples), heard + rate // 10)
    kept = samples[:end].copy()
    fade = min(rate // 10, end)
    kept[end - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    return kept


def normalise(samples: Samples, rate: int) -> Samples:
    """The same music at LOUDNESS, or as near to it as CEILING lets it come."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return samples
    gain = 10 ** ((LOUDNESS - loudness(samples, rate)) / 20)
    return samples * np.float32(min(gain, CEILING / peak))


def loudness(samples: Samples, rate: int) -> float:
    """Integrated loudness in LUFS of samples (frames, channels); -70 where nothing rises above the gate.

    Blocks of 400 ms overlap by three quarters, so the power of each 100 ms is taken once and added up.
    """
    step = rate // 10
    whole = max(-(-len(samples) // step), 4)
    weights = np.repeat(_k_weights(step, rate), 2).astype(np.float32)
    powers = np.zeros(whole)
    for channel in samples.T:
        steps = np.zeros(whole * step, np.float32)
        steps[: len(samples)] = channel
        for start in range(0, whole, _STEPS):
            spectra = np.fft.rfft(steps[start * step : (start + _STEPS) * step].reshape(-1, step))
            parts = spectra.view(np.float32)
            powers[start : start + _STEPS] += (parts * parts) @ weights
    blocks = np.maximum(np.convolve(powers, np.full(4, 0.25), mode="valid"), 1e-20)
    levels = -0.691 + 10 * np.log10(blocks)
    heard = blocks[levels > -70]
    if not len(heard):
        return -70.0
    gate = -0.691 + 10 * np.log10(heard.mean()) - 10
    return float(-0.691 + 10 * np.log10(blocks[levels > max(float(gate), -70)].mean()))


@lru_cache(maxsize=4)
def _k_weights(block: int, rate: int) -> NDArray[np.float64]:
    """Power weights of the K-filter for the bins of an rfft, scaled so that their sum is the mean square."""
    turns = 2 * np.pi * np.arange(block // 2 + 1) / block
    z = np.exp(-1j * turns)
    response = np.ones_like(z)
    # Both filters as in BS.1770-4: these frequencies, Qs and gain reproduce its coefficients at 48 kHz.
    for kind, frequency, quality in (
        ("shelf", 1681.974450955533, 0.7071752369554196),
        ("high", 38.13547087602444, 0.5003270373238773),
    ):
        k = np.tan(np.pi * frequency / rate)
        a0 = 1 + k / quality + k * k
        a = (1, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0)
        if kind == "shelf":
            high = 10 ** (3.999843853973347 / 20)
            band = high**0.4996667741545416
            b = (
                (high + band * k / quality + k * k) / a0,
                2 * (k * k - high) / a0,
                (high - band * k / quality + k * k) / a0,
            )
        else:
            b = (1.0, -2.0, 1.0)
        response *= (b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)
    weights = np.abs(response) ** 2 * 2 / block**2
    weights[0] /= 2
    if block % 2 == 0:
        weights[-1] /= 2
    return weights


def encode(samples: Samples, rate: int, audio_format: AudioFormat) -> bytes:
    """The bytes of an audio file.

    MP3 is for pages and telephones: mono at half the rate, about 36 kbit/s (measured: 5 kB a second, so
    that a page of 200 tunes has 40 MB where the full rate would have 70).
    """
    if audio_format not in get_args(AudioFormat):
        raise InputError(
            f"the audio format {audio_format!r} is not known: use one of {', '.join(get_args(AudioFormat))}"
        )
    soundfile = _soundfile()
    file = io.BytesIO()
    if audio_format == "mp3":
        channels = samples.shape[1]
        mono, rate = halved(samples @ np.full(channels, 1 / channels, np.float32), rate)
        soundfile.write(file, mono, rate, format="MP3", bitrate_mode="VARIABLE", compression_level=0.7)
    elif audio_format == "ogg":
        with soundfile.SoundFile(file, "w", rate, samples.shape[1], format="OGG", subtype="VORBIS") as sink:
            for start in range(0, len(samples), _BLOCK):
                sink.write(samples[start : start + _BLOCK])
    else:
        soundfile.write(file, samples, rate, format=audio_format.upper(), subtype="PCM_16")
    return file.getvalue()


def halved(mono: Samples, rate: int) -> tuple[Samples, int]:
    """One channel at half its rate, what lies above taken out first; rates below 44,100 stay."""
    if rate < 44_100:
        return mono, rate
    place = np.arange(-47, 48)
    taps = (0.45 * np.sinc(0.45 * place) * np.hamming(len(place))).astype(np.float32)
    taps /= taps.sum()
    even, odd = mono[::2], np.append(mono[1::2], np.zeros(len(mono) % 2, np.float32))
    # every second value of the convolution: the even and the odd ones apart, for half the work
    half = np.convolve(even, taps[1::2], mode="full")[23 : 23 + len(even)]
    half += np.convolve(odd, taps[::2], mode="full")[23 : 23 + len(even)]
    return half.astype(np.float32), rate // 2


def audio(
    midi: bytes,
    audio_format: AudioFormat = "mp3",
    *,
    font: Path | None = None,
    longest: float = LONGEST,
    synthesizer: Synthesizer = "midirenderer",
) -> bytes:
    """A MIDI file as an audio file: `sound`, then `encode`."""
    samples, rate = sound(midi, font=font, longest=longest, synthesizer=synthesizer)
    return encode(samples, rate, audio_format)


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: the wheel without its libsndfile
        raise MissingPackageError("soundfile") from None
    return soundfile
