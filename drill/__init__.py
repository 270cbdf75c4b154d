"""What the quality checks see, how early, and how silent they are in healthy life: `python -m drill`, `make drill`.

A developers' tool, beside `bench`. A promoter of some kind lives day by day in the sandbox; the real loads read it over HTTP
into a real warehouse, and each morning all checks are judged. Defects are drawn at random from a seed. Knows no check
but by what it finds.
"""
