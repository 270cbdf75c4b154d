-- What each show cost and brought; show_id 0 is what its event has as a whole. Rows of event_id 0 hold what fits no event,
-- one for each reason, so that all rows add up to the spend of v_marketing_daily and, in the report's currency, to the
-- sales of v_sales_latest. Seats are those of the newest look at the hall, NULL where there was none.
WITH
    stacked AS
    (
        SELECT
            event_account AS seller, event_id, show_id, reason, any(reason_ru) AS why_ru, sumIf(spend, source = 'vk_ads') AS vk_ads, sumIf(spend, source = 'direct') AS direct,
            sumIf(spend, source NOT IN ('vk_ads', 'direct')) AS others,
            toUInt64(0) AS sold, toUInt64(0) AS free, toUInt64(0) AS promo, toDecimal128(0, 2) AS paid, toDecimal128(0, 2) AS returned, toDecimal128(0, 2) AS off
        FROM v_tag_shows GROUP BY seller, event_id, show_id, reason
        UNION ALL
        -- Of several accounts that sell the event the first, as in v_tag_shows.
        SELECT
            if(e.known = 1, e.account, ''), if(e.known = 1, c.event_id, 0), if(e.known = 1, c.show_id, 0),
            multiIf(e.known = 1, '', c.event_id = 0, 'a cost of no event', 'the costs file names an event that is not known') AS reason,
            multiIf(e.known = 1, '', c.event_id = 0, 'расход не на концерт', 'в файле расходов указано неизвестное событие'),
            0, 0, toDecimal128(c.spent, 2), 0, 0, 0, 0, 0, 0
        FROM (SELECT event_id, show_id, spent FROM fact_other_costs_daily FINAL) AS c
        LEFT JOIN
        (
            SELECT event_id, min(toString(account)) AS account, uniqExact(event_name, city) AS known FROM dim_events FINAL GROUP BY event_id
        ) AS e ON e.event_id = c.event_id
        UNION ALL
        SELECT
            toString(account), event_id, show_id, if(event_id = 0, 'tickets of no event', ''), if(event_id = 0, 'билеты без события', ''), 0, 0, 0,
            sum(tickets_sold), sum(tickets_free), sum(promo_tickets), sum(revenue), sum(refunds_amount), sum(discount)
        FROM agg_shows_daily FINAL WHERE currency = (SELECT any(currency) FROM dim_report FINAL)
        GROUP BY account, event_id, show_id
        UNION ALL
        SELECT toString(account), event_id, show_id, '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM dim_shows FINAL
    ),
    summed AS
    (
        SELECT
            seller, event_id, show_id, reason, max(why_ru) AS why, CAST(sum(vk_ads) AS Decimal(18, 2)) AS on_vk_ads, CAST(sum(direct) AS Decimal(18, 2)) AS on_direct,
            CAST(sum(others) AS Decimal(18, 2)) AS on_others, sum(sold) AS tickets, sum(free) AS free_ones, sum(promo) AS promo_ones,
            CAST(sum(paid) AS Decimal(18, 2)) AS brought, CAST(sum(returned) AS Decimal(18, 2)) AS given_back, CAST(sum(off) AS Decimal(18, 2)) AS left_off
        FROM stacked GROUP BY seller, event_id, show_id, reason
    )
SELECT
    s.seller                            AS account,
    s.event_id                          AS event_id,
    s.show_id                           AS show_id,
    e.event_name                        AS event_name,
    e.city                              AS city,
    h.show_at                           AS show_at,
    h.show_date                         AS show_date,
    toInt32(h.show_date - toDate(now(), 'Europe/Moscow')) AS days_to_show,
    s.tickets                           AS tickets_sold,
    s.free_ones                         AS tickets_free,
    s.promo_ones                        AS promo_tickets,
    s.brought                           AS revenue,
    s.given_back                        AS refunds_amount,
    s.brought - s.given_back            AS net_revenue,
    toFloat64(s.given_back) / nullIf(toFloat64(s.brought), 0)           AS refund_share,
    s.left_off                          AS discount,
    toFloat64(s.brought) / nullIf(toInt64(s.tickets - s.free_ones), 0)  AS average_price,
    if(q.show_id = 0, NULL, q.total)    AS seats_total,
    if(q.show_id = 0, NULL, q.sold)     AS seats_sold,
    if(q.show_id = 0, NULL, q.free)     AS seats_free,
    seats_sold / nullIf(seats_total, 0) AS sold_share,
    if(q.show_id = 0, NULL, q.price)    AS price_left,
    s.on_vk_ads                         AS spend_vk_ads,
    s.on_direct                         AS spend_direct,
    s.on_others                         AS spend_other,
    s.on_vk_ads + s.on_direct + s.on_others AS spend_total,
    toFloat64(spend_total) / nullIf(s.tickets, 0)                       AS cost_per_ticket,
    -- What is sold in another currency is not among the sales.
    if(e.currency IN ('', (SELECT any(currency) FROM dim_report FINAL)), toFloat64(net_revenue - spend_total) / nullIf(toFloat64(spend_total), 0), NULL) AS romi,
    e.currency                          AS currency,
    s.reason                            AS reason,
    s.why                               AS reason_ru
FROM (SELECT * FROM summed) AS s
LEFT JOIN
(
    SELECT toString(account) AS seller, event_id, event_name, toString(city) AS city, toString(currency) AS currency FROM dim_events FINAL
) AS e ON e.seller = s.seller AND e.event_id = s.event_id
LEFT JOIN (SELECT toString(account) AS seller, show_id, show_at, show_date FROM dim_shows FINAL) AS h
    ON h.seller = s.seller AND h.show_id = s.show_id
LEFT JOIN
(
    SELECT
        toString(account) AS seller, show_id, argMax(seats_total, day) AS total, argMax(seats_sold, day) AS sold, argMax(seats_free, day) AS free, argMax(price_left, day) AS price
    FROM fact_show_seats_daily FINAL GROUP BY seller, show_id
) AS q ON q.seller = s.seller AND q.show_id = s.show_id
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
