-- What the forecast says of each coming show today, and would have said of each past one 30, 14, 7 and 3 days before it
-- (`as_of`), from what was known then: tickets paid by that day, and comparable shows that were over by then. Each of these
-- had sold a share of its final so many days before; final = what is sold now / that share. docs/concerts.md says more.
WITH
    curves AS
    (
        SELECT
            *, toDate(now(), 'Europe/Moscow') AS today, show_date < today AS is_over, toUInt64(ifNull(seats_total, 0)) AS seats,
            arrayReverse(arrayCumSum(arrayReverse(arrayResize(by_days, 366)))) AS sold
        FROM v_show_curves
    ),
    asked AS
    (
        SELECT
            account, event_id, show_id, event_name, city, show_at, show_date, days_out, show_date - days_out AS as_of, sold[days_out + 1] AS tickets_now, seats, is_whole,
            is_over, tickets AS final
        FROM curves
        ARRAY JOIN if(is_over, [30, 14, 7, 3], [toUInt16(least(show_date - today, 365))]) AS days_out
        WHERE NOT is_over OR (is_whole AND tickets > 0)
    ),
    answers AS
    (
        SELECT
            a.account AS account, a.show_id AS show_id, a.days_out AS days_out,
            c.city = a.city AS is_near,
            c.tickets - arraySum(x -> if(x.1 > a.as_of, x.2, 0), c.late) AS its_final,
            c.sold_by_then / its_final AS share,
            -- None sold by then says nothing of the final: no bound but the seats.
            greatest(toFloat64(a.tickets_now), least(if(a.seats > 0, toFloat64(a.seats), 1e15), if(c.sold_by_then = 0, 1e15, a.tickets_now / share))) AS its_answer
        FROM (SELECT * FROM asked) AS a
        INNER JOIN
        (
            SELECT city, show_date, tickets, seats, late, days_out, sold[days_out + 1] AS sold_by_then
            FROM curves ARRAY JOIN range(toUInt16(366)) AS days_out
            WHERE is_over AND is_whole AND tickets > 0
        ) AS c ON c.days_out = a.days_out
        WHERE c.show_date < a.as_of AND its_final > 0
            AND (a.seats = 0 OR (if(c.seats > 0, c.seats, its_final) AS size) * 2 >= a.seats AND size <= a.seats * 2)
    ),
    summed AS
    (
        SELECT
            account, show_id, days_out, countIf(is_near) AS near, count() AS anywhere,
            if(near >= 5, quantileExactInclusiveIf(0.5)(share, is_near), quantileExactInclusive(0.5)(share)) AS median,
            if(near >= 5, quantilesExactInclusiveIf(0.25, 0.5, 0.75)(its_answer, is_near), quantilesExactInclusive(0.25, 0.5, 0.75)(its_answer)) AS finals
        FROM answers GROUP BY account, show_id, days_out
    ),
    told AS
    (
        SELECT
            a.*, if(s.near >= 5, s.near, s.anywhere) AS comparable, s.median AS median_share, 
            multiIf(
                NOT a.is_whole, ('no forecast: its first sales are not loaded', 'нет прогноза: не загружены первые продажи'),
                comparable < 5, ('no forecast: fewer than five comparable shows', 'нет прогноза: меньше пяти похожих концертов'),
                a.tickets_now < 20, ('no forecast: fewer than 20 tickets sold', 'нет прогноза: продано меньше 20 билетов'),
                median_share < 0.05, ('no forecast: too early, comparable shows had sold less than 5 %', 'нет прогноза: рано, похожие концерты к этому дню продали меньше 5 %'),
                ('', '')
            ) AS why,
            -- Without a bound above where too many had sold none by then and the seats are not known.
            arrayMap(x -> if(why.1 != '' OR x >= 1e14, NULL, toUInt64(round(x))), arrayResize(s.finals, 3)) AS its
        FROM (SELECT * FROM asked) AS a
        LEFT JOIN summed AS s ON s.account = a.account AND s.show_id = a.show_id AND s.days_out = a.days_out
    )
SELECT
    account, event_id, show_id, event_name, city, show_at, show_date, as_of, days_out,
    tickets_now                     AS tickets,
    nullIf(seats, 0)                AS seats_total,
    comparable,
    if(comparable < 5, NULL, median_share) AS usual_share,
    why.1                           AS reason,
    why.2                           AS reason_ru,
    its[1]                          AS tickets_p25,
    its[2]                          AS tickets_p50,
    its[3]                          AS tickets_p75,
    if(is_over, final, NULL)        AS tickets_final
FROM told
SETTINGS join_use_nulls = 0
