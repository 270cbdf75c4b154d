"""What a person sees of findings and of concerts in a terminal: text, lines to copy, the reason where there is no figure."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from rich.console import Console

from cli import terminal
from cli.concerts import backtest_table, shows_table
from cli.findings import print_findings
from tasks.quality.checks import checks

# fmt: off
FINDING = {
    "opened_at": datetime(2026, 3, 14, 7, tzinfo=UTC), "status": "open", "severity": "fail", "check_name": "some",
    "finding": "vk_ads/main/2026-03-13/a name's", "what": "x", "what_ru": "Отчёт не сходится " + "с таблицами " * 9,
    "source": "vk_ads", "account": "spb", "day": date(2026, 3, 13), "accepted_as": "", "until": None, "why": "",
}
SHOW = {
    "show_date": date(2026, 3, 14), "event_name": "Балет\x1b[31m", "city": "москва", "tickets": 1200, "sold_share": 0.5,
    "pace": 0.9, "tickets_p25": 1300, "tickets_p50": 1400, "tickets_p75": None, "sells_out_on": date(2026, 3, 12),
    "spend_total": Decimal("10.50"), "cost_per_ticket": 0.00875, "reason": "", "reason_ru": "",
}
NONE = {
    "pace": None, "sold_share": None, "sells_out_on": None, "cost_per_ticket": None,
    "reason": "no forecast: too early", "reason_ru": "нет прогноза: рано",
}
# fmt: on
BETWEEN_THOUSANDS = "\N{NO-BREAK SPACE}"
SOME = replace(checks()[0], name="some", do="Load", do_ru="Нужна ещё одна загрузка", run="{load}")


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "out", Console(width=80, no_color=True))


def test_a_finding_says_what_is_wrong_and_is_accepted_by_a_line_to_copy(capsys: pytest.CaptureFixture[str]) -> None:
    known = {"status": "accepted", "accepted_as": "vk_ads/*", "until": date(2026, 4, 1), "why": "так надо"}
    print_findings(pl.DataFrame([FINDING, FINDING | known]), [SOME], "ru", 2)
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("открыто    важно        2026-03-14 10:00  Отчёт не сходится")
    assert max(map(len, (line for line in shown if "zakaz" not in line))) <= 80
    assert [line for line in shown if "загрузка" in line] == ["           Нужна ещё одна загрузка"]
    assert [line.strip() for line in shown if "zakaz" in line] == [
        "zakaz load vk_ads --account spb --from 2026-03-13 --to 2026-03-13 --refresh",
        """zakaz quality accept some 'vk_ads/main/2026-03-13/a name'"'"'s' --until ДАТА --why ПОЧЕМУ""",
        "zakaz quality reopen some 'vk_ads/*'",
    ]
    assert "           Принято до 01.04.2026: так надо" in shown
    many = [FINDING | {"finding": f"vk_ads/main/2026-03-1{n}", "severity": "warn"} for n in range(4)]
    assert print_findings(pl.DataFrame([*many, FINDING | known]), [SOME], "ru", 1) == 1, "one more group"
    assert "zakaz quality accept some 'vk_ads/main/2026-03-*' " in capsys.readouterr().out


@pytest.mark.parametrize(("language", "told"), [("en", "too early"), ("ru", "рано")])
def test_tables_say_what_there_is_and_why_there_is_no_forecast(language: str, told: str) -> None:
    back = {"days_out": [30], "shows": [9], "forecasts": [4], "median_error": [0.125], "within_quartiles": [None]}
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        whole = [SHOW | {"event_name": "Опера", "spend": 12345}]
        console.print(shows_table(pl.DataFrame([SHOW, SHOW | NONE], strict=False), language, whole))
        console.print(backtest_table(pl.DataFrame(back), language))
    said = captured.get().replace(BETWEEN_THOUSANDS, " ")
    whole, lacking = (line for line in said.splitlines() if "Балет" in line)
    ends = "2026-03-12" if language == "en" else "12.03"
    words = ("1 200", "50 %", "-10 %", "1400 (1300-…)", ends, " 10 ", "0.01")
    assert not [word for word in words if word not in whole], said
    assert told in lacking and "%" not in lacking and "\x1b" not in said
    assert "12 %" in said and f"Опера, {SHOW['city']} 12 345" in said.replace(",345", " 345")
