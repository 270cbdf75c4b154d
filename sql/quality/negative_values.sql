-- title: No figure is below zero
-- ru: Отрицательных цифр нет
-- why: Sums hide it
-- why_ru: В суммах это не видно, а итог уменьшается
-- do: The day is to be loaded again
-- do_ru: Нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- story: exact
-- key: place, account, day
-- when: night
-- sources: qtickets, vk_ads, direct
-- says: {who}: negative figures on {day}[, {money} ₽ in all], rows of {place}: {rows}
-- says_ru: {who}: отрицательные числа за {day}[, всего {money} ₽], строк: {rows}

SELECT source, place, account, day, count() AS rows, sum(least(value, toDecimal64(0, 2))) AS money
FROM
(
    SELECT 'qtickets' AS source, 'stg_qtickets_tickets' AS place, account, toDate(booked_at, 'Europe/Moscow') AS day, least(price, amount, refunded_amount) AS value
    FROM stg_qtickets_tickets FINAL WHERE price < 0 OR amount < 0 OR refunded_amount < 0
    UNION ALL
    SELECT 'qtickets', 'stg_qtickets_sales_raw', account, event_date, least(revenue, refunds_amount)
    FROM stg_qtickets_sales_raw FINAL WHERE revenue < 0 OR refunds_amount < 0
    UNION ALL SELECT source, concat('fact_', source, '_daily'), account, stat_date, spent FROM v_ad_days WHERE spent < 0
)
GROUP BY source, place, account, day
ORDER BY day DESC, place, account
