-- title: No more spend is without a city than before
-- ru: Расход без города не вырос
-- why: What has no city is missing from every city's ROMI
-- why_ru: Расход без города не попадает в ROMI ни одного города
-- do: Look at the utm_content of the ads' links: city_dd_mm
-- do_ru: Проверьте метки в ссылках объявлений: в utm_content нужен город (город_дд_мм)
-- severity: warn
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, day
-- days: 14
-- param: rise = 0.3
-- param: lost = 0.05
-- param: spread = 6
-- param: small = 1000
-- says: {who}: {percent} % of spend has no city since {day}, before {before} %
-- says_ru: {who}: без города {percent} % расхода с {day}, раньше {before} %

SELECT 'too little spend lately for a share of it to mean something' AS unjudged
FROM v_ad_spend WHERE stat_date >= {since:Date} - 30 AND stat_date < {today:Date}
HAVING sum(spend) < {small:Float64};

-- Campaigns that named a city in two weeks before, always, name none. Or the share without a city rises beyond what it
-- strayed in four weeks, of its account, and beyond two months, of all advertising or far of the account, in roubles too
-- (other campaigns may have ended): so tours and seasons, whose campaigns come and go, are told of it once. Three days of
-- two months may have been odd. A promoter who never names cities has a share that does not rise.
WITH
    campaigns AS
    (
        SELECT source, account, campaign_id, stat_date AS d, toFloat64(sum(spend)) AS spent, toFloat64(sumIf(spend, utm_city = '')) AS nowhere
        FROM v_ad_spend WHERE stat_date >= {since:Date} - 75 AND stat_date < {today:Date}
        GROUP BY source, account, campaign_id, d
    ),
    days AS
    (
        SELECT source, account, d, sum(spent) AS total, sum(nowhere) AS without, sumIf(nowhere, days_before >= 5 AND nowhere_before < 0.05 * spent_before AND nowhere > 0.5 * spent) AS lost
        FROM
        (
            SELECT *, count() OVER w AS days_before, sum(spent) OVER w AS spent_before, sum(nowhere) OVER w AS nowhere_before
            FROM campaigns WINDOW w AS (PARTITION BY source, account, campaign_id ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING)
        )
        GROUP BY source, account, d HAVING total > 0
    ),
    together AS
    (
        SELECT d, share > most_before + 0.2 AND without > 1.5 * amount_before AS is_new
        FROM
        (
            SELECT d, sum(without) AS without, without / sum(total) AS share, quantileExact(0.95)(share) OVER w AS most_before, quantileExact(0.95)(without) OVER w AS amount_before
            FROM days GROUP BY d WINDOW w AS (ORDER BY toInt32(d) RANGE BETWEEN 60 PRECEDING AND 1 PRECEDING)
        )
    ),
    judged AS
    (
        SELECT
            *, arrayReduce('median', shares) AS usual, 1.4826 * arrayReduce('median', arrayMap(x -> abs(x - usual), shares)) AS mad, without / total AS share,
            has({open:Array(String)}, concat(source, '/', account, '/', toString(d))) AS is_open,
            length(shares) >= 7 AND (
                (is_new OR is_open OR (share > own_before + 0.5 AND without > 1.5 * own_amount_before)) AND without >= {small:Float64} AND share > usual + if(is_open, 0.8, 1) * greatest({rise:Float64}, {spread:Float64} * mad)
                OR lost >= greatest({small:Float64} / 2, {lost:Float64} * total)) AS is_strange
        FROM
        (
            SELECT *, groupArray(without / total) OVER w AS shares, quantileExact(0.95)(without / total) OVER v AS own_before, quantileExact(0.95)(without) OVER v AS own_amount_before
            FROM days
            WINDOW w AS (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING),
                v AS (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 60 PRECEDING AND 1 PRECEDING)
        ) AS j
        INNER JOIN together AS t ON t.d = j.d
    )
SELECT source, account, d AS day, round(share * 100) AS percent, round(usual * 100) AS before, round(greatest(without - usual * total, lost), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AS went_on FROM judged)
WHERE d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY money DESC, source, account, day
