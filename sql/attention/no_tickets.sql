-- title: No campaign spends for three days without a ticket
-- ru: Нет кампаний, которые три дня тратят деньги без единого билета
-- why: The same money may sell elsewhere
-- why_ru: Эти деньги могут продавать в другой кампании
-- do: Look at its ads, audience and link; stop it or move its budget
-- do_ru: Проверьте объявления, аудиторию и ссылку; остановите кампанию или перенесите бюджет
-- severity: warn
-- sources: vk_ads, direct
-- key: source, account, campaign_id
-- param: least = 1000
-- says: {who}: {campaign} spent {money} ₽ since {since} and brought no ticket
-- says_ru: {who}: «{campaign}» потратила {money} ₽ с {since} и не принесла ни одного билета

-- A ticket counts for it by any of its tags: its utm_campaign or its number. Of one without tags nobody can say. Spend since
-- its newest ticket, of thirty days at most. Of one that leads to a past date `advertised_in_vain` speaks, which says why.
WITH
    spent AS
    (
        SELECT
            source, toString(account) AS its_account, campaign_id, argMax(campaign_name, stat_date) AS campaign, groupUniqArray(utm_campaign) AS tags,
            uniqExactIf(stat_date, stat_date >= {today:Date} - 3 AND spend > 0) = 3 AS goes_on,
            groupArray((stat_date, spend)) AS days
        FROM v_ad_spend WHERE stat_date >= {today:Date} - 30 AND stat_date < {today:Date} GROUP BY source, its_account, campaign_id
    ),
    -- In any currency.
    sold AS
    (
        SELECT u.its AS source, t.utm_campaign AS utm_campaign, max(toDate(t.booked_at, 'Europe/Moscow')) AS newest
        FROM
        (
            SELECT utm_source, utm_campaign, booked_at FROM stg_qtickets_tickets FINAL
            WHERE state IN ('paid', 'refunded') AND booked_at >= toDateTime64({today:Date} - 30, 3, 'Europe/Moscow')
        ) AS t
        INNER JOIN (SELECT utm_source, toString(source) AS its FROM dim_utm_sources FINAL) AS u ON u.utm_source = lowerUTF8(t.utm_source)
        GROUP BY source, utm_campaign
    )
SELECT
    source, its_account AS account, campaign_id, campaign,
    arraySum(x -> if(x.1 > newest, x.2, 0), days) AS money, arrayMin(x -> if(x.1 > newest AND x.2 > 0, x.1, toDate(65535)), days) AS since
FROM
(
    SELECT s.source AS source, s.its_account AS its_account, s.campaign_id AS campaign_id, any(s.campaign) AS campaign, any(s.days) AS days, max(t.newest) AS newest
    FROM (SELECT *, arrayJoin(arrayConcat(tags, [toString(campaign_id)])) AS tag FROM spent WHERE goes_on AND arrayExists(x -> x != '', tags)) AS s
    LEFT JOIN sold AS t ON t.source = s.source AND t.utm_campaign = s.tag AND s.tag != ''
    GROUP BY source, its_account, campaign_id
)
WHERE newest < {today:Date} - 3 AND money >= {least:Float64}
    AND (source, campaign_id) NOT IN
    (
        SELECT source, campaign_id FROM v_ad_shows
        WHERE stat_date >= {today:Date} - 3 AND spend > 0 AND event_id = 0 AND reason = 'the show is over'
    )
ORDER BY money DESC, source, account, campaign_id
SETTINGS join_use_nulls = 0
