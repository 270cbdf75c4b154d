"""What is kept in a DataLens workbook, and what puts it there: `zakaz datalens`.

`workbook.yaml` says what, `definitions.py` reads it; `entries.py`, `datasets.py` and `boards.py` make each kind of
entry; `publish.py` decides which are made, changed or left; `client.py` is DataLens's SDK with our settings and
words. The SDK is the extra `datalens`.
"""
