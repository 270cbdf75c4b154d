"""The parameters of flows as Prefect's form shows and checks them, before there is a run."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from tasks.load.backup_place import NAME
from tasks.settings import language
from tasks.sources import SOURCES
from tasks.sources.windows import MOST_DAYS


def shown(title: str, description: str | None, title_ru: str, description_ru: str) -> dict[str, Any]:
    """A parameter as Prefect's form shows it, put into the schema itself, since as a title Prefect takes the name.
    What differs from flow to flow is described in the flow's docstring, in English alone."""
    if language() == "ru":
        return {"title": title_ru, "description": description_ru}
    return {"title": title} | ({"description": description} if description else {})


Days = Annotated[
    int,
    Field(
        ge=1,
        le=MOST_DAYS,
        json_schema_extra=shown(
            "Days back", None, "Сколько дней", "Назад, по Москве: продажи до сегодня, реклама до вчера."
        ),
    ),
]
_FIRST = "None: the days back, as above. To load certain days, choose date and pick the first of them."
_FIRST_RU = (
    "None: сколько дней назад, как выше. Чтобы взять определённые дни, выберите date и укажите первый из них."
)
FirstDay = Annotated[date | None, Field(json_schema_extra=shown("First day", _FIRST, "Первый день", _FIRST_RU))]
_LAST = "None: up to today for ticket sales, up to yesterday for advertising, whose today is not over."
_LAST_RU = "None: продажи до сегодня, реклама до вчера: её сегодняшний день не кончился."
LastDay = Annotated[date | None, Field(json_schema_extra=shown("Last day", _LAST, "Последний день", _LAST_RU))]
_REFRESH = "Ask the API also for what was fetched before. Off is right nearly always."
_REFRESH_RU = "Спросить API и о том, что уже скачано. Почти всегда лучше выключено."
Refresh = Annotated[bool, Field(json_schema_extra=shown("Fetch again", _REFRESH, "Скачать заново", _REFRESH_RU))]
_NAMES = "; ".join(f"{name}: {source.title}" for name, source in SOURCES.items())
_ACCOUNT = "None: all accounts of the source, each as a run of its own."
_ACCOUNT_RU = "None: все аккаунты источника, каждый своим запуском."
AccountName = Annotated[
    str | None,
    Field(pattern="^[a-z0-9-]+$", json_schema_extra=shown("Account", _ACCOUNT, "Аккаунт", _ACCOUNT_RU)),
]
SourceName = Annotated[
    str, Field(json_schema_extra={"enum": list(SOURCES), **shown("Source", _NAMES, "Источник", _NAMES)})
]
_BEGINNING_RU = "С какого дня. Дни, которых у источника уже нет, пропускаются."
Beginning = Annotated[date, Field(json_schema_extra=shown("First day", None, "Первый день", _BEGINNING_RU))]
_REDO_RU = "И те дни, что уже загружены. Выключено: они пропускаются."
Redo = Annotated[bool, Field(json_schema_extra=shown("Load again", None, "Загрузить заново", _REDO_RU))]
_TODAY_RU = "None: на сегодня. Чтобы судить на другой день, по Москве, выберите date и укажите его."
Today = Annotated[date | None, Field(json_schema_extra=shown("Day", None, "День", _TODAY_RU))]
_WHOLE_RU = "И проверки, которые читают билеты и объявления всех дней; это дольше."
Whole = Annotated[bool, Field(json_schema_extra=shown("All of history", None, "Вся история", _WHOLE_RU))]
_NAME_RU = "Бэкапа; если не указать — база и время в UTC."
BackupName = Annotated[str, Field(pattern=f"^{NAME}$", json_schema_extra=shown("Name", None, "Имя", _NAME_RU))]
