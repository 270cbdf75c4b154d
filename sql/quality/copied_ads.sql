-- title: No ads were taken in twice under new numbers
-- ru: Объявления не загружены второй раз под новыми номерами
-- why: Their spend counts twice, and no key shows it
-- why_ru: Расход посчитан дважды, а по номерам этого не видно
-- do: Compare the spend of the day with the cabinet; if there is less, the day is to be loaded again
-- do_ru: Сверьте расход дня с кабинетом; если в кабинете меньше, нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- story: exact
-- key: source, account, day
-- days: 14
-- sources: vk_ads, direct
-- says: {who}: {day} has the same figures under two numbers, ads: {copies} of {ads}, {money} ₽ too much
-- says_ru: {who}: расход, похоже, задвоен за {day}: лишние {money} ₽, объявления с теми же цифрами под другим номером: {copies} из {ads}
-- param: impressions = 100
-- param: share = 0.05
-- param: times = 3

-- Small ads have the same figures by chance, and one pair of larger ones may. An account in which it is usual (the 28 days
-- before) is judged by that, and one of less than a week not at all.
WITH
    figures AS
    (
        SELECT source, account, stat_date AS day, impressions, clicks, toFloat64(spent) AS cost_each, count() AS n, cost_each * (n - 1) AS surplus, cost_each * n AS cost
        FROM v_ad_days WHERE stat_date >= {since:Date} - 28 AND stat_date < {today:Date} AND spent > 0
        GROUP BY source, account, day, impressions, clicks, cost_each
    ),
    days AS
    (
        SELECT source, account, day, sum(n) AS ads, sumIf(n - 1, n > 1 AND impressions >= {impressions:Float64}) AS copies,
            countIf(n > 1 AND impressions >= {impressions:Float64}) AS pairs, countIf(n > 1 AND impressions >= 10 * {impressions:Float64} AND clicks >= 10) AS sure,
            sumIf(surplus, n > 1 AND impressions >= {impressions:Float64}) AS money, money / sum(cost) AS share
        FROM figures GROUP BY source, account, day
    )
SELECT source, account, its.1 AS day, its.2 AS copies, its.3 AS ads, round(its.4, 2) AS money, arrayMap(o -> o.5, arrayFilter(o -> o.1 < day AND o.1 >= day - 28, had)) AS before
FROM
(
    SELECT source, account, groupArray((day, copies, ads, money, share, pairs, sure)) AS had FROM days GROUP BY source, account
)
ARRAY JOIN had AS its
WHERE day >= {since:Date} AND its.5 >= {share:Float64} AND (its.6 >= 2 OR its.7 >= 1)
    AND length(before) >= 7 AND its.5 > {times:Float64} * arrayReduce('quantileExact(0.75)', before)
ORDER BY day DESC, source, account
