"""What a person sees of concerts, in both languages: nothing but text, and the reason where there is no figure."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from rich.console import Console

from cli.concerts import backtest_table, print_attention, shows_table
from tasks.quality.checks import Check, Finding

# fmt: off
SHOW = {
    "show_date": date(2026, 3, 14), "event_name": "Балет\x1b[31m", "city": "москва", "tickets": 1200, "sold_share": 0.5,
    "pace": 0.9, "tickets_p25": 1300, "tickets_p50": 1400, "tickets_p75": None, "sells_out_on": date(2026, 3, 12),
    "spend_total": Decimal("10.50"), "cost_per_ticket": 0.00875, "reason": "", "reason_ru": "",
}
# fmt: on
BETWEEN_THOUSANDS = "\N{NO-BREAK SPACE}"
NONE = {"pace": None, "sold_share": None, "sells_out_on": None, "cost_per_ticket": None}
NONE |= {"reason": "no forecast: too early", "reason_ru": "нет прогноза: рано"}


@pytest.mark.parametrize(("language", "told"), [("en", "too early"), ("ru", "рано")])
def test_tables_say_what_there_is(language: str, told: str) -> None:
    console = Console(width=200, no_color=True)
    back = pl.DataFrame(
        {"days_out": [30], "shows": [9], "forecasts": [4], "median_error": [0.125], "within_quartiles": [None]}
    )

    with console.capture() as captured:
        console.print(shows_table(pl.DataFrame([SHOW, SHOW | NONE], strict=False), language))
        console.print(backtest_table(back, language))
    said = captured.get().replace(BETWEEN_THOUSANDS, " ")

    whole, lacking = (line for line in said.splitlines() if "Балет" in line)
    for word in (
        "1 200",
        "50 %",
        "-10 %",
        "1400 (1300-…)",
        "2026-03-12" if language == "en" else "12.03",
        " 10 ",
        "0.01",
    ):
        assert word in whole, said
    assert told in lacking and "%" not in lacking and "\x1b" not in said
    assert "12 %" in said


def test_what_deserves_attention_has_its_sum_whole_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(width=40, no_color=True)
    monkeypatch.setattr("cli.terminal.out", console)
    check = Check("c", "T", "W", "warn", ("direct",), {}, None, "", do="stop", do_ru="остановите")
    found = Finding(
        check, "k", "warn", "direct", "", None, Decimal("1234567.10"), "spent", "потрачено: 1\xa0234\xa0567 ₽"
    )

    with console.capture() as captured:
        print_attention([found, replace(found, money=None)], "ru")

    first, todo, unknown, _ = captured.get().replace(BETWEEN_THOUSANDS, " ").splitlines()
    assert first == "1 234 567 ₽ потрачено: 1 234 567 ₽"
    assert (todo.strip(), unknown.strip()) == ("остановите", "потрачено: 1 234 567 ₽")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_figure_is_cut_at_80_columns(language: str) -> None:
    console = Console(width=80, no_color=True)
    large = SHOW | {"event_name": "Очень длинное название", "tickets": 12345, "pace": 11.5, "sold_share": 1.0}
    large |= {"spend_total": Decimal("987654.32"), "cost_per_ticket": 98765.43, "show_date": date(2030, 3, 14)}

    with console.capture() as captured:
        console.print(shows_table(pl.DataFrame([large], strict=False), language))

    shown = captured.get()
    for figure in ("12 345", "100 %", "+1050 %", "987 654", "98 765.43"):
        assert figure.replace(" ", BETWEEN_THOUSANDS).replace(f"{BETWEEN_THOUSANDS}%", " %") in shown, shown
