-- title: No campaign that sells is held back by its daily limit
-- ru: Продающие кампании не упираются в дневной лимит
-- why: On such days its ads stop before the day is over
-- why_ru: В такие дни реклама заканчивается раньше дня
-- do: Raise the limit, if its tickets pay for it
-- do_ru: Повысьте лимит, если билеты окупают расход
-- severity: warn
-- sources: vk_ads, direct
-- key: source, account, campaign_id
-- param: part = 0.95
-- param: roas = 1.5
-- says: {who}: {campaign} used up its limit of {money} ₽ on each of three days and brings {roas} roubles a rouble
-- says_ru: {who}: «{campaign}» три дня подряд выбирает лимит {money} ₽ и приносит {roas} рубля на рубль

-- The limit is net of VAT, as the source tells it. At which hour it was used up no table says.
SELECT s.source AS source, s.its_account AS account, s.campaign_id AS campaign_id, c.campaign_name AS campaign, c.budget_day AS money, round(toFloat64(p.net_revenue) / toFloat64(p.spend_total), 2) AS roas
FROM
(
    SELECT source, its_account, campaign_id, min(net) AS least_of_days, count() AS days
    FROM
    (
        SELECT a.source AS source, toString(a.account) AS its_account, a.campaign_id AS campaign_id, a.stat_date AS d, toFloat64(sum(a.spend)) / any(v.with_vat) AS net
        FROM (SELECT 1 AS one, * FROM v_ad_spend WHERE stat_date >= {today:Date} - 3 AND stat_date < {today:Date}) AS a
        INNER JOIN
        (
            SELECT 1 AS one, if((SELECT max(spend_with_vat) FROM dim_report FINAL) = 1, 1 + toFloat64(argMax(rate, valid_from)), 1) AS with_vat
            FROM dim_vat_rates FINAL WHERE valid_from <= {today:Date}
        ) AS v ON v.one = a.one
        GROUP BY source, its_account, campaign_id, d
    )
    GROUP BY source, its_account, campaign_id
) AS s
INNER JOIN (SELECT toString(source) AS source, toString(account) AS account, campaign_id, campaign_name, budget_day FROM dim_campaigns FINAL WHERE budget_day > 0 AND status = 'active') AS c
    ON c.source = s.source AND c.account = s.its_account AND c.campaign_id = s.campaign_id
INNER JOIN (SELECT toString(source) AS source, toString(account) AS account, campaign_id, net_revenue, spend_total FROM v_campaign_performance WHERE spend_total > 0) AS p
    ON p.source = s.source AND p.account = s.its_account AND p.campaign_id = s.campaign_id
WHERE s.days = 3 AND s.least_of_days >= {part:Float64} * toFloat64(c.budget_day) AND roas >= {roas:Float64}
ORDER BY money DESC, source, account, campaign_id
SETTINGS join_use_nulls = 0
