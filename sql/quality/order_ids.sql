-- title: The numbers of orders have no more gaps than before
-- ru: В номерах заказов нет новых пропусков
-- why: A page of orders that did not come, or every second order, leaves a day that looks quiet
-- why_ru: Часть заказов не пришла: день кажется слабым, а это потеря данных
-- do: Compare the number of orders of the day in QTickets with the report; if there are more, the day is to be loaded again
-- do_ru: Сверьте число заказов дня в QTickets с отчётом; если там больше, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, day
-- days: 14
-- param: orders = 12
-- param: share = 0.15
-- param: less = 0.9
-- param: rest = 0.85
-- param: spread = 6
-- says: {who}: {missing} of the order numbers of {day} are missing
-- says_ru: {who}: за {day} в номерах заказов пропуски: {missing}

-- Two proofs. Nearly all numbers even, or odd, where both were usual. And where the account's own numbers follow each
-- other (most orders have the next number among the orders of any state): far fewer that do than on any day of two
-- weeks, with fewer orders, too, and without the city that lacks most still fewer (`rest`; of one city that is missing
-- completeness_cities speaks). Numbers of a shop that many promoters share say nothing and are not judged so. The day is
-- that of the order. Beside public holidays nothing is usual.
WITH
    orders AS
    (
        SELECT account, toDate(min(ordered_at), 'Europe/Moscow') AS d, order_id, any(event_id) AS event_id FROM stg_qtickets_tickets FINAL
        WHERE booked_at >= toDateTime64({since:Date} - 32, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')
            AND ordered_at >= toDateTime64({since:Date} - 28, 3, 'Europe/Moscow') AND ordered_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, order_id
    ),
    -- By city against two weeks before: what is left of the day without the city that lacks most.
    cities AS
    (
        SELECT o.account AS account, toString(e.city) AS city, groupArray(o.d) AS ordered
        FROM orders AS o LEFT JOIN (SELECT account, event_id, city FROM dim_events FINAL) AS e ON e.account = o.account AND e.event_id = o.event_id
        GROUP BY account, city
    ),
    rest AS
    (
        SELECT account, d, argMax((n, usual), usual - n) AS worst, (sum(n) - worst.1) / greatest(sum(usual) - worst.2, 1) AS left_of_rest
        FROM
        (
            SELECT account, city, arrayJoin(arrayMap(i -> {today:Date} - 1 - i, range(toUInt32({today:Date} - {since:Date} + 6)))) AS d,
                toFloat64(countEqual(ordered, d)) AS n, arrayCount(x -> x < d AND x >= d - 14, ordered) / 14 AS usual
            FROM cities
        )
        GROUP BY account, d
    ),
    days AS
    (
        SELECT
            account, d, count() AS n, countIf(order_id % 2 = 1) AS odd,
            countIf(gap > 1 AND gap < 100) AS holes, sumIf(gap - 1, gap > 1 AND gap < 100) AS lost, countIf(gap > 0) AS gaps
        FROM (SELECT account, d, order_id, toInt64(order_id) - toInt64(lagInFrame(order_id, 1, order_id) OVER (PARTITION BY account, d ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS gap FROM orders)
        GROUP BY account, d
    ),
    paid AS
    (
        SELECT account, event_date AS d, toFloat64(sum(revenue)) AS taken FROM stg_qtickets_sales_raw FINAL
        WHERE event_date >= {since:Date} AND event_date < {today:Date} GROUP BY account, d
    ),
    judged AS
    (
        SELECT
            *, sum(odd) OVER w AS odd_before, sum(n) OVER w AS n_before, count() OVER w AS days_before,
            quantileExact(0.5)(n) OVER v AS usual_n, arrayMax(groupArray(holes / greatest(gaps, 1)) OVER v) AS most,
            groupArray(holes / greatest(gaps, 1)) OVER w AS shares,
            arrayReduce('median', shares) AS usual, 1.4826 * arrayReduce('median', arrayMap(x -> abs(x - usual), shares)) AS mad
        FROM days
        WINDOW w AS (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING),
            v AS (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING)
    ),
    strange AS
    (
        SELECT
            -- All but what was paid on the next day.
            g.*, odd = 0 OR odd = n OR abs(odd - n / 2) > 2.25 * sqrt(n) AS is_half,
            NOT has({quiet:Array(Date)}, d) AND days_before >= 7 AND n >= {orders:Float64}
                AND (is_half AND odd_before > n_before * 0.4 AND odd_before < n_before * 0.6
                    OR usual < 0.5 AND n < {less:Float64} * usual_n AND r.left_of_rest < {rest:Float64}
                        AND holes / gaps > greatest(most + {share:Float64}, usual + {spread:Float64} * greatest(mad, sqrt((usual + 1 / n) / n)))) AS is_strange
        FROM judged AS g LEFT JOIN rest AS r ON r.account = g.account AND r.d = g.d
    )
SELECT
    'qtickets' AS source, j.account AS account, j.d AS day, if(is_half, toInt64(n), toInt64(lost)) AS missing,
    round(p.taken * missing / n, 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 5 PRECEDING AND 1 PRECEDING) AS went_on FROM strange) AS j
LEFT JOIN paid AS p ON p.account = j.account AND p.d = j.d
WHERE j.d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY money DESC, account, day
