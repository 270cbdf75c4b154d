"""`python -m tests.quality.report`: each defect, the checks that caught it and what they say."""

# ruff: noqa: T201 - a report is printed

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.quality.defects import DEFECTS
from tests.quality.harness import caught, healthy_warehouse


def line(name: str, found: dict[str, str]) -> str:
    return f"{name:<42} -> {', '.join(sorted(found)) or 'NOTHING'}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, healthy_warehouse(Path(folder)) as client:
        for defect in DEFECTS:
            found = caught(client, defect)
            wanted = {name.strip() for name in defect.caught_by.split(",")}
            print(line(defect.name, found) + ("" if set(found) == wanted else f"   (expected {defect.caught_by})"))
            for text in found.values():
                print(f"{'':<42}    {text}")


if __name__ == "__main__":
    main()
