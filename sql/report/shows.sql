-- The coming shows, the next first: what is sold, what of it by the end of yesterday and what comparable ones had sold by then (today's
-- sales are not all in), what they let expect, and what their advertising cost, all since their sales began.
SELECT
    f.account AS account, f.event_id AS event_id, f.show_id AS show_id, f.event_name AS event_name, f.city AS city, f.show_date AS show_date,
    toUInt64(f.tickets) AS tickets, f.seats_total AS seats_total, e.sold_share AS sold_share, p.tickets AS by_yesterday,
    p.usual_tickets_p25 AS usual_p25, p.usual_tickets_p50 AS usual,
    f.tickets_p25 AS tickets_p25, f.tickets_p50 AS tickets_p50, f.tickets_p75 AS tickets_p75, f.sells_out_on AS sells_out_on,
    f.reason AS reason, f.reason_ru AS reason_ru, e.net_revenue AS net, e.spend_total AS spend
FROM (SELECT * FROM v_show_forecast) AS f
INNER JOIN v_show_economics AS e ON e.account = f.account AND e.show_id = f.show_id AND e.event_id = f.event_id
LEFT JOIN
(
    SELECT account, show_id, tickets, usual_tickets_p25, usual_tickets_p50 FROM v_show_pace
    WHERE show_date >= toDate(now(), 'Europe/Moscow') AND day = toDate(now(), 'Europe/Moscow') - 1
) AS p ON p.account = f.account AND p.show_id = f.show_id
ORDER BY show_date, event_name, account, show_id
