-- What goes wrong in a healthy warehouse, several things at once where each has checks of its own; below it the very
-- checks that must catch them, or `nothing` for what only looks like a defect.
-- (loaded): marts, totals and what is remembered of days followed the tables, as after a run of a loader.
-- (shown): the marts alone did. Words in {braces} are the following, and accounts that test_defects.py makes of `main`.
-- {one_ticket} = ticket_id = (SELECT max(ticket_id) FROM stg_qtickets_tickets WHERE state = 'paid' AND amount > 0 AND {paid_on} = {today} - 1)
-- {one_ad} = stat_date = {today} - 4 AND ad_id = (SELECT argMax(ad_id, spent) FROM fact_vk_ads_daily WHERE stat_date = {today} - 4)
-- {top_event} = (SELECT argMax(event_id, r) FROM (SELECT event_id, sum(revenue) AS r FROM stg_qtickets_sales_raw WHERE event_date > {today} - 60 GROUP BY event_id))
-- {one_of_two} = ticket_id = (SELECT any(t) FROM (SELECT max(ticket_id) AS t FROM stg_qtickets_tickets WHERE state = 'paid' AND {paid_on} = {today} - 9 GROUP BY order_id HAVING count() > 1))
-- {busy_event} = (SELECT argMax(event_id, n) FROM (SELECT event_id, sum(tickets_sold) AS n FROM stg_qtickets_sales_raw WHERE event_date = {today} - 1 GROUP BY event_id))
-- {second_event} = (SELECT e FROM (SELECT event_id AS e, sum(revenue) AS r FROM stg_qtickets_sales_raw WHERE event_date > {today} - 60 GROUP BY e ORDER BY r DESC LIMIT 1 OFFSET 1))
-- {direct_campaign} = (SELECT argMax(campaign_id, s) FROM (SELECT campaign_id, sum(spent) AS s FROM fact_direct_daily WHERE stat_date > {today} - 9 GROUP BY campaign_id HAVING uniqExact(stat_date) >= 8))
-- {main_campaign} = (SELECT argMax(campaign_id, s) FROM (SELECT campaign_id, sum(spent) AS s FROM fact_vk_ads_daily WHERE utm_city != '' AND stat_date > {today} - 17 GROUP BY campaign_id HAVING count() >= 16))
-- {moscow_events} = (SELECT event_id FROM dim_events WHERE city = 'москва')
-- {over} = last_show_at = toDateTime64({today} - 2, 3, 'UTC')
-- {paid_on} = toDate(assumeNotNull(paid_at), 'Europe/Moscow')
-- {booked_on} = toDate(booked_at, 'Europe/Moscow')

-- rows were deleted and edited by hand: tickets and spend of a while ago, Direct of long ago; yesterday came without ads though campaigns go on, and without sales though events sell every day
-- completeness_ads, completeness_sales, memory_history, memory_sales, memory_spend, order_ids (shown)
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 50 AND order_id % 4 = 1;
ALTER TABLE fact_vk_ads_daily UPDATE spent = spent * 1.1 WHERE stat_date = {today} - 50;
DELETE FROM fact_direct_daily WHERE stat_date = {today} - 80;
DELETE FROM fact_vk_ads_daily WHERE stat_date = {today} - 1;
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 1;
DELETE FROM meta_ad_totals WHERE stat_date >= {today} - 2;
DELETE FROM meta_order_totals WHERE event_date = {today} - 1;
DELETE FROM meta_memory WHERE day = {today} - 1;

-- a tenth of the tickets was deleted by hand; rows of Direct were added
-- memory_sales, memory_spend, totals_ads, totals_sales (shown)
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 9 AND order_id % 10 = 1;
INSERT INTO fact_direct_daily SELECT * REPLACE (ad_id + 900000000 AS ad_id, campaign_id + 900000000 AS campaign_id, 500 + ad_id % 7 AS impressions, ad_id % 5 AS clicks, spent * 0.1 AS spent)
FROM (SELECT * FROM fact_direct_daily WHERE stat_date = {today} - 9 ORDER BY ad_id LIMIT 3);

