-- title: The tickets of an order have one event and one day of sale
-- ru: У билетов одного заказа одно событие и один день продажи
-- why: Revenue stands on another day, or with another event
-- why_ru: Выручка записана на другой день или на другое событие
-- do: The day is to be loaded again
-- do_ru: Нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- story: exact
-- key: account, day
-- when: night
-- sources: qtickets
-- says: {who}: tickets do not fit their order on {day}, orders: {orders}, {money} ₽ of revenue, e.g. order {order}
-- says_ru: {who}: билеты и заказы за {day} расходятся на {money} ₽, заказов {orders}, например № {order}

-- A ticket is booked when it was paid or, until then, when it was ordered.
SELECT account, day, count() AS orders, sum(cost) AS money, toString(min(order_id)) AS order, max(written) AS newest
FROM
(
    SELECT account, order_id, toDate(max(booked_at), 'Europe/Moscow') AS day, sum(amount) AS cost, max(_ver) AS written
    FROM stg_qtickets_tickets FINAL
    WHERE state IN ('paid', 'refunded')
    GROUP BY account, order_id
    HAVING min(event_id) != max(event_id) OR toDate(min(booked_at), 'Europe/Moscow') != day OR max(booked_at != coalesce(paid_at, ordered_at))
)
GROUP BY account, day
ORDER BY day DESC, account
