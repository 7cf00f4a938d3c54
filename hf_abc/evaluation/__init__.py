"""Evaluation: how well a model predicts tunes and how sound the tunes are that it writes, beside human
tunes and with intervals.
"""