-- half of VK was lost on a day of which no total is known
-- memory_spend, volume_spend (shown)
ALTER TABLE fact_vk_ads_daily UPDATE impressions = intDiv(impressions, 2), clicks = intDiv(clicks, 2), spent = spent / 2 WHERE stat_date = {today} - 6;
DELETE FROM meta_ad_totals WHERE stat_date = {today} - 6;

-- the accounts' totals are more than their ads; orders cost more than their lines; an event's sales stand in another city; a settled day was half as much again before; another was restated by a backfill; one order of a small day is gone; loads fail every other day and warn of the same; rows have stood rejected for days; v_marketing_daily shows a row twice
-- duplicates_views, mart_cities, quarantine_backlog, reconcile_marketing, reconcile_shows, restated_days, runs_failing, runs_warnings, totals_ads, totals_sales
ALTER TABLE stg_qtickets_sales_raw UPDATE city = 'самара' WHERE event_id = {top_event};
ALTER TABLE meta_ad_totals UPDATE spent = spent * 1.06, clicks = clicks + 40 WHERE stat_date = {today} - 1 AND source = 'vk_ads';
ALTER TABLE meta_ad_totals UPDATE spent_has_vat = 0 WHERE stat_date = {today} - 5 AND source = 'direct';
ALTER TABLE meta_order_totals UPDATE revenue = revenue * 1.1, orders_odd = orders WHERE event_date = {today} - 1;
INSERT INTO meta_memory SELECT * REPLACE ({today} - 6 AS seen_on, mapApply((k, v) -> (k, v * 3 / 2), figures) AS figures) FROM meta_memory WHERE day = {today} - 10;
INSERT INTO meta_memory SELECT * REPLACE ({today} - 6 AS seen_on, mapApply((k, v) -> (k, v * 2), figures) AS figures) FROM meta_memory WHERE day = {today} - 12;
ALTER TABLE meta_memory UPDATE seen_by = 'backfill' WHERE day = {today} - 12 AND seen_on = {today} - 1;
INSERT INTO meta_memory SELECT * REPLACE ({today} - 6 AS seen_on, mapApply((k, v) -> (k, toDecimal64(v * 1.08, 2)), figures) AS figures) FROM meta_memory WHERE day = {today} - 14;
ALTER TABLE meta_job_runs UPDATE status = 'failed' WHERE job = 'vk_ads_loader' AND toDate(started_at) IN ({today} - 2, {today} - 4, {today} - 6, {today} - 7);
ALTER TABLE meta_job_runs UPDATE metrics = replaceOne(metrics, '{', '{"warnings": ["the tags of 12 ads are not known"], ') WHERE job = 'direct_loader' AND started_at >= {today} - 4;
INSERT INTO meta_quarantine SELECT toString(number), 'qtickets', 'main', 'orders', toString(number), 'price is negative', 'price', '-1',
    '{"price": "900.00"}', 'r', toDateTime64({today} - 30, 3, 'UTC'), {today} - 30, {today} - 30, 1 FROM numbers(12);
CREATE OR REPLACE VIEW v_marketing_daily AS SELECT d, city, source, impressions, clicks, conversions, spend_total, tickets_sold,
    revenue, refunds_amount, revenue - refunds_amount AS net_revenue FROM (SELECT * FROM agg_marketing_daily FINAL UNION ALL SELECT
    * FROM (SELECT * FROM agg_marketing_daily FINAL ORDER BY spend_total DESC LIMIT 1));

-- tickets stand twice; sales stand twice; VK ad days stand twice; Direct ad days stand twice; marketing days stand twice; a job without good runs
-- duplicates_direct, duplicates_marketing, duplicates_sales, duplicates_tickets, duplicates_vk_ads, freshness_runs, runs_failed
SYSTEM STOP MERGES stg_qtickets_tickets;
INSERT INTO stg_qtickets_tickets SELECT * FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 5;
SYSTEM STOP MERGES stg_qtickets_sales_raw;
INSERT INTO stg_qtickets_sales_raw SELECT * FROM stg_qtickets_sales_raw WHERE event_date = {today} - 5;
SYSTEM STOP MERGES fact_vk_ads_daily;
INSERT INTO fact_vk_ads_daily SELECT * FROM fact_vk_ads_daily WHERE stat_date = {today} - 5;
SYSTEM STOP MERGES fact_direct_daily;
INSERT INTO fact_direct_daily SELECT * FROM fact_direct_daily WHERE stat_date = {today} - 5;
SYSTEM STOP MERGES agg_marketing_daily;
INSERT INTO agg_marketing_daily SELECT * FROM agg_marketing_daily WHERE d = {today} - 5;
ALTER TABLE meta_job_runs UPDATE status = 'failed' WHERE job = 'vk_ads_loader';

