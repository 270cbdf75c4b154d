-- How each show that was not cancelled sold, in one row: what v_comparable_shows compares. `by_days` counts tickets
-- by days before the show, from 0 on (all sales after it too) to 365 (all earlier ones too). `is_whole`: its sale began after
-- the first week that the warehouse knows of; of another one the first part is missing.
SELECT
    h.seller                    AS account,
    h.show_id                   AS show_id,
    h.event_id                  AS event_id,
    e.event_name                AS event_name,
    e.city                      AS city,
    h.show_at                   AS show_at,
    h.its_date                  AS show_date,
    if(q.show_id = 0, NULL, q.total) AS seats_total,
    t.by_days                   AS by_days,
    t.net_by_days               AS net_by_days,
    t.revenue_by_days           AS revenue_by_days,
    arraySum(t.by_days)         AS tickets,
    t.late                      AS late,
    t.show_id = 0 OR t.first_day > f.first_day + 7 AS is_whole
FROM
(
    SELECT toString(account) AS seller, show_id, event_id, show_at, assumeNotNull(show_date) AS its_date
    FROM dim_shows FINAL WHERE show_date IS NOT NULL AND (deleted_at IS NULL OR toDate(deleted_at, 'Europe/Moscow') > show_date)
) AS h
LEFT JOIN (SELECT toString(account) AS seller, event_id, event_name, toString(city) AS city FROM dim_events FINAL) AS e
    ON e.seller = h.seller AND e.event_id = h.event_id
LEFT JOIN
(
    SELECT
        seller, show_id, max(days_out) + 1 AS length, min(d) AS first_day,
        arrayResize(sumResample(0, 366, 1)(sold, days_out), length)     AS by_days,
        arrayResize(sumResample(0, 366, 1)(net, days_out), length)      AS net_by_days,
        arrayResize(sumResample(0, 366, 1)(brought, days_out), length)  AS revenue_by_days,
        -- What was sold after it: at an earlier day nobody could know of it.
        groupArrayIf((d, sold), d > its_date) AS late
    FROM
    (
        SELECT
            s.seller AS seller, s.show_id AS show_id, s.d AS d, h.its_date AS its_date, toUInt16(least(greatest(its_date - d, 0), 365)) AS days_out,
            s.tickets_sold AS sold, s.tickets_kept AS net,
            if(s.currency = (SELECT any(currency) FROM dim_report FINAL), toDecimal128(s.revenue, 2), 0) AS brought
        FROM (SELECT *, toString(account) AS seller FROM agg_shows_daily FINAL WHERE show_id != 0) AS s
        INNER JOIN (SELECT toString(account) AS seller, show_id, assumeNotNull(show_date) AS its_date FROM dim_shows FINAL WHERE show_date IS NOT NULL) AS h
            ON h.seller = s.seller AND h.show_id = s.show_id
    )
    GROUP BY seller, show_id
) AS t ON t.seller = h.seller AND t.show_id = h.show_id
LEFT JOIN
(
    SELECT toString(account) AS seller, min(d) AS first_day FROM agg_shows_daily FINAL GROUP BY seller
) AS f ON f.seller = h.seller
LEFT JOIN
(
    SELECT toString(account) AS seller, show_id, argMax(seats_total, day) AS total FROM fact_show_seats_daily FINAL GROUP BY seller, show_id
) AS q ON q.seller = h.seller AND q.show_id = h.show_id
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
