-- Tickets and revenue that each show had sold so many days before it, later refunded ones too, and beside it how
-- comparable shows, over by then, had sold at that point: quartiles of the share of their final, and of tickets.
-- Comparable: of the same city and with half to twice its seats (or, unknown, final tickets); where those are fewer than
-- five, of all cities; where those are too, none. A coming show whose seats are not known is compared with any size. Of its
-- days to come there is only what is usual. Cancelled shows are not here.
WITH
    curves AS
    (
        SELECT
            *, toUInt8(1) AS one, toDate(now(), 'Europe/Moscow') AS today, show_date < today AS is_over,
            if(seats_total > 0, assumeNotNull(seats_total), if(is_over, tickets, 0)) AS size,
            toUInt32(if(is_over, 0, least(show_date - today, 365))) AS newest,
            greatest(length(by_days), newest + 1) AS days,
            arrayReverse(arrayCumSum(arrayReverse(arrayResize(by_days, days)))) AS sold,
            arrayReverse(arrayCumSum(arrayReverse(arrayResize(net_by_days, days)))) AS kept,
            arrayReverse(arrayCumSum(arrayReverse(arrayResize(revenue_by_days, days)))) AS paid
        FROM v_show_curves
    ),
    comparable AS (SELECT * FROM curves WHERE is_over AND is_whole AND tickets > 0),
    pairs AS
    (
        SELECT account, show_id, arrayJoin(if(length(near) >= 5, near, if(length(anywhere) >= 5, anywhere, []))) AS other, days
        FROM
        (
            SELECT
                s.account AS account, s.show_id AS show_id, any(s.days) AS days, groupArray((c.account, c.show_id)) AS anywhere,
                groupArrayIf((c.account, c.show_id), c.city = s.city) AS near
            FROM (SELECT account, show_id, one, city, size, show_date, today, days FROM curves) AS s
            INNER JOIN (SELECT account, show_id, one, city, size, show_date FROM comparable) AS c ON c.one = s.one
            WHERE c.show_date < least(s.show_date, s.today) AND (s.size = 0 OR (c.size * 2 >= s.size AND c.size <= s.size * 2))
            GROUP BY account, show_id
        )
    ),
    usual AS
    (
        SELECT
            p.account AS account, p.show_id AS show_id, count() AS comparable,
            quantilesExactInclusiveForEach(0.25, 0.5, 0.75)(arrayResize(c.sold, p.days)) AS of_tickets,
            quantilesExactInclusiveForEach(0.25, 0.5, 0.75)(arrayMap(x -> x / c.tickets, arrayResize(c.sold, p.days))) AS of_shares
        FROM (SELECT * FROM pairs) AS p
        INNER JOIN (SELECT account, show_id, tickets, sold FROM comparable) AS c
            ON c.account = p.other.1 AND c.show_id = p.other.2
        GROUP BY account, show_id
    )
SELECT
    s.account AS account,
    s.event_id AS event_id,
    s.show_id AS show_id,
    s.event_name AS event_name,
    s.city AS city,
    s.show_at AS show_at,
    s.show_date AS show_date,
    at AS days_out,
    s.show_date - at AS day,
    if(at < s.newest, NULL, s.sold[at + 1]) AS tickets,
    if(at < s.newest, NULL, s.kept[at + 1]) AS net_tickets,
    if(at < s.newest, NULL, CAST(s.paid[at + 1] AS Decimal(18, 2))) AS revenue,
    if(s.is_over, s.sold[at + 1] / nullIf(s.tickets, 0), NULL) AS share,
    u.comparable AS comparable,
    if(u.comparable = 0, NULL, u.of_shares[at + 1][1]) AS usual_share_p25,
    if(u.comparable = 0, NULL, u.of_shares[at + 1][2]) AS usual_share_p50,
    if(u.comparable = 0, NULL, u.of_shares[at + 1][3]) AS usual_share_p75,
    if(u.comparable = 0, NULL, u.of_tickets[at + 1][1]) AS usual_tickets_p25,
    if(u.comparable = 0, NULL, u.of_tickets[at + 1][2]) AS usual_tickets_p50,
    if(u.comparable = 0, NULL, u.of_tickets[at + 1][3]) AS usual_tickets_p75
FROM (SELECT * FROM curves WHERE tickets > 0 OR NOT is_over) AS s
LEFT JOIN usual AS u ON u.account = s.account AND u.show_id = s.show_id
ARRAY JOIN range(s.days) AS at
SETTINGS join_use_nulls = 0