-- a ticket changed and the mart did not; v_sales_latest leaves rows out; a price below zero
-- memory_sales, negative_values, reconcile_marketing, reconcile_sales_view, reconcile_show_marts, reconcile_shows, reconcile_tickets
ALTER TABLE stg_qtickets_tickets UPDATE amount = amount + 1 WHERE {one_ticket};
CREATE OR REPLACE VIEW v_sales_latest AS SELECT event_date, event_id, city, event_name, currency, tickets_sold, revenue,
    refunds_amount FROM stg_qtickets_sales_raw FINAL WHERE refunds_amount = 0;
ALTER TABLE stg_qtickets_tickets UPDATE price = -price WHERE {one_ticket};

-- spend moved to another day; v_romi_kpi leaves days out; a day of spend by tags was lost; tickets by show do not say which were given back
-- reconcile_marketing, reconcile_show_marts, reconcile_shows, reconcile_views
ALTER TABLE agg_marketing_daily UPDATE spend_total = spend_total + if(d = {today} - 5, 100, -100) WHERE d IN ({today} - 5,
    {today} - 6) AND source = 'direct' AND city = 'москва';
CREATE OR REPLACE VIEW v_romi_kpi AS SELECT d, city, sum(spend_total) AS spend_total, sum(tickets_sold) AS tickets_sold,
    sum(revenue) AS revenue, sum(refunds_amount) AS refunds_amount, revenue - refunds_amount AS net_revenue FROM agg_marketing_daily
    AS a FINAL WHERE a.spend_total > 0 GROUP BY d, city;
ALTER TABLE agg_ad_tags_daily DELETE WHERE stat_date = {today} - 5 AND source = 'vk_ads';
ALTER TABLE agg_shows_daily UPDATE tickets_kept = tickets_kept + 1 WHERE d = {today} - 6;

-- yesterday's totals still settle; prices of orders are lowered by refunds; promo codes lower them every day
-- nothing
ALTER TABLE meta_ad_totals UPDATE spent = spent * 1.009, impressions = toUInt64(impressions * 1.009) WHERE stat_date = {today} - 1;
ALTER TABLE meta_order_totals UPDATE revenue = revenue - lines_refunded WHERE event_date = {today} - 3;
ALTER TABLE meta_order_totals UPDATE revenue = revenue * 0.9, orders_odd = intDiv(orders, 5) WHERE event_date >= {today} - 40 AND event_date != {today} - 3;

-- an event moved to another city; ads of a campaign lost theirs; of another campaign all rows were written again; a rate of VAT changed; a table was restored from an old copy; a price in kopecks; spend without impressions; a run is stuck; an account is loaded under two names
-- changed_campaigns, changed_events, changed_reference, duplicates_accounts, freshness_data, revenue_outlier, runs_stuck, spend_without_impressions (loaded)
ALTER TABLE dim_events UPDATE city = 'самара' WHERE event_id = {top_event};
ALTER TABLE fact_vk_ads_daily UPDATE utm_city = 'самара' WHERE campaign_id = {main_campaign} AND stat_date >= {today} - 2;
ALTER TABLE fact_direct_daily UPDATE utm_city = 'самара' WHERE campaign_id = (SELECT argMax(campaign_id, spent) FROM fact_direct_daily WHERE stat_date = {today} - 1 AND utm_city != '');
ALTER TABLE dim_vat_rates UPDATE rate = 0.2001 WHERE valid_from = '2019-01-01';
ALTER TABLE meta_job_runs UPDATE metrics = replaceOne(metrics, '"columns"', '"tables": {"fact_direct_daily": {"new": 700, "unchanged": 9000}}, "columns"') WHERE run_id = concat('direct-', toString({today}));
ALTER TABLE stg_qtickets_tickets UPDATE price = price * 100, amount = amount * 100 WHERE {one_ticket};
ALTER TABLE fact_vk_ads_daily UPDATE impressions = 0, clicks = 0 WHERE {one_ad};
INSERT INTO meta_job_runs (job, account, run_id, status, started_at, finished_at, message, metrics, rows_processed, _ver) SELECT
    'vk_ads_loader', 'main', 'bad', 'running', toDateTime64({today}, 3, 'Europe/Moscow') + toIntervalHour(10), NULL, 'it broke', '{}', 0,
    9999999999999;
{twin};

