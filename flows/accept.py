"""What a check has found and people know of: no message about it until a day."""

from datetime import date
from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.hooks import ALERT_HOOKS
from flows.outcomes import completed, in_words
from flows.parameters import shown
from tasks.alerts.block import block_channel
from tasks.quality.run import accept_findings
from tasks.settings import load_settings
from tasks.translation import marked

_CHECK = marked("Check", "Its name, as the message has it.")
_FINDING = marked("Finding", "Its name, as the message has it; with a * behind all that begin so.")
_UNTIL = marked("Until", "The last day, in Moscow, on which it is accepted.")
_WHY = marked("Why", "For whoever sees it next.")
CheckName = Annotated[
    str,
    Field(pattern="^[a-z0-9_]+$", json_schema_extra=shown(*_CHECK)),
]
Key = Annotated[
    str,
    Field(
        min_length=1,
        json_schema_extra=shown(*_FINDING),
    ),
]
Until = Annotated[date, Field(json_schema_extra=shown(*_UNTIL))]
Why = Annotated[str, Field(min_length=1, json_schema_extra=shown(*_WHY))]


@flow(name="accept", description=__doc__, **ALERT_HOOKS)
@in_words
def accept(check: CheckName, key: Key, until: Until, why: Why) -> State[object]:
    """Accept a finding.

    Args:
        check: Its check, as the message names it.
        key: Its name, as the message gives it; with a * behind all that begin so.
        until: The last day, in Moscow, on which it is accepted.
        why: For whoever sees it next.
    """
    settings = load_settings()
    message = accept_findings(settings, check, key, until, why, block_channel(settings))
    return completed(message, message)
