-- title: v_marketing_daily is the sum of ads and tickets
-- ru: Отчёт по рекламе равен сумме расходов и билетов
-- why: ROMI is read from it
-- why_ru: По нему считается ROMI
-- do: It takes one more load: the report follows
-- do_ru: Нужна ещё одна загрузка: отчёт пересчитается
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- follows: qtickets
-- key: part, day
-- when: night
-- sources: qtickets, vk_ads, direct, costs
-- says: {who}: the report of {day} ({part}) is off[, spend by {spend} ₽][, revenue by {brought} ₽][, refunds by {returned} ₽][, tickets by {tickets}][, impressions by {shown}][, clicks by {clicked}], in {cities}
-- says_ru: {who}: отчёт по рекламе за {day} неверен[, расход на {spend} ₽][, выручка на {brought} ₽][, возвраты на {returned} ₽][, билеты на {tickets}][, показы на {shown}][, клики на {clicked}], города: {cities}

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    part, multiIf(part = 'other', 'qtickets', part IN ('vk_ads', 'direct'), part, 'costs') AS source, day, sum(abs(s)) AS spend, sum(abs(r)) AS brought, sum(abs(b)) AS returned, sum(abs(n)) AS tickets, sum(abs(i)) AS shown, sum(abs(c)) AS clicked,
    sum(abs(k)) AS converted, arraySort(groupUniqArray(5)(if(city = '', '-', city))) AS cities, spend + brought AS money, max(v) AS newest
FROM
(
    SELECT day, city, part, sum(spend) AS s, sum(shown) AS i, sum(clicked) AS c, sum(converted) AS k, sum(brought) AS r, sum(returned) AS b, sum(tickets) AS n, max(written) AS v
    FROM
    (
        SELECT
            d AS day, toString(city) AS city, toString(source) AS part, spend_total AS spend, toInt64(impressions) AS shown, toInt64(clicks) AS clicked,
            toInt64(conversions) AS converted, revenue AS brought, refunds_amount AS returned, toInt64(tickets_sold) AS tickets, toUInt64(0) AS written
        FROM v_marketing_daily
        UNION ALL
        SELECT stat_date, toString(utm_city), source, -spend, -toInt64(impressions), -toInt64(clicks), -toInt64(conversions), toDecimal64(0, 2), toDecimal64(0, 2), 0, 0
        FROM v_ad_spend
        UNION ALL
        SELECT day, toString(city), toString(source), -spent, 0, 0, 0, toDecimal64(0, 2), toDecimal64(0, 2), 0, 0
        FROM fact_other_costs_daily FINAL
        UNION ALL
        SELECT d, toString(city), source, toDecimal64(0, 2), 0, 0, 0, -revenue, -refunds_amount, -toInt64(tickets_sold), 0
        FROM v_attributed_tickets
        UNION ALL
        SELECT d, toString(city), toString(source), toDecimal64(0, 2), 0, 0, 0, toDecimal64(0, 2), toDecimal64(0, 2), 0, _ver
        FROM agg_marketing_daily FINAL
    )
    GROUP BY day, city, part
)
WHERE s != 0 OR i != 0 OR c != 0 OR k != 0 OR r != 0 OR b != 0 OR n != 0
GROUP BY part, day
ORDER BY day DESC, part
-- An older version of a ticket that was left in another month is to be seen: loads take months apart.
SETTINGS do_not_merge_across_partitions_select_final = 0
