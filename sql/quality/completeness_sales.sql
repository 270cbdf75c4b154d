-- title: No day is without sales while events sell every day
-- ru: Нет дней без продаж, пока билеты продаются каждый день
-- why: A day that was not loaded looks like a day on which nobody bought
-- why_ru: Если день не загрузился, он выглядит как день без продаж
-- do: Look into QTickets: was anything sold on that day? If so, the day is to be loaded again
-- do_ru: Посмотрите в QTickets, были ли продажи в этот день; если были, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- story: loads
-- key: account, day
-- days: 14
-- sources: qtickets
-- says: {who}: no sales on {day}, usually {tickets} tickets
-- says_ru: {who}: нет продаж за {day}, обычно билетов: {tickets}
-- param: before = 28
-- param: least = 10
-- param: evening = 20
-- param: lately = 3

-- Four weeks sold something every day, so that quiet weeks and small promoters are left alone; and what sold last is
-- still on sale: two events, or one that sold until the evening, since one may be sold out. A day that no good run has
-- read is left to completeness_runs. What is on sale is known of today only, so that a day is judged while it is new; what
-- was found then stays until the day has sales.
WITH
    days AS
    (
        SELECT account, groupArray((day, tickets, brought)) AS had, arrayFilter(d -> NOT arrayExists(h -> h.1 = d, had), arrayMap(n -> {since:Date} + n, range(toUInt32({today:Date} - {since:Date})))) AS silent
        FROM
        (
            SELECT account, event_date AS day, sum(tickets_sold) AS tickets, toFloat64(sum(revenue)) AS brought
            FROM stg_qtickets_sales_raw FINAL
            WHERE event_date >= {since:Date} - toUInt32({before:Float64}) AND event_date < {today:Date} AND tickets_sold > 0
                AND ('qtickets', account) IN {accounts:Array(Tuple(String, String))}
            GROUP BY account, day
        )
        GROUP BY account
    ),
    reads AS
    (
        SELECT account, groupArray((toDate(JSONExtractString(metrics, 'window', 'first')), least(toDate(JSONExtractString(metrics, 'window', 'last')), toDate(started_at, 'Europe/Moscow') - 1))) AS windows
        FROM meta_job_runs FINAL
        WHERE job = 'qtickets_loader' AND status = 'success' AND JSONHas(metrics, 'window') AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
        GROUP BY account
    ),
    -- Of each event on sale and day its newest sale, with the last show.
    selling AS
    (
        SELECT t.account AS account, groupArray((t.sold_on, t.event_id, t.at, toDate(assumeNotNull(e.last_show_at), 'Europe/Moscow'))) AS newest
        FROM
        (
            SELECT account, event_id, toDate(booked_at, 'Europe/Moscow') AS sold_on, max(booked_at) AS at FROM stg_qtickets_tickets FINAL
            WHERE state IN ('paid', 'refunded') AND booked_at >= toDateTime64({since:Date} - 3, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
            GROUP BY account, event_id, sold_on
        ) AS t
        INNER JOIN (SELECT account, event_id, last_show_at FROM dim_events FINAL WHERE is_active AND last_show_at IS NOT NULL) AS e ON e.account = t.account AND e.event_id = t.event_id
        GROUP BY account
    )
SELECT account, day, tickets, money
FROM
(
    SELECT
        d.account AS account, silent_day AS day, concat(account, '/', toString(day)) AS key,
        arrayFilter(h -> h.1 < day AND h.1 >= day - toUInt32({before:Float64}), d.had) AS before,
        round(arrayReduce('median', arrayMap(h -> h.2, before))) AS tickets, round(arrayReduce('median', arrayMap(h -> h.3, before))) AS money,
        arrayFilter(n -> n.1 < day AND n.1 >= day - 3 AND n.4 > day + 1, s.newest) AS on_sale
    FROM days AS d
    LEFT JOIN reads AS r ON r.account = d.account
    LEFT JOIN selling AS s ON s.account = d.account
    ARRAY JOIN d.silent AS silent_day
    WHERE arrayExists(w -> w.1 <= silent_day AND w.2 >= silent_day, r.windows)
        AND NOT has({quiet:Array(Date)}, silent_day)
)
WHERE length(before) = {before:Float64} AND arrayReduce('quantileExactLow(0.1)', arrayMap(h -> h.2, before)) >= {least:Float64}
    AND (has({open:Array(String)}, key) OR (day >= {today:Date} - toUInt32({lately:Float64})
        AND (length(arrayDistinct(arrayMap(n -> n.2, on_sale))) >= 2
            OR arrayExists(n -> n.3 >= toDateTime64(day - 1, 3, 'Europe/Moscow') + toIntervalHour(toUInt32({evening:Float64})), on_sale))))
ORDER BY day DESC, account
