-- title: Refunds go on where every week had some
-- ru: Возвраты не пропали
-- why: Refunds that are not read make every city look better than it is
-- why_ru: Если возвраты не загружаются, выручка и ROMI завышены
-- do: Look up the newest refund in QTickets; if it is newer, the last month is to be loaded again
-- do_ru: Найдите последний возврат в QTickets; если он новее, нужна повторная загрузка месяца
-- run: zakaz load {source} --days 31 --refresh
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, day
-- days: 14
-- param: refunds = 10
-- param: least = 3
-- says: {who}: no refund up to {day} (days: {length}), usual {usual}
-- says_ru: {who}: нет возвратов {length} дн. подряд (по {day}), обычно за это время {usual}

-- Orders given back in the last three and seven days, where such stretches of six weeks before always had `least` and
-- usually `refunds`, and people still buy. What is open ends with a refund. (A single day proves nothing: refunds of old
-- orders are read by the night's load.)
WITH
    orders AS
    (
        SELECT account, order_id, toDate(min(booked_at), 'Europe/Moscow') AS sold_on, toDate(maxOrNull(refunded_at), 'Europe/Moscow') AS back_on, toFloat64(sum(refunded_amount)) AS back
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND amount > 0
            AND booked_at >= toDateTime64({since:Date} - 120, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, order_id
    ),
    grid AS
    (
        SELECT
            account, min(sold_on) AS first, groupArrayIf(assumeNotNull(back_on), back_on IS NOT NULL) AS backs, groupArray(sold_on) AS sales, sum(back) / greatest(countIf(back > 0), 1) AS of_each,
            arrayJoin(arrayMap(i -> {today:Date} - 1 - i, range(toUInt32({today:Date} - {since:Date} + 14)))) AS day
        FROM orders GROUP BY account HAVING notEmpty(backs) OR notEmpty({open:Array(String)})
    ),
    series AS
    (
        SELECT account, day, of_each, first, arrayMap(i -> countEqual(backs, day - i), range(56)) AS counts, arrayCount(x -> x <= day AND x > day - 7, sales) AS sold_week, arrayCount(x -> x <= day - 7 AND x > day - 35, sales) / 4 AS sold_before
        FROM grid
    ),
    judged AS
    (
        SELECT
            account, day, of_each, length, arraySum(arraySlice(counts, 1, length)) AS found,
            arrayMap(j -> arraySum(arraySlice(counts, j, length)), range(length + 1, 44)) AS before, arrayReduce('median', before) AS usual,
            found = 0 AND (has({open:Array(String)}, concat(account, '/', toString(day))) OR usual >= {refunds:Float64} AND arrayMin(before) >= {least:Float64} AND sold_week > 0.5 * sold_before AND first <= day - 56) AS is_strange
        FROM series ARRAY JOIN [3, 7] AS length
    )
SELECT 'qtickets' AS source, account, day, min(j.length) AS length, round(argMin(j.usual, j.length)) AS usual, round(argMin(j.usual * j.of_each, j.length), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY account ORDER BY toInt32(day) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS went_on FROM judged) AS j
WHERE day >= {since:Date} AND is_strange AND NOT went_on
GROUP BY account, day
ORDER BY money DESC, account, day
