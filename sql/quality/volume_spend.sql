-- title: The campaigns of an account are not all shown half or twice as much from one day to the next
-- ru: Показы не упали и не выросли сразу во всех кампаниях
-- why: Half a day loads as easily as a whole one, and a day twice as easily as once
-- why_ru: Полдня загружается так же легко, как день, а день может загрузиться дважды
-- do: Compare the spend of that day with the cabinet; if it differs, the day is to be loaded again
-- do_ru: Сверьте расход этого дня с кабинетом; если он другой, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, day
-- days: 7
-- param: low = 0.62
-- param: high = 1.6
-- param: spread = 5
-- param: campaigns = 4
-- param: share = 0.9
-- param: small = 1000
-- says: {who}: all {campaigns} campaigns were shown {percent} % {moved} on {day}, spent {spent} ₽
-- says_ru: {who}: показы {moved_ru} на {percent} % сразу во всех кампаниях {day}, расход {spent} ₽

SELECT if(count() = 0, 'no advertising yet', 'fewer than four weeks of advertising') AS unjudged
FROM (SELECT min(stat_date) AS first FROM v_ad_spend WHERE stat_date >= {since:Date} - 60 AND stat_date < {today:Date} GROUP BY source, account)
HAVING countIf(first <= {today:Date} - 29) = 0;

-- Budgets are halved and doubled by people, of one campaign or of a few; all at once and by like factors is a load. The geometric
-- mean over the campaigns that were shown on at least five of the seven days before, beyond what it strayed in six weeks. Where
-- the source's own total of the day is the same, nothing is missing.
WITH
    days AS
    (
        SELECT source, account, campaign_id, stat_date AS d, toFloat64(sum(impressions)) AS shown, toFloat64(sum(spend)) AS spent
        FROM v_ad_spend WHERE stat_date >= {since:Date} - 50 AND stat_date < {today:Date} AND impressions > 0
        GROUP BY source, account, campaign_id, d
    ),
    against AS
    (
        SELECT *, log(shown / arrayReduce('median', before)) AS shift
        FROM (SELECT *, groupArray(shown) OVER (PARTITION BY source, account, campaign_id ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AS before FROM days)
        WHERE length(before) >= 5
    ),
    together AS
    (
        SELECT source, account, d, count() AS n, avg(shift) AS mean, sum(spent) AS of_these, countIf(shift < -0.3) AS down, countIf(shift > 0.3) AS up
        FROM against GROUP BY source, account, d
    ),
    judged AS
    (
        SELECT
            *, 1.4826 * arrayReduce('median', arrayMap(x -> abs(x), means)) AS mad,
            has({open:Array(String)}, concat(source, '/', account, '/', toString(d))) AS is_open,
            n >= {campaigns:Float64} AND length(means) >= 14 AND of_these / exp(mean) >= {small:Float64}
                AND greatest(down, up) >= {share:Float64} * n
                AND (mean < log({low:Float64}) * if(is_open, 0.8, 1) OR mean > log({high:Float64}) * if(is_open, 0.8, 1))
                AND abs(mean) > {spread:Float64} * mad * if(is_open, 0.8, 1) AS is_strange
        FROM
        (
            SELECT *, groupArray(mean) OVER w AS means FROM together WINDOW w AS (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 42 PRECEDING AND 1 PRECEDING)
        )
    )
SELECT j.source AS source, j.account AS account, j.d AS day, n AS campaigns, round(abs(exp(mean) - 1) * 100) AS percent, if(mean > 0, 'more', 'less') AS moved, if(mean > 0, 'выросли', 'упали') AS moved_ru, round(of_these, 2) AS spent, round(abs(of_these / exp(mean) - of_these), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 3 PRECEDING AND 1 PRECEDING) AS went_on FROM judged) AS j
LEFT JOIN
(
    SELECT t.source AS source, t.account AS account, t.stat_date AS d, any(t.impressions) AS told, sum(f.shown) AS held
    FROM (SELECT * FROM meta_ad_totals FINAL WHERE stat_date >= {since:Date}) AS t INNER JOIN days AS f ON f.source = t.source AND f.account = t.account AND f.d = t.stat_date
    GROUP BY source, account, d
) AS p ON p.source = j.source AND p.account = j.account AND p.d = j.d
WHERE j.d >= {since:Date} AND is_strange AND NOT went_on AND NOT (p.told > 0 AND abs(p.held - p.told) < 0.02 * p.told)
ORDER BY money DESC, source, account, day
