-- title: v_romi_kpi and v_campaign_performance add up to what they are made of
-- ru: Отчёты по городам и кампаниям сходятся с общим отчётом
-- why: The same rouble must not differ from one chart to the next
-- why_ru: Один и тот же рубль не должен различаться от графика к графику
-- do: The views are to be made anew
-- do_ru: Перешлите администратору Zakaz: отчёты нужно пересоздать, данные при этом не пропадут
-- run: zakaz migrate && zakaz load all
-- severity: fail
-- story: exact
-- follows: qtickets
-- key: view, part, account
-- when: night
-- sources: qtickets, vk_ads, direct
-- says: {view} of "{part}" is off[, spend by {spend} ₽][, revenue by {net} ₽][, tickets by {tickets}]
-- says_ru: отчёт «{part}» не сходится с общим[, расход на {spend} ₽][, выручка на {net} ₽][, билеты на {tickets}] ({view})

-- Spend by account; tickets by source, since a ticket of no campaign is no account's. `newest` changes when a load
-- writes the rows again: what stays is no load's work in progress.
SELECT
    view, part, account, if(view = 'v_romi_kpi', '', part) AS source, sum(abs(s)) AS spend, sum(abs(r)) AS net, sum(abs(n)) AS tickets,
    spend + net AS money, max(v) AS newest
FROM
(
    SELECT view, part, account, d, sum(cost) AS s, sum(brought) AS r, sum(sold) AS n, max(written) AS v
    FROM
    (
        SELECT 'v_romi_kpi' AS view, toString(city) AS part, '' AS account, d, spend_total AS cost, net_revenue AS brought, toInt64(tickets_sold) AS sold, toUInt64(0) AS written FROM v_romi_kpi
        UNION ALL
        SELECT 'v_romi_kpi', toString(city), '', d, -spend_total, refunds_amount - revenue, -toInt64(tickets_sold), _ver FROM agg_marketing_daily FINAL
        UNION ALL
        SELECT 'v_campaign_performance', toString(source), its.1, toDate(0), its.2, its.3, its.4, 0 FROM v_campaign_performance
        ARRAY JOIN [(toString(account), spend_total, toDecimal64(0, 2), 0), ('', toDecimal64(0, 2), net_revenue, toInt64(tickets_sold))] AS its
        UNION ALL
        SELECT 'v_campaign_performance', source, toString(account), toDate(0), -spend, toDecimal64(0, 2), 0, 0 FROM v_ad_spend
        UNION ALL
        SELECT 'v_campaign_performance', toString(source), '', toDate(0), toDecimal64(0, 2), refunds_amount - revenue, -toInt64(tickets_sold), _ver FROM agg_marketing_daily FINAL WHERE source != 'other'
    )
    GROUP BY view, part, account, d
)
WHERE s != 0 OR r != 0 OR n != 0
GROUP BY view, part, account
ORDER BY view, part, account
