"""One account has one login, however it is spelt."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from sandbox.direct import DirectApi
from tasks.fetch.direct import account, canonical, canonical_login
from tasks.settings import Settings
from tests.tasks.fetch.direct.helpers import Fetch

SPELLINGS = {
    "sandbox-direct": "sandbox-direct",
    "Sandbox-Direct": "sandbox-direct",
    "SANDBOX.DIRECT": "sandbox-direct",
    " sandbox.direct ": "sandbox-direct",
    "a.b.c": "a-b-c",
    "A.B@Firma.ru": "a-b@firma.ru",
    "": "",
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_case_and_dots_do_not_matter(text: str) -> None:
    assert canonical_login(text) == SPELLINGS[text]
    assert pl.DataFrame({"login": [text]}).select(canonical(pl.col("login"))).item() == SPELLINGS[text]


@pytest.mark.parametrize("text", ["SANDBOX-DIRECT", "sandbox.direct", "Sandbox.Direct"])
def test_rows_and_account_are_those_of_the_one_login(
    fetch: Fetch, api: DirectApi, make_settings: Callable[..., Settings], text: str
) -> None:
    assert {row["account_id"] for row in fetch(api, direct_login=text).rows} == {"sandbox-direct"}
    one, other = (make_settings(direct_login=login, direct_token="x") for login in (text, "sandbox-direct"))
    assert account(one) == account(other)
