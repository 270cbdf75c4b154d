"""Days that Direct has corrected lately, by `changes.check`. A load does not need it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from tasks.fetch.direct.service import Direct
from tasks.fetch.direct.values import Object, identifier, objects, part
from tasks.fetch.paging import batches

_CAMPAIGNS_A_CALL = 1_000


@dataclass(frozen=True)
class Changed:
    """`first`: the earliest day that changed, if any. `odd`: number of impossible dates. `unprocessed`: number of
    campaigns that the service did not check."""

    first: date | None
    odd: int
    unprocessed: int


async def changed_since(
    direct: Direct, campaigns: Collection[int], since: datetime, days: tuple[date, date]
) -> Changed:
    """Changes since that time. `days`: the first and the last possible. Campaigns that the service left unprocessed
    are sent once more. Raises SourceError."""
    borders: list[object] = []
    waiting = sorted(campaigns)
    for _attempt in range(2):
        left: set[int] = set()
        for ids in batches(waiting, _CAMPAIGNS_A_CALL):
            request: Object = {
                "CampaignIds": ids,
                "Timestamp": f"{since:%Y-%m-%dT%H:%M:%SZ}",
                "FieldNames": ["CampaignsStat"],
            }
            result = await direct.call("changes", "check", request)
            borders += [item.get("BorderDate") for item in objects(part(result, "Modified").get("CampaignsStat"))]
            unprocessed = part(result, "Unprocessed").get("CampaignIds")
            left |= set(map(identifier, unprocessed)) & set(ids) if isinstance(unprocessed, list) else set()
        waiting = sorted(left)
    days_read = [_day(text) for text in borders]
    possible = [border for border in days_read if border is not None and days[0] <= border <= days[1]]
    return Changed(min(possible, default=None), len(borders) - len(possible), len(waiting))


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None