-- one of ten orders came twice under new numbers; so did the ads of a campaign; an account has spend with VAT on one day; a day of sales is missing; a hole in the days of VK; rows were rejected; the newest run failed
-- changed_basis, copied_ads, copied_orders, cost_all_at_once, order_ids, quarantine_growth, runs_failed (loaded)
INSERT INTO stg_qtickets_tickets SELECT * REPLACE (ticket_id + 900000000 AS ticket_id, order_id + 900000000 AS order_id)
FROM (SELECT * FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 4 AND order_id % 10 = 1);
INSERT INTO fact_vk_ads_daily SELECT * REPLACE (ad_id + 900000000 AS ad_id, ad_group_id + 900000000 AS ad_group_id, campaign_id + 900000000 AS campaign_id)
FROM (SELECT * FROM fact_vk_ads_daily WHERE stat_date = {today} - 4 AND campaign_id = {main_campaign});
ALTER TABLE fact_direct_daily UPDATE spent_has_vat = 0 WHERE stat_date = {today} - 6;
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 10;
DELETE FROM fact_vk_ads_daily WHERE stat_date = {today} - 9;
INSERT INTO meta_quarantine SELECT toString(number), 'qtickets', 'main', 'orders', toString(number), 'price is negative', 'price', '-1',
    '{}', 'r', toDateTime64({today}, 3, 'UTC'), {today}, {today}, 1 FROM numbers(12);
INSERT INTO meta_job_runs (job, account, run_id, status, started_at, finished_at, message, metrics, rows_processed, _ver) SELECT
    'vk_ads_loader', 'main', 'bad', 'failed', toDateTime64({today}, 3, 'Europe/Moscow') + toIntervalHour(10), toDateTime64({today}, 3,
    'Europe/Moscow') + toIntervalHour(11), 'it broke', '{}', 0, 9999999999999;

-- tickets in another currency than their event; one of an order on the next day; demo beside real data; v_ad_spend adds VAT to what has it; a city is missing yesterday; Direct stopped three days ago
-- completeness_cities, completeness_events, one_origin, order_days, silent_campaign, spend_basis, ticket_currency (loaded)
ALTER TABLE stg_qtickets_tickets UPDATE currency = 'KZT' WHERE {one_ticket};
INSERT INTO stg_qtickets_tickets SELECT * REPLACE (booked_at + toIntervalDay(1) AS booked_at, _ver + 1 AS _ver) FROM (SELECT * FROM stg_qtickets_tickets WHERE {one_of_two});
OPTIMIZE TABLE stg_qtickets_tickets FINAL;
INSERT INTO meta_accounts (source, account, address, _ver) VALUES ('qtickets', 'main', 'https://qtickets.ru/api/rest/v1', 1), ('vk_ads', 'demo', 'http://127.0.0.1:8080/vk', 1);
CREATE OR REPLACE VIEW v_ad_spend AS SELECT *, toDecimal64(spent * 1.2, 2) AS spend FROM (SELECT 'vk_ads' AS source, * FROM fact_vk_ads_daily FINAL UNION ALL SELECT 'direct', * FROM fact_direct_daily FINAL);
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 1 AND event_id IN {moscow_events};
DELETE FROM fact_direct_daily WHERE stat_date >= {today} - 2;

-- yesterday is halved; a refund above the price; clicks above impressions; the API sends another column
-- clicks_above_impressions, cost_campaign, order_ids, refunds_above_revenue, schema_drift (loaded)
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 1 AND order_id % 2 = 1;
ALTER TABLE stg_qtickets_tickets UPDATE refunded_amount = amount + 1 WHERE {one_ticket};
ALTER TABLE fact_vk_ads_daily UPDATE clicks = impressions + 100 WHERE {one_ad};
ALTER TABLE meta_job_runs UPDATE metrics = replaceAll(metrics, 'created_at', 'made_at') WHERE run_id = concat('qtickets-',
    toString({today}));

