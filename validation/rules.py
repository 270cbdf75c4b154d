"""Rules for single values as they come over the wire, worded so that "price is negative" reads as a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

Test = Callable[[pl.Expr], pl.Expr]
Reading = Literal["money", "whole", "counter", "flag", "instant", "code"]
"""How `mend.py` reads an odd but plain value of a raw column, such as 98.0 for 98."""

# ISO 4217, the currencies in use.
CURRENCIES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD "
    "LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK "
    "PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
).split()

# [0-9] rather than \d, which here also means the digits of other scripts, and those no cast understands.
_MONEY = r"^-?[0-9]{1,16}(\.[0-9]{1,2}0*)?$"
_OFFSET = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"


@dataclass(frozen=True)
class _Asked:
    """A rule as pandera asks it; `holds`: of the column of a name, whether it holds in a row."""

    holds: Callable[[str], pl.Expr]

    def __call__(self, data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(self.holds(data.key))


def rule(text: str, test: Test, *, on_null: bool = False) -> pa.Check:
    """A check on one column; a null passes unless `on_null`."""
    return pa.Check(_Asked(lambda name: test(pl.col(name))), error=text, ignore_na=not on_null)


def across(text: str, holds: pl.Expr) -> pa.Check:
    """A check on the whole row."""
    return pa.Check(_Asked(lambda _: holds), error=text)


def in_all_rows(check: pa.Check, column: str) -> pl.Expr:
    """Whether a check that one of these made holds: so many are computed at once."""
    asked = check._check_fn
    assert isinstance(asked, _Asked)
    return asked.holds(column).fill_null(check.ignore_na).all()


def _within_reason(text: pl.Expr) -> pl.Expr:
    """Null for what is no date: 30 February, or a word."""
    moment = text.str.to_datetime("%+", time_unit="ms", strict=False)
    return moment.is_between(pl.datetime(2000, 1, 1, time_zone="UTC"), pl.datetime(2100, 1, 1, time_zone="UTC"))


TWICE = "stands twice in this load"
"""Reason of a second row with the same key: the first of the load is kept."""
present = rule("is missing", lambda c: c.is_not_null(), on_null=True)
whole_number = rule("is not a positive whole number", lambda c: c.str.contains(r"^0*[1-9][0-9]{0,17}$"))
# Bounds that keep price x quantity within Decimal(18, 2): a row beyond them is set aside, not the whole run.
count = rule("is not a number from 1 to 9999", lambda c: c.str.contains(r"^0*[1-9][0-9]{0,3}$"))
below_a_trillion = rule("is a trillion or more", lambda c: ~c.str.contains(r"^-?0*[1-9][0-9]{12}"))
flag = rule("is neither true nor false", lambda c: c.is_in(["true", "false", "1", "0"]))
currency = rule("is not a currency code", lambda c: c.is_in(CURRENCIES))
money = rule("is not an amount of money", lambda c: c.str.contains(_MONEY))
not_negative = rule("is negative", lambda c: ~c.str.starts_with("-"))
instant = rule(
    "is not a date and time with an offset",
    lambda c: c.is_null() | (c.str.contains(_OFFSET) & _within_reason(c).fill_null(False)),
)


def text(
    *checks: pa.Check, reads: Reading | None = None, optional: bool = False, required: bool = True
) -> pa.Column:
    """A raw column: text, null unless a check forbids it.

    `reads`: odd but plain values are corrected first. `optional`: no figure rests on the column, so a wrong value
    becomes null and is counted, and the row stays. Not `required`: the source may leave it out of all rows.
    """
    metadata = {"reads": reads, "optional": optional}
    return pa.Column(pl.String, list(checks), nullable=True, required=required, metadata=metadata)


extra = partial(text, optional=True, required=False)
"""A raw column that the source may leave out, and on which no figure of sales or spend rests."""
