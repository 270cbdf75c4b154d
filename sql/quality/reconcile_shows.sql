-- title: What shows cost and brought adds up to all spend and all sales
-- ru: Расход и продажи по концертам сходятся с общими
-- why: Budgets are decided on by v_show_economics
-- why_ru: По отчёту о концертах решают, куда идёт бюджет
-- do: It takes one more load of all sources: the reports follow
-- do_ru: Нужна ещё одна загрузка всех источников: отчёты пересчитаются
-- run: zakaz migrate && zakaz load all
-- severity: fail
-- story: exact
-- follows: qtickets
-- key: part
-- when: night
-- sources: qtickets, vk_ads, direct, costs
-- says: {who}: v_show_economics is off[, spend by {cost} ₽][, revenue by {brought} ₽][, refunds by {returned} ₽][, tickets by {tickets}]
-- says_ru: {who}: отчёт по концертам не сходится с общим[, расход на {cost} ₽][, выручка на {brought} ₽][, возвраты на {returned} ₽][, билеты на {tickets}]

-- Of the whole history, as a show has no day. `newest` changes when a load writes the rows again: what stays is no load's
-- work in progress.
SELECT
    part, multiIf(part = 'sales', 'qtickets', part = 'other', 'costs', part) AS source, abs(sum(s)) AS cost, abs(sum(r)) AS brought, abs(sum(b)) AS returned, abs(sum(n)) AS tickets,
    cost + brought AS money, max(v) AS newest
FROM
(
    SELECT
        its.1 AS part, its.2 AS s, if(part = 'sales', toDecimal128(revenue, 2), 0) AS r, if(part = 'sales', toDecimal128(refunds_amount, 2), 0) AS b,
        if(part = 'sales', toInt64(tickets_sold), 0) AS n, toUInt64(0) AS v
    FROM v_show_economics ARRAY JOIN [('vk_ads', spend_vk_ads), ('direct', spend_direct), ('other', spend_other), ('sales', 0)] AS its
    UNION ALL
    SELECT if(source IN ('vk_ads', 'direct'), toString(source), 'other'), -toDecimal128(spend_total, 2), 0, 0, 0, 0 FROM v_marketing_daily
    UNION ALL
    SELECT 'sales', 0, -toDecimal128(revenue, 2), -toDecimal128(refunds_amount, 2), -toInt64(tickets_sold), 0
    FROM v_sales_latest WHERE currency = (SELECT any(currency) FROM dim_report FINAL)
    UNION ALL
    SELECT arrayJoin(['vk_ads', 'direct', 'other', 'sales']), 0, 0, 0, 0, written
    FROM
    (
        SELECT max(newest) AS written
        FROM
        (
            SELECT max(_ver) AS newest FROM agg_ad_tags_daily
            UNION ALL SELECT max(_ver) FROM agg_shows_daily
            UNION ALL SELECT max(_ver) FROM agg_marketing_daily
            UNION ALL SELECT max(_ver) FROM stg_qtickets_sales_raw
            UNION ALL SELECT max(_ver) FROM fact_other_costs_daily
        )
    )
)
GROUP BY part
HAVING cost != 0 OR brought != 0 OR returned != 0 OR tickets != 0
ORDER BY part