-- yesterday ends at noon; a main campaign fell silent; an event in an unknown city; this morning's run did not read yesterday
-- changed_events, completeness_hours, good_run_by_ten, order_ids, silent_campaign, unknown_cities (loaded)
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 1 AND toHour(assumeNotNull(paid_at), 'Europe/Moscow') >= 12;
ALTER TABLE fact_vk_ads_daily UPDATE spent = spent * 2 WHERE campaign_id = {main_campaign};
DELETE FROM fact_vk_ads_daily WHERE campaign_id = {main_campaign} AND stat_date >= {today} - 3;
ALTER TABLE dim_events UPDATE city = 'неведомск' WHERE event_id = (SELECT max(event_id) FROM dim_events WHERE city = 'казань');
ALTER TABLE meta_job_runs UPDATE metrics = replaceAll(metrics, concat('"last": "', toString({today} - 1)), concat('"last": "',
    toString({today} - 2))) WHERE job = 'direct_loader' AND started_at >= toDateTime64({today}, 3, 'Europe/Moscow');

-- orders lost their tags; yesterday's spend is halved; a sale in three days; an account under two names; a run was killed, and later ones were good
-- cost_all_at_once, duplicates_ads, future_values, order_days, revenue_without_source, runs_stuck, tickets_without_tags (loaded)
ALTER TABLE stg_qtickets_tickets UPDATE utm_source = '', utm_campaign = '', utm_content = '' WHERE {booked_on} >= {today} - 3;
ALTER TABLE fact_vk_ads_daily UPDATE spent = spent / 2 WHERE stat_date = {today} - 1;
INSERT INTO stg_qtickets_tickets SELECT * REPLACE (ticket_id + 1 AS ticket_id, paid_at + toIntervalDay(4) AS paid_at,
    ordered_at + toIntervalDay(4) AS ordered_at, booked_at + toIntervalDay(4) AS booked_at)
FROM (SELECT * FROM stg_qtickets_tickets WHERE {one_ticket});
INSERT INTO fact_direct_daily SELECT * REPLACE ('promoter_login' AS account_id)
FROM (SELECT * FROM fact_direct_daily WHERE stat_date >= {today} - 30);
ALTER TABLE meta_job_runs UPDATE status = 'running', finished_at = NULL WHERE run_id = concat('vk_ads-', toString({today} - 3));

-- another currency floods in; yesterday's spend is tripled; a ticket of an unknown event; spend lost its cities; no good run this morning
-- changed_campaigns, cost_all_at_once, events_unknown, good_run_by_ten, other_currency, spend_without_city, ticket_currency (loaded)
ALTER TABLE stg_qtickets_tickets UPDATE currency = 'KZT' WHERE event_id IN {moscow_events} AND {booked_on} >= {today} - 7;
ALTER TABLE fact_direct_daily UPDATE spent = spent * 3 WHERE stat_date = {today} - 1;
ALTER TABLE stg_qtickets_tickets UPDATE event_id = 999999 WHERE {one_ticket};
ALTER TABLE fact_vk_ads_daily UPDATE utm_city = '', utm_content = '' WHERE stat_date >= {today} - 3;
DELETE FROM meta_job_runs WHERE job = 'vk_ads_loader' AND started_at >= toDateTime64({today}, 3, 'Europe/Moscow');

-- an order of 1970; an ad account in another currency; days that no run has read; an ad tag with an unknown city; a new spelling of utm_source; a fifth of a day's orders is refunded at once
-- completeness_runs, copied_ads, future_values, order_days, refunds_high, revenue_without_source, spend_other_currency, unknown_cities, unknown_utm_sources, utm_source_renamed (loaded)
INSERT INTO stg_qtickets_tickets SELECT * REPLACE (ticket_id + 1 AS ticket_id, toDateTime64(3600, 3, 'UTC') AS paid_at,
    toDateTime64(3600, 3, 'UTC') AS booked_at)
