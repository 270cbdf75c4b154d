-- Orders that were paid, with the tags of their link.
    orders AS
    (
        SELECT account, order_id, toDate(min(booked_at), 'Europe/Moscow') AS d, lowerUTF8(any(utm_source)) AS tag, any(utm_medium) AS medium, any(utm_campaign) AS campaign, any(utm_content) AS content, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded')
            AND booked_at >= toDateTime64({since:Date} - 65, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, order_id
    )
