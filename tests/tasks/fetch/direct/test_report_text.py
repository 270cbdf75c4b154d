"""How the text of a report is read: by column names and by its own total, whatever the names of campaigns contain."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.fetch.direct.reports import FIELDS
from tasks.fetch.direct.table import NotWhole, Row
from tasks.fetch.direct.table import parse as parse_fields

ALL = FIELDS | {"campaign_name": "CampaignName"}
NAME = "Бренд, поиск"
HEADER = "Date\tCampaignId\tCampaignName\tAdGroupId\tAdId\tImpressions\tClicks\tCost\tConversions"
FIRST = f"2026-09-01\t700012672\t{NAME}\t5757287178\t17735868496\t3955\t132\t5222.40\t4"
SECOND = f"2026-09-02\t700012672\t{NAME}\t--\t--\t120\t0\t0\t--"
WHOLE = f"{HEADER}\n{FIRST}\n{SECOND}\nTotal rows: 2\n"
COLUMNS = (
    "stat_date", "campaign_id", "campaign_name", "ad_group_id", "ad_id", "impressions", "clicks", "cost", "conversions"
)  # fmt: skip
ROWS = [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in (FIRST, SECOND)]


def parse(text: str) -> list[Row]:
    return parse_fields(text, ALL)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f'"zakaz_2026 (2026-09-01 - 2026-09-02)"\n\n{WHOLE}',
        f"Date and Cost\n{WHOLE}",
        f"\n\n{HEADER}\n\n{FIRST}\n \n{SECOND}\n\nTotal rows: 2\n\n",
        WHOLE.replace("Total rows: 2", "Total rows:2"),
        "\ufeff" + WHOLE.replace("\n", "\r\n"),
        *[
            "\n".join("\t".join([*line.split("\t")[::-1], "x"]) for line in WHOLE.split("\n")[:3])
            + "\nTotal rows: 2"
        ],
    ],
    ids=["plain", "title", "bare title", "blank lines", "tight total", "other line ends", "other order"],
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
        HEADER,
        f"{FIRST}\n{SECOND}\nTotal rows: 2\n",
        f"{HEADER}\n{FIRST}\nTotal rows: 2\n",
        f"{HEADER}\n{FIRST}\n{SECOND}\n{SECOND}\nTotal rows: 2\n",
        f"{HEADER}\n{FIRST}\n{SECOND}\nВсего строк: 2\n",
        f"{HEADER}\nTotal rows: 2\n{FIRST}\n{SECOND}\n",
        "<html>\n<body>Total rows: 0</body>\n</html>",
        *(WHOLE.replace(f"{name}\t", "Other\t", 1) for name in ALL.values() if name != "Conversions"),
        # Rows that could be more: a name that looks like the end of a row and the start of another.
        WHOLE.replace(NAME, "a" + FIRST.partition(NAME)[2] + "\n" + SECOND.partition(NAME)[0] + "b", 1),
    ],
    ids=str,
)
def test_what_is_not_whole_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(NotWhole):
        parse(text)


@pytest.mark.parametrize(
    "name", ["a\nb", "a\r\nb", "a\tb", "a\t\t\nb", "a\n\n\nb", "a\u2028b", "a\x0bb", "a\x85b", "a\x00b", "a\x1c\nb"]
)
@pytest.mark.parametrize("last", [False, True])
def test_what_breaks_a_line_in_a_name_is_a_space(name: str, last: bool) -> None:
    """Wherever the column is."""
    lines = [line.split("\t") for line in (HEADER, FIRST, SECOND)]
    lines[1][2] = name
    if last:
        lines = [[*cells[:2], *cells[3:], cells[2]] for cells in lines]

    rows = parse("\n".join("\t".join(cells) for cells in lines) + "\nTotal rows: 2\n")

    assert rows == [ROWS[0] | {"campaign_name": "a b"}, ROWS[1]]


TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "\n",
        "\t",
        "\n\t",
        "Total rows: 2",
        "\nTotal rows: 5\n",
        SECOND,
        f"\n{SECOND}\n",
        FIRST,
        HEADER,
        f"\n{HEADER}\n",
    ]
)


@given(st.lists(st.lists(TEXTS, max_size=3).map("".join), min_size=1, max_size=5))
def test_whatever_the_names_all_rows_and_figures_come(names: list[str]) -> None:
    assume(len(names) == 1 or not any(re.search(r"\t(4|--)\s*\n\s*2026", name) for name in names))
    text = "\n".join(FIRST.replace(NAME, name) for name in names)

    parsed = parse(f"{HEADER}\n{text}\nTotal rows: {len(names)}\n")

    assert [{**row, "campaign_name": ""} for row in parsed] == [ROWS[0] | {"campaign_name": ""}] * len(names)


@pytest.mark.parametrize(
    "line", [FIRST.rpartition("\t")[0], "Итого", "x" * 10_000], ids=["a cell less", "one", "long"]
)
def test_a_row_with_too_few_cells_is_kept_as_text_and_counted(line: str) -> None:
    rows = parse(f"{HEADER}\n{line}\n{SECOND}\nTotal rows: 2\n")

    assert rows == [{"stat_date": line.replace("\t", " ")[:200]}, ROWS[1]]


def test_a_name_of_many_thousand_lines_is_read_in_one_go() -> None:
    """A row that grew line by line would be copied as often, which takes minutes."""
    name = "x" * 100 + "\n"

    rows = parse(WHOLE.replace(NAME, name * 50_000, 1))

    assert [row["ad_id"] for row in rows] == ["17735868496", "--"]
    assert rows[0]["campaign_name"] == name.replace("\n", " ") * 50_000
