-- Where each day's tags of ads lead: by the promoter's file, the event in the ad's link, the city and date in its tags,
-- or the only event on sale in its city. docs/concerts.md has the rules. event_id 0: none, and the reason; show_id 0: the
-- event as a whole. `event_account` is the account that sells the event: that of the ads is another matter.
-- Worked out anew from what shows and dates there are; what is known of the present alone, as is_active, is not asked.
-- From few rows: the mart has a day's spend by tags and not by ad.
WITH
    -- An event that several accounts sell is one; another one of the same number, by name or city, is not.
    events AS
    (
        SELECT id AS event_id, min(seller) AS account, place AS city
        FROM (SELECT event_id AS id, toString(account) AS seller, event_name AS name, toString(city) AS place FROM dim_events FINAL)
        GROUP BY id, name, place
    ),
    shows AS
    (
        SELECT
            e.account AS account, e.event_id AS event_id, e.city AS city, s.show_id AS show_id, s.since AS since, s.till AS till, s.gone AS gone,
            arrayDistinct(arrayConcat(d.dates, if(s.its_date IS NULL, [], [assumeNotNull(s.its_date)]))) AS dates
        FROM (SELECT * FROM events) AS e
        LEFT JOIN
        (
            SELECT
                toString(account) AS seller, event_id, show_id, show_date AS its_date,
                -- The days on which it is on sale; one without a date is as long as it is shown.
                coalesce(toDate(sale_starts_at, 'Europe/Moscow'), toDate(0))            AS since,
                coalesce(show_date, toDate(sale_ends_at, 'Europe/Moscow'), toDate(if(is_active, 65535, 0))) AS till,
                coalesce(toDate(deleted_at, 'Europe/Moscow'), toDate(65535))            AS gone
            FROM dim_shows FINAL
        ) AS s ON s.seller = e.account AND s.event_id = e.event_id
        LEFT JOIN
        (
            SELECT toString(account) AS seller, show_id, groupArray(show_date) AS dates FROM dim_show_dates FINAL GROUP BY seller, show_id
        ) AS d ON d.seller = s.seller AND d.show_id = s.show_id
    ),
    -- What leads to a show: its event; its event or its city, and a date that it has or had; its city alone.
    doors AS
    (
        SELECT
            event_id AS link, '' AS city, toUInt8(0) AS day, toUInt8(0) AS month, account, event_id, min(show_id) AS first_show, max(show_id) AS last_show,
            toDate(0) AS date, toDate(0) AS since, toDate(0) AS till, gone
        FROM shows GROUP BY account, event_id, gone
        UNION ALL
        SELECT its.1, its.2, toDayOfMonth(date), toMonth(date), account, event_id, show_id, show_id, date, since, till, gone
        FROM (SELECT *, arrayJoin(dates) AS date, arrayJoin([(event_id, ''), (0, city)]) AS its FROM shows)
        UNION ALL
        SELECT 0, city, 0, 0, account, event_id, show_id, show_id, toDate(0), since, till, gone FROM shows WHERE show_id != 0
    ),
    fits AS
    (
        SELECT
            k.d AS d, k.link AS link, k.city AS city, k.day AS day, k.month AS month, s.account AS account, s.event_id AS event_id,
            s.first_show AS first_show, s.last_show AS last_show,
            -- A show that moved is still to come on the day that its ads name.
            if(s.date >= k.d, s.date, s.till) AS on,
            -- The nearest first: by the days until it; behind those, by the days since it; then shows of other days. Of each a deleted one last.
            2 * multiIf(s.day = 0, 1000000, on >= k.d, on - k.d, 100000 + (k.d - on)) + (s.gone < k.d) AS rank
        FROM
        (
            SELECT *, arrayJoin(if(link != 0 AND day != 0, [(day, month), (0, 0)], [(day, month)])) AS door
            FROM
            (
                SELECT DISTINCT stat_date AS d, tag_event_id AS link, toString(tag_city) AS city, tag_day AS day, tag_month AS month
                FROM agg_ad_tags_daily FINAL WHERE tag_event_id != 0 OR tag_city != ''
            )
        ) AS k
        INNER JOIN doors AS s ON s.link = k.link AND s.city = k.city AND s.day = k.door.1 AND s.month = k.door.2
        WHERE k.link != 0 OR if(k.day != 0, on <= addYears(k.d, 1), k.d BETWEEN s.since AND least(s.till, s.gone))
    ),
    matches AS
    (
        SELECT
            d, link, city, day, month, arrayMin(x -> x.1, its) AS best, arrayFilter(x -> x.1 = best, its) AS nearest,
            link = 0 AND day != 0 AND best >= 200000 AS is_over,
            if(is_over, [], arrayDistinct(arrayMap(x -> (x.2, x.3), if(link != 0, its, nearest)))) AS found,
            if(arrayMin(x -> x.4, nearest) = arrayMax(x -> x.5, nearest), nearest[1].4, 0) AS show_id
        FROM
        (
            SELECT d, link, city, day, month, groupArray((rank, account, event_id, first_show, last_show)) AS its
            FROM fits GROUP BY d, link, city, day, month
        )
    )
SELECT * EXCEPT (why), why.1 AS reason, why.2 AS reason_ru
FROM
(
    SELECT
        t.stat_date     AS stat_date,
        t.source        AS source,
        t.is_filed      AS is_filed,
        t.tag_event_id  AS tag_event_id,
        t.tag_show_id   AS tag_show_id,
        t.tag_city      AS tag_city,
        t.tag_day       AS tag_day,
        t.tag_month     AS tag_month,
        t.spend         AS spend,
        if(length(m.found) = 1, m.found[1].1, '') AS event_account,
        if(length(m.found) = 1, m.found[1].2, 0)  AS event_id,
        multiIf(length(m.found) != 1, 0, t.tag_show_id != 0, t.tag_show_id, m.show_id) AS show_id,
        multiIf(length(m.found) != 1, '', t.is_filed, 'file', t.tag_event_id != 0, 'link', t.tag_day != 0, 'tags', 'city') AS matched_by,
        multiIf(
            length(m.found) = 1, ('', ''),
            t.tag_event_id = 0 AND t.tag_city = '', ('the ad names no city and no event', 'в объявлении нет ни города, ни концерта'),
            t.tag_event_id != 0 AND notEmpty(m.found), ('several accounts have an event of this number', 'событие с таким номером есть в нескольких аккаунтах'),
            t.is_filed, ('the file names an event that is not known', 'в файле указано неизвестное событие'),
            t.tag_event_id != 0, ('the link leads to an event that is not known', 'ссылка ведёт на неизвестное событие'),
            m.is_over, ('the show is over', 'концерт уже прошёл'),
            notEmpty(m.found), (
                concat(if(length(m.found) = 2, 'two', 'several'), if(t.tag_day != 0, ' events on that day', concat(' events on sale in ', t.tag_city))),
                concat(if(length(m.found) = 2, 'два события', 'несколько событий'), if(t.tag_day != 0, ' в этот день', concat(' в продаже: ', t.tag_city)))),
            t.tag_day != 0, (concat('no show on that day in ', t.tag_city), concat('нет концерта в этот день: ', t.tag_city)),
            (concat('no event on sale in ', t.tag_city), concat('нет событий в продаже: ', t.tag_city))
        ) AS why
    FROM (SELECT * EXCEPT (tag_city), toString(tag_city) AS tag_city FROM agg_ad_tags_daily FINAL) AS t
    LEFT JOIN matches AS m
        ON m.d = t.stat_date AND m.link = t.tag_event_id AND m.city = t.tag_city AND m.day = t.tag_day AND m.month = t.tag_month
)
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
