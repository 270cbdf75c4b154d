-- Ad days of all sources, a row a day and ad, as their tables have them: `spent` is as the source tells it, with or
-- without VAT (`spent_has_vat`), in its own currency. v_ad_spend has it on one basis. A new source is a line here.
SELECT 'vk_ads' AS source, * FROM fact_vk_ads_daily FINAL
UNION ALL
SELECT 'direct' AS source, * FROM fact_direct_daily FINAL
