"""What a row must be, one pandera model a source, and the split of a frame into valid and rejected rows.

Imports nothing of the product: a model can be read and tested alone.
"""
