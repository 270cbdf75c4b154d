"""All defects, of which each has the checks that must catch it."""

from __future__ import annotations

from tests.quality.defects_ads import ADS
from tests.quality.defects_runs import MARTS, RUNS
from tests.quality.defects_sales import SALES

DEFECTS = (*SALES, *ADS, *MARTS, *RUNS)
