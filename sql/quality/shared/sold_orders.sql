-- Orders that were paid, of accounts that are set up, of the days that are judged and three weeks before.
    orders AS
    (
        SELECT account, event_id, order_id, min(booked_at) AS at, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND ('qtickets', account) IN {accounts:Array(Tuple(String, String))}
            AND booked_at >= toDateTime64({since:Date} - 22, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, event_id, order_id
    )
