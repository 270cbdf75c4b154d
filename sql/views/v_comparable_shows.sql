-- What each show is compared with, from what was known `as_of` a day: today of a coming show; of a past one its own day
-- and 30, 14, 7 and 3 days before it. Comparable: shows that were over by then and that are known from their first sale on, of the same
-- city and with half to twice its seats (or, unknown, tickets sold by then); where those are fewer than five, of all
-- cities. Whether five are enough is for who asks. A show is compared with any size while its seats are not known.
WITH
    -- Of a past show (day, tickets, those sold after it, seats): what was sold of it by a day; whether a show of a size is compared with it then.
    (c, as_of) -> c.2 - arraySum(x -> if(x.1 > as_of, x.2, 0), c.3) AS sold_by,
    (c, as_of, size) -> c.1 < as_of AND sold_by(c, as_of) > 0
        AND (size = 0 OR (if(c.4 > 0, c.4, sold_by(c, as_of)) BETWEEN size / 2 AND size * 2)) AS is_like,
    curves AS
    (
        SELECT
            *, toUInt8(1) AS one, toDate(now(), 'Europe/Moscow') AS today, show_date < today AS is_over, toUInt64(ifNull(seats_total, 0)) AS seats
        FROM v_show_curves
    ),
    asked AS
    (
        SELECT
            account, event_id, show_id, event_name, city, show_at, show_date, is_over, is_whole, seats, tickets AS final, length(by_days) AS days_sold,
            arrayJoin(if(is_over, [0, 30, 14, 7, 3], [toUInt16(least(show_date - today, 365))])) AS days_out, show_date - days_out AS as_of,
            arraySum(arraySlice(by_days, days_out + 1)) AS tickets_now,
            if(seats = 0 AND is_over AND days_out = 0, tickets, seats) AS size
        FROM curves WHERE tickets > 0 OR NOT is_over
    ),
    comparable AS
    (
        SELECT one, city, (account, show_id) AS key, (show_date, tickets, late, seats) AS its FROM curves WHERE is_over AND is_whole AND tickets > 0
    ),
    near AS
    (
        SELECT s.*, groupArrayIf(c.key, is_like(c.its, s.as_of, s.size)) AS others
        FROM (SELECT * FROM asked) AS s
        LEFT JOIN comparable AS c ON c.city = s.city
        GROUP BY ALL
    )
SELECT
    s.* EXCEPT (others), arraySort(if(length(s.others) >= 5, s.others, groupArrayIf(c.key, is_like(c.its, s.as_of, s.size)))) AS others
FROM (SELECT * FROM near) AS s
LEFT JOIN comparable AS c ON c.one = toUInt8(length(s.others) < 5)
GROUP BY ALL
SETTINGS join_use_nulls = 0
