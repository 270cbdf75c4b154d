-- title: No ad account runs dry within three days
-- ru: Деньги в рекламных кабинетах не кончатся за три дня
-- why: When it is empty, all its ads stop
-- why_ru: Когда деньги кончатся, остановится вся реклама кабинета
-- do: Top it up, if it is to go on
-- do_ru: Пополните счёт, если реклама нужна
-- severity: warn
-- sources: vk_ads, direct
-- key: source, account
-- param: days = 3
-- says: {who}: {left} ₽ left: enough for {lasts} days at the usual {usual} ₽ a day
-- says_ru: {who}: осталось {left} ₽ — на {lasts} дн. при обычных {usual} ₽ в день

-- Where the source tells it. An account that spends with nothing on it pays later. What is left is net of VAT: here with it, as spend is. Money: what
-- three days would take beyond it.
SELECT
    s.source AS source, s.its_account AS account, round(toFloat64(b.balance) * v.with_vat, 2) AS left, round(s.a_day, 2) AS usual, floor(left / s.a_day, 1) AS lasts,
    round(s.a_day * {days:Float64} - left, 2) AS money
FROM
(
    SELECT 1 AS one, source, toString(account) AS its_account, toFloat64(sum(spend)) / 7 AS a_day
    FROM v_ad_spend WHERE stat_date >= {today:Date} - 7 AND stat_date < {today:Date} GROUP BY source, its_account
) AS s
INNER JOIN
(
    SELECT toString(source) AS source, toString(account) AS account, argMax(balance, day) AS balance, argMax(currency, day) AS currency
    FROM fact_ad_balance_daily FINAL WHERE day >= {today:Date} - 1 GROUP BY source, account
) AS b ON b.source = s.source AND b.account = s.its_account
INNER JOIN
(
    SELECT 1 AS one, if((SELECT max(spend_with_vat) FROM dim_report FINAL) = 1, 1 + toFloat64(argMax(rate, valid_from)), 1) AS with_vat
    FROM dim_vat_rates FINAL WHERE valid_from <= {today:Date}
) AS v ON v.one = s.one
WHERE b.balance > 0 AND b.currency IN ('', (SELECT any(currency) FROM dim_report FINAL)) AND left < s.a_day * {days:Float64}
ORDER BY money DESC, source, account
SETTINGS join_use_nulls = 0