FROM (SELECT * FROM stg_qtickets_tickets WHERE {one_ticket});
INSERT INTO fact_vk_ads_daily SELECT * REPLACE ('tenge' AS account_id, ad_id + 900000000 AS ad_id, 'KZT' AS currency)
FROM (SELECT * FROM fact_vk_ads_daily WHERE stat_date = {today} - 2);
DELETE FROM meta_job_runs WHERE job = 'direct_loader' AND started_at BETWEEN {today} - 30 AND {today} - 20;
ALTER TABLE fact_vk_ads_daily UPDATE utm_city = 'banner' WHERE utm_city = 'казань' AND stat_date >= {today} - 3;
ALTER TABLE stg_qtickets_tickets UPDATE utm_source = 'vk_promo' WHERE utm_source IN ('vk', 'vk_ads') AND {booked_on} >= {today}
    - 3;
ALTER TABLE stg_qtickets_tickets UPDATE state = 'refunded', refunded_amount = amount, refunded_at = booked_at WHERE {booked_on} = {today} - 2 AND order_id % 5 = 0;

-- an older version of a ticket was left in another month, and all that loads make of it counts both; a source of the shop's own was renamed; nothing is given back any more
-- duplicates_tickets, order_days, reconcile_campaigns, reconcile_marketing, reconcile_show_marts, reconcile_tickets, refunds_gone, utm_source_renamed (loaded)
INSERT INTO stg_qtickets_tickets SELECT * REPLACE (booked_at - toIntervalDay(40) AS booked_at, _ver - 1 AS _ver)
FROM (SELECT * FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 5 AND utm_source = 'vk' LIMIT 1);
ALTER TABLE stg_qtickets_tickets UPDATE utm_source = 'instagram' WHERE utm_source = 'insta' AND {booked_on} >= {today} - 4;
ALTER TABLE stg_qtickets_tickets UPDATE state = 'paid', refunded_amount = 0, refunded_at = NULL WHERE refunded_at >= {today} - 8;

-- the rates of VAT are gone; an event's tickets of yesterday cost a hundredfold; orders of Moscow came back; nearly all orders of the day before are missing
-- changed_reference, price_factor, price_level, refunds_high, revenue_outlier, spend_basis, volume_sales (loaded)
DELETE FROM dim_vat_rates WHERE 1;
ALTER TABLE stg_qtickets_tickets UPDATE price = price * 100, amount = amount * 100 WHERE {paid_on} = {today} - 1 AND event_id = {busy_event};
ALTER TABLE stg_qtickets_tickets UPDATE state = 'refunded', refunded_amount = amount, refunded_at = toDateTime64({today} - 3, 3, 'UTC')
    WHERE event_id = {second_event} AND {booked_on} < {today} - 3;
DELETE FROM stg_qtickets_tickets WHERE toDate(ordered_at, 'Europe/Moscow') = {today} - 2 AND order_id % 100 != 0;

-- all tickets of yesterday are free; those of the week before cost twice as much; VK's clicks are missing, Direct's goals count no more
-- clicks_stopped, conversions_stopped, price_level, price_zero (loaded)
ALTER TABLE stg_qtickets_tickets UPDATE price = 0, amount = 0, refunded_amount = 0 WHERE {paid_on} = {today} - 1;
ALTER TABLE stg_qtickets_tickets UPDATE price = price * 2, amount = amount * 2 WHERE {paid_on} BETWEEN {today} - 7 AND {today} - 2;
ALTER TABLE fact_vk_ads_daily UPDATE clicks = 0 WHERE stat_date = {today} - 1;
ALTER TABLE fact_direct_daily UPDATE conversions = 0 WHERE stat_date >= {today} - 3;

