"""A report is waited for up to the deadline, comes whole in pages or halves, and costs retries or an error, never a row.
Its text is read by column names and by its own total, whatever the names of campaigns contain."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.fetch.direct.proving import NO_TOTALS, Totals
from tasks.fetch.direct.reports import FIELDS
from tasks.fetch.direct.table import NotWhole
from tasks.fetch.direct.table import parse as parse_fields
from tasks.window import Window
from tests.tasks.fetch.applications import PAST, UNTIL, Clock, DirectAccount, Facts, ad_day, by_key, ordinary


@pytest.fixture(autouse=True)
def _only_figures(direct: DirectAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the reports that prove or describe the one of figures."""

    async def no_totals(_run: object, window: Window) -> Totals:
        return Totals(NO_TOTALS, window)

    async def no_days(_run: object, _window: Window) -> list[Any]:
        return []

    monkeypatch.setattr("tasks.fetch.direct.fetching.totals_of", no_totals)
    monkeypatch.setattr("tasks.fetch.direct.fetching.account_days", no_days)
    direct.without_wizard()


@pytest.fixture
def expected(direct: DirectAccount) -> Facts:
    return direct.facts(PAST.first, PAST.last)


@pytest.fixture
def queued(direct: DirectAccount) -> DirectAccount:
    direct.api.switches.auto_online_days = 0
    return direct


def test_a_report_that_never_ends_ends_the_fetch_at_the_deadline(queued: DirectAccount, clock: Clock) -> None:
    """No pause would end after it."""
    queued.api.switches.retry_in, queued.api.switches.polls_until_ready = ("40",), 10**9
    queued.api.switches.finished_within_seconds = 1e9
    error = queued.refused(direct_report_deadline=100)
    assert "did not finish a report within 100 s" in str(error)
    assert error.transient
    assert clock.pauses == [40, 40]


def test_a_name_stays_while_polling_and_is_new_for_new_data(queued: DirectAccount) -> None:
    """A name seen before returns the figures stored under it, for five hours."""
    costs = []
    for amount, seconds in (("10.00", 0), ("9.00", 0), ("9.00", 1)):
        with queued.api.change():
            queued.api.rows[:] = [ad_day(ordinary(queued.api), "2026-01-05", amount)]
        fetched = queued.fetch(as_of=UNTIL + timedelta(seconds=seconds), ad_spend_vat="exclude")
        costs.append([row["cost"] for row in fetched.rows])
    assert costs == [["10.00"], ["10.00"], ["9.00"]], "only a run of its own reads anew"
    assert [len(set(part)) for part in (queued.names()[:4], queued.names()[4:])] == [1, 1]


def test_pages_are_read_to_the_last_row(direct: DirectAccount, expected: Facts, monkeypatch: Any) -> None:
    """Each page is a report of its own; without an order rows could move from page to page."""
    size = len(expected) // 4
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", size)
    assert by_key(direct.fetch().rows) == expected
    orders = direct.sent("reports")
    pages = [(order["Page"]["Offset"], order["Page"]["Limit"]) for order in orders]
    assert pages == [(start, size) for start in range(0, len(expected) + 1, size)]
    assert len(set(direct.names())) == len(pages)
    assert {tuple(item["Field"] for item in order["OrderBy"]) for order in orders} == {
        ("Date", "CampaignId", "AdGroupId", "AdId")
    }


@pytest.mark.parametrize(("limit", "at_most"), [("online_days_limit", 7), ("offline_days_limit", 1)])
def test_a_period_that_is_too_long_is_split_in_halves(
    direct: DirectAccount, expected: Facts, limit: str, at_most: int
) -> None:
    direct.api.switches.auto_online_days = 0 if limit == "offline_days_limit" else 400
    setattr(direct.api.switches, limit, at_most)
    assert by_key(direct.fetch().rows) == expected
    refused = [name for status, name in zip(direct.statuses(), direct.names(), strict=True) if status == 502]
    assert len(set(refused)) == len(refused), "what took too long once is not requested again"


