-- title: No row of the views stands twice
-- ru: В отчётах нет повторов
-- why: DataLens reads the views
-- why_ru: DataLens покажет двойные суммы
-- do: The views are to be made anew
-- do_ru: Перешлите администратору Zakaz: отчёты нужно пересоздать, данные при этом не пропадут
-- run: zakaz migrate
-- severity: fail
-- story: exact
-- key: view, day
-- when: night
-- sources: qtickets, vk_ads, direct
-- says: {view} shows rows of {day} twice: {rows}
-- says_ru: повторы в отчёте за {day}: строк {rows} ({view})

-- v_campaign_performance takes long to read: reconcile_views reads it once, and sees a doubled campaign by its sum.
SELECT view, day, surplus AS rows
FROM
(
    SELECT 'v_sales_latest' AS view, event_date AS day, count() - uniqExact(event_id, city, event_name, currency) AS surplus FROM v_sales_latest GROUP BY event_date
    UNION ALL
    SELECT 'v_marketing_daily', d, count() - uniqExact(city, source) FROM v_marketing_daily GROUP BY d
    UNION ALL
    SELECT 'v_romi_kpi', d, count() - uniqExact(city) FROM v_romi_kpi GROUP BY d
)
WHERE surplus > 0
ORDER BY day DESC, view
