-- title: Tags, VAT and the settings of the report stay what they were
-- ru: Метки, НДС и настройки отчёта не меняются
-- why: All of history is computed anew with them: yesterday's ROMI is not today's
-- why_ru: По ним пересчитывается вся история: вчерашний ROMI сегодня будет другим
-- do: Ask whoever runs Zakaz whether it was changed on purpose; if not, it is put back and loaded once
-- do_ru: Спросите администратора Zakaz, менял ли он это намеренно; если нет, пусть вернёт прежнее и запустит загрузку
-- run: zakaz load {source}
-- severity: warn
-- story: exact
-- key: thing
-- days: 14
-- sources: qtickets, vk_ads, direct
-- says: {thing} was "{was}" and is "{now}" since {day}
-- says_ru: {thing_ru}: было «{was_ru}», стало «{now_ru}» (изменено {day})

-- Only what is in use: tags of tickets of the last sixty days, rates that hold already; one that
-- was entered before its day is no change. A city that is gone is for
-- unknown_cities. Against what was remembered before `since`, or first: a change stays named until it is undone.
WITH
    entries AS (SELECT thing, seen_on, words['value'] AS value FROM meta_memory FINAL WHERE what = 'reference' AND day = toDate(0) AND NOT startsWith(thing, 'city ')),
    old AS
    (
        SELECT thing, if(countIf(seen_on < {since:Date}) > 0, argMaxIf(value, seen_on, seen_on < {since:Date}), if(min(seen_on) = (SELECT min(seen_on) FROM entries), argMin(value, seen_on), '')) AS was
        FROM entries GROUP BY thing
    ),
    current AS
    (
        SELECT concat('utm_source ', utm_source) AS thing, toString(source) AS value FROM dim_utm_sources FINAL
        UNION ALL SELECT concat('vat ', toString(valid_from)), toString(rate) FROM dim_vat_rates FINAL
        UNION ALL SELECT 'report', concat(toString(currency), ' ', if(spend_with_vat, 'with VAT', 'without VAT')) FROM dim_report FINAL
    ),
    used AS
    (
        SELECT lowerUTF8(utm_source) AS utm_source, sum(amount) AS brought FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND utm_source != '' AND booked_at >= toDateTime64({today:Date} - 60, 3, 'Europe/Moscow') GROUP BY utm_source
    ),
    changed AS
    (
        SELECT thing, max(before) AS was, max(after) AS now
        FROM (SELECT thing, was AS before, '' AS after FROM old UNION ALL SELECT thing, '', value FROM current)
        GROUP BY thing HAVING was != now
    )
SELECT
    c.thing AS thing, '' AS account, startsWith(thing, 'vat ') AS is_rate,
    multiIf(c.was = '', '-', is_rate, concat(toString(round(toFloat64OrZero(c.was) * 100, 2)), ' %'), c.was) AS was, multiIf(c.now = '', '-', is_rate, concat(toString(round(toFloat64OrZero(c.now) * 100, 2)), ' %'), c.now) AS now,
    multiIf(is_rate, concat('ставка НДС с ', substring(thing, 5)), thing = 'report', 'валюта и НДС отчёта', concat('метка ', thing)) AS thing_ru,
    replaceAll(replaceAll(if(is_rate, replaceOne(was, '.', ','), was), 'without VAT', 'без НДС'), 'with VAT', 'с НДС') AS was_ru, replaceAll(replaceAll(if(is_rate, replaceOne(now, '.', ','), now), 'without VAT', 'без НДС'), 'with VAT', 'с НДС') AS now_ru,
    arrayMin(arrayPushBack(arrayMap(s -> s.2, arrayFilter(s -> s.1 = c.thing AND s.3 != c.was, (SELECT groupArray((thing, seen_on, value)) FROM entries WHERE seen_on >= {since:Date}))), {today:Date})) AS day,
    if(u.utm_source = '', NULL, u.brought) AS money
FROM changed AS c
LEFT JOIN used AS u ON concat('utm_source ', u.utm_source) = c.thing
WHERE (SELECT count() FROM entries) > 0
    AND (c.thing = 'report' OR (startsWith(c.thing, 'vat ') AND substring(c.thing, 5) < toString(if(c.was = '', day, {today:Date}))) OR (c.was != '' AND (u.utm_source != '' OR has({open:Array(String)}, c.thing))))
ORDER BY thing
