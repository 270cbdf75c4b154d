-- title: No ad has more clicks than impressions
-- ru: У объявлений кликов не больше, чем показов
-- why: Figures of two ads or days may be mixed up
-- why_ru: Цифры разных объявлений или дней могли перепутаться
-- do: Compare the clicks of the day with the cabinet; the day is to be loaded again
-- do_ru: Сверьте показы и клики дня с кабинетом; нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- story: exact
-- key: source, account, day
-- when: night
-- sources: vk_ads, direct
-- says: {who}: ads with more clicks than impressions on {day}: {ads}, e.g. ad {ad} ({clicked} clicks, {shown} impressions)
-- says_ru: {who}: кликов больше, чем показов, за {day}: объявлений {ads}, например № {ad} (кликов {clicked}, показов {shown})
-- param: late = 5

-- A few clicks may come after midnight, on the day after their impressions.
SELECT
    source,
    account,
    stat_date AS day,
    count() AS ads,
    toString(argMax(ad_id, clicks - impressions)) AS ad,
    argMax(clicks, clicks - impressions) AS clicked,
    argMax(impressions, clicks - impressions) AS shown,
    sum(spend) AS money
FROM v_ad_spend
WHERE clicks > impressions + {late:Float64}
GROUP BY source, account, day
ORDER BY day DESC, source, account
