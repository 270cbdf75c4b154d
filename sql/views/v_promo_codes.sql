-- Tickets that were sold with a promo code or a discount, and what they would have cost more. kind: code (one that is shared),
-- personal (of one buyer: which one is not kept), unknown (a code that the source no longer lists), discount (no code).
SELECT
    seller                                          AS account,
    event                                           AS event_id,
    any(name)                                       AS event_name,
    any(town)                                       AS city,
    kind,
    its_code                                        AS code,
    sum(quantity)                                   AS tickets_sold,
    uniqExact(order_id)                             AS orders,
    CAST(sum(amount) AS Decimal(18, 2))             AS revenue,
    CAST(sum(refunded_amount) AS Decimal(18, 2))    AS refunds_amount,
    CAST(sum(off) AS Decimal(18, 2))                AS discount,
    min(d)                                          AS first_day,
    max(d)                                          AS last_day
FROM
(
    SELECT
        t.account AS seller, t.event_id AS event, e.event_name AS name, e.city AS town, t.quantity AS quantity, t.order_id AS order_id,
        t.amount AS amount, t.refunded_amount AS refunded_amount, t.discount AS off, toDate(t.booked_at, 'Europe/Moscow') AS d,
        multiIf(t.promo_code_id = 0, 'discount', p.promo_code_id = 0, 'unknown', p.code = '', 'personal', 'code') AS kind,
        p.code AS its_code
    FROM
    (
        SELECT *, toString(account) AS its_account FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND (promo_code_id != 0 OR discount_id != 0 OR discount != 0)
    ) AS t
    INNER JOIN (SELECT currency FROM dim_report FINAL) AS r ON r.currency = t.currency
    LEFT JOIN (SELECT toString(account) AS its_account, promo_code_id, code FROM dim_promo_codes FINAL) AS p
        ON p.its_account = t.its_account AND p.promo_code_id = t.promo_code_id
    LEFT JOIN (SELECT toString(account) AS its_account, event_id, event_name, toString(city) AS city FROM dim_events FINAL) AS e
        ON e.its_account = t.its_account AND e.event_id = t.event_id
)
GROUP BY seller, event, kind, its_code
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
