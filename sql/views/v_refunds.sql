-- Tickets that were given back, by days after their sale and days before their show (NULL: its day is not known; below 0:
-- after it). Adds up to the refunds of v_show_economics.
SELECT
    seller                                          AS account,
    event                                           AS event_id,
    show                                            AS show_id,
    any(name)                                       AS event_name,
    any(town)                                       AS city,
    days_after_sale,
    days_before_show,
    sum(quantity)                                   AS tickets,
    CAST(sum(amount) AS Decimal(18, 2))             AS revenue,
    CAST(sum(refunded_amount) AS Decimal(18, 2))    AS refunds_amount
FROM
(
    SELECT
        t.account AS seller, t.event_id AS event, t.show_id AS show, e.event_name AS name, e.city AS town, t.quantity AS quantity, t.amount AS amount,
        t.refunded_amount AS refunded_amount, toDate(t.refunded_at, 'Europe/Moscow') AS d,
        toInt32(d - toDate(t.booked_at, 'Europe/Moscow')) AS days_after_sale, toInt32(h.show_date - d) AS days_before_show
    FROM
    (
        SELECT *, toString(account) AS its_account FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND (state = 'refunded' OR refunded_amount != 0)
    ) AS t
    INNER JOIN (SELECT currency FROM dim_report FINAL) AS r ON r.currency = t.currency
    LEFT JOIN (SELECT toString(account) AS its_account, show_id, show_date FROM dim_shows FINAL) AS h
        ON h.its_account = t.its_account AND h.show_id = t.show_id
    LEFT JOIN (SELECT toString(account) AS its_account, event_id, event_name, toString(city) AS city FROM dim_events FINAL) AS e
        ON e.its_account = t.its_account AND e.event_id = t.event_id
)
GROUP BY seller, event, show, days_after_sale, days_before_show
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
