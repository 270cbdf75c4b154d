-- title: No campaign spent twice its usual yesterday
-- ru: Ни одна кампания не потратила вчера вдвое больше обычного
-- why: A limit that was taken off, or a bid, empties a budget in days
-- why_ru: Снятый лимит или ставка опустошают бюджет за несколько дней
-- do: Look whether it is meant; else put the limit back
-- do_ru: Проверьте, задумано ли это; если нет, верните лимит
-- severity: warn
-- sources: vk_ads, direct
-- key: source, account, campaign_id, day
-- param: times = 2
-- param: least = 1000
-- says: {who}: {campaign} spent {spent} ₽ on {day}, usual {usual} ₽
-- says_ru: {who}: «{campaign}» потратила {spent} ₽ за {day}, обычно {usual} ₽

SELECT source, its_account AS account, campaign_id, campaign, {today:Date} - 1 AS day, spent, round(usual, 2) AS usual, round(toFloat64(spent) - usual, 2) AS money
FROM
(
    SELECT
        source, its_account, campaign_id, argMax(name, d) AS campaign, sumIf(of_day, d = {today:Date} - 1) AS spent,
        countIf(d < {today:Date} - 1) AS days, quantileExactInclusiveIf(0.5)(toFloat64(of_day), d < {today:Date} - 1) AS usual
    FROM
    (
        SELECT source, toString(account) AS its_account, campaign_id, stat_date AS d, any(campaign_name) AS name, sum(spend) AS of_day
        FROM v_ad_spend WHERE stat_date >= {today:Date} - 15 AND stat_date < {today:Date} AND spend > 0 GROUP BY source, its_account, campaign_id, d
    )
    GROUP BY source, its_account, campaign_id
)
WHERE days >= 5 AND spent >= usual * {times:Float64} AND money >= {least:Float64}
ORDER BY money DESC, source, account, campaign_id
