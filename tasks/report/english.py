"""The report's words in English, by the Russian ones, which are in the template and in `page.py`."""

from __future__ import annotations

ENGLISH = {
    "Расход": "Spend",
    "Чистая выручка": "Net revenue",
    "Билеты": "Tickets",
    "расход с НДС": "spend with VAT",
    "расход без НДС": "spend without VAT",
    "Билеты и реклама": "Tickets and advertising",
    "Деньги": "Money",
    "Выдуманные данные (песочница)": "Made-up data (sandbox)",
    "Дни московские, по дню оплаты": "Moscow days, by the day of payment",
    "Составлено": "Made",
    "мск": "Moscow time",
    "Данных ещё нет": "There are no data yet",
    "Цифры могут быть неверны": "The figures may be wrong",
    "Есть замечания к данным": "There are remarks on the data",
    "Данные свежие, проверки сошлись": "The data are fresh, all checks hold",
    "Ни продаж, ни рекламы в хранилище нет. Загрузите их: zakaz load all.": (
        "The warehouse holds neither sales nor advertising. Load them: zakaz load all."
    ),
    "нарушено": "broken",
    "проверьте": "to look at",
    "с": "since",
    "и ещё": "and more",
    "Данные ещё не проверялись.": "The data were never checked.",
    "Последняя проверка данных была давно": "The last check of the data is long ago",
    "ещё не загружен": "never loaded",
    "данные по": "data up to",
    "загружено": "loaded",
    "загрузка не удалась": "the load failed",
    "давно не загружался": "not loaded for long",
    "Проверки": "Checks",
    "Как идут дела": "How it goes",
    "Вчера": "Yesterday",
    "дней": "days",
    "дн.": "days",
    "сравнить не с чем": "nothing to compare with",
    "данных нет": "no data",
    "данные всех кабинетов с": "data of all accounts since",
    "к": "against",
    "ROMI рекламы": "ROMI of ads",
    "ROMI общий": "ROMI of all",
    "было": "was",
    "Стрелки — против стольких же дней перед этими. ROMI рекламы — по билетам с её метками, общий — вся "
    "выручка против всей рекламы. Возвраты вычтены из дня продажи; за последние дни их ещё прибавится.": (
        "Arrows: against as many days before these. ROMI of ads: by the tickets with their tags; of all: all "
        "revenue against all advertising. Refunds are taken off the day of the sale; of the last days more "
        "will come."
    ),
    "Кампании вчера": "Campaigns yesterday",
    "Клики": "Clicks",
    "Всего кампаний": "Campaigns in all",
    "Остальные кампании": "Other campaigns",
    "билетов": "tickets",
    "Билеты — проданные вчера с метками кампании, хотя бы объявление видели и раньше. Окупилась ли кампания, "
    "покажет таблица за все дни ниже.": (
        "Tickets: sold yesterday with the campaign's tags, though the ad may have been seen before. Whether a "
        "campaign pays back the table of all days below tells."
    ),
    "Вчера рекламы не было, или она ещё не загружена.": (
        "There was no advertising yesterday, or it is not loaded yet."
    ),
    "На что обратить внимание": "What deserves attention",
    "Все покажет zakaz attention.": "zakaz attention shows them all.",
    "Сумма — сколько денег на кону, в валюте отчёта. Это не ошибки данных.": (
        "On the left the money at stake. These are no faults of the data."
    ),
    "Ничего.": "Nothing.",
    "Выручка и расход по дням": "Revenue and spend by day",
    "Чистая выручка и расход по дням": "Net revenue and spend by day",
    "чистая выручка": "net revenue",
    "расход": "spend",
    "Что принёс рубль рекламы": "What a rouble of advertising brought",
    "Что принесла реклама": "What advertising brought",
    "зарабатывает": "earns",
    "окупается": "pays back",
    "в минус": "loses",
    "без расхода": "no spend",
    "ROMI больше": "ROMI above",
    "от": "from",
    "до": "to",
    "меньше": "below",
    "По источникам": "By source",
    "Источник": "Source",
    "без меток рекламы": "no ads' tags",
    "Реклама вместе": "All advertising",
    "Всего": "Total",
    "Выручка источника — билеты с его метками; «без меток рекламы» — все остальные.": (
        "Revenue of a source: tickets with its tags; “no ads' tags”: all others."
    ),
    "За эти дни ничего нет.": "There is nothing of these days.",
    "По городам": "By city",
    "Чистая выручка и расход по городам": "Net revenue and spend by city",
    "полоса — чистая выручка": "bar: net revenue",
    "расход; цвет — как окупается": "spend; the colour says how it pays back",
    "Город": "City",
    "без города": "no city",
    "По кампаниям": "By campaign",
    "за все загруженные дни": "all loaded days",
    "Кампания": "Campaign",
    "Расход всего": "Spend in all",
    "Здесь вся выручка города, и та, что пришла не с рекламы: сравнивайте города между собой, а не с кампаниями.": (
        "This is all revenue of a city, also what no advertising brought: compare cities with each other, not with "
        "campaigns."
    ),
    "«Без города» — реклама, в метках которой города нет: она продаёт и в городах выше.": (
        "“No city”: advertising whose tags name none; it sells in the cities above, too."
    ),
    "Выручка в другой валюте в суммы не входит.": "The sums leave out revenue in another currency.",
    "продажи в {other}, в {own} не сравнить": "sold in {other}, not to be compared in {own}",
    "ещё билетов в {other}: {n}": "tickets in {other} besides: {n}",
    "остальные": "others",
    "билеты, чьи метки не подошли ни к одной кампании": "tickets whose tags fit no campaign",
    "Сверху те, кто тратит сейчас. ROMI — за всю жизнь кампании: по её меткам покупают и через недели после "
    "рекламы.": (
        "Those that spend now come first. ROMI is of a campaign's whole life: tickets with its tags are "
        "bought later, too."
    ),
    "Рекламы ещё нет.": "There is no advertising yet.",
    "Ближайшие концерты": "Coming shows",
    "с начала продаж": "since sales began",
    "Билеты будущих концертов против обычного": "Tickets of coming shows against the usual",
    "продано": "sold",
    "намного меньше обычного": "far less than usual",
    "обычно к концу вчерашнего дня": "usual by the end of yesterday",
    "прогноз": "forecast",
    "зал": "hall",
    "Концерт": "Show",
    "Продано": "Sold",
    "Занято": "Taken",
    "К обычному": "Against usual",
    "Прогноз": "Forecast",
    "на билет": "a ticket",
    "аншлаг": "sold out",
    "Занято — доля проданных мест. К обычному — билеты на конец вчерашнего дня против того, что за столько же дней "
    "продавали похожие концерты: того же города и размера, а если таких мало — все. Прогноз — сколько билетов "
    "будет в итоге, в скобках — скорее всего от и до.": (
        "Taken: the share of the seats that is sold. Against usual: tickets by the end of yesterday against what "
        "comparable shows had sold so many days before: of the same city and size or, where those are few, all. "
        "Forecast: tickets in the end, in brackets probably from and to."
    ),
    "Ещё потрачено на события в целом, не на отдельный концерт:": (
        "Also spent on events as a whole, not on any one show:"
    ),
    "Ни к одному концерту не отнесено рекламы на": "Advertising that fits no concert:",
    "за": "in",
    "Будущих концертов нет.": "No show is to come.",
    "Возвраты": "Refunds",
    "Когда вернули": "Given back",
    "Вернули": "Amount",
    "Возвратов нет.": "There are no refunds.",
    "раньше чем за 30 дней": "more than 30 days before",
    "за 8–30 дней": "8–30 days before",
    "за 2–7 дней": "2–7 days before",
    "за день или в день концерта": "on the day of the show or the one before",
    "после концерта": "after the show",
    "день концерта неизвестен": "the day of the show is not known",
    "Промокоды и скидки": "Promo codes and discounts",
    "Код": "Code",
    "Скидка": "Discount",
    "личные коды": "personal codes",
    "коды, которых источник больше не называет": "codes that the source no longer lists",
    "скидки без кода": "discounts without a code",
    "Ни одного билета со скидкой.": "No ticket was sold at a discount.",
    "ROMI = (чистая выручка − расход) / расход. Чистая выручка — сколько заплатили, без того, что "
    "вернули. Суммы округлены до целых; точная видна, если навести.": (
        "ROMI = (net revenue − spend) / spend. Net revenue: what was paid, without what was given back. Sums "
        "are rounded to whole units; point at one to see it exactly."
    ),
    "пн": "Mon",
    "вт": "Tue",
    "ср": "Wed",
    "чт": "Thu",
    "пт": "Fri",
    "сб": "Sat",
    "вс": "Sun",
}
