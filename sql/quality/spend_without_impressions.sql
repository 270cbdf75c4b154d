-- title: No campaign cost money without being shown
-- ru: Нет расхода без показов
-- why: Spend of another ad or day, or a figure that did not come
-- why_ru: Расход другого объявления или дня, или показы не пришли
-- do: Look up the campaign's impressions of that day in the cabinet; if there are any, the day is to be loaded again
-- do_ru: Посмотрите показы кампании за этот день в кабинете; если они есть, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, campaign_id, day
-- days: 30
-- param: small = 100
-- param: share = 0.02
-- says: {who}: {money} ₽ spent on {day} without impressions: {campaign}
-- says_ru: {who}: расход {money} ₽ без показов за {day}: {campaign}

-- A click after midnight costs money on a day without impressions, but not much: no more than `share` of the campaign's week.
WITH days AS
(
    SELECT
        source, account, campaign_id, stat_date AS d, any(campaign_name) AS campaign,
        toFloat64(sumIf(spend, impressions = 0)) AS unseen, toFloat64(sum(spend)) AS spent
    FROM v_ad_spend WHERE stat_date >= {since:Date} - 7 AND stat_date < {today:Date}
    GROUP BY source, account, campaign_id, d
)
SELECT source, account, campaign_id, d AS day, campaign, round(unseen, 2) AS money
FROM (SELECT *, sum(spent) OVER (PARTITION BY source, account, campaign_id ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AS week FROM days)
WHERE d >= {since:Date} AND unseen > greatest({small:Float64}, {share:Float64} * week)
ORDER BY money DESC, source, account, campaign_id, day
