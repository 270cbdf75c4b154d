-- Tickets and revenue that each show had sold so many days before it, later refunded ones too, and beside it how
-- comparable shows (v_comparable_shows), over by then, had sold at that point: quartiles of the share of their final, and of
-- tickets. Where those are fewer than five, or the show's own first sales are not loaded, none. Of a coming show's days to come there is
-- only what is usual. Cancelled shows are not here.
-- Conditions on a show's columns reach v_show_curves: a page that shows some shows computes these alone.
WITH
    curves AS
    (
        SELECT
            *, arrayReverse(arrayCumSum(arrayReverse(by_days))) AS sold,
            arrayReverse(arrayCumSum(arrayReverse(net_by_days))) AS kept,
            arrayReverse(arrayCumSum(arrayReverse(revenue_by_days))) AS paid
        FROM v_show_curves
    ),
    usual AS
    (
        SELECT
            p.account AS account, p.event_id AS event_id, p.show_id AS show_id, p.event_name AS event_name, p.city AS city, p.show_at AS show_at,
            p.show_date AS show_date, p.is_over AS is_over, p.days_out AS newest, greatest(p.days_sold, newest + 1) AS days, p.comparable AS comparable,
            -- Of few bytes: all are held at once.
            quantilesExactInclusiveForEach(0.25, 0.5, 0.75)(arrayResize(c.sold, days)) AS of_tickets,
            quantilesExactInclusiveForEach(0.25, 0.5, 0.75)(arrayMap(x -> toFloat32(x / c.tickets), arrayResize(c.sold, days))) AS of_shares
        FROM
        (
            SELECT * EXCEPT (others), other
            FROM (SELECT *, if(length(others) >= 5 AND is_whole, length(others), 0) AS comparable FROM v_comparable_shows WHERE NOT is_over OR days_out = 0)
            LEFT ARRAY JOIN arrayResize(others, comparable) AS other
        ) AS p
        LEFT JOIN (SELECT account, show_id, tickets, arrayMap(x -> toUInt32(x), sold) AS sold FROM curves) AS c
            ON c.account = p.other.1 AND c.show_id = p.other.2
        GROUP BY account, event_id, show_id, event_name, city, show_at, show_date, is_over, newest, days, comparable
    )
SELECT
    u.account AS account,
    u.event_id AS event_id,
    u.show_id AS show_id,
    u.event_name AS event_name,
    u.city AS city,
    u.show_at AS show_at,
    u.show_date AS show_date,
    at AS days_out,
    u.show_date - at AS day,
    if(at < u.newest, NULL, s.sold[at + 1]) AS tickets,
    if(at < u.newest, NULL, s.kept[at + 1]) AS net_tickets,
    if(at < u.newest, NULL, CAST(s.paid[at + 1] AS Decimal(18, 2))) AS revenue,
    if(u.is_over, s.sold[at + 1] / nullIf(s.tickets, 0), NULL) AS share,
    u.comparable AS comparable,
    if(u.comparable = 0, NULL, u.of_shares[at + 1][1]) AS usual_share_p25,
    if(u.comparable = 0, NULL, u.of_shares[at + 1][2]) AS usual_share_p50,
    if(u.comparable = 0, NULL, u.of_shares[at + 1][3]) AS usual_share_p75,
    if(u.comparable = 0, NULL, u.of_tickets[at + 1][1]) AS usual_tickets_p25,
    if(u.comparable = 0, NULL, u.of_tickets[at + 1][2]) AS usual_tickets_p50,
    if(u.comparable = 0, NULL, u.of_tickets[at + 1][3]) AS usual_tickets_p75
FROM (SELECT * FROM usual) AS u
INNER JOIN curves AS s ON s.account = u.account AND s.show_id = u.show_id
ARRAY JOIN range(u.days) AS at
SETTINGS join_use_nulls = 0
