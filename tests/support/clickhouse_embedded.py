"""The embedded engine, which is newer than the tests' server, in a process of its own with a user of the tests' choice.

As a script: `python -m tests.support.clickhouse_embedded CONFIG FOLDER`, statements and answers as JSON.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.support.clickhouse_users import DEFAULT, User, write_config

ROOT = Path(__file__).parents[2]


def answers(user: User, folder: Path, statements: list[str], others: Iterable[User] = ()) -> list[tuple[int, str]]:
    """Of each statement in turn the code of the error, 0 without one, and the first field of the answer or the error's
    words. They are asked with the settings, constraints and quota of the user, and the right to all."""
    config = write_config(folder, [replace(user, name=DEFAULT.name, password="", roles={}), *others])
    command = [sys.executable, "-m", "tests.support.clickhouse_embedded", str(config), str(folder / "data")]
    done = subprocess.run(
        command, cwd=ROOT, input=json.dumps(statements), capture_output=True, text=True, check=True
    )
    return [(code, text) for code, text in json.loads(done.stdout)]


def _answer(config: str, folder: str) -> None:
    import chdb  # An engine, which the tests that start this process do without.

    connection, found = chdb.connect(f"{folder}?config-file={config}"), []
    for statement in json.load(sys.stdin):
        try:
            found.append((0, str(connection.query(statement, "TSV")).partition("\n")[0].partition("\t")[0]))
        except RuntimeError as error:
            code = re.search(r"Code: (\d+)", str(error))
            found.append((int(code[1]) if code else -1, str(error)))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    _answer(sys.argv[1], sys.argv[2])
