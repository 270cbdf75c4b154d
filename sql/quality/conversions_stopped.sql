-- title: No conversions are missing while clicks come
-- ru: Конверсии не пропали, пока идут клики
-- why: A goal or a counter that broke makes every ad look worthless, to people and to the auction
-- why_ru: Сломалась цель или счётчик: реклама выглядит бесполезной и людям, и аукциону
-- do: Look whether the goal still counts in the cabinet and on the site
-- do_ru: Проверьте в кабинете и на сайте, срабатывает ли цель; если нет, напишите тому, кто ведёт сайт
-- severity: warn
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, campaign_id, day
-- days: 14
-- param: conversions = 9
-- param: known = 0.5
-- says: {who}: no conversion up to {day} (days: {length}), usual {expected}: {campaign}
-- says_ru: {who}: нет конверсий {length} дн. подряд (по {day}), обычно за это время {expected}: {campaign_ru}

-- Over one day and over three: what clicks bring by the month before, of which half (`known`) is told at once. campaign_id 0:
-- the whole account. A stretch of that length without any in the month before: it is life. What is open ends with a
-- conversion.
WITH
    days AS
    (
        SELECT source, account, arrayJoin([campaign_id, 0]) AS thing, stat_date AS d, any(campaign_name) AS campaign, toFloat64(sum(clicks)) AS clicked, toFloat64(sum(conversions)) AS converted, toFloat64(sum(spend)) AS spent
        FROM v_ad_spend WHERE stat_date >= {since:Date} - 76 AND stat_date < {today:Date}
        GROUP BY source, account, thing, d
    ),
    stretches AS
    (
        SELECT source, account, thing, d, campaign, length, sum_clicked[length] AS clicks_then, sum_converted[length] AS conversions_then, sum_spent[length] AS spent_then, rate
        FROM
        (
            SELECT
                *, [clicked, 0, sum(clicked) OVER three] AS sum_clicked, [converted, 0, sum(converted) OVER three] AS sum_converted, [spent, 0, sum(spent) OVER three] AS sum_spent,
                sum(converted) OVER month / greatest(sum(clicked) OVER month, 1) AS rate, count() OVER month AS days_before
            FROM days
            WINDOW three AS (PARTITION BY source, account, thing ORDER BY toInt32(d) RANGE BETWEEN 2 PRECEDING AND CURRENT ROW),
                month AS (PARTITION BY source, account, thing ORDER BY toInt32(d) RANGE BETWEEN 31 PRECEDING AND 3 PRECEDING)
        )
        ARRAY JOIN [1, 3] AS length
        WHERE days_before >= 10
    ),
    judged AS
    (
        SELECT
            *, clicks_then * rate * {known:Float64} AS expected, conversions_then = 0 AND (expected >= {conversions:Float64} AND min_before > 0 OR has({open:Array(String)}, concat(source, '/', account, '/', toString(thing), '/', toString(d)))) AS is_strange
        FROM (SELECT *, min(conversions_then) OVER (PARTITION BY source, account, thing, length ORDER BY toInt32(d) RANGE BETWEEN 31 PRECEDING AND 3 PRECEDING) AS min_before FROM stretches)
    )
SELECT
    source, account, thing AS campaign_id, d AS day, min(judged.length) AS length, any(if(thing = 0, 'all campaigns', judged.campaign)) AS campaign, any(if(thing = 0, 'все кампании', judged.campaign)) AS campaign_ru,
    round(max(judged.expected)) AS expected, round(max(spent_then), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY source, account, thing ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS went_on FROM judged) AS judged
WHERE d >= {since:Date} AND is_strange AND NOT went_on
GROUP BY source, account, campaign_id, day
ORDER BY money DESC, source, account, campaign_id, day
