-- title: No ads were taken in twice under new numbers
-- ru: Объявления не загружены второй раз под новыми номерами
-- why: Their spend counts twice, and no key shows it
-- why_ru: Расход посчитан дважды, а по номерам этого не видно
-- do: Compare two of these ads with the ad account; load the day again with --refresh
-- do_ru: Сверьте пару таких объявлений с кабинетом и перезагрузите день (--refresh)
-- severity: fail
-- story: exact
-- key: source, account, day
-- days: 14
-- sources: vk_ads, direct
-- says: {who}: {day} has the same figures under two numbers, ads: {copies} of {ads}, {money} too much
-- says_ru: {who}: {day} те же цифры под двумя номерами, объявлений: {copies} из {ads}, лишний расход {money}
-- param: impressions = 100
-- param: share = 0.05
-- param: times = 3

-- Small ads have the same figures by chance, and one pair of larger ones may. An account in which it is usual (the 28 days
-- before) is judged by that, and one of less than a week not at all.
WITH
    figures AS
    (
        SELECT source, account, stat_date AS day, impressions, clicks, spend, count() AS n, toFloat64(any(spend)) * (n - 1) AS surplus, toFloat64(any(spend)) * n AS cost
        FROM v_ad_spend
        WHERE stat_date >= {since:Date} - 28 AND stat_date < {today:Date} AND spend > 0
        GROUP BY source, account, day, impressions, clicks, spend
    ),
    days AS
    (
        SELECT source, account, day, sum(n) AS ads, sumIf(n - 1, n > 1 AND impressions >= {impressions:Float64}) AS copies,
            countIf(n > 1 AND impressions >= {impressions:Float64}) AS pairs, countIf(n > 1 AND impressions >= 10 * {impressions:Float64} AND clicks >= 10) AS sure,
            sumIf(surplus, n > 1 AND impressions >= {impressions:Float64}) AS money, money / sum(cost) AS share
        FROM figures GROUP BY source, account, day
    )
SELECT n.source AS source, n.account AS account, n.day AS day, any(n.copies) AS copies, any(n.ads) AS ads, any(n.money) AS money
FROM (SELECT * FROM days WHERE day >= {since:Date} AND share >= {share:Float64} AND (pairs >= 2 OR sure >= 1)) AS n
INNER JOIN days AS o ON o.source = n.source AND o.account = n.account
WHERE o.day < n.day AND o.day >= n.day - 28
GROUP BY source, account, day
HAVING count() >= 7 AND any(n.share) > {times:Float64} * quantileExact(0.75)(o.share)
ORDER BY day DESC, source, account
