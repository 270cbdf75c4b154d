-- Tickets by the day on which they were paid and their show, in each currency: of five years some hundred thousand rows,
-- where tickets are millions.
SELECT
    toDate(booked_at, 'Europe/Moscow')              AS d,
    account,
    event_id,
    show_id,
    currency,
    sum(quantity)                                   AS tickets_sold,
    sumIf(quantity, state = 'paid')                 AS tickets_kept,
    sumIf(quantity, amount = 0)                     AS tickets_free,
    sumIf(quantity, promo_code_id != 0)             AS promo_tickets,
    CAST(sum(amount) AS Decimal(18, 2))             AS revenue,
    CAST(sum(refunded_amount) AS Decimal(18, 2))    AS refunds_amount,
    CAST(sum(discount) AS Decimal(18, 2))           AS discount
FROM stg_qtickets_tickets FINAL
WHERE state IN ('paid', 'refunded')
GROUP BY d, account, event_id, show_id, currency
