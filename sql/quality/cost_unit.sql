-- title: Advertising costs no multiple and no fraction of what it cost the day before
-- ru: Расход не сбился в 10, 100 или 1000 раз
-- why: Spend in kopecks or millionths of a rouble makes ROMI a fantasy
-- why_ru: Расход в копейках или миллионных долях рубля: ROMI неверен
-- do: Compare the spend of that day in the cabinet with the report; if it differs, the day is to be loaded again
-- do_ru: Сверьте расход этого дня в кабинете с отчётом; если он другой, нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, day
-- days: 14
-- param: times = 8
-- param: new = 30
-- param: small = 300
-- param: clicks = 10
-- says: {who}: a click cost {cost} ₽ on {day}, usual {usual} ₽
-- says_ru: {who}: клик {day} стоил {cost} ₽ вместо обычных {usual} ₽

-- By the geometric mean of what clicks and shows of each ad cost against its own two weeks before: of both, so
-- that clicks which are lost count for clicks_stopped. Where all ads are new: against the account's own days.
WITH
    days AS
    (
        SELECT
            source, account, campaign_id, ad_id AS thing, stat_date AS d, any(campaign_name) AS name, toFloat64(sum(impressions)) AS shown, toFloat64(sum(clicks)) AS clicked,
            toFloat64(sum(spend)) AS spent
        FROM v_ad_spend WHERE stat_date >= {since:Date} - 70 AND stat_date < {today:Date}
        GROUP BY source, account, campaign_id, thing, d
    ),
    -- include: advertising_costs,
    accounts_days AS
    (
        SELECT *, quantileExact(0.5)(spent / clicked) OVER w AS usual_click, quantileExact(0.5)(spent / shown) OVER w AS usual_show, count() OVER w AS days_before
        FROM (SELECT source, account, d, sum(spent) AS spent, sum(clicked) AS clicked, sum(shown) AS shown FROM days GROUP BY source, account, d HAVING spent > 0 AND clicked > 0 AND shown > 0)
        WINDOW w AS (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING)
    ),
    judged AS
    (
        SELECT
            a.source AS source, a.account AS account, a.d AS d, a.spent AS spent, a.clicked AS clicked,
            if(t.campaigns > 0, t.click_shift, log(a.spent / a.clicked / a.usual_click)) AS click_shift,
            if(t.campaigns > 0, t.show_shift, log(a.spent / a.shown / a.usual_show)) AS show_shift,
            log(if(t.campaigns > 0, {times:Float64}, {new:Float64})) AS bound
        FROM accounts_days AS a
        LEFT JOIN together AS t ON t.source = a.source AND t.account = a.account AND t.d = a.d
        WHERE a.days_before >= 4
    ),
    strange AS
    (
        SELECT *, clicked >= {clicks:Float64} AND greatest(spent, spent / exp(click_shift)) >= {small:Float64} AND least(abs(click_shift), abs(show_shift)) >= bound AND click_shift * show_shift > 0 AS is_strange
        FROM judged
    )
SELECT source, account, d AS day, round(spent / clicked, 2) AS cost, round(spent / clicked / exp(click_shift), 2) AS usual, round(abs(spent - spent / exp(click_shift)), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 5 PRECEDING AND 1 PRECEDING) AS went_on FROM strange)
WHERE d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY money DESC, source, account, day
