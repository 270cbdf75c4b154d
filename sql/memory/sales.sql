-- What loads left of each day's sales, by event.
-- when: load
-- sources: qtickets
SELECT
    'qtickets' AS source,
    account,
    toString(event_id) AS thing,
    toDate(booked_at, 'Europe/Moscow') AS day,
    map(
        'tickets', toDecimal64(sum(quantity), 2), 'orders', toDecimal64(uniqExact(order_id), 2),
        'revenue', toDecimal64(sum(amount), 2), 'refunds', toDecimal64(sum(refunded_amount), 2)
    ) AS figures,
    CAST(map(), 'Map(String, String)') AS words
FROM stg_qtickets_tickets FINAL
WHERE account = {account:String} AND state IN ('paid', 'refunded')
    AND booked_at >= toDateTime64({first:Date}, 3, 'Europe/Moscow') AND booked_at < toDateTime64({last:Date} + 1, 3, 'Europe/Moscow')
    AND (empty({days:Array(Date)}) OR day IN {days:Array(Date)})
GROUP BY account, event_id, day
