-- title: Nothing happened in the future, or before there was a shop
-- ru: Нет продаж и расходов из будущего или из далёкого прошлого
-- why: A wrong clock or a wrong field
-- why_ru: Неверные часы или перепутанное поле: суммы попадут не в те дни
-- do: Load again; if the rows stay, their day is wrong at the source
-- do_ru: Нужна повторная загрузка; если записи останутся, их дату нужно исправить в источнике
-- run: {load}
-- severity: fail
-- story: exact
-- key: place, account
-- sources: qtickets, vk_ads, direct
-- says: {who}: rows of {place} with an impossible day: {rows}, from {first} to {last}[, {money} ₽]
-- says_ru: {who}: записи с невозможной датой: {rows}, с {first} по {last}[, на {money} ₽]
-- param: founded = 2010

-- By the day that counts: of the other months nothing is read.
WITH
    makeDate(toUInt32({founded:Float64}), 1, 1) AS founded,
    toDateTime64({today:Date} + 1, 3, 'Europe/Moscow') AS tomorrow
SELECT source, place, account, count() AS rows, min(at) AS first, max(at) AS last, sum(value) AS money
FROM
(
    SELECT 'qtickets' AS source, 'stg_qtickets_tickets' AS place, account, toDate(booked_at, 'Europe/Moscow') AS at, amount AS value
    FROM stg_qtickets_tickets FINAL WHERE booked_at >= tomorrow OR booked_at < toDateTime64(founded, 3, 'Europe/Moscow')
    UNION ALL SELECT 'qtickets', 'stg_qtickets_sales_raw', account, event_date, revenue FROM stg_qtickets_sales_raw FINAL WHERE event_date > {today:Date} OR event_date < founded
    UNION ALL SELECT source, concat('fact_', source, '_daily'), account, stat_date, spent FROM v_ad_days WHERE stat_date > {today:Date} OR stat_date < founded
)
GROUP BY source, place, account
ORDER BY place, account
