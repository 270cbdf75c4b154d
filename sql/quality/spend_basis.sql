-- title: Every ad day is in the report once, with the VAT of its day
-- ru: Каждый день рекламы вошёл в отчёт один раз и с верным НДС
-- why: Spend that falls out, or has VAT twice, changes every ROMI
-- why_ru: Выпавший расход или двойной НДС меняют каждый ROMI
-- do: Views and VAT rates are to be made anew
-- do_ru: Отчёты и ставки НДС нужно обновить
-- run: zakaz migrate && zakaz load {source}
-- severity: fail
-- story: exact
-- key: source, account, day
-- when: night
-- sources: vk_ads, direct
-- says: {who}: the spend of {day} is wrong in the report[, {shown} ₽ instead of {right} ₽][, rows {rows} of {all_rows}]
-- says_ru: {who}: расход за {day} в отчёте неверен[, {shown} ₽ вместо {right} ₽][, строк {rows} вместо {all_rows}]

-- Worked out by day, apart from v_ad_spend, where each row is rounded to the kopeck. A day without a VAT rate is not in
-- it at all. No list of rates as a constant: a server of a cluster that is handed one ends.
SELECT source, account, day, sum(in_view) AS shown, round(sum(right_sum), 2) AS right, sum(view_rows) AS rows, sum(fact_rows) AS all_rows, abs(toFloat64(shown) - right) AS money, max(written) AS newest
FROM
(
    SELECT f.source AS source, f.account AS account, f.day AS day, toDecimal64(0, 2) AS in_view, toUInt64(0) AS view_rows, f.n AS fact_rows, f.v AS written,
        toFloat64(f.s) * multiIf(f.spent_has_vat = r.spend_with_vat, 1, r.spend_with_vat = 1, 1 + v.rate, 1 / (1 + v.rate)) AS right_sum
    FROM
    (
        SELECT 1 AS one, source, toString(account) AS account, stat_date AS day, spent_has_vat, toString(currency) AS money_of, sum(spent) AS s, count() AS n, max(_ver) AS v
        FROM v_ad_days
        GROUP BY source, account, day, spent_has_vat, money_of
    ) AS f
    CROSS JOIN (SELECT spend_with_vat, toString(currency) AS of_report FROM dim_report FINAL) AS r
    ASOF LEFT JOIN (SELECT 1 AS one, valid_from, toFloat64(rate) AS rate FROM dim_vat_rates FINAL) AS v ON v.one = f.one AND f.day >= v.valid_from
    WHERE f.money_of IN ('', r.of_report)
    UNION ALL
    SELECT source, toString(account), stat_date, sum(spend), count(), 0, 0, 0 FROM v_ad_spend GROUP BY source, account, stat_date
)
GROUP BY source, account, day
HAVING rows != all_rows OR money > 0.005 * all_rows + 0.005
ORDER BY day DESC, source, account
