-- title: No show is advertised that is over, cancelled or sold out
-- ru: Не рекламируются прошедшие, отменённые и распроданные концерты
-- why: This spend sells nothing
-- why_ru: Этот расход ничего не продаст
-- do: Stop its ads; those of another show need its date in their tags, or a line in AD_SHOWS_FILE
-- do_ru: Остановите эту рекламу; если она за другой концерт, исправьте дату в её метках или скажите администратору Zakaz, за какой
-- severity: warn
-- sources: vk_ads, direct
-- key: event_account, event_id, show_id, campaign_id
-- says: {what}[, {city}][, {on}] {how}, and its ads cost {money} ₽ in seven days, the newest on {day}
-- says_ru: {what}[, {city}][, {on}] {how_ru}, а реклама за семь дней стоила {money} ₽, последний расход {day}

-- Spend of the days on which it was so. An ad of a past date fits no show any more: its campaign is named, with the date
-- and how many shows are still to come in its city, since the campaign may well be for one of them.
WITH
    halls AS
    (
        -- Since the newest look at which there was a free seat.
        SELECT toString(account) AS seller, show_id, if(argMax(seats_free, day) = 0, minIf(day, day > last_free), toDate(65535)) AS full_on
        FROM
        (
            SELECT account, show_id, day, seats_free, maxIf(day, seats_free > 0) OVER (PARTITION BY account, show_id) AS last_free
            FROM fact_show_seats_daily FINAL WHERE day >= {today:Date} - 60 AND seats_total > 0
        )
        GROUP BY seller, show_id
    ),
    coming AS
    (
        SELECT toString(e.city) AS city, uniqExact(s.account, s.show_id) AS shows
        FROM (SELECT account, event_id, show_id FROM dim_shows FINAL WHERE show_date >= {today:Date} AND deleted_at IS NULL) AS s
        INNER JOIN (SELECT account, event_id, city FROM dim_events FINAL) AS e ON e.account = s.account AND e.event_id = s.event_id
        GROUP BY city
    )
SELECT
    event_account, event_id, show_id, campaign_id, any(its) AS what, any(town) AS city, any(held_on) AS on, argMax(so, stat_date).1 AS how, argMax(so, stat_date).2 AS how_ru,
    max(stat_date) AS day, sum(spend) AS money
FROM
(
    SELECT
        concat(leftPad(toString(a.tag_day), 2, '0'), '.', leftPad(toString(a.tag_month), 2, '0')) AS its_date,
        a.event_account AS event_account, a.event_id AS event_id, a.show_id AS show_id, if(a.event_id = 0, a.campaign_id, 0) AS campaign_id,
        if(a.event_id = 0, concat('«', a.campaign_name, '»'), e.event_name) AS its, if(a.event_id = 0, '', e.city) AS town,
        h.show_date AS held_on,
        multiIf(
            a.event_id = 0, (
                concat('leads by its tags to ', its_date, ', which is past (shows to come there: ', toString(c.shows), ')'),
                concat('по меткам ведёт на прошедшую дату ', its_date, ' (впереди в этом городе концертов: ', toString(c.shows), ')')),
            h.show_date < a.stat_date OR l.last_date < a.stat_date, ('is over', 'уже позади'),
            h.gone < a.stat_date, ('was cancelled', 'отменён'),
            ('has no seat left on sale', 'больше не имеет мест в продаже')) AS so,
        a.stat_date AS stat_date, a.spend AS spend
    FROM (SELECT * FROM v_ad_shows WHERE stat_date >= {today:Date} - 7 AND spend > 0) AS a
    LEFT JOIN
    (
        SELECT toString(account) AS seller, show_id, show_date, coalesce(toDate(deleted_at, 'Europe/Moscow'), toDate(65535)) AS gone FROM dim_shows FINAL
    ) AS h ON h.seller = a.event_account AND h.show_id = a.show_id
    LEFT JOIN (SELECT toString(account) AS seller, event_id, event_name, toString(city) AS city FROM dim_events FINAL) AS e
        ON e.seller = a.event_account AND e.event_id = a.event_id
    LEFT JOIN (SELECT toString(account) AS seller, event_id, max(show_date) AS last_date FROM dim_shows FINAL GROUP BY seller, event_id) AS l
        ON l.seller = a.event_account AND l.event_id = a.event_id
    LEFT JOIN coming AS c ON c.city = a.tag_city
    LEFT JOIN halls AS q ON q.seller = a.event_account AND q.show_id = a.show_id
    WHERE a.reason = 'the show is over' OR (a.event_id != 0 AND l.last_date < a.stat_date) OR (a.show_id != 0 AND (
        h.show_date < a.stat_date OR (h.gone > toDate(0) AND h.gone < a.stat_date) OR (q.full_on > toDate(0) AND q.full_on <= a.stat_date)))
)
GROUP BY event_account, event_id, show_id, campaign_id
HAVING day >= {today:Date} - 3
ORDER BY money DESC, event_id, show_id, campaign_id
SETTINGS join_use_nulls = 0
