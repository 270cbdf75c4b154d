"""How the text of a report is read: by column names and by its own total, whatever the names of campaigns contain."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.fetch.direct.reports import FIELDS
from tasks.fetch.direct.table import NotWhole
from tasks.fetch.direct.table import parse as parse_fields

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


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f'"zakaz_2026 (2026-09-01 - 2026-09-02)"\n\n{HEADER}\n\n{FIRST}\n \n{SECOND}\n\nTotal rows: 2\n\n',
        "\ufeff" + WHOLE.replace("\n", "\r\n"),
        "\n".join("\t".join([*line.split("\t")[::-1], "x"]) for line in (HEADER, FIRST, SECOND))
        + "\nTotal rows: 2",
    ],
    ids=["plain", "title and blank lines", "other line ends", "other order"],
)
def test_rows_are_found_by_column_names_whatever_is_around_them(text: str) -> None:
    assert parse(text) == ROWS


def test_no_beginning_of_a_report_passes_for_the_whole() -> None:
    for end in range(len(WHOLE) - 1):
        with pytest.raises(NotWhole):
            parse(WHOLE[:end])
    assert parse(WHOLE[:-1]) == ROWS, "only the last newline may lack"


@pytest.mark.parametrize(
    "text",
    [
        f"{FIRST}\n{SECOND}\nTotal rows: 2\n",
        f"{HEADER}\n{FIRST}\nTotal rows: 2\n",
        f"{HEADER}\n{FIRST}\n{SECOND}\n{SECOND}\nTotal rows: 2\n",
        WHOLE.replace("Cost\t", "Other\t", 1),
        # Rows that could be more: a name that looks like the end of a row and the start of another.
        WHOLE.replace(NAME, "a" + FIRST.partition(NAME)[2] + "\n" + SECOND.partition(NAME)[0] + "b", 1),
    ],
    ids=str,
)
def test_what_is_not_whole_is_refused_and_never_guessed(text: str) -> None:
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
