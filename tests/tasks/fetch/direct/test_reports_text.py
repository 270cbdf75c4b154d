"""How the text of a report is read: by column names and by its own total, whatever stands around the rows."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.fetch.direct.reports import FIELDS
from tasks.fetch.direct.table import NotWhole, Row
from tasks.fetch.direct.table import parse as parse_fields

ALL = FIELDS | {"campaign_name": "CampaignName"}


def parse(text: str) -> list[Row]:
    return parse_fields(text, ALL)


HEADER = "Date\tCampaignId\tCampaignName\tAdGroupId\tAdId\tImpressions\tClicks\tCost\tConversions"
FIRST = "2026-09-01\t700012672\tБренд, поиск\t5757287178\t17735868496\t3955\t132\t5222.40\t4"
SECOND = "2026-09-02\t700012672\tБренд, поиск\t--\t--\t120\t0\t0\t--"
WHOLE = f"{HEADER}\n{FIRST}\n{SECOND}\nTotal rows: 2\n"
ROWS = [
    {
        "stat_date": "2026-09-01",
        "campaign_id": "700012672",
        "campaign_name": "Бренд, поиск",
        "ad_group_id": "5757287178",
        "ad_id": "17735868496",
        "impressions": "3955",
        "clicks": "132",
        "cost": "5222.40",
        "conversions": "4",
    },
    {
        "stat_date": "2026-09-02",
        "campaign_id": "700012672",
        "campaign_name": "Бренд, поиск",
        "ad_group_id": "--",
        "ad_id": "--",
        "impressions": "120",
        "clicks": "0",
        "cost": "0",
        "conversions": "--",
    },
]


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        WHOLE.removesuffix("\n"),
        f'"zakaz_2026 (2026-09-01 - 2026-09-02)"\n{WHOLE}',
        f'"zakaz_2026 (2026-09-01 - 2026-09-02)"\n\n{WHOLE}',
        f"Date and Cost\n{WHOLE}",
        f"\n\n{HEADER}\n\n{FIRST}\n \n{SECOND}\n\nTotal rows: 2\n\n",
        WHOLE.replace("Total rows: 2", "Total rows:2"),
    ],
    ids=["plain", "no last newline", "title", "title and blank line", "bare title", "blank lines", "tight total"],
)
def test_what_stands_around_the_rows_is_no_part_of_them(text: str) -> None:
    assert parse(text) == ROWS


def test_columns_are_found_by_name_in_any_order_and_among_others() -> None:
    moved = "\n".join("\t".join([*line.split("\t")[::-1], "extra"]) for line in (HEADER, FIRST, SECOND))

    assert parse(f"{moved}\nTotal rows: 2\n") == ROWS


def test_an_empty_report_has_no_rows() -> None:
    assert parse(f"{HEADER}\nTotal rows: 0\n") == []


def test_no_beginning_of_a_report_passes_for_the_whole() -> None:
    passed = []
    for end in range(len(WHOLE)):
        try:
            rows = parse(WHOLE[:end])
        except NotWhole:
            pass
        else:
            passed.append(WHOLE[end:])
            assert rows == ROWS
    assert passed == ["\n"], "only the last newline may lack"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        HEADER,
        f"{FIRST}\n{SECOND}\nTotal rows: 2\n",
        f"{HEADER}\n{FIRST}\nTotal rows: 2\n",
        f"{HEADER}\n{FIRST}\n{SECOND}\n{SECOND}\nTotal rows: 2\n",
        f"{HEADER}\n{FIRST}\n{SECOND}\nTotal rows: many\n",
        f"{HEADER}\n{FIRST}\n{SECOND}\nВсего строк: 2\n",
        f"{HEADER}\nTotal rows: 2\n{FIRST}\n{SECOND}\n",
        "<html>\n<body>Total rows: 0</body>\n</html>",
        '{"error": {"error_code": "53"}}',
    ],
    ids=str,
)
def test_what_is_not_whole_is_asked_for_again(text: str) -> None:
    with pytest.raises(NotWhole):
        parse(text)


@pytest.mark.parametrize("column", ALL.values())
def test_a_report_without_one_of_its_columns_is_none(column: str) -> None:
    place = HEADER.split("\t").index(column)
    lines = [line.split("\t") for line in (HEADER, FIRST, SECOND)]
    text = "\n".join("\t".join(cells[:place] + cells[place + 1 :]) for cells in lines)

    with pytest.raises(NotWhole):
        parse(f"{text}\nTotal rows: 2\n")


@pytest.mark.parametrize("name", ["Total rows: 7", '"quoted"', " spaced ", "", "--", "М\ufffdсква"])
def test_a_name_is_kept_letter_for_letter(name: str) -> None:
    rows = parse(f"{HEADER}\n{FIRST.replace('Бренд, поиск', name)}\nTotal rows: 1\n")

    assert rows == [ROWS[0] | {"campaign_name": name}]


@pytest.mark.parametrize(
    "name",
    [
        "a\nb",
        "a\r\nb",
        "a\rb",
        "a\tb",
        "a\t\t\nb",
        "a\n\n\nb",
        "a\u2028b",
        "a\x0bb",
        "a\x85b",
        "a\x00b",
        "a\x1c\nb",
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_what_breaks_a_line_in_a_name_is_a_space(name: str, last: bool) -> None:
    """Wherever the column stands."""
    lines = [line.split("\t") for line in (HEADER, FIRST.replace("Бренд, поиск", name), SECOND)]
    lines[1] = FIRST.split("\t")
    lines[1][2] = name
    if last:
        lines = [[*cells[:2], *cells[3:], cells[2]] for cells in lines]
    text = "\n".join("\t".join(cells) for cells in lines)

    rows = parse(f"{text}\nTotal rows: 2\n")

    assert rows == [ROWS[0] | {"campaign_name": "a b"}, ROWS[1]]


@pytest.mark.parametrize("end", ["\r\n", "\n\n", "\r\n\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_other_line_ends_and_a_byte_order_mark_change_nothing(end: str, mark: str) -> None:
    assert parse(mark + WHOLE.replace("\n", end)) == ROWS


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
    rows = [[*FIRST.split("\t")[:2], name, *FIRST.split("\t")[3:]] for name in names]
    text = "\n".join(["\t".join(cells) for cells in rows])

    parsed = parse(f"{HEADER}\n{text}\nTotal rows: {len(names)}\n")

    assert [{**row, "campaign_name": ""} for row in parsed] == [ROWS[0] | {"campaign_name": ""}] * len(names)


def test_among_rows_that_could_be_more_none_is_guessed_at() -> None:
    """No reading is the right one for sure, so the report is asked for again."""
    forged = "a" + FIRST.partition("поиск")[2] + "\n" + SECOND.partition("Бренд")[0] + "b"

    with pytest.raises(NotWhole):
        parse(f"{HEADER}\n{FIRST.replace('Бренд, поиск', forged)}\n{SECOND}\nTotal rows: 2\n")


@pytest.mark.parametrize("line", [FIRST.rpartition("\t")[0], "Итого"], ids=["a cell less", "one cell"])
def test_a_row_with_too_few_cells_is_kept_as_text_and_counted(line: str) -> None:
    rows = parse(f"{HEADER}\n{line}\n{SECOND}\nTotal rows: 2\n")

    assert rows[1:] == ROWS[1:]
    assert rows[0] == {"stat_date": line.replace("\t", " ")}


def test_of_a_very_long_row_only_its_beginning_is_kept() -> None:
    (row,) = parse(f"{HEADER}\n{'x' * 10_000}\nTotal rows: 1\n")

    assert row["stat_date"] == "x" * 200


def test_a_name_of_many_thousand_lines_is_read_in_one_go() -> None:
    """Looked at once each: a row that grew line by line would be copied as often, which takes minutes."""
    name = "x" * 100 + "\n"
    first = FIRST.replace("Бренд, поиск", name * 50_000)

    rows = parse(f"{HEADER}\n{first}\n{SECOND}\nTotal rows: 2\n")

    assert [row["ad_id"] for row in rows] == ["17735868496", "--"]
    assert rows[0]["campaign_name"] == name.replace("\n", " ") * 50_000
