-- title: Tags, VAT and the settings of the report stay what they were
-- ru: Метки, НДС и настройки отчёта не меняются
-- why: All of history is computed anew with them: yesterday's ROMI is not today's
-- why_ru: По ним пересчитывается вся история: вчерашний ROMI сегодня будет другим
-- do: If somebody changed it on purpose, accept this finding; else put it back and load once
-- do_ru: Если это сделали намеренно, примите замечание (zakaz quality accept); если нет, верните как было
-- severity: warn
-- story: exact
-- key: thing
-- days: 14
-- sources: qtickets, vk_ads, direct
-- says: {thing} was "{was}" and is "{now}" since {day}
-- says_ru: {thing}: было «{was}», стало «{now}» (с {day})

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
    c.thing AS thing, if(c.was = '', '-', c.was) AS was, if(c.now = '', '-', c.now) AS now, '' AS account,
    arrayMin(arrayPushBack(arrayMap(s -> s.2, arrayFilter(s -> s.1 = c.thing AND s.3 != c.was, (SELECT groupArray((thing, seen_on, value)) FROM entries WHERE seen_on >= {since:Date}))), {today:Date})) AS day,
    if(u.utm_source = '', NULL, u.brought) AS money
FROM changed AS c
LEFT JOIN used AS u ON concat('utm_source ', u.utm_source) = c.thing
WHERE (SELECT count() FROM entries) > 0
    AND (c.thing = 'report' OR (startsWith(c.thing, 'vat ') AND substring(c.thing, 5) < toString(if(c.was = '', day, {today:Date}))) OR (c.was != '' AND u.utm_source != ''))
ORDER BY thing
