"""A folder of SQL files of a test's own, as `migrate` reads it."""

from __future__ import annotations

from pathlib import Path


class SqlFolder:
    """Two migrations and two views, of which `v_a_newest` reads `v_sold` although its name comes first."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write(
            "schema/0001_sales",
            "CREATE TABLE sales (d Date, n UInt32, _ver UInt8 MATERIALIZED 1) ENGINE = MergeTree ORDER BY d;\n",
        )
        self.write(
            "schema/0002_notes",
            "-- Two statements.\nCREATE TABLE a (x Int8, _ver UInt64) ENGINE = Log;\nDROP TABLE a;\n",
        )
        self.write("views/v_sold", "SELECT d, n FROM sales")
        self.write("views/v_a_newest", "-- The newest day.\nSELECT max(d) AS d, max(n) AS n FROM v_sold")

    def write(self, name: str, text: str) -> None:
        path = self.root / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def read(self, name: str) -> str:
        return (self.root / f"{name}.sql").read_bytes().decode()

    def remove(self, name: str) -> None:
        (self.root / f"{name}.sql").unlink()
