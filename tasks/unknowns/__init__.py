"""What only a live account can tell: the questions of each source, as data, asked by `zakaz probe`.

A source without an interview has no question. The path of a row knows nothing of this.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.unknowns import direct, qtickets, vk_ads
from tasks.unknowns.question import Interview

INTERVIEWS: Mapping[str, Interview] = {
    interview.source: interview for interview in (qtickets.INTERVIEW, vk_ads.INTERVIEW, direct.INTERVIEW)
}
