-- Which show each ad's day was for: by the promoter's file, the event in the ad's link, the city and date in its tags,
-- or the only event on sale in its city. docs/concerts.md has the rules. event_id 0: none, and the reason; show_id 0: the
-- event as a whole. `event_account` is the account that sells the event: that of the ads is another matter.
-- Worked out anew from what shows and dates there are; what is known of the present alone, as is_active, is not asked.
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
        FROM
        (
            SELECT
                toString(account) AS seller, event_id, show_id, show_date AS its_date,
                -- The days on which it is on sale; one without a date is as long as it is shown.
                coalesce(toDate(sale_starts_at, 'Europe/Moscow'), toDate(0))            AS since,
                coalesce(show_date, toDate(sale_ends_at, 'Europe/Moscow'), toDate(if(is_active, 65535, 0))) AS till,
                coalesce(toDate(deleted_at, 'Europe/Moscow'), toDate(65535))            AS gone
            FROM dim_shows FINAL
        ) AS s
        INNER JOIN events AS e ON e.account = s.seller AND e.event_id = s.event_id
        LEFT JOIN
        (
            SELECT toString(account) AS seller, show_id, groupArray(show_date) AS dates FROM dim_show_dates FINAL GROUP BY seller, show_id
        ) AS d ON d.seller = s.seller AND d.show_id = s.show_id
    ),
    filed AS (SELECT toString(source) AS its_source, campaign_id, ad_id, event_id, show_id FROM dim_ad_shows FINAL),
    ads AS
    (
        SELECT
            a.source AS source, toString(a.account) AS account, a.account_id AS account_id, a.campaign_id AS campaign_id, a.ad_group_id AS ad_group_id,
            a.ad_id AS ad_id, a.stat_date AS stat_date, a.campaign_name AS campaign_name, a.impressions AS impressions, a.clicks AS clicks, a.spend AS spend,
            multiIf(one.event_id != 0, one.show_id, every.event_id != 0, every.show_id, 0)  AS filed_show,
            one.event_id != 0 OR every.event_id != 0                                        AS is_filed,
            -- What is matched: each of these once, and not each ad.
            multiIf(one.event_id != 0, one.event_id, every.event_id != 0, every.event_id, a.link_event_id) AS link,
            if(link != 0, '', toString(a.utm_city))                                         AS city,
            if(is_filed OR a.utm_month = 0, 0, a.utm_day)                                   AS day,
            if(is_filed OR a.utm_day = 0, 0, a.utm_month)                                   AS month
        FROM (SELECT * FROM v_ad_spend) AS a
        LEFT JOIN (SELECT * FROM filed WHERE ad_id != 0) AS one
            ON one.its_source = a.source AND one.campaign_id = a.campaign_id AND one.ad_id = a.ad_id
        LEFT JOIN (SELECT * FROM filed WHERE ad_id = 0) AS every
            ON every.its_source = a.source AND every.campaign_id = a.campaign_id
    ),
    -- What leads to a show: its event, a city and a date that it has or had, its city alone.
    doors AS
    (
        SELECT
            e.event_id AS link, '' AS city, toUInt8(0) AS day, toUInt8(0) AS month, e.account AS account, e.event_id AS event_id,
            s.show_id AS show_id, s.since AS since, s.till AS till, s.gone AS gone, s.dates AS dates
        FROM (SELECT * FROM events) AS e LEFT JOIN shows AS s ON s.account = e.account AND s.event_id = e.event_id
        UNION ALL
        SELECT 0, city, toDayOfMonth(date), toMonth(date), account, event_id, show_id, since, till, gone, [date] FROM shows ARRAY JOIN dates AS date
        UNION ALL
        SELECT 0, city, 0, 0, account, event_id, show_id, since, till, gone, [] FROM shows
    ),
    -- rank, the nearest first: 0 that day or later, 1 before, 2 another day; then the day; a deleted show behind others.
    fits AS
    (
        SELECT
            k.d AS d, k.link AS link, k.city AS city, k.day AS day, k.month AS month, s.account AS account, s.event_id AS event_id,
            -- A show that moved is still to come on the day that its ads name.
            arrayMap(x -> if(x >= k.d, x, s.till), arrayFilter(x -> toDayOfMonth(x) = k.day AND toMonth(x) = k.month, s.dates)) AS days,
            arrayFilter(x -> x >= k.d, days) AS ahead,
            multiIf(
                notEmpty(ahead), (toUInt8(0), toInt32(arrayMin(ahead)), toUInt8(s.gone < k.d)),
                notEmpty(days), (toUInt8(1), -toInt32(arrayMax(days)), toUInt8(s.gone < k.d)),
                (toUInt8(2), toInt32(0), toUInt8(s.gone < k.d))
            ) AS rank,
            min(s.show_id) AS first_show, max(s.show_id) AS last_show
        FROM (SELECT DISTINCT stat_date AS d, link, city, day, month FROM ads WHERE link != 0 OR city != '') AS k
        INNER JOIN doors AS s ON s.link = k.link AND s.city = k.city AND s.day = if(k.link = 0, k.day, 0) AND s.month = if(k.link = 0, k.month, 0)
        WHERE k.link != 0 OR if(k.day != 0, days[1] <= addYears(k.d, 1), k.d BETWEEN s.since AND least(s.till, s.gone))
        GROUP BY d, link, city, day, month, account, event_id, days, ahead, rank
    ),
    matches AS
    (
        SELECT
            d, link, city, day, month, arrayMin(x -> x.1, its) AS best, arrayFilter(x -> x.1 = best, its) AS nearest, link = 0 AND best.1 = 1 AS is_over,
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
        a.source        AS source,
        a.account       AS account,
        a.account_id    AS account_id,
        a.campaign_id   AS campaign_id,
        a.ad_group_id   AS ad_group_id,
        a.ad_id         AS ad_id,
        a.stat_date     AS stat_date,
        a.campaign_name AS campaign_name,
        a.impressions   AS impressions,
        a.clicks        AS clicks,
        a.spend         AS spend,
        if(length(m.found) = 1, m.found[1].1, '') AS event_account,
        if(length(m.found) = 1, m.found[1].2, 0)  AS event_id,
        multiIf(length(m.found) != 1, 0, a.filed_show != 0, a.filed_show, m.show_id) AS show_id,
        multiIf(length(m.found) != 1, '', a.is_filed, 'file', a.link != 0, 'link', a.day != 0, 'tags', 'city') AS matched_by,
        multiIf(
            length(m.found) = 1, ('', ''),
            a.link = 0 AND a.city = '', ('the ad names no city and no event', 'в объявлении нет ни города, ни концерта'),
            a.link != 0 AND notEmpty(m.found), ('several accounts have an event of this number', 'событие с таким номером есть в нескольких аккаунтах'),
            a.is_filed, ('the file names an event that is not known', 'в файле указано неизвестное событие'),
            a.link != 0, ('the link leads to an event that is not known', 'ссылка ведёт на неизвестное событие'),
            m.is_over, ('the show is over', 'концерт уже прошёл'),
            notEmpty(m.found), (
                concat(if(length(m.found) = 2, 'two', 'several'), if(a.day != 0, ' events on that day', concat(' events on sale in ', a.city))),
                concat(if(length(m.found) = 2, 'два события', 'несколько событий'), if(a.day != 0, ' в этот день', concat(' в продаже: ', a.city)))),
            a.day != 0, (concat('no show on that day in ', a.city), concat('нет концерта в этот день: ', a.city)),
            (concat('no event on sale in ', a.city), concat('нет событий в продаже: ', a.city))
        ) AS why
    FROM ads AS a
    LEFT JOIN matches AS m ON m.d = a.stat_date AND m.link = a.link AND m.city = a.city AND m.day = a.day AND m.month = a.month
)
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