-- lines of yesterday's orders doubled; an event that sells every day did not sell; a Sunday is three hours late; VK is told in kopecks, a campaign of Direct ten times over; the day before all of Direct was without VAT
-- completeness_events, cost_all_at_once, cost_campaign, cost_unit, hours_shifted, order_size, volume_sales (loaded)
ALTER TABLE stg_qtickets_tickets UPDATE event_id = {second_event} WHERE event_id IN {moscow_events};
INSERT INTO stg_qtickets_tickets SELECT * REPLACE (ticket_id + 900000000 AS ticket_id) FROM (SELECT * FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 1);
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 1 AND event_id = {second_event};
INSERT INTO stg_qtickets_tickets SELECT * EXCEPT (late) REPLACE (booked_at + toIntervalHour(late) AS booked_at, paid_at + toIntervalHour(late) AS paid_at, _ver + 1 AS _ver)
FROM (SELECT *, if(toHour(booked_at, 'Europe/Moscow') < 21, 3, -21) AS late FROM stg_qtickets_tickets WHERE {booked_on} = {today} - 4);
OPTIMIZE TABLE stg_qtickets_tickets FINAL;
ALTER TABLE fact_vk_ads_daily UPDATE spent = spent * 100 WHERE stat_date = {today} - 1;
ALTER TABLE fact_direct_daily UPDATE spent = spent / 1.2 WHERE stat_date = {today} - 3;
ALTER TABLE fact_direct_daily UPDATE spent = spent * 10 WHERE stat_date = {today} - 1 AND campaign_id = {direct_campaign};

-- a city is missing on a day whose ads are not loaded yet
-- completeness_cities, completeness_events, good_run_by_ten (loaded)
DELETE FROM stg_qtickets_tickets WHERE {paid_on} = {today} - 1 AND event_id IN {moscow_events};
DELETE FROM fact_vk_ads_daily WHERE stat_date = {today} - 1;
DELETE FROM fact_direct_daily WHERE stat_date = {today} - 1;
DELETE FROM meta_job_runs WHERE job IN ('vk_ads_loader', 'direct_loader') AND started_at >= toDateTime64({today}, 3, 'Europe/Moscow');

-- of a whole day one order is left, in the middle of it
-- completeness_hours, volume_sales (loaded)
DELETE FROM stg_qtickets_tickets WHERE {booked_on} = {today} - 1 AND NOT {one_ticket};
INSERT INTO stg_qtickets_tickets SELECT * REPLACE (toDateTime64({today} - 1, 3, 'Europe/Moscow') + toIntervalHour(13) AS booked_at, booked_at AS paid_at, _ver + 1 AS _ver)
FROM (SELECT * FROM stg_qtickets_tickets WHERE {one_ticket});
OPTIMIZE TABLE stg_qtickets_tickets FINAL;

-- one of two accounts ended four days ago
-- completeness_runs, freshness_runs, good_run_by_ten (loaded) of spb
{spb_ended};

-- a day of ads of the second account is missing, another is tripled; its sales of yesterday are halved, a price is in kopecks; its newest run failed, rows were rejected
-- cost_all_at_once, good_run_by_ten, order_ids, quarantine_growth, revenue_outlier, runs_failed (loaded) of spb
{spb};
DELETE FROM fact_vk_ads_daily WHERE account = 'spb' AND stat_date = {today} - 9;
ALTER TABLE fact_direct_daily UPDATE spent = spent * 3 WHERE account = 'spb' AND stat_date = {today} - 1;
DELETE FROM stg_qtickets_tickets WHERE account = 'spb' AND {paid_on} = {today} - 1 AND order_id % 2 = 1 AND NOT {one_ticket};
ALTER TABLE stg_qtickets_tickets UPDATE price = price * 100 WHERE account = 'spb' AND {one_ticket};
ALTER TABLE meta_job_runs UPDATE status = 'failed' WHERE account = 'spb' AND run_id = concat('vk_ads-', toString({today}));
INSERT INTO meta_quarantine SELECT 'id', 'qtickets', 'spb', 'orders', '1', 'price is negative', 'price', '-1', '{}', 'r',
    toDateTime64({today}, 3, 'UTC'), {today}, {today}, 1;

