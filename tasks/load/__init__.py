"""ClickHouse: connect, migrate, upsert, reconcile, runs, quarantine. Knows no source and no API."""
