-- title: All spend is in the report's currency
-- ru: Весь расход в валюте отчёта
-- why: Spend in another one is in no view, so that ROMI looks better than it is
-- why_ru: Расход в другой валюте не попадает в отчёт, и ROMI выглядит лучше, чем есть
-- do: Look at the account's currency; the reports' is set by whoever runs Zakaz (REPORT_CURRENCY)
-- do_ru: Проверьте валюту кабинета; если она верна, валюту отчётов задаёт администратор Zakaz (REPORT_CURRENCY)
-- severity: warn
-- story: exact
-- key: source, account, account_id, currency
-- days: 30
-- sources: vk_ads, direct
-- says: {who}: {amount} {currency} of spend are in no view, since {day}, account {account_id}
-- says_ru: {who}: расход не вошёл в отчёты из-за валюты: {amount} {currency} с {day}, кабинет «{account_id}»

-- One account is enough: unlike a ticket from abroad, it has all of its spend in that currency. Its currency empty:
-- the source did not tell it, and it is taken for the report's.
SELECT source, account, account_id, toString(currency) AS currency, sum(spent) AS amount, min(stat_date) AS day
FROM v_ad_days
WHERE stat_date >= {since:Date} AND stat_date <= {today:Date} AND spent > 0 AND currency NOT IN ('', (SELECT any(currency) FROM dim_report FINAL))
GROUP BY source, account, account_id, currency
ORDER BY amount DESC, source, account, account_id
