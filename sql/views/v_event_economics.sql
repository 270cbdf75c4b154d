-- What each event cost and brought, all its shows together. show_at is its next show or, where none is to come, its last, of
-- those that were not cancelled; seats are those of the same that have a plan. Rows of event_id 0 as in v_show_economics.
SELECT
    account,
    event_id,
    name                        AS event_name,
    town                        AS city,
    shows,
    coalesce(next_at, last_at)  AS show_at,
    coalesce(next_in, last_in)  AS days_to_show,
    tickets                     AS tickets_sold,
    free_ones                   AS tickets_free,
    promo_ones                  AS promo_tickets,
    brought                     AS revenue,
    given_back                  AS refunds_amount,
    brought - given_back        AS net_revenue,
    toFloat64(given_back) / nullIf(toFloat64(brought), 0)           AS refund_share,
    left_off                    AS discount,
    toFloat64(brought) / nullIf(toInt64(tickets - free_ones), 0)    AS average_price,
    seats                       AS seats_total,
    taken                       AS seats_sold,
    empty_ones                  AS seats_free,
    taken / nullIf(seats, 0)    AS sold_share,
    price                       AS price_left,
    on_vk_ads                   AS spend_vk_ads,
    on_direct                   AS spend_direct,
    on_others                   AS spend_other,
    on_all                      AS spend_total,
    toFloat64(on_all) / nullIf(tickets, 0)                          AS cost_per_ticket,
    if(paid_in IN ('', (SELECT any(currency) FROM dim_report FINAL)), toFloat64(brought - given_back - on_all) / nullIf(toFloat64(on_all), 0), NULL) AS romi,
    paid_in                     AS currency,
    reason,
    why                         AS reason_ru
FROM
(
    SELECT
        account, event_id, reason, any(event_name) AS name, any(city) AS town, any(currency) AS paid_in, any(reason_ru) AS why, countIf(show_id != 0) AS shows,
        minIf(show_at, days_to_show >= 0 AND NOT is_cancelled) AS next_at, coalesce(maxIf(show_at, NOT is_cancelled), max(show_at)) AS last_at,
        minIf(days_to_show, days_to_show >= 0 AND NOT is_cancelled) AS next_in, coalesce(maxIf(days_to_show, NOT is_cancelled), max(days_to_show)) AS last_in,
        sum(tickets_sold) AS tickets, sum(tickets_free) AS free_ones, sum(promo_tickets) AS promo_ones,
        CAST(sum(revenue) AS Decimal(18, 2)) AS brought, CAST(sum(refunds_amount) AS Decimal(18, 2)) AS given_back, CAST(sum(discount) AS Decimal(18, 2)) AS left_off,
        sumIf(seats_total, NOT is_cancelled) AS seats, sumIf(seats_sold, NOT is_cancelled) AS taken, sumIf(seats_free, NOT is_cancelled) AS empty_ones,
        CAST(sumIf(price_left, NOT is_cancelled) AS Nullable(Decimal(18, 2))) AS price,
        CAST(sum(spend_vk_ads) AS Decimal(18, 2)) AS on_vk_ads, CAST(sum(spend_direct) AS Decimal(18, 2)) AS on_direct,
        CAST(sum(spend_other) AS Decimal(18, 2)) AS on_others, CAST(sum(spend_total) AS Decimal(18, 2)) AS on_all
    FROM
    (
        SELECT *, (account, show_id) IN (SELECT toString(account), show_id FROM dim_shows FINAL WHERE deleted_at IS NOT NULL) AS is_cancelled
        FROM v_show_economics
    )
    GROUP BY account, event_id, reason
)
