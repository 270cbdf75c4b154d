"""What nobody has verified about Direct, or a test wants smaller: each is a switch with its likeliest value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DIRECT_LOGIN = "sandbox-direct"
DIRECT_TOKEN = "sandbox-direct-token-zqpd"  # noqa: S105 - opens nothing but the sandbox


@dataclass(slots=True)
class DirectSwitches:
    """May be changed while the API is being served; the next request sees it."""

    account_totals: Literal["told", "refused", "wrong"] = "told"
    """The report of the whole account; ``wrong``: each of its rows has a rouble more than its ads."""

    # Errors and limits
    report_codes_as_strings: bool = True
    """``error_code`` of the reports service is a string, as seen live."""

    report_statuses: dict[int, int] = field(default_factory=dict)
    """HTTP status of an error code on reports where it shall not be 400, e.g. ``{53: 401, 9000: 200}``."""

    wrong_login_code: int = 54
    """What a ``Client-Login`` of somebody else gets: 54, 513 or 8800."""

    daily_points: int = 160_000
    units_on_reports: bool = False
    """Reports answer with ``Units`` (0 spent) as the other services do."""

    reports_in_ten_seconds: int = 20
    rate_limit_answer: str = "56"
    """Too many report requests: ``56`` (error code), ``429`` (with an error body) or ``429 empty``."""

    # Reports
    polls_until_ready: int = 2
    """Polls that an offline report takes, counted only if they come no sooner than they were told to."""

    retry_in: tuple[str | None, ...] = ("1", "2", "1")
    """``retryIn`` of the 201 and of each 202 in turn, the last again and again; None leaves the header out."""

    finished_within_seconds: float = 60.0
    """A report nobody polls is finished by then and leaves the queue."""

    auto_online_days: int = 31
    """In mode ``auto`` a longer period goes to the queue."""

    online_days_limit: int | None = 366
    """A longer period that is built at once gets 502."""

    offline_days_limit: int | None = None
    """In the queue a longer period gets 502 when it should be ready."""

    html_on_bad_gateway: bool = False
    """The body of 502 is HTML instead of a JSON error."""

    zero_money: str = "0.00"
    """Zero money where decimals are asked for; in micros it is always 0."""

    adds_vat: bool = True
    """Reports add VAT where they are asked to."""

    # Objects
    versions: tuple[str, ...] = ("v501", "v5")
    """Those that there are; another one is 404."""

    lists_wizard: bool = False
    """``campaigns.get`` has the campaigns of the campaign wizard as well."""

    objects_page_limit: int = 10_000
    """Objects a get answers at most; more make it answer ``LimitedBy``."""

    empty_result_without_key: bool = False
    """Nothing found: ``{"result": {}}`` instead of an empty list."""

    unified_on_v5: bool = True
    """v5 shows unified campaigns too. False: only v501 shows them, their groups and ads."""

    combinatorial_on_v5: str = "text"
    """What v5 makes of ads that v501 shows as combinatorial: ``text`` (text ads with their link) or ``bare``
    (text ads without it)."""
