"""Raw text to facts: polars in, polars out. No I/O, no clock, no Prefect, nothing of ours outside this folder."""
