"""VAT on advertising by date. The API never tells the rate."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

# First day of each rate, newest first.
_RATES = ((date(2026, 1, 1), Decimal("0.22")), (date(2019, 1, 1), Decimal("0.20")), (date.min, Decimal("0.18")))
_KOPECK = Decimal("0.01")


def with_vat(net: Decimal, day: date) -> Decimal:
    """To the kopeck, so sums of rows may differ by kopecks from a rate applied to their sum."""
    rate = next(rate for since, rate in _RATES if day >= since)
    return (net * (1 + rate)).quantize(_KOPECK, ROUND_HALF_UP)