COLUMNS = {"stat_date": "Date", "campaign_id": "CampaignId", "campaign_name": "CampaignName"} | FIELDS
NAME = "Бренд, поиск"
HEADER = "Date\tCampaignId\tCampaignName\tAdGroupId\tAdId\tImpressions\tClicks\tCost\tConversions"
FIRST = f"2026-09-01\t700012672\t{NAME}\t5757287178\t17735868496\t3955\t132\t5222.40\t4"
SECOND = f"2026-09-02\t700012672\t{NAME}\t--\t--\t120\t0\t0\t--"
WHOLE = f"{HEADER}\n{FIRST}\n{SECOND}\nTotal rows: 2\n"
ROWS = [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in (FIRST, SECOND)]


def parse(text: str) -> list[dict[str, str]]:
    """The cells that each row has."""
    rows = parse_fields(text, COLUMNS).to_dicts()
    return [{name: cell for name, cell in row.items() if cell is not None} for row in rows]


def test_rows_are_found_by_column_names_whatever_is_around_them() -> None:
    """A title and blank lines, other line ends, another order."""
    titled = f'"zakaz_2026 (2026-09-01 - 2026-09-02)"\n\n{HEADER}\n\n{FIRST}\n \n{SECOND}\n\nTotal rows: 2\n\n'
    turned = "\n".join("\t".join([*line.split("\t")[::-1], "x"]) for line in (HEADER, FIRST, SECOND))
    for text in (WHOLE, titled, "\ufeff" + WHOLE.replace("\n", "\r\n"), f"{turned}\nTotal rows: 2"):
        assert parse(text) == ROWS


def test_no_beginning_of_a_report_passes_for_the_whole() -> None:
    for end in range(len(WHOLE) - 1):
        with pytest.raises(NotWhole):
            parse(WHOLE[:end])
    assert parse(WHOLE[:-1]) == ROWS, "only the last newline may lack"


def test_what_is_not_whole_is_refused_and_never_guessed() -> None:
    # A name that looks like the end of a row and the start of another: rows that could be more.
    odd = WHOLE.replace(NAME, "a" + FIRST.partition(NAME)[2] + "\n" + SECOND.partition(NAME)[0] + "b", 1)
    lacking = ((FIRST, SECOND), (HEADER, FIRST), (HEADER, FIRST, SECOND, SECOND))
    texts = ["\n".join([*lines, "Total rows: 2\n"]) for lines in lacking]
    for text in (*texts, WHOLE.replace("Cost\t", "Other\t", 1), odd):
        with pytest.raises(NotWhole):
            parse(text)


TEXTS = st.text(max_size=12) | st.sampled_from(
    ["\n", "\t", "\n\t", "\u2028", "Total rows: 2", "\nTotal rows: 5\n", SECOND, f"\n{SECOND}\n", f"\n{HEADER}\n"]
)


@given(st.lists(st.lists(TEXTS, max_size=3).map("".join), min_size=1, max_size=5))
def test_whatever_the_names_all_rows_and_figures_come(names: list[str]) -> None:
    assume(len(names) == 1 or not any(re.search(r"\t(4|--)\s*\n\s*2026", name) for name in names))
    text = "\n".join(FIRST.replace(NAME, name) for name in names)
    parsed = parse(f"{HEADER}\n{text}\nTotal rows: {len(names)}\n")
    assert [{**row, "campaign_name": ""} for row in parsed] == [ROWS[0] | {"campaign_name": ""}] * len(names)
    assert not any(re.search(r"[\n\t\u2028]", row["campaign_name"] or "") for row in parsed)


def test_a_row_with_too_few_cells_is_kept_as_text_and_counted() -> None:
    line = FIRST.rpartition("\t")[0]
    rows = parse(f"{HEADER}\n{line}\n{SECOND}\nTotal rows: 2\n")
    assert rows == [{"stat_date": line.replace("\t", " ")}, ROWS[1]]
