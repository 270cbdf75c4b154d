"""What checks have found, as a person sees it in a terminal."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from cli import run, terminal
from tasks.errors import WarehouseError
from tasks.quality.complete import Answer
from tasks.settings import Settings


def test_a_finding_says_what_is_wrong_and_how_it_is_accepted_on_a_line_to_copy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "out", terminal.Console(width=80, no_color=True))
    finding = {
        "opened_at": datetime(2026, 3, 14, 7, tzinfo=UTC), "status": "open", "severity": "fail",
        "check_name": "reconcile_marketing", "finding": "vk_ads/main/2026-03-13/a name's", "what": "x",
        "what_ru": "Отчёт не сходится " + "с таблицами " * 9,
    }  # fmt: skip

    remedies = {"reconcile_marketing": "Нужна ещё одна загрузка"}
    terminal.print_findings(pl.DataFrame([finding, finding | {"status": "accepted"}]), remedies, "ru")

    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("открыто    важно        2026-03-14 10:00  Отчёт не сходится")
    assert max(map(len, (line for line in shown if "zakaz" not in line))) <= 80
    assert [line for line in shown if "загрузка" in line] == ["           Нужна ещё одна загрузка"]
    accept = """zakaz quality accept reconcile_marketing 'vk_ads/main/2026-03-13/a name'"'"'s' --until DATE --why WORDS"""
    assert [line.strip() for line in shown if "zakaz" in line] == [accept], (
        "of what is accepted nothing is to be done"
    )


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
