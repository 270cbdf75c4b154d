-- title: Few rows were rejected lately
-- ru: Строки не отклоняются
-- why: Each is a ticket or an ad day that is not in the figures
-- why_ru: Каждая отклонённая строка — билет или день рекламы, которых нет в отчётах
-- do: Send this to whoever runs Zakaz: mend the cause, then zakaz quarantine replay
-- do_ru: Перешлите администратору Zakaz: причину нужно исправить, потом zakaz quarantine replay
-- run: zakaz quarantine list
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- story: loads
-- key: source, account, resource, day
-- days: 7
-- param: rows = 0
-- says: {who}: {rows} rows of {resource} rejected on {day}: {reason}
-- says_ru: {who}: в отчёты не вошло строк: {rows}, загрузка {day} их не приняла: {reason}

-- Told for the first day of a row of days; how much stands there and for how long is for quarantine_backlog. Rows of
-- today count, too: they are not in the figures.
WITH days AS
(
    SELECT toString(source) AS source, account, resource, toDate(rejected_at, 'Europe/Moscow') AS d, count() AS n, topK(1)(meta_quarantine.reason)[1] AS why_most
    FROM meta_quarantine FINAL
    WHERE rejected_at >= toDateTime64({since:Date} - 4, 3, 'Europe/Moscow')
    GROUP BY source, account, resource, d HAVING n > {rows:Float64}
)
SELECT source, account, resource, d AS day, n AS rows, why_most AS reason
FROM (SELECT *, count() OVER (PARTITION BY source, account, resource ORDER BY toInt32(d) RANGE BETWEEN 3 PRECEDING AND 1 PRECEDING) AS went_on FROM days)
WHERE d >= {since:Date} AND went_on = 0
ORDER BY rows DESC, source, account, resource, day
