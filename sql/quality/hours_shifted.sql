-- title: People buy at the hours at which they bought before
-- ru: Продажи идут в обычные часы
-- why: Times in another zone move sales of the night to another day
-- why_ru: Время в другом поясе переносит ночные продажи на соседний день
-- do: Compare the time of an order in QTickets with the report; if it differs, tell whoever runs Zakaz
-- do_ru: Сверьте время одного заказа в QTickets и в отчёте; если оно разное, сообщите администратору Zakaz
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, day
-- days: 31
-- param: orders = 40
-- param: evidence = 12
-- says: {who}: hours of sales on {day} shifted by about {hours} h, at night {night} orders, usual {usual}
-- says_ru: {who}: часы продаж сдвинуты примерно на {hours} ч за {day}: ночью заказов {night}, обычно {usual}

-- Two signs: the day's hours are likelier (by a power of e) those of four weeks before shifted by some hours than as
-- they were; and the six hours that were the quietest are busier, which no rush makes. The night reads a month anew:
-- its first day is looked at, too.
WITH
    orders AS
    (
        SELECT account, order_id, min(booked_at) AS at, toDate(at, 'Europe/Moscow') AS d, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded')
            AND booked_at >= toDateTime64({since:Date} - 28, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, order_id
    ),
    days AS
    (
        SELECT account, d, count() AS n, sum(paid) AS taken, arrayMap(h -> toUInt64(countEqual(groupArray(toHour(at, 'Europe/Moscow')), h)), range(24)) AS by_hour
        FROM orders GROUP BY account, d
    ),
    known AS
    (
        SELECT *, sumForEach(by_hour) OVER w AS profile, sum(n) OVER w AS n_before, count() OVER w AS days_before
        FROM days WINDOW w AS (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING)
    ),
    judged AS
    (
        SELECT
            account, d, n, taken, arrayMap(x -> (x + 2) / (n_before + 48), profile) AS share,
            -- Of each hour no more than three times what is usual, so that one busy hour decides nothing.
            arrayMap((x, s) -> least(toFloat64(x), 3 * s * n + 1), by_hour, share) AS counted,
            arraySort(h -> share[h], range(1, 25)) AS by_quiet, arraySlice(by_quiet, 1, 6) AS night_hours,
            arraySum(h -> by_hour[h], night_hours) AS at_night, n * arraySum(h -> share[h], night_hours) AS usual_at_night,
            arrayMap(k -> arraySum(h -> counted[h] * log(share[(h - 1 - k + 48) % 24 + 1] / share[h]), range(1, 25)), range(-12, 13)) AS by_shift,
            arrayMax(by_shift) AS evidence, indexOf(by_shift, evidence) - 13 AS shift,
            evidence >= {evidence:Float64} AND abs(shift) >= 2 AND at_night > usual_at_night + 1.5 * sqrt(usual_at_night) + 1 AS is_strange
        FROM known WHERE days_before >= 14 AND n_before >= 200 AND n >= {orders:Float64}
    )
SELECT 'qtickets' AS source, account, d AS day, shift AS hours, at_night AS night, round(usual_at_night) AS usual, round(taken * abs(shift) / 24, 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 5 PRECEDING AND 1 PRECEDING) AS went_on FROM judged)
WHERE d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY money DESC, account, day
