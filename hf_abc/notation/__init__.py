"""The ABC language (standard 2.1), read with the standard library alone.

What stands here knows tunes as text: how to cut a book into tunes, a line into symbols, symbols into notes,
bars and keys. It knows nothing of corpora, models or programs.
"""
