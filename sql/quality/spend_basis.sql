-- title: Every ad day is in the report once, with the VAT of its day
-- ru: Каждый день рекламы вошёл в отчёт один раз и с верным НДС
-- why: Spend that falls out, or has VAT twice, changes every ROMI
-- why_ru: Выпавший расход или двойной НДС меняют каждый ROMI
-- do: Run zakaz migrate and any load: views and VAT rates are made anew
-- do_ru: Выполните zakaz migrate и любую загрузку: отчёты и ставки НДС обновятся
-- severity: fail
-- story: exact
-- key: source, account, day
-- when: night
-- sources: vk_ads, direct
-- says: {who}: {day} shows {shown} of spend, by its rows it is {right}; rows {rows} of {all_rows}
-- says_ru: {who}: за {day} в отчёте {shown}, а должно быть {right}; строк {rows} из {all_rows}

-- Worked out apart from v_ad_spend. Each row is rounded to the kopeck there. A day without a VAT rate is not in it at all.
WITH
    (SELECT arraySort(groupArray((valid_from, toFloat64(rate)))) FROM dim_vat_rates FINAL) AS rates,
    (SELECT any(spend_with_vat) FROM dim_report FINAL) AS with_vat,
    (SELECT toString(any(currency)) FROM dim_report FINAL) AS of_report
SELECT source, account, day, sum(in_view) AS shown, round(sum(right_sum), 2) AS right, sum(view_rows) AS rows, sum(fact_rows) AS all_rows, abs(toFloat64(shown) - right) AS money, max(written) AS newest
FROM
(
    SELECT source, account, day, toDecimal64(0, 2) AS in_view, toUInt64(0) AS view_rows, n AS fact_rows, v AS written,
        toFloat64(s) * multiIf(spent_has_vat = with_vat, 1, with_vat = 1, 1 + rate, 1 / (1 + rate)) AS right_sum
    FROM
    (
        SELECT source, toString(account) AS account, stat_date AS day, spent_has_vat, sum(spent) AS s, count() AS n, max(_ver) AS v, arrayLast(r -> r.1 <= stat_date, rates).2 AS rate
        FROM
        (
            SELECT 'vk_ads' AS source, account, stat_date, spent_has_vat, spent, _ver FROM fact_vk_ads_daily FINAL WHERE currency IN ('', of_report)
            UNION ALL
            SELECT 'direct', account, stat_date, spent_has_vat, spent, _ver FROM fact_direct_daily FINAL WHERE currency IN ('', of_report)
        )
        GROUP BY source, account, stat_date, spent_has_vat
    )
    UNION ALL
    SELECT source, toString(account), stat_date, sum(spend), count(), 0, 0, 0 FROM v_ad_spend GROUP BY source, account, stat_date
)
GROUP BY source, account, day
HAVING rows != all_rows OR money > 0.005 * all_rows + 0.005
ORDER BY day DESC, source, account
