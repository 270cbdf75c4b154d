"""The embedded engine, which is newer than the tests' server, in a process of its own with a user of the tests' choice.

Run as a script: `python clickhouse_embedded.py CONFIG FOLDER`. A statement a line on standard input, as JSON; a line for each
on standard output: the code of the error, 0 without one, and the first field of the answer or the error's words.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.support.clickhouse_users import DEFAULT, User, write_config

ROOT = Path(__file__).parents[2]


class Engine:
    """Asks the engine of a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, statement: str) -> tuple[int, str]:
        """The code of the error, 0 without one, and the first field of the answer or the words of the error."""
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None
        assert told is not None
        asked.write(json.dumps(statement) + "\n")
        asked.flush()
        code, text = json.loads(told.readline())
        return int(code), str(text)


@contextmanager
def embedded_as(user: User, folder: Path, others: Iterable[User] = ()) -> Iterator[Engine]:
    """An engine that is asked as a user with the settings, constraints and quota of the given one, and the right to all."""
    config = write_config(folder, [replace(user, name=DEFAULT.name, password="", roles={}), *others])
    command = [sys.executable, "-m", "tests.support.clickhouse_embedded", str(config), str(folder / "data")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        yield Engine(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve(config: str, folder: str, lines: Iterable[str]) -> None:
    import chdb  # An engine, which the tests that start this process do without.

    connection = chdb.connect(f"{folder}?config-file={config}")
    for line in lines:
        try:
            answer = [0, str(connection.query(json.loads(line), "TSV")).partition("\n")[0].partition("\t")[0]]
        except RuntimeError as error:
            found = re.search(r"Code: (\d+)", str(error))
            answer = [int(found[1]) if found else -1, str(error)]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], sys.stdin)
