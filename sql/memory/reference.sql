-- What tags, rates and reports go by.
-- when: check
-- sources: qtickets, vk_ads, direct
SELECT
    '' AS source,
    '' AS account,
    thing,
    toDate('1970-01-01') AS day,
    CAST(map(), 'Map(String, Decimal(18, 2))') AS figures,
    map('value', value) AS words
FROM
(
    SELECT concat('city ', city) AS thing, city AS value FROM dim_cities FINAL
    UNION ALL SELECT concat('utm_source ', utm_source), toString(source) FROM dim_utm_sources FINAL
    UNION ALL SELECT concat('vat ', toString(valid_from)), toString(rate) FROM dim_vat_rates FINAL
    UNION ALL SELECT 'report', concat(toString(currency), ' ', if(spend_with_vat, 'with VAT', 'without VAT')) FROM dim_report FINAL
)
