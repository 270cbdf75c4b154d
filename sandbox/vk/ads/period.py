"""What a call of the statistics asks for, with every limit and the code of each refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.vk.ads import errors
from sandbox.vk.ads.parameters import Parameters, day_of
from sandbox.vk.ads.switches import Switches
from sandbox.vk.cabinet import AD_GROUPS, AD_PLANS, BANNERS, USERS, Cabinet

_WRONG = {BANNERS: "BANNERS", AD_GROUPS: "ADGROUPS", AD_PLANS: "ADPLANS", USERS: "USERS"}
LEVELS = tuple(_WRONG)
_ATTRIBUTIONS = ("conversion", "impression")


@dataclass(frozen=True, slots=True)
class Period:
    """Both ends are included."""

    first: date
    last: date

    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def period_of(parameters: Parameters, cabinet: Cabinet, switches: Switches) -> Period:
    first = _day(parameters, "date_from", None)
    last = _day(parameters, "date_to", cabinet.today)
    if first > last:
        raise errors.statistics_error("WRONG_DATE", "date_from is later than date_to")
    oldest = cabinet.today - timedelta(days=switches.max_days)
    if first < oldest and switches.cuts_old_days:
        return Period(oldest, max(last, oldest - timedelta(days=1)))
    if first < oldest or (last - first).days >= switches.max_days:
        raise errors.statistics_error("LIMIT_EXCEEDED", f"Not more than {switches.max_days} days")
    return Period(first, last)


def ids_of(level: str, parameters: Parameters, cabinet: Cabinet, switches: Switches) -> list[int]:
    """One unknown id fails them all."""
    wanted = parameters.list("id")
    if not wanted:
        if switches.requires_ids:
            raise errors.statistics_error("WRONG_PARAMETER", "id is required")
        return cabinet.known(level)
    if not all(text.isdecimal() for text in wanted):
        raise errors.statistics_error("WRONG_PARAMETER", "id must be a list of integers")
    ids = list(dict.fromkeys(int(text) for text in wanted))
    if len(ids) > switches.max_ids:
        raise errors.statistics_error("LIMIT_EXCEEDED", f"Not more than {switches.max_ids} objects")
    if not set(ids) <= set(cabinet.known(level)):
        raise errors.statistics_error(f"WRONG_{_WRONG[level]}", f"Wrong {level}")
    return ids


def chosen(parameters: Parameters, name: str, known: list[str]) -> list[str]:
    """Sets of metrics; without the parameter ``base``."""
    wanted = parameters.list(name) or ["base"]
    if not {part.split(".")[0] for part in wanted} <= set(known):
        raise errors.statistics_error("WRONG_PARAMETER", f"Unknown {name}")
    return wanted


def check_attribution(parameters: Parameters) -> None:
    """Accepted, but both give the same figures here."""
    if (parameters.get("attribution") or _ATTRIBUTIONS[0]) not in _ATTRIBUTIONS:
        raise errors.statistics_error("WRONG_PARAMETER", "Unknown attribution")


def _day(parameters: Parameters, name: str, default: date | None) -> date:
    text = parameters.get(name)
    if text is None:
        if default is None:
            raise errors.statistics_error("WRONG_PARAMETER", f"{name} is required")
        return default
    day = day_of(text)
    if day is None:
        raise errors.statistics_error("WRONG_DATE", f"{name} must be YYYY-MM-DD")
    return day
