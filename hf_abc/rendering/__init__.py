"""Tunes made audible and visible: MIDI, audio, score and the listening page.

Everything here works from pip packages alone. Outside programs and the engraver run in child processes
with limits, because tunes come from models and strangers; whatever fails is reported, and the ABC itself is
never lost.
"""
