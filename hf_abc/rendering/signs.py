"""What stands at the beginning of a staff, as MusicXML: key, meter, clef."""

from hf_abc.notation.keys import Key, signature
from hf_abc.notation.meter import Meter
from hf_abc.rendering.clefs import parts

_MODES = {
    "": "major",
    "m": "minor",
    "dor": "dorian",
    "mix": "mixolydian",
    "phr": "phrygian",
    "lyd": "lydian",
    "loc": "locrian",
}


def key_sign(key: Key, before: Key | None = None) -> str:
    """A signature; behind `before`, another one, with the naturals that end what the new key lacks."""
    if key.text == "HP":  # the pipes' key is written without its two sharps
        return "<key><fifths>0</fifths></key>"
    if key.accidentals != signature(key.sharps):
        steps = (
            f"<key-step>{s}</key-step><key-alter>{a}</key-alter>" for s, a in key.accidentals.items() if a
        )
        return f"<key>{''.join(steps) or '<fifths>0</fifths>'}</key>"
    cancel = ""
    if before and before.accidentals == signature(before.sharps) and before.text != "HP":
        lost = before.sharps * key.sharps < 0 or abs(before.sharps) > abs(key.sharps)
        cancel = f"<cancel>{before.sharps}</cancel>" if lost else ""
    mode = f"<mode>{_MODES[key.mode]}</mode>" if key.tonic and key.mode in _MODES else ""
    return f"<key>{cancel}<fifths>{key.sharps}</fifths>{mode}</key>"


def meter_sign(meter: Meter) -> str:
    """A time signature; none is drawn for free meter."""
    if not meter.numerator:
        return '<time print-object="no"><senza-misura/></time>'
    symbol = {"C": ' symbol="common"', "C|": ' symbol="cut"'}.get(meter.text.upper(), "")
    return f"<time{symbol}><beats>{meter.numerator}</beats><beat-type>{meter.denominator}</beat-type></time>"


def clef_sign(clef: str) -> str:
    """A clef of `named_clef`."""
    sign, line, octaves = parts(clef)
    octave = f"<clef-octave-change>{octaves}</clef-octave-change>" if octaves else ""
    return f"<clef><sign>{sign}</sign><line>{line}</line>{octave}</clef>"
