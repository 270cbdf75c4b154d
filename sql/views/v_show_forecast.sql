-- What each coming show may sell in the end: of comparable shows a quarter would end below tickets_p25, half below
-- tickets_p50, three quarters below tickets_p75. Never more than the seats, never less than is sold. Where none is told,
-- the reason. usual_tickets: what comparable shows had sold so many days before. sells_out_on: when the median of comparable shows reaches the seats; the day on which the hall was full.
SELECT
    f.account           AS account,
    f.event_id          AS event_id,
    f.show_id           AS show_id,
    f.event_name        AS event_name,
    f.city              AS city,
    f.show_at           AS show_at,
    f.show_date         AS show_date,
    f.days_out          AS days_to_show,
    f.tickets           AS tickets,
    f.seats_total       AS seats_total,
    f.comparable        AS comparable,
    f.usual_share       AS usual_share,
    p.usual_p25         AS usual_tickets_p25,
    p.usual_p50         AS usual_tickets_p50,
    f.tickets_p25       AS tickets_p25,
    f.tickets_p50       AS tickets_p50,
    f.tickets_p75       AS tickets_p75,
    multiIf(
        q.is_full, q.looked_on,
        f.reason = '' AND notEmpty(arrayFilter(x -> x.2 * f.tickets >= ifNull(f.usual_share, 1) * ifNull(f.seats_total, 1e15), p.ahead) AS full),
        f.show_date - arrayMax(x -> x.1, full),
        NULL
    )                   AS sells_out_on,
    f.reason            AS reason,
    f.reason_ru         AS reason_ru
FROM (SELECT * FROM v_forecasts WHERE show_date >= toDate(now(), 'Europe/Moscow')) AS f
LEFT JOIN
(
    SELECT
        account, show_id, groupArray((days_out, ifNull(usual_share_p50, 0))) AS ahead,
        anyIf(usual_tickets_p25, day = toDate(now(), 'Europe/Moscow')) AS usual_p25, anyIf(usual_tickets_p50, day = toDate(now(), 'Europe/Moscow')) AS usual_p50
    FROM v_show_pace WHERE show_date >= toDate(now(), 'Europe/Moscow') AND day >= toDate(now(), 'Europe/Moscow') GROUP BY account, show_id
) AS p ON p.account = f.account AND p.show_id = f.show_id
LEFT JOIN
(
    -- Nor is it full where most of it is kept from sale.
    SELECT toString(account) AS account, show_id, argMax(seats_free = 0 AND seats_held * 2 < seats_total, day) AS is_full, max(day) AS looked_on
    FROM fact_show_seats_daily FINAL GROUP BY account, show_id
) AS q ON q.account = f.account AND q.show_id = f.show_id
SETTINGS join_use_nulls = 0
