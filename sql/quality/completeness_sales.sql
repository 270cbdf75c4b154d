-- title: No day is without sales while events sell every day
-- ru: Нет дней без продаж, пока билеты продаются каждый день
-- why: A day that was not loaded looks like a day on which nobody bought
-- why_ru: Если день не загрузился, он выглядит как день без продаж
-- do: Look into QTickets: was anything sold on that day? If so, load the day again with --refresh
-- do_ru: Проверьте в QTickets, были ли продажи в этот день; если были, перезагрузите день (--refresh)
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
        SELECT account, event_date AS day, sum(tickets_sold) AS tickets, toFloat64(sum(revenue)) AS brought, groupUniqArray(event_id) AS events
        FROM stg_qtickets_sales_raw FINAL
        WHERE event_date >= {since:Date} - toUInt32({before:Float64}) AND event_date < {today:Date} AND tickets_sold > 0
            AND ('qtickets', account) IN {accounts:Array(Tuple(String, String))}
        GROUP BY account, day
    ),
    silent AS
    (
        SELECT account, day
        FROM (SELECT DISTINCT toString(account) AS account FROM days) AS who
        CROSS JOIN (SELECT {since:Date} + number AS day FROM numbers(toUInt32({today:Date} - {since:Date}))) AS calendar
        WHERE (account, day) NOT IN (SELECT account, day FROM days)
            AND NOT ((toMonth(day) = 12 AND toDayOfMonth(day) >= 31) OR (toMonth(day) = 1 AND toDayOfMonth(day) <= 8))
    ),
    usual AS
    (
        SELECT s.account AS account, s.day AS day, concat(s.account, '/', toString(s.day)) AS key, round(median(d.tickets)) AS tickets, round(median(d.brought)) AS money
        FROM silent AS s INNER JOIN days AS d ON d.account = s.account
        WHERE d.day < s.day AND d.day >= s.day - toUInt32({before:Float64})
        GROUP BY account, day
        HAVING count() = {before:Float64} AND quantileExactLow(0.1)(d.tickets) >= {least:Float64}
    ),
    read AS
    (
        SELECT account, toDate(JSONExtractString(metrics, 'window', 'first')) AS first,
            least(toDate(JSONExtractString(metrics, 'window', 'last')), toDate(started_at, 'Europe/Moscow') - 1) AS last
        FROM meta_job_runs FINAL
        WHERE job = 'qtickets_loader' AND status = 'success' AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
    ),
    on_sale AS
    (
        SELECT u.account AS account, u.day AS day
        FROM usual AS u
        INNER JOIN (SELECT account, event_id, max(booked_at) AS at, toDate(at, 'Europe/Moscow') AS sold_on FROM stg_qtickets_tickets FINAL
            WHERE state IN ('paid', 'refunded') AND booked_at >= toDateTime64({since:Date} - 3, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
            GROUP BY account, event_id, toDate(booked_at, 'Europe/Moscow')) AS t ON t.account = u.account
        INNER JOIN (SELECT account, event_id, last_show_at FROM dim_events FINAL WHERE is_active) AS e ON e.account = t.account AND e.event_id = t.event_id
        WHERE t.sold_on < u.day AND t.sold_on >= u.day - 3 AND e.last_show_at >= toDateTime64(u.day + 2, 3, 'Europe/Moscow')
        GROUP BY account, day
        HAVING uniqExact(t.event_id) >= 2 OR max(t.at) >= toDateTime64(u.day - 1, 3, 'Europe/Moscow') + toIntervalHour(toUInt32({evening:Float64}))
    )
SELECT account, day, tickets, money
FROM usual
WHERE (account, day) IN (SELECT u.account, u.day FROM usual AS u INNER JOIN read AS r ON r.account = u.account WHERE r.first <= u.day AND r.last >= u.day)
    AND (has({open:Array(String)}, key) OR (day >= {today:Date} - toUInt32({lately:Float64}) AND (account, day) IN (SELECT account, day FROM on_sale)))
ORDER BY day DESC, account
