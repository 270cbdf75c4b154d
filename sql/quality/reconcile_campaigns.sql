-- title: Campaigns and tags by month are the sum of ads and tickets
-- ru: Итоги кампаний по месяцам равны сумме объявлений и билетов
-- why: v_campaign_performance is read from them
-- why_ru: По ним строится отчёт по кампаниям
-- do: It takes one more load: the report follows
-- do_ru: Нужна ещё одна загрузка: отчёт пересчитается
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- follows: qtickets
-- key: source, account, month
-- when: night
-- sources: qtickets, vk_ads, direct
-- says: {who}: campaigns of the month from {month} are off[, spend by {cost} ₽][, revenue by {revenue} ₽][, tickets by {sold}][, impressions by {seen}][, clicks by {clicks}]; rows: {rows}
-- says_ru: {who}: отчёт по кампаниям за месяц с {month} неверен[, расход на {cost} ₽][, выручка на {revenue} ₽][, билеты на {sold}][, показы на {seen}][, клики на {clicks}]

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    source, account, month, count() AS rows, sum(abs(spend)) AS cost, sum(abs(brought)) AS revenue, sum(abs(tickets)) AS sold,
    sum(abs(shown)) AS seen, sum(abs(clicked)) AS clicks, cost + revenue AS money, groupArray(5)(campaign_id) AS campaigns, max(newest) AS written
FROM
(
    SELECT
        month, source, account, campaign_id, utm_campaign, utm_content,
        sum(s) AS spend, sum(i) AS shown, sum(c) AS clicked, sum(k) AS converted, sum(r) AS brought, sum(b) AS returned, sum(n) AS tickets, max(v) AS newest
    FROM
    (
        SELECT
            month, toString(source) AS source, toString(account) AS account, campaign_id, utm_campaign, utm_content,
            spend_total AS s, toInt64(impressions) AS i, toInt64(clicks) AS c, toInt64(conversions) AS k, toDecimal64(0, 2) AS r, toDecimal64(0, 2) AS b, toInt64(0) AS n, _ver AS v
        FROM agg_campaigns_monthly FINAL
        UNION ALL
        SELECT
            toStartOfMonth(stat_date), source, toString(account), campaign_id, utm_campaign, utm_content,
            -spend, -toInt64(impressions), -toInt64(clicks), -toInt64(conversions), toDecimal64(0, 2), toDecimal64(0, 2), 0, 0
        FROM v_ad_spend
        UNION ALL
        SELECT
            month, toString(source), '', 0, utm_campaign, utm_content,
            toDecimal64(0, 2), 0, 0, 0, revenue, refunds_amount, toInt64(tickets_sold), _ver
        FROM agg_tags_monthly FINAL
        UNION ALL
        SELECT
            toStartOfMonth(d), toString(source), '', 0, utm_campaign, utm_content,
            toDecimal64(0, 2), 0, 0, 0, -revenue, -refunds_amount, -toInt64(tickets_sold), 0
        FROM v_attributed_tickets WHERE source != 'other'
    )
    GROUP BY month, source, account, campaign_id, utm_campaign, utm_content
)
WHERE spend != 0 OR shown != 0 OR clicked != 0 OR converted != 0 OR brought != 0 OR returned != 0 OR tickets != 0
GROUP BY source, account, month
ORDER BY month DESC, source, account
-- An older version of a ticket that was left in another month is to be seen: loads take months apart.
SETTINGS do_not_merge_across_partitions_select_final = 0
