-- The currency of an ad account: spend in another one than the report's is kept and reported, never added.

ALTER TABLE fact_vk_ads_daily ADD COLUMN IF NOT EXISTS currency LowCardinality(String) COMMENT 'of spent; empty: not known, taken for the report''s' AFTER spent_has_vat;

ALTER TABLE fact_direct_daily ADD COLUMN IF NOT EXISTS currency LowCardinality(String) COMMENT 'of spent; empty: not known, taken for the report''s' AFTER spent_has_vat;
