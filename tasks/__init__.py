"""The steps of an ingestion run: fetch, transform, load. Nothing here imports `flows`."""
