-- title: Long past days are what the loads left
-- ru: Давние дни те же, что оставила загрузка
-- why: Nobody looks at them, and every comparison with last year is made of them
-- why_ru: На них никто не смотрит, а с ними сравнивают этот год
-- do: Ask whoever runs Zakaz who wrote to the table; the day is to be loaded again
-- do_ru: Спросите администратора Zakaz, кто менял загруженное; нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- story: exact
-- key: source, account, day
-- when: night
-- sources: qtickets, vk_ads, direct
-- says: {who}: {day} was changed after the load[, {figure} {held} ₽ instead of {left} ₽][, rows that differ: {rows_off}]
-- says_ru: {who}: за {day}[ {figure_ru} {held} ₽ вместо {left} ₽:] данные изменили после загрузки[, строк: {rows_off}]
-- param: days = 62

-- Revenue or spend, and rows or tickets, of days that memory_sales and memory_spend do not read by day.
SELECT
    source, account, day, if(source = 'qtickets', 'revenue', 'spend') AS figure, if(source = 'qtickets', 'выручка', 'расход') AS figure_ru, sum(abs(rows)) AS rows_off, sum(abs(m)) AS money, sum(now) AS held, sum(was) AS left, max(v) AS newest
FROM
(
    SELECT source, account, thing, day, sum(cost) AS m, sumIf(cost, is_held) AS now, -sumIf(cost, NOT is_held) AS was, sum(n) AS rows, max(is_held) AS is_there, max(written) AS v
    FROM
    (
        SELECT toString(source) AS source, account, toUInt64OrZero(thing) AS thing, day, 0 AS is_held,
            -argMax(if(what = 'sales', figures['revenue'], figures['spent']), (seen_on, _ver)) AS cost,
            -argMax(if(what = 'sales', figures['tickets'], figures['ads']), (seen_on, _ver)) AS n, max(_ver) AS written
        FROM meta_memory WHERE what IN ('sales', 'spend') AND day < {today:Date} - toUInt32({days:Float64}) GROUP BY source, account, thing, day
        UNION ALL
        SELECT 'qtickets', account, event_id, toDate(booked_at, 'Europe/Moscow') AS at, 1, toDecimal64(sum(amount), 2), toDecimal64(sum(quantity), 2), max(_ver)
        FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded') AND booked_at < toDateTime64({today:Date} - toUInt32({days:Float64}), 3, 'Europe/Moscow') GROUP BY account, event_id, at
        UNION ALL
        SELECT source, account, campaign_id, stat_date, 1, toDecimal64(sum(spent), 2), toDecimal64(count(), 2), max(_ver)
        FROM v_ad_days WHERE stat_date < {today:Date} - toUInt32({days:Float64}) GROUP BY source, account, campaign_id, stat_date
    )
    GROUP BY source, account, thing, day
)
WHERE (m != 0 OR rows != 0)
    AND (source, account, day) IN (SELECT toString(source), account, day FROM meta_memory WHERE what IN ('sales', 'spend'))
GROUP BY source, account, day
ORDER BY day DESC, source, account
