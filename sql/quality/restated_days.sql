-- title: A settled day is not restated beyond the usual
-- ru: Цифры прошедших дней не меняются задним числом
-- why: A source that gives half of a day, or other figures, is believed by the load
-- why_ru: Если источник отдал день не целиком или с другими суммами, загрузка ему поверит
-- do: Compare the day with the cabinet or with QTickets
-- do_ru: Сверьте сумму за этот день с кабинетом или с QTickets
-- severity: warn
-- story: exact
-- key: source, account, day
-- days: 30
-- sources: qtickets, vk_ads, direct
-- says: {who}: {day} was changed afterwards from {was} ₽ to {now} ₽, on {changed_on}
-- says_ru: {who}: цифры за {day} изменились задним числом: было {was} ₽, стало {now} ₽ (загружено {changed_on})
-- param: settled_after = 3
-- param: share = 0.1
-- param: times = 3
-- param: small = 1000
-- param: tickets = 8

-- Of revenue and of spend: what the newest load left against what was known of the day when it had settled, or first, if
-- that was later; a backfill begins anew. Bounds are the account's own restatements of the sixty days before, without
-- those of the same day's loads, and of sales the price of some tickets, since one order that goes is much of a small day.
-- What is open is not measured by what other days do.
WITH
    entries AS
    (
        SELECT source, account, thing, day, seen_on, seen_by, if(what = 'sales', figures['revenue'], figures['spent']) AS value, figures['tickets'] AS tickets
        FROM meta_memory FINAL
        WHERE what IN ('sales', 'spend') AND day >= {since:Date} - 60 AND day < {today:Date} - toUInt32({settled_after:Float64})
    ),
    cuts AS
    (
        SELECT source, account, day, greatest(day + toUInt32({settled_after:Float64}), min(seen_on), maxIf(seen_on, seen_by = 'backfill')) AS cut, max(seen_on) AS last
        FROM entries GROUP BY source, account, day
    ),
    days AS
    (
        SELECT source, account, day, sum(old) AS was, sum(new) AS now, sum(old_tickets) AS sold, max(newest) AS changed_on, sum(usual) AS earlier, abs(earlier - was) / nullIf(greatest(was, earlier), 0) AS habit, abs(now - was) / nullIf(greatest(was, now), 0) AS share
        FROM
        (
            SELECT e.source AS source, e.account AS account, e.day AS day, e.thing AS thing,
                toFloat64(argMaxIf(e.value, e.seen_on, e.seen_on <= c.cut)) AS old, toFloat64(argMax(e.value, e.seen_on)) AS new,
                toFloat64(argMaxIf(e.tickets, e.seen_on, e.seen_on <= c.cut)) AS old_tickets, max(e.seen_on) AS newest,
                toFloat64(argMaxIf(e.value, e.seen_on, e.seen_on <= c.cut OR e.seen_on < c.last)) AS usual
            FROM entries AS e INNER JOIN cuts AS c ON c.source = e.source AND c.account = e.account AND c.day = e.day
            GROUP BY source, account, day, thing
        )
        GROUP BY source, account, day
    )
SELECT n.source AS source, n.account AS account, n.day AS day, any(n.was) AS was, any(n.now) AS now, any(n.changed_on) AS changed_on, abs(now - was) AS money
FROM
(
    -- What is open stays until it is clearly within the usual again.
    SELECT *, has({open:Array(String)}, concat(source, '/', account, '/', toString(day))) AS is_open FROM days
    WHERE day >= {since:Date} AND share >= {share:Float64} * if(is_open, 0.7, 1)
) AS n
LEFT JOIN days AS o ON o.source = n.source AND o.account = n.account
GROUP BY source, account, day
HAVING money >= {small:Float64} AND (any(n.is_open) OR any(n.share) >= {times:Float64} * quantileExactIf(0.75)(coalesce(if(o.changed_on < n.changed_on, o.share, o.habit), 0), o.day < n.day AND o.day >= n.day - 60))
    AND (n.source != 'qtickets' OR money >= {tickets:Float64} * any(n.was) / greatest(any(n.sold), 1))
ORDER BY day DESC, source, account
