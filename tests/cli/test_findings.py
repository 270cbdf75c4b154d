"""What checks have found, as a person sees it in a terminal."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from cli import run, terminal
from cli.findings import print_findings
from tasks.errors import WarehouseError
from tasks.quality.checks import checks
from tasks.quality.complete import Answer
from tasks.settings import Settings


def test_a_finding_says_what_is_wrong_and_how_it_is_accepted_on_a_line_to_copy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "out", terminal.Console(width=80, no_color=True))
    finding = {
        "opened_at": datetime(2026, 3, 14, 7, tzinfo=UTC), "status": "open", "severity": "fail",
        "check_name": "reconcile_marketing", "finding": "vk_ads/main/2026-03-13/a name's", "what": "x",
        "what_ru": "Отчёт не сходится " + "с таблицами " * 9, "source": "vk_ads", "account": "spb",
        "day": date(2026, 3, 13), "accepted_as": "", "until": None, "why": "",
    }  # fmt: skip
    known = {"status": "accepted", "accepted_as": "vk_ads/*", "until": date(2026, 4, 1), "why": "так надо"}
    check = replace(checks()[0], name="reconcile_marketing", do_ru="Нужна ещё одна загрузка", run="{load}")

    print_findings(pl.DataFrame([finding, finding | known]), [check], "ru")

    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("открыто    важно        2026-03-14 10:00  Отчёт не сходится")
    assert max(map(len, (line for line in shown if "zakaz" not in line))) <= 80
    assert [line for line in shown if "загрузка" in line] == ["           Нужна ещё одна загрузка"]
    accept = """zakaz quality accept reconcile_marketing 'vk_ads/main/2026-03-13/a name'"'"'s' --until ДАТА --why ПОЧЕМУ"""
    assert [line.strip() for line in shown if "zakaz" in line] == [
        "zakaz load vk_ads --account spb --from 2026-03-13 --to 2026-03-13 --refresh",
        accept,
        "zakaz quality reopen reconcile_marketing 'vk_ads/*'",
    ]
    assert "           Принято до 01.04.2026: так надо" in shown


def test_what_one_cause_broke_on_many_days_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "out", terminal.Console(width=200, no_color=True))
    alike = [
        {
            "opened_at": datetime(2026, 3, 14, tzinfo=UTC), "status": "open", "severity": "warn", "check_name": "some",
            "finding": f"vk_ads/main/{day}", "what": f"{day} is off", "what_ru": "", "source": "vk_ads",
            "account": "main", "day": date(2026, 3, day), "accepted_as": "", "until": None, "why": "",
        }
        for day in range(3, 13)
    ]  # fmt: skip
    other = alike[0] | {"source": "direct", "finding": "direct/main/3", "day": None}

    print_findings(
        pl.DataFrame([*alike, other]), [replace(checks()[0], name="some", do="Load", run="{load}")], "en"
    )

    shown = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert [line.partition("  ")[2][-6:] for line in shown if line.startswith("open")] == [
        "3 is off"[-6:], "4 is off"[-6:], "5 is off"[-6:], "3 is off"[-6:],
    ]  # fmt: skip
    assert shown[3:6] == ["and 7 more", "Load", "zakaz load vk_ads --from 2026-03-03 --to 2026-03-12 --refresh"]
    assert shown[-2].endswith("zakaz load direct --refresh")


def test_what_is_said_of_the_data_ends_with_yesterday(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lost(*_: object) -> Any:
        raise WarehouseError("It is locked.")

    monkeypatch.setenv("ZAKAZ_LANGUAGE", "ru")
    monkeypatch.setattr(terminal, "out", terminal.Console(width=80, no_color=True))
    monkeypatch.setattr(run, "judge", list)
    monkeypatch.setattr(run, "load_settings", lambda: Settings(_env_file=None))
    monkeypatch.setattr(
        run, "answers", lambda *_: [Answer("qtickets", "main", "yes"), Answer("direct", "a", "later")]
    )

    assert run.run_quality(as_json=False) == 0
    empty, question, *lines = capsys.readouterr().out.splitlines()
    assert empty == "" and question.startswith("Вчерашний день, ")
    assert lines[:4] == [
        "да         QTickets",
        "ещё нет    Яндекс Директ a: после окончания дня не загружалось",
        "           zakaz load direct --account a",
        "",
    ]
    monkeypatch.setattr(run, "answers", lost)
    assert run.run_quality(as_json=False) == 0
    assert capsys.readouterr().out.startswith("0 проверок: ")
