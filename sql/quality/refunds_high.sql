-- title: No event, and no day, is refunded far beyond what is usual
-- ru: Возвратов не больше, чем обычно
-- why: Tickets that are wrongly read as refunded make every city look like a loss
-- why_ru: Билеты, ошибочно прочитанные как возвращённые, делают любой город убыточным
-- do: If the show was not cancelled, compare one refund with QTickets; if it is not there, the day is to be loaded again
-- do_ru: Если концерт не отменён, сверьте один возврат с QTickets; если его там нет, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, event_id, day
-- days: 14
-- param: share = 0.3
-- param: early = 0.1
-- param: tickets = 20
-- param: times = 5
-- says: {who}: {percent} % refunded by {day}, {tickets} tickets: {event}
-- says_ru: {who}: возвращено {percent} % к {day}, билетов {tickets}: {event_ru}

-- An event that goes on (its show is to come) of which `share` of all that was sold is given back within a week, far more
-- than such weeks of the account had; and a day's sales (event_id 0) of which so much is already refunded, or `early` of
-- them by the next day: people think again later, and of a show that was cancelled few tickets are so new.
WITH
    lines AS
    (
        SELECT account, event_id, toDate(booked_at, 'Europe/Moscow') AS sold_on, if(state = 'refunded', toDate(coalesce(refunded_at, booked_at), 'Europe/Moscow'), NULL) AS back_on, quantity, toFloat64(amount) AS paid, toFloat64(refunded_amount) AS back
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND amount > 0
            AND booked_at >= toDateTime64({since:Date} - 90, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
    ),
    events AS
    (
        SELECT account, event_id, sum(paid) AS total, arrayJoin(arrayMap(i -> {today:Date} - 1 - i, range(toUInt32({today:Date} - {since:Date} + 28)))) AS day,
            groupArray((sold_on, paid)) AS sales, groupArrayIf((assumeNotNull(back_on), back, quantity), back_on IS NOT NULL) AS backs
        FROM lines GROUP BY account, event_id HAVING notEmpty(backs)
    ),
    weeks AS
    (
        SELECT
            account, event_id, day, arraySum(x -> x.2, arrayFilter(x -> x.1 <= day, sales)) AS sold,
            arrayFilter(x -> x.1 <= day AND x.1 > day - 7, backs) AS week, arraySum(x -> x.2, week) AS given_back, arraySum(x -> x.3, week) AS tickets,
            given_back / greatest(sold, 1) AS share
        FROM events
    ),
    judged AS
    (
        SELECT account, event_id, day, sold, given_back, tickets, share,
            quantileExactIf(0.9)(share, tickets >= 3) OVER (PARTITION BY account ORDER BY toInt32(day) RANGE BETWEEN 28 PRECEDING AND 7 PRECEDING) AS usual,
            share >= greatest({share:Float64}, {times:Float64} * usual) AND tickets >= {tickets:Float64} AS is_strange
        FROM weeks
    ),
    sold_days AS
    (
        SELECT account, sold_on AS day, sum(paid) AS sold, sum(back) AS given_back, sumIf(quantity, back > 0) AS tickets, given_back / sold AS share,
            sumIf(back, back_on <= sold_on + 1) / sold AS early, sumIf(quantity, back_on <= sold_on + 1) AS early_tickets
        FROM lines GROUP BY account, day
    ),
    strange_days AS
    (
        SELECT
            *, share >= {share:Float64} AND share > {times:Float64} * usual AND tickets >= {tickets:Float64}
                OR early >= {early:Float64} AND early > {times:Float64} * usual_early AND early_tickets >= {tickets:Float64} AS is_strange
        FROM
        (
            SELECT *, quantileExact(0.9)(share) OVER w AS usual, quantileExact(0.9)(early) OVER w AS usual_early
            FROM sold_days WINDOW w AS (PARTITION BY account ORDER BY toInt32(day) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING)
        )
    )
SELECT 'qtickets' AS source, f.account AS account, f.event_id AS event_id, f.day AS day, round(f.share * 100) AS percent, f.tickets AS tickets, if(f.event_id = 0, 'sales of that day', e.event_name) AS event, if(f.event_id = 0, 'продажи этого дня', e.event_name) AS event_ru, round(f.given_back, 2) AS money
FROM
(
    SELECT j.account AS account, j.event_id AS event_id, j.day AS day, j.share AS share, j.tickets AS tickets, j.given_back AS given_back
    FROM (SELECT *, max(is_strange) OVER (PARTITION BY account, event_id ORDER BY toInt32(day) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS went_on FROM judged) AS j
    WHERE is_strange AND NOT went_on
        AND (account, event_id, day) IN (SELECT w.account, w.event_id, w.day FROM weeks AS w INNER JOIN (SELECT account, event_id, last_show_at FROM dim_events FINAL WHERE is_active) AS e ON e.account = w.account AND e.event_id = w.event_id WHERE e.last_show_at >= toDateTime64(w.day + 1, 3, 'Europe/Moscow'))
    UNION ALL
    SELECT account, 0, day, share, tickets, given_back
    FROM (SELECT *, max(is_strange) OVER (PARTITION BY account ORDER BY toInt32(day) RANGE BETWEEN 5 PRECEDING AND 1 PRECEDING) AS went_on FROM strange_days)
    WHERE is_strange AND NOT went_on
) AS f
LEFT JOIN (SELECT account, event_id, event_name FROM dim_events FINAL) AS e ON e.account = f.account AND e.event_id = f.event_id
WHERE f.day >= {since:Date}
ORDER BY money DESC, account, event_id, day
