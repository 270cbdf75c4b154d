"""How the text of a report is read: by column names and by its own total, whatever stands around the rows."""

from __future__ import annotations

import pytest

from tasks.fetch.http import TryAgain
from tasks.fetch.yandex_direct.reports import FIELDS, parse

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
        except TryAgain as refused:
            assert refused.few
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
    with pytest.raises(TryAgain) as refused:
        parse(text)

    assert refused.value.few


@pytest.mark.parametrize("column", FIELDS.values())
def test_a_report_without_one_of_its_columns_is_none(column: str) -> None:
    place = HEADER.split("\t").index(column)
    lines = [line.split("\t") for line in (HEADER, FIRST, SECOND)]
    text = "\n".join("\t".join(cells[:place] + cells[place + 1 :]) for cells in lines)

    with pytest.raises(TryAgain):
        parse(f"{text}\nTotal rows: 2\n")


@pytest.mark.parametrize("name", ["Total rows: 7", '"quoted"', " spaced ", "a\u2028b\x0bc\x85d\x1ce\rf", "", "--"])
def test_a_name_is_kept_letter_for_letter_and_cuts_no_line(name: str) -> None:
    rows = parse(f"{HEADER}\n{FIRST.replace('Бренд, поиск', name)}\nTotal rows: 1\n")

    assert rows == [ROWS[0] | {"campaign_name": name}]


@pytest.mark.parametrize(
    ("line", "ad"),
    [
        (FIRST.replace("Бренд,", "Бренд\t"), "17735868496"),
        (FIRST.replace("Бренд,", "Бренд\t\t"), "17735868496"),
        (FIRST.rpartition("\t")[0], None),
        ("Итого", None),
    ],
    ids=["a tab in the name", "two tabs", "a cell less", "one cell"],
)
def test_a_row_with_a_wrong_number_of_cells_is_kept_as_text_and_counted(line: str, ad: str | None) -> None:
    rows = parse(f"{HEADER}\n{line}\n{SECOND}\nTotal rows: 2\n")

    assert rows[1:] == ROWS[1:]
    assert rows[0]["stat_date"] == line.replace("\t", " ")
    assert rows[0].get("ad_id") == ad
    assert set(rows[0]) <= {"stat_date", "ad_id"}


def test_of_a_very_long_row_only_its_beginning_is_kept() -> None:
    (row,) = parse(f"{HEADER}\n{'x' * 10_000}\nTotal rows: 1\n")

    assert row["stat_date"] == "x" * 200
