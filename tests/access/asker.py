"""ClickHouse over HTTP as DataLens asks: a POST with its settings, the answer as JSON; and whoever else asks so."""

import json
import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.support.clickhouse_server import ClickHouseServer
from tests.support.clickhouse_users import DEFAULT, User

# What DataLens sends with every query.
OF_DATALENS = {
    "join_use_nulls": "1",
    "readonly": "2",
    "send_progress_in_http_headers": "0",
    "output_format_json_quote_denormals": "1",
}
# For these tests alone: money exactly as it is, 64-bit numbers as numbers.
_EXACT = {
    "output_format_json_quote_decimals": "0",
    "output_format_json_quote_64bit_integers": "0",
    "output_format_decimal_trailing_zeros": "1",
}
Row = dict[str, Any]

# Codes of its errors.
NO_RIGHT, READ_ONLY, NOT_TO_CHANGE = 497, 164, 452


class Refused(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        found = re.search(r"Code: (\d+)", text)
        self.code = int(found[1]) if found else 0


class Asker:
    """Asks a server as one of its users. `database`: the current one."""

    def __init__(self, server: ClickHouseServer, user: User = DEFAULT, database: str = "zakaz") -> None:
        self.name = user.name
        self._address = f"http://127.0.0.1:{server.port}/"
        self._head = {"X-ClickHouse-User": user.name.encode(), "X-ClickHouse-Key": user.password.encode()}
        self._database = database

    def ask(self, statement: str, **settings: object) -> list[Row]:
        """The rows of a SELECT, with what DataLens sends, which `settings` win over."""
        text = self._post(
            statement.strip().rstrip(";") + "\nFORMAT JSONEachRow",
            OF_DATALENS | _EXACT | {name: str(value) for name, value in settings.items()},
        )
        return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]

    def do(self, statement: str, **settings: object) -> str:
        return self._post(statement, {name: str(value) for name, value in settings.items()})

    def _post(self, body: str, settings: dict[str, str]) -> str:
        # Without it an error in the middle of an answer comes behind the rows that are out already.
        parameters = {"database": self._database, "wait_end_of_query": "1"} | settings
        reply = httpx.post(
            self._address, params=parameters, content=body.encode(), headers=self._head, timeout=60, trust_env=False
        )
        if reply.status_code != httpx.codes.OK:
            raise Refused(reply.text)
        return reply.text


def refusal(asker: Asker, statement: str, **settings: object) -> Refused:
    with pytest.raises(Refused) as caught:
        asker.do(statement, **settings)
    return caught.value
