"""What a fetch brings of a whole account is the ground truth, to the kopeck, over the days that Direct has corrected too."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox.world.secrets import MARK
from tasks.fetch.direct import COLUMNS, reads
from tasks.settings import Settings
from tasks.translation import numbered
from tasks.window import Window
from tests.tasks.fetch.ad_accounts import UNTIL, WEEK, DirectAccount


def test_an_account_without_figures_gives_no_rows_and_asks_for_no_links(direct: DirectAccount) -> None:
    with direct.api.change():
        direct.api.rows.clear()
    fetched = direct.fetch()
    assert (list(fetched.rows), fetched.columns) == ([], COLUMNS)
    assert direct.calls() == ["campaigns", "reports", "reports", "reports"]


def test_one_account_has_one_login_however_it_is_spelt(make_settings: Callable[..., Settings]) -> None:
    for text, login in ((" SANDBOX.DIRECT ", "sandbox-direct"), ("A.B@Firma.ru", "a-b@firma.ru")):
        one, other = (make_settings(direct_login=each, direct_token=MARK) for each in (text, login))
        assert reads(one) == reads(other)
        assert MARK not in reads(one) + repr(one)


@pytest.mark.parametrize(
    ("borders", "first", "odd"),
    [
        (("2026-01-12", "2025-11-30", "2026-01-15"), date(2025, 11, 30), 0),
        (("2026-01-13", "2026-01-19"), WEEK.first, 0),
        (("1970-01-01", "0000-00-00", "2026-02-30", None, "2031-01-01", "2026-01-04"), date(2026, 1, 4), 5),
        (("2023-01-01",), date(2023, 1, 1), 0),
    ],
    ids=str,
)
def test_the_window_begins_with_the_earliest_changed_day(
    direct: DirectAccount, borders: tuple[Any, ...], first: date, odd: int
) -> None:
    """Impossible days are counted: Direct keeps three years."""
    direct.without_wizard()
    items = [{"CampaignId": number, "BorderDate": border} for number, border in enumerate(borders, 1)]
    direct.edit("changes", lambda _: {"result": {"Modified": {"CampaignsStat": items}}})
    fetched = direct.fetch(WEEK)
    assert fetched.window == Window(first=first, last=WEEK.last)
    assert direct.sent("reports")[0]["SelectionCriteria"]["DateFrom"] == str(first)
    assert fetched.warnings == (
        (f"Direct named {numbered(odd, 'impossible date')} of changed days",) if odd else ()
    )


@pytest.mark.parametrize(
    ("days", "last", "as_of", "back"),
    [
        (7, date(2026, 1, 19), UNTIL, 30),
        (45, date(2026, 1, 19), UNTIL, 45),
        # In Moscow it is the 20th already.
        (7, date(2026, 1, 18), datetime(2026, 1, 19, 22, 30, tzinfo=UTC), None),
    ],
)
def test_all_campaigns_are_checked_over_a_month_or_a_longer_window(
    direct: DirectAccount, days: int, last: date, as_of: datetime, back: int | None
) -> None:
    """A correction is then found by many runs, and none that fails loses it. What Direct left out is sent again."""
    direct.without_wizard()
    campaigns = sorted({ad.campaign_id for ad in direct.api.world.ads})
    direct.edit("changes", lambda _: {"result": {"Unprocessed": {"CampaignIds": campaigns[:2]}}})
    fetched = direct.fetch(Window(first=last - timedelta(days=days - 1), last=last), as_of=as_of)
    since = {
        "Timestamp": f"{as_of - timedelta(days=back or 0):%Y-%m-%dT%H:%M:%SZ}",
        "FieldNames": ["CampaignsStat"],
    }
    expected = [since | {"CampaignIds": ids} for ids in (campaigns, campaigns[:2])]
    assert direct.sent("changes") == (expected if back else [])
    assert fetched.warnings == (("Direct did not look for changed days in 2 campaigns",) if back else ())
