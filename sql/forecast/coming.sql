-- The coming shows: how they sell (by the end of yesterday: today's sales are not all in), what they may sell in the end, and what advertising of them cost.
SELECT
    f.show_at AS show_at, f.show_date AS show_date, f.event_name AS event_name, f.city AS city, f.tickets AS tickets, e.sold_share AS sold_share,
    p.tickets / nullIf(p.usual_tickets_p50, 0) AS pace, f.tickets_p25 AS tickets_p25, f.tickets_p50 AS tickets_p50,
    f.tickets_p75 AS tickets_p75, f.seats_total AS seats_total, f.sells_out_on AS sells_out_on, e.spend_total AS spend_total,
    -- Of all its tickets, in whatever currency: the view has those of the report's alone.
    if(spend_total = 0, NULL, toFloat64(spend_total) / nullIf(f.tickets, 0)) AS cost_per_ticket, f.comparable AS comparable, f.reason AS reason, f.reason_ru AS reason_ru,
    f.account AS account, f.event_id AS event_id, f.show_id AS show_id
FROM (SELECT * FROM v_show_forecast) AS f
INNER JOIN v_show_economics AS e ON e.account = f.account AND e.show_id = f.show_id AND e.event_id = f.event_id
LEFT JOIN
(
    SELECT account, show_id, tickets, usual_tickets_p50 FROM v_show_pace
    WHERE show_date >= toDate(now(), 'Europe/Moscow') AND day = toDate(now(), 'Europe/Moscow') - 1
) AS p ON p.account = f.account AND p.show_id = f.show_id
ORDER BY show_at, show_id
