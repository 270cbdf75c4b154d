-- title: Tickets by show and spend by tags are the sum of tickets and ads
-- ru: Билеты по концертам и расход по меткам равны сумме билетов и объявлений
-- why: What a concert brought is read from them
-- why_ru: По ним строятся отчёты по концертам
-- do: It takes one more load: the reports follow
-- do_ru: Нужна ещё одна загрузка: отчёты пересчитаются
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- follows: qtickets
-- key: source, account, day
-- when: night
-- sources: qtickets, vk_ads, direct
-- says: {who}: concerts of {day} are off[, spend by {spend} ₽][, revenue by {brought} ₽][, refunds by {returned} ₽][, tickets by {tickets}]
-- says_ru: {who}: отчёт по концертам за {day} неверен[, расход на {spend} ₽][, выручка на {brought} ₽][, возвраты на {returned} ₽][, билеты на {tickets}]

-- By show and by tags. `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    source, account, day, sum(abs(s)) AS spend, sum(abs(r)) AS brought, sum(abs(b)) AS returned, sum(abs(n)) AS tickets, spend + brought AS money, max(v) AS newest
FROM
(
    SELECT source, account, day, its, sum(cost) AS s, sum(paid) AS r, sum(back) AS b, sum(sold) AS n, sum(others) AS o, max(written) AS v
    FROM
    (
        SELECT
            'qtickets' AS source, toString(account) AS account, d AS day, concat(toString(event_id), ' ', toString(show_id), ' ', currency) AS its, toDecimal128(0, 2) AS cost,
            toDecimal128(revenue, 2) AS paid, toDecimal128(refunds_amount, 2) AS back, toInt64(tickets_sold) AS sold,
            toDecimal128(discount, 2) + tickets_kept * 1000 + tickets_free * 1000000 + promo_tickets * 1000000000 AS others, _ver AS written
        FROM agg_shows_daily FINAL
        UNION ALL
        SELECT
            'qtickets', toString(account), toDate(booked_at, 'Europe/Moscow'), concat(toString(event_id), ' ', toString(show_id), ' ', currency), 0,
            -toDecimal128(amount, 2), -toDecimal128(refunded_amount, 2), -toInt64(quantity),
            -(toDecimal128(discount, 2) + if(state = 'paid', quantity, 0) * 1000 + if(amount = 0, quantity, 0) * 1000000 + if(promo_code_id != 0, quantity, 0) * 1000000000), 0
        FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded')
        UNION ALL
        SELECT
            toString(source), '', stat_date, toString((is_filed, tag_event_id, tag_show_id, toString(tag_city), tag_day, tag_month)), toDecimal128(spend, 2), 0, 0, 0, 0, _ver
        FROM agg_ad_tags_daily FINAL
        UNION ALL
        SELECT
            source, '', stat_date, toString((is_filed, tag_event_id, tag_show_id, toString(tag_city), tag_day, tag_month)), -toDecimal128(spend, 2), 0, 0, 0, 0, 0
        FROM v_ad_tags
    )
    GROUP BY source, account, day, its
)
WHERE s != 0 OR r != 0 OR b != 0 OR n != 0 OR o != 0
GROUP BY source, account, day
ORDER BY day DESC, source, account
-- An older version of a ticket that was left in another month is to be seen: loads take months apart.
SETTINGS do_not_merge_across_partitions_select_final = 0
