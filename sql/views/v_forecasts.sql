-- What the forecast says of each coming show today, and would have said of each past one 30, 14, 7 and 3 days before it
-- (`as_of`), from what was known then: tickets paid by that day, and comparable shows that were over by then. Each of these
-- had sold a share of its final so many days before; final = what is sold now / that share. docs/concerts.md says more.
WITH
    answers AS
    (
        SELECT
            p.account AS account, p.event_id AS event_id, p.show_id AS show_id, p.event_name AS event_name, p.city AS city, p.show_at AS show_at,
            p.show_date AS show_date, p.as_of AS as_of, p.days_out AS days_out, p.tickets_now AS tickets_now, p.seats AS seats, p.is_over AS is_over,
            p.is_whole AS is_whole, p.final AS final, p.comparable AS comparable,
            -- No row of it: none sold by then.
            c.sold AS sold_by_then, if(c.sold = 0, 0, c.sold / (c.tickets - arraySum(x -> if(x.1 > p.as_of, x.2, 0), c.late))) AS share,
            -- None sold by then says nothing of the final: no bound but the seats.
            greatest(toFloat64(tickets_now), least(if(seats > 0, toFloat64(seats), 1e15), if(sold_by_then = 0, 1e15, tickets_now / share))) AS its_answer
        FROM
        (
            SELECT * EXCEPT (others), other
            FROM (SELECT *, length(others) AS comparable FROM v_comparable_shows WHERE NOT is_over OR (days_out > 0 AND is_whole))
            LEFT ARRAY JOIN others AS other
        ) AS p
        LEFT JOIN
        (
            SELECT account, show_id, tickets, late, days_out, sold FROM v_show_curves
            ARRAY JOIN arrayReverse(arrayCumSum(arrayReverse(by_days))) AS sold, arrayMap(x -> toUInt16(x), range(length(by_days))) AS days_out
        ) AS c ON c.account = p.other.1 AND c.show_id = p.other.2 AND c.days_out = p.days_out
    ),
    told AS
    (
        SELECT
            * EXCEPT (share, its_answer, sold_by_then), quantileExactInclusive(0.5)(share) AS median_share,
            quantilesExactInclusive(0.25, 0.5, 0.75)(its_answer) AS finals,
            multiIf(
                NOT is_whole, ('no forecast: its first sales are not loaded', 'нет прогноза: не загружены первые продажи'),
                comparable < 5, ('no forecast: fewer than five comparable shows', 'нет прогноза: меньше пяти похожих концертов'),
                tickets_now < 20, ('no forecast: fewer than 20 tickets sold', 'нет прогноза: продано меньше 20 билетов'),
                median_share < 0.05, ('no forecast: too early, comparable shows had sold less than 5 %', 'нет прогноза: рано, похожие концерты к этому дню продали меньше 5 %'),
                ('', '')
            ) AS why,
            -- Without a bound above where too many had sold none by then and the seats are not known.
            arrayMap(x -> if(why.1 != '' OR x >= 1e14, NULL, toUInt64(round(x))), finals) AS its
        FROM (SELECT * FROM answers)
        GROUP BY account, event_id, show_id, event_name, city, show_at, show_date, as_of, days_out, tickets_now, seats, is_over, is_whole, final, comparable
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