-- two equal orders in a second; two small ads with the same figures; all of VK was paused for two weeks; the accounts tell that they are in the report's currency; a box for guests is dear every day; prices rise by a fifth; a partner sends people for the first time; budgets of a third of the campaigns are cut
-- nothing (loaded)
INSERT INTO stg_qtickets_tickets SELECT * REPLACE (ticket_id + 900000000 AS ticket_id, order_id + 900000000 AS order_id)
FROM (SELECT * FROM stg_qtickets_tickets WHERE {one_ticket});
INSERT INTO fact_vk_ads_daily SELECT * REPLACE (ad_id + 900000000 AS ad_id, 12 AS impressions, 1 AS clicks, 30 AS spent)
FROM (SELECT * FROM fact_vk_ads_daily WHERE stat_date = {today} - 4 LIMIT 2);
DELETE FROM fact_vk_ads_daily WHERE stat_date BETWEEN {today} - 60 AND {today} - 47;
ALTER TABLE fact_vk_ads_daily UPDATE currency = 'RUB' WHERE 1;
ALTER TABLE fact_direct_daily UPDATE currency = 'RUB' WHERE 1;
ALTER TABLE stg_qtickets_tickets UPDATE price = 40000, amount = 40000 WHERE cityHash64(order_id) % 60 = 0 AND amount > 0;
ALTER TABLE stg_qtickets_tickets UPDATE price = price * 1.2, amount = amount * 1.2 WHERE {booked_on} >= {today} - 5 AND price < 40000;
ALTER TABLE stg_qtickets_tickets UPDATE utm_source = 'partner7' WHERE {booked_on} >= {today} - 2 AND utm_source = '' AND cityHash64(order_id) % 2 = 0;
ALTER TABLE fact_vk_ads_daily UPDATE impressions = intDiv(impressions, 2), clicks = intDiv(clicks, 2), spent = spent / 2 WHERE stat_date >= {today} - 3 AND campaign_id % 3 = 0;

-- an event of a large city sold out in an afternoon; a person paused a campaign; a click came after midnight; a run has just begun
-- nothing (loaded)
DELETE FROM stg_qtickets_tickets WHERE event_id IN {moscow_events} AND ({booked_on} > {today} - 2 OR {paid_on} = {today} - 2 AND
    toHour(assumeNotNull(paid_at), 'Europe/Moscow') >= 15);
DELETE FROM fact_vk_ads_daily WHERE campaign_id IN (SELECT campaign_id FROM fact_vk_ads_daily WHERE stat_date > {today} - 17 AND
    utm_city != '' GROUP BY campaign_id HAVING uniqExact(stat_date) >= 16 ORDER BY sum(spent) DESC LIMIT 1 OFFSET 3) AND stat_date
    >= {today} - 2;
ALTER TABLE fact_vk_ads_daily UPDATE impressions = 0, clicks = 1, spent = 40 WHERE {one_ad};
INSERT INTO meta_job_runs (job, account, run_id, status, started_at, message, metrics, rows_processed, _ver) SELECT 'vk_ads_loader',
    'main', 'new', 'running', now64(3), '', '{}', 0, 1;

-- the last show of a large city was played; the main campaign ended with its event; one day of one loader was late and read the next day
-- nothing (loaded)
ALTER TABLE dim_events UPDATE {over} WHERE city = 'москва';
DELETE FROM stg_qtickets_tickets WHERE event_id IN {moscow_events} AND {booked_on} >= {today} - 1;
ALTER TABLE dim_events UPDATE {over} WHERE city = (SELECT any(utm_city) FROM fact_vk_ads_daily WHERE campaign_id =
    {main_campaign});
DELETE FROM fact_vk_ads_daily WHERE campaign_id = {main_campaign} AND stat_date >= {today} - 2;
DELETE FROM meta_job_runs WHERE run_id = concat('direct-', toString({today} - 5));

-- an account has the ids of another one and other figures; a new one has nothing yet; one that is no longer set up ended
-- nothing (loaded)
{spb};
{gone};
INSERT INTO meta_job_runs SELECT * REPLACE ('new' AS account) FROM (SELECT * FROM meta_job_runs WHERE account = 'main');

-- most buyers of an event went to a new one of its city
-- nothing (loaded)
ALTER TABLE stg_qtickets_tickets UPDATE event_id = {second_event} WHERE event_id IN {moscow_events};
ALTER TABLE stg_qtickets_tickets UPDATE event_id = 900000000 WHERE {booked_on} = {today} - 1 AND event_id = {second_event} AND order_id % 7 != 0;
INSERT INTO dim_events SELECT * REPLACE (900000000 AS event_id) FROM (SELECT * FROM dim_events WHERE event_id = {second_event});

-- two of three orders of yesterday cost nothing
-- price_zero (loaded)
ALTER TABLE stg_qtickets_tickets UPDATE price = 0, amount = 0, refunded_amount = 0 WHERE {paid_on} = {today} - 1 AND cityHash64(order_id) % 3 != 0;
